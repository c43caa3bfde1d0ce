"""Compare networks by cross-validation: every one on the same folds, with a test that is right for them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from layerwise.catalog import entry, find
from layerwise.config import Experiment, Model, experiment
from layerwise.data.split import Parts, fold_parts
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.comparison import Comparison, Scores
from layerwise.evaluation.intervals import Interval
from layerwise.evaluation.learning_curve import LearningCurve
from layerwise.language import say
from layerwise.tasks.contract import Task
from layerwise.workflow.curve import measure_curve
from layerwise.workflow.evaluate import groups_of
from layerwise.workflow.fold import learn_fold
from layerwise.workflow.prepare import Assigned, load_data
from layerwise.workflow.tested import Tested

__all__ = ["compare", "with_options"]

QUICK = 100
"""Resamples where only the figure itself is wanted."""

UNUSED = ("test", "test_fraction", "split_by", "baselines", "views", "checkpoint_seconds")
"""Settings of a run that say nothing here: every row is tested by its fold, and no run folder is written."""

Progress = Callable[[int, int, str], None]
"""Is told after every fold: how many are done, of how many, and whose."""


def compare(
    whole: Experiment, models: Sequence[Model], settings: Mapping[str, Any], data: Any, *, folds: int = 10,
    repeats: int = 1, progress: Progress | None = None, learning_curve: bool = False,
) -> Comparison:  # fmt: skip
    """Measure every network on the same folds.

    Args:
        whole: The experiment.
        models: The networks; the task's constant answer is measured beside them.
        settings: Settings the user named.
        data: A path or name, or the data themselves.
        folds: How many parts the rows are dealt into; each is tested once.
        repeats: How often they are dealt anew.
        progress: Who is told how it goes on.
        learning_curve: Whether every network also learns from growing shares of the training rows of each fold.

    Raises:
        LayerwiseError: The rows cannot be dealt, a network is named twice or does not suit the task.
    """
    _refuse_settings(settings)
    whole = experiment(settings, start=whole)
    found = load_data(replace(whole, model=models[0] if models else whole.model), data)
    _refuse(found, models, repeats)
    source = found.source
    dealt = [
        fold_parts(source, folds, seed=_seed(whole) + repeat, stratify=whole.split.stratify)
        for repeat in range(repeats)
    ]
    constant = Model(_constant(whole, found, dealt[0][0]))
    everyone = [*models, *([] if any(model.name == constant.name for model in models) else [constant])]
    scores, curves, done = list[Scores](), list[LearningCurve](), count(1)
    total = (len(everyone) + (len(models) if learning_curve else 0)) * folds * repeats

    def tell(name: str) -> None:
        if progress:
            progress(next(done), total, name)

    for model in everyone:
        began, tested = time.perf_counter(), list[list[Tested]]()
        for repeat, parts in enumerate(dealt):
            tested.append([])
            for place, fold in enumerate(parts):
                seed = whole.train.seed + repeat * folds + place
                tested[-1].append(learn_fold(whole, model, settings, found, fold, seed=seed))
                tell(model.name)
        scores.append(_scores(whole, found, model, tested, time.perf_counter() - began, baseline=model is constant))
        if learning_curve and model is not constant:
            flat = [fold for some in tested for fold in some]
            curves.append(measure_curve(whole, model, settings, found, flat, seed=_seed(whole), tell=tell))
    task, rows, ids = tested[0][0].task, np.sort(np.concatenate([fold.test for fold in dealt[0]])), source.ids()
    return Comparison(
        data=source.name, task=found.task, metric=task.main, lower_is_better=task.lower_is_better, folds=folds,
        repeats=repeats, rows=len(rows), ids=tuple(ids[row] for row in rows),
        dealt=tuple(tuple(_in_order([np.full(len(fold.test), place) for place, fold in enumerate(parts)], parts))
                    for parts in dealt),
        tested=_mean(dealt, "test"), learned=_mean(dealt, "train"), duplicates=dealt[0][0].duplicates,
        closed=len(source) - len(rows),
        confidence=whole.evaluate.confidence, scores=tuple(scores), reasons=found.reasons,
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


def _constant(whole: Experiment, found: Assigned, parts: Parts) -> str:
    """Return the name of the constant answer that the task is measured beside."""
    task: Task = find("task", found.task).of(found.source, parts.train, whole.train.loss)
    return task.baselines[0]


def _scores(
    whole: Experiment, found: Assigned, model: Model, tested: Sequence[Sequence[Tested]], seconds: float, *,
    baseline: bool,
) -> Scores:  # fmt: skip
    """Measure every fold by itself, and the answers of the first deal together."""
    quick = replace(whole.evaluate, resamples=QUICK)
    figures: dict[str, list[list[float]]] = {}
    learned: list[list[float]] = []
    for repeat in tested:
        for name in figures:
            figures[name].append([])
        learned.append([])
        for fold in repeat:
            measured = fold.task.measure(fold.truths, fold.answers, quick, seed=whole.train.seed).metrics
            _require(measured[fold.task.main], fold.task.main)
            for name, interval in measured.items():
                figures.setdefault(name, [[]])[-1].append(_or_nan(interval.value))
            known = fold.task.measure(fold.train_truths, fold.train_answers, quick, seed=whole.train.seed).metrics
            learned[-1].append(_or_nan(known[fold.task.main].value))
    first = tested[0]
    rows = np.concatenate([fold.parts.test for fold in first])
    pooled = first[0].task.measure(
        np.concatenate([fold.truths for fold in first]), np.concatenate([fold.answers for fold in first]),
        whole.evaluate, seed=whole.train.seed, groups=groups_of(found.source, rows),
    )  # fmt: skip
    predictions = tuple(
        tuple(_in_order([np.array(fold.task.labels(fold.answers)) for fold in repeat], [fold.parts for fold in repeat]))
        for repeat in tested
    )
    return Scores(
        model.name, dict(model.options), {name: np.array(values) for name, values in figures.items()},
        np.array(learned), pooled.to_json()["metrics"], predictions, seconds, baseline,
    )  # fmt: skip


def _or_nan(value: float | None) -> float:
    """Return a figure, NaN where it is undefined."""
    return math.nan if value is None else value


def _require(interval: Interval, metric: str) -> None:
    """Refuse folds in which the figure that is compared is undefined."""
    if interval.value is None:
        raise LayerwiseError(
            say("The figure that is compared is defined in every fold."),
            say("{} of {} rows: {}", metric, interval.n, interval.reason), say("Use fewer folds."), usage=True,
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


def _refuse(found: Assigned, models: Sequence[Model], repeats: int) -> None:
    """Refuse what cannot be compared."""
    if entry("task", found.task).facts["target"] not in ("category", "number"):
        raise LayerwiseError(
            say("Networks are compared on classes or numbers."), say("the task is {}", found.task),
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


def _seed(whole: Experiment) -> int:
    """Return the seed of the first deal."""
    return whole.split.split_seed if whole.split.split_seed >= 0 else whole.train.seed


def _mean(dealt: Sequence[Sequence[Parts]], part: str) -> float:
    """Return the mean number of rows of a part of a fold."""
    return float(np.mean([len(getattr(fold, part)) for parts in dealt for fold in parts]))


def _in_order(values: Sequence[np.ndarray], parts: Sequence[Parts]) -> list[Any]:
    """Return what is known of the test rows of each fold in the order of the rows."""
    rows = np.concatenate([fold.test for fold in parts])
    found: list[Any] = np.concatenate(values)[np.argsort(rows)].tolist()
    return found
