"""A baseline of segmentation that looks at no picture: the most frequent class of each place.

Every figure of a segmenter stands beside it. Where objects lie anywhere it answers the background everywhere, and its
pixel accuracy is the share of the background: a reason to ask for the mean IoU.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.models.inputs import InputShape, require
from layerwise.tasks.contract import Examples

__all__ = ["PixelMajority", "pixel_majority"]


@register(
    "pixel-majority",
    task="segment",
    source="ZeroR; Holte, Very simple classification rules, Machine Learning 1993",
    lecture="003 Experiment scheme",
    small={"inputs": (3, 6, 7), "outputs": 3},
)
def pixel_majority(inputs: InputShape, outputs: int) -> nn.Module:
    """Always the class that is most frequent at each place of the training label images.

    p_kij = (n_kij + 1) / (N_ij + K): the share of class k among the N_ij training pictures labelled at place i, j

    Args:
        inputs: Channels, height and width; the pixels are not looked at.
        outputs: Number K of classes.

    Raises:
        LayerwiseError: The input is no picture.

    Source: lecture 003, the experiment scheme; the rule of succession, Laplace 1814.

    Example:
        >>> network = pixel_majority((1, 1, 2), 2)
        >>> labels = torch.tensor([[[1, 0]], [[1, 255]], [[0, 255]]])
        >>> network.fit(Examples(torch.zeros(3, 1, 1, 2), labels, ("a", "b", "c")))
        >>> [[round(share, 4) for share in row] for row in network(torch.zeros(1, 1, 1, 2)).exp()[0, :, 0].tolist()]
        [[0.4, 0.6667], [0.6, 0.3333]]
    """
    require(not isinstance(inputs, int) and len(inputs) == 3, "inputs", inputs, "channels, height, width")
    return PixelMajority(outputs, (0, 0) if isinstance(inputs, int) else (inputs[1], inputs[2]))


class PixelMajority(nn.Module):
    """The same log-probabilities for every picture.

    Args:
        classes: Number of classes.
        size: Height and width.
    """

    log_shares: Tensor

    def __init__(self, classes: int, size: tuple[int, int]) -> None:
        super().__init__()
        start = -torch.log(torch.tensor(float(classes))).item()
        self.register_buffer("log_shares", torch.full((classes, *size), start))

    def fit(self, examples: Examples) -> None:
        """Count the classes of each place; a picture with a weight counts so often."""
        _, labels, weights = examples.tensors()
        each = torch.ones(len(labels)) if weights is None else weights
        counts = torch.stack([
            torch.tensordot(each, (labels == place).to(each.dtype), dims=1) for place in range(len(self.log_shares))
        ]).double()  # fmt: skip
        # p_kij = (n_kij + 1) / (N_ij + K)
        shares = (counts + 1) / (counts.sum(dim=0) + len(counts))
        self.log_shares.copy_(shares.log())

    def forward(self, inputs: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes rows cols"]:
        """Return the log-probabilities."""
        return self.log_shares.expand(len(inputs), -1, -1, -1)
