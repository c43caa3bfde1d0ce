"""Measure a learning curve: learn from growing shares of the training rows of each fold, and test on its test rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from layerwise.config import Experiment, Model
from layerwise.errors import LayerwiseError
from layerwise.evaluation.learning_curve import LearningCurve
from layerwise.workflow.fold import learn_fold
from layerwise.workflow.prepare import Assigned
from layerwise.workflow.shares import curve_of, shares_of
from layerwise.workflow.tested import Tested

__all__ = ["measure_curve"]


def measure_curve(
    whole: Experiment, model: Model, settings: Mapping[str, Any], found: Assigned, folds: Sequence[Tested], *,
    seed: int, told: Callable[[], None] | None = None,
) -> LearningCurve:  # fmt: skip
    """Learn from growing shares of the training rows of folds that were learned from whole already.

    Args:
        whole: The experiment.
        model: Which network, with its options.
        settings: Settings the user named.
        found: The data.
        folds: What was measured with all training rows of each fold.
        seed: Seed of the order in which rows come in.
        told: Hears of every finished fold.
    """
    shares: list[list[Tested]] = []
    for number, fold in enumerate(folds):
        parts = shares_of(found, fold.parts, seed=seed + number, stratify=whole.split.stratify)
        learned = list[Tested]()
        for some in parts:
            try:
                learned.append(learn_fold(whole, model, settings, found, some, seed=whole.train.seed + number))
            except LayerwiseError:
                # Too few rows for this network, such as fewer than its neighbours; the curve begins behind them.
                learned.clear()
        shares.append([*learned, fold])
        if told:
            told()
    return curve_of(model.label, shares, confidence=whole.evaluate.confidence, seed=whole.train.seed)
