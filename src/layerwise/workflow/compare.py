"""Compare networks by cross-validation: every one on the same folds, with a test that is right for them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from layerwise.catalog import entry, find
from layerwise.config import Experiment, Model, experiment
from layerwise.data.split import Parts, every_row
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.comparison import Comparison, Scores
from layerwise.evaluation.learning_curve import LearningCurve
from layerwise.language import say
from layerwise.tasks.contract import ClosedForm, Task
from layerwise.workflow.cross_validation import (
    Progress,
    answer_folds,
    counting,
    in_row_order,
    measure_folds,
    rows_of_folds,
)
from layerwise.workflow.curve import measure_curve
from layerwise.workflow.fold import untrained
from layerwise.workflow.measured_by import refuse_folds, refuse_given, refuse_test_options
from layerwise.workflow.prepare import Assigned, deals, load_data, seed_of_split, settled_split
from layerwise.workflow.refusals import refuse_unused
from layerwise.workflow.run_findings import misleading
from layerwise.workflow.tested import Tested
from layerwise.workflow.tuning import Search, grids

__all__ = ["compare", "with_options"]

UNUSED = (
    "test", "test_fraction", "baselines", "views", "checkpoint_seconds", "check_labels", "decision_threshold",
    "threshold_for",
)  # fmt: skip
"""Settings of a run that say nothing here: every row is tested by its fold, and no run folder is written."""


def compare(
    whole: Experiment, models: Sequence[Model], settings: Mapping[str, Any], data: Any, *, folds: int = 10,
    repeats: int = 1, tune: Mapping[str, Sequence[Any]] | None = None, progress: Progress | None = None,
    learning_curve: bool = False,
) -> Comparison:  # fmt: skip
    """Measure every network on the same folds.

    Args:
        whole: The experiment.
        models: The networks; the task's constant answer is measured beside them.
        settings: Settings the user named.
        data: A path or name, or the data themselves.
        folds: How many parts the rows are dealt into; each is tested once.
        repeats: How often they are dealt anew.
        tune: Values of options that are chosen inside every fold, by its training rows alone.
        progress: Who is told how it goes on.
        learning_curve: Whether every network also learns from growing shares of the training rows of each fold.

    Raises:
        LayerwiseError: The rows cannot be dealt, a network is named twice or does not suit the task.
    """
    _refuse_settings(settings)
    whole = experiment(settings, start=whole)
    refuse_test_options(replace(whole, split=replace(whole.split, folds=folds)))
    found = load_data(replace(whole, model=models[0] if models else whole.model), data)
    _refuse(found, models, repeats)
    whole, found = settled_split(whole, found)
    whole = replace(whole, split=replace(whole.split, folds=folds, repeats=repeats))
    refuse_folds(whole, found.task)
    refuse_given(whole, settings, "folds")
    grid = grids(models, tune or {})
    _refuse_curve_of_choices(grid, drawn=learning_curve)
    source, dealt = found.source, deals(whole, found.source, folds, repeats)
    _refuse_networks(whole, models, settings, found, dealt[0][0])
    task: Task = find("task", found.task).of(source, dealt[0][0].train, whole.train.loss)
    constant = Model(task.baselines[0])
    everyone = [*models, *([] if any(model.name == constant.name for model in models) else [constant])]
    scores, curves, done, each = list[Scores](), list[LearningCurve](), 0, folds * repeats
    total = (len(everyone) + (len(models) if learning_curve else 0)) * each
    for number, model in enumerate(everyone):
        began, told = time.perf_counter(), counting(progress, model.name, done, total)
        tried, baseline = grid[number] if number < len(models) else {}, model is constant
        search = Search(whole, model, tried, settings, found, task.lower_is_better) if tried else None
        tested = answer_folds(whole, model, settings, found, dealt, told=told, choose=search, baseline=baseline)
        seconds, chosen = time.perf_counter() - began, tuple(search.chosen) if search else ()
        measured = _scores(whole, found, model, tested, seconds, baseline=baseline)
        scores.append(replace(measured, tuned=dict(tried), chosen=chosen))
        done += each
        if learning_curve and not baseline:
            told, flat = counting(progress, model.name, done, total), [fold for some in tested for fold in some]
            curves.append(measure_curve(whole, model, settings, found, flat, seed=seed_of_split(whole), told=told))
            done += each
    return _comparison(whole, found, task, dealt, scores, curves)


def _comparison(
    whole: Experiment, found: Assigned, task: Task, dealt: Sequence[Sequence[Parts]], scores: Sequence[Scores],
    curves: Sequence[LearningCurve],
) -> Comparison:  # fmt: skip
    """Put together what was measured, and on which rows."""
    source, first = found.source, dealt[0]
    rows, ids = np.sort(np.concatenate([fold.test for fold in first])), source.ids()
    return Comparison(
        data=source.name, task=found.task, metric=task.main, lower_is_better=task.lower_is_better,
        folds=whole.split.folds, repeats=whole.split.repeats, rows=len(rows), ids=tuple(ids[row] for row in rows),
        dealt=tuple(
            tuple(in_row_order([np.full(len(fold.test), place) for place, fold in enumerate(parts)], parts).tolist())
            for parts in dealt
        ),
        tested=rows_of_folds(dealt, "test"), learned=rows_of_folds(dealt, "train"),
        duplicates=0 if whole.split.split_by == "time" else first[0].duplicates,
        closed=len(source) - len(every_row(first).train),
        confidence=whole.evaluate.confidence, scores=tuple(scores), reasons=found.reasons,
        warnings=tuple(misleading(source, found.task, every_row(first))),
        near_duplicates=near.count if (near := first[0].near) else 0,
        curves=tuple(curves),
    )  # fmt: skip


def with_options(names: Sequence[str], options: Mapping[str, Any]) -> list[Model]:
    """Give each network those of the named options that it has.

    Args:
        names: Names in the catalogue, or files and classes.
        options: Options by name.

    Raises:
        LayerwiseError: No network has one of them.

    Example:
        >>> [model.options for model in with_options(["knn", "mlp"], {"k": 5})]
        [{'k': 5}, {}]
    """
    known = {name: [option.name for option in entry("model", name).options] for name in names if ".py:" not in name}
    for option in options:
        if not any(option in own for own in known.values()):
            shown = sorted({own for held in known.values() for own in held})
            raise LayerwiseError(
                say("An option belongs to one of the networks."), f"--{option.replace('_', '-')}",
                nearest(option, shown), usage=True,
            )  # fmt: skip
    return [
        Model(name, {option: value for option, value in options.items() if option in known.get(name, ())})
        for name in names
    ]


def _scores(
    whole: Experiment, found: Assigned, model: Model, tested: Sequence[Sequence[Tested]], seconds: float, *,
    baseline: bool,
) -> Scores:  # fmt: skip
    """Measure every fold by itself, and the answers of the first deal together."""
    measured = measure_folds(whole, found.source, tested, required=True)
    predictions = tuple(
        tuple(in_row_order([np.array(fold.task.labels(fold.answers)) for fold in repeat],
                           [fold.parts for fold in repeat]).tolist())
        for repeat in tested
    )  # fmt: skip
    return Scores(
        model.name, dict(model.options), measured.figures, measured.learned, measured.pooled.to_json()["metrics"],
        predictions, seconds, baseline,
    )  # fmt: skip


def _refuse_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings of a run that a comparison has no use for: none is silently ignored."""
    unused = next((name for name in settings if name in UNUSED), None)
    if unused:
        flag = "--" + unused.replace("_", "-")
        raise LayerwiseError(
            say("A setting must have an effect."), say("'{}' changes nothing in a comparison", flag),
            say("Leave {} out.", flag), usage=True,
        )  # fmt: skip


