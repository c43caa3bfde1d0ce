"""Growing shares of rows: nested, with the same share of every class, and with groups whole."""

from itertools import pairwise

import numpy as np
import pytest

from layerwise.data.builtin import builtin
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.source import Field, Source
from layerwise.data.subsets import growing_sizes, nested_subsets


def table(target, group=None, inputs=None):
    count = len(target)
    columns = {"x": Numbers(np.arange(count, dtype=np.float64) if inputs is None else inputs)}
    columns["y"] = Categories(np.asarray(target), ("a", "b", "c"))
    fields = [Field("x"), Field("y", "target")]
    if group is not None:
        columns["who"] = Numbers(np.asarray(group, dtype=np.float64))
        fields.append(Field("who", "group"))
    return Source("t", "memory", tuple(fields), columns)


def test_sizes_grow_by_one_factor_to_all_rows():
    sizes = growing_sizes(6400, 7)
    assert (sizes[0], sizes[-1], len(sizes)) == (200, 6400, 7)
    ratios = np.diff(np.log(sizes))
    assert np.allclose(ratios, np.log(32) / 6, atol=0.01)
    assert growing_sizes(8, 7) == [8]


@pytest.mark.parametrize("seed", range(5))
def test_each_subset_holds_the_smaller_ones_and_the_share_of_every_class(seed):
    target = np.random.default_rng(seed).choice(3, size=240, p=[0.6, 0.3, 0.1])
    source, rows = table(target), np.arange(20, 240)
    sizes = growing_sizes(len(rows), 7)
    subsets = nested_subsets(source, rows, sizes, seed=seed)
    assert [len(some) for some in subsets] == sizes
    assert set(subsets[-1]) == set(rows)
    for smaller, larger in pairwise(subsets):
        assert set(smaller) <= set(larger)
    shares = np.bincount(target[rows], minlength=3) / len(rows)
    for some in subsets:
        # Every class fills at the same pace: what it has differs from its share by one row at most.
        assert np.abs(np.bincount(target[some], minlength=3) - shares * len(some)).max() <= 1.0


def test_groups_and_equal_rows_come_in_together():
    group = np.repeat(np.arange(40), 5)
    source = table(np.arange(200) // 5 % 3, group)
    for some in nested_subsets(source, np.arange(200), [10, 20, 50, 100, 200], seed=0):
        assert set(np.bincount(group[some], minlength=40)) <= {0, 5}
    twins = table(np.zeros(60, dtype=int), inputs=np.arange(60) // 2 * 1.0)
    for some in nested_subsets(twins, np.arange(60), [11, 21, 60], seed=0):
        assert set(np.bincount(some // 2, minlength=30)) <= {0, 2}


def test_another_seed_draws_other_rows():
    iris = builtin("iris")
    first, again, other = (nested_subsets(iris, np.arange(150), [15], seed=seed)[0] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
