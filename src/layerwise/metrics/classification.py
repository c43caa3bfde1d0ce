"""Measures of a classifier: the confusion matrix, and everything that is counted from it.

The matrix has actual classes in its rows and predicted ones in its columns (scikit-learn's orientation; lecture 003
draws it the other way round). What is undefined is NaN, never a silent 0.
"""

import numpy as np
from jaxtyping import Float, Int, Real

from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.metrics import margins
from layerwise.metrics.arrays import require_class_numbers, require_distributions, require_pairs

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "cohen_kappa",
    "confusion_matrix",
    "error_rate",
    "f1_per_class",
    "log_loss",
    "macro_f1",
    "negative_log_likelihoods",
    "precision_per_class",
    "recall_per_class",
    "sensitivity",
    "specificity",
]


def confusion_matrix(
    targets: Int[np.ndarray, " items"], predictions: Int[np.ndarray, " items"], classes: int
) -> Int[np.ndarray, "classes classes"]:
    """Count how often each actual class (row) was predicted as each class (column).

    C_kl = number of items with target k and prediction l

    Args:
        targets: Actual class numbers, 0 .. classes - 1.
        predictions: Predicted class numbers, 0 .. classes - 1.
        classes: Number of classes, also of those that do not occur.

    Raises:
        LayerwiseError: The arrays differ in length, are empty, or hold a class number that does not exist.

    Source: lecture 003, "ROC Curve" (there rows and columns are exchanged).

    Example:
        >>> confusion_matrix(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0]), 2).tolist()
        [[1, 1], [1, 2]]
    """
    require_pairs(targets, predictions)
    require_class_numbers(targets, classes)
    require_class_numbers(predictions, classes)
    # one number a cell, so that a single pass counts all of them
    cells = targets.astype(np.int64) * classes + predictions
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def accuracy(matrix: Real[np.ndarray, "classes classes"]) -> float:
    """Return the share of items on the diagonal.

    accuracy = sum_k C_kk / n

    Example:
        >>> accuracy(np.array([[5, 1], [2, 4]]))
        0.75
    """
    return float(margins.ratio(np.trace(matrix), matrix.sum()))


def error_rate(matrix: Real[np.ndarray, "classes classes"]) -> float:
    """Return the share of items off the diagonal.

    error rate = 1 - accuracy

    Source: lecture 003, performance measures.

    Example:
        >>> error_rate(np.array([[5, 1], [2, 4]]))
        0.25
    """
    return float(margins.ratio(matrix.sum() - np.trace(matrix), matrix.sum()))


def balanced_accuracy(matrix: Real[np.ndarray, "classes classes"]) -> float:
    """Return the mean recall over the classes that occur.

    balanced accuracy = mean_k TP_k / (TP_k + FN_k)

    Example:
        >>> balanced_accuracy(np.array([[8, 2], [3, 1]]))
        0.525
    """
    return float(margins.balanced_accuracy(margins.margins_of(matrix)))


def precision_per_class(matrix: Real[np.ndarray, "classes classes"]) -> Float[np.ndarray, " classes"]:
    """Return, for each class, the share of right answers among the items predicted as it.

    precision_k = TP_k / (TP_k + FP_k); NaN where nothing was predicted as k

    Example:
        >>> precision_per_class(np.array([[3, 0], [1, 0]])).tolist()
        [0.75, nan]
    """
    return margins.precision(margins.margins_of(matrix))


def recall_per_class(matrix: Real[np.ndarray, "classes classes"]) -> Float[np.ndarray, " classes"]:
    """Return, for each class, the share of its items that were found.

    recall_k = TP_k / (TP_k + FN_k); NaN where no item belongs to k

    Example:
        >>> recall_per_class(np.array([[3, 0], [1, 0]])).tolist()
        [1.0, 0.0]
    """
    return margins.recall(margins.margins_of(matrix))


def f1_per_class(matrix: Real[np.ndarray, "classes classes"]) -> Float[np.ndarray, " classes"]:
    """Return, for each class, the harmonic mean of precision and recall.

    F1_k = 2 TP_k / (2 TP_k + FP_k + FN_k); NaN where k neither occurs nor is predicted

    Example:
        >>> f1_per_class(np.array([[3, 1, 0], [1, 1, 0], [0, 0, 0]])).tolist()
        [0.75, 0.5, nan]
    """
    return margins.f1(margins.margins_of(matrix))


