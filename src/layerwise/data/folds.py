"""Divide rows into folds, each of which is the test part once: stratified, and what belongs together stays together."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["deal", "members"]


def members(rows: np.ndarray, unit: np.ndarray, strata: np.ndarray) -> dict[int, list[list[int]]]:
    """Return the units of some rows, each as its rows, in each stratum; a unit belongs to that of its first row.

    Args:
        rows: The rows.
        unit: Number of the unit of each row of the data.
        strata: Number of the stratum of each row of the data.

    Returns:
        Strata in order, the units of each in the order in which they are met.

    Example:
        >>> members(np.arange(4), np.array([0, 1, 0, 3]), np.array([1, 0, 1, 1]))
        {0: [[1]], 1: [[0, 2], [3]]}
    """
    together: dict[int, list[int]] = defaultdict(list)
    for row in rows.tolist():
        together[int(unit[row])].append(row)
    by_stratum: dict[int, list[list[int]]] = defaultdict(list)
    for held in together.values():
        by_stratum[int(strata[held[0]])].append(held)
    return {stratum: by_stratum[stratum] for stratum in sorted(by_stratum)}


def deal(unit: np.ndarray, strata: np.ndarray, number: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Deal rows out into folds of nearly equal size, each with nearly the same share of every stratum.

    Rows of one unit (equal inputs, one group) come into one fold. Where every row is a unit of its own, the rows of a
    stratum in two folds differ by one at most.

    Args:
        unit: Number of the unit of each row.
        strata: Number of the stratum of each row: its class, or the quarter of its target.
        number: How many folds, 2 or more.
        generator: Source of the order in which rows are dealt.

    Returns:
        The rows of each fold, sorted.

    Raises:
        LayerwiseError: There are fewer units than folds, or fewer than two folds are asked for.

    Source: Kohavi 1995, "A study of cross-validation and bootstrap for accuracy estimation and model selection";
    lecture 003, "10-fold cross-validation".

    Example:
        >>> rows, classes = np.arange(6), np.array([0, 0, 0, 1, 1, 1])
        >>> [classes[fold].tolist() for fold in deal(rows, classes, 3, np.random.default_rng(0))]
        [[0, 1], [0, 1], [0, 1]]
    """
    together = members(np.arange(len(unit)), unit, strata)
    different = sum(map(len, together.values()))
    if not 2 <= number <= different:
        raise LayerwiseError(
            say("Cross-validation needs 2 folds or more, and an example for each."),
            say("{} folds of {} different examples", number, different),
            say("Use --folds with a number from 2 to {}.", different), usage=True,
        )  # fmt: skip
    folds: list[list[int]] = [[] for _ in range(number)]
    for units in together.values():
        held = np.zeros(number, dtype=np.int64)
        shuffled = [units[place] for place in generator.permutation(len(units))]
        # The largest first: what comes last evens out.
        for rows in sorted(shuffled, key=len, reverse=True):
            sizes = np.array([len(fold) for fold in folds])
            place = np.lexsort((sizes, held))[0]
            folds[place] += rows
            held[place] += len(rows)
    return [np.array(sorted(fold), dtype=np.int64) for fold in folds]
