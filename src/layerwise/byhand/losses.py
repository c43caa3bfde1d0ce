"""Losses: each returns its value and its gradient with respect to the prediction."""

from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from layerwise.byhand.activations import log_softmax, sigmoid

__all__ = [
    "Reduction",
    "absolute_error",
    "binary_cross_entropy",
    "binary_cross_entropy_from_logits",
    "cross_entropy",
    "half_squared_error",
    "negative_log_likelihood",
    "perceptron_criterion",
    "squared_error",
]

Reduction = Literal["mean", "sum"]


def _divisor(count: int, reduction: Reduction) -> int:
    if reduction == "mean":
        return count
    if reduction == "sum":
        return 1
    raise ValueError(f"reduction must be mean or sum: got {reduction!r}; choose one of the two")


def _check_shapes(predictions: Float[np.ndarray, "..."], targets: Float[np.ndarray, "..."]) -> None:
    if predictions.shape != targets.shape:
        raise ValueError(
            "predictions and targets must have the same shape: "
            f"got {predictions.shape} and {targets.shape}; reshape the targets"
        )


def squared_error(
    predictions: Float[np.ndarray, "*shape"], targets: Float[np.ndarray, "*shape"], *, reduction: Reduction = "mean"
) -> tuple[float, Float[np.ndarray, "*shape"]]:
    """Return the squared error (MSE) and its gradient.

    E = (1/N) sum (y - d)^2,  dE/dy = (2/N) (y - d)

    Args:
        predictions: The outputs y.
        targets: The wanted outputs d.
        reduction: "mean" divides by the number N of values, "sum" by 1.

    Raises:
        ValueError: The shapes differ, or the reduction is unknown.

    Source: lecture 004, "Loss Functions" (MSE); lecture 003, "Sigmoid Unit" ((d - f)^2, the sum).

    Example:
        >>> value, gradient = squared_error(np.array([1.0, 4.0]), np.array([0.0, 2.0]))
        >>> value, gradient.tolist()
        (2.5, [1.0, 2.0])
    """
    _check_shapes(predictions, targets)
    n = _divisor(predictions.size, reduction)
    errors = predictions - targets
    # E = (1/N) sum (y - d)^2,  dE/dy = (2/N) (y - d)
    return float((errors**2).sum() / n), 2 * errors / n


def half_squared_error(
    predictions: Float[np.ndarray, "batch *shape"],
    targets: Float[np.ndarray, "batch *shape"],
    *,
    reduction: Reduction = "mean",
) -> tuple[float, Float[np.ndarray, "batch *shape"]]:
    """Return half the squared error of an example, summed over its outputs, and its gradient.

    E(n) = 1/2 sum_j (y_j - d_j)^2,  E = (1/N) sum_n E(n),  dE/dy = (y - d) / N

    Args:
        predictions: One row of outputs y per example.
        targets: The wanted outputs d.
        reduction: "mean" divides by the number N of examples (not of values), "sum" by 1.

    Raises:
        ValueError: The shapes differ, or the reduction is unknown.

    Source: lecture 003, "measures" (E(n) = 1/2 sum e_j^2).

    Example:
        >>> value, gradient = half_squared_error(np.array([[1.0, 4.0]]), np.array([[0.0, 2.0]]))
        >>> value, gradient.tolist()
        (2.5, [[1.0, 2.0]])
    """
    _check_shapes(predictions, targets)
    n = _divisor(len(predictions), reduction)
    errors = predictions - targets
    # E = (1/N) sum_n 1/2 sum_j (y_j - d_j)^2,  dE/dy = (y - d) / N
    return float((errors**2).sum() / 2 / n), errors / n


def absolute_error(
    predictions: Float[np.ndarray, "*shape"], targets: Float[np.ndarray, "*shape"], *, reduction: Reduction = "mean"
) -> tuple[float, Float[np.ndarray, "*shape"]]:
    """Return the absolute error (MAE) and its gradient.

    E = (1/N) sum |y - d|,  dE/dy = sign(y - d) / N, 0 where y = d

    Args:
        predictions: The outputs y.
        targets: The wanted outputs d.
        reduction: "mean" divides by the number N of values, "sum" by 1.

    Raises:
        ValueError: The shapes differ, or the reduction is unknown.

    Source: lecture 004, "Loss Functions" (MAE).

    Example:
        >>> value, gradient = absolute_error(np.array([1.0, 2.0]), np.array([0.0, 4.0]))
        >>> value, gradient.tolist()
        (1.5, [0.5, -0.5])
    """
    _check_shapes(predictions, targets)
    n = _divisor(predictions.size, reduction)
    errors = predictions - targets
    # E = (1/N) sum |y - d|,  dE/dy = sign(y - d) / N
    return float(np.abs(errors).sum() / n), np.sign(errors) / n


