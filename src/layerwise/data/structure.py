"""Quick signs that a table will mislead: columns that number rows or hold the answer, scaling done too early, parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from layerwise.data.assign import as_categories
from layerwise.data.groups import shared_groups
from layerwise.data.kinds import Categories, Column, Numbers
from layerwise.data.labels import Labels, label_marks
from layerwise.data.luck import luck_of_names, luck_of_order
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

LESS = 10
"""So many times fewer slips than by chance has such a column, where most rows have one class."""

LUCK = 0.01
"""Largest chance that any of the columns of a table would look so by luck."""

UNEVEN = 10
"""So many times as many rows has the largest class when classes are called uneven."""

MOST_SHOWN = 8


def structure(source: Source, targets: Sequence[str], *, classes: bool, learned: np.ndarray | None = None) -> list[str]:
    """Say what about the columns and classes may mislead; inputs are those of all rows, labels those learned from.

    Args:
        source: Data with their roles.
        targets: Fields to predict.
        classes: Whether they hold classes or labels.
        learned: Rows whose labels may be looked at; when left out, those of the training part that the data themselves
            say, or all.
    """
    inputs = [
        name for name in source.named("input")
        if name not in targets and isinstance(source.columns[name], Numbers | Categories)
    ]  # fmt: skip
    found = []
    numbering = [name for name in inputs if _numbers_rows(source.columns[name])]
    if numbering:
        found.append(say("Fields that number the rows and do not describe them: {} (--drop leaves them out).",
                         _names(numbering)))  # fmt: skip
    given = given_parts(source).get("train", np.arange(len(source)))
    learned = given if learned is None else learned
    for target in targets if len(source.named("input")) > 1 else ():
        telling = _telling(source, inputs, source.columns[target], learned, classes=classes)
        if telling:
            found.append(say("Fields that alone give '{}' away: {}. Would they be known when it is asked for?",
                             target, _names(telling)))  # fmt: skip
    found += _scaled_before([source.columns[name] for name in inputs], given)
    if classes and len(targets) == 1 and isinstance(column := source.columns[targets[0]], Categories):
        found += _uneven(column, learned, targets[0])
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
    present = learned[~target.missing()[learned]]
    if len(present) < FEWEST_ROWS:
        return []
    rows = np.random.default_rng(0x7E11).choice(present, min(len(present), MOST_ROWS), replace=False)
    aim = target.take(rows)
    if not classes:
        return [name for name in names if _tells_number(source.columns[name].take(rows), aim)]
    codes = np.unique(np.array(aim.digests(), dtype=object), return_inverse=True)[1]
    luck = math.log(LUCK / max(len(names), 1))
    return [name for name in names if _tells_class(source.columns[name].take(rows), codes, luck)]


def _tells_class(column: Column, codes: np.ndarray, luck: float) -> bool:
    """Say whether a column tells the class of almost every row, and more than luck could make it.

    Along a number the class changes from row to row as often as there are borders between classes; by chance it would
    change n (1 - sum_k p_k^2) times. Of a category every row counts whose class is not that of most others of its name.

    Args:
        column: Cells of some rows.
        codes: The class of each, from 0.
        luck: Logarithm of the largest chance with which a column may tell as much by luck.
    """
    sizes = np.bincount(codes)
    shares = sizes / len(codes)
    # n (1 - sum_k p_k^2)
    chance = len(codes) * (1 - float((shares**2).sum()))
    allowed = min(SLIPS * len(codes), chance / LESS)
    if column.missing().mean() > SLIPS or not chance:
        return False
    if isinstance(column, Numbers):
        along = codes[np.argsort(column.values, kind="stable")]
        changes = int((along[1:] != along[:-1]).sum())
        # A row among those of another class makes two changes.
        return (changes - (len(shares) - 1)) / 2 <= allowed and luck_of_order(sizes.tolist(), changes) <= luck
    _, names = np.unique(np.array(column.digests(), dtype=object), return_inverse=True)
    pairs, counts = np.unique(names * len(shares) + codes, return_counts=True)
    most = np.zeros(int(names.max()) + 1, dtype=np.int64)
    np.maximum.at(most, pairs // len(shares), counts)
    # A name that stands once tells nothing of its row.
    telling = most[most > 1]
    slips = len(codes) - int(telling.sum())
    return slips <= allowed and luck_of_names(sizes.tolist(), len(telling), slips) <= luck


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


def part_findings(
    source: Source, targets: Sequence[str], parts: Mapping[str, np.ndarray], *, classes: bool
) -> list[str]:  # fmt: skip
    """Say what is wrong with parts: an empty one, one with a single class, a class or group on the wrong side.

    Args:
        source: Data with their roles.
        targets: Fields to predict.
        parts: Rows of each part.
        classes: Whether the targets hold classes or labels.
    """
    found = [say("The {} part has no rows.", say(part)) for part, rows in parts.items() if not len(rows)]
    if classes and targets:
        column = source.columns[targets[0]]
        if len(targets) > 1 or isinstance(column, Labels):
            found += _labels_of_parts(source, targets, parts)
        else:
            found += _classes_of_parts(as_categories(column), targets[0], parts)
    for name in source.named("group"):
        for one, other in combinations(parts, 2):
            both = shared_groups(source.columns[name], parts[one], parts[other])
            if both:
                found.append(
                    say("Groups of '{}' that stand in both the {} and the {} part: {}, such as '{}'.", name, say(one),
                        say(other), len(both), both[0])
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


def _labels_of_parts(source: Source, targets: Sequence[str], parts: Mapping[str, np.ndarray]) -> list[str]:
    """Say which labels of some rows the training or the test part lacks."""
    present = source.present(targets)
    marks, names = label_marks(source.take(present), targets)
    held = {part: np.any(marks[np.isin(present, rows)], axis=0).tolist() for part, rows in parts.items() if len(rows)}
    found, shown = [], "', '".join(targets)
    if "train" in held:
        lacking = [name for name, learned in zip(names, held["train"], strict=True) if not learned]
        if lacking:
            found.append(say("Labels of '{}' that the training part lacks, so that they cannot be learned: {}.", shown,
                             _names(lacking)))  # fmt: skip
    if "train" in held and "test" in held:
        both = zip(names, held["train"], held["test"], strict=True)
        lacking = [name for name, learned, tested in both if learned and not tested]
        if lacking:
            found.append(say("Labels of '{}' that the test part lacks, so that nothing is measured of them: {}.", shown,
                             _names(lacking)))  # fmt: skip
    return found
