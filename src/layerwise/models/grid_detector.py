"""A small detector of today's form: convolutions down to a grid whose cells each answer for one object.

Redmon, Divvala, Girshick and Farhadi 2016, "You Only Look Once" (the grid); Lin and others 2017, "Focal Loss" (the
prior of sureness); lecture 001, object detection.
"""

import math

from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models.inputs import InputShape, require

__all__ = ["GridDetector", "grid_detector"]

STRIDE = 8
"""Pixels a cell: three of the convolutions step by two."""

PRIOR = 0.02
"""How sure every cell is at the start: about the share of cells that hold the centre of an object."""


@register(
    "grid-detector",
    task="detect",
    source="arXiv:1506.02640; arXiv:1708.02002",
    lecture="001 Object Detection",
    small={"inputs": (3, 32, 32), "outputs": 3, "width": 8},
    train={
        "epochs": 12, "batch_size": 32, "optimizer": "adamw", "learning_rate": 3e-3, "weight_decay": 1e-2,
        "schedule": "one-cycle", "warm_up": 0.2,
    },
)  # fmt: skip
def grid_detector(inputs: InputShape, outputs: int, *, width: int = 24) -> nn.Module:
    """Six convolutions of 3 by 3 with batch normalisation, and one of 1 by 1 that writes what each cell answers.

    A cell of 8 by 8 pixels writes 5 + K numbers: how sure it is of an object, its box, and one number a class. It sees
    55 by 55 pixels.

    Args:
        inputs: Channels, height and width of the pictures, at least 8 pixels a side.
        outputs: Number K of classes.
        width: Maps of the first convolution; the next have twice and four times as many. 1 or more.

    Raises:
        LayerwiseError: The input is not a picture of that size, or the width is below 1.

    Source: Redmon, Divvala, Girshick and Farhadi 2016; Lin, Goyal, Girshick, He and Dollar 2017.

    Example:
        >>> network = grid_detector((3, 96, 96), 4)
        >>> sum(p.numel() for p in network.parameters())
        240801
    """
    if isinstance(inputs, int) or len(inputs) != 3 or min(inputs[1:]) < STRIDE:
        found = say("{} numbers", inputs) if isinstance(inputs, int) else "x".join(map(str, inputs))
        raise LayerwiseError(
            say("The grid detector takes pictures of 8 by 8 pixels or more."), found,
            say("Give pictures with boxes."), usage=True,
        )  # fmt: skip
    require(width >= 1, "width", width, "1, 2, 3 ...")
    return GridDetector(inputs[0], outputs, width)


class GridDetector(nn.Module):
    """Convolutions to a grid of cells.

    Args:
        channels: Channels of the picture.
        classes: Number of classes.
        width: Maps of the first convolution.
    """

    def __init__(self, channels: int, classes: int, width: int) -> None:
        super().__init__()
        self.conv1 = _step(channels, width, stride=2)
        self.conv2 = _step(width, 2 * width, stride=2)
        self.conv3 = _step(2 * width, 2 * width)
        self.conv4 = _step(2 * width, 4 * width, stride=2)
        self.conv5 = _step(4 * width, 4 * width)
        self.conv6 = _step(4 * width, 4 * width)
        self.cells = nn.Conv2d(4 * width, 5 + classes, 1)
        nn.init.normal_(self.cells.weight, std=0.01)
        if self.cells.bias is not None:
            nn.init.zeros_(self.cells.bias)
            # sigmoid(b) = prior, so that learning does not begin with every cell crying object.
            nn.init.constant_(self.cells.bias[:1], -math.log(1 / PRIOR - 1))

    def forward(
        self, inputs: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch answers rows columns"]:
        """Return the map: sureness, four numbers of the box, and one number a class, for each cell."""
        maps = self.conv3(self.conv2(self.conv1(inputs)))
        maps = self.conv6(self.conv5(self.conv4(maps)))
        answers: Tensor = self.cells(maps)
        return answers


def _step(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    """Return a convolution, its normalisation and ReLU; the normalisation has the bias."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
