"""The search among hashes misses no pair, whether hashes are spread or crowd together."""

import numpy as np
import pytest

from layerwise.data import hash_search
from layerwise.data.hash_search import RADIUS, close_pairs


def all_close(queries, known):
    """Every close pair, by comparing all."""
    first, second = np.nonzero(np.bitwise_count(queries[:, None] ^ known) <= RADIUS)
    return list(zip(first.tolist(), second.tolist(), strict=True))


def near(generator, hashes, most):
    """Return hashes that differ from given ones in up to some bits."""
    changed = hashes.copy()
    for place in range(len(changed)):
        for bit in generator.choice(64, generator.integers(0, most + 1), replace=False):
            changed[place] ^= np.uint64(1) << np.uint64(bit)
    return changed


@pytest.mark.parametrize("seed", [0, 3, 7])
@pytest.mark.parametrize("block", [7, 1 << 20])
def test_the_same_pairs_as_by_comparing_all(monkeypatch, seed, block):
    generator = np.random.default_rng(seed)
    known = generator.integers(0, 2**64, 1500, dtype=np.uint64)
    queries = np.concatenate([near(generator, known[:500], 10), generator.integers(0, 2**64, 300, dtype=np.uint64)])
    monkeypatch.setattr(hash_search, "FEW", 0)
    if block == 7:
        queries = queries[:40]
    monkeypatch.setattr(hash_search, "BLOCK", block)
    found = close_pairs(queries, known)
    wanted = all_close(queries, known)
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == wanted
    assert len(wanted) >= 15
    assert found.complete


def test_hashes_that_crowd_together_are_found_too(monkeypatch):
    monkeypatch.setattr(hash_search, "FEW", 0)
    generator = np.random.default_rng(1)
    crowd = near(generator, np.repeat(np.uint64(0xF0F0F0F0F0F0F0F0), 400), 6)
    found = close_pairs(crowd, crowd)
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == all_close(crowd, crowd)


def test_more_pairs_than_are_kept_are_left_out_and_that_is_said(monkeypatch):
    monkeypatch.setattr(hash_search, "MOST", 50)
    same = np.zeros(100, dtype=np.uint64)
    found = close_pairs(same, same)
    assert (len(found.first), found.complete) == (50, False)


def test_nothing_among_nothing():
    none = np.zeros(0, dtype=np.uint64)
    assert len(close_pairs(none, np.zeros(3, dtype=np.uint64)).first) == 0
