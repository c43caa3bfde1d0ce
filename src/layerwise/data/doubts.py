"""What is doubtful before anything is learned: answers among the inputs, words among numbers, rows without a group."""

from __future__ import annotations

import shlex

import numpy as np

from layerwise.data.cells import number
from layerwise.data.groups import without_group
from layerwise.data.kinds import Categories, Column, Numbers
from layerwise.data.source import Source
from layerwise.language import say

__all__ = ["doubts", "tells_the_same"]

FEWEST_ROWS = 10
"""With fewer rows two columns may agree by chance."""

MOSTLY = 0.5
"""Share of the values of a field of names that are numbers, from which its words are pointed at."""

MOST_WORDS = 3

SAMPLE = 1000
"""Rows that are looked at before all of many are."""


def doubts(source: Source) -> list[str]:
    """Say which inputs tell the target itself, which names are numbers but for a word, and which rows have no group.

    Args:
        source: Data with their roles.
    """
    found = []
    for target in source.named("target"):
        copies = [
            name for name in source.named("input") if tells_the_same(source.columns[name], source.columns[target])
        ]
        if copies:
            found.append(
                say("The target '{}' stands among the inputs as '{}': --drop {}", target, "', '".join(copies),
                    " ".join(map(shlex.quote, copies)))
            )  # fmt: skip
    for name in (*source.named("input"), *source.named("target")):
        words = words_among_numbers(source.columns[name])
        if words:
            flags = " ".join(f"--missing-words={shlex.quote(word)}" for word in words[:MOST_WORDS])
            found.append(
                say("'{}' holds numbers but for '{}', and is read as names ({} reads numbers).", name,
                    "', '".join(words[:MOST_WORDS]), flags)
            )  # fmt: skip
    alone = without_group(source)
    if alone:
        found.append(say("{:,} rows have no value in '{}': each is a group of its own.", alone,
                         "', '".join(source.named("group"))))  # fmt: skip
    return found


def tells_the_same(one: Column, other: Column) -> bool:
    """Say whether two columns tell the same: each value of one goes with one value of the other and back.

    Numbers tell the same where one is the other in another unit, y = a x + b; a field of names and one of few numbers
    where their values go together one to one. Missing values must be missing in both.

    Args:
        one: A column.
        other: Another one of the same rows.

    Example:
        >>> celsius = Numbers(np.arange(12.0))
        >>> [tells_the_same(celsius, Numbers(values)) for values in (celsius.values * 1.8 + 32, celsius.values**2)]
        [True, False]
    """
    if not (isinstance(one, Numbers | Categories) and isinstance(other, Numbers | Categories)):
        return False
    if len(one) < FEWEST_ROWS or not _may_tell_the_same(one, other):
        return False
    missing = one.missing()
    if missing.all() or (missing != other.missing()).any():
        return False
    first, second = (
        column.values[~missing] if isinstance(column, Numbers) else column.codes[~missing] for column in (one, other)
    )
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        return _same_line(first, second)
    kinds, number_ = np.unique(first, return_inverse=True)
    others, place = np.unique(second, return_inverse=True)
    pairs = len(np.unique(number_ * len(others) + place))
    # Where nearly every row has a value of its own, as names do, nothing is told.
    return 1 < pairs == len(kinds) == len(others) <= len(first) / 2


def _may_tell_the_same(one: Numbers | Categories, other: Numbers | Categories) -> bool:
    """Say whether some of many rows leave it open that two columns tell the same: what fails there fails in all."""
    if len(one) <= 2 * SAMPLE or (isinstance(one, Numbers) and isinstance(other, Numbers)):
        return True
    rows = np.arange(0, len(one), len(one) // SAMPLE)
    first, second = (
        column.values[rows] if isinstance(column, Numbers) else column.codes[rows] for column in (one, other)
    )
    known = ~(one.take(rows).missing() | other.take(rows).missing())
    pairs = set(zip(first[known].tolist(), second[known].tolist(), strict=True))
    return len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs})


def _same_line(first: np.ndarray, second: np.ndarray) -> bool:
    """Say whether numbers lie on one line that rises or falls, to the precision they are written with."""
    across, up = first - first.mean(), second - second.mean()
    spread = float(across @ across) * float(up @ up)
    return spread > 0 and float(across @ up) ** 2 > (1 - 1e-12) * spread


def words_among_numbers(column: Column) -> list[str]:
    """Return the few words of a field of names most of whose values are numbers.

    Example:
        >>> words_among_numbers(Categories(np.array([0, 1, 2, 3]), ("1", "2", "3", "many")))
        ['many']
    """
    if not isinstance(column, Categories) or len(column.names) < 3:
        return []
    words = [name for name, count in column.counts().items() if count and number(name) is None]
    return words if 0 < len(words) < MOSTLY * len(column.names) and len(words) <= MOST_WORDS else []
