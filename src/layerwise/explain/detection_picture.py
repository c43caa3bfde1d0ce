"""Draw detections: the objects, the boxes that were kept and those that were suppressed, on the picture itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.explain.drawing import COLOURS, bare, figure, label, readable, styled
from layerwise.explain.segmentation_picture import shown_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_boxes", "draw_suppression"]

HUES = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c6d31")
"""A colour a class; they stay apart for colour-blind eyes, and repeat after eight."""

LEAST_SHOWN = 0.3
"""Boxes with a lower score are left out of the picture that is read at a glance."""


def draw_boxes(
    inputs: np.ndarray, truth: np.ndarray | None, boxes: np.ndarray, hits: np.ndarray | None, names: Sequence[str]
) -> Figure:
    """Draw the objects beside the boxes that were kept.

    Args:
        inputs: `(channels, height, width)`.
        truth: Class, left, top, right, bottom of each object; None where they are not known.
        boxes: Class, left, top, right, bottom, score of each kept box.
        hits: Whether each hits an object, or None where that is not known.
        names: Names of the classes.
    """
    shown = boxes[:, 5] >= min(LEAST_SHOWN, float(boxes[:, 5].max(initial=0.0)))
    panels = [] if truth is None else [label("truth: {} objects", len(truth))]
    panels.append(label("{} boxes with a score of {} or more", int(shown.sum()), LEAST_SHOWN))
    with styled():
        drawn = figure(4.2 * len(panels), 4.6)
        every = np.atleast_1d(drawn.subplots(1, len(panels)))
        for axes, title in zip(every, panels, strict=True):
            axes.imshow(shown_picture(inputs), interpolation="nearest", extent=_extent(inputs))
            bare(axes, title)
        if truth is not None:
            for box in truth:
                _frame(every[0], box[1:5], HUES[int(box[0]) % len(HUES)], names[int(box[0])])
        for place in np.flatnonzero(shown).tolist():
            box = boxes[place]
            said = f"{names[int(box[0])]} {box[5]:.2f}"
            missed = hits is not None and not hits[place]
            _frame(every[-1], box[1:5], HUES[int(box[0]) % len(HUES)], said, dashed=missed)
    return drawn


def draw_suppression(
    inputs: np.ndarray, boxes: np.ndarray, by: np.ndarray, chosen: int, cell: tuple[int, int], grid: Sequence[int]
) -> Figure:
    """Draw the grid, the cell that wrote the chosen box, the box, and the boxes that better ones suppressed.

    Args:
        inputs: `(channels, height, width)`.
        boxes: Class, left, top, right, bottom, score of each box, the best first.
        by: The box that suppressed each, -1 where it was kept.
        chosen: Place of the box that is worked out.
        cell: Row and column of its cell.
        grid: Rows and columns of the grid.
    """
    from matplotlib.patches import Rectangle

    height, width = inputs.shape[1:]
    down, across = height / grid[0], width / grid[1]
    with styled():
        drawn = figure(9.0, 4.8)
        left, right = drawn.subplots(1, 2)
        for axes, title in (
            (left, label("cell at row {}, column {}, and its box", *cell)),
            (right, label("who suppressed whom, among scores of {} or more", LEAST_SHOWN)),
        ):
            axes.imshow(shown_picture(inputs), interpolation="nearest", extent=_extent(inputs), alpha=0.75)
            bare(axes, title)
        for row in range(1, grid[0]):
            left.axhline(row * down, color="white", linewidth=0.5, alpha=0.7)
        for column in range(1, grid[1]):
            left.axvline(column * across, color="white", linewidth=0.5, alpha=0.7)
        corner = (cell[1] * across, cell[0] * down)
        left.add_patch(Rectangle(corner, across, down, facecolor=COLOURS["warm"], edgecolor="white", alpha=0.85))
        _frame(left, boxes[chosen, 1:5], COLOURS["strong"], f"#{chosen}")
        for place in _rivals(boxes, by, chosen)[::-1]:
            lost = by[place] >= 0
            said = f"#{place}" + (f" < #{by[place]}" if lost else "")
            _frame(right, boxes[place, 1:5], COLOURS["quiet" if lost else "strong"], said, dashed=bool(lost))
    return drawn


def _rivals(boxes: np.ndarray, by: np.ndarray, chosen: int) -> list[int]:
    """Return the boxes that are sure enough to be seen, and those that they suppressed; the chosen one in any case."""
    kept = [
        place for place in range(len(boxes)) if by[place] < 0 and (boxes[place, 5] >= LEAST_SHOWN or place == chosen)
    ]
    return sorted({*kept, *(place for place in range(len(boxes)) if by[place] in kept)})


def _extent(inputs: np.ndarray) -> tuple[float, float, float, float]:
    """Return the edges of a picture, so that edges of boxes lie between pixels."""
    return 0.0, float(inputs.shape[2]), float(inputs.shape[1]), 0.0


def _frame(axes: Axes, box: np.ndarray, colour: str, said: str, *, dashed: bool = False) -> None:
    """Draw one box with its name above it."""
    from matplotlib.patches import Rectangle

    left, top, right, bottom = box.tolist()
    for thick, hue in ((3.0, "white"), (1.6, colour)):
        style = (0, (3, 2)) if dashed and hue != "white" else "-"
        axes.add_patch(
            Rectangle(
                (left, top), right - left, bottom - top, fill=False, edgecolor=hue, linewidth=thick, linestyle=style
            )
        )
    # Above the box, or inside where there is no room above.
    over = top > 0.06 * axes.get_ylim()[0]
    axes.text(left, top, readable(said), color="white", fontsize=7, va="bottom" if over else "top", ha="left",
              bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.8, "alpha": 0.9})  # fmt: skip