def negative_log_likelihood(
    log_probabilities: Float[np.ndarray, "batch classes"],
    targets: Int[np.ndarray, " batch"],
    *,
    reduction: Reduction = "mean",
) -> tuple[float, Float[np.ndarray, "batch classes"]]:
    """Return the negative log-likelihood of the right classes and its gradient.

    E = -(1/N) sum_n log p_n[t_n],  dE/dlog p_n[k] = -[k = t_n] / N

    Args:
        log_probabilities: One row per example, as from `log_softmax`.
        targets: The right class of each example, 0 to classes - 1.
        reduction: "mean" divides by the number N of examples, "sum" by 1.

    Raises:
        ValueError: A class does not exist, or the reduction is unknown.

    Source: lecture 003, "measures" (L(w) = -sum log P).

    Example:
        >>> value, gradient = negative_log_likelihood(np.log(np.array([[0.5, 0.5]])), np.array([1]))
        >>> round(value, 6), gradient.tolist()
        (0.693147, [[0.0, -1.0]])
    """
    classes = log_probabilities.shape[1]
    if targets.size and not 0 <= targets.min() <= targets.max() < classes:
        raise ValueError(
            f"targets must be classes from 0 to {classes - 1}: got {targets.min()} to {targets.max()}; "
            "number the classes from 0"
        )
    n = _divisor(len(targets), reduction)
    examples = np.arange(len(targets))
    gradient = np.zeros_like(log_probabilities)
    # dE/dlog p_n[k] = -[k = t_n] / N
    gradient[examples, targets] = -1 / n
    # E = -(1/N) sum_n log p_n[t_n]
    return float(-log_probabilities[examples, targets].sum() / n), gradient


def cross_entropy(
    logits: Float[np.ndarray, "batch classes"], targets: Int[np.ndarray, " batch"], *, reduction: Reduction = "mean"
) -> tuple[float, Float[np.ndarray, "batch classes"]]:
    """Return the cross-entropy of softmax(logits) and its gradient with respect to the logits.

    E = -(1/N) sum_n log softmax(a_n)[t_n],  dE/da = (softmax(a) - one-hot(t)) / N

    Args:
        logits: One row of scores per example, of any size.
        targets: The right class of each example, 0 to classes - 1.
        reduction: "mean" divides by the number N of examples, "sum" by 1.

    Raises:
        ValueError: A class does not exist, or the reduction is unknown.

    Source: lecture 004, "Loss Functions"; lecture 003.

    Example:
        >>> value, gradient = cross_entropy(np.array([[0.0, 10000.0]]), np.array([0]))
        >>> value, gradient.tolist()
        (10000.0, [[-1.0, 1.0]])
    """
    logarithms = log_softmax(logits)
    # E = -(1/N) sum_n log softmax(a_n)[t_n]
    value, picked = negative_log_likelihood(logarithms, targets, reduction=reduction)
    # dE/da = (p - one-hot(t)) / N; `picked` is -one-hot(t) / N
    gradient = np.exp(logarithms) / _divisor(len(targets), reduction) + picked
    return value, gradient


