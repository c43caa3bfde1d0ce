"""Energies of a restricted Boltzmann machine, its exact partition function, and the draws its chains need."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["MOST_UNITS", "bits", "free_energy", "free_energy_difference", "log_partition", "patterns"]

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


class _Difference(torch.autograd.Function):
    """sum_n s_n F(x_n) with the gradient written out: it needs no graph, and both sides share one product."""

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, visible_bias: Tensor, hidden_bias: Tensor, visible: Tensor, hidden: Tensor,
        signs: Tensor, value: Tensor,
    ) -> Tensor:  # fmt: skip
        """Hand the value on and keep what the gradient is made of."""
        ctx.save_for_backward(visible, hidden, signs)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of W, b and c."""
        visible, hidden, signs = ctx.saved_tensors
        factors = signs * -slopes[0]
        shares = hidden * factors[:, None]
        # dF/dW = -P(h = 1 | x) x',  dF/db = -x,  dF/dc = -P(h = 1 | x)
        return shares.T @ visible, factors @ visible, shares.sum(dim=0), None, None, None, None


def free_energy_difference(
    visible: Float[Tensor, "rows visible"],
    sums: Float[Tensor, "rows hidden"],
    hidden: Float[Tensor, "rows hidden"],
    signs: Float[Tensor, " rows"],
    *,
    weight: Float[Tensor, "hidden visible"],
    visible_bias: Float[Tensor, " visible"],
    hidden_bias: Float[Tensor, " hidden"],
) -> Float[Tensor, ""]:
    """Return data against samples as one number whose gradient is that of contrastive divergence.

    D = sum_n s_n F(x_n),  dD/dW = -sum_n s_n P(h = 1 | x_n) x_n'

    The sums and probabilities of the hidden units are known from sampling, so nothing is computed twice.

    Args:
        visible: The examples and, below them, where the chains ended; held still.
        sums: c + W x of each row.
        hidden: sigmoid of the sums.
        signs: s: 1 or the weight of an example, negative for a chain.
        weight: W, for the gradient.
        visible_bias: b.
        hidden_bias: c.

    Source: Hinton 2002, Training products of experts by minimizing contrastive divergence.

    Example:
        >>> weight = torch.zeros(1, 2, requires_grad=True)
        >>> biases = {"visible_bias": torch.zeros(2), "hidden_bias": torch.zeros(1)}
        >>> rows, half = torch.tensor([[1.0, 1.0], [1.0, 0.0]]), torch.full((2, 1), 0.5)
        >>> sums, signs = torch.zeros(2, 1), torch.tensor([1.0, -1.0])
        >>> difference = free_energy_difference(rows, sums, half, signs, weight=weight, **biases)
        >>> torch.autograd.grad(difference, weight)[0].tolist()
        [[0.0, -0.5]]
    """
    with torch.no_grad():
        # ln(1 + e^a) = max(a, 0) - ln max(p, 1 - p) with p = sigmoid(a): exact where p rounds to 0 or 1, and five times
        # as fast as softplus, whose e^a is known already.
        soft = sums.clamp_min(0).sub_(torch.maximum(hidden, 1 - hidden).log_()).sum(dim=1)
        value = -((signs @ visible) @ visible_bias + signs @ soft)
    difference: Tensor = _Difference.apply(weight, visible_bias, hidden_bias, visible, hidden, signs, value)
    return difference


def bits(probabilities: Float[Tensor, "rows units"]) -> Float[Tensor, "rows units"]:
    """Return 1 with a probability and else 0: where a uniform draw from torch's own stream lies below it.

    Args:
        probabilities: Chance of a 1.

    Example:
        >>> bits(torch.tensor([[1.0, 0.0]])).tolist()
        [[1.0, 0.0]]
    """
    # 1 where u < P
    return torch.rand_like(probabilities).lt_(probabilities)


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
