"""Intervals of everything counted from a confusion matrix.

Accuracy, recall, precision and F1 are proportions and get Wilson's interval (F1 through TP / (TP + FP + FN), of which
it is a rising function). Balanced accuracy, macro F1 and kappa get Wilson's interval at the effective number of items,
n_eff = p (1 - p) / v, with v the variance over resampled matrices. A percentile bootstrap would call a perfect matrix
certain and covers as little as 58 % near 1; this covers 93 to 98 % (measured, 2 to 10 classes, 30 to 1,000 items).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int, Shaped

from layerwise.evaluation.intervals import (
    Interval,
    effective_size,
    normal_quantile,
    proportion,
    score_bounds,
    student_quantile,
    unbounded,
    undefined,
)
from layerwise.evaluation.resampling import pooled_units, resampled_sums, sums_of_units
from layerwise.language import say
from layerwise.metrics import margins
from layerwise.metrics.classification import confusion_matrix
from layerwise.metrics.margins import Margins

__all__ = ["ClassIntervals", "class_intervals", "classification_intervals", "resampled_margins"]

# draws of all cells held in memory at once
CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class ClassIntervals:
    """Precision, recall and F1 of one class."""

    name: str
    precision: Interval
    recall: Interval
    f1: Interval


def classification_intervals(
    targets: Int[np.ndarray, " items"],
    predictions: Int[np.ndarray, " items"],
    classes: int,
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> dict[str, Interval]:
    """Return accuracy, error rate, balanced accuracy, macro F1 and kappa, each with its interval.

    Args:
        targets: Actual class numbers, 0 .. classes - 1.
        predictions: Predicted class numbers.
        classes: Number of classes.
        generator: Source of the resampling.
        groups: One label an item; whole groups are resampled.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of resampled matrices.

    Raises:
        LayerwiseError: The arrays do not fit together, or the confidence lies outside (0, 1).

    Example:
        >>> targets = np.repeat([0, 1], 50)
        >>> found = classification_intervals(targets, targets, 2, generator=np.random.default_rng(0))
        >>> {name: (interval.value, round(interval.low, 3)) for name, interval in found.items() if name != "error_rate"}
        ... # doctest: +NORMALIZE_WHITESPACE
        {'accuracy': (1.0, 0.963), 'balanced_accuracy': (1.0, 0.963), 'macro_f1': (1.0, 0.963),
         'kappa': (1.0, 0.926)}
    """
    matrix = confusion_matrix(targets, predictions, classes)
    measured = margins.margins_of(matrix)
    drawn, units = resampled_margins(
        targets, predictions, matrix, groups=groups, resamples=resamples, generator=generator
    )
    right = proportion(targets == predictions, groups=groups, confidence=confidence)
    found = {"accuracy": right, "error_rate": mirrored(right)}
    # Of the class with the fewest items or groups the least is known: at 1 it may be the one that errs unseen.
    occurring = np.flatnonzero(measured.actual)
    held = [
        int(measured.actual[number]) if groups is None else len(np.unique(groups[targets == number]))
        for number in occurring
    ]
    rarest = min(units, len(occurring) * min(held))
    for name, (measure, limit, scale) in measures_of(measured).items():
        value, items = float(measure(measured)), len(targets)
        if np.isnan(value):
            found[name] = undefined(items, say("Only one class occurs, in targets and predictions alike."))
        elif units < 2:
            found[name] = unbounded(value, items, say("One group or item tells nothing about how others differ."))
        else:
            quantile = normal_quantile(confidence) if groups is None else student_quantile(confidence, units - 1)
            found[name] = effective_interval(
                value, measure(drawn), items=items, limit=limit, independent=units if name == "kappa" else rarest,
                scale=scale, quantile=quantile,
            )  # fmt: skip
    return found


def measures_of(measured: Margins) -> dict[str, tuple[Callable[[Margins], np.ndarray], float, float]]:
    """Return, for each measure, its function, its largest effective number of items and its scale.

    The largest number is the one at which a proportion varies like the mean over K classes that are all found equally
    well: K^2 / sum_k 1/n_k for means over classes, n for kappa. On the scale 1 - (1 - kappa)(1 - p_e) kappa is the
    observed agreement, a proportion.
    """
    counts = measured.actual[measured.actual > 0]
    items = int(counts.sum())
    # K^2 / sum_k 1/n_k
    alike = len(counts) ** 2 / float((1 / counts).sum())
    chance = float((measured.actual * measured.predicted).sum()) / items**2
    return {
        "balanced_accuracy": (margins.balanced_accuracy, alike, 1.0),
        "macro_f1": (margins.macro_f1, alike, 1.0),
        "kappa": (margins.kappa, float(items), 1 - chance),
    }


def effective_interval(
    value: float,
    spread: Float[np.ndarray, " resamples"],
    *,
    items: int,
    limit: float,
    independent: int,
    scale: float,
    quantile: float,
) -> Interval:
    """Return Wilson's interval at the number of items that a proportion with the same spread would have.

    p = 1 - (1 - value) scale,  n_eff = p (1 - p) / (scale^2 var(spread))

    Args:
        value: The measure, at most 1.
        spread: The measure on the resampled matrices; NaN where a resample leaves it undefined.
        items: Number of items.
        limit: Largest effective number of items.
        independent: Number of units that were resampled.
        scale: Factor between distance from 1 of the measure and of the proportion behind it.
        quantile: Two-sided quantile of the confidence.
    """
    share = min(max(1 - (1 - value) * scale, 0.0), 1.0)
    variance = scale**2 * float(np.nanvar(spread))
    size = effective_size(share, variance, limit=limit, independent=independent)
    low, high = (1 - (1 - end) / scale for end in score_bounds(share, size, quantile))
    return Interval(value, max(low, -1.0), high, items, "Wilson at the effective n of resampled matrices")


def resampled_margins(
    targets: Int[np.ndarray, " items"],
    predictions: Int[np.ndarray, " items"],
    matrix: Int[np.ndarray, "classes classes"],
    *,
    groups: Shaped[np.ndarray, " items"] | None,
    resamples: int,
    generator: np.random.Generator,
) -> tuple[Margins, int]:
    """Return diagonal and margins of resampled confusion matrices, and the number of independent units.

    Without groups the cells are drawn from one multinomial, whose cost does not depend on the number of items; with
    groups whole groups are drawn.
    """
    classes = len(matrix)
    if groups is None:
        return drawn_from_cells(matrix, resamples=resamples, generator=generator), int(matrix.sum())
    marks = np.zeros((len(targets), 3 * classes))
    rows = np.arange(len(targets))
    marks[rows, targets] = targets == predictions
    marks[rows, classes + targets] = 1
    marks[rows, 2 * classes + predictions] = 1
    units = sums_of_units(marks, groups)
    sums = resampled_sums(pooled_units(units, generator), resamples=resamples, generator=generator).reshape(
        resamples, 3, classes
    )
    return Margins(correct=sums[:, 0], actual=sums[:, 1], predicted=sums[:, 2]), len(units)


def drawn_from_cells(
    matrix: Int[np.ndarray, "classes classes"], *, resamples: int, generator: np.random.Generator
) -> Margins:
    """Return diagonal and margins of matrices drawn from the measured one as a multinomial over its cells."""
    classes, items = len(matrix), int(matrix.sum())
    rows, columns = np.nonzero(matrix)
    shares = matrix[rows, columns] / items
    correct, actual, predicted = (np.zeros((resamples, classes), dtype=np.int64) for _ in range(3))
    by_column = np.argsort(columns, kind="stable")
    # cells come sorted by row; add.reduceat sums each run of one row, and of one column after reordering
    row_starts, column_starts = (np.flatnonzero(np.diff(line, prepend=-1)) for line in (rows, columns[by_column]))
    on_diagonal = rows == columns
    step = max(1, CELLS_AT_ONCE // len(rows))
    for start in range(0, resamples, step):
        part = slice(start, min(start + step, resamples))
        cells = generator.multinomial(items, shares, size=part.stop - part.start)
        correct[part, rows[on_diagonal]] = cells[:, on_diagonal]
        actual[part, rows[row_starts]] = np.add.reduceat(cells, row_starts, axis=1)
        predicted[part, columns[by_column][column_starts]] = np.add.reduceat(cells[:, by_column], column_starts, axis=1)
    return Margins(correct=correct, actual=actual, predicted=predicted)


def class_intervals(
    targets: Int[np.ndarray, " items"],
    predictions: Int[np.ndarray, " items"],
    names: Sequence[str],
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
) -> list[ClassIntervals]:
    """Return precision, recall and F1 of every class with their intervals; the undefined say why.

    F1 = 2 J / (1 + J),  J = TP / (TP + FP + FN)

    J is a proportion (of the items that either are of the class or were predicted as it), so Wilson's ends of J give
    the ends of F1. For two classes the recalls are sensitivity and specificity.

    Args:
        targets: Actual class numbers, 0 .. len(names) - 1.
        predictions: Predicted class numbers.
        names: One name a class.
        groups: One label an item; items of one group are not independent.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: The arrays do not fit together, or the confidence lies outside (0, 1).

    Example:
        >>> found = class_intervals(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]), ["cat", "dog"])
        >>> found[0].precision.value, found[1].precision.reason
        (0.75, "No item was predicted as 'dog'.")
    """
    confusion_matrix(targets, predictions, len(names))
    found = []
    for number, name in enumerate(names):
        actual, predicted = targets == number, predictions == number
        both = actual & predicted
        precision, recall, overlap = (
            proportion(both, among=among, groups=groups, confidence=confidence)
            for among in (predicted, actual, actual | predicted)
        )
        found.append(
            ClassIntervals(
                name,
                explained(precision, say("No item was predicted as '{}'.", name)),
                explained(recall, say("No item belongs to '{}'.", name)),
                explained(f1_of_overlap(overlap), say("No item belongs to '{0}' or was predicted as it.", name)),
            )
        )
    return found


def f1_of_overlap(overlap: Interval) -> Interval:
    """Turn the interval of J = TP / (TP + FP + FN) into that of F1 = 2 J / (1 + J)."""
    value, low, high = (
        None if end is None else 2 * end / (1 + end) for end in (overlap.value, overlap.low, overlap.high)
    )
    return replace(overlap, value=value, low=low, high=high)


def explained(interval: Interval, reason: str) -> Interval:
    """Give an undefined interval its own reason; leave others as they are."""
    return interval if interval.value is not None else replace(interval, reason=reason)


def mirrored(interval: Interval) -> Interval:
    """Return the interval of one minus a proportion."""
    value, high, low = (None if end is None else 1 - end for end in (interval.value, interval.low, interval.high))
    return replace(interval, value=value, low=low, high=high)