def binary_cross_entropy(
    probabilities: Float[np.ndarray, "*shape"], targets: Float[np.ndarray, "*shape"], *, reduction: Reduction = "mean"
) -> tuple[float, Float[np.ndarray, "*shape"]]:
    """Return the binary cross-entropy of probabilities and its gradient.

    E = -(1/N) sum (t ln y + (1 - t) ln(1 - y)),  dE/dy = (y - t) / (y (1 - y)) / N

    Args:
        probabilities: The outputs y, from 0 to 1; as in torch, ln is cut at -100 and y (1 - y) at 1e-12.
        targets: The wanted outputs t, from 0 to 1.
        reduction: "mean" divides by the number N of values, "sum" by 1.

    Raises:
        ValueError: A probability is outside 0 to 1, the shapes differ, or the reduction is unknown.

    Source: lecture 003, the switch network's E; lecture 004, "Loss Functions".

    Example:
        >>> value, gradient = binary_cross_entropy(np.array([0.5]), np.array([1.0]))
        >>> round(value, 6), gradient.tolist()
        (0.693147, [-2.0])
    """
    _check_shapes(probabilities, targets)
    if probabilities.size and not 0 <= probabilities.min() <= probabilities.max() <= 1:
        raise ValueError(
            f"probabilities must lie between 0 and 1: got {probabilities.min()} to {probabilities.max()}; "
            "use binary_cross_entropy_from_logits for raw scores"
        )
    n = _divisor(probabilities.size, reduction)
    with np.errstate(divide="ignore"):
        log_yes = np.maximum(np.log(probabilities), -100)
        log_no = np.maximum(np.log1p(-probabilities), -100)
    # E = -(1/N) sum (t ln y + (1 - t) ln(1 - y))
    value = -(targets * log_yes + (1 - targets) * log_no).sum() / n
    # dE/dy = (y - t) / (y (1 - y)) / N
    slope = np.maximum(probabilities * (1 - probabilities), 1e-12)
    return float(value), (probabilities - targets) / slope / n


def binary_cross_entropy_from_logits(
    logits: Float[np.ndarray, "*shape"], targets: Float[np.ndarray, "*shape"], *, reduction: Reduction = "mean"
) -> tuple[float, Float[np.ndarray, "*shape"]]:
    """Return the binary cross-entropy of sigmoid(logits) and its gradient with respect to the logits.

    E = (1/N) sum (max(s, 0) - s t + ln(1 + e^-|s|)),  dE/ds = (sigmoid(s) - t) / N

    Args:
        logits: Weighted sums s, of any size.
        targets: The wanted outputs t, from 0 to 1.
        reduction: "mean" divides by the number N of values, "sum" by 1.

    Raises:
        ValueError: The shapes differ, or the reduction is unknown.

    Source: lecture 003, the switch network's E; lecture 004, "Loss Functions".

    Example:
        >>> value, gradient = binary_cross_entropy_from_logits(np.array([10000.0]), np.array([0.0]))
        >>> value, gradient.tolist()
        (10000.0, [1.0])
    """
    _check_shapes(logits, targets)
    n = _divisor(logits.size, reduction)
    # E = (1/N) sum (max(s, 0) - s t + ln(1 + e^-|s|))
    value = (np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))).sum() / n
    # dE/ds = (sigmoid(s) - t) / N
    return float(value), (sigmoid(logits) - targets) / n


def perceptron_criterion(
    sums: Float[np.ndarray, "*shape"], targets: Float[np.ndarray, "*shape"], *, reduction: Reduction = "mean"
) -> tuple[float, Float[np.ndarray, "*shape"]]:
    """Return how far the wrong examples lie on the wrong side; descending its gradient is the perceptron's rule.

    E = (1/N) sum max(0, -z s) with z = 2d - 1,  dE/ds = -z / N where z s <= 0, else 0

    At the boundary (s = 0, so also at w = 0) the point counts as an error and the weights move.

    Args:
        sums: Weighted sums s = w . x.
        targets: The wanted outputs d, 1 for the positive side and 0 for the negative one.
        reduction: "mean" divides by the number N of values, "sum" by 1.

    Raises:
        ValueError: A target is neither 0 nor 1, the shapes differ, or the reduction is unknown.

    Source: lecture 003, "Parameter Learning in Perceptron".

    Example:
        >>> sums, targets = np.array([0.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0])
        >>> value, gradient = perceptron_criterion(sums, targets, reduction="sum")
        >>> value, gradient.tolist()
        (2.0, [-1.0, 1.0, 0.0])
    """
    _check_shapes(sums, targets)
    if not np.isin(targets, (0, 1)).all():
        raise ValueError(f"targets must be 0 or 1: got {np.unique(targets)[:5].tolist()}; code the two classes so")
    n = _divisor(sums.size, reduction)
    # z = 2d - 1
    sides = 2 * targets - 1
    margins = sides * sums
    # E = (1/N) sum max(0, -z s)
    value = np.maximum(0, -margins).sum() / n
    # dE/ds = -z / N where z s <= 0
    return float(value), np.where(margins <= 0, -sides, 0) / n
