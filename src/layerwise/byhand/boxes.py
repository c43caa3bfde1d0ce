"""Boxes: how far two overlap, how a grid cell writes one down, and which of several answers is kept.

A box is (left, top, right, bottom); right and bottom are edges, so that right - left is the width.
"""

import numpy as np
from jaxtyping import Float, Int

__all__ = [
    "area",
    "decode_box",
    "encode_box",
    "generalised_intersection_over_union",
    "intersection_over_union",
    "suppress",
]


def area(box: Float[np.ndarray, "4"]) -> float:
    """Return the area of a box, 0 where it is turned inside out.

    A = max(right - left, 0) max(bottom - top, 0)

    Args:
        box: Left, top, right, bottom.

    Source: Everingham and others (2010), The PASCAL VOC Challenge, section 4.2.

    Example:
        >>> area(np.array([0.0, 0.0, 2.0, 3.0]))
        6.0
    """
    left, top, right, bottom = box.tolist()
    # A = max(right - left, 0) max(bottom - top, 0)
    return max(right - left, 0.0) * max(bottom - top, 0.0)


def intersection_over_union(first: Float[np.ndarray, "4"], second: Float[np.ndarray, "4"]) -> float:
    """Return how much of the area that two boxes cover is covered by both.

    IoU = |A and B| / |A or B|,  |A or B| = |A| + |B| - |A and B|

    Args:
        first: A box A.
        second: A box B.

    Returns:
        0 for boxes that do not touch, 1 for equal ones.

    Source: Everingham and others (2010), The PASCAL VOC Challenge, section 4.2; lecture 001, object detection.

    Example:
        >>> round(intersection_over_union(np.array([0.0, 0, 2, 2]), np.array([1.0, 1, 3, 3])), 6)  # 1/7
        0.142857
    """
    common = np.concatenate([np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])])
    both = area(common)
    # |A or B| = |A| + |B| - |A and B|
    either = area(first) + area(second) - both
    return both / either if either > 0 else 0.0


def generalised_intersection_over_union(
    predicted: Float[np.ndarray, "4"], wanted: Float[np.ndarray, "4"]
) -> tuple[float, Float[np.ndarray, "4"]]:
    """Return the generalised overlap of two boxes, and its gradient with respect to the edges of the first.

    GIoU = I / U - (C - U) / C,  C the area of the smallest box around both;
    dGIoU = dI / U - I dU / U^2 + dU / C - U dC / C^2,  dU = dA - dI

    Boxes that lie apart have IoU 0 and no gradient; GIoU falls from 0 towards -1 as they part, so it can be learned.

    Args:
        predicted: The box A whose edges move, of positive area.
        wanted: The box B it should become, of positive area.

    Source: Rezatofighi and others (2019), Generalized Intersection over Union, arXiv:1902.09630, algorithm 1.

    Example:
        >>> value, gradient = generalised_intersection_over_union(np.array([0.0, 0, 2, 2]), np.array([1.0, 1, 3, 3]))
        >>> round(value, 6), gradient.round(4).tolist()  # 1/7 - 2/9
        (-0.079365, [0.0779, 0.0779, 0.2336, 0.2336])
    """
    common = np.concatenate([np.maximum(predicted[:2], wanted[:2]), np.minimum(predicted[2:], wanted[2:])])
    around = np.concatenate([np.minimum(predicted[:2], wanted[:2]), np.maximum(predicted[2:], wanted[2:])])
    own, both, whole = area(predicted), area(common), area(around)
    either = own + area(wanted) - both
    # An edge of A is an edge of what is common where it is the inner one, and of what is around where it is the outer.
    inner = np.concatenate([predicted[:2] >= wanted[:2], predicted[2:] <= wanted[2:]])
    d_own, d_whole = _edges(predicted), _edges(around) * ~inner
    d_both = _edges(common) * inner if both > 0 else np.zeros(4, dtype=predicted.dtype)
    d_either = d_own - d_both
    # dGIoU = dI / U - I dU / U^2 + dU / C - U dC / C^2
    gradient = d_both / either - both * d_either / either**2 + d_either / whole - either * d_whole / whole**2
    return both / either - (whole - either) / whole, gradient.astype(predicted.dtype)


def _edges(box: Float[np.ndarray, "4"]) -> Float[np.ndarray, "4"]:
    """Return dA / d(left, top, right, bottom) = (-height, -width, height, width)."""
    width, height = box[2] - box[0], box[3] - box[1]
    return np.array([-height, -width, height, width])


