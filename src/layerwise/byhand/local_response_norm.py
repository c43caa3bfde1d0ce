"""Local response normalisation: a strong map damps its neighbours at the same position."""

from typing import Literal

import numpy as np
from jaxtyping import Float

__all__ = ["Form", "backward", "forward"]

Form = Literal["paper", "torch"]


def _neighbour_sum(
    values: Float[np.ndarray, "batch channels *positions"], before: int, after: int
) -> Float[np.ndarray, "batch channels *positions"]:
    """Sum each channel with its neighbours, those that exist."""
    channels = values.shape[1]
    total = np.zeros_like(values)
    for offset in range(-before, after + 1):
        first, last = max(0, -offset), min(channels, channels - offset)
        if first < last:
            # total_i += values_(i + offset)
            total[:, first:last] += values[:, first + offset : last + offset]
    return total


def _window_and_scale(size: int, alpha: float, form: Form) -> tuple[int, int, float]:
    if size < 1:
        raise ValueError(f"size must be at least 1 channel: got {size}; AlexNet uses 5")
    if form == "paper":
        return size // 2, size // 2, alpha
    if form == "torch":
        # torch means the average over the window: alpha / n; an even window reaches one channel further back
        return size // 2, (size - 1) // 2, alpha / size
    raise ValueError(f"form must be paper or torch: got {form!r}; choose one of the two")


def forward(
    inputs: Float[np.ndarray, "batch channels *positions"],
    size: int = 5,
    *,
    alpha: float = 1e-4,
    beta: float = 0.75,
    constant: float = 2.0,
    form: Form = "paper",
) -> Float[np.ndarray, "batch channels *positions"]:
    """Return every activity divided by the activity around it, across channels.

    b_i = a_i / (k + alpha sum_(j = max(0, i - n/2))^(min(N - 1, i + n/2)) a_j^2)^beta

    Args:
        inputs: Activities a, after the ReLU.
        size: Channels n of the window, >= 1; n/2 is rounded down, so 5 means two on each side.
        alpha: Strength; in the torch form it is divided by n, so pass alpha n there to get the paper's values.
        beta: Exponent.
        constant: The k that keeps the divisor from 0; torch's default is 1.
        form: "paper" is AlexNet's formula, "torch" that of `torch.nn.LocalResponseNorm`.

    Raises:
        ValueError: The size is below 1, or the form is unknown.

    Source: Krizhevsky et al., NeurIPS 2012, section 3.3; lecture 002, "Local response normalization" (slip E28).

    Example:
        >>> forward(np.array([[[1.0], [2.0]]]), 3, alpha=1.0, beta=0.5, constant=4.0).round(4).tolist()
        [[[0.3333], [0.6667]]]
    """
    before, after, strength = _window_and_scale(size, alpha, form)
    # D_i = k + alpha sum_j a_j^2
    divisors = constant + strength * _neighbour_sum(inputs**2, before, after)
    # b_i = a_i D_i^-beta
    return inputs * divisors**-beta


def backward(
    gradient: Float[np.ndarray, "batch channels *positions"],
    inputs: Float[np.ndarray, "batch channels *positions"],
    size: int = 5,
    *,
    alpha: float = 1e-4,
    beta: float = 0.75,
    constant: float = 2.0,
    form: Form = "paper",
) -> Float[np.ndarray, "batch channels *positions"]:
    """Return the gradient with respect to the inputs.

    dE/da_j = dE/db_j D_j^-beta - 2 alpha beta a_j sum over the i whose window holds j of dE/db_i a_i D_i^(-beta - 1)

    Args:
        gradient: dE/db.
        inputs: What `forward` was given.
        size: As for `forward`.
        alpha: As for `forward`.
        beta: As for `forward`.
        constant: As for `forward`.
        form: As for `forward`.

    Raises:
        ValueError: The size is below 1, or the form is unknown.

    Source: Krizhevsky et al., NeurIPS 2012, section 3.3, differentiated.

    Example:
        >>> x = np.array([[[1.0], [2.0]]])
        >>> backward(np.ones_like(x), x, 3, alpha=1.0, beta=0.5, constant=4.0).round(4).tolist()
        [[[0.2222], [0.1111]]]
    """
    before, after, strength = _window_and_scale(size, alpha, form)
    divisors = constant + strength * _neighbour_sum(inputs**2, before, after)
    # the windows that hold j are those of i = j - after .. j + before: the window, mirrored
    through_divisors = _neighbour_sum(gradient * inputs * divisors ** (-beta - 1), after, before)
    # dE/da_j = dE/db_j D_j^-beta - 2 alpha beta a_j sum_i dE/db_i a_i D_i^(-beta - 1)
    return gradient * divisors**-beta - 2 * strength * beta * inputs * through_divisors
