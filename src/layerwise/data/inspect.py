"""What is in a source: counts, kinds, ranges, missing and doubled rows, the task it suits, and the next command."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from layerwise.catalog import entry
from layerwise.config import Assign
from layerwise.data.assign import (
    as_categories,
    choices,
    could_be_target,
    guess_model,
    guess_target,
    guess_task,
    is_running_text,
)
from layerwise.data.boxes import Boxes
from layerwise.data.findings import findings, suspected
from layerwise.data.found import Found
from layerwise.data.kinds import Categories, Column, Images, Numbers
from layerwise.data.labels import Labels, label_marks, with_label_sets
from layerwise.data.row_hashes import different_numbers, suspected_repeats
from layerwise.data.source import Field, Problem, Source
from layerwise.data.text_vectors import holds_dates
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say, spoken_here
from layerwise.notebook import html_lines

__all__ = ["FieldFacts", "Inspection", "inspect"]

THREADS = min(4, os.cpu_count() or 1)
"""Fields that are looked at beside each other."""


@dataclass(frozen=True)
class FieldFacts:
    """What one field holds.

    Args:
        name: Name of the field.
        kind: number, category, text or image.
        role: What it is for.
        missing: Cells without a value.
        different: Different values; pictures are counted by their pixels.
        lowest: Smallest number, else None.
        highest: Largest number, else None.
        size: Of pictures: width x height, smallest and largest where they differ, and channels.
        examples: Up to three cells as text.
    """

    name: str
    kind: str
    role: str
    missing: int
    different: int
    lowest: float | None
    highest: float | None
    size: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Inspection:
    """Everything `layerwise data` prints.

    Args:
        name: Name of the source.
        origin: Where it came from.
        licence: Licence, where known.
        listed: Items that the source lists: loaded and reported.
        rows: Items that were loaded.
        problems: Items that could not be read.
        notes: How the data were read.
        fields: One entry a field.
        target: Field to predict, or empty; of several their names with commas between them.
        task: classify, regress, tag, translate or language; empty where it is unclear.
        reasons: Why this target, task and model.
        classes: Rows of each class where the task is classify, of each label where it is tag; objects of each class
            where the target is boxes.
        duplicates: Rows whose inputs and target stand in an earlier row.
        conflicts: Rows whose inputs stand in another row with another target.
        constant: Fields with one value throughout.
        findings: What may go wrong, in sentences.
        model: Model that suits the data.
        command: The next command, ready for a shell; empty where nothing can be learned yet.
        thorough: What the costly checks found, where they were asked for.
        targets: The fields of `target`, one by one.
        alternatives: Where the target may be several things: the command for each of them, the first being `command`.
    """

    name: str
    origin: str
    licence: str
    listed: int
    rows: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    fields: tuple[FieldFacts, ...]
    target: str
    task: str
    reasons: tuple[str, ...]
    classes: dict[str, int]
    duplicates: int
    conflicts: int
    constant: tuple[str, ...]
    findings: tuple[str, ...]
    model: str
    command: str
    thorough: tuple[Found, ...] = ()
    targets: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return every fact as plain values, ready for JSON."""
        return asdict(self)

    def _repr_html_(self) -> str:
        """Show itself in a notebook."""
        return html_lines(self.lines())

    def lines(self) -> list[str]:
        """Return the facts as lines of text."""
        from layerwise.data.show import inspection_lines

        return inspection_lines(self)


