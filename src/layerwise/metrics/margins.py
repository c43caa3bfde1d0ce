"""The classic measures of a classifier, for one confusion matrix or for thousands of resampled ones at once.

Every measure here needs only three numbers a class: how many items were classified correctly, how many belong to
the class, and how many were predicted as it. What is undefined (0 / 0) is NaN, never a silent 0.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real

from layerwise.metrics.arrays import mean_of_defined

__all__ = ["Margins", "balanced_accuracy", "f1", "kappa", "macro_f1", "margins_of", "precision", "recall"]

Numbers = np.ndarray | np.generic | float | int


@dataclass(frozen=True)
class Margins:
    """Diagonal, row sums and column sums of one confusion matrix or of a stack of them.

    Args:
        correct: Items of each class that were predicted as it (the diagonal).
        actual: Items of each class (the row sums).
        predicted: Items predicted as each class (the column sums).
    """

    correct: Real[np.ndarray, "*stack classes"]
    actual: Real[np.ndarray, "*stack classes"]
    predicted: Real[np.ndarray, "*stack classes"]


def margins_of(matrix: Real[np.ndarray, "*stack classes classes"]) -> Margins:
    """Return diagonal, row sums and column sums.

    Example:
        >>> margins_of(np.array([[5, 1], [2, 4]])).predicted.tolist()
        [7, 5]
    """
    return Margins(
        correct=np.diagonal(matrix, axis1=-2, axis2=-1), actual=matrix.sum(axis=-1), predicted=matrix.sum(axis=-2)
    )


def precision(margins: Margins) -> Float[np.ndarray, "*stack classes"]:
    """Return the share of right answers among the items predicted as a class.

    precision_k = TP_k / (TP_k + FP_k), undefined where nothing was predicted as k
    """
    return ratio(margins.correct, margins.predicted)


def recall(margins: Margins) -> Float[np.ndarray, "*stack classes"]:
    """Return the share of a class's items that were found (sensitivity, true positive rate).

    recall_k = TP_k / (TP_k + FN_k), undefined where no item belongs to k
    """
    return ratio(margins.correct, margins.actual)


def f1(margins: Margins) -> Float[np.ndarray, "*stack classes"]:
    """Return the harmonic mean of precision and recall.

    F1_k = 2 TP_k / (2 TP_k + FP_k + FN_k), undefined where k neither occurs nor is predicted
    """
    return ratio(2 * margins.correct, margins.actual + margins.predicted)


def macro_f1(margins: Margins) -> Float[np.ndarray, "*stack"]:
    """Return the plain mean of the defined F1 values, every class counting the same."""
    return mean_of_defined(f1(margins))


def balanced_accuracy(margins: Margins) -> Float[np.ndarray, "*stack"]:
    """Return the plain mean of the recalls of the classes that occur."""
    return mean_of_defined(recall(margins))


def kappa(margins: Margins) -> Float[np.ndarray, "*stack"]:
    """Return Cohen's kappa: the agreement beyond what the margins alone would give.

    kappa = (p_o - p_e) / (1 - p_e),  p_o = sum_k TP_k / n,  p_e = sum_k actual_k predicted_k / n^2

    Undefined where chance agreement p_e is 1 (one class only, in targets and predictions alike).

    Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    items = margins.actual.sum(axis=-1)
    # p_o = sum_k TP_k / n
    observed = ratio(margins.correct.sum(axis=-1), items)
    # p_e = sum_k actual_k predicted_k / n^2
    expected = ratio((margins.actual * margins.predicted).sum(axis=-1), items**2)
    return ratio(observed - expected, 1 - expected)


def ratio(numerator: Numbers, denominator: Numbers) -> Float[np.ndarray, "*shape"]:
    """Divide, with NaN where the denominator is 0.

    Example:
        >>> ratio(np.array([1, 0]), np.array([4, 0])).tolist()
        [0.25, nan]
    """
    above, below = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below == 0, np.nan, above / below))
