"""What more data would probably buy, as far as it can be told in seconds: a learning curve of inner folds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from torch import nn

from layerwise.catalog import entry
from layerwise.config import Experiment
from layerwise.data.kinds import Numbers
from layerwise.data.source import Source
from layerwise.data.split import Parts, fold_parts, units
from layerwise.errors import LayerwiseError
from layerwise.evaluation.learning_curve import LearningCurve
from layerwise.tasks.contract import ClosedForm
from layerwise.tasks.ragged import Ragged
from layerwise.workflow.prepare import Assigned, Prepared, seed_of_split
from layerwise.workflow.shares import curve_of, shares_of
from layerwise.workflow.tested import Tested, solve_fold

__all__ = ["more_data"]

MOST_DEALT = 50_000
"""Rows up to which it is tried how many folds they can be dealt into."""

FOLDS = 5
"""Inner folds of the training and validation rows."""

LARGEST = 200_000
"""Numbers of the training inputs up to which the curve is measured beside the run."""

SECONDS = 1.5
"""Processor time after which it is given up: `compare --learning-curve` then takes the time that it needs."""


def more_data(model: nn.Module, prepared: Prepared, whole: Experiment) -> dict[str, Any]:
    """Measure a learning curve without the test part, where that costs seconds at most.

    Only networks that are solved at once, from at most 200,000 numbers, are learned again: in five inner folds of the
    training and validation rows, at growing shares. It is given up where a second and a half of the processor would
    not do.

    Args:
        model: The network that was learned.
        prepared: Its data; the test part is not looked at.
        whole: The experiment.

    Returns:
        The curve as plain values; where only `compare` can tell, `asked` is false and `folds` how many it can deal, 0
        for none; nothing where nothing can be told.
    """
    task = prepared.task.name
    if entry("task", task).facts["target"] not in ("category", "number"):
        return {}
    curve = _curve(model, prepared, whole)
    if curve is None:
        return {"asked": False, "folds": _folds_of_a_comparison(prepared, whole)}
    return {"asked": True, "folds": FOLDS, **curve.to_json()}


def _curve(model: nn.Module, prepared: Prepared, whole: Experiment) -> LearningCurve | None:
    """Measure the curve; None where only a comparison can."""
    inputs = prepared.examples["train"].inputs
    if isinstance(inputs, Ragged) or not isinstance(model, ClosedForm) or inputs.numel() > LARGEST:
        return None
    if whole.split.split_by == "time":
        # Random folds would learn from the future.
        return None
    rows = np.union1d(prepared.parts.train, prepared.parts.validation)
    source = prepared.source.take(rows)
    # No row here is of the test part, and every one may be learned from.
    source = source.assign(dict.fromkeys(source.named("part"), "unused"))
    found = Assigned(source, prepared.task.name, ())
    if len(np.unique(units(source)[0])) < 2 * FOLDS:
        return None
    seed = whole.train.seed
    folds = fold_parts(source, FOLDS, seed=seed, stratify=whole.split.stratify, near=whole.split.near_duplicates)
    shares = _learned(found, folds, whole)
    if shares is None:
        return None
    curve = curve_of(whole.model.name, shares, confidence=whole.evaluate.confidence, seed=seed)
    return curve if np.isfinite(curve.tested).all() and np.isfinite(curve.learned).all() else None


def _folds_of_a_comparison(prepared: Prepared, whole: Experiment) -> int:
    """Return how many folds `compare` can deal the rows into, at most its usual ten; 0 where it can deal none."""
    source, in_time = prepared.source, whole.split.split_by == "time"
    if len(source) > MOST_DEALT and not source.named("group"):
        # To deal very many rows only to see that it can be done takes seconds.
        return 10
    for number in (10, 5, 3, 2):
        try:
            folds = fold_parts(source, number, seed=seed_of_split(whole), stratify=whole.split.stratify,
                               in_time=in_time, near=prepared.parts.near or "ignore")  # fmt: skip
        except LayerwiseError:
            # Too few groups or moments for so many.
            continue
        if all(_varies(source, fold.test) for fold in folds):
            return number
    return 0


def _varies(source: Source, rows: np.ndarray) -> bool:
    """Say whether the figure that is compared is defined for some rows: of numbers, each target varies."""
    columns = [source.columns[name] for name in source.named("target")]
    return all(np.ptp(column.values[rows]) > 0 for column in columns if isinstance(column, Numbers))


def _learned(found: Assigned, folds: list[Parts], whole: Experiment) -> list[list[Tested]] | None:
    """Learn at every share of every fold, the smallest first; None where time or rows would not do."""
    began, seed = time.process_time(), whole.train.seed
    divided = [
        [*shares_of(found, fold, seed=seed + place, stratify=whole.split.stratify), fold]
        for place, fold in enumerate(folds)
    ]
    learned: list[list[Tested]] = [[] for _ in folds]
    many = min(map(len, divided))
    for size in range(many):
        try:
            for place, fold in enumerate(divided):
                learned[place].append(solve_fold(whole, found, fold[size - many], seed=seed))
        except LayerwiseError:
            # Too few rows for this network, such as fewer than its neighbours.
            return None
        # What is to come has more rows, so that it takes at least as long.
        if (time.process_time() - began) * many / (size + 1) > SECONDS:
            return None
    return learned
