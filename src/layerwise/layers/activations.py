"""Activations: those that torch lacks, and every one of the lectures by name."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["ACTIVATIONS", "Maxout", "ScaledTanh", "Step", "activation"]


class Step(nn.Module):
    """Answer 1 where the weighted sum is positive, else 0.

    f(x) = 1 for x > 0, else 0; flat everywhere, so no gradient passes.

    Source: lecture 003, "Perceptron".

    Example:
        >>> Step()(torch.tensor([-2., 0., 0.5])).tolist()
        [0.0, 0.0, 1.0]
    """

    def forward(self, inputs: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return the answers."""
        # f(x) = 1 for x > 0, else 0
        return (inputs > 0).to(inputs.dtype)


class ScaledTanh(nn.Module):
    """Squash to (-1.7159, 1.7159), so that f(1) = 1 and f(-1) = -1.

    f(x) = 1.7159 tanh(2x / 3)

    Source: LeCun, Bottou, Bengio and Haffner 1998, section II.B and appendix A.

    Example:
        >>> [round(value, 4) for value in ScaledTanh()(torch.tensor([-1., 0., 1.])).tolist()]
        [-1.0, 0.0, 1.0]
    """

    def forward(self, inputs: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return the squashed values."""
        # f(x) = 1.7159 tanh(2x / 3)
        return 1.7159 * torch.tanh(inputs * (2 / 3))


class Maxout(nn.Module):
    """Take the largest of several weighted sums; a layer with weights, not an elementwise function.

    y = max over k of (W_k x + b_k); with W_2 = 0 it is a ReLU, with W_2 = 0.1 W_1 a leaky one.

    Args:
        inputs: Number of inputs.
        units: Number of outputs.
        pieces: Number of weighted sums a unit; the lecture has two. It multiplies the parameters.

    Source: lecture 004, "Activation Functions"; arXiv:1302.4389.

    Example:
        >>> layer = Maxout(1, 1)
        >>> layer.weight.data, layer.bias.data = torch.tensor([[[1.]], [[0.1]]]), torch.zeros(2, 1)
        >>> [round(value, 2) for value in layer(torch.tensor([[-2.], [3.]])).flatten().tolist()]
        [-0.2, 3.0]
    """

    def __init__(self, inputs: int, units: int, pieces: int = 2) -> None:
        super().__init__()
        drawn = nn.Linear(inputs, units * pieces)
        self.weight = nn.Parameter(drawn.weight.detach().view(pieces, units, inputs))
        self.bias = nn.Parameter(drawn.bias.detach().view(pieces, units))

    def forward(self, inputs: Float[Tensor, "batch features"]) -> Float[Tensor, "batch units"]:
        """Return the largest sums."""
        pieces, units = self.bias.shape
        # z_k = W_k x + b_k
        sums = functional.linear(inputs, self.weight.flatten(0, 1), self.bias.flatten()).view(-1, pieces, units)
        # y = max over k of z_k
        return sums.max(dim=1).values

    def extra_repr(self) -> str:
        """Show the settings."""
        pieces, units, inputs = self.weight.shape
        return f"{inputs}, {units}, pieces={pieces}"


ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "scaled-tanh": ScaledTanh,
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(0.1),
    "elu": nn.ELU,
    "step": Step,
    "identity": nn.Identity,
}
"""Every activation by its name; leaky ReLU has the slope 0.1 of lecture 004 (slip E47: torch's is 0.01)."""


def activation(name: str) -> nn.Module:
    """Return a new activation by its name.

    Raises:
        LayerwiseError: No activation has that name; the nearest one is named.

    Source: lecture 004, "Activation Functions".

    Example:
        >>> activation("leaky-relu")(torch.tensor([-1., 2.])).tolist()
        [-0.10000000149011612, 2.0]
    """
    if name not in ACTIVATIONS:
        raise LayerwiseError(
            say("An activation is named as in the documentation."), say("unknown activation '{}'", name),
            nearest(name, ACTIVATIONS), usage=True,
        )  # fmt: skip
    return ACTIVATIONS[name]()