def macro_f1(matrix: Real[np.ndarray, "classes classes"]) -> float:
    """Return the plain mean of the F1 values that are defined.

    Example:
        >>> macro_f1(np.array([[3, 1, 0], [1, 1, 0], [0, 0, 0]]))
        0.625
    """
    return float(margins.macro_f1(margins.margins_of(matrix)))


def cohen_kappa(matrix: Real[np.ndarray, "classes classes"]) -> float:
    """Return the agreement beyond chance; NaN where chance alone agrees everywhere.

    kappa = (p_o - p_e) / (1 - p_e),  p_o = sum_k C_kk / n,  p_e = sum_k row_k column_k / n^2

    Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.

    Example:
        >>> round(cohen_kappa(np.array([[20, 5], [10, 15]])), 12)
        0.4
    """
    return float(margins.kappa(margins.margins_of(matrix)))


def sensitivity(matrix: Real[np.ndarray, "2 2"], *, positive: int) -> float:
    """Return the true positive rate TP / P of a two-class matrix.

    Args:
        matrix: Confusion matrix, actual classes in rows.
        positive: Number of the class that counts as positive, 0 or 1.

    Raises:
        LayerwiseError: The matrix has not two classes, or `positive` is neither 0 nor 1.

    Source: lecture 003, "ROC Curve".

    Example:
        >>> sensitivity(np.array([[50, 10], [5, 35]]), positive=1)
        0.875
    """
    require_two_classes(matrix, positive)
    return float(recall_per_class(matrix)[positive])


def specificity(matrix: Real[np.ndarray, "2 2"], *, positive: int) -> float:
    """Return the true negative rate TN / N of a two-class matrix.

    Args:
        matrix: Confusion matrix, actual classes in rows.
        positive: Number of the class that counts as positive, 0 or 1.

    Raises:
        LayerwiseError: The matrix has not two classes, or `positive` is neither 0 nor 1.

    Source: lecture 003, "ROC Curve" (1 - FP rate).

    Example:
        >>> specificity(np.array([[45, 15], [5, 35]]), positive=1)
        0.75
    """
    require_two_classes(matrix, positive)
    return float(recall_per_class(matrix)[1 - positive])


def require_two_classes(matrix: np.ndarray, positive: int) -> None:
    """Refuse a matrix without exactly two classes, or a positive class that is neither.

    Raises:
        LayerwiseError: See above.
    """
    if matrix.shape != (2, 2) or positive not in (0, 1):
        raise LayerwiseError(
            say("Sensitivity and specificity need two classes, one of them named as positive."),
            say("{} classes and positive class {}", len(matrix), positive),
            say("With more classes use the recall of each class."),
        )


def negative_log_likelihoods(
    targets: Int[np.ndarray, " items"], probabilities: Float[np.ndarray, "items classes"]
) -> Float[np.ndarray, " items"]:
    """Return, for each item, minus the logarithm of the probability given to its actual class.

    L_i = -ln P(y = d_i | x_i), in nats; infinite where that probability is 0

    Raises:
        LayerwiseError: Lengths differ, a class number does not exist, or a row is no distribution.

    Source: lecture 003, performance measures ("Log Probability").

    Example:
        >>> negative_log_likelihoods(np.array([0, 1]), np.array([[1.0, 0.0], [0.75, 0.25]])).round(4).tolist()
        [0.0, 1.3863]
    """
    require_pairs(targets, probabilities)
    require_class_numbers(targets, probabilities.shape[1])
    require_distributions(probabilities)
    given = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    with np.errstate(divide="ignore"):
        # L_i = -ln P(y = d_i | x_i); the sum turns -0 into 0
        losses: np.ndarray = -np.log(given) + 0.0
    return losses


def log_loss(targets: Int[np.ndarray, " items"], probabilities: Float[np.ndarray, "items classes"]) -> float:
    """Return the mean negative log likelihood of the actual classes, in nats.

    log loss = -1/n sum_i ln P(y = d_i | x_i)

    Infinite where an actual class was given probability 0, which is what the model claimed; scikit-learn clips there.

    Raises:
        LayerwiseError: Lengths differ, a class number does not exist, or a row is no distribution.

    Source: lecture 003, performance measures.

    Example:
        >>> round(log_loss(np.array([0, 1]), np.array([[1.0, 0.0], [0.75, 0.25]])), 4)
        0.6931
    """
    return float(negative_log_likelihoods(targets, probabilities).mean())
