"""Inverted dropout: silence units at random in training and scale the others up, so that nothing changes in use."""

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["backward", "draw_mask", "forward"]


def _check_probability(probability: float) -> None:
    if not 0 <= probability < 1:
        raise ValueError(
            f"the probability of dropping a unit must be at least 0 and below 1: got {probability}; 0.5 is usual"
        )


def draw_mask(shape: tuple[int, ...], probability: float, generator: np.random.Generator) -> Bool[np.ndarray, "..."]:
    """Return which units stay: each with probability 1 - p, independently.

    Args:
        shape: The shape of the inputs.
        probability: The chance p that a unit is dropped, 0 <= p < 1.
        generator: The source of randomness.

    Raises:
        ValueError: The probability is out of range.

    Source: lecture 004, "Dropout"; arXiv:1207.0580.

    Example:
        >>> int(draw_mask((1000,), 0.0, np.random.default_rng(0)).sum())
        1000
    """
    _check_probability(probability)
    return generator.random(shape) >= probability


def forward(
    inputs: Float[np.ndarray, "*shape"], mask: Bool[np.ndarray, "*shape"], probability: float
) -> Float[np.ndarray, "*shape"]:
    """Return the inputs with dropped units at 0 and the others scaled up.

    y = m x / (1 - p), so that the expectation of y is x

    Args:
        inputs: Any values.
        mask: True where a unit stays.
        probability: The chance p with which the mask was drawn, 0 <= p < 1.

    Raises:
        ValueError: The probability is out of range.

    Source: lecture 004, "Dropout". AlexNet (arXiv:1207.0580) scales by 1 - p in use instead.

    Example:
        >>> forward(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]), 0.5).tolist()
        [2.0, 0.0, 6.0]
    """
    _check_probability(probability)
    # y = m x / (1 - p)
    return inputs * mask * (1 / (1 - probability))


def backward(
    gradient: Float[np.ndarray, "*shape"], mask: Bool[np.ndarray, "*shape"], probability: float
) -> Float[np.ndarray, "*shape"]:
    """Return the gradient with respect to the inputs.

    dE/dx = dE/dy m / (1 - p)

    Args:
        gradient: dE/dy.
        mask: The mask of the forward pass.
        probability: The chance p of the forward pass.

    Raises:
        ValueError: The probability is out of range.

    Source: lecture 004, "Dropout".

    Example:
        >>> backward(np.ones(3), np.array([True, False, True]), 0.5).tolist()
        [2.0, 0.0, 2.0]
    """
    _check_probability(probability)
    # dE/dx = dE/dy m / (1 - p)
    return gradient * mask * (1 / (1 - probability))