def _refuse_networks(
    whole: Experiment, models: Sequence[Model], settings: Mapping[str, Any], found: Assigned, parts: Parts
) -> None:  # fmt: skip
    """Refuse a network that cannot learn these data, and settings of learning where no network learns by gradients."""
    networks = [untrained(whole, model, settings, found, parts) for model in models]
    if all(isinstance(network, ClosedForm) for network in networks):
        refuse_unused(models[0].name, networks[0], settings)


def _refuse_curve_of_choices(grid: Sequence[Mapping[str, Any]], *, drawn: bool) -> None:
    """Refuse a learning curve of a network whose options are chosen: with fewer rows others would be."""
    tried = next((name for options in grid for name in options), "")
    if drawn and tried:
        raise LayerwiseError(
            say("A learning curve is that of a network whose options stand."), f"--learning-curve --tune {tried}=...",
            say("Choose first, then draw the curve with what was chosen."), usage=True,
        )  # fmt: skip


def _refuse(found: Assigned, models: Sequence[Model], repeats: int) -> None:
    """Refuse what cannot be compared."""
    if entry("task", found.task).facts["target"] not in ("category", "number", "labels"):
        raise LayerwiseError(
            say("Networks are compared on classes, labels or numbers."), say("the task is {}", found.task),
            say("Train and evaluate each one: layerwise train"), usage=True,
        )  # fmt: skip
    if not models:
        raise LayerwiseError(
            say("A comparison needs a network."), say("none is named"),
            say("Name some: layerwise compare iris logistic knn mlp"), usage=True,
        )  # fmt: skip
    labels = [(model.name, tuple(model.options.items())) for model in models]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice:
        raise LayerwiseError(
            say("Every network of a comparison is named once."), say("'{}' is named twice", twice[0]),
            say("Leave one out."), usage=True,
        )  # fmt: skip
    if repeats < 1:
        raise LayerwiseError(
            say("Rows are dealt at least once."), say("{} repeats", repeats), say("Use --repeats 1 or more."),
            usage=True,
        )  # fmt: skip
