"""LeNet-5, in the form of the lecture's table, in a modern form, and as the paper has it.

LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition"; lecture 002, Table
13-1.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.activations import ScaledTanh
from layerwise.layers.convolution import PartialConvolution2d
from layerwise.layers.pooling import TrainablePool2d
from layerwise.layers.radial_basis import RadialBasis
from layerwise.models.inputs import InputShape

__all__ = ["C3_CONNECTIONS", "LeNet5", "class_codes", "lenet5"]

C3_CONNECTIONS = (
    *(tuple(sorted((first + step) % 6 for step in range(3))) for first in range(6)),
    *(tuple(sorted((first + step) % 6 for step in range(4))) for first in range(6)),
    *(tuple(sorted((first + step) % 6 for step in (0, 1, 3, 4))) for first in range(3)),
    tuple(range(6)),
)
"""The S2 maps that each C3 map sees: six see 3 neighbours, six see 4, three see two pairs, one sees all; 60 kernels."""

DIGITS = (
    ".#####.#.....##.....##.....##.....##.....##.....##.....##.....##.....##.....#.#####.",
    "...#.....##....#.#...#..#......#......#......#......#......#......#......#...#######",
    ".#####.#.....#......#......#.....#.....#.....#.....#.....#.....#......#......#######",
    ".#####.#.....#......#......#......#..####.......#......#......#......##.....#.#####.",
    ".....#.....##....#.#...#..#..#...#.#....#.#....#.#######.....#......#......#......#.",
    "########......#......#......#......######.......#......#......#......##.....#.#####.",
    "..####..#.....#......#......#......######.#.....##.....##.....##.....##.....#.#####.",
    "#######......#......#.....#......#.....#......#.....#......#......#......#......#...",
    ".#####.#.....##.....##.....##.....#.#####.#.....##.....##.....##.....##.....#.#####.",
    ".#####.#.....##.....##.....##.....##.....#.######......#......#......#.....#..####..",
)
"""The digits drawn on 7 columns and 12 rows, row after row; `#` is ink, +1, and `.` paper, -1."""


@register(
    "lenet5",
    task="classify tag",
    source="LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998",
    lecture="002 Table 13-1",
    small={"inputs": (1, 32, 32), "outputs": 10},
    image=(1, 32, 32),
)
def lenet5(inputs: InputShape, outputs: int, *, form: Literal["lecture", "modern", "paper"] = "lecture") -> nn.Module:
    """The first well-known convolutional network: two convolutions with pooling, then three layers to the classes.

    lecture: tanh after every layer, average pooling, full C3, linear output (its softmax is in the loss); 61,706
    parameters. modern: the same maps with ReLU and max pooling; 61,706. paper: partial C3, pooling with a learned gain
    and bias, 1.7159 tanh(2x/3), output by the distance to fixed codes; 60,000.

    Args:
        inputs: Channels, height and width; 32 by 32 pixels.
        outputs: Number of classes.
        form: The lecture's table, the same with ReLU and max pooling, or the paper's network.

    Raises:
        LayerwiseError: The input is not a picture of 32 by 32 pixels.

    Source: lecture 002, Table 13-1; LeCun, Bottou, Bengio and Haffner 1998, section II.B.

    Example:
        >>> [sum(p.numel() for p in lenet5((1, 32, 32), 10, form=form).parameters()) for form in ("lecture", "paper")]
        [61706, 60000]
    """
    if isinstance(inputs, int) or len(inputs) != 3 or inputs[1:] != (32, 32):
        found = say("{} numbers", inputs) if isinstance(inputs, int) else "x".join(map(str, inputs))
        raise LayerwiseError(
            say("LeNet-5 takes pictures of 32 by 32 pixels."), found,
            say(
                "Give pictures of that size (--image-size 32 32, in show --input 1x32x32); "
                "for a table choose the model 'mlp'."
            ),
            usage=True,
        )  # fmt: skip
    return LeNet5(inputs[0], outputs, form)


class LeNet5(nn.Module):
    """LeNet-5 with the names of the paper's layers.

    Args:
        channels: Channels of the picture.
        classes: Number of classes.
        form: `lecture`, `modern` or `paper`.
    """

    def __init__(self, channels: int, classes: int, form: Literal["lecture", "modern", "paper"]) -> None:
        super().__init__()
        self.form = form
        self.C1 = nn.Conv2d(channels, 6, 5)
        self.S2 = _pooling(form, 6)
        self.C3 = PartialConvolution2d(C3_CONNECTIONS, 6, 5) if form == "paper" else nn.Conv2d(6, 16, 5)
        self.S4 = _pooling(form, 16)
        self.C5 = nn.Conv2d(16, 120, 5)
        self.flatten = nn.Flatten()
        self.F6 = nn.Linear(120, 84)
        self.Out = RadialBasis(class_codes(classes)) if form == "paper" else nn.Linear(84, classes)
        self.activation = {"lecture": nn.Tanh, "modern": nn.ReLU, "paper": ScaledTanh}[form]()

    def forward(self, inputs: Float[Tensor, "batch channels 32 32"]) -> Float[Tensor, "batch classes"]:
        """Return one number a class: logits, or minus the squared distance to its code."""
        maps = self.activation(self.C1(inputs))
        maps = self.pool(self.S2, maps)
        maps = self.activation(self.C3(maps))
        maps = self.pool(self.S4, maps)
        maps = self.activation(self.C5(maps))
        features = self.activation(self.F6(self.flatten(maps)))
        outputs: Tensor = self.Out(features)
        return outputs

    def pool(self, pooling: nn.Module, maps: Tensor) -> Tensor:
        """Pool, and squash where the form does so: after max pooling a ReLU would change nothing."""
        pooled: Tensor = pooling(maps)
        return pooled if self.form == "modern" else self.activation(pooled)


def _pooling(form: Literal["lecture", "modern", "paper"], maps: int) -> nn.Module:
    """Return the pooling layer of a form, for 2 by 2 cells."""
    if form == "paper":
        return TrainablePool2d(maps, 2)
    return nn.AvgPool2d(2) if form == "lecture" else nn.MaxPool2d(2)


def class_codes(classes: int) -> Float[Tensor, "classes 84"]:
    """Return the code of each class: 84 numbers, +1 or -1.

    Up to ten classes have the digits drawn on 7 by 12 pixels, as the paper has its characters; further ones have codes
    drawn at random, the same on every machine.

    Args:
        classes: Number of classes.

    Source: LeCun, Bottou, Bengio and Haffner 1998, section II.B; the drawings are our own.

    Example:
        >>> codes = class_codes(10)
        >>> int((codes[3] != codes[8]).sum()), codes.unique().tolist()
        (8, [-1.0, 1.0])
    """
    drawn = torch.tensor([[1.0 if cell == "#" else -1.0 for cell in digit] for digit in DIGITS])
    if classes <= len(drawn):
        return drawn[:classes].clone()
    further = torch.randint(0, 2, (classes - len(drawn), 84), generator=torch.Generator().manual_seed(0))
    return torch.cat((drawn, further * 2.0 - 1))
