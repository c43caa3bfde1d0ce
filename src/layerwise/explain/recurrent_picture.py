"""Draw a recurrent layer through time: gates and state of one unit as lines, and of all units as maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.recurrent_steps import RecurrentSteps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["NAMES", "draw_layer", "draw_unit"]

DRAWN = 60
"""Time steps that a picture can hold."""

MAPPED = 48
"""Units that a map can hold."""

NAMES = {
    "i": "input gate i", "f": "forget gate f", "o": "output gate o", "g": "candidate g", "c": "cell c",
    "r": "reset gate r", "z": "update gate z", "n": "candidate n", "h": "hidden state h",
}  # fmt: skip
"""What each letter stands for."""


def draw_unit(steps: RecurrentSteps, labels: Sequence[str], unit: int, time: int) -> Figure:
    """Draw gates and state of one unit as lines over time.

    Args:
        steps: The layer.
        labels: What was read at each step.
        unit: Which unit.
        time: The step that is marked.
    """
    window = _window(labels, time)
    places = np.arange(window.start, window.stop)
    with styled():
        drawn = figure(7.6, 4.2 if steps.gates else 2.6)
        rows = [names for names in (steps.gates, steps.state) if names]
        panels = np.atleast_1d(drawn.subplots(len(rows), 1, sharex=True))
        hues = ("#0072b2", "#d55e00", "#009e73", "#6b7785")
        for axes, names in zip(panels, rows, strict=True):
            for hue, name in zip(hues, names, strict=False):
                values = steps.values[name][window, unit]
                axes.plot(
                    places, values, color=hue, linewidth=1.4, marker="o", markersize=2.6, label=label(NAMES[name])
                )
            axes.axhline(0, color=COLOURS["line"], linewidth=0.8)
            axes.axvline(time, color=COLOURS["line"], linewidth=6, alpha=0.6, zorder=0)
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        _ticks(panels[-1], labels, window)
        panels[-1].set_xlabel(label("what was read"))
    return drawn


def draw_layer(steps: RecurrentSteps, labels: Sequence[str], time: int) -> Figure:
    """Draw every gate and state as a map of units over time.

    Args:
        steps: The layer.
        labels: What was read at each step.
        time: The step around which is drawn.
    """
    window, names = _window(labels, time), (*steps.gates, *steps.state)
    kept = slice(0, min(steps.units, MAPPED))
    columns = 2 if len(names) > 1 else 1
    with styled():
        height = 0.7 + -(-len(names) // columns) * (0.9 + 0.035 * kept.stop)
        drawn = figure(7.6, height)
        panels = np.atleast_1d(drawn.subplots(-(-len(names) // columns), columns, sharex=True)).reshape(-1)
        for axes in panels[len(names) :]:
            axes.set_visible(False)
        for axes, name in zip(panels, names, strict=False):
            values = steps.values[name][window, kept].T
            reach = max(1.0, float(np.abs(values).max()))
            extent = (window.start - 0.5, window.stop - 0.5, kept.stop - 0.5, -0.5)
            shown = axes.imshow(
                values, cmap="RdBu", vmin=-reach, vmax=reach, aspect="auto", extent=extent, interpolation="nearest"
            )
            axes.set_title(label(NAMES[name]))
            axes.set_ylabel(label("unit"))
            drawn.colorbar(shown, ax=axes, pad=0.02)
            _ticks(axes, labels, window)
            if axes in panels[max(0, len(names) - columns) : len(names)]:
                axes.set_xlabel(label("what was read"))
    return drawn


def _window(labels: Sequence[str], time: int) -> slice:
    """Return the steps that are drawn: those around the chosen one."""
    first = max(0, min(time - DRAWN // 2, len(labels) - DRAWN))
    return slice(first, min(first + DRAWN, len(labels)))


def _ticks(axes: Axes, labels: Sequence[str], window: slice) -> None:
    """Write what was read under the steps, as many as there is room for."""
    every = -(-(window.stop - window.start) // 40)
    places = range(window.start, window.stop, every)
    axes.set_xticks(list(places), [readable(labels[place]) for place in places], fontsize=7)