def encode_box(
    box: Float[np.ndarray, "4"], row: int, column: int, *, stride: int | float, anchor: int | float
) -> Float[np.ndarray, "4"]:
    """Write a box down as a cell of the grid sees it.

    t_x = x / s - (column + 1/2),  t_y = y / s - (row + 1/2),  t_w = log(w / a),  t_h = log(h / a)

    Args:
        box: Left, top, right, bottom, with centre (x, y), width w and height h, both > 0.
        row: Row of the cell in the grid.
        column: Column of the cell.
        stride: Side s of a cell in pixels.
        anchor: Side a of the box that t_w = t_h = 0 stands for, in pixels.

    Source: Girshick and others (2014), R-CNN, appendix C, with a square anchor; Redmon and others (2016) for the grid.

    Example:
        >>> encode_box(np.array([4.0, 8.0, 28.0, 20.0]), 1, 2, stride=8, anchor=24).round(4).tolist()
        [-0.5, 0.25, 0.0, -0.6931]
    """
    left, top, right, bottom = box
    x, y, width, height = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    # t_x = x / s - (column + 1/2),  t_y = y / s - (row + 1/2),  t_w = log(w / a),  t_h = log(h / a)
    return np.array(
        [x / stride - (column + 0.5), y / stride - (row + 0.5), np.log(width / anchor), np.log(height / anchor)],
        dtype=box.dtype,
    )


def decode_box(
    code: Float[np.ndarray, "4"], row: int, column: int, *, stride: int | float, anchor: int | float
) -> Float[np.ndarray, "4"]:
    """Read a box from what a cell of the grid wrote: the inverse of `encode_box`.

    x = (column + 1/2 + t_x) s,  y = (row + 1/2 + t_y) s,  w = a exp(t_w),  h = a exp(t_h)

    Args:
        code: t_x, t_y, t_w and t_h.
        row: Row of the cell in the grid.
        column: Column of the cell.
        stride: Side s of a cell in pixels.
        anchor: Side a of the box that t_w = t_h = 0 stands for, in pixels.

    Source: Girshick and others (2014), R-CNN, appendix C, with a square anchor; Redmon and others (2016) for the grid.

    Example:
        >>> decode_box(np.array([-0.5, 0.25, 0.0, np.log(0.5)]), 1, 2, stride=8, anchor=24).round(4).tolist()
        [4.0, 8.0, 28.0, 20.0]
    """
    # x = (column + 1/2 + t_x) s,  y = (row + 1/2 + t_y) s,  w = a exp(t_w),  h = a exp(t_h)
    x, y = (column + 0.5 + code[0]) * stride, (row + 0.5 + code[1]) * stride
    width, height = anchor * np.exp(code[2]), anchor * np.exp(code[3])
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2], dtype=code.dtype)


def suppress(
    boxes: Float[np.ndarray, "boxes 4"], scores: Float[np.ndarray, "boxes"], *, threshold: float
) -> tuple[Int[np.ndarray, "kept"], Int[np.ndarray, "boxes"]]:
    """Keep the best of boxes that overlap: non-maximum suppression, and who suppressed whom.

    From the best score down: a box is kept unless IoU > threshold with one that was kept before it.

    Args:
        boxes: Boxes of one class.
        scores: Score of each box.
        threshold: Overlap above which the worse box goes; a box at exactly the threshold stays.

    Returns:
        The kept boxes, best first; and for each box the one that suppressed it, -1 where it was kept.

    Source: Felzenszwalb and others (2010), section 7.2; Girshick and others (2014), R-CNN, section 2.2.

    Example:
        >>> three = np.array([[0.0, 0, 10, 10], [1.0, 0, 11, 10], [20.0, 0, 30, 10]])
        >>> kept, by = suppress(three, np.array([0.6, 0.9, 0.5]), threshold=0.5)
        >>> kept.tolist(), by.tolist()
        ([1, 2], [1, -1, -1])
    """
    kept: list[int] = []
    by = np.full(len(boxes), -1)
    # Equal scores keep their order.
    for place in np.argsort(-scores, kind="stable").tolist():
        for better in kept:
            if intersection_over_union(boxes[better], boxes[place]) > threshold:
                by[place] = better
                break
        else:
            kept.append(place)
    return np.array(kept, dtype=np.int64), by
