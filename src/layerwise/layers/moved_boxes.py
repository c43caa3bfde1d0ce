"""Boxes that move with their pictures."""

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["moved_boxes"]


def moved_boxes(
    boxes: Float[Tensor, "batch objects 4"], matrices: Float[Tensor, "batch 2 3"], size: tuple[int, int]
) -> Float[Tensor, "batch objects 4"]:
    """Return the box around the moved corners of each box, cut at the border of its picture.

    x_old = M_1 x_new + m, so x_new = M_1^-1 (x_old - m)

    Args:
        boxes: Left, top, right, bottom in pixels.
        matrices: M_1 and m beside it, for each picture: where a place of the moved picture lies in the old one, from -1
            to 1 over the picture, as torch's `affine_grid` reads them.
        size: Height and width of the pictures in pixels.

    Example:
        >>> mirrored = torch.tensor([[[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        >>> moved_boxes(torch.tensor([[[1.0, 2.0, 4.0, 6.0]]]), mirrored, (8, 10)).tolist()
        [[[6.0, 2.0, 9.0, 6.0]]]
    """
    limits = boxes.new_tensor([size[1], size[0]])
    left, top, right, bottom = boxes.unbind(-1)
    pairs = ((left, top), (right, top), (left, bottom), (right, bottom))
    corners = torch.stack([torch.stack(pair, -1) for pair in pairs], dim=-2)
    old = corners / limits * 2 - 1
    # x_new = M_1^-1 (x_old - m)
    back = torch.linalg.inv(matrices[:, :, :2].to(boxes.dtype))
    new = (old - matrices[:, None, None, :, 2]) @ back.transpose(1, 2)[:, None]
    pixels = (new + 1) / 2 * limits
    low, high = (edge.clamp_min(0).minimum(limits) for edge in (pixels.amin(2), pixels.amax(2)))
    return torch.cat([low, high], dim=-1)
