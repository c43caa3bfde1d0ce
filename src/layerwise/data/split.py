"""Divide rows into training, validation and test part so that nothing leaks from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from layerwise.config import Split
from layerwise.data.folds import deal, members
from layerwise.data.groups import group_pairs, shared_groups
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.near_duplicates import NearDuplicates, join_rows, near_duplicates, repeated
from layerwise.data.roles import part_of
from layerwise.data.source import Source
from layerwise.data.time_split import forward, last_in_time, refuse_groups_in_time, refuse_time_crossing
from layerwise.data.times import moments
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Parts", "divide", "every_row", "fold_parts", "strata_of", "units", "with_validation"]


@dataclass(frozen=True)
class Parts:
    """Row numbers of each part, each sorted, and what was found while dividing.

    Args:
        train: Rows that are learned from.
        validation: Rows that choose when to stop.
        test: Rows that are measured on, once.
        origin: Where the test part comes from: `own` (the data say), `split`, `training`, `none`, or `folds`: each of
            its rows is answered by a network of its fold, which did not learn from it.
        seen: Rows of the test part whose inputs also stand in the training or validation part.
        duplicates: Number of rows that repeat the inputs of another row.
        unit: Number of the set that each row of the source may not be separated from; None where nothing was divided.
        near: Rows that nearly repeat another one and were kept beside it; None where none were looked for.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    origin: str
    seen: np.ndarray
    duplicates: int
    unit: np.ndarray | None = None
    near: NearDuplicates | None = None

    @property
    def divided(self) -> bool:
        """Whether rows went to different parts."""
        return self.origin not in ("training", "none")


def divide(source: Source, split: Split, *, seed: int, in_order: bool = False) -> Parts:
    """Divide the rows of a source.

    Rows with equal or nearly equal inputs, and rows of one group, stay in one part. A part field or a supplied test
    set is respected; what it holds of the training rows is then reported, not moved.

    Args:
        source: All rows.
        split: How to divide.
        seed: Seed of what is chosen at random.
        in_order: Whether the last rows are held out: a running text stays in one piece, and its lines may repeat.
            Where `split` asks for a split by time, the last rows in time are.

    Raises:
        LayerwiseError: A class or the whole source is too small to be divided, or groups cross given parts.
    """
    generator = np.random.default_rng([seed, 0x5917])
    when = moments(source) if split.split_by == "time" and split.test in ("auto", "split") else None
    divides = split.test not in ("training", "none")
    looked = split.near_duplicates == "together" and divides and not in_order
    near = near_duplicates(source) if looked else None
    unit, duplicates = (np.arange(len(source)), 0) if in_order else units(source, near, grouped=when is None)
    strata = strata_of(source, stratify=split.stratify and not in_order and when is None)

    def held_out(rows: np.ndarray, fraction: float) -> np.ndarray:
        if when is not None:
            return last_in_time(when, rows, fraction)
        if in_order:
            return _last(source, rows, fraction)
        return _choose(rows, unit, strata, fraction, generator, stratify=split.stratify)

    given = _given(source)
    if given is not None and split.test == "auto":
        given = _measured_on(given)
    everything = np.arange(len(source))
    if not divides:
        learning, test = everything, everything if split.test == "training" else everything[:0]
        return Parts(learning, everything[:0], test, split.test, everything[:0], duplicates)
    if given is not None and (given == "test").any() and split.test == "auto":
        origin, test = "own", everything[given == "test"]
        learning = everything[given != "test"]
        _refuse_crossing(source, learning, test, "test", when)
    else:
        if split.stratify and not in_order and when is None:
            _refuse_small(source, unit, strata)
        origin, test = "split", held_out(everything, split.test_fraction)
        learning = np.setdiff1d(everything, test)
        if when is not None:
            refuse_groups_in_time(source, learning, test)
    validation = everything[:0]
    if given is not None and (given == "validation").any():
        validation = learning[given[learning] == "validation"]
        _refuse_crossing(source, np.setdiff1d(learning, validation), validation, "validation", when)
    elif split.validation_fraction:
        validation = held_out(learning, split.validation_fraction)
    train = np.setdiff1d(learning, validation)
    if when is not None:
        refuse_groups_in_time(source, train, validation)
    _refuse_empty(source, train, test, in_order=in_order)
    seen = test[np.isin(unit[test], unit[learning])]
    return Parts(train, validation, test, origin, seen, duplicates, unit, near)


def _refuse_empty(source: Source, train: np.ndarray, test: np.ndarray, *, in_order: bool) -> None:
    """Stop when there is nothing to learn from or to test on."""
    text = in_order and [source.columns[name].kind for name in source.named("input")] == ["text"]
    for name, rows in (("training", train), ("test", test)):
        if not len(rows):
            raise LayerwiseError(
                say("Every part needs at least one row."),
                say("a text of {} pieces leaves the {} part empty", len(source), say(name)) if text
                else say("{} rows leave the {} part empty", len(source), say(name)),
                say("Give a longer text, or use --test training to measure on the training part.") if text
                else say("Add rows, or use --test training to measure on the training part."),
            )  # fmt: skip


