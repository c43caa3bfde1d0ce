"""The plots of scores and errors beside the ROC curve: precision and recall, reliability, lift, residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.evaluation.intervals import Interval
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.metrics.precision_recall import GainCurve, PrecisionRecallCurve
from layerwise.report.plots import LINES, STROKES, faint_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["gains", "precision_recall_curves", "reliability", "residual_distribution"]

COLUMNS = 20
"""Columns of the histogram below a reliability diagram."""


def precision_recall_curves(curves: Sequence[tuple[str, PrecisionRecallCurve, float, float]]) -> Figure:
    """Draw precision-recall curves with the average precision of each in the legend.

    Args:
        curves: Name, curve, average precision, and the share of positives, which chance reaches.
    """
    many = len(curves) > 1
    with styled():
        drawn = figure(6.6 if many else 4.4, 4.2)
        axes = drawn.add_subplot()
        for order, (name, curve, mean, share) in enumerate(curves):
            stroke = STROKES[order // len(LINES) % len(STROKES)] if order >= len(LINES) else STROKES[order % 2]
            # precision holds from one recall to the next: a straight line between two points would promise too much
            axes.plot(
                np.append(0, curve.recall), np.append(curve.precision[0], curve.precision),
                color=LINES[order % len(LINES)], linestyle=stroke, linewidth=1.8, drawstyle="steps-pre",
                label=f"{readable(name)}  {mean:.3f}", clip_on=False,
            )  # fmt: skip
            if not many:
                axes.axhline(share, color=COLOURS["quiet"], linewidth=1, linestyle=(0, (2, 2)))
                axes.annotate(label("chance"), (0, share), xytext=(3, 3), textcoords="offset points",
                              color=COLOURS["quiet"])  # fmt: skip
        axes.set_xlabel(label("recall (sensitivity)"))
        axes.set_ylabel(label("precision"))
        _unit_square(axes)
        place: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.02, 0.5)} if many else {"loc": "lower left"}
        axes.legend(frameon=False, title=label("average precision"), alignment="left", **place)
    return drawn


def reliability(bins: Sequence[tuple[float, Interval]], probabilities: np.ndarray) -> Figure:
    """Draw what happened against what was claimed, a point a bin with its interval, and the claims as a histogram.

    Args:
        bins: Mean probability of each bin, and the share that happened with its interval.
        probabilities: All probabilities.
    """
    with styled():
        drawn = figure(4.4, 5.2)
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(4.2, 1))
        above.plot([0, 1], [0, 1], color=COLOURS["line"], linewidth=1)
        means, found = [mean for mean, _ in bins], [interval for _, interval in bins]
        values = [float(one.value or 0.0) for one in found]
        above.vlines(means, [one.low or 0.0 for one in found], [1.0 if one.high is None else one.high for one in found],
                     color=LINES[0], alpha=0.55, linewidth=1.6, clip_on=False)  # fmt: skip
        above.plot(means, values, color=LINES[0], linewidth=1, marker="o", markersize=4.5, clip_on=False)
        _unit_square(above)
        above.set_aspect("auto")
        above.set_ylabel(label("share that happened"))
        below.hist(probabilities, bins=COLUMNS, range=(0, 1), color=LINES[0], alpha=0.75, rwidth=0.9)
        below.set_xlabel(label("probability that was claimed"))
        below.set_ylabel(label("rows"))
        faint_grid(below)
        drawn.align_ylabels([above, below])
    return drawn


def gains(curve: GainCurve, share: float, name: str) -> Figure:
    """Draw the share of positives found against the share of rows looked at, between chance and a perfect ranking.

    Args:
        curve: The gain curve.
        share: Share of positives among all rows.
        name: Name of the positive class.
    """
    with styled():
        drawn = figure(4.4, 4.2)
        axes = drawn.add_subplot()
        axes.plot([0, 1], [0, 1], color=COLOURS["line"], linewidth=1, label=label("by chance"))
        axes.plot([0, share, 1], [0, 1, 1], color=COLOURS["quiet"], linewidth=1, linestyle=(0, (2, 2)),
                  label=label("perfect ranking"), clip_on=False)  # fmt: skip
        axes.plot(curve.taken, curve.found, color=LINES[0], linewidth=1.8, label=label("this network"), clip_on=False)
        axes.set_xlabel(label("share of rows looked at, highest scores first"))
        axes.set_ylabel(label("share of '{}' found", name))
        _unit_square(axes)
        axes.legend(frameon=False, loc="lower right")
    return drawn


def residual_distribution(errors: np.ndarray) -> Figure:
    """Draw how the errors spread: a histogram, with the range of the middle 90 % and the median."""
    low, middle, high = np.quantile(errors, (0.05, 0.5, 0.95))
    with styled():
        drawn = figure(4.4, 4.2)
        axes = drawn.add_subplot()
        axes.axvspan(low, high, color=COLOURS["line"], alpha=0.35, linewidth=0, label=label("middle 90 %"))
        columns = int(np.clip(np.sqrt(len(errors)), 8, 40))
        axes.hist(errors, bins=columns, color=COLOURS["strong"], alpha=0.75, rwidth=0.94)
        axes.axvline(0, color=COLOURS["warm"], linewidth=1.2)
        axes.axvline(middle, color=COLOURS["ink"], linewidth=1.2, linestyle=(0, (2, 2)), label=label("median"))
        axes.set_xlabel(label("true minus predicted"))
        axes.set_ylabel(label("rows"))
        faint_grid(axes)
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return drawn


def _unit_square(axes: Axes) -> None:
    """Show shares against shares, both from 0 to 1."""
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal", anchor="W")
    faint_grid(axes)
