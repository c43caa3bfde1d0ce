"""Say what each field is for: the target, the inputs, and what is left out. Every choice made here is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from layerwise.catalog import entries, entry
from layerwise.config import Assign
from layerwise.data.kinds import Categories, Column, Numbers, Texts
from layerwise.data.labels import holds_label_sets, is_marked, with_label_sets
from layerwise.data.source import Source
from layerwise.data.unclear import asked_back, class_or_amount, unclear_reason
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = [
    "as_categories", "as_texts", "assign", "choices", "could_be_target", "grouped", "guess_model", "guess_target",
    "guess_task",
]  # fmt: skip

TARGET_WORDS = (
    "target", "class", "label", "outcome", "y", "species", "diagnosis", "category", "type", "result",
    "labels", "tags", "종류", "분류", "정답", "라벨", "목표", "결과",
)  # fmt: skip
"""Field names that usually hold what is to be predicted."""

OWN_KINDS = ("text", "boxes", "mask")
"""Kinds of a target that are told from the data alone, without looking at values."""


def assign(
    source: Source, settings: Assign, *, exclude_missing: bool = False
) -> tuple[Source, str, tuple[str, ...]]:  # fmt: skip
    """Give every field its role and settle the task.

    Args:
        source: Data as read.
        settings: What the user says of fields, classes and task.
        exclude_missing: Whether rows without a target are left out and counted; they stop it otherwise.

    Returns:
        The source with its roles, the task's name, and sentences about what was chosen.

    Raises:
        LayerwiseError: A named field does not exist, or the target has missing values.
    """
    named = {"target": settings.targets, "id": (settings.id,), "weight": (settings.weight,), "part": (settings.part,),
             "group": (settings.group,), "time": (settings.time,), "unused": settings.drop}  # fmt: skip
    for name in (*(name for names in named.values() for name in names if name), *settings.category):
        if name not in source.columns:
            raise _no_field(source, name)
    source = _with_roles(source, settings, named)
    task, reasons = _told(source, settings.task)
    wanted = entry("task", task).facts["target"] if task else ""
    if wanted == "none":
        return source.assign(dict.fromkeys(source.named("target"), "unused")), task, tuple(reasons)
    if wanted in OWN_KINDS:
        _refuse_several(source, settings.targets, task)
        source = _with_target_of_kind(source, wanted, "".join(settings.targets))
        source, excluded = _with_every_target(source, exclude=exclude_missing)
        return source, task, (*excluded, *reasons)
    source = source.assign(
        {part.name: "unused" for part in source.fields if source.columns[part.name].kind in ("boxes", "mask")}
    )
    if not source.named("target"):
        target, reason = guess_target(source)
        source = source.assign({target: "target"})
        reasons.append(reason)
    targets = source.named("target")
    if not task:
        task, reason = guess_task(source, *targets)
        reasons.append(reason)
        if not task:
            raise asked_back(reason, choices(targets))
    if task != "tag" or len(targets) > 1:
        # An empty cell of label sets is an example without a label.
        source, excluded = _with_every_target(source, exclude=exclude_missing)
        reasons[:0] = excluded
    if task == "tag":
        source, reason = with_label_sets(source, targets)
        return source, task, (*reasons, reason)
    target = targets[0]
    if task == "classify":
        _refuse_several(source, targets, task)
    if task == "classify" and not isinstance(source.columns[target], Categories):
        source = _with_column(source, target, as_categories(source.columns[target]))
    return _only_classes(source, target, settings.classes), task, tuple(reasons)


def grouped(source: Source, name: str) -> Source:
    """Return the source with a field whose equal values stay in one part; as it is where none is named.

    Raises:
        LayerwiseError: No field has that name.
    """
    if name and name not in source.columns:
        raise _no_field(source, name)
    return source.assign({name: "group"}) if name else source


def _no_field(source: Source, name: str) -> LayerwiseError:
    """Say that a field is not in the data."""
    return LayerwiseError(
        say("A field must be in the data."), say("no field '{}' in '{}'", name, source.name),
        nearest(name, source.columns), usage=True,
    )  # fmt: skip


def _with_roles(source: Source, settings: Assign, named: Mapping[str, Sequence[str]]) -> Source:
    """Give the named fields their roles, and read as names what the user calls names."""
    if settings.targets:
        # Data that come with a target keep it as an input when the user asks for another one.
        source = source.assign(dict.fromkeys(source.named("target"), "input"))
    if settings.time:
        source = source.assign(dict.fromkeys(source.named("time"), "unused"))
    source = source.assign({name: role for role, names in named.items() for name in names if name})
    for name in settings.category:
        source = _with_column(source, name, as_categories(source.columns[name]))
    return source


def _told(source: Source, asked: str) -> tuple[str, list[str]]:
    """Return the task that the user or the data themselves say, or nothing, with the reason."""
    if asked:
        return entry("task", asked).name, []
    if source.task:
        return source.task, [say("Task: {}, which these data were made for.", source.task)]
    if is_running_text(source):
        return "language", [say("Task: language, since the data are one running text.")]
    if any(source.columns[name].kind in ("boxes", "mask") for name in source.named("target")):
        task, reason = guess_task(source, source.named("target")[0])
        return task, [reason]
    return "", []


def is_running_text(source: Source) -> bool:
    """Say whether the only input is text that stands in its order, and nothing could be a target."""
    names = source.named("input")
    return not source.named("target") and [source.columns[name].kind for name in names] == ["text"]


def _spelled(source: Source, named: str) -> Source:
    """Read names as texts where a task reads and writes texts: the target, and the inputs where none is a text."""
    targets = (named,) if named else source.named("target")
    inputs = [name for name in source.named("input") if name not in targets]
    texts = [name for name in inputs if source.columns[name].kind == "text"]
    for name in (*targets, *(() if texts else inputs)):
        column = source.columns[name]
        if isinstance(column, Categories):
            source = _with_column(source, name, as_texts(column))
    return source


def _with_target_of_kind(source: Source, kind: str, named: str) -> Source:
    """Make the field of a kind the target; other fields that could be a target only are left aside.

    Raises:
        LayerwiseError: There is none.
    """
    if kind == "text":
        source = _spelled(source, named)
    given = [name for name in (named, *source.named("target")) if name and source.columns[name].kind == kind]
    found = [part.name for part in source.fields if source.columns[part.name].kind == kind and part.role != "unused"]
    chosen = (given or found[::-1] or [""])[0]
    if not chosen or named not in ("", chosen) or (kind == "text" and len(found) < 2):
        raise LayerwiseError(
            say("The target must be of the kind that the task predicts."),
            say("no field of kind {} in '{}' beside the input", say(kind), source.name),
            say("Name one with --target, or choose another task with --task."), usage=True,
        )  # fmt: skip
    aside = {
        part.name: "unused" for part in source.fields
        if part.role == "target" or (source.columns[part.name].kind in ("boxes", "mask") and part.name != chosen)
    }  # fmt: skip
    return source.assign(aside | {chosen: "target"})


def guess_target(source: Source) -> tuple[str, str]:
    """Choose the field to predict: one with a telling name, else the last one; never a picture, nor text among others.

    Raises:
        LayerwiseError: No field of numbers or names is left beside an input.
    """
    names = could_be_target(source)
    if not names:
        raise LayerwiseError(
            say("Learning needs a target."), say("'{}' has no field that could be one", source.name),
            say("Name one with --target, or put pictures into class folders."), usage=True,
        )  # fmt: skip
    if len(names) == 1:
        return names[0], say("Target: '{}', the only field that can be one.", names[0])
    for name in reversed(names):
        if name.strip().lower() in TARGET_WORDS:
            return name, say("Target: '{}', by its name (--target chooses another).", name)
    return names[-1], say("Target: '{}', the last field (--target chooses another).", names[-1])


def could_be_target(source: Source) -> list[str]:
    """Return the fields of numbers or names that leave at least one input beside them, or both of two texts."""
    inputs = source.named("input")
    names = [
        name for name in inputs
        if source.columns[name].kind in ("number", "category", "labels") or holds_label_sets(source.columns[name])
    ]  # fmt: skip
    if len(inputs) == 2 and all(source.columns[name].kind == "text" for name in inputs):
        names = list(inputs)
    return names if len(inputs) > 1 else []


def guess_task(source: Source, target: str, *others_too: str) -> tuple[str, str]:
    """Choose between classes, numbers, labels and sequences by what the target holds; nothing where that is unclear.

    Args:
        source: Data with their roles.
        target: The field to predict.
        others_too: Further fields to predict.

    Raises:
        LayerwiseError: Several targets are of different kinds.
    """
    if others_too:
        return _guess_of_several(source, (target, *others_too))
    column = source.columns[target]
    for name, part in entries("task").items():
        if column.kind in ("boxes", "mask") and part.facts["target"] == column.kind:
            return name, say("Task: {}, since '{}' is of kind {}.", name, target, say(column.kind))
    others = {source.columns[name].kind for name in source.named("input") if name != target}
    if column.kind == "text" and others == {"text"}:
        return "translate", say("Task: translate, since '{}' holds free text that is to be written.", target)
    if column.kind == "labels" or holds_label_sets(column):
        return "tag", say(
            "Task: tag, since '{}' holds sets of labels (--task classify takes every set as a class).", target
        )
    if not isinstance(column, Numbers):
        return "classify", say("Task: classification, since '{}' holds names.", target)
    clear = class_or_amount(column)
    if clear == "classify":
        return "classify", say(
            "Task: classification, since '{}' holds {} different whole numbers (--task regress predicts amounts).",
            target, len(np.unique(column.values[~np.isnan(column.values)])),
        )  # fmt: skip
    if not clear:
        return "", unclear_reason(column, target)
    return "regress", say("Task: regression, since '{}' holds amounts.", target)


def _guess_of_several(source: Source, targets: Sequence[str]) -> tuple[str, str]:
    """Choose between amounts and labels by what several targets hold; nothing where both are possible."""
    shown, present = "', '".join(targets), source.present(targets)
    columns = [source.columns[name].take(present) for name in targets]
    marked = all(is_marked(column) is not None for column in columns)
    if all(isinstance(column, Numbers) for column in columns):
        if marked:
            return "", say("'{}' hold 0 and 1 only, which may be labels or amounts.", shown)
        return "regress", say("Task: regression, since '{}' hold numbers.", shown)
    if marked:
        return "tag", say("Task: tag, since '{}' say yes or no each.", shown)
    kinds = ", ".join(
        say("'{}' is of kind {}", name, say(column.kind)) for name, column in zip(targets, columns, strict=True)
    )
    raise LayerwiseError(
        say("Several targets are all numbers, or all say yes or no."), kinds,
        say("Name targets of one kind, or train once for each: --target {}", targets[0]), usage=True,
    )  # fmt: skip


def choices(targets: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return what an unclear target may be asked for: each task, and what it takes the target as."""
    if len(targets) > 1:
        return ("tag", say("each says whether a label applies")), ("regress", say("each is an amount"))
    return ("classify", say("every number is a class")), ("regress", say("the numbers are amounts"))