def fold_parts(
    source: Source, number: int, *, seed: int, stratify: bool = True, in_time: bool = False,
    rows: np.ndarray | None = None, near: NearDuplicates | Literal["together", "ignore"] = "together",
) -> list[Parts]:  # fmt: skip
    """Divide the rows for cross-validation: each is tested once; equal inputs and groups stay in one fold.

    A test part that the data name stays closed: its rows are in no fold. In time each fold is later than all that it
    is learned from, and the first rows are only learned from.

    Args:
        source: All rows.
        number: How many folds.
        seed: Seed of the order in which rows are dealt.
        stratify: Whether every fold has nearly the same share of each class.
        in_time: Whether folds follow one another in time.
        rows: The rows to divide, sorted; all but a test part that the data name when left out.
        near: What is known of nearly equal rows, which stay in one fold too; or whether they are looked for.

    Raises:
        LayerwiseError: There are too few different rows, or groups and time ask for different parts.
    """
    # In time nothing is held together: what comes later is tested, whatever it is like.
    near = "ignore" if in_time else near
    known = near_duplicates(source) if near == "together" else None if near == "ignore" else near
    unit, duplicates = units(source, known, grouped=not in_time)
    given = _given(source)
    open_rows = np.arange(len(source)) if given is None else np.flatnonzero(_measured_on(given) != "test")
    open_rows = open_rows if rows is None else rows
    if in_time:
        parts = forward(moments(source), open_rows, number)
        for train, test in parts:
            refuse_groups_in_time(source, train, test)
        return [Parts(train, open_rows[:0], test, "split", open_rows[:0], duplicates) for train, test in parts]
    strata = strata_of(source, stratify=stratify)
    folds = deal(unit[open_rows], strata[open_rows], number, np.random.default_rng([seed, 0xF01D]))
    none = open_rows[:0]
    return [
        Parts(np.setdiff1d(open_rows, open_rows[fold]), none, open_rows[fold], "split", none, duplicates, unit, known)
        for fold in folds
    ]


def every_row(folds: Sequence[Parts]) -> Parts:
    """Return all rows of some folds to learn from, and those that are tested by one of them.

    Args:
        folds: The folds of one deal.
    """
    learned = np.unique(np.concatenate([rows for fold in folds for rows in (fold.train, fold.test)]))
    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    first = folds[0]
    return Parts(learned, learned[:0], tested, "folds", learned[:0], first.duplicates, first.unit, first.near)


def with_validation(source: Source, parts: Parts, split: Split, *, seed: int) -> Parts:
    """Return parts whose training rows are divided once more, so that learning can be stopped in time.

    Args:
        source: All rows.
        parts: Parts without validation rows.
        split: Share of the validation rows, whether they are stratified, or the last in time.
        seed: Seed of what is chosen at random.
    """
    if split.split_by == "time":
        chosen = last_in_time(moments(source), parts.train, split.validation_fraction)
        refuse_groups_in_time(source, np.setdiff1d(parts.train, chosen), chosen)
        return replace(parts, train=np.setdiff1d(parts.train, chosen), validation=chosen)
    generator = np.random.default_rng([seed, 0x5917])
    unit = units(source)[0] if parts.unit is None else parts.unit
    strata = strata_of(source, stratify=split.stratify)
    chosen = _choose(parts.train, unit, strata, split.validation_fraction, generator, stratify=split.stratify)
    return replace(parts, train=np.setdiff1d(parts.train, chosen), validation=chosen)


def _last(source: Source, rows: np.ndarray, fraction: float) -> np.ndarray:
    """Return the last rows, at least one: a share of their number, of a running text a share of its characters."""
    inputs = [source.columns[name] for name in source.named("input")]
    sizes = np.ones(len(rows))
    if len(inputs) == 1 and isinstance(inputs[0], Texts):
        sizes = np.array([len(inputs[0].values[row]) for row in rows], dtype=np.float64)
    behind = sizes[::-1].cumsum()
    number = int(np.abs(behind - fraction * sizes.sum()).argmin()) + 1 if len(rows) else 0
    return rows[len(rows) - number :]


def units(source: Source, near: NearDuplicates | None = None, *, grouped: bool = True) -> tuple[np.ndarray, int]:
    """Number the sets of rows that may not be separated: equal or nearly equal inputs, or one group in any group field.

    A row without a group is held together with no other by that.

    Args:
        source: All rows.
        near: Rows with nearly equal inputs, where they were looked for.
        grouped: Whether groups count, or inputs alone.

    Returns:
        The unit of each row, and how many rows repeat the inputs of an earlier one.
    """
    exact = near.exact if near else repeated(source.row_digests("input"))[0]
    groups = group_pairs(source) if grouped else ()
    alike = ((pair.first, pair.second) for pair in near.pairs) if near else ()
    return join_rows(np.arange(len(source)), (*exact, *groups, *alike)), len(exact)


