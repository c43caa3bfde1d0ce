"""What each row adds to the error: the one figure that can be averaged over any of the rows."""

import numpy as np
from jaxtyping import Float, Shaped

__all__ = ["mean_error", "row_losses", "target_spreads"]


def row_losses(
    truths: Shaped[np.ndarray, "rows *targets"], answers: Float[np.ndarray, "rows columns"]
) -> Float[np.ndarray, " rows"]:
    """Return 1 for a wrong class and 0 for the right one, or the mean squared error of the numbers of each row.

    Args:
        truths: Class places `(rows,)`, or numbers `(rows, targets)`.
        answers: Class probabilities `(rows, classes)`, or predicted numbers `(rows, targets)`.

    Example:
        >>> row_losses(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
        [0.0, 1.0]
        >>> row_losses(np.array([[1.0], [2.0]]), np.array([[1.0], [5.0]])).tolist()
        [0.0, 9.0]
    """
    if truths.ndim == 1:
        return np.asarray(answers.argmax(axis=1) != truths, dtype=np.float64)
    return np.asarray(((answers - truths) ** 2).mean(axis=1))


def mean_error(truths: Shaped[np.ndarray, "rows *targets"], answers: Float[np.ndarray, "rows columns"]) -> float:
    """Return the error rate, or for numbers the root of their mean squared error.

    Example:
        >>> mean_error(np.array([[1.0], [2.0]]), np.array([[4.0], [5.0]]))
        3.0
    """
    mean = float(row_losses(truths, answers).mean())
    return mean if truths.ndim == 1 else mean**0.5


def target_spreads(truths: Float[np.ndarray, "rows targets"]) -> Float[np.ndarray, " targets"]:
    """Return the standard deviation of each target, by which errors of unlike units are divided; 1 where it is 0.

    Example:
        >>> target_spreads(np.array([[1.0, 500.0], [3.0, 500.0]])).tolist()
        [1.0, 1.0]
    """
    deviations = truths.std(axis=0)
    # A target that never changes has no spread to divide by.
    return np.asarray(np.where(np.ptp(truths, axis=0) > 0, deviations, 1.0))
