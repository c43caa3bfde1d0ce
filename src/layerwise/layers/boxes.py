"""Boxes on a grid, many at once: overlap, what a cell writes, which cell is asked, which boxes are kept.

A box is (left, top, right, bottom) in pixels; a map has one row and one column of cells over the picture.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

__all__ = ["decode", "encode", "generalised_iou", "iou", "keep_best", "pairwise_iou", "responsible"]

LARGEST_CODE = 6.0
"""A cell can stretch or shrink the anchor by up to e^6 = 403: beyond, sides would overflow early in learning."""


def iou(first: Float[Tensor, "*#boxes 4"], second: Float[Tensor, "*#boxes 4"]) -> Float[Tensor, "..."]:
    """Return the overlap of each pair of boxes that stand at the same place.

    IoU = |A and B| / |A or B|

    Args:
        first: Boxes A.
        second: Boxes B; the shapes are matched as torch does.

    Source: Everingham and others (2010), The PASCAL VOC Challenge, section 4.2.

    Example:
        >>> round(iou(torch.tensor([0., 0, 2, 2]), torch.tensor([1., 1, 3, 3])).item(), 6)  # 1/7
        0.142857
    """
    both, either = _areas(first, second)
    return both / either.clamp_min(1e-9)


def pairwise_iou(
    first: Float[Tensor, "*batch rows 4"], second: Float[Tensor, "*batch columns 4"]
) -> Float[Tensor, "*batch rows columns"]:
    """Return the overlap of every box of one list with every box of another.

    Args:
        first: Boxes of the rows.
        second: Boxes of the columns.
    """
    return iou(first.unsqueeze(-2), second.unsqueeze(-3))


def generalised_iou(predicted: Float[Tensor, "*boxes 4"], wanted: Float[Tensor, "*boxes 4"]) -> Float[Tensor, "*boxes"]:
    """Return the generalised overlap, which falls below 0 as two boxes part, so that it can be learned.

    GIoU = I / U - (C - U) / C,  C the area of the smallest box around both

    Args:
        predicted: Boxes A.
        wanted: Boxes B.

    Source: Rezatofighi and others (2019), arXiv:1902.09630.

    Example:
        >>> value = generalised_iou(torch.tensor([0., 0, 2, 2]), torch.tensor([1., 1, 3, 3]))
        >>> round(value.item(), 6)  # 1/7 - 2/9
        -0.079365
    """
    both, either = _areas(predicted, wanted)
    sides = torch.maximum(predicted[..., 2:], wanted[..., 2:]) - torch.minimum(predicted[..., :2], wanted[..., :2])
    whole = sides.prod(-1).clamp_min(1e-9)
    # GIoU = I / U - (C - U) / C
    return both / either.clamp_min(1e-9) - (whole - either) / whole


def _areas(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the area of what is common and of what either box covers."""
    common = torch.minimum(first[..., 2:], second[..., 2:]) - torch.maximum(first[..., :2], second[..., :2])
    both = common.clamp_min(0).prod(-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).clamp_min(0).prod(-1) for boxes in (first, second)]
    return both, areas[0] + areas[1] - both


def decode(
    codes: Float[Tensor, "batch 4 rows columns"], *, size: tuple[int, int], anchor: int | float
) -> Float[Tensor, "batch rows columns 4"]:
    """Read a box from what each cell of a grid wrote.

    x = (column + 1/2 + t_x) s,  y = (row + 1/2 + t_y) s,  w = a exp(t_w),  h = a exp(t_h)

    Args:
        codes: t_x, t_y, t_w and t_h of each cell.
        size: Height and width of the picture in pixels; a cell has the side s = width / columns and height / rows.
        anchor: Side a of the box that t_w = t_h = 0 stands for, in pixels.

    Source: Girshick and others (2014), R-CNN, appendix C; Redmon and others (2016) for the grid.

    Example:
        >>> decode(torch.zeros(1, 4, 2, 2), size=(16, 16), anchor=8)[0, 1, 0].tolist()
        [0.0, 8.0, 8.0, 16.0]
    """
    rows, columns = codes.shape[2:]
    across = torch.arange(columns, device=codes.device, dtype=codes.dtype) + 0.5
    down = torch.arange(rows, device=codes.device, dtype=codes.dtype)[:, None] + 0.5
    # x = (column + 1/2 + t_x) s,  y = (row + 1/2 + t_y) s,  w = a exp(t_w),  h = a exp(t_h)
    x, y = (across + codes[:, 0]) * (size[1] / columns), (down + codes[:, 1]) * (size[0] / rows)
    half = codes[:, 2:].clamp(-LARGEST_CODE, LARGEST_CODE).exp() * (anchor / 2)
    return torch.stack([x - half[:, 0], y - half[:, 1], x + half[:, 0], y + half[:, 1]], dim=-1)


