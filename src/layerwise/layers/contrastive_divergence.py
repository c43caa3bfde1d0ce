"""Contrastive divergence as one operation: the chains, the difference of free energies, and its gradient."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

__all__ = ["contrastive_divergence", "uniform"]

Draws = Sequence[tuple[Tensor, Tensor]]
"""For each step of the chains one uniform number a hidden unit, and one a visible unit."""


LEAST = -80.0
"""Weighted sum of a hidden unit below which it is taken as this."""


def uniform(*shapes: tuple[int, int], device: torch.device | str = "cpu") -> tuple[Tensor, ...]:
    """Draw uniform numbers u, 0 <= u < 1, from torch's own stream, in float32 whatever is computed in.

    Args:
        shapes: Shape of each tensor; they are drawn in this order.
        device: Where they are needed.

    Example:
        >>> hidden, visible = uniform((20, 3), (20, 4))
        >>> hidden.shape, visible.dtype
        (torch.Size([20, 3]), torch.float32)
    """
    # A step replayed in float64 decides on the draws that the run itself had.
    return tuple(torch.rand(shape, dtype=torch.float32, device=device) for shape in shapes)


def contrastive_divergence(
    visible: Float[Tensor, "examples visible"],
    factors: Float[Tensor, " rows"],
    draws: Draws,
    start: Float[Tensor, "chains hidden"] | None,
    weight: Float[Tensor, "hidden visible"],
    visible_bias: Float[Tensor, " visible"],
    hidden_bias: Float[Tensor, " hidden"],
) -> tuple[Float[Tensor, ""], Float[Tensor, "examples hidden"], Float[Tensor, "chains hidden"] | None]:
    """Return data against samples as one number whose gradient is that of contrastive divergence.

    h_t ~ P(h | x_t), x_(t+1) ~ P(x | h_t);  D = sum_n s_n F(x_n),  dD/dW = -sum_n s_n P(h = 1 | x_n) x_n'

    The rows n are the examples and, below them, where the chains ended; the samples are held still. The hidden sums of
    the chains serve the free energies, too, and both sides share one product of the gradient.

    Args:
        visible: One row x per example, from 0 to 1.
        factors: s: 1 or the weight of each example, then a negative factor for each chain.
        draws: A unit is 1 where its draw lies below its probability.
        start: Hidden pattern that each chain goes on from; None where the chains begin at the examples.
        weight: W.
        visible_bias: b.
        hidden_bias: c.

    Returns:
        D, the probabilities of the hidden units of the examples, and the hidden pattern at the end of each chain; None
        where the chains begin anew.

    Source: Hinton 2002, Training products of experts by minimizing contrastive divergence; Tieleman 2008.

    Example:
        >>> weight = torch.zeros(1, 2, requires_grad=True)
        >>> draws = [(torch.tensor([[0.3]]), torch.tensor([[0.2, 0.8]]))]
        >>> rows, factors = torch.tensor([[1.0, 1.0]]), torch.tensor([1.0, -1.0])
        >>> difference, _, _ = contrastive_divergence(
        ...     rows, factors, draws, None, weight, torch.zeros(2), torch.zeros(1)
        ... )
        >>> torch.autograd.grad(difference, weight)[0].tolist()
        [[0.0, -0.5]]
    """
    arguments = (visible, factors, draws, start, weight, visible_bias, hidden_bias)
    tensors = (visible, factors, weight, visible_bias, hidden_bias)
    if has_torch_function(tensors):
        found: Any = handle_torch_function(contrastive_divergence, tensors, *arguments)
    else:
        found = _Divergence.apply(*arguments)
    difference, hidden, end = found
    return difference, hidden, end


class _Divergence(torch.autograd.Function):
    """The operation, its gradient written out: no graph is kept of the chains."""

    @staticmethod
    def forward(
        ctx: Any, visible: Tensor, factors: Tensor, draws: Draws, start: Tensor | None, weight: Tensor,
        visible_bias: Tensor, hidden_bias: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor | None]:  # fmt: skip
        """Walk the chains and add the free energies up."""
        count, chains = len(visible), len(visible if start is None else start)
        rows = visible.new_empty(count + chains, visible.shape[1])
        sums = visible.new_empty(count + chains, len(hidden_bias))
        hidden = torch.empty_like(sums)
        rows[:count] = visible
        here = hidden[:count]
        state = here if start is None else start
        _up(visible, weight, hidden_bias, sums[:count], here)
        for hidden_draws, visible_draws in draws:
            if start is None:
                # h_t ~ P(h | x_t)
                state = torch.lt(hidden_draws, here, out=torch.empty_like(here))
            # x_(t+1) ~ P(x | h_t) = sigmoid(b + W' h_t)
            chances = rows[count:]
            torch.addmm(visible_bias, state, weight, out=chances)
            torch.lt(visible_draws, chances.sigmoid_(), out=chances)
            here = hidden[count:]
            _up(chances, weight, hidden_bias, sums[count:], here)
            if start is not None:
                # h_(t+1) ~ P(h | x_(t+1))
                state = torch.lt(hidden_draws, here, out=torch.empty_like(here))
        weighed = factors @ rows
        # D = sum_n s_n F(x_n),  F(x) = -b'x - sum_i ln(1 + e^u_i),  u_i = c_i + W_i x
        # ln(1 + e^u) = u - ln sigmoid(u): the sigmoid is known, its logarithm takes a seventh of a softplus' time.
        difference = -(weighed @ visible_bias + (factors @ sums.sub_(hidden.log())).sum())
        known = hidden[:count].clone()
        ctx.save_for_backward(rows, hidden, factors, weighed)
        ctx.mark_non_differentiable(known, *(() if start is None else (state,)))
        return difference, known, None if start is None else state

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the gradients of W, b and c."""
        rows, hidden, factors, weighed = ctx.saved_tensors
        slope = -cast(Tensor, slopes[0])
        shares = hidden * (factors * slope)[:, None]
        # dF/dW = -P(h = 1 | x) x',  dF/db = -x,  dF/dc = -P(h = 1 | x)
        return None, None, None, None, shares.T @ rows, weighed * slope, shares.sum(dim=0)


def _up(visible: Tensor, weight: Tensor, hidden_bias: Tensor, sums: Tensor, hidden: Tensor) -> None:
    """Fill in the hidden sums and probabilities of some rows."""
    # P(h_i = 1 | x) = sigmoid(c_i + W_i x)
    torch.addmm(hidden_bias, visible, weight.T, out=sums)
    # Below LEAST the probability is 0 but for 1e-35, and further down it would have no logarithm.
    torch.sigmoid(sums.clamp_(min=LEAST), out=hidden)
