"""Measures of scores: the ROC curve and the area under it, ties counted exactly."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from layerwise.metrics.arrays import require_class_numbers, require_finite, require_pairs
from layerwise.metrics.margins import ratio

__all__ = ["RocCurve", "auc", "one_vs_rest_auc", "roc_curve"]


@dataclass(frozen=True)
class RocCurve:
    """The points of a ROC curve, from the strictest threshold (nothing positive) to the loosest.

    Args:
        false_positive_rate: FP / N at each threshold (NaN without negatives).
        true_positive_rate: TP / P at each threshold (NaN without positives).
        thresholds: Items with at least this score count as positive; the first is infinite.
    """

    false_positive_rate: Float[np.ndarray, " points"]
    true_positive_rate: Float[np.ndarray, " points"]
    thresholds: Float[np.ndarray, " points"]


def roc_curve(positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]) -> RocCurve:
    """Return true against false positive rate for every threshold; tied scores move as one step.

    TPR(t) = #{positive, score >= t} / P,  FPR(t) = #{negative, score >= t} / N

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a score is not finite.

    Source: lecture 003, "ROC Curve".

    Example:
        >>> curve = roc_curve(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
        >>> curve.false_positive_rate.tolist(), curve.true_positive_rate.tolist()
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    require_pairs(positives, scores)
    require_finite(scores)
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    sorted_scores, sorted_positives = scores[order].astype(np.float64), positives[order]
    # the last item of each run of equal scores: a threshold takes the whole run or nothing of it
    ends = np.append(np.flatnonzero(np.diff(sorted_scores)), len(scores) - 1)
    true_positives = np.cumsum(sorted_positives)[ends]
    false_positives = ends + 1 - true_positives
    return RocCurve(
        false_positive_rate=np.append(0, ratio(false_positives, false_positives[-1])),
        true_positive_rate=np.append(0, ratio(true_positives, true_positives[-1])),
        thresholds=np.append(np.inf, sorted_scores[ends]),
    )


def auc(positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]) -> float:
    """Return the probability that a positive outscores a negative, ties counting one half.

    AUC = (#{score_i > score_j} + 1/2 #{score_i = score_j}) / (P N),  i positive, j negative

    The Mann-Whitney statistic, counted in integers; it equals the area under `roc_curve`. NaN with one class only.

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a score is not finite.

    Source: lecture 003, "ROC Curve"; J. Hanley, B. McNeil, The meaning and use of the area under a ROC curve, 1982.

    Example:
        >>> auc(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
        0.875
    """
    require_pairs(positives, scores)
    require_finite(scores)
    chosen, others = scores[positives], np.sort(scores[~positives])
    # 2 #{greater} + #{equal} = #{below} + #{below or equal}, per positive
    doubled = np.searchsorted(others, chosen, side="left") + np.searchsorted(others, chosen, side="right")
    return float(ratio(doubled.sum(), 2 * len(chosen) * len(others)))


def one_vs_rest_auc(
    targets: Int[np.ndarray, " items"], scores: Real[np.ndarray, "items classes"]
) -> Float[np.ndarray, " classes"]:
    """Return for each class the AUC of its score, its items against all others (NaN where a class is absent).

    Args:
        targets: Actual class numbers, 0 .. classes - 1.
        scores: One column a class.

    Raises:
        LayerwiseError: Lengths differ, a class number does not exist, or a score is not finite.

    Example:
        >>> scores = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.5, 0.2, 0.3]])
        >>> one_vs_rest_auc(np.array([0, 1, 0]), scores).tolist()
        [1.0, 1.0, nan]
    """
    require_pairs(targets, scores)
    require_class_numbers(targets, scores.shape[1])
    return np.array([auc(targets == number, scores[:, number]) for number in range(scores.shape[1])])
