"""Which rows of a large table may repeat others: found by one number a row, so that few rows are compared whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerwise.data.kinds import Categories, Column, Numbers

__all__ = ["different_numbers", "row_hashes", "suspected_repeats"]

# Odd 64-bit numbers without pattern: 2^64 / golden ratio, and the mixer of splitmix64.
STEP, MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)

WIDEST = 2**22
"""Range of whole numbers that are counted one by one rather than sorted."""

POWERS = tuple(10.0**digits for digits in range(5))
"""By what numbers of few decimals are multiplied to be whole."""

EXACT = 2.0**51
"""Size below which whole numbers stay different when they are divided by one of these."""

SAMPLE = 256
"""Numbers that settle it for most fields."""


def row_hashes(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return one number of 64 bits a row: equal for equal rows, and hardly ever for others.

    h = 0;  h = ((h xor bits(cell)) + step) mixed, cell after cell

    Args:
        columns: Numbers or whole numbers, of equal length; minus zero counts as zero.

    Source: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (the mixer).

    Example:
        >>> first, second, third = row_hashes([np.array([0.0, -0.0, 1.0]), np.array([2, 2, 2])])
        >>> bool(first == second), bool(first == third)
        (True, False)
    """
    total = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        whole = np.issubdtype(column.dtype, np.integer)
        total ^= (column.astype(np.int64) if whole else column.astype(np.float64) + 0.0).view(np.uint64)
        total += STEP
        total ^= total >> np.uint64(30)
        total *= MIX
        total ^= total >> np.uint64(27)
    return total


def suspected_repeats(columns: Sequence[Column]) -> np.ndarray | None:
    """Return the rows whose cells may be those of another row: every row that repeats one, and hardly any other.

    Args:
        columns: Columns of equal length.

    Returns:
        Their numbers, in order; None where a column holds something else than numbers and categories.

    Example:
        >>> suspected_repeats([Numbers(np.array([1.0, 2.0, 1.0])), Numbers(np.array([5.0, 5.0, 5.0]))]).tolist()
        [0, 2]
    """
    cells = [
        column.values if isinstance(column, Numbers) else column.codes for column in columns
        if isinstance(column, Numbers | Categories)
    ]  # fmt: skip
    if not cells or len(cells) < len(columns):
        return None
    total = row_hashes(cells)
    held = np.sort(total)
    twice = held[1:][held[1:] == held[:-1]]
    return np.flatnonzero(np.isin(total, twice)) if len(twice) else np.zeros(0, dtype=np.int64)


def different_numbers(values: np.ndarray) -> int:
    """Count the different values of an array without NaN.

    Example:
        >>> [different_numbers(np.array(held)) for held in ([3.0, 1.0, 3.0], [0.5, 0.5], [])]
        [2, 1, 0]
    """
    if not len(values):
        return 0
    low, high = float(values.min()), float(values.max())
    widest = min(WIDEST, 4 * len(values))
    for power in POWERS:
        if (high - low) * power >= widest or max(abs(low), abs(high)) * power >= EXACT:
            break
        whole = _times(values[:SAMPLE], power)
        if whole is not None and (whole := _times(values, power)) is not None:
            return int(np.count_nonzero(np.bincount((whole - whole.min()).astype(np.int64))))
    held = np.sort(values)
    return 1 + int(np.count_nonzero(held[1:] != held[:-1]))


def _times(values: np.ndarray, power: float) -> np.ndarray | None:
    """Return the whole numbers of which all values are a power of ten's part; None where one is not."""
    whole = np.rint(values * power)
    return whole if (whole / power == values).all() else None
