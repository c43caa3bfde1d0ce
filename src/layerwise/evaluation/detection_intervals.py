"""Intervals of average precision: whole pictures are drawn again, never boxes.

Boxes of one picture are found or missed together, and a box is matched within its picture, so that a picture drawn
twice counts twice. A figure between 0 and 1 gets Wilson's interval at the number of independent pictures that would
show the same spread, n_eff = p (1 - p) / v, with v the variance over drawn pictures and Student's quantile.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped

from layerwise.evaluation.intervals import Interval
from layerwise.evaluation.resampling import sums_of_units
from layerwise.evaluation.segmentation_intervals import interval_of_pictures
from layerwise.language import say
from layerwise.metrics.arrays import mean_of_defined
from layerwise.metrics.detection import THRESHOLDS, Matches, average_precisions, match_boxes
from layerwise.metrics.margins import ratio

__all__ = ["detection_intervals"]

MOST_RESAMPLES = 200
"""Drawn again at most so often: a spread is known to 5 % by then, and each draw reads ten curves a class."""


def detection_intervals(
    truths: Sequence[np.ndarray],
    answers: Sequence[np.ndarray],
    classes: tuple[str, ...],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " pictures"] | None = None,
    confidence: float = 0.95,
    resamples: int = 200,
) -> tuple[dict[str, Interval], dict[str, dict[str, Interval]]]:
    """Return mean average precision over all classes, and average precision of each, with their intervals.

    Args:
        truths: Objects of each picture: class, left, top, right, bottom, flag.
        answers: Boxes of each picture: class, left, top, right, bottom, score.
        classes: Names of the classes.
        generator: Source of the resampling.
        groups: One label a picture; whole groups are drawn.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of draws; at most 200 are made.

    Returns:
        `map_50`, `map` (the mean over thresholds of 0.50, 0.55 ... 0.95) and `map_75`; and for each class `ap_50`
        and `ap`.

    Source: Lin and others (2014), Microsoft COCO, arXiv:1405.0312; E. B. Wilson, 1927.

    Example:
        >>> truth = [np.array([[0, 0, 0, 10, 10, 0.0]])] * 9
        >>> boxes = [np.array([[0, 0, 0, 10, 9.0 if place % 3 else 4.0, 0.5]]) for place in range(9)]
        >>> found, _ = detection_intervals(truth, boxes, ("cat",), generator=np.random.default_rng(0))
        >>> round(found["map_50"].value, 2), found["map_50"].low < 0.5 < found["map_50"].high
        (0.44, True)
    """
    labels = np.arange(len(truths)) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(labels.max()) + 1
    matches = [match_boxes(truths, answers, kind) for kind in range(len(classes))]
    measured = np.stack([average_precisions(part) for part in matches])
    counts = np.stack([part.objects for part in matches], axis=1).astype(np.float64)
    shown = np.flatnonzero(counts.any(axis=0))
    drawn = np.full((min(resamples, MOST_RESAMPLES), *measured.shape), np.nan)
    drawn[:, shown] = _drawn([matches[kind] for kind in shown], labels, units, len(drawn), generator)
    # A class hangs on a picture by the objects that it shows, and the mean on each class alike.
    shares = ratio(sums_of_units(counts, labels), counts.sum(axis=0))
    reason = say("No picture shows an object of the class.")

    def interval(value: float, spread: np.ndarray, carried: np.ndarray) -> Interval:
        return interval_of_pictures(value, spread, carried, reason, pictures=len(truths), confidence=confidence)

    total, together = mean_of_defined(measured.T), mean_of_defined(shares)
    totals = mean_of_defined(np.moveaxis(drawn, 1, -1))
    found = {
        "map_50": interval(float(total[0]), totals[:, 0], together),
        "map": interval(float(total.mean()), totals.mean(axis=1), together),
        "map_75": interval(float(total[5]), totals[:, 5], together),
    }
    each = {
        name: {
            "ap_50": interval(float(measured[kind, 0]), drawn[:, kind, 0], shares[:, kind]),
            "ap": interval(float(measured[kind].mean()), drawn[:, kind].mean(axis=1), shares[:, kind]),
        }
        for kind, name in enumerate(classes)
    }
    return found, each


def _drawn(
    matches: list[Matches], labels: np.ndarray, units: int, resamples: int, generator: np.random.Generator
) -> Float[np.ndarray, "resamples classes thresholds"]:
    """Return the average precisions of pictures drawn with replacement, again and again."""
    found = np.empty((resamples, len(matches), len(THRESHOLDS)))
    for place in range(resamples):
        counts = np.bincount(generator.integers(units, size=units), minlength=units).astype(np.float64)
        weights = counts[labels]
        found[place] = [average_precisions(part, weights) for part in matches]
    # A class without any object in a draw says nothing there: it stands at its mean over the draws.
    centre = mean_of_defined(np.moveaxis(found, 0, -1))
    return np.where(np.isnan(found), centre, found)
