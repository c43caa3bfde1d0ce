"""A fully convolutional network in the manner of FCN-8s, small enough to learn from pictures of 96 pixels on two cores.

Long, Shelhamer and Darrell 2015, "Fully convolutional networks for semantic segmentation"; lecture 001, "다운 샘플링,
업샘플링".
"""

from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.layers.upsampling import BilinearUpsampling2d
from layerwise.models.inputs import InputShape, require

__all__ = ["FullyConvolutional", "fcn_small"]


@register(
    "fcn-small",
    task="segment",
    source="arXiv:1411.4038",
    lecture="001 Fully Convolutional Network",
    small={"inputs": (3, 13, 18), "outputs": 3, "maps": (4, 6, 8)},
    train={"batch_size": 32, "optimizer": "adamw", "learning_rate": 4e-3, "weight_decay": 1e-4, "schedule": "one-cycle",
           "epochs": 24, "stopping": "none"},
)  # fmt: skip
def fcn_small(
    inputs: InputShape, outputs: int, *, maps: tuple[int, ...] = (32, 64, 128), skips: bool = True
) -> nn.Module:
    """A class for every pixel: convolutions down to an eighth of the size, scores at three depths, added on the way up.

    z_8 = S_8(x_8);  z_4 = U(z_8) + S_4(x_4);  z_2 = U(z_4) + S_2(x_2);  z = U(z_2),
    x_s: features at 1/s of the size, S_s: a 1 x 1 convolution to the classes, U: twice the size

    Args:
        inputs: Channels, height and width; any size, odd or even.
        outputs: Number of classes.
        maps: Feature maps at a half, a quarter and an eighth of the size.
        skips: Whether the scores of the finer maps are added; without them this is FCN-32s, made small.

    Raises:
        LayerwiseError: The input is no picture, or `maps` does not hold three numbers.

    Source: arXiv:1411.4038, section 4 (FCN-8s); lecture 001, "Fully Convolutional Network".

    Example:
        >>> import torch
        >>> network = fcn_small((3, 96, 96), 5)
        >>> sum(part.numel() for part in network.parameters()), tuple(network(torch.zeros(2, 3, 57, 40)).shape)
        (289791, (2, 5, 57, 40))
    """
    require(not isinstance(inputs, int) and len(inputs) == 3, "inputs", inputs, "channels, height, width")
    require(len(maps) == 3 and min(maps) >= 1, "maps", maps, "(32, 64, 128)")
    return FullyConvolutional(inputs[0] if isinstance(inputs, tuple) else 1, outputs, maps, skips)


class FullyConvolutional(nn.Module):
    """Three levels of convolutions, a score layer at each, and bilinear transposed convolutions that join them.

    Args:
        channels: Channels of a picture.
        classes: Number of classes.
        maps: Feature maps of each level.
        skips: Whether finer scores are added.
    """

    def __init__(self, channels: int, classes: int, maps: tuple[int, ...], skips: bool) -> None:
        super().__init__()
        half, quarter, eighth = maps
        self.skips = skips
        self.conv1_1, self.conv1_2 = _convolution(channels, half, 2), _convolution(half, half, 1)
        self.conv2_1, self.conv2_2 = _convolution(half, quarter, 2), _convolution(quarter, quarter, 1)
        self.conv3_1, self.conv3_2 = _convolution(quarter, eighth, 2), _convolution(eighth, eighth, 1)
        # Scores begin at random, not at zero as in the paper: there the features below were learned before.
        self.score8 = nn.Conv2d(eighth, classes, 1)
        if skips:
            self.score4, self.score2 = nn.Conv2d(quarter, classes, 1), nn.Conv2d(half, classes, 1)
        self.upscore8, self.upscore4, self.upscore2 = (BilinearUpsampling2d(classes, 2) for _ in range(3))

    def forward(self, inputs: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes rows cols"]:
        """Return the scores of every class at every pixel, before the softmax."""
        x2 = self.conv1_2(self.conv1_1(inputs))
        x4 = self.conv2_2(self.conv2_1(x2))
        x8 = self.conv3_2(self.conv3_1(x4))
        # z_4 = U(z_8) + S_4(x_4)
        z4 = self._joined(self.upscore8(self.score8(x8), _size(x4)), "score4", x4)
        # z_2 = U(z_4) + S_2(x_2)
        z2 = self._joined(self.upscore4(z4, _size(x2)), "score2", x2)
        # z = U(z_2)
        scores: Tensor = self.upscore2(z2, _size(inputs))
        return scores

    def _joined(self, coarse: Tensor, score: str, features: Tensor) -> Tensor:
        """Add the scores of finer features to coarse scores of the same size."""
        if not self.skips:
            return coarse
        finer: Tensor = self.get_submodule(score)(features)
        return coarse + finer


def _convolution(inputs: int, maps: int, stride: int) -> nn.Sequential:
    """Convolve 3 x 3, normalise and cut at zero; stride 2 halves the size, rounding up."""
    return nn.Sequential(
        nn.Conv2d(inputs, maps, 3, stride, padding=1, bias=False), nn.BatchNorm2d(maps), nn.ReLU(inplace=True)
    )


def _size(maps: Tensor) -> tuple[int, int]:
    """Return height and width."""
    return maps.shape[2], maps.shape[3]
