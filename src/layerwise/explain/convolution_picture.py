"""Draw one window of a convolution: input with the patch framed, patch, kernel, products, and the output cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.explain.drawing import COLOURS, bare, figure, label, styled
from layerwise.explain.windows import Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_window", "numbered"]

NUMBERED = 7
"""Kernels up to this size carry their numbers in the cells."""


def draw_window(
    seen: Window, feature_map: np.ndarray, cell: tuple[int, int], total: float, channels: list[int]
) -> Figure:
    """Draw one row of pictures a channel, and the feature map with its cell at the right.

    Args:
        seen: Patch, kernel and where they lie.
        feature_map: The whole output map.
        cell: Row and column of the cell in it.
        total: Its value.
        channels: Which channels of the group.
    """
    with styled():
        count = len(channels)
        drawn = figure(11.0, 2.35 * count + 0.35)
        grid = drawn.add_gridspec(count, 5)
        reach = float(np.abs(seen.kernel).max()) or 1.0
        products = seen.patch * seen.kernel
        peak = float(np.abs(products).max()) or 1.0
        low, high = float(seen.image.min()), float(seen.image.max())
        for line, channel in enumerate(channels):
            name = label("input channel {}", seen.first + channel)
            _framed(drawn.add_subplot(grid[line, 0]), seen, channel, name)
            patch = drawn.add_subplot(grid[line, 1])
            numbered(patch, seen.patch[channel], label("patch x"), cmap="gray", vmin=low, vmax=high)
            kernel = drawn.add_subplot(grid[line, 2])
            numbered(kernel, seen.kernel[channel], label("kernel w"), cmap="RdBu", vmin=-reach, vmax=reach)
            axes = drawn.add_subplot(grid[line, 3])
            title = label("products, sum {}", f"{products[channel].sum():.4g}")
            numbered(axes, products[channel], title, cmap="RdBu", vmin=-peak, vmax=peak)
            _between(patch, "×")
            _between(kernel, "=")
        _map(drawn.add_subplot(grid[:, 4]), seen, feature_map, cell, total)
    return drawn


def numbered(axes: Axes, values: np.ndarray, title: str, *, cmap: str, vmin: float, vmax: float) -> None:
    """Draw a small matrix with its numbers in the cells."""
    image = axes.imshow(values, cmap=cmap, vmin=vmin, vmax=vmax)
    bare(axes, title)
    if max(values.shape) > NUMBERED:
        return
    size = 9.0 if max(values.shape) <= 3 else 7.0 if max(values.shape) <= 5 else 5.5
    for (row, column), value in np.ndenumerate(values):
        axes.text(
            column,
            row,
            _short(float(value), 3 if max(values.shape) <= 3 else 2),
            ha="center",
            va="center",
            fontsize=size,
            color=_ink(image, float(value)),
        )


def _short(value: float, digits: int) -> str:
    """Return a number of few signs: .25, -1.3, 12."""
    text = f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.replace("0.", ".", 1) if abs(value) < 1 else text


def _ink(image: Any, value: float) -> str:
    """Return black or white, whichever reads better on the colour of a cell."""
    red, green, blue, _ = image.cmap(image.norm(value))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else COLOURS["ink"]


def _between(axes: Axes, sign: str) -> None:
    axes.text(1.09, 0.5, sign, transform=axes.transAxes, ha="center", va="center", fontsize=15)


def _framed(axes: Axes, seen: Window, channel: int, title: str) -> None:
    from matplotlib.patches import Rectangle

    axes.imshow(seen.image[channel], cmap="gray")
    top, left = seen.rows[0] - 0.5, seen.columns[0] - 0.5
    height, width = seen.rows[-1] - seen.rows[0] + 1, seen.columns[-1] - seen.columns[0] + 1
    axes.add_patch(
        Rectangle((left, top), width, height, fill=False, edgecolor=COLOURS["warm"], linewidth=2, clip_on=False)
    )
    bare(axes, title)


def _map(axes: Axes, seen: Window, values: np.ndarray, cell: tuple[int, int], total: float) -> None:
    from matplotlib.patches import Rectangle

    axes.imshow(values, cmap="gray")
    corner = (cell[1] - 0.5, cell[0] - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=COLOURS["warm"], linewidth=2, clip_on=False))
    bare(axes, label("output map: z = {}", f"{total:.4g}"))
    channels = len(seen.kernel)
    sums = f"{float((seen.patch * seen.kernel).sum()):.4g}"
    products = label("sum of {} channels {}", channels, sums) if channels > 1 else label("sum {}", sums)
    if seen.bias is not None:
        products += "\n" + label("+ bias {} = {}", f"{seen.bias:.4g}", f"{total:.4g}")
    axes.set_xlabel(products, linespacing=1.5)
