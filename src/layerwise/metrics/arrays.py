"""What every measure demands of its arrays, with errors that say what was found."""

import numpy as np

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = [
    "mean_of_defined",
    "require_class_numbers",
    "require_distributions",
    "require_finite",
    "require_pairs",
    "require_same_shape",
]


def require_pairs(first: np.ndarray, second: np.ndarray) -> None:
    """Refuse two arrays that do not describe the same items.

    Raises:
        LayerwiseError: The numbers of items differ, or there are no items.
    """
    if len(first) != len(second):
        raise LayerwiseError(
            say("Targets and predictions must describe the same items."),
            say("{} targets and {} predictions", len(first), len(second)),
            say("Pass one prediction for every target, in the same order."),
        )
    if len(first) == 0:
        raise LayerwiseError(
            say("A measure needs at least one item."),
            say("no items"),
            say("Check how the part that is measured was chosen."),
        )


def require_same_shape(first: np.ndarray, second: np.ndarray) -> None:
    """Refuse a broadcast that nobody asked for, such as (items, 1) against (items,).

    Raises:
        LayerwiseError: The shapes differ.
    """
    if first.shape != second.shape:
        raise LayerwiseError(
            say("Targets and predictions must have the same shape."),
            say("{} against {}", first.shape, second.shape),
            say("Reshape one of them, for example with reshape(-1)."),
        )


def require_finite(values: np.ndarray) -> None:
    """Refuse numbers that are infinite or not a number.

    Raises:
        LayerwiseError: At least one value is not finite.
    """
    broken = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if broken.size:
        raise LayerwiseError(
            say("Measured values must be finite numbers."),
            say("{} of {} items are not finite, the first is item {}", broken.size, len(values), broken[0]),
            say("Look at the inputs of that item and at the weights of the model."),
        )


def require_class_numbers(labels: np.ndarray, classes: int) -> None:
    """Refuse class numbers outside 0 .. classes - 1.

    Raises:
        LayerwiseError: A label is negative or too large.
    """
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if outside.size:
        raise LayerwiseError(
            say("Class numbers must lie between 0 and {}.", classes - 1),
            say("{} at item {}", labels[outside[0]], outside[0]),
            say("Pass the number of classes that the labels were made with."),
        )


def require_distributions(probabilities: np.ndarray) -> None:
    """Refuse rows that are not probability distributions (sum 1 within 0.001).

    Raises:
        LayerwiseError: A value is negative or not a number, or a row does not sum to 1.
    """
    rows = probabilities.reshape(-1, probabilities.shape[-1])
    sums = rows.sum(axis=1, dtype=np.float64)
    # written so that a NaN anywhere makes the row wrong
    wrong = np.flatnonzero(~((np.abs(sums - 1) <= 1e-3) & (rows >= 0).all(axis=1)))
    if wrong.size:
        raise LayerwiseError(
            say("Probabilities must be zero or more and sum to 1 for every item."),
            say("item {} with smallest value {} and sum {}", wrong[0], rows[wrong[0]].min(), sums[wrong[0]]),
            say("Pass the output of a softmax, not the logits before it."),
        )


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Average along the last axis over the values that are defined (NaN where none is).

    Example:
        >>> mean_of_defined(np.array([[0.5, np.nan, 1.0], [np.nan, np.nan, np.nan]])).tolist()
        [0.75, nan]
    """
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, values, 0.0).sum(axis=-1) / defined.sum(axis=-1))
