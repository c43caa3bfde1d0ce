"""Attention: which places of the input a step of the output draws from."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

__all__ = ["AdditiveAttention", "Attended"]


class Attended(NamedTuple):
    """What attention found at one step of the decoder.

    Attributes:
        context: c = sum_j alpha_j h_j.
        weights: alpha_j; they sum to 1, and are exactly 0 on padding.
        energies: e_j, before the softmax, also on padding.
    """

    context: Float[Tensor, "batch memory_features"]
    weights: Float[Tensor, "batch places"]
    energies: Float[Tensor, "batch places"]


class AdditiveAttention(nn.Module):
    """A hidden layer asks every place of the input how well it fits the state of the decoder.

    e_j = v . tanh(W s + U h_j),  alpha = softmax(e) over the places with a symbol,  c = sum_j alpha_j h_j

    U h_j is the same at every step, so it is computed once an example (`keys`).

    Args:
        state_features: Size of the decoder's state s.
        memory_features: Size of an encoder state h_j.
        units: Units of the hidden layer.

    Source: Bahdanau, Cho and Bengio 2015 (arXiv:1409.0473), section 3.1; lecture 001, attention.

    Example:
        >>> attention = AdditiveAttention(3, 2, 4)
        >>> _ = nn.init.zeros_(attention.v.weight)
        >>> memory = torch.tensor([[[1.0, 0.0], [3.0, 2.0], [9.0, 9.0]]])
        >>> found = attention(torch.zeros(1, 3), memory, attention.keys(memory), torch.tensor([[True, True, False]]))
        >>> found.weights.tolist(), found.context.tolist()
        ([[0.5, 0.5, 0.0]], [[2.0, 1.0]])
    """

    def __init__(self, state_features: int, memory_features: int, units: int) -> None:
        super().__init__()
        self.W = nn.Linear(state_features, units, bias=False)
        self.U = nn.Linear(memory_features, units, bias=False)
        self.v = nn.Linear(units, 1, bias=False)

    def keys(self, memory: Float[Tensor, "batch places memory_features"]) -> Float[Tensor, "batch places units"]:
        """Return U h_j of every place."""
        keys: Tensor = self.U(memory)
        return keys

    def forward(
        self,
        state: Float[Tensor, "batch state_features"],
        memory: Float[Tensor, "batch places memory_features"],
        keys: Float[Tensor, "batch places units"],
        mask: Bool[Tensor, "batch places"],
    ) -> Attended:
        """Return context, weights and energies of one step.

        Args:
            state: The decoder's state before the step.
            memory: The encoder's state at every place.
            keys: What `keys` gave for this memory.
            mask: True where the input has a symbol, False on padding.
        """
        # e_j = v . tanh(W s + U h_j)
        energies = self.v(torch.tanh(self.W(state).unsqueeze(1) + keys)).squeeze(2)
        # The lowest number there is: its exponential is exactly 0, and an example without any symbol gives no NaN.
        lowest = torch.finfo(energies.dtype).min
        # alpha_j = e^(e_j) / sum_k e^(e_k), over the places with a symbol
        weights = torch.where(mask, energies, lowest).softmax(1)
        # c = sum_j alpha_j h_j
        context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
        return Attended(context, weights, energies)
