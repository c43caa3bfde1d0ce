"""Find the pairs of 64-bit hashes that differ in few bits, without comparing every one with every other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["RADIUS", "Close", "close_pairs"]

BANDS, WIDTH = 4, 16
"""Pieces of a hash, and bits of each."""

RADIUS = 2 * BANDS - 1
"""Most bits that may differ: of seven among four pieces, one piece has one at most."""

BLOCK = 1 << 20
"""Pairs that are compared at once."""

MOST = 5_000_000
"""Pairs after which the search stops."""

FEW = 1 << 22
"""Pairs that are compared sooner than a table is made."""


@dataclass(frozen=True)
class Close:
    """Pairs of hashes that are close.

    Args:
        first: Place of the one hash.
        second: Place of the other.
        complete: False where there were more than 5 million, and the rest was left out.
    """

    first: np.ndarray
    second: np.ndarray
    complete: bool


def close_pairs(queries: np.ndarray, known: np.ndarray) -> Close:
    """Return every pair of a query and a known hash that differ in 7 bits at most; none is missed.

    Hashes are cut into four pieces of 16 bits. Of two that differ in 7 bits, some piece differs in one bit or none: a
    table of 2^16 lists and 17 look-ups a piece find all of them. Where hashes crowd together, so that the lists are
    long, all pairs are compared instead: the answer is the same.

    Args:
        queries: Hashes, uint64.
        known: Hashes, uint64.

    Source: Norouzi, Punjani and Fleet 2012, "Fast search in Hamming space with multi-index hashing", section 2.

    Example:
        >>> found = close_pairs(np.array([0b111], np.uint64), np.array([0b110, 2**64 - 1], np.uint64))
        >>> found.first.tolist(), found.second.tolist()
        ([0], [0])
    """
    if not len(queries) or not len(known):
        return Close(np.zeros(0, np.int64), np.zeros(0, np.int64), True)
    everything = len(queries) * len(known) <= FEW
    if not everything:
        tables = [_Table.of(known, band) for band in range(BANDS)]
        # A pair that is looked up costs about four times one that is met in a row.
        everything = len(queries) * len(known) <= 4 * sum(table.count(queries) for table in tables)
    blocks = _all_pairs(queries, known) if everything else _looked_up(queries, tables)
    found, count = [], 0
    # Some pairs are met in several pieces.
    met = MOST if everything else MOST * BANDS
    for first, second in blocks:
        found.append(first * len(known) + second)
        count += len(first)
        if count > met:
            break
    pairs = np.unique(np.concatenate(found))
    return Close(pairs[:MOST] // len(known), pairs[:MOST] % len(known), count <= met and len(pairs) <= MOST)


@dataclass(frozen=True)
class _Table:
    """Hashes in the order of one of their pieces.

    Args:
        band: Which piece.
        order: Place of each hash.
        hashes: The hashes in that order.
        starts: Where those with each value of the piece begin.
    """

    band: int
    order: np.ndarray
    hashes: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, known: np.ndarray, band: int) -> _Table:
        """Sort the hashes by a piece."""
        piece = _piece(known, band)
        order = np.argsort(piece, kind="stable")
        counts = np.bincount(piece, minlength=1 << WIDTH)
        return cls(band, order, known[order], np.concatenate([[0], np.cumsum(counts)]))

    def count(self, queries: np.ndarray) -> int:
        """Count the pairs that look-ups of these queries would meet."""
        wanted = np.bincount(_piece(queries, self.band), minlength=1 << WIDTH).astype(np.int64)
        held, places = np.diff(self.starts), np.arange(1 << WIDTH)
        return sum(int(wanted @ held[places ^ mask]) for mask in _masks())


def _piece(hashes: np.ndarray, band: int) -> np.ndarray:
    """Return one piece of every hash as a whole number."""
    return ((hashes >> np.uint64(WIDTH * band)) & np.uint64((1 << WIDTH) - 1)).astype(np.int64)


def _masks() -> list[int]:
    """Return the changes of a piece by one bit or none."""
    return [0, *(1 << bit for bit in range(WIDTH))]


def _looked_up(queries: np.ndarray, tables: list[_Table]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the close ones of the pairs that share a piece but for one bit."""
    for table in tables:
        sorting = np.argsort(_piece(queries, table.band), kind="stable")
        ordered = queries[sorting]
        piece = _piece(ordered, table.band)
        for mask in _masks():
            wanted = piece ^ mask
            starts, counts = table.starts[wanted], np.diff(table.starts)[wanted]
            ends = np.cumsum(counts)
            done = 0
            while done < len(ordered):
                upto = max(int(np.searchsorted(ends, (ends[done - 1] if done else 0) + BLOCK, side="right")), done + 1)
                part = slice(done, upto)
                first = np.repeat(np.arange(done, upto), counts[part])
                before = ends[part] - counts[part] - (ends[done - 1] if done else 0)
                places = np.arange(len(first)) + np.repeat(starts[part] - before, counts[part])
                close = np.bitwise_count(ordered[first] ^ table.hashes[places]) <= RADIUS
                yield sorting[first[close]], table.order[places[close]]
                done = upto


def _all_pairs(queries: np.ndarray, known: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the close ones of all pairs."""
    rows = max(1, BLOCK // len(known))
    for start in range(0, len(queries), rows):
        first, second = np.nonzero(np.bitwise_count(queries[start : start + rows, None] ^ known) <= RADIUS)
        yield first + start, second
