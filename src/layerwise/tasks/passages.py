"""A running text as examples: passages of equal length in their order, each asked for the symbols that follow."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from layerwise.data.tokens import PADDING, RESERVED
from layerwise.tasks.arrangement import in_streams
from layerwise.tasks.contract import Examples
from layerwise.tasks.ragged import Ragged

__all__ = ["joined", "passages"]


def joined(items: Ragged, rows: Tensor) -> Tensor:
    """Return some items of a ragged tensor end to end."""
    lengths = items.lengths[rows]
    ends = lengths.cumsum(0)
    places = (items.starts[rows] - ends + lengths).repeat_interleave(lengths) + torch.arange(int(lengths.sum()))
    return items.values[places]


def passages(tokens: Tensor, length: int) -> Examples:
    """Cut a text into passages and ask each for the symbols one place further on.

    x_n = (c_nT .. c_nT+T-1),  t_n = (c_nT+1 .. c_nT+T): the last symbol that a passage is asked for is the first one
    that the next passage reads. The last passage is padded.

    Args:
        tokens: Ids of the text, `(symbols,)`.
        length: Symbols T of a passage.

    Example:
        >>> found = passages(torch.tensor([2, 3, 4, 2, 1]), 3)
        >>> found.inputs.tolist(), found.targets.tolist()
        ([[2, 3, 4], [2, 0, 0]], [[1, 2, 0], [-1, -1, -1]])
    """
    number = max(0, math.ceil((len(tokens) - 1) / length))
    padded = functional.pad(tokens, (0, number * length + 1 - len(tokens)), value=PADDING)
    # The last symbol of the text is only foretold, never read.
    inputs = padded[:-1].clone()
    inputs[max(len(tokens) - 1, 0) :] = PADDING
    following = padded[1:].reshape(number, length)
    starts = (str(place * length + 1) for place in range(number))
    return Examples(
        inputs.reshape(number, length), (following - RESERVED).clamp(min=-1), tuple(starts),
        truths=following.numpy(), arrangement=in_streams,
    )  # fmt: skip
