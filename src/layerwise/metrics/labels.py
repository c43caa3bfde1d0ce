"""Measures of label sets: every example has any number of labels, each of them there or not.

A label that no example has is left out of means over labels: it is undefined (NaN), never a silent 0.
"""

import numpy as np
from jaxtyping import Bool, Float, Real

from layerwise.metrics.arrays import mean_of_defined, require_pairs, require_same_shape
from layerwise.metrics.margins import ratio
from layerwise.metrics.precision_recall import average_precision

__all__ = [
    "f1_per_label",
    "hamming_loss",
    "macro_label_f1",
    "mean_average_precision",
    "micro_label_f1",
    "subset_accuracy",
]


def subset_accuracy(targets: Bool[np.ndarray, "items labels"], predictions: Bool[np.ndarray, "items labels"]) -> float:
    """Return the share of examples all of whose labels are right.

    subset accuracy = #{i: Y_i = Z_i} / n

    Args:
        targets: Which labels each example has.
        predictions: Which labels were answered.

    Raises:
        LayerwiseError: Shapes differ, or there are no examples.

    Source: M.-L. Zhang, Z.-H. Zhou, A review on multi-label learning algorithms, 2014, section 2.2.

    Example:
        >>> subset_accuracy(np.array([[True, False], [True, True]]), np.array([[True, False], [True, False]]))
        0.5
    """
    require_same(targets, predictions)
    return float((targets == predictions).all(axis=1).mean())


def hamming_loss(targets: Bool[np.ndarray, "items labels"], predictions: Bool[np.ndarray, "items labels"]) -> float:
    """Return the share of wrong answers about single labels.

    Hamming loss = 1/(n L) sum_i |Y_i xor Z_i|

    Raises:
        LayerwiseError: Shapes differ, or there are no examples.

    Source: R. Schapire, Y. Singer, BoosTexter: a boosting-based system for text categorization, 2000.

    Example:
        >>> hamming_loss(np.array([[True, False], [True, True]]), np.array([[True, False], [True, False]]))
        0.25
    """
    require_same(targets, predictions)
    return float((targets != predictions).mean())


def f1_per_label(
    targets: Bool[np.ndarray, "items labels"], predictions: Bool[np.ndarray, "items labels"]
) -> Float[np.ndarray, " labels"]:
    """Return F1 of each label; NaN for a label that no example has.

    F1_l = 2 TP_l / (2 TP_l + FP_l + FN_l)

    Raises:
        LayerwiseError: Shapes differ, or there are no examples.

    Example:
        >>> f1_per_label(np.array([[True, False], [True, False]]), np.array([[True, False], [False, True]])).tolist()
        [0.6666666666666666, nan]
    """
    require_same(targets, predictions)
    right, actual, answered = label_counts(targets, predictions).sum(axis=0).reshape(3, -1)
    return f1_of_counts(right, actual, answered)


def macro_label_f1(targets: Bool[np.ndarray, "items labels"], predictions: Bool[np.ndarray, "items labels"]) -> float:
    """Return the plain mean of F1 over the labels that an example has.

    Raises:
        LayerwiseError: Shapes differ, or there are no examples.

    Example:
        >>> macro_label_f1(np.array([[True, False], [True, True]]), np.array([[True, False], [True, False]]))
        0.5
    """
    return float(mean_of_defined(f1_per_label(targets, predictions)))


def micro_label_f1(targets: Bool[np.ndarray, "items labels"], predictions: Bool[np.ndarray, "items labels"]) -> float:
    """Return F1 of all labels counted together; NaN where no example has a label.

    micro F1 = 2 sum_l TP_l / sum_l (2 TP_l + FP_l + FN_l)

    Raises:
        LayerwiseError: Shapes differ, or there are no examples.

    Example:
        >>> micro_label_f1(np.array([[True, False], [True, True]]), np.array([[True, False], [True, False]]))
        0.8
    """
    require_same(targets, predictions)
    right, actual, answered = label_counts(targets, predictions).sum(axis=0).reshape(3, -1)
    return float(f1_of_counts(right.sum(), actual.sum(), answered.sum()))


def mean_average_precision(
    targets: Bool[np.ndarray, "items labels"], scores: Real[np.ndarray, "items labels"]
) -> float:
    """Return the mean of the average precision over the labels that an example has.

    Raises:
        LayerwiseError: Shapes differ, there are no examples, or a score is not finite.

    Example:
        >>> targets = np.array([[True, False], [False, False], [True, False]])
        >>> mean_average_precision(targets, np.array([[0.9, 0.1], [0.2, 0.1], [0.8, 0.3]]))
        1.0
    """
    require_same(targets, scores)
    each = [average_precision(targets[:, label], scores[:, label]) for label in range(targets.shape[1])]
    return float(mean_of_defined(np.array(each)))


def label_counts(targets: np.ndarray, predictions: np.ndarray) -> Float[np.ndarray, "items three_labels"]:
    """Return for each example which labels were found, which it has, and which were answered, side by side."""
    return np.hstack([targets & predictions, targets, predictions]).astype(np.float64)


def f1_of_counts(right: np.ndarray, actual: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return F1 = 2 TP / (actual + answered); NaN where nothing is there to be found."""
    return np.where(actual > 0, ratio(2 * right, actual + answered), np.nan)


def require_same(targets: np.ndarray, predictions: np.ndarray) -> None:
    """Refuse label sets that do not describe the same examples and labels.

    Raises:
        LayerwiseError: Shapes differ, or there are no examples.
    """
    require_pairs(targets, predictions)
    require_same_shape(targets, predictions)
