"""One sigmoid unit and the delta rule."""

import numpy as np
from jaxtyping import Float

from layerwise.byhand.activations import sigmoid

__all__ = ["delta_rule", "gradient", "loss", "output"]


def output(
    weights: Float[np.ndarray, " features"], inputs: Float[np.ndarray, "examples features"]
) -> Float[np.ndarray, " examples"]:
    """Return the unit's answer for every example.

    f = 1 / (1 + e^-s),  s = X . W

    Args:
        weights: One per feature; give the inputs a constant 1 for a bias.
        inputs: One row X per example.

    Source: lecture 003, "Sigmoid Unit".

    Example:
        >>> output(np.array([1.0, -1.0]), np.array([[2.0, 2.0]])).tolist()
        [0.5]
    """
    # s = X . W
    sums = inputs @ weights
    # f = 1 / (1 + e^-s)
    return sigmoid(sums)


def loss(
    weights: Float[np.ndarray, " features"],
    inputs: Float[np.ndarray, "examples features"],
    targets: Float[np.ndarray, " examples"],
) -> float:
    """Return the squared error, summed over the examples.

    epsilon = (d - f)^2

    Args:
        weights: One per feature.
        inputs: One row X per example.
        targets: The wanted outputs d, from 0 to 1.

    Source: lecture 003, "Learning Algorithm of Sigmoid Unit".

    Example:
        >>> loss(np.zeros(2), np.array([[2.0, 2.0]]), np.array([1.0]))
        0.25
    """
    # epsilon = (d - f)^2
    return float(((targets - output(weights, inputs)) ** 2).sum())


def gradient(
    weights: Float[np.ndarray, " features"],
    inputs: Float[np.ndarray, "examples features"],
    targets: Float[np.ndarray, " examples"],
) -> Float[np.ndarray, " features"]:
    """Return the gradient of the loss.

    d epsilon / dW = -2 (d - f) f (1 - f) X, summed over the examples

    Args:
        weights: One per feature.
        inputs: One row X per example.
        targets: The wanted outputs d, from 0 to 1.

    Source: lecture 003, "Learning Algorithm of Sigmoid Unit".

    Example:
        >>> gradient(np.zeros(2), np.array([[2.0, 4.0]]), np.array([1.0])).tolist()
        [-0.5, -1.0]
    """
    f = output(weights, inputs)
    # d epsilon / dW = -2 (d - f) f (1 - f) X
    return (-2 * (targets - f) * f * (1 - f)) @ inputs


def delta_rule(
    weights: Float[np.ndarray, " features"],
    inputs: Float[np.ndarray, "examples features"],
    targets: Float[np.ndarray, " examples"],
    *,
    rate: float,
) -> Float[np.ndarray, " features"]:
    """Return the weights after one update; the rate c is twice the step along the gradient.

    W <- W + c (d - f) f (1 - f) X, summed over the examples

    Args:
        weights: One per feature.
        inputs: One row X per example.
        targets: The wanted outputs d, from 0 to 1.
        rate: The learning rate c, > 0.

    Source: lecture 003, "Learning Algorithm of Sigmoid Unit" (slip E35: gradient descent with step c / 2).

    Example:
        >>> delta_rule(np.zeros(2), np.array([[2.0, 4.0]]), np.array([1.0]), rate=1.0).tolist()
        [0.25, 0.5]
    """
    f = output(weights, inputs)
    # W <- W + c (d - f) f (1 - f) X
    return weights + rate * ((targets - f) * f * (1 - f)) @ inputs
