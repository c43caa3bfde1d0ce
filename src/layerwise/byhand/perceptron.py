"""The perceptron and its learning rule, as in the lecture: pick a point at random, add it, subtract it, or go on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["Learning", "append_one", "classify", "errors", "learn", "update"]


@dataclass(frozen=True)
class Learning:
    """What happened while a perceptron learned.

    Attributes:
        weights: The last weights; the final one belongs to the constant 1.
        history: The weights at the start and after every update.
        visits: How many points were picked.
        converged: Whether every point was on its side at the end.
    """

    weights: Float[np.ndarray, " features"]
    history: Float[np.ndarray, "updates_and_start features"]
    visits: int
    converged: bool

    @property
    def updates(self) -> int:
        """How often a point was added or subtracted."""
        return len(self.history) - 1


def append_one(points: Float[np.ndarray, "points features"]) -> Float[np.ndarray, "points features_and_one"]:
    """Append the constant 1 to every point, so that the last weight is the threshold.

    Args:
        points: One row per point.

    Source: lecture 003, "Perceptron" (slip E51: without it the boundary must pass through the origin).

    Example:
        >>> append_one(np.array([[0.0, 1.0]])).tolist()
        [[0.0, 1.0, 1.0]]
    """
    return np.concatenate([points, np.ones((len(points), 1), dtype=points.dtype)], axis=1)


def classify(
    weights: Float[np.ndarray, " features"], points: Float[np.ndarray, "points features"]
) -> Float[np.ndarray, " points"]:
    """Return the outputs of the perceptron.

    o = 1 where w . x > 0, else 0

    Args:
        weights: One per feature, the constant 1 included.
        points: One row per point, the constant 1 included.

    Source: lecture 003, "Perceptron".

    Example:
        >>> corners = append_one(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
        >>> classify(np.array([1.0, 1.0, -1.5]), corners).tolist()
        [0.0, 0.0, 0.0, 1.0]
    """
    # o = 1 where w . x > 0
    return (points @ weights > 0).astype(points.dtype)


def errors(
    weights: Float[np.ndarray, " features"],
    points: Float[np.ndarray, "points features"],
    targets: Float[np.ndarray, " points"],
) -> Bool[np.ndarray, " points"]:
    """Return which points are not strictly on their side; the boundary counts as an error for both sides.

    error: x in P and w . x <= 0, or x in N and w . x >= 0

    Args:
        weights: One per feature, the constant 1 included.
        points: One row per point, the constant 1 included.
        targets: 1 for the points of P, 0 for those of N.

    Source: lecture 003, "Parameter Learning in Perceptron".

    Example:
        >>> errors(np.zeros(2), np.array([[1.0, 1.0], [2.0, 1.0]]), np.array([0.0, 1.0])).tolist()
        [True, True]
    """
    sums = points @ weights
    # error: x in P and w . x <= 0, or x in N and w . x >= 0
    return np.where(targets == 1, sums <= 0, sums >= 0)


def update(
    weights: Float[np.ndarray, " features"], point: Float[np.ndarray, " features"], target: float
) -> Float[np.ndarray, " features"]:
    """Return the weights after one visit to a point.

    w <- w + x for x in P with w . x <= 0;  w <- w - x for x in N with w . x >= 0;  else w

    Args:
        weights: One per feature, the constant 1 included.
        point: The point visited, the constant 1 included.
        target: 1 if the point is in P, 0 if it is in N.

    Source: lecture 003, "Parameter Learning in Perceptron".

    Example:
        >>> update(np.zeros(3), np.array([1.0, 1.0, 1.0]), 1.0).tolist()
        [1.0, 1.0, 1.0]
    """
    weighted_sum = weights @ point
    if target == 1 and weighted_sum <= 0:
        # add: w <- w + x
        return weights + point
    if target == 0 and weighted_sum >= 0:
        # subtract: w <- w - x
        return weights - point
    return weights


def learn(
    points: Float[np.ndarray, "points features"],
    targets: Float[np.ndarray, " points"],
    *,
    generator: np.random.Generator,
    start: Float[np.ndarray, " features_and_one"] | None = None,
    visit_limit: int = 10_000,
) -> Learning:
    """Learn from single points picked at random until all are on their side or the limit is reached.

    For separable points with margin gamma inside radius R, from w = 0, at most (R / gamma)^2 updates are needed.

    Args:
        points: One row per point; the constant 1 is appended here.
        targets: 1 for the points of P, 0 for those of N.
        generator: Picks the start (uniform from -1 to 1) and the points.
        start: First weights, the constant's last; None draws them.
        visit_limit: When to stop if the points cannot be separated, >= 0.

    Raises:
        ValueError: A target is neither 0 nor 1.

    Source: lecture 003, "Parameter Learning in Perceptron" (slip E51: it has no stopping rule); Novikoff 1962.

    Example:
        >>> corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> learn(corners, np.array([0.0, 0.0, 0.0, 1.0]), generator=np.random.default_rng(0)).converged
        True
        >>> learn(corners, np.array([0.0, 1.0, 1.0, 0.0]), generator=np.random.default_rng(0)).converged
        False
    """
    if not np.isin(targets, (0, 1)).all():
        raise ValueError(f"targets must be 0 or 1: got {np.unique(targets)[:5].tolist()}; code the two classes so")
    extended = append_one(points)
    # start: the weight vector w is generated randomly
    weights = start
    if weights is None:
        weights = np.asarray(generator.uniform(-1, 1, extended.shape[1]), dtype=points.dtype)
    history, visits = [weights], 0
    converged = not errors(weights, extended, targets).any()
    while not converged and visits < visit_limit:
        # test: a vector x in P or N is selected randomly
        chosen = int(generator.integers(len(extended)))
        visits += 1
        moved = update(weights, extended[chosen], float(targets[chosen]))
        if moved is not weights:
            weights = moved
            history.append(weights)
            converged = not errors(weights, extended, targets).any()
    return Learning(weights, np.stack(history), visits, converged)
