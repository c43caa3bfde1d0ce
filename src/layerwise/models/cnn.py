"""A plain convolutional network: blocks of convolution, pooling and normalisation, then one hidden layer.

LeCun, Bottou, Bengio and Haffner 1998 (convolution and pooling); Ioffe and Szegedy 2015, "Batch normalization";
lecture 002, "Convolutional Neural Network".
"""

from collections import OrderedDict

from torch import nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models.inputs import InputShape, require

__all__ = ["cnn"]


@register(
    "cnn",
    task="classify regress tag",
    source="LeCun, Bottou, Bengio and Haffner 1998; Ioffe and Szegedy, arXiv:1502.03167",
    lecture="002 Convolutional Neural Network",
    small={"inputs": (1, 12, 12), "outputs": 3, "maps": (4,), "kernel": 3, "hidden_units": 5},
)
def cnn(
    inputs: InputShape, outputs: int, *, maps: tuple[int, ...] = (24, 48), kernel: int = 5, hidden_units: int = 64
) -> nn.Module:
    """Each block convolves, takes the largest of every 2 x 2 cell, normalises over the batch and cuts at zero.

    x_l = relu(BN(pool(W_l * x_(l-1)))), x_0 the picture; then a hidden layer relu(BN(W x)) and a linear output

    Pooling first makes normalising four times as cheap; since the largest value is taken per map and normalising is
    increasing for a positive gain, the order changes little else. No layer before a normalisation has a bias: the mean
    that is taken off would take it off, too.

    Args:
        inputs: Channels, height and width.
        outputs: Number of classes, target numbers or labels.
        maps: Feature maps of each block.
        kernel: Height and width of every kernel.
        hidden_units: Units of the hidden layer.

    Raises:
        LayerwiseError: The input is no picture, or too small for the blocks.

    Source: lecture 002, "Convolutional Neural Network"; arXiv:1502.03167, section 3.2 (why no bias).

    Example:
        >>> sum(part.numel() for part in cnn((1, 28, 28), 10).parameters())
        79474
    """
    require(not isinstance(inputs, int) and len(inputs) == 3, "inputs", inputs, "channels, height, width")
    require(len(maps) >= 1 and min(maps) >= 1, "maps", maps, "(24, 48)")
    require(kernel >= 1, "kernel", kernel, "1, 2, 3 ...")
    require(hidden_units >= 1, "hidden_units", hidden_units, "1, 2, 3 ...")
    channels, height, width = inputs if isinstance(inputs, tuple) else (1, 1, 1)
    blocks: OrderedDict[str, nn.Module] = OrderedDict()
    for number, count in enumerate(maps, start=1):
        height, width = (height - kernel + 1) // 2, (width - kernel + 1) // 2
        blocks[f"block{number}"] = nn.Sequential(
            nn.Conv2d(channels, count, kernel, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(count), nn.ReLU()
        )
        channels = count
    if min(height, width) < 1:
        size = "x".join(map(str, inputs if isinstance(inputs, tuple) else ()))
        raise LayerwiseError(
            say("Every block needs something to convolve."),
            say("a picture of {}, {} blocks, kernels of {} by {}", size, len(maps), kernel, kernel),
            say("Give larger pictures (--image-size), fewer --maps or a smaller --kernel."), usage=True,
        )  # fmt: skip
    blocks["flatten"] = nn.Flatten()
    blocks["hidden"] = nn.Sequential(
        nn.Linear(channels * height * width, hidden_units, bias=False), nn.BatchNorm1d(hidden_units), nn.ReLU()
    )
    blocks["output"] = nn.Linear(hidden_units, outputs)
    return nn.Sequential(blocks)