def encode(
    boxes: Float[Tensor, "boxes 4"],
    cells: Int[Tensor, "boxes 2"],
    *,
    grid: tuple[int, int],
    size: tuple[int, int],
    anchor: int | float,
) -> Float[Tensor, "boxes 4"]:
    """Write boxes down as their cells see them: the inverse of `decode`.

    t_x = x / s - (column + 1/2),  t_y = y / s - (row + 1/2),  t_w = log(w / a),  t_h = log(h / a)

    Args:
        boxes: Left, top, right, bottom; wider and higher than 0.
        cells: Row and column of the cell of each box.
        grid: Rows and columns of the grid.
        size: Height and width of the picture in pixels.
        anchor: Side a in pixels.

    Example:
        >>> boxes, cells = torch.tensor([[0., 8, 8, 16]]), torch.tensor([[1, 0]])
        >>> encode(boxes, cells, grid=(2, 2), size=(16, 16), anchor=8).tolist()
        [[0.0, 0.0, 0.0, 0.0]]
    """
    centres, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    cell = boxes.new_tensor([size[1] / grid[1], size[0] / grid[0]])
    # t_x = x / s - (column + 1/2),  t_y = y / s - (row + 1/2),  t_w = log(w / a),  t_h = log(h / a)
    return torch.cat([centres / cell - (cells.flip(1) + 0.5), (sides / anchor).log()], dim=1)


def responsible(
    boxes: Float[Tensor, "batch objects 4"],
    present: Bool[Tensor, "batch objects"],
    *,
    grid: tuple[int, int],
    size: tuple[int, int],
) -> tuple[Int[Tensor, "answered 2"], Int[Tensor, "answered 2"]]:
    """Say which cell answers for which object: the one its centre lies in; of two in one cell, the smaller object.

    Args:
        boxes: Boxes of the objects of each picture.
        present: False for places that only fill the batch up.
        grid: Rows and columns of the grid.
        size: Height and width of the picture in pixels.

    Returns:
        Picture and place of each object that is answered for, and row and column of its cell.

    Source: Redmon and others (2016), You Only Look Once, section 2.

    Example:
        >>> two = torch.tensor([[[0., 0, 9, 9], [2., 2, 6, 6]]])
        >>> places, cells = responsible(two, torch.tensor([[True, True]]), grid=(2, 2), size=(16, 16))
        >>> places.tolist(), cells.tolist()
        ([[0, 1]], [[0, 0]])
    """
    places = present.nonzero()
    found = boxes[places[:, 0], places[:, 1]]
    limits = torch.tensor([grid[0] - 1, grid[1] - 1], device=boxes.device)
    cell = boxes.new_tensor([size[0] / grid[0], size[1] / grid[1]])
    centres = (found[:, :2] + found[:, 2:]).flip(1) / 2
    cells = (centres / cell).long().clamp_min(0).minimum(limits)
    # The rank of each object from the smallest up; the lowest rank in a cell wins, whatever the order of the boxes.
    areas = (found[:, 2:] - found[:, :2]).prod(1)
    rank = areas.argsort(stable=True).argsort()
    where = (places[:, 0] * grid[0] + cells[:, 0]) * grid[1] + cells[:, 1]
    best = torch.full((len(boxes) * grid[0] * grid[1],), len(rank), device=boxes.device)
    best.scatter_reduce_(0, where, rank, "amin")
    chosen = best[where] == rank
    return places[chosen], cells[chosen]


def keep_best(
    boxes: Float[Tensor, "batch boxes 4"],
    classes: Int[Tensor, "batch boxes"],
    present: Bool[Tensor, "batch boxes"],
    *,
    threshold: float,
) -> Bool[Tensor, "batch boxes"]:
    """Say which boxes stay when those that overlap a better one of their class go: non-maximum suppression.

    Args:
        boxes: Boxes of each picture, the best score first.
        classes: Class of each; boxes of different classes do not suppress one another.
        present: False for places that only fill the batch up.
        threshold: Overlap above which (not at which) the worse box goes.

    Source: Girshick and others (2014), R-CNN, section 2.2.

    Example:
        >>> boxes = torch.tensor([[[0., 0, 10, 10], [1., 0, 11, 10], [20., 0, 30, 10]]])
        >>> same = torch.zeros(1, 3, dtype=torch.long)
        >>> keep_best(boxes, same, torch.ones(1, 3, dtype=torch.bool), threshold=0.5).tolist()
        [[True, False, True]]
    """
    rivals = (pairwise_iou(boxes, boxes) > threshold) & (classes.unsqueeze(1) == classes.unsqueeze(2))
    kept = present.clone()
    for place in range(boxes.shape[1] - 1):
        # A kept box sends away every later rival.
        kept[:, place + 1 :] &= ~(rivals[:, place, place + 1 :] & kept[:, place, None])
    return kept
