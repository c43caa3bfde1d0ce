"""Losses of pictures whose every pixel has a target, as a sum and the number of pixels it is over."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor
from torch.nn import functional

__all__ = ["pixel_cross_entropy"]


def pixel_cross_entropy(
    logits: Float[Tensor, "batch classes height width"],
    labels: Integer[Tensor, "batch height width"],
    weights: Float[Tensor, " batch"] | None = None,
    *,
    ignore: int,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return how surprised the softmax at each pixel is by its class, in nats, and how many pixels count.

    E = -sum_n v[n] sum over counted pixels ij of ln softmax(z[n, :, i, j])[t[n, i, j]],  count = sum_n v[n] pixels_n

    A pixel with the label to ignore adds nothing to either sum, and no gradient flows from it.

    Args:
        logits: Scores z before the softmax.
        labels: Place t of the right class, or `ignore`.
        weights: Weight v of each picture; one each when left out.
        ignore: The label of pixels that do not count.

    Source: arXiv:1411.4038, section 4.3; lecture 001, "Fully Convolutional Network".

    Example:
        >>> logits = torch.zeros(1, 2, 1, 2)
        >>> total, count = pixel_cross_entropy(logits, torch.tensor([[[1, 255]]]), ignore=255)
        >>> round(total.item(), 4), count.item()
        (0.6931, 1.0)
    """
    targets = labels.long()
    # E = -sum ln softmax(z)[t]
    each = functional.cross_entropy(logits, targets, ignore_index=ignore, reduction="none").flatten(1).sum(dim=1)
    pixels = (targets != ignore).flatten(1).sum(dim=1)
    total = each.sum() if weights is None else (each * weights).sum()
    count = pixels.sum() if weights is None else (pixels * weights).sum()
    # so little that it changes no other count, so that a batch without any counted pixel has the loss 0 and not 0 / 0
    return total, count.to(total.dtype).clamp_min(torch.finfo(torch.float32).tiny)
