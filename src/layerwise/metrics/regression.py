"""Measures of predicted numbers: squared and absolute errors, and the share of variance explained."""

import numpy as np
from jaxtyping import Real

from layerwise.metrics.arrays import require_finite, require_pairs, require_same_shape
from layerwise.metrics.margins import ratio

__all__ = ["half_squared_error", "mae", "mse", "r2", "rmse"]


def half_squared_error(
    targets: Real[np.ndarray, "items *outputs"], predictions: Real[np.ndarray, "items *outputs"]
) -> float:
    """Return the lecture's half squared error of an item, averaged over the items.

    E(n) = 1/2 sum_j e_j(n)^2,  e_j(n) = d_j(n) - y_j(n)

    For a single item this is E(n) itself; for a part of the data the mean over its items, so that parts of
    different size can be compared.

    Args:
        targets: One row an item (or one number an item).
        predictions: The same shape.

    Raises:
        LayerwiseError: Shapes differ, there are no items, or a value is not finite.

    Source: lecture 003, performance measures.

    Example:
        >>> half_squared_error(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]]))
        0.25
    """
    # E(n) = 1/2 sum_j (d_j - y_j)^2
    return float((0.5 * errors(targets, predictions) ** 2).sum(axis=1).mean())


def mse(targets: Real[np.ndarray, "items *outputs"], predictions: Real[np.ndarray, "items *outputs"]) -> float:
    """Return the mean squared error over all items and outputs.

    MSE = 1/n sum_i (d_i - y_i)^2

    Raises:
        LayerwiseError: Shapes differ, there are no items, or a value is not finite.

    Source: lecture 003, "Analysis".

    Example:
        >>> mse(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 6.0]))
        1.0
    """
    return float((errors(targets, predictions) ** 2).mean())


def rmse(targets: Real[np.ndarray, "items *outputs"], predictions: Real[np.ndarray, "items *outputs"]) -> float:
    """Return the root of the mean squared error, in the unit of the target.

    RMSE = sqrt(MSE)

    Raises:
        LayerwiseError: Shapes differ, there are no items, or a value is not finite.

    Source: lecture 003, "Analysis" (RMSD).

    Example:
        >>> rmse(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 10.0]))
        3.0
    """
    return float(np.sqrt(mse(targets, predictions)))


def mae(targets: Real[np.ndarray, "items *outputs"], predictions: Real[np.ndarray, "items *outputs"]) -> float:
    """Return the mean absolute error over all items and outputs.

    MAE = 1/n sum_i |d_i - y_i|

    Raises:
        LayerwiseError: Shapes differ, there are no items, or a value is not finite.

    Example:
        >>> mae(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 6.0]))
        0.5
    """
    return float(np.abs(errors(targets, predictions)).mean())


def r2(targets: Real[np.ndarray, "items *outputs"], predictions: Real[np.ndarray, "items *outputs"]) -> float:
    """Return the share of the targets' variance that is explained; NaN where the targets do not vary.

    R2 = 1 - sum_i (d_i - y_i)^2 / sum_i (d_i - mean d)^2, averaged over the outputs

    0 is as good as predicting the mean, below 0 is worse.

    Raises:
        LayerwiseError: Shapes differ, there are no items, or a value is not finite.

    Example:
        >>> r2(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 5.0]))
        0.8
    """
    residual = (errors(targets, predictions) ** 2).sum(axis=0)
    columns = targets.reshape(len(targets), -1).astype(np.float64)
    # a constant column has no variance, whatever rounding its mean leaves
    varies = (columns != columns[0]).any(axis=0)
    spread = np.where(varies, ((columns - columns.mean(axis=0)) ** 2).sum(axis=0), 0.0)
    # R2 = 1 - SSE / SST
    return float((1 - ratio(residual, spread)).mean())


def errors(targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return e = d - y in float64, one row an item and one column an output.

    Raises:
        LayerwiseError: Shapes differ, there are no items, or a value is not finite.

    Example:
        >>> errors(np.array([1, 2]), np.array([0.5, 2.0])).tolist()
        [[0.5], [0.0]]
    """
    require_pairs(targets, predictions)
    require_same_shape(targets, predictions)
    require_finite(targets)
    require_finite(predictions)
    return (targets.astype(np.float64) - predictions.astype(np.float64)).reshape(len(targets), -1)
