"""Photos of one burst: taken within seconds of each other, and of the same thing."""

from __future__ import annotations

import numpy as np

from layerwise.data.kinds import Images

__all__ = ["ALIKE", "SECONDS", "burst_pairs"]

SECONDS = 3.0
"""Most seconds from one photo of a burst to the next."""

ALIKE = 16
"""Most bits in which their hashes differ; those of any two photos differ in 31 +- 4 bits of 63."""

NEIGHBOURS = 50
"""Photos after each, in the order of time, that are compared with it: a clock may stand still for a whole folder."""


def burst_pairs(column: Images, rows: np.ndarray, hashed: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of photos that were taken in one burst.

    Args:
        column: Pictures that know when they were taken; none are found among others.
        rows: Those that are looked at.
        hashed: The hash of each of them.
    """
    if column.taken is None:
        return []
    known = np.flatnonzero(~np.isnan(column.taken[rows]))
    order = known[np.argsort(column.taken[rows[known]], kind="stable")]
    times, hashed, rows = column.taken[rows[order]], hashed[order], rows[order]
    found: list[tuple[int, int]] = []
    for step in range(1, min(NEIGHBOURS, len(rows) - 1) + 1):
        near = times[step:] - times[:-step] <= SECONDS
        if not near.any():
            break
        alike = near & (np.bitwise_count(hashed[step:] ^ hashed[:-step]) <= ALIKE)
        found += [(int(rows[place]), int(rows[place + step])) for place in np.flatnonzero(alike)]
    return found
