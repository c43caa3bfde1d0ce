"""Histograms of oriented gradients: which way the edges of a picture run, cell by cell."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["feature_count", "gradient_histograms"]

TINY = 1e-5
"""Added to the length of a block, so that an even one stays 0."""


def feature_count(height: int, width: int, *, cell: int = 8, block: int = 2, bins: int = 9) -> int:
    """Return how many numbers describe a picture.

    (rows - block + 1) (columns - block + 1) block^2 bins, with rows = height // cell and columns = width // cell

    Args:
        height: Pixels down.
        width: Pixels across.
        cell: Side of a cell in pixels.
        block: Side of a block in cells.
        bins: Directions that are told apart, over half a turn.

    Raises:
        LayerwiseError: The picture is smaller than one block.

    Source: Dalal and Triggs 2005: a window of 64x128 has 3,780 features.

    Example:
        >>> feature_count(128, 64)
        3780
    """
    rows, columns = height // cell - block + 1, width // cell - block + 1
    if rows < 1 or columns < 1:
        raise LayerwiseError(
            say("A picture holds at least one block of cells."),
            say("{}x{} pixels, blocks of {}x{} cells of {}x{}", width, height, block, block, cell, cell),
            say("Use a smaller --cell-size, or larger pictures."), usage=True,
        )  # fmt: skip
    return rows * columns * block**2 * bins


def gradient_histograms(
    pictures: Float[Tensor, "batch channels height width"],
    *,
    cell: int = 8,
    block: int = 2,
    bins: int = 9,
    clip: float = 0.2,
) -> Float[Tensor, "batch features"]:
    """Describe pictures by the directions of their edges.

    g_x = I(x + 1) - I(x - 1), g_y likewise, 0 at the border;  m = sqrt(g_x^2 + g_y^2),  theta = atan2(g_y, g_x) mod pi

    Of a colour picture the channel with the longest gradient counts, pixel by pixel. Every pixel votes with m for the
    bin of theta; a cell holds the mean of its votes. Blocks of cells overlap by all but one row; each is brought to
    length 1, cut at `clip`, and brought to length 1 again.

    Args:
        pictures: Grey or colour, in any range.
        cell: Side of a cell in pixels; what is left at the right and lower border is not looked at.
        block: Side of a block in cells.
        bins: Directions that are told apart; a direction and its opposite are one.
        clip: Largest number of a block before it is brought to length 1 again.

    Raises:
        LayerwiseError: The picture is smaller than one block.

    Source: Dalal and Triggs 2005, "Histograms of oriented gradients for human detection", sections 4 and 6; without
    votes for neighbouring bins and cells.

    Example:
        >>> upright = torch.zeros(1, 1, 16, 16)
        >>> upright[..., 8:] = 1  # an upright edge: its gradient runs across, direction 0
        >>> gradient_histograms(upright)[0, :9].nonzero().flatten().tolist()
        [0]
    """
    feature_count(pictures.shape[2], pictures.shape[3], cell=cell, block=block, bins=bins)
    across, down = torch.zeros_like(pictures), torch.zeros_like(pictures)
    # g_x = I(x + 1) - I(x - 1), g_y likewise, 0 at the border
    across[..., 1:-1] = pictures[..., 2:] - pictures[..., :-2]
    down[..., 1:-1, :] = pictures[..., 2:, :] - pictures[..., :-2, :]
    # m = sqrt(g_x^2 + g_y^2)
    length, strongest = torch.hypot(across, down).max(dim=1, keepdim=True)
    # theta = atan2(g_y, g_x) mod pi
    angle = torch.atan2(down.gather(1, strongest), across.gather(1, strongest)).remainder(math.pi)
    # A direction just below half a turn can be rounded up to it, which is direction 0 again.
    place = (angle * (bins / math.pi)).long() % bins
    votes = length.new_zeros(len(length), bins, *length.shape[2:]).scatter_(1, place, length)
    cells = functional.avg_pool2d(votes, cell)
    blocks = cells.unfold(2, block, 1).unfold(3, block, 1)
    # (batch, bins, rows, columns, block, block) -> block after block, cell after cell, bin after bin
    held = blocks.permute(0, 2, 3, 4, 5, 1).flatten(3)
    held = _unit(_unit(held).clamp_max(clip))
    return held.flatten(1)


def _unit(blocks: Tensor) -> Tensor:
    """Bring every block to length 1."""
    # v / sqrt(|v|^2 + tiny^2)
    return blocks / (blocks.square().sum(dim=-1, keepdim=True) + TINY**2).sqrt()