def strata_of(source: Source, *, stratify: bool) -> np.ndarray:
    """Return the stratum of each row: its class, the quarter of its target, or 0."""
    names = source.named("target")
    if not stratify or not names:
        return np.zeros(len(source), dtype=np.int64)
    column = source.columns[names[0]]
    if isinstance(column, Categories):
        return np.asarray(column.codes, dtype=np.int64)
    if isinstance(column, Numbers):
        quarters = np.quantile(column.values, [0.25, 0.5, 0.75])
        return np.searchsorted(quarters, column.values, side="right")
    return np.zeros(len(source), dtype=np.int64)


def _given(source: Source) -> np.ndarray | None:
    """Return the part of each row as the data say it, or None.

    Raises:
        LayerwiseError: The part field holds another word.
    """
    names = source.named("part")
    if not names:
        return None
    column = source.columns[names[0]]
    words = [column.show(row) for row in range(len(source))]
    for row, word in enumerate(words):
        if not part_of(word):
            raise LayerwiseError(
                say("A part field says train, validation or test."), say("{}: '{}'", source.place(row), word),
                say("Mend the word, or leave the field out with --drop {}.", names[0]),
            )  # fmt: skip
    return np.array([part_of(word) for word in words])


def _measured_on(given: np.ndarray) -> np.ndarray:
    """Hold the validation part of data without a test part out: it is what is measured on."""
    return given if (given == "test").any() else np.where(given == "validation", "test", given)


def _refuse_crossing(
    source: Source, learning: np.ndarray, given: np.ndarray, part: str, when: np.ndarray | None
) -> None:  # fmt: skip
    """Stop when a group has rows on both sides of a given part, or time crosses it."""
    if when is not None:
        refuse_time_crossing(source, when, learning, given)
    for name in source.named("group"):
        crossing = shared_groups(source.columns[name], learning, given)
        if crossing:
            raise LayerwiseError(
                say("A group must stay in one part."),
                say("groups in both the training and the {} part: {} ({})", say(part), len(crossing),
                    ", ".join(crossing[:5])),
                say("Mend the part field, or leave it out with --drop {}.", source.named("part")[0]),
            )  # fmt: skip


def _refuse_small(source: Source, unit: np.ndarray, strata: np.ndarray) -> None:
    """Stop when a stratum has a single unit, which cannot stand on both sides of a split."""
    for stratum in np.unique(strata):
        units_of = np.unique(unit[strata == stratum])
        if len(units_of) < 2:
            raise _too_small(source, int(stratum), len(units_of))


def _choose(
    rows: np.ndarray, unit: np.ndarray, strata: np.ndarray, fraction: float, generator: np.random.Generator, *,
    stratify: bool,
) -> np.ndarray:  # fmt: skip
    """Choose a share of the rows, unit by unit, the same share of every stratum to within one unit.

    Of a stratum with at least two units each side gets one; the only unit of a stratum is not chosen.
    """
    chosen: list[int] = []
    # What one stratum rounds away, the next receives, so that the share of all together is kept.
    rounded_away = 0.0
    for groups in members(rows, unit, strata).values():
        share = fraction * sum(map(len, groups)) + rounded_away
        wanted = round(share)
        rounded_away = share - wanted
        shuffled = [groups[place] for place in generator.permutation(len(groups))]
        chosen += [row for group in _pick(shuffled, max(wanted, 1) if stratify else wanted) for row in group]
    return np.array(sorted(chosen), dtype=np.int64)


def _pick(groups: list[list[int]], wanted: int) -> list[list[int]]:
    """Take whole groups in the order given while each brings the number of rows nearer; one always stays."""
    picked: list[list[int]] = []
    taken = 0
    for group in groups:
        if len(picked) == len(groups) - 1:
            break
        if 2 * (wanted - taken) >= len(group):
            picked.append(group)
            taken += len(group)
    if not picked and wanted and len(groups) > 1:
        return [min(groups, key=len)]
    return picked


def _too_small(source: Source, stratum: int, count: int) -> LayerwiseError:
    """Say which class cannot be divided."""
    name = source.named("target")[0]
    column = source.columns[name]
    shown = column.names[stratum] if isinstance(column, Categories) else say("quarter {}", stratum + 1)
    return LayerwiseError(
        say("A stratified split needs at least two different examples of each class."),
        say("class '{}' of '{}' has {}", shown, name, count),
        say("Add examples, leave the class out with --classes, or use --no-stratify."),
    )