def inspect(
    source: Source, target: str | Sequence[str] = "", *, data: str = "", reading: Mapping[str, object] | None = None
) -> Inspection:
    """Look at a source: what is here, what is wrong with it, what it suits, and the next command.

    Args:
        source: Data as read, with the items that could not be read among its `problems`.
        target: Field to predict, or several; guessed where left out.
        data: How the user called the data, for the next command; the source's own name or path where left out.
        reading: Settings with which they were read, for the next command.

    Raises:
        LayerwiseError: No field has the name of the target.

    Example:
        >>> from layerwise.data.builtin import builtin
        >>> found = inspect(builtin("iris"))
        >>> found.task, found.duplicates, found.command
        ('classify', 1, 'layerwise train iris mlp')
    """
    targets, task, reasons = _aim(source, Assign(target=target if isinstance(target, str) else tuple(target)).targets)
    chosen = targets[0] if targets else ""
    given = bool(targets) and set(targets) <= set(source.named("target"))
    if targets and not given:
        source = source.assign(dict.fromkeys(source.named("target"), "input") | dict.fromkeys(targets, "target"))
    column = source.columns.get(chosen)
    classes = as_categories(column).counts() if column is not None and task == "classify" else {}
    if task == "tag":
        source, classes, told = _labelled(source, targets)
        reasons = (*reasons, *told)
    if isinstance(column, Boxes):
        classes = column.counts()
    facts, (duplicates, conflicts) = _of_rows(source, targets)
    constant = tuple(fact.name for fact in facts if fact.different == 1 and not fact.missing and len(source) > 1)
    model, reason = guess_model(source, task)
    reads_texts = bool(task) and entry("task", task).facts.get("inputs") == "text"
    pictures = any(fact.kind == "image" for fact in facts if fact.role == "input")
    vectors = () if pictures or reads_texts else _only_texts(source, facts, constant)
    group, time = suspected(source, targets)
    settings = {"group": group, "time": time} if not source.named("part") else {}
    dropped = tuple(
        fact.name for fact in facts
        if fact.role == "input" and fact.kind != "image" and fact.name not in (*vectors, *settings.values())
        and (pictures or (fact.kind == "text" and not reads_texts))
    )  # fmt: skip
    usable = (bool(task) and entry("task", task).facts["target"] == "none") or (
        bool(chosen) and len(dropped) < len(source.named("input"))
    )
    excluded = bool(source.problems) or any(source.columns[name].missing().any() for name in targets)
    reading = {**(reading or {}), **({"texts": "tf-idf"} if vectors else {})}
    reading |= {name: field for name, field in settings.items() if field}
    commands = tuple(
        _command(source, data, reading, () if given else targets, model, dropped, excluded, asked)
        for asked in ([name for name, _ in choices(targets)] if targets and not task else [""])
    ) if usable else ("",)  # fmt: skip
    return Inspection(
        name=source.name, origin=source.origin, licence=source.licence, listed=len(source) + len(source.problems),
        rows=len(source), problems=source.problems, notes=source.notes, fields=facts,
        target=", ".join(targets), targets=targets, task=task,
        reasons=(*reasons, reason), classes=classes, duplicates=duplicates, conflicts=conflicts, constant=constant,
        findings=tuple(findings(source, targets, task, classes, constant)), model=model,
        command=commands[0], alternatives=commands if len(commands) > 1 else (),
    )  # fmt: skip


