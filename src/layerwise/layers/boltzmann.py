"""Energies of a restricted Boltzmann machine and its exact partition function."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["MOST_UNITS", "free_energy", "log_partition", "patterns"]

MOST_UNITS = 16
"""Units of the smaller layer whose patterns are enumerated at most: 2^16 = 65,536 of them."""


def free_energy(
    visible: Float[Tensor, "batch visible"],
    weight: Float[Tensor, "hidden visible"],
    visible_bias: Float[Tensor, " visible"],
    hidden_bias: Float[Tensor, " hidden"],
) -> Float[Tensor, " batch"]:
    """Return the energy with the hidden units summed out: e^-F(x) = sum_h e^-E(x, h).

    F(x) = -b'x - sum_i ln(1 + e^(c_i + W_i x))

    Args:
        visible: One row x per example.
        weight: W.
        visible_bias: b.
        hidden_bias: c.

    Source: lecture 003, the marginal probability of x; Hinton 2010, section 16.

    Example:
        >>> machine = torch.zeros(3, 2), torch.zeros(2), torch.zeros(3)
        >>> round(free_energy(torch.ones(1, 2), *machine).item(), 4)
        -2.0794
    """
    # F(x) = -b'x - sum_i ln(1 + e^(c_i + W_i x))
    sums = functional.linear(visible, weight, hidden_bias)
    return -visible @ visible_bias - functional.softplus(sums).sum(dim=1)


def patterns(units: int, like: Tensor) -> Float[Tensor, "patterns units"]:
    """Return every pattern of zeros and ones, counted up in binary.

    Args:
        units: How many, at most 16.
        like: A tensor of the wanted type and device.

    Example:
        >>> patterns(2, torch.zeros(())).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    places = torch.arange(units - 1, -1, -1, device=like.device)
    return ((torch.arange(2**units, device=like.device)[:, None] >> places) & 1).to(like.dtype)


def log_partition(
    weight: Float[Tensor, "hidden visible"],
    visible_bias: Float[Tensor, " visible"],
    hidden_bias: Float[Tensor, " hidden"],
) -> Float[Tensor, ""]:
    """Return ln Z, summed over every pattern of the smaller layer.

    Z = sum_x e^-F(x), or with the layers exchanged

    Args:
        weight: W; at most 16 rows or 16 columns.
        visible_bias: b.
        hidden_bias: c.

    Source: lecture 003, the denominator of P(x, h).

    Example:
        >>> round(log_partition(torch.zeros(3, 2), torch.zeros(2), torch.zeros(3)).exp().item(), 3)
        32.0
    """
    hidden, visible = weight.shape
    if visible <= hidden:
        return (-free_energy(patterns(visible, weight), weight, visible_bias, hidden_bias)).logsumexp(dim=0)
    # The machine is its own mirror: W' with b and c exchanged sums x out instead of h.
    return (-free_energy(patterns(hidden, weight), weight.T, hidden_bias, visible_bias)).logsumexp(dim=0)
