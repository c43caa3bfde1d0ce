"""Permutation importance: how much worse the answers get when one field's values are dealt to other rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from layerwise.evaluation.intervals import student_quantile
from layerwise.evaluation.resampling import variance_of_units

__all__ = ["Importance", "mean_with_interval", "permutation_importance"]


@dataclass(frozen=True)
class Importance:
    """How much one field matters.

    Args:
        field: Name of the field.
        value: How much the figure falls, the mean over all permutations.
        low: Lower end of its interval.
        high: Upper end of its interval.
    """

    field: str
    value: float
    low: float
    high: float


def permutation_importance(
    inputs: Float[np.ndarray, "rows features"], columns: Mapping[str, Sequence[int]],
    losses: Callable[[np.ndarray], Float[np.ndarray, " rows"]], permutations: Int[np.ndarray, "repeats rows"], *,
    groups: Shaped[np.ndarray, " rows"] | None = None, confidence: float = 0.95,
) -> tuple[Importance, ...]:  # fmt: skip
    """Return how much the loss rises when the values of one field are dealt to other rows, for every field.

    I_f = 1/K sum_k (L(x with field f permuted by k) - L(x))

    With the loss of a row 1 for a wrong class this is the fall of the accuracy; with its squared error over the
    variance of the targets it is the fall of R2. Fields that tell nearly the same stand in for each
    other, so that each looks unimportant alone.

    Args:
        inputs: What the network sees.
        columns: The places of the inputs that each field became; they are permuted together.
        losses: The loss of each row for some inputs.
        permutations: The order of rows of every repeat, the same for all fields.
        groups: One label a row; the interval then counts groups.
        confidence: Of the intervals, 0 to 1.

    Returns:
        One importance a field, the largest first.

    Source: Breiman 2001, "Random forests", section 10; Fisher, Rudin and Dominici 2019 (for any model).

    Example:
        >>> x = np.array([[0., 5.], [1., 5.], [2., 5.], [3., 5.]])
        >>> wrong = lambda seen: (seen[:, 0] != x[:, 0]).astype(float)
        >>> found = permutation_importance(x, {"a": [0], "b": [1]}, wrong, np.array([[1, 0, 2, 3]]))
        >>> [(each.field, each.value) for each in found]
        [('a', 0.5), ('b', 0.0)]
    """
    before, found = losses(inputs), []
    for name, places in columns.items():
        rises = np.zeros(len(inputs))
        for order in permutations:
            seen = inputs.copy()
            seen[:, list(places)] = inputs[order][:, list(places)]
            rises += losses(seen) - before
        # I_f = 1/K sum_k (L(x with field f permuted by k) - L(x))
        value, low, high = mean_with_interval(rises / len(permutations), groups, confidence)
        found.append(Importance(name, value, low, high))
    return tuple(sorted(found, key=lambda each: -each.value))


def mean_with_interval(
    values: Float[np.ndarray, " rows"], groups: Shaped[np.ndarray, " rows"] | None, confidence: float
) -> tuple[float, float, float]:
    """Return a mean that may be negative with its interval; of groups, the mean over all their rows.

    m = sum_u D_u / sum_u n_u,  s^2 = U / (U - 1) sum_u (D_u - m n_u)^2 / (sum_u n_u)^2,  m -+ t s

    Args:
        values: One a row.
        groups: One label a row, or None.
        confidence: Of the interval, 0 to 1.

    Source: Cochran 1977, "Sampling techniques", section 6.3 (the ratio of sums of units).

    Example:
        >>> mean_with_interval(np.array([0.0, 2.0, 1.0]), None, 0.95)[0]
        1.0
    """
    mean = float(values.mean())
    # s^2 = U / (U - 1) sum_u (D_u - m n_u)^2 / (sum_u n_u)^2
    variance, count = variance_of_units((values - mean) / len(values), groups)
    if count < 2:
        return mean, -math.inf, math.inf
    half = student_quantile(confidence, count - 1) * math.sqrt(variance)
    return mean, mean - half, mean + half