def _refuse_several(source: Source, targets: Sequence[str], task: str) -> None:
    """Refuse several targets for a task that has one."""
    if len(targets) > 1:
        raise LayerwiseError(
            say("Several targets are for numbers or labels."),
            say("{} targets in '{}'", len(targets), source.name) + (f", --task {task}" if task else ""),
            say("Name one with --target, or use --task regress for numbers, --task tag for labels."), usage=True,
        )  # fmt: skip


def guess_model(source: Source, task: str) -> tuple[str, str]:
    """Choose a sensible network for the task and the inputs, and say why."""
    if task:
        usual = entry("task", task).facts.get("model", "")
        if usual:
            return usual, say("Model: {}, the usual one for the task {}.", usual, task)
    pictures = any(source.columns[name].kind == "image" for name in source.named("input"))
    if pictures and task == "classify":
        return "lenet5", say(
            "Model: lenet5, the convolutional network for small pictures; larger ones are scaled to it."
        )
    return "mlp", say("Model: mlp, a multilayer perceptron, since the inputs are a table.")


def as_categories(column: Column) -> Categories:
    """Read any column of numbers or texts as names."""
    if isinstance(column, Categories):
        return column
    if isinstance(column, Numbers):
        different = np.unique(column.values[~np.isnan(column.values)])
        codes = np.where(np.isnan(column.values), -1, np.searchsorted(different, column.values))
        return Categories(codes.astype(np.int32), tuple(f"{value:.12g}" for value in different))
    shown = [column.show(row) for row in range(len(column))]
    names = sorted({value for value in shown if value})
    places = {name: place for place, name in enumerate(names)}
    return Categories(np.array([places.get(value, -1) for value in shown], dtype=np.int32), tuple(names))


