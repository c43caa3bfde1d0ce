"""Measure what a network predicted: every figure with its interval, and what to expect of new data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from layerwise.config import Evaluate
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.confusion_intervals import class_intervals, classification_intervals
from layerwise.evaluation.error_intervals import log_loss_interval, regression_intervals
from layerwise.evaluation.intervals import Interval, predictive_count, proportion
from layerwise.evaluation.ranking_intervals import auc_interval, one_vs_rest_auc_intervals
from layerwise.language import say
from layerwise.metrics.classification import confusion_matrix
from layerwise.tasks.contract import Task

__all__ = ["MAIN", "Measured", "expectation", "measure"]

MAIN = {"classify": "accuracy", "regress": "r2"}
"""The figure that stands for a task in one-line tables."""


@dataclass(frozen=True)
class Measured:
    """All figures of one part of the data.

    Args:
        metrics: Each figure with its interval.
        classes: For each class its precision, recall, F1 and AUC; empty for regression.
        confusion: Counts, actual classes in rows; empty for regression.
    """

    metrics: Mapping[str, Interval]
    classes: Mapping[str, Mapping[str, Interval]]
    confusion: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values; an undefined figure has a reason instead of a value."""
        return {
            "metrics": {name: asdict(interval) for name, interval in self.metrics.items()},
            "classes": {
                name: {figure: asdict(interval) for figure, interval in figures.items()}
                for name, figures in self.classes.items()
            },
            "confusion": [list(row) for row in self.confusion],
        }


def measure(
    task: Task, targets: np.ndarray, scores: np.ndarray, settings: Evaluate, *,
    seed: int, groups: np.ndarray | None = None,
) -> Measured:  # fmt: skip
    """Measure one part.

    Args:
        task: What was asked.
        targets: Class places `(items,)`, or numbers in the units of the data `(items, targets)`.
        scores: Class probabilities `(items, classes)`, or predicted numbers `(items, targets)`.
        settings: Confidence, resamples, positive class.
        seed: Seed of the resampling.
        groups: Group of each item; whole groups are then resampled.
    """
    generator = np.random.default_rng([seed, 0xE7A1])
    if not task.classes:
        found = regression_intervals(
            targets, scores, generator=generator, groups=groups,
            confidence=settings.confidence, resamples=settings.resamples,
        )  # fmt: skip
        return Measured(found, {})
    return measure_classes(task, targets, scores, settings, generator, groups)


def measure_classes(
    task: Task, targets: np.ndarray, scores: np.ndarray, settings: Evaluate,
    generator: np.random.Generator, groups: np.ndarray | None,
) -> Measured:  # fmt: skip
    """Measure a classification."""
    predicted = scores.argmax(axis=1)
    options: dict[str, Any] = {"groups": groups, "confidence": settings.confidence}
    found = dict(
        classification_intervals(
            targets, predicted, len(task.classes), generator=generator, resamples=settings.resamples, **options
        )
    )
    found["log_loss"] = log_loss_interval(targets, scores, generator=generator, resamples=settings.resamples, **options)
    each = class_intervals(targets, predicted, task.classes, **options)
    areas = one_vs_rest_auc_intervals(targets, scores, **options)
    classes = {
        part.name: {"precision": part.precision, "recall": part.recall, "f1": part.f1, "auc": area}
        for part, area in zip(each, areas, strict=True)
    }
    if len(task.classes) == 2:
        positive = positive_class(task, settings)
        is_positive = targets == positive
        found["auc"] = auc_interval(is_positive, scores[:, positive], **options)
        found["sensitivity"] = proportion(predicted == targets, among=is_positive, **options)
        found["specificity"] = proportion(predicted == targets, among=~is_positive, **options)
    matrix = confusion_matrix(targets, predicted, len(task.classes))
    return Measured(found, classes, tuple(tuple(int(count) for count in row) for row in matrix))


def positive_class(task: Task, settings: Evaluate) -> int:
    """Return the place of the class that sensitivity is about.

    Raises:
        LayerwiseError: The named class does not exist.
    """
    if not settings.positive:
        return 1
    if settings.positive not in task.classes:
        rule = say("The positive class is one of the classes.")
        remedy = nearest(settings.positive, task.classes)
        raise LayerwiseError(rule, say("no class '{}'", settings.positive), remedy, usage=True)
    return task.classes.index(settings.positive)


def expectation(measured: Measured, *, new: int = 1000, confidence: float = 0.95) -> Interval | None:
    """Return how many of `new` new examples to expect wrong, as a predictive interval; None for regression."""
    if not measured.confusion:
        return None
    matrix = np.array(measured.confusion)
    wrong = int(matrix.sum() - np.trace(matrix))
    return predictive_count(wrong, int(matrix.sum()), new, confidence=confidence)
