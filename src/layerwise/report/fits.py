"""Fits of one number by another, drawn as curves among their points: the lecture's figure of overfitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.explain.drawing import COLOURS, figure, label, readable, styled, svg
from layerwise.language import say
from layerwise.report.contents import Fit, ReportData
from layerwise.report.html import paragraph, picture, section, table
from layerwise.report.words import cut, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["fit", "fits"]

MOST_POINTS = 1500


def fit(data: ReportData) -> str:
    """Return the section that draws a network of one number among its points; nothing for other networks."""
    if data.fit is None:
        return ""
    words = say("What the network answers for every '{}', among the rows it learned from and those it did not see.",
                cut(data.fit.field, 40))  # fmt: skip
    told = say("A curve that misses the shape of the training points fits too little; one that runs through each of "
               "them and errs on others fits too much.")  # fmt: skip
    rows = [[say(part), f"{len(data.fit.points[part]):,}", number(error)] for part, error in data.fit.errors.items()]
    numbers = table(say("Errors by part"), [say("part"), say("rows"), say("root mean squared error")], rows,
                    right=(1, 2))  # fmt: skip
    drawn = picture(svg(fits([data.fit])), "image/svg+xml", words, words, numbers)
    return section("fit", say("The fit"), paragraph(told), drawn)


def fits(several: Sequence[Fit]) -> Figure:
    """Draw fits of the same data side by side, on one scale, each with its error on training and test rows.

    Args:
        several: The fits; of runs of degree 1, 2 and 10 they are the lecture's figure of overfitting.

    Source: lecture 003, "Overfitting & Model Selection".
    """
    truths = np.concatenate([points[:, 1] for one in several for points in one.points.values()])
    # Beyond the points a curve may leave for anywhere: the points decide what is shown.
    margin = 0.25 * (truths.max() - truths.min())
    with styled():
        drawn = figure(max(5.2, 3.1 * len(several)), 3.6)
        for place, one in enumerate(several):
            axes = drawn.add_subplot(1, len(several), place + 1)
            _panel(axes, one)
            axes.set_ylim(truths.min() - margin, truths.max() + margin)
            if place == 0:
                axes.set_ylabel(readable(cut(one.target, 40)))
        handles, words = drawn.axes[0].get_legend_handles_labels()
        drawn.legend(handles, words, frameon=False, loc="outside lower center", ncols=4)
    return drawn


def _panel(axes: Axes, one: Fit) -> None:
    """Draw one fit: the test points faint behind, the training points, and the curve."""
    styles = (
        ("test", COLOURS["line"], 11), ("validation", COLOURS["quiet"], 14), ("train", COLOURS["warm"], 22),
    )  # fmt: skip
    for order, (part, colour, size) in enumerate(styles):
        points = one.points.get(part)
        if points is not None:
            chosen = np.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).round().astype(np.int64)
            words = label("training" if part == "train" else part)
            axes.scatter(points[chosen, 0], points[chosen, 1], s=size, color=colour, zorder=order + 1, linewidths=0,
                         label=words)  # fmt: skip
    axes.plot(one.across, one.curve, color=COLOURS["strong"], linewidth=1.8, zorder=4, label=label("the network"))
    errors = [label("training error {}", number(one.errors["train"]))]
    if "test" in one.errors:
        errors.append(label("test error {}", number(one.errors["test"])))
    axes.set_title("\n".join([readable(one.name), *errors]), loc="left")
    axes.set_xlabel(readable(cut(one.field, 40)))
    axes.grid(color=COLOURS["line"], linewidth=0.5, alpha=0.7)
    axes.set_axisbelow(True)
