"""Measures of scores where one class is sought: precision against recall, and how many are found by looking at few.

The curves move by whole runs of equal scores: a threshold takes all of them or none. Nothing is interpolated.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from layerwise.metrics.arrays import require_finite, require_pairs
from layerwise.metrics.margins import ratio

__all__ = ["GainCurve", "PrecisionRecallCurve", "average_precision", "gain_curve", "lift", "precision_recall_curve"]


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """The points of a precision-recall curve, from the strictest threshold to the loosest.

    Args:
        precision: TP / (TP + FP) at each threshold.
        recall: TP / P at each threshold (NaN without positives).
        thresholds: Items with at least this score count as positive.
    """

    precision: Float[np.ndarray, " points"]
    recall: Float[np.ndarray, " points"]
    thresholds: Float[np.ndarray, " points"]


@dataclass(frozen=True)
class GainCurve:
    """How many positives are found by looking at the highest scores first; from nobody to everybody.

    Args:
        taken: Share of all items looked at, 0 to 1.
        found: Share of the positives among them (NaN without positives).
    """

    taken: Float[np.ndarray, " points"]
    found: Float[np.ndarray, " points"]


def precision_recall_curve(
    positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]
) -> PrecisionRecallCurve:
    """Return precision against recall for every threshold; tied scores move as one step.

    precision(t) = #{positive, score >= t} / #{score >= t},  recall(t) = #{positive, score >= t} / P

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a score is not finite.

    Source: J. Davis, M. Goadrich, The relationship between precision-recall and ROC curves, 2006.

    Example:
        >>> curve = precision_recall_curve(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
        >>> curve.recall.tolist(), curve.precision.round(3).tolist()
        ([0.5, 1.0, 1.0], [1.0, 0.667, 0.5])
    """
    true, taken, thresholds = counts_by_threshold(positives, scores)
    return PrecisionRecallCurve(ratio(true, taken), ratio(true, true[-1]), thresholds)


def average_precision(positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]) -> float:
    """Return the mean precision over the positives, each at the threshold that just takes it in.

    AP = sum_t (recall_t - recall_(t-1)) precision_t

    Chance alone reaches the share of positives. NaN without positives.

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a score is not finite.

    Source: C. Manning, P. Raghavan, H. Schuetze, Introduction to Information Retrieval, 2008, section 8.4.

    Example:
        >>> round(average_precision(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1])), 4)
        0.8333
    """
    true, taken, _ = counts_by_threshold(positives, scores)
    # AP = sum_t (recall_t - recall_(t-1)) precision_t; divided last, so that a perfect ranking has exactly 1
    return float(ratio((np.diff(true, prepend=0) * ratio(true, taken)).sum(), true[-1]))


def gain_curve(positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]) -> GainCurve:
    """Return the share of positives found against the share of items looked at, the highest scores first.

    gain(t) = #{positive, score >= t} / P  at  #{score >= t} / n

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a score is not finite.

    Source: I. Witten, E. Frank, Data Mining, second edition, 2005, section 5.7 (lift charts).

    Example:
        >>> curve = gain_curve(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
        >>> curve.taken.tolist(), curve.found.tolist()
        ([0.0, 0.25, 0.75, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    true, taken, _ = counts_by_threshold(positives, scores)
    return GainCurve(np.append(0, ratio(taken, taken[-1])), np.append(0, ratio(true, true[-1])))


def lift(positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"], share: float) -> float:
    """Return how many times more positives the highest scores hold than as many items taken at random.

    lift(q) = gain(q) / q, where q cuts through equal scores by the straight line between both ends of their run

    NaN without positives.

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.
        share: Share of the items looked at, above 0 and at most 1.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a score is not finite.

    Source: I. Witten, E. Frank, Data Mining, second edition, 2005, section 5.7.

    Example:
        >>> lift(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]), 0.5)
        1.5
    """
    curve = gain_curve(positives, scores)
    # lift(q) = gain(q) / q
    return float(np.interp(share, curve.taken, curve.found) / share)


def counts_by_threshold(
    positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]
) -> tuple[Int[np.ndarray, " points"], Int[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Return the positives and the items at or above each score that occurs, and these scores, the highest first.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a score is not finite.

    Example:
        >>> true, taken, _ = counts_by_threshold(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]))
        >>> true.tolist(), taken.tolist()
        ([1, 2], [1, 3])
    """
    require_pairs(positives, scores)
    require_finite(scores)
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    ordered = scores[order].astype(np.float64)
    # the last item of each run of equal scores
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(scores) - 1)
    return np.cumsum(positives[order])[ends], ends + 1, ordered[ends]
