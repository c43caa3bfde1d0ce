"""A class for every pixel: the loss with an ignored label, its gradient, and how answers are counted."""

import numpy as np
from jaxtyping import Float, Int, Integer

from layerwise.byhand.activations import log_softmax, softmax

__all__ = ["count_pixels", "intersection_over_union", "pixel_cross_entropy", "pixel_cross_entropy_backward"]


def pixel_cross_entropy(
    logits: Float[np.ndarray, "batch classes height width"],
    labels: Integer[np.ndarray, "batch height width"],
    *,
    ignore: int = 255,
) -> tuple[float, int]:
    """Return the summed cross-entropy of the pixels that count, and their number.

    E = -sum over the pixels with t[n, i, j] != ignore of log softmax(z[n, :, i, j])[t[n, i, j]]

    Args:
        logits: Scores z before the softmax.
        labels: Place t of the right class of each pixel, or `ignore`.
        ignore: The label of pixels that do not count.

    Source: lecture 001, "Fully Convolutional Network"; arXiv:1411.4038, section 4.3.

    Example:
        >>> total, count = pixel_cross_entropy(np.zeros((1, 4, 1, 3)), np.array([[[0, 3, 255]]]))
        >>> round(total, 4), count
        (2.7726, 2)
    """
    n, i, j = np.nonzero(labels != ignore)
    # log softmax over the classes of each pixel
    logs = log_softmax(np.moveaxis(logits, 1, -1))
    # E = -sum log softmax(z)[t]
    return float(-logs[n, i, j, labels[n, i, j]].sum()), len(n)


def pixel_cross_entropy_backward(
    logits: Float[np.ndarray, "batch classes height width"],
    labels: Integer[np.ndarray, "batch height width"],
    *,
    ignore: int = 255,
) -> Float[np.ndarray, "batch classes height width"]:
    """Return the gradient of the summed loss with respect to the scores; ignored pixels have none.

    dE/dz[n, k, i, j] = softmax(z[n, :, i, j])[k] - [k = t[n, i, j]], 0 where t[n, i, j] = ignore

    Args:
        logits: What `pixel_cross_entropy` was given.
        labels: What `pixel_cross_entropy` was given.
        ignore: The label of pixels that do not count.

    Source: lecture 004, "Loss Functions"; arXiv:1411.4038, section 4.3.

    Example:
        >>> pixel_cross_entropy_backward(np.zeros((1, 2, 1, 2)), np.array([[[1, 255]]])).tolist()
        [[[[0.5, 0.0]], [[-0.5, 0.0]]]]
    """
    counted = labels != ignore
    wanted = np.arange(logits.shape[1])[None, :, None, None] == labels[:, None]
    # dE/dz = p - y
    gradient = np.moveaxis(softmax(np.moveaxis(logits, 1, -1)), -1, 1) - wanted
    return np.where(counted[:, None], gradient, 0.0)


def count_pixels(
    truth: Integer[np.ndarray, "height width"],
    answer: Integer[np.ndarray, "height width"],
    classes: int,
    *,
    ignore: int = 255,
) -> Int[np.ndarray, "classes classes"]:
    """Count, pixel after pixel, how often each class (row) was answered as each class (column).

    n_kl = number of pixels of class k that were answered as l; what is ignored is counted nowhere

    Args:
        truth: Class of each pixel, or `ignore`.
        answer: Answered class of each pixel.
        classes: Number of classes.
        ignore: The label of pixels that do not count.

    Source: arXiv:1411.4038, section 5.

    Example:
        >>> count_pixels(np.array([[0, 1, 255]]), np.array([[0, 0, 1]]), 2).tolist()
        [[1, 0], [1, 0]]
    """
    matrix = np.zeros((classes, classes), dtype=np.int64)
    for row, column in np.ndindex(*truth.shape):
        if truth[row, column] != ignore:
            # n_kl += 1
            matrix[truth[row, column], answer[row, column]] += 1
    return matrix


def intersection_over_union(truth: Float[np.ndarray, "*shape"], answer: Float[np.ndarray, "*shape"]) -> float:
    """Return the pixels that two regions share over those that either has; NaN where both are empty.

    IoU = sum min(a, b) / sum max(a, b),  a and b are 1 inside and 0 outside

    Args:
        truth: 1 inside the true region, 0 outside.
        answer: 1 inside the answered region, 0 outside.

    Source: P. Jaccard 1901; arXiv:1411.4038, section 5.

    Example:
        >>> intersection_over_union(np.array([1.0, 1.0, 1.0, 0.0]), np.array([0.0, 1.0, 1.0, 1.0]))
        0.5
    """
    # IoU = sum min(a, b) / sum max(a, b)
    shared, either = np.minimum(truth, answer).sum(), np.maximum(truth, answer).sum()
    return float(shared / either) if either else float("nan")