def as_texts(column: Categories) -> Texts:
    """Read names as free text."""
    return Texts([column.show(row) for row in range(len(column))])


def _with_column(source: Source, name: str, column: Column) -> Source:
    """Return the source with one column replaced."""
    return replace(source, columns={**source.columns, name: column})


def _with_every_target(source: Source, *, exclude: bool) -> tuple[Source, tuple[str, ...]]:
    """Leave out the rows that lack a target, and say how many; or stop at them, naming them.

    Raises:
        LayerwiseError: A row has no target and is not to be left out, or no row has one.
    """
    targets = source.named("target")
    present = source.present(targets)
    if len(present) == len(source):
        return source, ()
    if not exclude:
        target = next(name for name in targets if source.columns[name].missing().any())
        rows = np.flatnonzero(source.columns[target].missing())
        shown = ", ".join(source.place(int(row)) for row in rows[:5])
        raise LayerwiseError(
            say("Every row needs a target."), say("'{}' is missing in {} rows: {}", target, len(rows), shown),
            say("Fill them in, or leave these rows out with --exclude-problems."),
        )  # fmt: skip
    named = "', '".join(targets)
    if not len(present):
        raise LayerwiseError(
            say("Every row needs a target."), say("no row of '{}' has one: '{}'", source.name, named),
            say("Fill them in, or name another one with --target."),
        )  # fmt: skip
    sentence = say("Rows without '{}' that were left out: {}.", named, len(source) - len(present))
    return source.take(present), (sentence,)


def _only_classes(source: Source, target: str, classes: tuple[str, ...]) -> Source:
    """Keep the rows of some classes, in the order they are named."""
    column = source.columns[target]
    if not classes or not isinstance(column, Categories):
        return source
    for name in classes:
        if name not in column.names:
            raise LayerwiseError(
                say("A class must be in the data."), say("no class '{}' in '{}'", name, target),
                nearest(name, column.names), usage=True,
            )  # fmt: skip
    wanted = np.array([column.names.index(name) for name in classes])
    rows = np.flatnonzero(np.isin(column.codes, wanted))
    kept = source.take(rows)
    lookup = np.full(len(column.names), -1, dtype=np.int32)
    lookup[wanted] = np.arange(len(wanted))
    return _with_column(kept, target, Categories(lookup[column.codes[rows]], classes))
