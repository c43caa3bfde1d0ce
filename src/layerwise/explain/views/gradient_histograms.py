"""What the edges of a picture say: the directions that each cell holds, and the class that they speak for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise.byhand import gradient_histograms as byhand
from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic, weighted_sum
from layerwise.explain.deciding_pair import deciding_pair
from layerwise.explain.drawing import COLOURS, bare, figure, label, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.recorder import record
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.models.hog_svm import GradientHistogramMachine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["accepts", "gradient_histograms"]

SHOWN = 12
"""Cells of the table: those that say the most."""


@dataclass(frozen=True)
class _Cells:
    """A picture as the network describes it.

    Args:
        picture: Channels, height and width, as the network sees it.
        votes: Votes of each cell for each direction, `(rows, columns, bins)`.
        said: What each cell says between the two classes, `(rows, columns)`.
        side: Side of a cell in pixels.
    """

    picture: np.ndarray
    votes: np.ndarray
    said: np.ndarray
    side: int

    @property
    def loudest(self) -> tuple[int, int]:
        """Row and column of the cell that says the most."""
        row, column = np.unravel_index(int(np.abs(self.said).argmax()), self.said.shape)
        return int(row), int(column)


def accepts(subject: Subject) -> bool:
    """Say whether the network describes one picture by its edges and tells two classes apart."""
    model = subject.model
    return isinstance(model, GradientHistogramMachine) and len(model.machine.found) > 1 and len(subject.inputs) == 1


@register(
    "gradient-histograms",
    task="classify",
    opens="answer",
    source="Dalal and Triggs, Histograms of oriented gradients for human detection, CVPR 2005",
    lecture="003 Breakthrough of Neural Network Applications",
)
def gradient_histograms(subject: Subject) -> Explanation:
    """Show which way the edges of a picture run, cell by cell, and what they say for the answer.

    h_b = 1 / n sum_p m_p [bin_p = b];  f = w . v + b, v all blocks of cells at length 1

    Args:
        subject: The network and the picture.
    """
    model = subject.model
    if not isinstance(model, GradientHistogramMachine):
        message = "a view is asked only about what it accepts"
        raise TypeError(message)
    output = record(model, subject.inputs).output[0].double().numpy(force=True)
    pair = deciding_pair(model.machine, output)
    described = model.describe(subject.inputs)
    features = described[0].numpy(force=True)
    decided = float(model.machine.decisions(described)[0, pair.place])
    # w = sum_s a_s y_s x_s
    weight = pair.coefficients @ pair.vectors
    picture = subject.inputs[0].double().numpy(force=True)
    settings = {"cell": model.cell, "block": model.block, "bins": model.bins}
    votes = byhand.cell_histograms(picture, model.cell, model.bins)
    cells = _Cells(picture, votes, _said(weight * features, votes.shape, model.block), model.cell)
    tolerance = 1e-9 * (1 + float(np.abs(weight * features).sum()) + abs(pair.bias))
    lines = (
        Arithmetic("v", "v: all blocks at length 1", byhand.describe, {"picture": picture}, features, 1e-9, settings),
        Arithmetic("f", "f = w . v + b", weighted_sum,
                   {"inputs": features, "weight": weight, "bias": np.array(pair.bias)}, np.array(decided), tolerance),
    )  # fmt: skip
    first, second = (subject.class_name(name) for name in pair.names)
    return Explanation(
        view="gradient-histograms",
        title=say("Edges that speak for {} or {}: f = {}", first, second, f"{decided:.4g}"),
        facts=(*subject.shown_facts(), (say("cells"), f"{votes.shape[0]} x {votes.shape[1]}"),
               (say("pixels of a cell"), f"{model.cell} x {model.cell}"), (say("numbers"), str(len(features)))),
        tensors={"votes": Recorded(votes, ("row", "column", "direction"), "replayed"),
                 "said": Recorded(cells.said, ("row", "column"), "derived"),
                 "output": Recorded(output, ("class",), "recorded", "output")},
        arithmetic=lines,
        tables=(_directions(cells), _loud(cells, first, second)),
        notes=(
            say("Every pixel votes with the length of its gradient for the direction across its edge."),
            say("f = {} + {} = {}: above 0 for {}, below for {}.", f"{cells.said.sum():.4g}", f"{pair.bias:.4g}",
                f"{decided:.4g}", first, second),
        ),
        pictures=(Picture(say("The picture, the edges of each cell, and the class that each cell speaks for."),
                          lambda: _draw(cells, first, second)),),
    )  # fmt: skip


def _said(products: np.ndarray, shape: tuple[int, ...], block: int) -> np.ndarray:
    """Add up what a cell says in all the blocks that it belongs to."""
    rows, columns, bins = shape
    whole = products.reshape(rows - block + 1, columns - block + 1, block, block, bins).sum(axis=4)
    said = np.zeros((rows, columns))
    for down in range(block):
        for across in range(block):
            said[down : down + whole.shape[0], across : across + whole.shape[1]] += whole[:, :, down, across]
    return said


def _directions(cells: _Cells) -> Table:
    """Return the votes of the cell that says the most, one row a direction."""
    row, column = cells.loudest
    window = slice(row * cells.side, (row + 1) * cells.side), slice(column * cells.side, (column + 1) * cells.side)
    bins = cells.votes.shape[2]
    place = byhand.directions(*byhand.gradients(cells.picture), bins)[window]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (f"{180 * name / bins:.0f}° – {180 * (name + 1) / bins:.0f}°", int((place == name).sum()),
         float(cells.votes[row, column, name]))
        for name in range(bins)
    )  # fmt: skip
    marked = frozenset([int(cells.votes[row, column].argmax())])
    header = (say("direction of the gradient"), say("pixels"), say("mean length"))
    return Table(say("The cell in row {}, column {}", row + 1, column + 1), header, rows, marked=marked)


def _loud(cells: _Cells, first: str, second: str) -> Table:
    """Return the cells that say the most, and for whom."""
    order = np.argsort(-np.abs(cells.said).ravel(), kind="stable")[:SHOWN]
    places = [np.unravel_index(int(place), cells.said.shape) for place in order]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            int(row) + 1,
            int(column) + 1,
            float(cells.said[row, column]),
            first if cells.said[row, column] > 0 else second,
        )
        for row, column in places
    )
    header = (say("row"), say("column"), say("what it says"), say("for"))
    return Table(say("The cells that say the most"), header, rows)


def _draw(cells: _Cells, first: str, second: str) -> Figure:
    """Draw the picture, a star of directions for each cell, and the map of what the cells say."""
    with styled():
        drawn = figure(9.6, 3.4)
        seen, stars, said = drawn.subplots(1, 3)
        low, high = cells.picture.min(), cells.picture.max()
        shown = (cells.picture - low) / (high - low if high > low else 1.0)
        grey = shown.mean(axis=0)
        seen.imshow(shown.transpose(1, 2, 0) if len(shown) == 3 else grey, cmap="gray")
        bare(seen, label("as the network sees it"))
        _stars(stars, cells, grey)
        reach = float(np.abs(cells.said).max()) or 1.0
        drawn_map = said.imshow(cells.said, cmap="RdBu", vmin=-reach, vmax=reach)
        bare(said, label("blue for {}, red for {}", first, second))
        drawn.colorbar(drawn_map, ax=said, shrink=0.7)
    return drawn


def _stars(axes: Axes, cells: _Cells, grey: np.ndarray) -> None:
    """Draw the edges of each cell over the faint picture: a line along every direction, as dark as its votes."""
    axes.imshow(grey, cmap="gray", alpha=0.25)
    strongest = float(cells.votes.max()) or 1.0
    rows, columns, bins = cells.votes.shape
    for row, column, name in np.ndindex(rows, columns, bins):
        share = cells.votes[row, column, name] / strongest
        if share > 0.05:
            # An edge runs at a right angle to its gradient.
            angle = np.pi * (name + 0.5) / bins + np.pi / 2
            middle = (column + 0.5) * cells.side - 0.5, (row + 0.5) * cells.side - 0.5
            half = 0.45 * cells.side
            across, down = half * np.cos(angle), half * np.sin(angle)
            axes.plot([middle[0] - across, middle[0] + across], [middle[1] - down, middle[1] + down],
                      color=COLOURS["strong"], alpha=min(1.0, float(share)), linewidth=1.4)  # fmt: skip
    bare(axes, label("edges of each cell"))
