"""The first half of an experiment: load, assign, split, preprocess. Nothing here learns from the test part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layerwise.catalog import entries, entry, find
from layerwise.config import Experiment, experiment
from layerwise.data.assign import assign, guess_model
from layerwise.data.doubts import doubts
from layerwise.data.kinds import Texts
from layerwise.data.near_duplicates import near_duplicates
from layerwise.data.open import open_source
from layerwise.data.preprocess import Preprocessing, fit
from layerwise.data.source import Source
from layerwise.data.split import Parts, divide, every_row, fold_parts, with_validation
from layerwise.language import say
from layerwise.report.contents import one_class
from layerwise.tasks.class_balance import balanced
from layerwise.tasks.contract import Examples, Spells, Task
from layerwise.tasks.ragged import as_values
from layerwise.workflow.measured_by import refuse_folds

__all__ = [
    "Assigned", "Prepared", "deals", "learned_whole", "load_data", "prepare_data", "prepare_parts", "resolve",
    "seed_of_split", "settled_split", "suggested",
]  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """Data ready to be learned from, and how they became so.

    Args:
        source: All rows with their roles.
        parts: Rows of each part.
        preprocessing: Steps fitted on the training part.
        task: What is asked.
        examples: The examples of each part, by its name.
        reasons: What was chosen, in sentences.
        dealt: The folds that are measured by, deal after deal; empty where a test part is.
    """

    source: Source
    parts: Parts
    preprocessing: Preprocessing
    task: Task
    examples: Mapping[str, Examples]
    reasons: tuple[str, ...]
    dealt: tuple[tuple[Parts, ...], ...] = ()


@dataclass(frozen=True)
class Assigned:
    """Data whose fields have their roles, before they are divided.

    Args:
        source: All rows with their roles.
        task: Name of what is asked.
        reasons: What was chosen, in sentences.
    """

    source: Source
    task: str
    reasons: tuple[str, ...]


def prepare_data(
    whole: Experiment, data: Any, named: Mapping[str, Any] | None = None
) -> tuple[Prepared, Experiment]:  # fmt: skip
    """Load, assign, split and preprocess; returns the experiment with its model chosen.

    Args:
        whole: The experiment.
        data: A path or name, or the data themselves: arrays, tensors, a frame, a source.
        named: Settings the user named, which stand above what the model suggests; None where all are resolved already.
    """
    whole, found = settled_split(whole, load_data(whole, data))
    seed, dealt = seed_of_split(whole), tuple[tuple[Parts, ...], ...]()
    if whole.split.folds:
        refuse_folds(whole, found.task)
        dealt = deals(whole, found.source, whole.split.folds, whole.split.repeats)
        parts = every_row(dealt[0])
        closed = len(found.source) - len(parts.train)
        if closed:
            told = say("The test part of the data ({} rows) stayed closed.", closed)
            found = replace(found, reasons=(*found.reasons, told))
        if whole.split.validation_fraction:
            parts = with_validation(found.source, parts, whole.split, seed=seed)
    else:
        parts = divide(found.source, whole.split, seed=seed, in_order=whole.split.split_by == "order")
    prepared, whole = prepare_parts(whole, found, parts, named)
    return replace(prepared, dealt=dealt), whole


def settled_split(whole: Experiment, found: Assigned) -> tuple[Experiment, Assigned]:
    """Choose which rows are held out, and say so where it is by time.

    Args:
        whole: The experiment.
        found: The data.
    """
    split, names = whole.split, found.source.named("time")
    by: Any = split.split_by
    if by == "auto":
        usual = entry("task", found.task).facts.get("split", "random")
        dated = names and usual == "random" and split.test in ("auto", "split")
        by = "time" if dated else usual
    if by == "time" and split.test in ("auto", "split") and names:
        told = say("Divided by time: what is tested is later than what is learned from, by '{}' (--split-by random "
                   "leaves time aside).", names[0])  # fmt: skip
        found = replace(found, reasons=(*found.reasons, told))
    # The last rows in time are what they are: no class has its share among them.
    stratify = split.stratify and by != "time"
    return replace(whole, split=replace(split, split_by=by, stratify=stratify)), found


def deals(whole: Experiment, source: Source, number: int, repeats: int) -> tuple[tuple[Parts, ...], ...]:
    """Deal the rows into folds, as often as they are to be dealt.

    Args:
        whole: The experiment, its split settled.
        source: All rows with their roles.
        number: How many folds.
        repeats: How often.
    """
    in_time = whole.split.split_by == "time"
    # Looked for once, whatever the number of deals.
    near = near_duplicates(source) if whole.split.near_duplicates == "together" and not in_time else None
    return tuple(
        tuple(fold_parts(source, number, seed=seed_of_split(whole) + repeat, stratify=whole.split.stratify,
                         in_time=in_time, near=near or "ignore"))
        for repeat in range(repeats)
    )  # fmt: skip


def seed_of_split(whole: Experiment) -> int:
    """Return the seed of what is dealt at random: its own, else that of the run."""
    return whole.split.split_seed if whole.split.split_seed >= 0 else whole.train.seed


def learned_whole(
    whole: Experiment, prepared: Prepared, named: Mapping[str, Any] | None
) -> tuple[Prepared, Experiment]:
    """Return folds whose network learns from every row: what is solved at once has nothing to stop in time.

    Args:
        whole: The experiment.
        prepared: Its data, with a validation part.
        named: Settings the user named.
    """
    whole = replace(whole, split=replace(whole.split, validation_fraction=0.0))
    found = Assigned(prepared.source, prepared.task.name, prepared.reasons)
    changed, whole = prepare_parts(whole, found, every_row(prepared.dealt[0]), named)
    return replace(changed, dealt=prepared.dealt), whole


def load_data(whole: Experiment, data: Any) -> Assigned:
    """Load the data and say what each field is for.

    Args:
        whole: The experiment.
        data: A path or name, or the data themselves.
    """
    source = open_source(
        data, format=whole.load.format, options=whole.load.options,
        exclude_problems=whole.load.exclude_problems, download=whole.load.download, category=whole.assign.category,
        drop=whole.assign.drop, images=whole.load.images, image_column=whole.load.image_column,
    )  # fmt: skip
    source = _join_test_data(source, whole)
    source, excluded = _exclude_missing_targets(source, whole)
    asked = whole.assign.task or _only_task(whole.model.name)
    source, task, reasons = assign(source, replace(whole.assign, task=asked))
    reasons = (*excluded, *reasons, *doubts(source))
    return Assigned(in_units(source, whole.preprocess.tokens), task, reasons)


def prepare_parts(
    whole: Experiment, found: Assigned, parts: Parts, named: Mapping[str, Any] | None
) -> tuple[Prepared, Experiment]:  # fmt: skip
    """Preprocess divided data by their training part and set the task up; returns the experiment, its model chosen.

    Args:
        whole: The experiment.
        found: The data.
        parts: How they are divided.
        named: Settings the user named, which stand above what the model suggests; None where all are resolved already.
    """
    source, facts, reasons = found.source, entry("task", found.task).facts, found.reasons
    if not whole.model.name:
        name, reason = guess_model(source, found.task)
        whole = replace(whole, model=replace(whole.model, name=name))
        reasons = (*reasons, reason)
    if named is not None:
        whole = suggested(whole, named)
    preprocessing = fit(
        source, parts.train, whole.preprocess, image=_drawn_for(whole.model.name), texts=facts.get("inputs") == "text"
    )
    task: Task = find("task", found.task).of(source, parts.train, whole.train.loss)
    if isinstance(task, Spells):
        task = task.spelled(source, parts.train, whole.preprocess.tokens)
    inputs = as_values(preprocessing.apply(source))
    examples: Mapping[str, Examples] = {
        part: task.examples(source, getattr(parts, part), inputs, whole.train)
        for part in ("train", "validation", "test")
    }
    if one_class(task):
        examples = balanced(examples, len(task.classes), whole.train)
    return Prepared(source, parts, preprocessing, task, examples, reasons), whole


def resolve(whole: Experiment, settings: Mapping[str, Any], examples: int, *, validation: int) -> Experiment:
    """Fill in what follows from the size of the data; what the user said stands.

    Args:
        whole: The experiment.
        settings: Settings the user named.
        examples: Number of training examples.
        validation: Number of validation examples; without any, nothing but the number of epochs ends learning.
    """
    batch_size = whole.train.batch_size or (64 if examples >= 1000 else 16)
    steps_per_epoch = -(-examples // batch_size)
    # About 3,000 updates: enough for a small network to settle, stopped earlier by the validation part.
    epochs = whole.train.epochs or max(10, min(300, round(3000 / steps_per_epoch)))
    stopping = whole.train.stopping
    if stopping == "validation" and not validation and "stopping" not in settings:
        stopping = "none"
    # Where every row is learned from there is no validation part, and the record says so.
    share = 0.0 if whole.split.test in ("training", "none") else whole.split.validation_fraction
    return replace(
        whole, split=replace(whole.split, validation_fraction=share),
        train=replace(whole.train, batch_size=batch_size, epochs=epochs, stopping=stopping),
    )  # fmt: skip


def in_units(source: Source, unit: str) -> Source:
    """Return the source with its texts read by characters or by words."""
    texts = {name: replace(column, unit=unit) for name, column in source.columns.items() if isinstance(column, Texts)}
    return replace(source, columns={**source.columns, **texts})


def _only_task(model: str) -> str:
    """Return the task of a network that learns one alone, where the values of the data do not tell it; else nothing."""
    known = entries("model")
    tasks = known[model].facts.get("task", "").split() if model in known else []
    target = entry("task", tasks[0]).facts["target"] if len(tasks) == 1 else ""
    return tasks[0] if target not in ("", "category", "number") else ""


def _drawn_for(model: str) -> tuple[int, int, int] | None:
    """Return the picture a registered network is drawn for."""
    known = entries("model")
    return known[model].facts.get("image") if model in known else None


def suggested(whole: Experiment, named: Mapping[str, Any]) -> Experiment:
    """Return the experiment with what a registered network suggests; what the user named stands.

    Args:
        whole: The experiment, its model chosen.
        named: Settings the user named.
    """
    known = entries("model")
    settings = known[whole.model.name].facts.get("train", {}) if whole.model.name in known else {}
    # Numbers that are cut into intervals have no scale to suggest.
    said = {*named, "scale"} if whole.preprocess.discretise != "none" else named
    return experiment({name: value for name, value in settings.items() if name not in said}, start=whole)


def _join_test_data(source: Source, whole: Experiment) -> Source:
    """Append a supplied test set, its rows marked as the test part."""
    if not whole.split.test_data:
        return source
    from layerwise.data.join import joined

    test = open_source(
        whole.split.test_data, format=whole.load.format, options=whole.load.options,
        exclude_problems=whole.load.exclude_problems, download=False, drop=whole.assign.drop,
        images=whole.load.images, image_column=whole.load.image_column,
    )  # fmt: skip
    return joined(source, test)


def _exclude_missing_targets(source: Source, whole: Experiment) -> tuple[Source, tuple[str, ...]]:
    """Leave rows without a target out where the user asked for it, counted."""
    names = [name for name in whole.assign.targets if name in source.columns]
    if not whole.load.exclude_problems or not names or whole.assign.task == "tag":
        return source, ()
    missing = np.any([source.columns[name].missing() for name in names], axis=0)
    if not missing.any():
        return source, ()
    sentence = say("Rows without '{}' that were left out: {}.", "', '".join(names), int(missing.sum()))
    return source.take(np.flatnonzero(~missing)), (sentence,)
