"""Convolution layers: both conventions, every padding rule with any stride, and partly connected maps."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from layerwise.byhand.padding import as_pair, image_padding
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Convolution2d", "PartialConvolution2d"]


class Convolution2d(nn.Module):
    """Convolve maps with learned kernels, with the padding rules and the two conventions of the lectures.

    z[i,j,k] = b[k] + sum over u,v,k' of x[i s + u, j s + v, k'] w[u,v,k',k]; with `flip` the kernel is turned by 180
    degrees first, which makes it the convolution of mathematics. Without it this is the cross-correlation that every
    deep-learning library computes.

    Args:
        inputs: Number of input maps.
        maps: Number of output maps, one kernel stack each.
        kernel: Height and width of a kernel.
        stride: Steps down and right.
        padding: Cells on every side; or `valid` none, `same` so that ceil(size / stride) positions fit (an odd cell
            goes to the end), `full` every position that touches the input.
        dilation: Distance of neighbouring kernel cells.
        groups: Number of groups of maps that are convolved apart.
        bias: Whether a number is added to each map.
        flip: Whether the kernel is turned by 180 degrees.

    Raises:
        LayerwiseError: The padding rule is unknown.

    Source: lecture 002, "합성곱식"; lecture 004, "Convolution" (it turns the kernel: slip E02).

    Example:
        >>> x = torch.tensor([[[[2., 1., 2.], [5., 0., 1.], [1., 7., 3.]]]])
        >>> layer = Convolution2d(1, 1, 3, padding="same", bias=False, flip=True)
        >>> layer.weight.data = torch.tensor([[[[.5, .7, .4], [.3, .4, .1], [.5, 1., .5]]]])
        >>> [[round(value, 1) for value in row] for row in layer(x)[0, 0].tolist()]
        [[4.6, 3.7, 1.6], [8.7, 10.6, 7.8], [7.5, 6.8, 2.9]]
    """

    def __init__(
        self, inputs: int, maps: int, kernel: int | tuple[int, int], *, stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | Literal["valid", "same", "full"] = 0, dilation: int | tuple[int, int] = 1,
        groups: int = 1, bias: bool = True, flip: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if isinstance(padding, str) and padding not in ("valid", "same", "full"):
            raise LayerwiseError(
                say("Padding is a number of cells or the name of a rule."), f"padding={padding!r}",
                say("Use 'valid', 'same', 'full' or a number."),
            )  # fmt: skip
        self.kernel_size, self.stride, self.dilation = as_pair(kernel), as_pair(stride), as_pair(dilation)
        self.padding, self.groups, self.flip = padding, groups, flip
        # torch's own layer draws the weights, so that the same seed gives the same start.
        drawn = nn.Conv2d(inputs, maps, self.kernel_size, groups=groups, bias=bias)
        self.weight, self.bias = drawn.weight, drawn.bias

    def forward(self, inputs: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch maps rows columns"]:
        """Return the maps."""
        size = (inputs.shape[2], inputs.shape[3])
        (top, bottom), (left, right) = image_padding(size, self.kernel_size, self.stride, self.padding, self.dilation)
        padded = functional.pad(inputs, (left, right, top, bottom)) if any((top, bottom, left, right)) else inputs
        kernel = self.weight.flip(2, 3) if self.flip else self.weight
        # z[i,j,k] = b[k] + sum over u,v,k' of x[i s + u, j s + v, k'] w[u,v,k',k]
        return functional.conv2d(
            padded, kernel, self.bias, stride=self.stride, dilation=self.dilation, groups=self.groups
        )

    def extra_repr(self) -> str:
        """Show the settings."""
        maps, inputs = self.weight.shape[0], self.weight.shape[1] * self.groups
        return f"{inputs}, {maps}, {self.kernel_size}, stride={self.stride}, padding={self.padding!r}, flip={self.flip}"


class PartialConvolution2d(nn.Module):
    """Convolve maps where each output map sees only some input maps; only the kernels that exist are learned.

    z[k] = b[k] + sum over k' in S(k) of x[k'] * w[k',k]

    Args:
        connections: S: for each output map the places of the input maps it sees.
        inputs: Number of input maps.
        kernel: Height and width of a kernel.

    Raises:
        LayerwiseError: An output map sees no input map, or one that does not exist.

    Source: LeCun, Bottou, Bengio and Haffner 1998, section II.B, layer C3.

    Example:
        >>> layer = PartialConvolution2d(((0, 1), (1,)), inputs=2, kernel=5)
        >>> sum(parameter.numel() for parameter in layer.parameters()), layer(torch.ones(1, 2, 6, 6)).shape
        (77, torch.Size([1, 2, 2, 2]))
    """

    places: Tensor

    def __init__(self, connections: tuple[tuple[int, ...], ...], inputs: int, kernel: int | tuple[int, int]) -> None:
        super().__init__()
        if any(not seen or not set(seen) <= set(range(inputs)) for seen in connections):
            raise LayerwiseError(
                say("Every output map sees some of the input maps."), f"{connections}",
                say("List places from 0 to {}.", inputs - 1),
            )  # fmt: skip
        self.kernel_size, self.stride = as_pair(kernel), (1, 1)
        kernels = sum(len(seen) for seen in connections)
        cells = self.kernel_size[0] * self.kernel_size[1]
        # uniform within 1 / sqrt(fan-in), each map with the fan-in it has
        reach = torch.tensor([(len(seen) * cells) ** -0.5 for seen in connections])
        owners = torch.tensor([row for row, seen in enumerate(connections) for _ in seen])
        drawn = torch.rand(kernels, *self.kernel_size) * 2 - 1
        self.weight = nn.Parameter(drawn * reach[owners].view(-1, 1, 1))
        self.bias = nn.Parameter((torch.rand(len(connections)) * 2 - 1) * reach)
        # places[k, k'] is the row of the kernel from k' to k; where there is none, the row of zeros after the last.
        places = torch.full((len(connections), inputs), kernels)
        for number, (row, column) in enumerate(
            (row, column) for row, seen in enumerate(connections) for column in seen
        ):
            places[row, column] = number
        self.register_buffer("places", places, persistent=False)

    def forward(self, inputs: Float[Tensor, "batch inputs height width"]) -> Float[Tensor, "batch maps rows columns"]:
        """Return the maps."""
        absent = self.weight.new_zeros((1, *self.kernel_size))
        kernels = torch.cat((self.weight, absent))[self.places]
        # z[k] = b[k] + sum over k' in S(k) of x[k'] * w[k',k]
        return functional.conv2d(inputs, kernels, self.bias)

    def extra_repr(self) -> str:
        """Show the settings."""
        maps, inputs = self.places.shape
        return f"{inputs}, {maps}, {self.kernel_size}, kernels={len(self.weight)} of {inputs * maps}"
