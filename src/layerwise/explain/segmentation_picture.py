"""Draw a segmentation: the picture, the truth, the answer and where they differ; and one score through the depths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.data.label_images import IGNORE
from layerwise.explain.drawing import COLOURS, bare, figure, label, readable, styled
from layerwise.explain.score_chain import ScoreStep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["coloured", "draw_answer", "draw_chain", "shown_picture"]

PALETTE = ("#d9dee4", "#d55e00", "#0072b2", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#7a5195", "#8c6d31", "#f0e442")
"""A colour for each class, the background first; they stay apart for colour-blind eyes, and repeat after ten."""

MOST_NAMED = 12
"""Classes that the legend names."""

LARGEST_PICTURE = 6
"""Maps of one score that are drawn in a row."""


def coloured(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return a label image in colours, `(height, width, 3)` from 0 to 1; ignored pixels are white.

    Example:
        >>> coloured(np.array([[0, 255]]), 2).round(2).tolist()
        [[[0.85, 0.87, 0.89], [1.0, 1.0, 1.0]]]
    """
    from matplotlib.colors import to_rgb

    colours = np.ones((256, 3))
    colours[:classes] = [to_rgb(PALETTE[place % len(PALETTE)]) for place in range(classes)]
    colours[IGNORE] = 1.0
    return np.asarray(colours[labels])


def shown_picture(inputs: np.ndarray) -> np.ndarray:
    """Return the network's input as a picture: stretched to 0 ... 1, grey or in its first three channels.

    Args:
        inputs: `(channels, height, width)`, as the network takes it.
    """
    channels = inputs[:3] if len(inputs) >= 3 else np.repeat(inputs[:1], 3, axis=0)
    low, high = channels.min(), channels.max()
    return np.asarray(((channels - low) / ((high - low) or 1.0)).transpose(1, 2, 0))


def draw_answer(
    inputs: np.ndarray, answer: np.ndarray, truth: np.ndarray | None, names: Sequence[str], pixel: tuple[int, int]
) -> Figure:
    """Draw the picture, the truth, the answer and where they differ, side by side.

    Args:
        inputs: `(channels, height, width)`.
        answer: Answered class of every pixel.
        truth: Its class, or None where it is not known.
        names: Names of the classes.
        pixel: Row and column of the pixel that is explained.
    """
    from matplotlib.patches import Patch

    panels = [(label("picture"), shown_picture(inputs))]
    if truth is not None:
        panels.append((label("truth"), coloured(truth, len(names))))
    panels.append((label("answer"), coloured(answer, len(names))))
    if truth is not None:
        counted = truth != IGNORE
        wrong = counted & (truth != answer)
        shares = coloured(answer, len(names)) * 0.25 + 0.75
        shares[wrong] = [0.83, 0.1, 0.1]
        share = wrong.sum() / max(counted.sum(), 1)
        panels.append((label("where they differ: {} of the pixels", f"{share:.1%}"), shares))
    with styled():
        drawn = figure(2.7 * len(panels), 3.3)
        for axes, (title, image) in zip(drawn.subplots(1, len(panels)), panels, strict=True):
            axes.imshow(image, interpolation="nearest")
            bare(axes, title)
            _mark(axes, pixel, image.shape[0])
        present = {*np.unique(answer).tolist(), *(np.unique(truth).tolist() if truth is not None else ())}
        seen = sorted(present - {IGNORE})
        patches = [
            Patch(facecolor=PALETTE[place % len(PALETTE)], label=readable(names[place])) for place in seen[:MOST_NAMED]
        ]
        drawn.legend(handles=patches, loc="outside lower center", ncols=len(patches), frameon=False)
    return drawn


def draw_chain(steps: Sequence[ScoreStep], name: str) -> Figure:
    """Draw the maps that one score was made from, coarsest first, each with its cell marked.

    Args:
        steps: From the output downwards.
        name: Name of the class.
    """
    shown = list(reversed(steps[:LARGEST_PICTURE]))
    peak = max(float(np.abs(step.whole).max()) for step in shown) or 1.0
    with styled():
        drawn = figure(2.5 * len(shown), 3.2)
        for axes, step in zip(np.atleast_1d(drawn.subplots(1, len(shown))), shown, strict=True):
            image = axes.imshow(step.whole, cmap="RdBu_r", vmin=-peak, vmax=peak, interpolation="nearest")
            height, width = step.whole.shape
            bare(axes, f"{readable(step.layer)}\n" + label("map {}", step.cell[0]) + f", {height} x {width}")
            _mark(axes, step.cell[1:], height)
            axes.set_xlabel(f"{step.value:+.3g}")
        drawn.colorbar(image, ax=drawn.axes, location="right", shrink=0.7, label=label("score of '{}'", name))
    return drawn


def _mark(axes: Axes, pixel: tuple[int, int], height: int) -> None:
    """Frame a cell, widely enough to be seen on a large map."""
    from matplotlib.patches import Rectangle

    side = max(1.0, height / 16)
    corner = (pixel[1] - side / 2, pixel[0] - side / 2)
    axes.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=COLOURS["ink"], linewidth=1.6, clip_on=False))
