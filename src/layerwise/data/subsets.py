"""Growing shares of the training rows, each within the next: what a learning curve is measured on."""

from __future__ import annotations

import numpy as np

from layerwise.data.folds import members
from layerwise.data.source import Source
from layerwise.data.split import strata_of, units

__all__ = ["growing_sizes", "nested_subsets"]

FEWEST_ROWS = 10
"""Rows that the smallest share has at least."""

SMALLEST_SHARE = 1 / 32
"""Share that the sizes begin with, where that is not too few rows."""


def growing_sizes(rows: int, number: int, *, fewest: int = FEWEST_ROWS) -> list[int]:
    """Return sizes that grow by one factor up to all rows.

    n_i = n q^(i - number),  q^(1 - number) = max(1/32, fewest / n)

    Args:
        rows: Number n of all rows.
        number: How many sizes; fewer where rounding makes some equal.
        fewest: Rows of the smallest size at least.

    Example:
        >>> growing_sizes(640, 6), growing_sizes(12, 6)
        ([20, 40, 80, 160, 320, 640], [10, 11, 12])
    """
    smallest = min(rows, max(fewest, round(SMALLEST_SHARE * rows)))
    # n_i = n q^(i - number)
    return sorted({round(float(size)) for size in np.geomspace(smallest, rows, number)})


def nested_subsets(
    source: Source, rows: np.ndarray, sizes: list[int], *, seed: int, stratify: bool = True
) -> list[np.ndarray]:
    """Return subsets of some rows: each holds the smaller ones, with nearly the same share of every stratum.

    Rows with equal inputs and rows of one group come in together, so that a size is met to within one such unit.

    Args:
        source: All rows.
        rows: The rows that are chosen from.
        sizes: Sizes asked for, rising.
        seed: Seed of the order in which rows come in.
        stratify: Whether every subset has nearly the same share of each class, or quarter of the target.

    Returns:
        The rows of each subset, sorted; where units are large, neighbours may be equal.

    Example:
        >>> from layerwise.data.builtin import builtin
        >>> iris = builtin("iris")
        >>> some = nested_subsets(iris, np.arange(150), [15, 150], seed=0)
        >>> [np.bincount(iris.columns["species"].codes[chosen]).tolist() for chosen in some]
        [[5, 5, 5], [50, 50, 50]]
    """
    unit, strata = units(source)[0], strata_of(source, stratify=stratify)
    generator = np.random.default_rng([seed, 0x6C63])
    waiting: list[tuple[float, int, list[int]]] = []
    for stratum, held in members(rows, unit, strata).items():
        shuffled = [held[place] for place in generator.permutation(len(held))]
        total, taken = sum(map(len, shuffled)), 0
        for together in shuffled:
            # The middle of a unit within its stratum says when it comes in: every stratum fills at the same pace.
            waiting.append(((taken + len(together) / 2) / total, stratum, together))
            taken += len(together)
    ordered = [together for _, _, together in sorted(waiting, key=lambda each: each[:2])]
    ends = np.cumsum([len(together) for together in ordered])
    cuts = [int(np.abs(ends - size).argmin()) + 1 for size in sizes]
    return [np.array(sorted(row for together in ordered[:cut] for row in together), dtype=np.int64) for cut in cuts]
