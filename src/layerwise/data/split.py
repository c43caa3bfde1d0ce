"""Divide rows into training, validation and test part so that nothing leaks from one to another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from layerwise.config import Split
from layerwise.data.folds import deal
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.roles import part_of
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Parts", "divide", "fold_parts", "strata_of", "units", "with_validation"]


@dataclass(frozen=True)
class Parts:
    """Row numbers of each part, each sorted, and what was found while dividing.

    Args:
        train: Rows that are learned from.
        validation: Rows that choose when to stop.
        test: Rows that are measured on, once.
        origin: Where the test part comes from: `own` (the data say), `split`, `training`, `none`.
        seen: Rows of the test part whose inputs also stand in the training or validation part.
        duplicates: Number of rows that repeat the inputs of another row.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    origin: str
    seen: np.ndarray
    duplicates: int


def divide(source: Source, split: Split, *, seed: int, in_order: bool = False) -> Parts:
    """Divide the rows of a source.

    Rows with equal inputs, and rows of one group, stay in one part. A part field or a supplied test set is respected;
    what it holds of the training rows is then reported, not moved.

    Args:
        source: All rows.
        split: How to divide.
        seed: Seed of what is chosen at random.
        in_order: Whether the last rows are held out: a running text stays in one piece, and its lines may repeat.

    Raises:
        LayerwiseError: A class or the whole source is too small to be divided, or groups cross given parts.
    """
    generator = np.random.default_rng([seed, 0x5917])
    unit, duplicates = (np.arange(len(source)), 0) if in_order else units(source)
    strata = strata_of(source, stratify=split.stratify and not in_order)
    given = _given(source)
    if given is not None and split.test == "auto" and not (given == "test").any():
        # Data with a training and a validation part hold the second one out: it is what is measured on.
        given = np.where(given == "validation", "test", given)
    everything = np.arange(len(source))
    if split.test == "training" or split.test == "none":
        learning, test = everything, everything if split.test == "training" else everything[:0]
        return Parts(learning, everything[:0], test, split.test, everything[:0], duplicates)
    if given is not None and (given == "test").any() and split.test == "auto":
        origin, test = "own", everything[given == "test"]
        learning = everything[given != "test"]
        _refuse_crossing(source, learning, test, "test")
    else:
        origin = "split"
        if in_order:
            test = _last(source, everything, split.test_fraction)
        else:
            if split.stratify:
                _refuse_small(source, unit, strata)
            test = _choose(everything, unit, strata, split.test_fraction, generator, stratify=split.stratify)
        learning = np.setdiff1d(everything, test)
    if given is not None and (given == "validation").any():
        validation = learning[given[learning] == "validation"]
        _refuse_crossing(source, np.setdiff1d(learning, validation), validation, "validation")
    elif split.validation_fraction and in_order:
        validation = _last(source, learning, split.validation_fraction)
    elif split.validation_fraction:
        validation = _choose(learning, unit, strata, split.validation_fraction, generator, stratify=split.stratify)
    else:
        validation = everything[:0]
    train = np.setdiff1d(learning, validation)
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
    return Parts(train, validation, test, origin, test[np.isin(unit[test], unit[learning])], duplicates)


def fold_parts(source: Source, number: int, *, seed: int, stratify: bool = True) -> list[Parts]:
    """Divide the rows for cross-validation: each is tested once; equal inputs and groups stay in one fold.

    A test part that the data name stays closed: its rows are in no fold.

    Args:
        source: All rows.
        number: How many folds.
        seed: Seed of the order in which rows are dealt.
        stratify: Whether every fold has nearly the same share of each class.

    Raises:
        LayerwiseError: There are too few different rows.
    """
    unit, duplicates = units(source)
    given = _given(source)
    open_rows = np.arange(len(source)) if given is None else np.flatnonzero(given != "test")
    strata = strata_of(source, stratify=stratify)
    folds = deal(unit[open_rows], strata[open_rows], number, np.random.default_rng([seed, 0xF01D]))
    none = open_rows[:0]
    return [
        Parts(np.setdiff1d(open_rows, open_rows[fold]), none, open_rows[fold], "split", none, duplicates)
        for fold in folds
    ]


def with_validation(source: Source, parts: Parts, split: Split, *, seed: int) -> Parts:
    """Return parts whose training rows are divided once more, so that learning can be stopped in time.

    Args:
        source: All rows.
        parts: Parts without validation rows.
        split: Share of the validation rows, and whether they are stratified.
        seed: Seed of what is chosen at random.
    """
    generator = np.random.default_rng([seed, 0x5917])
    unit, strata = units(source)[0], strata_of(source, stratify=split.stratify)
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


def units(source: Source) -> tuple[np.ndarray, int]:
    """Number the sets of rows that may not be separated: equal inputs, or equal group.

    Returns:
        The unit of each row, and how many rows repeat the inputs of an earlier one.
    """
    parent = list(range(len(source)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    duplicates = 0
    for role in ("input", "group"):
        first: dict[bytes, int] = {}
        for row, digest in enumerate(source.row_digests(role)):
            if digest in first:
                parent[root(row)] = root(first[digest])
                duplicates += role == "input"
            else:
                first[digest] = row
    return np.array([root(row) for row in range(len(source))], dtype=np.int64), duplicates


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


def _refuse_crossing(source: Source, learning: np.ndarray, given: np.ndarray, part: str) -> None:
    """Stop when a group has rows on both sides of a given part."""
    names = source.named("group")
    if not names:
        return
    column = source.columns[names[0]]
    crossing = {column.show(int(row)) for row in learning} & {column.show(int(row)) for row in given}
    if crossing:
        shown = ", ".join(sorted(crossing)[:5])
        raise LayerwiseError(
            say("A group must stay in one part."),
            say("{} groups are in the training and the {} part: {}", len(crossing), say(part), shown),
            say("Mend the part field, or leave it out with --drop {}.", source.named("part")[0]),
        )


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
    members: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        members[unit[row]].append(int(row))
    by_stratum: dict[int, list[list[int]]] = defaultdict(list)
    for group in members.values():
        by_stratum[int(strata[group[0]])].append(group)
    # What one stratum rounds away, the next receives, so that the share of all together is kept.
    rounded_away = 0.0
    for stratum in sorted(by_stratum):
        groups = by_stratum[stratum]
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
