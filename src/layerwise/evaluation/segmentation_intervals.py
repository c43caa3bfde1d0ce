"""Intervals of what is counted pixel by pixel: whole pictures are resampled, never pixels.

Neighbouring pixels are right or wrong together, so a picture is one unit, however many pixels it has. A figure between
0 and 1 gets Wilson's interval at the number of independent pictures that would show the same spread,
n_eff = p (1 - p) / v, with v the variance over resampled pictures and Student's quantile.
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int, Shaped

from layerwise.evaluation.intervals import (
    Interval,
    effective_size,
    score_bounds,
    student_quantile,
    unbounded,
    undefined,
)
from layerwise.evaluation.resampling import pooled_units, resampled_sums, sums_of_units
from layerwise.language import say
from layerwise.metrics.arrays import mean_of_defined
from layerwise.metrics.margins import Margins, balanced_accuracy, margins_of, precision, ratio, recall
from layerwise.metrics.segmentation import frequency_weighted_iou, iou, mean_iou, pixel_accuracy

__all__ = ["class_iou_intervals", "interval_of_pictures", "segmentation_intervals"]

FIGURES: Mapping[str, Callable[[Margins], np.ndarray]] = {
    "mean_iou": mean_iou,
    "pixel_accuracy": pixel_accuracy,
    "mean_class_accuracy": balanced_accuracy,
    "frequency_weighted_iou": frequency_weighted_iou,
}
"""Figures of all classes together, by name."""

CLASS_FIGURES: Mapping[str, Callable[[Margins], np.ndarray]] = {"iou": iou, "precision": precision, "recall": recall}
"""Figures of each class, by name."""


def segmentation_intervals(
    counts: Int[np.ndarray, "pictures classes classes"],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " pictures"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> dict[str, Interval]:
    """Return mean IoU, pixel accuracy, mean class accuracy and frequency-weighted IoU, each with its interval.

    Args:
        counts: The confusion matrix of each picture.
        generator: Source of the resampling.
        groups: One label a picture; whole groups are resampled.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of resamples.

    Raises:
        LayerwiseError: Group labels do not fit, or the confidence lies outside (0, 1).

    Example:
        >>> draw = np.random.default_rng(0)
        >>> counts = np.array([np.diag(draw.integers(40, 60, 2)) + draw.integers(0, 9, (2, 2)) for _ in range(50)])
        >>> found = segmentation_intervals(counts, generator=draw, resamples=1000)["mean_iou"]
        >>> bool(found.low < found.value < found.high), found.n
        (True, 50)
    """
    measured, drawn, units = resampled(counts, groups, resamples, generator)
    every = units.actual.sum(axis=1) / units.actual.sum()
    # A mean over classes hangs on each class alike, and on a picture by its pixels of the class.
    shares = {name: mean_of_defined(each) for name, each in class_shares(units).items()}
    carried = {
        "mean_iou": shares["iou"], "pixel_accuracy": every, "mean_class_accuracy": shares["recall"],
        "frequency_weighted_iou": every,
    }  # fmt: skip
    return {
        name: interval_of_pictures(float(figure(measured)), figure(drawn), carried[name], say("There are no pixels."),
                                   pictures=len(counts), confidence=confidence)
        for name, figure in FIGURES.items()
    }  # fmt: skip


def class_iou_intervals(
    counts: Int[np.ndarray, "pictures classes classes"],
    names: tuple[str, ...],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " pictures"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> dict[str, dict[str, Interval]]:
    """Return IoU, precision and recall of the pixels of each class, each with its interval.

    Args:
        counts: The confusion matrix of each picture.
        names: One name a class.
        generator: Source of the resampling.
        groups: One label a picture; whole groups are resampled.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of resamples.

    Raises:
        LayerwiseError: Group labels do not fit, or the confidence lies outside (0, 1).

    Example:
        >>> counts = np.array([[[8, 1], [1, 6]], [[9, 0], [2, 5]]])
        >>> found = class_iou_intervals(counts, ("sky", "bird"), generator=np.random.default_rng(0), resamples=50)
        >>> round(found["bird"]["iou"].value, 4)
        0.7333
    """
    measured, drawn, units = resampled(counts, groups, resamples, generator)
    found: dict[str, dict[str, Interval]] = {name: {} for name in names}
    shares, reasons = class_shares(units), {
        "iou": say("No pixel belongs to the class or was answered as it."),
        "precision": say("No pixel was answered as the class."), "recall": say("No pixel belongs to the class."),
    }  # fmt: skip
    for word, figure in CLASS_FIGURES.items():
        values, spreads = figure(measured), figure(drawn)
        for place, name in enumerate(names):
            found[name][word] = interval_of_pictures(
                float(values[place]), spreads[:, place], shares[word][:, place], reasons[word], pictures=len(counts),
                confidence=confidence,
            )  # fmt: skip
    return found


def resampled(
    counts: np.ndarray, groups: np.ndarray | None, resamples: int, generator: np.random.Generator
) -> tuple[Margins, Margins, Margins]:
    """Return the margins of all pictures together, those of resampled pictures, and those of each picture or group."""
    measured, each = margins_of(counts.sum(axis=0)), margins_of(counts)
    marks = np.concatenate([each.correct, each.actual, each.predicted], axis=1).astype(np.float64)
    units = sums_of_units(marks, groups)
    sums = resampled_sums(pooled_units(units, generator), resamples=resamples, generator=generator)
    drawn, alone = (
        Margins(correct=part[:, 0], actual=part[:, 1], predicted=part[:, 2])
        for part in (each.reshape(len(each), 3, counts.shape[1]) for each in (sums, units))
    )
    return measured, drawn, alone


def class_shares(units: Margins) -> dict[str, Float[np.ndarray, "units classes"]]:
    """Return how much of each figure of a class hangs on each picture or group: its share of the pixels asked about."""
    asked = {
        "iou": units.actual + units.predicted - units.correct, "precision": units.predicted, "recall": units.actual,
    }  # fmt: skip
    return {name: ratio(pixels, pixels.sum(axis=0)) for name, pixels in asked.items()}


def interval_of_pictures(
    value: float, spread: Float[np.ndarray, " resamples"], shares: Float[np.ndarray, " units"], reason: str, *,
    pictures: int, confidence: float,
) -> Interval:  # fmt: skip
    """Return Wilson's interval at the number of pictures that a proportion with the same spread would have.

    Pictures on which nothing of the figure hangs (without the class) tell nothing about it: those that carry a share
    are counted, and at 0 and 1, where nothing varies, 1 / (largest share that one of them carries).

    Args:
        value: The figure, from 0 to 1; NaN where it is undefined.
        spread: The figure of resampled pictures.
        shares: How much of the figure hangs on each picture or group; they sum to 1.
        reason: Why it is undefined, where it is.
        pictures: Number of pictures.
        confidence: Coverage asked for, between 0 and 1.
    """
    if np.isnan(value):
        return undefined(pictures, reason)
    units = int(np.count_nonzero(shares))
    if units < 2:
        return unbounded(value, pictures, say("One group or item tells nothing about how others differ."))
    # v = G / (G - 1) var of the figure over resamples
    variance = float(np.nanvar(spread)) * units / (units - 1)
    if 0 < value < 1 and variance <= 1e-12 * value * (1 - value):
        return unbounded(value, pictures, say("All pictures show the same; nothing tells how others differ."))
    size = effective_size(value, variance, limit=np.inf, independent=1 / float(shares.max()))
    low, high = score_bounds(value, size, student_quantile(confidence, units - 1))
    return Interval(value, low, high, pictures, "Wilson at the effective n of resampled pictures")