def _aim(source: Source, targets: tuple[str, ...]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return the targets, the task, and why; both are empty where nothing can be a target, the task where unclear."""
    for name in targets:
        if name not in source.columns:
            raise LayerwiseError(
                say("A field must be in the data."), say("no field '{}' in '{}'", name, source.name),
                nearest(name, source.columns), usage=True,
            )  # fmt: skip
    why: tuple[str, ...] = ()
    given = source.named("target")
    if not targets and given:
        targets = given
    elif not targets and source.task:
        return (), source.task, (say("Task: {}, which these data were made for.", source.task),)
    elif not targets and is_running_text(source):
        return (), "language", (say("Task: language, since the data are one running text."),)
    elif not targets:
        if not could_be_target(source):
            return (), "", (say("No field can be a target: give one, or class folders."),)
        target, reason = guess_target(source)
        targets, why = (target,), (reason,)
    if any(source.columns[name].kind in ("boxes", "mask") for name in targets):
        # Data may bring boxes and label images of the same pictures; each task takes its own.
        targets = targets[:1]
    task, reason = guess_task(source, *targets)
    return targets, task, (*why, reason)


def _labelled(source: Source, targets: Sequence[str]) -> tuple[Source, dict[str, int], tuple[str, ...]]:
    """Return the source with its labels, the rows that have each of them, and how they were read.

    Of several targets the rows that have all of them are counted: a cell without a value is neither yes nor no.
    """
    known = source if len(targets) == 1 else source.take(source.present(targets))
    if not len(known):
        return source, {}, ()
    known, told = with_label_sets(known, targets)
    marks, names = label_marks(known, targets)
    counts = dict(zip(names, marks.sum(axis=0).tolist(), strict=True))
    return known if len(targets) == 1 else source, counts, (told,)


def _only_texts(source: Source, facts: Sequence[FieldFacts], constant: Sequence[str]) -> tuple[str, ...]:
    """Return the inputs that are texts but no dates, where no other input can be learned from."""
    inputs = [fact for fact in facts if fact.role == "input"]
    if any(fact.kind != "text" and fact.name not in constant for fact in inputs):
        return ()
    return tuple(fact.name for fact in inputs if fact.kind == "text" and not holds_dates(source.columns[fact.name]))


def _of_rows(source: Source, targets: Sequence[str]) -> tuple[tuple[FieldFacts, ...], tuple[int, int]]:
    """Describe every field and count repeated rows, beside each other."""
    columns = [source.columns[part.name] for part in source.fields]
    with ThreadPoolExecutor(THREADS) as pool:
        repeats = pool.submit(spoken_here(_repeats), source, targets)
        return tuple(pool.map(spoken_here(_facts), source.fields, columns)), repeats.result()


def _facts(part: Field, column: Column) -> FieldFacts:
    """Describe one field."""
    missing = column.missing()
    present = np.flatnonzero(~missing)
    lowest = highest = None
    size = ""
    if isinstance(column, Numbers) and len(present):
        lowest, highest = float(np.nanmin(column.values)), float(np.nanmax(column.values))
    if isinstance(column, Images) and len(column):
        low, high = column.sizes.min(axis=0), column.sizes.max(axis=0)
        size = f"{low[0]}x{low[1]}" + ("" if (low == high).all() else f" - {high[0]}x{high[1]}") + f"x{column.channels}"
    if isinstance(column, Numbers):
        different = different_numbers(column.values[~missing])
    elif isinstance(column, Categories):
        different = int(np.count_nonzero(np.bincount(column.codes[~missing], minlength=1)))
    else:
        different = len(set(column.take(present).digests()))
    if isinstance(column, Labels):
        present = np.flatnonzero(column.marks.any(axis=1))
    examples = () if isinstance(column, Images) else tuple(column.show(int(row)) for row in present[:3])
    return FieldFacts(part.name, column.kind, part.role, int(missing.sum()), different, lowest, highest, size, examples)


def _repeats(source: Source, targets: Sequence[str]) -> tuple[int, int]:
    """Count rows that repeat an earlier one whole, and rows whose inputs stand elsewhere with other targets."""
    suspected = suspected_repeats([source.columns[name] for name in source.named("input")])
    if suspected is not None:
        source = source.take(suspected)
    inputs = source.row_digests("input")
    if not inputs:
        return 0, 0
    told = [source.columns[name].digests() for name in targets]
    answers = list(zip(*told, strict=True)) if told else [()] * len(inputs)
    whole = Counter(zip(inputs, answers, strict=True))
    targets_of: dict[bytes, set[tuple[bytes, ...]]] = {}
    for given, answer in whole:
        targets_of.setdefault(given, set()).add(answer)
    conflicts = sum(count for (given, _), count in whole.items() if len(targets_of[given]) > 1)
    return len(inputs) - len(whole), conflicts


def _command(
    source: Source, data: str, reading: Mapping[str, object], targets: tuple[str, ...], model: str,
    dropped: tuple[str, ...], excluded: bool, task: str,
) -> str:  # fmt: skip
    """Return the next command, every word quoted for a shell."""
    name = data or (source.name if source.origin in ("built-in", "memory") else source.origin)
    words = ["layerwise", "train", name, model, *_flags(reading)]
    for target in targets:
        words += ["--target", target]
    if task:
        words += ["--task", task]
    if dropped:
        words += ["--drop", *dropped]
    if excluded:
        words.append("--exclude-problems")
    return " ".join(map(shlex.quote, words))


def _flags(settings: Mapping[str, object]) -> list[str]:
    """Write settings as the command line takes them."""
    words: list[str] = []
    for name, value in settings.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, tuple):
            words += [f"{flag}={item}" for item in value]
        else:
            # A value may begin like an option: --quote=-
            words += [f"{flag}={value}"] if str(value).startswith("-") else [flag, str(value)]
    return words
