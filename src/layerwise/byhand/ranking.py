"""Scores against a threshold: who is counted, the point on the ROC curve, and the area under it, pair by pair.

Source: lecture 003, "ROC Curve"; Fawcett 2006, "An introduction to ROC analysis".
"""

import numpy as np
from jaxtyping import Bool, Float, Int

__all__ = ["area", "counts", "curve", "rates"]


def counts(
    positives: Bool[np.ndarray, " items"], scores: Float[np.ndarray, " items"], threshold: Float[np.ndarray, ""] | float
) -> Int[np.ndarray, "2 2"]:
    """Return who is counted where, laid out as in the lecture: predicted in rows, actual in columns.

    [[TP, FP], [FN, TN]], predicted positive where score >= threshold

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.
        threshold: Least score that counts as positive.

    Source: lecture 003, "ROC Curve" (the table of p, n and p', n').

    Example:
        >>> counts(np.array([True, True, False, False]), np.array([0.9, 0.2, 0.4, 0.1]), 0.3).tolist()
        [[1, 1], [1, 1]]
    """
    # predicted positive where score >= threshold
    named = scores >= threshold
    return np.array(
        [
            [(named & positives).sum(), (named & ~positives).sum()],
            [(~named & positives).sum(), (~named & ~positives).sum()],
        ]
    )


def rates(table: Int[np.ndarray, "2 2"]) -> tuple[float, float]:
    """Return the point on the ROC curve that a table of counts is: false and true positive rate.

    FP rate = FP / N = 1 - specificity,  TP rate = TP / P = sensitivity;  NaN where P or N is 0

    Args:
        table: [[TP, FP], [FN, TN]].

    Source: lecture 003, "ROC Curve".

    Example:
        >>> rates(np.array([[30, 5], [10, 45]]))
        (0.1, 0.75)
    """
    (true_positive, false_positive), (false_negative, true_negative) = table.tolist()
    positive, negative = true_positive + false_negative, false_positive + true_negative
    # FP rate = FP / N,  TP rate = TP / P
    return (false_positive / negative if negative else np.nan), (true_positive / positive if positive else np.nan)


def curve(
    positives: Bool[np.ndarray, " items"], scores: Float[np.ndarray, " items"]
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Return the points of the ROC curve: one for each different score as the threshold, after the point (0, 0).

    Equal scores are taken in together, so that the curve moves on a slope over them.

    Args:
        positives: True where the item belongs to the positive class; both classes occur.
        scores: Larger means more likely positive.

    Source: lecture 003, "ROC Curve"; Fawcett 2006, section 5.

    Example:
        >>> across, up = curve(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
        >>> across.tolist(), up.tolist()
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    points = [(0.0, 0.0), *(rates(counts(positives, scores, score)) for score in np.unique(scores)[::-1])]
    across, up = np.array(points).T
    return across, up


def area(positives: Bool[np.ndarray, " items"], scores: Float[np.ndarray, " items"]) -> float:
    """Return how often a positive stands above a negative, all pairs compared, ties counting one half.

    AUC = 1 / (P N) sum_i sum_j ([s_i > s_j] + 1/2 [s_i = s_j]),  i positive, j negative

    Args:
        positives: True where the item belongs to the positive class; both classes occur.
        scores: Larger means more likely positive.

    Source: lecture 003, "ROC Curve"; Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve".

    Example:
        >>> area(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
        0.875
    """
    above = scores[positives][:, None] - scores[~positives][None]
    # AUC = 1 / (P N) sum_i sum_j ([s_i > s_j] + 1/2 [s_i = s_j])
    return float(((above > 0) + 0.5 * (above == 0)).mean())
