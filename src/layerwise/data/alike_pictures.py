"""Pairs of pictures of one column that are copies of each other but for size, quality, mirroring or turning."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from layerwise.data.bursts import burst_pairs
from layerwise.data.hash_search import close_pairs
from layerwise.data.kinds import Images
from layerwise.data.mirrored_pixels import mirrored_pairs
from layerwise.data.picture_hashes import (
    COLOURS,
    GREY,
    TURNS,
    agree,
    eight_bits,
    hashes,
    is_detailed,
    sketch,
    sketches,
    turned,
)
from layerwise.language import spoken_here

__all__ = ["SMALLEST", "AlikePictures", "alike_pictures"]

SMALLEST = 32
"""Pixels a side below which only exact and mirrored copies are looked for: small drawings of one thing are alike."""

BLOCK = 4096
"""Pictures or pairs that are worked on at once."""

PIXELS = 1 << 21
"""Values of an array that are sketched at once: what fits into the cache is worked on three times as fast."""

SEARCHED = tuple(turn for turn in range(8) if turn != 3)
"""A picture that is another one turned to the left is found where that one is looked for turned to the right."""


@dataclass(frozen=True)
class AlikePictures:
    """Pictures that are nearly copies.

    Args:
        pairs: The earlier and the later one of each pair, and how they differ.
        complete: False where so many pictures are alike that not all pairs were compared.
    """

    pairs: dict[tuple[int, int], str]
    complete: bool


def alike_pictures(column: Images, rows: np.ndarray) -> AlikePictures:
    """Find the pictures that are copies of another one, and those that were taken in one burst.

    Pictures of 32 pixels a side or more are compared by their hashes and sketches; of smaller ones only those are found
    that mirror or turn another one pixel for pixel.

    Args:
        column: The pictures.
        rows: Those that are looked at, no two of them equal.
    """
    small = column.sizes[rows].min(axis=1) < SMALLEST
    pairs = _of_small_ones(column, rows[small])
    large = rows[~small]
    if len(large) < 2:
        return AlikePictures(pairs, True)
    sketched = _sketched(column, large)
    detailed = is_detailed(sketched)
    large, sketched = large[detailed], sketched[detailed]
    hashed, complete = hashes(sketched), True
    for turn in SEARCHED:
        close = close_pairs(hashed[0], hashed[turn])
        complete &= close.complete
        different = close.first != close.second if turn == 1 else close.first < close.second
        first, second = close.first[different], close.second[different]
        for start in range(0, len(first), BLOCK):
            one, two = first[start : start + BLOCK], second[start : start + BLOCK]
            sizes = column.sizes[large[one]], _turned_sizes(column.sizes[large[two]], turn)
            shaped = _same_shape(*sizes)
            one, two, sizes = one[shaped], two[shaped], (sizes[0][shaped], sizes[1][shaped])
            same = agree(sketched[one], turned(sketched[two], turn), *sizes)
            for here, there, equal in zip(one[same], two[same], (sizes[0] == sizes[1]).all(axis=1)[same], strict=True):
                how = TURNS[turn] if turn else "stored again" if equal else "resized"
                pairs.setdefault(_ordered(large[here], large[there]), how)
    for here, there in burst_pairs(column, large, hashed[0]):
        pairs.setdefault(_ordered(here, there), "burst")
    return AlikePictures(pairs, complete)


def _ordered(one: int, other: int) -> tuple[int, int]:
    """Return two rows, the earlier one first."""
    return (int(one), int(other)) if one < other else (int(other), int(one))


def _turned_sizes(sizes: np.ndarray, turn: int) -> np.ndarray:
    """Return width and height of pictures after turning."""
    return sizes[:, ::-1] if turn % 2 else sizes


def _same_shape(sizes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Say of every pair of sizes whether one is the other scaled, sides rounded to whole pixels."""
    ratio = np.log(sizes[:, 0] / sizes[:, 1]) - np.log(others[:, 0] / others[:, 1])
    least = np.minimum(sizes.min(axis=1), others.min(axis=1))
    return np.asarray(np.abs(ratio) <= 0.01 + 1 / least)


def _of_small_ones(column: Images, rows: np.ndarray) -> dict[tuple[int, int], str]:
    """Return the pairs of small pictures of which one mirrors the other, shape by shape."""
    pairs: dict[tuple[int, int], str] = {}
    shapes = column.sizes[rows]
    for width, height in np.unique(shapes, axis=0):
        chosen = rows[(shapes == (width, height)).all(axis=1)]
        if len(chosen) < 2:
            continue
        pixels = eight_bits(_stacked(column, chosen), column.maximum)
        for first, other, way in mirrored_pairs(pixels):
            pairs[_ordered(chosen[first], chosen[other])] = TURNS[way] if way else "stored again"
    return pairs


def _stacked(column: Images, rows: np.ndarray) -> np.ndarray:
    """Return pictures of one size as one array; all of an array without a copy."""
    if isinstance(column.cells, np.ndarray) and column.decode is None:
        return column.cells if len(rows) == len(column) else column.cells[rows]
    return np.stack([column[int(row)] for row in rows])


def _sketched(column: Images, rows: np.ndarray) -> np.ndarray:
    """Return the sketch of each picture: as reading took it, else block by block, else each decoded once more."""
    if column.sketches is not None:
        return np.asarray(column.sketches[rows])
    found = np.empty((len(rows), GREY + COLOURS), dtype=np.uint8)
    if isinstance(column.cells, np.ndarray) and column.decode is None:
        size = max(1, PIXELS // int(np.prod(column.cells.shape[1:])))
        for start in range(0, len(rows), size):
            block = column.cells[rows[start : start + size]]
            found[start : start + size] = sketches(block, column.maximum)
        return found

    def drawn(row: int) -> np.ndarray:
        return sketch(column[row], column.maximum)

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for place, one in enumerate(pool.map(spoken_here(drawn), rows.tolist())):
            found[place] = one
    return found
