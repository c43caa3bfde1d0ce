"""Histograms of oriented gradients and a linear support vector machine: what stood before convolutional networks.

Dalal and Triggs 2005, "Histograms of oriented gradients for human detection"; lecture 003, engineered features and a
trainable classifier.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.gradient_histograms import feature_count, gradient_histograms
from layerwise.layers.kernels import Kernel
from layerwise.models.inputs import InputShape, require
from layerwise.models.svm import SupportVectors
from layerwise.tasks.contract import Examples

__all__ = ["GradientHistogramMachine", "hog_svm"]

ACROSS = 8
"""Cells over the shorter side of a picture, where the side of a cell is not named: 8 pixels of the paper's 64."""

SMALLEST_CELL = 4

TOGETHER = 256
"""Pictures that are described at once."""


@register(
    "hog-svm",
    task="classify",
    source="Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005",
    lecture="003 Breakthrough of Neural Network Applications",
    small={"inputs": (1, 16, 16), "outputs": 3, "cell_size": 4},
    class_weights=True,
)
def hog_svm(
    inputs: InputShape,
    outputs: int,
    *,
    cell_size: int = 0,
    block: int = 2,
    bins: int = 9,
    complexity: float = 1.0,
    calibration_folds: int = 5,
) -> nn.Module:
    """Describe a picture by the directions of its edges, and draw a linear border between the classes.

    The numbers of `layers.gradient_histograms`, then `svm` with the linear kernel. A window of 64x128 pixels has
    3,780 of them. Pictures should have one small size (`--image-size 64 64`).

    Args:
        inputs: Channels, height and width of the pictures.
        outputs: Number of classes.
        cell_size: Side of a cell in pixels; 0 takes an eighth of the shorter side of a picture, 4 at least.
        block: Side of a block in cells, 1, 2 ...
        bins: Directions that are told apart, over half a turn, 1, 2 ...
        complexity: Price C of being on the wrong side of the border, > 0.
        calibration_folds: Parts that take turns in being left out for the probabilities, 2, 3 ...; 0 for none.

    Raises:
        LayerwiseError: The inputs are no pictures or smaller than a block, or an option is out of range.

    Source: lecture 003, "traditional model"; Dalal and Triggs 2005.

    Example:
        >>> hog_svm((1, 128, 64), 2).features
        3780
    """
    if isinstance(inputs, int):
        raise LayerwiseError(
            say("Directions of edges are those of pictures."), say("{} numbers", inputs),
            say("Use the model 'svm' for a table."), usage=True,
        )  # fmt: skip
    require(cell_size >= 0, "cell_size", cell_size, "0, 1, 2 ...")
    require(block >= 1, "block", block, "1, 2, 3 ...")
    require(bins >= 1, "bins", bins, "1, 2, 3 ...")
    require(complexity > 0, "complexity", complexity, "> 0")
    require(calibration_folds == 0 or calibration_folds >= 2, "calibration_folds", calibration_folds, "0, 2, 3 ...")
    side = cell_size or max(SMALLEST_CELL, min(inputs[1:]) // ACROSS)
    return GradientHistogramMachine(inputs, outputs, side, block, bins, complexity, calibration_folds)


class GradientHistogramMachine(nn.Module):
    """The features, and the machine that learns from them.

    Args:
        shape: Channels, height and width of a picture.
        classes: Number of classes.
        cell: Side of a cell in pixels.
        block: Side of a block in cells.
        bins: Directions that are told apart.
        complexity: Price of being on the wrong side of the border.
        folds: Parts that take turns in being left out for the probabilities.
    """

    def __init__(
        self, shape: tuple[int, ...], classes: int, cell: int, block: int, bins: int, complexity: float, folds: int
    ) -> None:
        super().__init__()
        self.cell, self.block, self.bins = cell, block, bins
        self.features = feature_count(shape[1], shape[2], cell=cell, block=block, bins=bins)
        self.machine = SupportVectors(self.features, classes, complexity, Kernel("linear", 0.0, 3, 0.0), folds)

    def describe(self, inputs: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch features"]:
        """Return the numbers that describe pictures, in float64."""
        parts = [
            gradient_histograms(part.double(), cell=self.cell, block=self.block, bins=self.bins)
            for part in torch.split(inputs, TOGETHER)
        ]
        return torch.cat(parts)

    def fit(self, examples: Examples) -> None:
        """Describe the training pictures, and solve the machine."""
        inputs, targets, weights = examples.tensors()
        self.machine.fit(Examples(self.describe(inputs), targets, examples.ids, weights))

    def forward(self, inputs: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Return the log-probability of each class."""
        logs: Tensor = self.machine(self.describe(inputs))
        return logs
