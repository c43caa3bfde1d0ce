"""Quick signs that a table will mislead: columns that number rows or hold the answer, scaling done too early, parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from layerwise.data.assign import as_categories
from layerwise.data.kinds import Categories, Column, Numbers
from layerwise.data.roles import part_of
from layerwise.data.source import Source
from layerwise.language import say

__all__ = ["given_parts", "part_findings", "structure"]

FEWEST_ROWS = 20
"""With fewer rows a column can look like anything by chance."""

MOST_ROWS = 10_000
"""Rows that are looked at to see whether a column holds the answer."""

SLIPS = 0.01
"""Share of the rows that a column which holds the answer may be wrong about."""

UNEVEN = 10
"""So many times as many rows has the largest class when classes are called uneven."""

MOST_SHOWN = 8


def structure(source: Source, target: str, *, classes: bool, learned: np.ndarray | None = None) -> list[str]:
    """Say what about the columns and classes may mislead; inputs are those of all rows, labels those learned from.

    Args:
        source: Data with their roles.
        target: Field to predict, or empty.
        classes: Whether it holds classes.
        learned: Rows whose labels may be looked at; when left out, those of the training part that the data themselves
            say, or all.
    """
    inputs = [
        name for name in source.named("input")
        if name != target and isinstance(source.columns[name], Numbers | Categories)
    ]  # fmt: skip
    found = []
    numbering = [name for name in inputs if _numbers_rows(source.columns[name])]
    if numbering:
        found.append(say("Fields that number the rows and do not describe them: {} (--drop leaves them out).",
                         _names(numbering)))  # fmt: skip
    column = source.columns.get(target)
    given = given_parts(source).get("train", np.arange(len(source)))
    learned = given if learned is None else learned
    if column is not None and len(source.named("input")) > 1:
        telling = _telling(source, inputs, column, learned, classes=classes)
        if telling:
            found.append(say("Fields that alone give '{}' away: {}. Would they be known when it is asked for?",
                             target, _names(telling)))  # fmt: skip
    found += _scaled_before([source.columns[name] for name in inputs], given)
    if isinstance(column, Categories) and classes:
        found += _uneven(column, learned, target)
    return found


def _names(names: list[str]) -> str:
    """List names, of many the first."""
    return ", ".join(names[:MOST_SHOWN]) + (" …" if len(names) > MOST_SHOWN else "")


def _numbers_rows(column: Column) -> bool:
    """Say whether whole numbers are all different and follow the rows, or fill their range without a gap."""
    if not isinstance(column, Numbers) or len(column) < FEWEST_ROWS:
        return False
    values = column.values
    first = values[:MOST_ROWS]
    if (first % 1).any() or len(np.unique(first)) < len(first):
        # The first rows settle it for most fields.
        return False
    steps = np.diff(values)
    if np.isnan(values).any() or (values % 1).any():
        return False
    if (steps > 0).all() or (steps < 0).all():
        return True
    return float(np.ptp(values)) < 1.1 * len(values) and len(np.unique(values)) == len(values)


def _telling(source: Source, names: list[str], target: Column, learned: np.ndarray, *, classes: bool) -> list[str]:
    """Return the fields each of which tells the target almost without a slip, in the rows that are learned from."""
    # A random sample, also so that equal values stand in no order.
    order = np.random.default_rng(0x7E11).permutation(learned)
    rows = order[~target.missing()[order]][:MOST_ROWS]
    if len(rows) < FEWEST_ROWS:
        return []
    aim = target.take(rows)
    if not classes:
        return [name for name in names if _tells_number(source.columns[name].take(rows), aim)]
    codes = np.unique(np.array(aim.digests(), dtype=object), return_inverse=True)[1]
    return [name for name in names if _tells_class(source.columns[name].take(rows), codes)]


def _tells_class(column: Column, codes: np.ndarray) -> bool:
    """Say whether a column tells the class of almost every row.

    Along a number the class changes from row to row as often as there are borders between classes; by chance it would
    change n (1 - sum_k p_k^2) times. Of a category every row counts whose class is not that of most others of its name.
    """
    shares = np.bincount(codes) / len(codes)
    # n (1 - sum_k p_k^2)
    chance = len(codes) * (1 - float((shares**2).sum()))
    allowed = min(SLIPS * len(codes), chance / UNEVEN)
    if column.missing().mean() > SLIPS or not chance:
        return False
    if isinstance(column, Numbers):
        along = codes[np.argsort(column.values, kind="stable")]
        # A row among those of another class makes two changes.
        slips = (int((along[1:] != along[:-1]).sum()) - (len(shares) - 1)) / 2
    else:
        _, names = np.unique(np.array(column.digests(), dtype=object), return_inverse=True)
        pairs, counts = np.unique(names * len(shares) + codes, return_counts=True)
        most = np.zeros(int(names.max()) + 1, dtype=np.int64)
        np.maximum.at(most, pairs // len(shares), counts)
        # A name that stands once tells nothing of its row.
        slips = len(codes) - int(most[most > 1].sum())
    return slips <= allowed


def _tells_number(column: Column, target: Column) -> bool:
    """Say whether the target hardly jumps from row to row along a column.

    sum_i (t_(i+1) - t_i)^2 / (2 n var t) is 1 by chance (von Neumann's ratio), and near 0 for a smooth curve.
    """
    if not (isinstance(column, Numbers) and isinstance(target, Numbers)) or column.missing().mean() > SLIPS:
        return False
    along = target.values[np.argsort(column.values, kind="stable")]
    spread = 2 * len(along) * float(along.var())
    # sum_i (t_(i+1) - t_i)^2 / (2 n var t)
    return bool(spread) and float((np.diff(along) ** 2).sum()) / spread <= SLIPS / 2


def _scaled_before(columns: Sequence[Column], learned: np.ndarray) -> list[str]:
    """Say that all number columns were scaled by all rows; where the training rows alone were scaled, that is right."""
    cells = [column.values for column in columns if isinstance(column, Numbers)]
    if not any(_may_be_scaled(some) for some in cells[:1]):
        return []
    # Columns of two values are yes or no, and are left as they are by whoever scales.
    values = [some[~np.isnan(some)] for some in cells]
    kept = [place for place, some in enumerate(values) if len(some) >= FEWEST_ROWS and _has_three_values(some)]
    how = _scaled([values[place] for place in kept])
    some = [cells[place][learned] for place in kept]
    if not how or (len(learned) < len(cells[0]) and _scaled([one[~np.isnan(one)] for one in some if len(one)]) == how):
        return []
    if how == "standardised":
        return [
            say("All number fields have mean 0 and one spread over all rows: they were scaled before a test part was "
                "divided off, which then had its say. Begin with the numbers as they were measured.")
        ]  # fmt: skip
    return [
        say("All number fields run from {} exactly: they were scaled, probably by all rows, before a test part was "
            "divided off. Begin with the numbers as they were measured.", how)
    ]  # fmt: skip


def _may_be_scaled(values: np.ndarray) -> bool:
    """Say whether one column leaves it open that all are scaled: mean 0, ends of a scale, or too little to tell."""
    values = values[~np.isnan(values)]
    if len(values) < FEWEST_ROWS or not _has_three_values(values):
        return True
    near = min(1e-3, 0.01 / np.sqrt(len(values)))
    return bool(abs(values.mean()) <= near * values.std()) or values.max() == 1.0


def _scaled(values: Sequence[np.ndarray]) -> str:
    """Return `standardised` where all columns have mean 0 and one spread, `0 to 1` for such ends; else nothing."""
    if not values or not min(map(len, values)):
        return ""
    means, spreads = (np.array([function(some) for some in values]) for function in (np.mean, np.std))
    # Scaled by some of the rows, the mean of all would lie about 1 / sqrt(n) away.
    near = min(1e-3, 0.01 / np.sqrt(len(values[0])))
    one = spreads if len(values) > 1 else np.array([1.0, *spreads])
    if (np.abs(means) <= near * spreads).all() and np.ptp(one) <= 3 * near * one.min():
        return "standardised"
    ends = {f"{some.min():g} to {some.max():g}" for some in values}
    return ends.pop() if len(values) > 1 and ends in ({"0 to 1"}, {"-1 to 1"}) else ""


def _has_three_values(values: np.ndarray) -> bool:
    """Say whether a column holds more than two different values."""
    low, high = values.min(), values.max()
    return bool(((values > low) & (values < high)).any())


def _uneven(column: Categories, learned: np.ndarray, target: str) -> list[str]:
    """Say which classes have no rows, and whether of those learned from one has many times as many as another."""
    empty = [name for name, count in column.counts().items() if not count]
    found = [say("Classes of '{}' without a row: {}.", target, _names(empty))] if empty else []
    held = {name: count for name, count in column.take(learned).counts().items() if count}
    most, least = max(held, key=held.__getitem__, default=""), min(held, key=held.__getitem__, default="")
    if held and held[most] >= UNEVEN * held[least] and held[most] >= FEWEST_ROWS:
        total = sum(held.values())
        found.append(
            say("Classes are uneven: of {:,} rows to learn from, '{}' has {:,} and '{}' {:,}. Always answering '{}' "
                "would be right in {:.0f} %.", total, most, held[most], least, held[least], most,
                100 * held[most] / total)
        )  # fmt: skip
    return found


def given_parts(source: Source) -> dict[str, np.ndarray]:
    """Return the rows of each part that the data themselves say; nothing where they say none.

    Example:
        >>> parts = Categories(np.array([0, 0, 1]), ("train", "test"))
        >>> from layerwise.data.source import Field
        >>> given_parts(Source("s", "memory", (Field("part", "part"),), {"part": parts}))["test"].tolist()
        [2]
    """
    names = source.named("part")
    if not names:
        return {}
    column = as_categories(source.columns[names[0]])
    named = np.array([*(part_of(name) for name in column.names), ""])
    words = named[column.codes]
    wanted = [part for part in ("train", "validation", "test") if part == "train" or part in named]
    return {part: np.flatnonzero(words == part) for part in wanted}


def part_findings(source: Source, target: str, parts: Mapping[str, np.ndarray], *, classes: bool) -> list[str]:
    """Say what is wrong with parts: an empty one, one with a single class, a class or group on the wrong side.

    Args:
        source: Data with their roles.
        target: Field to predict, or empty.
        parts: Rows of each part.
        classes: Whether the target holds classes.
    """
    found = [say("The {} part has no rows.", say(part)) for part, rows in parts.items() if not len(rows)]
    column = source.columns.get(target)
    if classes and column is not None:
        found += _classes_of_parts(as_categories(column), target, parts)
    for name in source.named("group"):
        cells = np.array(source.columns[name].digests(), dtype=object)
        held = {part: set(cells[rows].tolist()) for part, rows in parts.items()}
        pairs = [(one, other) for place, one in enumerate(held) for other in list(held)[place + 1 :]]
        for one, other in pairs:
            both = held[one] & held[other]
            if both:
                place = np.flatnonzero(np.isin(cells, np.array([min(both)], dtype=object)))[0]
                found.append(
                    say("Groups of '{}' that stand in both the {} and the {} part: {}, such as '{}'.", name, say(one),
                        say(other), len(both), source.columns[name].show(int(place)))
                )  # fmt: skip
    return found


def _classes_of_parts(column: Categories, target: str, parts: Mapping[str, np.ndarray]) -> list[str]:
    """Say which part lacks classes."""
    held = {part: set(np.unique(column.codes[rows]).tolist()) - {-1} for part, rows in parts.items()}
    everything: set[int] = set().union(*held.values())
    found = [
        say("The {} part has one class only: '{}'. Figures that need two are undefined there.", say(part),
            *(column.names[code] for code in codes))
        for part, codes in held.items() if len(codes) == 1 and len(everything) > 1
    ]  # fmt: skip
    learned, tested = held.get("train", everything), held.get("test", set())
    unlearned = [column.names[code] for code in sorted(everything - learned)]
    if unlearned and learned:
        found.append(say("Classes of '{}' that the training part lacks, so that they cannot be learned: {}.", target,
                         _names(unlearned)))  # fmt: skip
    untested = [column.names[code] for code in sorted(learned - tested)]
    if untested and len(tested) > 1:
        found.append(say("Classes of '{}' that the test part lacks, so that nothing is measured of them: {}.", target,
                         _names(untested)))  # fmt: skip
    return found
