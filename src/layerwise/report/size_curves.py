"""The picture of learning curves: error by number of training rows, and the fitted law drawn out beyond them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.evaluation.learning_curve import LearningCurve
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.report.words import metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["size_curves"]

MOST_COLUMNS = 3


def size_curves(curves: Sequence[LearningCurve]) -> Figure:
    """Draw the learning curve of each network in a panel of its own, all on one scale.

    Args:
        curves: The curves, of one figure.
    """
    columns = 2 if len(curves) == 4 else min(MOST_COLUMNS, len(curves))
    lines = math.ceil(len(curves) / columns)
    with styled():
        drawn = figure(max(4.6, 3.4 * columns), 3.3 * lines)
        for place, curve in enumerate(curves):
            axes = drawn.add_subplot(lines, columns, place + 1)
            _panel(axes, curve)
            axes.set_ylim(0, 1.05 * max(map(_highest, curves)) or 1)
            if place % columns == 0:
                axes.set_ylabel(label(metric(curve.figure)))
        handles, words = drawn.axes[_fullest(curves)].get_legend_handles_labels()
        drawn.legend(handles, words, frameon=False, loc="outside lower center", ncols=2 if columns == 1 else 4)
    return drawn


def _highest(curve: LearningCurve) -> float:
    """Return the largest error that is drawn of a curve, with its spread."""
    spread = float((curve.tested.mean(axis=0) + _spread(curve.tested)).max())
    return max([spread, *(ahead.high for ahead in curve.prospect.ahead)])


def _spread(values: np.ndarray) -> np.ndarray:
    """Return the standard deviation over the folds at each size."""
    return np.asarray(values.std(axis=0, ddof=1)) if len(values) > 1 else np.zeros(values.shape[1])


def _fullest(curves: Sequence[LearningCurve]) -> int:
    """Return the place of a curve that has everything the legend names."""
    return next((place for place, curve in enumerate(curves) if curve.prospect.law), 0)


def _panel(axes: Axes, curve: LearningCurve) -> None:
    """Draw one curve: both errors, shaded by the deviation of the folds, and the law up to four times the rows."""
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, StrMethodFormatter

    for values, colour, words in (
        (curve.tested, COLOURS["strong"], label("test")), (curve.learned, COLOURS["warm"], label("training")),
    ):  # fmt: skip
        mean, spread = values.mean(axis=0), _spread(values)
        axes.fill_between(curve.sizes, np.maximum(0, mean - spread), mean + spread, color=colour, alpha=0.12, lw=0)
        axes.plot(curve.sizes, mean, color=colour, marker="o", markersize=3.5, linewidth=1.6, label=words,
                  clip_on=False)  # fmt: skip
    ends = [curve.sizes[0], curve.sizes[-1]]
    if curve.prospect.law:
        ahead, law = curve.prospect.ahead, curve.prospect.law
        ends.append(ahead[-1].rows)
        beyond = np.geomspace(curve.sizes[0], ahead[-1].rows, 80)
        axes.plot(beyond, [law(rows) for rows in beyond], color=COLOURS["ink"], linewidth=1.1, linestyle=(0, (4, 2)),
                  label=label("fitted law"))  # fmt: skip
        rows, middle = [one.rows for one in ahead], np.array([one.value for one in ahead])
        reach = np.abs(np.array([[one.low for one in ahead], [one.high for one in ahead]]) - middle)
        axes.errorbar(rows, middle, reach, fmt="D", color=COLOURS["ink"], markersize=3.5, capsize=3, linewidth=1.1,
                      label=label("with more rows, {:g} % interval", 100 * curve.confidence))  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_marks(ends)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_title(readable(curve.label), loc="left")
    axes.set_xlabel(label("training rows"))
    axes.grid(color=COLOURS["line"], linewidth=0.5, alpha=0.7)
    axes.set_axisbelow(True)


def _marks(ends: Sequence[float]) -> list[float]:
    """Return round numbers of rows between the ends: 10, 20, 50, 100 ... as far as there is room."""
    low, high = min(ends), max(ends)
    every = [step * 10.0**power for power in range(8) for step in (1, 2, 5)]
    within = [mark for mark in every if low * 0.95 <= mark <= high * 1.05]
    return within[:: math.ceil(len(within) / 6)] or [low, high]
