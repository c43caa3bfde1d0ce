"""Losses of a grid detector as sums over a batch: the focal and overlap loss of today, and YOLO's squared errors.

A map has the channels z_0 (how sure a cell is of an object), z_1 to z_4 (its box, `boxes.decode`) and one a class.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from layerwise.layers.boxes import decode, encode, generalised_iou, iou, responsible

__all__ = ["LOSSES", "LossOfGrid", "focal_giou", "squared_errors"]

FOCUS = 2.0
OBJECT_WEIGHT = 3.0
"""How much more a cell with an object weighs in sureness than one without."""

BOX_WEIGHT, CLASS_WEIGHT = 2.0, 3.0
"""With a class that weighs no more than sureness, boxes are found long before they are told apart."""

COORDINATE_WEIGHT, EMPTY_WEIGHT = 5.0, 0.5


@dataclass(frozen=True)
class LossOfGrid:
    """What a network answered and what it should have answered.

    Args:
        output: Maps.
        targets: Class, left, top, right, bottom of each object; class -1 where a place only fills the batch up.
        size: Height and width of the pictures in pixels.
        anchor: Side of the box that four zeros stand for, in pixels.
        weights: Weight of each picture, or None for one each.
    """

    output: Float[Tensor, "batch channels rows columns"]
    targets: Float[Tensor, "batch objects 5"]
    size: tuple[int, int]
    anchor: float
    weights: Float[Tensor, " batch"] | None = None

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the maps."""
        return self.output.shape[2], self.output.shape[3]

    def answered(self) -> tuple[Int[Tensor, "answered 2"], Int[Tensor, "answered 2"]]:
        """Return picture and place of each object that a cell answers for, and row and column of that cell."""
        return responsible(self.targets[:, :, 1:], self.targets[:, :, 0] >= 0, grid=self.grid, size=self.size)

    def weigh(self, places: Int[Tensor, "answered 2"]) -> Float[Tensor, " answered"]:
        """Return the weight of each answered object: that of its picture."""
        if self.weights is None:
            return self.output.new_ones(len(places))
        return self.weights[places[:, 0]]


def focal_giou(asked: LossOfGrid) -> Mapping[str, Float[Tensor, ""]]:
    """Return sureness as a focal loss, boxes by generalised overlap, classes by cross-entropy.

    E_sure = -sum_cells a_t (1 - p_t)^2 ln p_t,  p_t = sigmoid(z_0) at an object, 1 - sigmoid(z_0) elsewhere;
    E_box = 2 sum_objects (1 - GIoU);  E_class = -3 sum_objects ln softmax(z_5 ...)[k]

    Args:
        asked: Maps and objects.

    Source: Lin and others (2017), Focal Loss, arXiv:1708.02002; Rezatofighi and others (2019), arXiv:1902.09630.
    """
    (places, cells), sure = asked.answered(), asked.output[:, 0]
    at, objects = (places[:, 0], cells[:, 0], cells[:, 1]), asked.targets[places[:, 0], places[:, 1]]
    heavy = asked.weigh(places)
    there = torch.zeros_like(sure).index_put(at, sure.new_ones(()))
    # -ln p_t = softplus(-z) at an object, softplus(z) elsewhere;  1 - p_t = sigmoid of the same
    against = torch.where(there > 0, -sure, sure)
    # a_t (1 - p_t)^2 (-ln p_t)
    focal = (1 + (OBJECT_WEIGHT - 1) * there) * against.sigmoid() ** FOCUS * functional.softplus(against)
    boxes = decode(asked.output[:, 1:5], size=asked.size, anchor=asked.anchor)[at]
    surprise = functional.cross_entropy(
        asked.output[:, 5:].permute(0, 2, 3, 1)[at], objects[:, 0].long(), reduction="none"
    )
    return {
        "sureness": _pictures(focal, asked.weights),
        "box": BOX_WEIGHT * ((1 - generalised_iou(boxes, objects[:, 1:])) * heavy).sum(),
        "class": CLASS_WEIGHT * (surprise * heavy).sum(),
    }


def squared_errors(asked: LossOfGrid) -> Mapping[str, Float[Tensor, ""]]:
    """Return YOLO's squared errors.

    E_box = 5 sum_objects (x - x')^2 + (y - y')^2 + (sqrt w - sqrt w')^2 + (sqrt h - sqrt h')^2, x and y in cells, w
    and h as shares of the picture;  E_sure = sum_objects (C - IoU)^2 + 0.5 sum_other cells C^2;
    E_class = sum_objects sum_k (p_k - [k is the class])^2

    Args:
        asked: Maps and objects.

    Source: Redmon and others (2016), You Only Look Once, arXiv:1506.02640, equation 3, with one box a cell.
    """
    (places, cells), sure = asked.answered(), asked.output[:, 0].sigmoid()
    at, objects = (places[:, 0], cells[:, 0], cells[:, 1]), asked.targets[places[:, 0], places[:, 1]]
    heavy, wanted = asked.weigh(places), objects[:, 1:]
    boxes = decode(asked.output[:, 1:5], size=asked.size, anchor=asked.anchor)[at]
    codes = asked.output[:, 1:3].permute(0, 2, 3, 1)[at]
    away = codes - encode(wanted, cells, grid=asked.grid, size=asked.size, anchor=asked.anchor)[:, :2]
    picture = wanted.new_tensor([asked.size[1], asked.size[0]])
    roots = [((some[:, 2:] - some[:, :2]) / picture).sqrt() for some in (boxes, wanted)]
    # 5 ((x - x')^2 + (y - y')^2 + (sqrt w - sqrt w')^2 + (sqrt h - sqrt h')^2)
    box = COORDINATE_WEIGHT * (away.square() + (roots[0] - roots[1]).square()).sum(1)
    # (C - IoU)^2 at an object, 0.5 C^2 elsewhere; the overlap is a target and has no gradient
    overlap = torch.zeros_like(sure).index_put(at, iou(boxes, wanted).detach())
    there = torch.zeros_like(sure).index_put(at, sure.new_ones(()))
    errors = (there + EMPTY_WEIGHT * (1 - there)) * (sure - overlap).square()
    shares = asked.output[:, 5:].permute(0, 2, 3, 1)[at].softmax(1)
    classes = (shares - functional.one_hot(objects[:, 0].long(), shares.shape[1])).square().sum(1)
    return {
        "sureness": _pictures(errors, asked.weights), "box": (box * heavy).sum(), "class": (classes * heavy).sum(),
    }  # fmt: skip


LOSSES: Mapping[str, Callable[[LossOfGrid], Mapping[str, Tensor]]] = {
    "focal-giou": focal_giou,
    "squared-error": squared_errors,
}
"""Losses by their names in the settings, the usual one first."""


def _pictures(cells: Float[Tensor, "batch rows columns"], weights: Tensor | None) -> Float[Tensor, ""]:
    """Add up what the cells of each picture lose, each picture with its weight."""
    return cells.sum() if weights is None else cells.sum((1, 2)) @ weights
