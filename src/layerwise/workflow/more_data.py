"""What more data would probably buy, as far as it can be told in seconds: a learning curve of inner folds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from torch import nn

from layerwise.catalog import entry
from layerwise.config import Experiment
from layerwise.data.split import Parts, fold_parts, units
from layerwise.errors import LayerwiseError
from layerwise.tasks.contract import ClosedForm
from layerwise.tasks.ragged import Ragged
from layerwise.workflow.prepare import Assigned, Prepared
from layerwise.workflow.shares import curve_of, shares_of
from layerwise.workflow.tested import Tested, solve_fold

__all__ = ["more_data"]

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
        The curve as plain values; `{"asked": False}` where only `compare` can tell, nothing where nothing can be told.
    """
    task = prepared.task.name
    if entry("task", task).facts["target"] not in ("category", "number"):
        return {}
    inputs = prepared.examples["train"].inputs
    if isinstance(inputs, Ragged) or not isinstance(model, ClosedForm) or inputs.numel() > LARGEST:
        return {"asked": False}
    if whole.split.split_by == "time":
        # Random folds would learn from the future.
        return {"asked": False}
    rows = np.union1d(prepared.parts.train, prepared.parts.validation)
    source = prepared.source.take(rows)
    # No row here is of the test part, and every one may be learned from.
    source = source.assign(dict.fromkeys(source.named("part"), "unused"))
    found = Assigned(source, task, ())
    if len(np.unique(units(source)[0])) < 2 * FOLDS:
        return {"asked": False}
    seed = whole.train.seed
    folds = fold_parts(source, FOLDS, seed=seed, stratify=whole.split.stratify, near=whole.split.near_duplicates)
    shares = _learned(found, folds, whole)
    if shares is None:
        return {"asked": False}
    curve = curve_of(whole.model.name, shares, confidence=whole.evaluate.confidence, seed=seed)
    if not (np.isfinite(curve.tested).all() and np.isfinite(curve.learned).all()):
        return {"asked": False}
    return {"asked": True, "folds": FOLDS, **curve.to_json()}


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
