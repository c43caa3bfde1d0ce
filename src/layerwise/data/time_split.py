"""Divide rows by time: what is tested is always later than what was learned from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from layerwise.data.groups import shared_groups
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["forward", "last_in_time", "refuse_groups_in_time", "refuse_time_crossing"]


def last_in_time(moments: np.ndarray, rows: np.ndarray, fraction: float) -> np.ndarray:
    """Return the last rows in time, sorted: a share of their number, to the nearest moment.

    Rows of one moment stay together, and one moment at least stays on each side where there are two.

    Args:
        moments: When each row of the data happened.
        rows: Rows to divide.
        fraction: Share wanted, between 0 and 1.

    Example:
        >>> last_in_time(np.array([1.0, 3.0, 2.0, 3.0]), np.arange(4), 0.25).tolist()
        [1, 3]
    """
    ends = _ends(moments[rows])
    if len(ends) < 2:
        return rows[:0]
    # The number of rows in front of each cut between two moments; of equally near ones the later cut.
    before = ends[:-1]
    distance = np.abs(before - (1 - fraction) * len(rows))
    cut = int(before[len(before) - 1 - int(distance[::-1].argmin())])
    return np.sort(rows[np.argsort(moments[rows], kind="stable")[cut:]])


def forward(moments: np.ndarray, rows: np.ndarray, number: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Divide rows for cross-validation forwards in time: each fold learns from everything before it.

    Of n rows in their order each of K folds tests n // (K + 1), the last fold the last ones; cuts move back to the
    beginning of a moment. The rows before the first fold are only learned from.

    Args:
        moments: When each row of the data happened.
        rows: Rows to divide.
        number: How many folds K.

    Returns:
        Training and test rows of each fold, sorted.

    Raises:
        LayerwiseError: There are fewer moments than K + 1, or so many rows of one moment that a fold stays empty.

    Source: Tashman 2000, "Out-of-sample tests of forecasting accuracy", section 2 (rolling origin).

    Example:
        >>> [(train.tolist(), test.tolist()) for train, test in forward(np.arange(4.0), np.arange(4), 3)]
        [([0], [1]), ([0, 1], [2]), ([0, 1, 2], [3])]
    """
    order = rows[np.argsort(moments[rows], kind="stable")]
    beginnings = np.concatenate([[0], _ends(moments[rows])])
    size = len(rows) // (number + 1)
    wanted = [len(rows) - (number - fold) * size for fold in range(number)]
    cuts = [int(beginnings[beginnings <= cut].max()) for cut in wanted] + [len(rows)]
    if number < 2 or not size or len(set(cuts)) <= number or not cuts[0]:
        raise LayerwiseError(
            say("Folds in time need 2 folds or more, and moments to test and to learn from for each."),
            say("{} folds of {} rows in {} moments", number, len(rows), len(beginnings) - 1), say("Use fewer folds."),
            usage=True,
        )  # fmt: skip
    return [(np.sort(order[:begin]), np.sort(order[begin:end])) for begin, end in pairwise(cuts)]


def _ends(moments: np.ndarray) -> np.ndarray:
    """Return how many rows have happened by the end of each moment."""
    return np.unique(moments, return_counts=True)[1].cumsum()


def refuse_time_crossing(source: Source, moments: np.ndarray, learning: np.ndarray, given: np.ndarray) -> None:
    """Stop when a given part holds a row that is earlier than one that is learned from.

    Raises:
        LayerwiseError: Time crosses the parts.
    """
    if not len(learning) or not len(given) or moments[given].min() >= moments[learning].max():
        return
    row, last = given[moments[given].argmin()], learning[moments[learning].argmax()]
    name = source.named("time")[0]
    column = source.columns[name]
    raise LayerwiseError(
        say("What is tested must not be earlier than what is learned from."),
        say("'{}': {} of the given part is earlier than {} of the training part ({}, {})", name,
            column.show(int(row)), column.show(int(last)), source.place(int(row)), source.place(int(last))),
        say("Mend the parts, or leave time aside with --split-by random."),
    )  # fmt: skip


def refuse_groups_in_time(source: Source, learning: np.ndarray, test: np.ndarray) -> None:
    """Stop when a group has rows before and after the cut.

    Raises:
        LayerwiseError: Groups and time ask for different parts.
    """
    for name in source.named("group"):
        crossing = shared_groups(source.columns[name], learning, test)
        if crossing:
            raise LayerwiseError(
                say("A group must stay in one part."),
                say("{} groups have rows before and after the cut in time: {}", len(crossing),
                    ", ".join(crossing[:5])),
                say("Keep groups together with --split-by random, or leave the group out with --drop {}.", name),
                usage=True,
            )  # fmt: skip
