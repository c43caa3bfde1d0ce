"""The boxes of a detector beside the truth: what a cell wrote, who suppressed whom, and what was hit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from layerwise.byhand.activations import sigmoid, softmax
from layerwise.byhand.boxes import decode_box, generalised_intersection_over_union, intersection_over_union, suppress
from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.detection_picture import draw_boxes, draw_suppression
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.subject import Subject
from layerwise.explain.trace import record_forward
from layerwise.language import say
from layerwise.layers.boxes import generalised_iou, iou, pairwise_iou
from layerwise.metrics.detection import match_boxes
from layerwise.tasks.detect import LEAST_SCORE, MOST_BOXES, OVERLAP, Detect

__all__ = ["accepts", "detections"]

SHOWN = 12
"""Suppressed boxes whose overlap is worked out one by one."""

LISTED = 20
"""Boxes that a table holds, those with the highest scores."""


@dataclass(frozen=True)
class _Read:
    """What was read from a map: every box that was sure enough, the best first, and who suppressed whom.

    Args:
        boxes: `(boxes, 6)`: class, left, top, right, bottom, score.
        cells: Place of the cell of each, row after row.
        by: The box that suppressed each one, -1 where it was kept.
    """

    boxes: np.ndarray
    cells: np.ndarray
    by: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """Places of the boxes that were kept."""
        return np.flatnonzero(self.by < 0)


def accepts(subject: Subject) -> bool:
    """Say whether the network answers one picture with the map of a detector."""
    task = subject.task
    if not isinstance(task, Detect) or subject.inputs.dim() != 4 or len(subject.inputs) != 1:
        return False
    output = record_forward(subject.model, subject.inputs)
    found = output.value(output.total)
    return found.dim() == 4 and found.shape[1] == 5 + task.outputs() and tuple(subject.inputs.shape[2:]) == task.size


@register("detections", task="detect", opens="answer", source="arXiv:1506.02640", lecture="001 Object Detection")
def detections(subject: Subject, *, box: int = 0) -> Explanation:
    """Show every box beside the truth, decode one of them by hand, and say which box suppressed which.

    x = (column + 1/2 + t_x) s,  w = a exp(t_w);  score = sigmoid(z_0) max_k softmax(z_5 ...)_k;
    a box goes where IoU > 1/2 with a better one of its class

    Args:
        subject: The network and the picture.
        box: Which of the kept boxes is worked out, from 0 for the best score.

    Raises:
        LayerwiseError: There is no such box.
    """
    task = subject.task
    if not isinstance(task, Detect):
        message = "detections are shown for the task detect"
        raise TypeError(message)
    trace = record_forward(subject.model, subject.inputs)
    output = trace.value(trace.total).detach()
    found = _read(task, output)
    kept = found.kept
    if not 0 <= box < len(kept):
        rule, remedy = say("A box is counted from 0, the best first."), say("Choose one from 0 to {}.", len(kept) - 1)
        raise LayerwiseError(rule, say("box {} of {}", box, len(kept)), remedy, usage=True)
    chosen = int(kept[box])
    truth = _truth(subject)
    hits = _hits(found.boxes[kept], truth, len(task.classes))
    names, inputs = task.classes, subject.inputs[0].double().numpy(force=True)
    kind, score = names[int(found.boxes[chosen, 0])], found.boxes[chosen, 5]
    return Explanation(
        view="detections",
        title=say("{} boxes kept of {}; box {} is a '{}' with score {}", len(kept), len(found.boxes), box, kind,
                  f"{score:.3f}"),
        facts=subject.shown_facts(),
        tensors={
            "map": Recorded(output[0].double().numpy(force=True), ("answer", "row", "column"), "recorded", "output"),
            "boxes": Recorded(found.boxes, ("box", "number"), "derived", "output"),
            "suppressed_by": Recorded(found.by, ("box",), "replayed", "output"),
        },
        arithmetic=(*_decoding(subject, task, output, found, chosen), *_overlaps(subject, found, chosen, truth)),
        tables=(_kept(found, names, hits, chosen), *_suppressed(found, names), *_wanted(truth, names)),
        notes=_notes(found, truth, hits),
        pictures=(
            Picture(say("The picture with the objects as they are, and with the boxes that were kept; dashed boxes hit "
                        "nothing."), lambda: draw_boxes(inputs, truth, found.boxes[kept], hits, names)),
            Picture(say("The cell that answered and its box, and the boxes that were suppressed, dashed."),
                    lambda: draw_suppression(inputs, found.boxes, found.by, chosen,
                                             _cell(output, int(found.cells[chosen])), output.shape[2:])),
        ),
    )  # fmt: skip


def _read(task: Detect, output: Tensor) -> _Read:
    """Read every box that is sure enough, and suppress by hand; the surest cell alone where none is sure enough."""
    boxes, classes, scores = (part[0].double().numpy(force=True) for part in task.read(output))
    order = np.argsort(-scores, kind="stable")[:MOST_BOXES]
    order = order[: max(int((scores[order] >= LEAST_SCORE).sum()), 1)]
    rows = np.column_stack([classes[order], boxes[order], scores[order]])
    by = np.full(len(rows), -1)
    for kind in np.unique(rows[:, 0]):
        own = np.flatnonzero(rows[:, 0] == kind)
        _, killer = suppress(rows[own, 1:5], rows[own, 5], threshold=OVERLAP)
        by[own] = np.where(killer >= 0, own[killer], -1)
    return _Read(rows, order, by)


def _truth(subject: Subject) -> np.ndarray | None:
    """Return the objects, `(objects, 5)`, or None where they are not known."""
    if subject.target is None or subject.target.dim() != 3 or subject.target.shape[2] != 5:
        return None
    rows = subject.target[0].double().numpy(force=True)
    return np.asarray(rows[rows[:, 0] >= 0])


def _hits(boxes: np.ndarray, truth: np.ndarray | None, classes: int) -> np.ndarray | None:
    """Say which of the kept boxes hit an object of their class at an overlap of one half."""
    if truth is None:
        return None
    hits = np.zeros(len(boxes), dtype=bool)
    for kind in range(classes):
        own = np.flatnonzero(boxes[:, 0] == kind)
        hits[own] = match_boxes([truth], [boxes], kind, np.array([OVERLAP])).hits[0]
    return hits


def _cell(output: Tensor, place: int) -> tuple[int, int]:
    """Return row and column of a cell."""
    columns = int(output.shape[3])
    return place // columns, place % columns


def _decoding(subject: Subject, task: Detect, output: Tensor, found: _Read, chosen: int) -> tuple[Arithmetic, ...]:
    """Return the chosen box and its score as lines to verify, from the numbers that its cell wrote."""
    row, column = _cell(output, int(found.cells[chosen]))
    wrote = output[0, :, row, column].double().numpy(force=True)
    grid, epsilon = (output.shape[2], output.shape[3]), subject.epsilon()
    box = found.boxes[chosen]
    settings = {"cell": (row, column), "grid": grid, "size": task.size, "anchor": task.anchor}
    # e^t turns an error of t into one of the same size relative to the side.
    tolerance = 64 * epsilon * (max(task.size) + float(np.abs(box[1:5]).max()))
    return (
        Arithmetic("box", "x = (column + 1/2 + t_x) s,  w = a exp(t_w), cut at the border", _decoded_box,
                   {"code": wrote[1:5]}, box[1:5], tolerance, settings),
        Arithmetic("score", "sigmoid(z_0) max softmax(z_5 ...)", _score,
                   {"sureness": wrote[:1], "classes": wrote[5:]}, np.array(box[5]),
                   64 * epsilon * (1 + float(np.abs(wrote).max()))),
    )  # fmt: skip


def _overlaps(subject: Subject, found: _Read, chosen: int, truth: np.ndarray | None) -> tuple[Arithmetic, ...]:
    """Return the overlap of every suppressed box with its suppressor, all overlaps, and the hit of the chosen box."""
    boxes, tolerance = torch.from_numpy(found.boxes[:, 1:5]).to(subject.inputs.dtype), 64 * subject.epsilon()
    exact = boxes.double().numpy()
    lines = []
    for lost in np.flatnonzero(found.by >= 0)[:SHOWN].tolist():
        better = int(found.by[lost])
        lines.append(Arithmetic(
            f"IoU {lost}, {better}", "IoU = |A and B| / |A or B|", intersection_over_union,
            {"first": exact[better], "second": exact[lost]}, iou(boxes[better], boxes[lost]).numpy(force=True),
            tolerance,
        ))  # fmt: skip
    lines.append(Arithmetic("IoU", "IoU = |A and B| / |A or B|, every pair", _every_overlap, {"boxes": exact},
                            pairwise_iou(boxes, boxes).numpy(force=True), tolerance))  # fmt: skip
    if truth is not None and len(truth):
        objects = torch.from_numpy(truth[:, 1:]).to(boxes.dtype)
        nearest = int(generalised_iou(boxes[chosen].expand(len(objects), 4), objects).argmax())
        value = generalised_iou(boxes[chosen], objects[nearest]).numpy(force=True)
        lines.append(Arithmetic("GIoU", "GIoU = I / U - (C - U) / C, with the nearest object", _generalised_overlap,
                                {"first": exact[chosen], "second": objects[nearest].double().numpy()}, value,
                                tolerance))  # fmt: skip
    return tuple(lines)


def _decoded_box(
    code: np.ndarray, *, cell: tuple[int, int], grid: tuple[int, int], size: tuple[int, int], anchor: float
) -> np.ndarray:
    """Return left, top, right and bottom of the box that a cell wrote, cut at the border of the picture."""
    # x = (column + 1/2 + t_x) s,  w = a exp(t_w)
    level = decode_box(code, *cell, stride=size[1] / grid[1], anchor=anchor)
    upright = decode_box(code, *cell, stride=size[0] / grid[0], anchor=anchor)
    box = np.array([level[0], upright[1], level[2], upright[3]])
    return np.asarray(np.clip(box, 0, np.array([size[1], size[0]] * 2)))


def _score(sureness: np.ndarray, classes: np.ndarray) -> np.ndarray:
    # score = sigmoid(z_0) max_k softmax(z_5 ...)_k
    return np.asarray(sigmoid(sureness)[0] * softmax(classes).max())


def _every_overlap(boxes: np.ndarray) -> np.ndarray:
    # IoU = |A and B| / |A or B|, every pair
    return np.array([[intersection_over_union(one, other) for other in boxes] for one in boxes])


def _generalised_overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    # GIoU = I / U - (C - U) / C
    return np.asarray(generalised_intersection_over_union(first, second)[0])


def _row(box: np.ndarray, names: tuple[str, ...]) -> tuple[Cell, ...]:
    """Return one box as cells of a table."""
    return names[int(box[0])], *(float(edge) for edge in box[1:])


def _kept(found: _Read, names: tuple[str, ...], hits: np.ndarray | None, chosen: int) -> Table:
    """Return the kept boxes with the highest scores, the best first, and the one that is worked out in any case."""
    header: tuple[str, ...] = (
        say("box"), say("class"), say("left"), say("top"), say("right"), say("bottom"), say("score"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    listed = [place for place, box in enumerate(found.kept.tolist()) if place < LISTED or box == chosen]
    for place in listed:
        box = int(found.kept[place])
        said: tuple[Cell, ...] = () if hits is None else (say("hit") if hits[place] else say("hits nothing"),)
        rows.append((f"#{box}", *_row(found.boxes[box], names), *said))
    header = header if hits is None else (*header, say("truth"))
    marked = frozenset(row for row, place in enumerate(listed) if found.kept[place] == chosen)
    return Table(say("Boxes that were kept"), header, tuple(rows), marked=marked)


def _suppressed(found: _Read, names: tuple[str, ...]) -> tuple[Table, ...]:
    """Return the boxes that a better one sent away, those with the highest scores first."""
    boxes = torch.from_numpy(found.boxes[:, 1:5])
    rows: list[tuple[Cell, ...]] = [
        (f"#{lost}", *_row(found.boxes[lost], names), f"#{found.by[lost]}",
         float(iou(boxes[lost], boxes[int(found.by[lost])])))
        for lost in np.flatnonzero(found.by >= 0)[:LISTED].tolist()
    ]  # fmt: skip
    header = (say("box"), say("class"), say("left"), say("top"), say("right"), say("bottom"), say("score"),
              say("suppressed by"), "IoU")  # fmt: skip
    return (Table(say("Boxes that were suppressed"), header, tuple(rows), folded=len(rows) > SHOWN),) if rows else ()


def _wanted(truth: np.ndarray | None, names: tuple[str, ...]) -> tuple[Table, ...]:
    """Return the objects as they are."""
    if truth is None:
        return ()
    header = (say("class"), say("left"), say("top"), say("right"), say("bottom"))
    return (Table(say("Objects in the picture"), header, tuple(_row(box, names) for box in truth)),)


def _notes(found: _Read, truth: np.ndarray | None, hits: np.ndarray | None) -> tuple[str, ...]:
    """Say in words what was kept, lost, hit and missed."""
    lost = np.flatnonzero(found.by >= 0)
    notes = []
    if len(found.boxes) and found.boxes[0, 5] < LEAST_SCORE:
        notes.append(say("No cell is sure enough (score below {}): the surest one is shown all the same.", LEAST_SCORE))
    if len(found.kept) > LISTED:
        notes.append(say("The {} kept boxes with the highest scores are listed; {} more were kept.", LISTED,
                         len(found.kept) - LISTED))  # fmt: skip
    if len(lost) > LISTED:
        notes.append(say("The {} suppressed boxes with the highest scores are listed; {} more were suppressed.", LISTED,
                         len(lost) - LISTED))  # fmt: skip
    if len(lost):
        first = int(lost[0])
        notes.append(say("Box #{} was suppressed by #{}: the same class, a lower score, IoU above {}.", first,
                         int(found.by[first]), OVERLAP))  # fmt: skip
    if truth is not None and hits is not None:
        notes.append(say("{} of {} boxes hit an object, {} of {} objects are found.", int(hits.sum()), len(hits),
                         int(hits.sum()), len(truth)))  # fmt: skip
    notes.append(say("A hit is a box of the right class whose IoU with an object of its own is {} or more.", OVERLAP))
    return tuple(notes)
