"""The training examples that answered: how far each is, and how they voted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerwise.byhand import neighbours
from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.drawing import COLOURS, bare, figure, label, readable, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.models.nearest_neighbours import NearestNeighbours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "nearest_neighbours"]

DRAWN = 15
"""Neighbours that a picture can hold."""

SHOWN = 8
"""Input numbers that stand beside each neighbour."""


def accepts(subject: Subject) -> bool:
    """Say whether the network asks its training examples."""
    model = subject.model
    return isinstance(model, NearestNeighbours) and bool(len(model.labels)) and len(subject.inputs) == 1


@register(
    "nearest-neighbours",
    task="classify",
    opens="answer",
    source="Cover and Hart, Nearest neighbor pattern classification, 1967",
    lecture="003 Classification Problem",
)
def nearest_neighbours(subject: Subject) -> Explanation:
    """Show the training examples that voted, with their distances.

    d_n = sqrt(sum_j (x_j - x_nj)^2),  V_c = sum_n v_n [t_n = c] over the k nearest

    Args:
        subject: The network and the example.
    """
    model = subject.model
    if not isinstance(model, NearestNeighbours):
        message = "a view is asked only about what it accepts"
        raise TypeError(message)
    found, places = model.nearest(subject.inputs)
    voted = model.votes(places)[0].double().numpy(force=True)
    order, distance = places[0].numpy(force=True), found[0].numpy()
    inputs = subject.inputs.flatten().double().numpy(force=True)
    known = model.examples.double().numpy(force=True)[order]
    classes, voices = (part.numpy(force=True)[order] for part in (model.labels, model.voices.double()))
    # scikit-learn takes |x|^2 - 2 x x' + |x'|^2, which loses digits where two examples are close.
    scale = float(np.sqrt((inputs**2).sum()) + np.abs(distance).max() + 1)
    lines = (
        Arithmetic("d", "d = sqrt(sum (x - x')^2)", neighbours.distances, {"inputs": inputs, "examples": known},
                   distance, 1e-7 * scale),
        Arithmetic("V", "V = sum of voices", neighbours.votes, {"voices": voices, "labels": classes}, voted,
                   1e-6 * (1 + float(voices.sum())), {"classes": model.classes}),
    )  # fmt: skip
    answer = int(voted.argmax())
    return Explanation(
        view="nearest-neighbours",
        title=say("The nearest training examples: the answer is {}", subject.class_name(answer)),
        facts=(*subject.shown_facts(), (say("neighbours that vote"), str(model.k)),
               (say("training examples"), str(len(model.labels)))),
        tensors={
            "distances": Recorded(distance, ("neighbour",), "recorded", "nearest"),
            "votes": Recorded(voted, ("class",), "recorded", "votes"),
            "neighbours": Recorded(known, ("neighbour", "input"), "recorded", "examples"),
        },
        arithmetic=lines,
        tables=(_neighbours(subject, order, distance, classes, voices, known), _votes(subject, voted)),
        notes=(
            say("d = sqrt(sum (x - x')^2) over all {} inputs, as the network sees them, scaled.", len(inputs)),
            say("Each neighbour gives its voices to its class; of equal votes the class that comes first wins."),
        ),
        pictures=(Picture(say("The nearest training examples, the nearest first."),
                          lambda: _draw(subject, distance, classes, known)),),
    )  # fmt: skip


def _neighbours(
    subject: Subject, order: np.ndarray, distance: np.ndarray, classes: np.ndarray, voices: np.ndarray,
    known: np.ndarray,
) -> Table:  # fmt: skip
    """Return one row a neighbour, with its first inputs below those of the example."""
    number = min(known.shape[1], SHOWN) if subject.inputs.dim() == 2 else 0
    header = (say("training example"), say("class"), say("distance"), say("voices"),
              *(subject.input_name(place) for place in range(number)))  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (int(row) + 1, subject.class_name(int(name)), float(far), float(voice), *map(float, values[:number]))
        for row, name, far, voice, values in zip(order, classes, distance, voices, known, strict=True)
    ]
    if number:
        own = subject.inputs.flatten().double().numpy(force=True)[:number]
        rows.insert(0, (say("the example"), "", 0.0, 0.0, *map(float, own)))
    marked = frozenset((0,)) if number else frozenset[int]()
    return Table(say("Who voted"), header, tuple(rows), marked=marked)


def _votes(subject: Subject, voted: np.ndarray) -> Table:
    """Return the votes of every class."""
    total = float(voted.sum())
    rows = tuple((subject.class_name(place), float(vote), float(vote) / total) for place, vote in enumerate(voted))
    header = (say("class"), say("votes"), say("share"))
    return Table(say("Class by class"), header, rows, marked=frozenset((int(voted.argmax()),)))


def _draw(subject: Subject, distance: np.ndarray, classes: np.ndarray, known: np.ndarray) -> Figure:
    """Draw the neighbours: as pictures where they are some, else as bars as long as their distances."""
    shown = min(len(distance), DRAWN)
    names = [readable(subject.class_name(int(name))) for name in classes[:shown]]
    if subject.inputs.dim() == 4 and subject.inputs.shape[1] in (1, 3):
        return _pictures(subject, distance[:shown], names, known[:shown])
    with styled():
        drawn = figure(6.4, 0.9 + 0.3 * shown)
        axes = drawn.subplots()
        own = -1 if subject.target is None else int(subject.target.flatten()[0])
        colours = [COLOURS["strong"] if int(name) == own else COLOURS["warm"] for name in classes[:shown]]
        axes.barh(range(shown), distance[:shown], color=colours if own >= 0 else COLOURS["strong"], height=0.7)
        axes.set_yticks(range(shown), names)
        axes.invert_yaxis()
        axes.set_xlabel(label("distance; blue: the class of the target") if own >= 0 else label("distance"))
    return drawn


def _pictures(subject: Subject, distance: np.ndarray, names: list[str], known: np.ndarray) -> Figure:
    """Draw the example, and its neighbours beside it."""
    shape = tuple(subject.inputs.shape[1:])
    pictures = [subject.inputs[0].double().numpy(force=True), *(one.reshape(shape) for one in known)]
    low, high = min(map(np.min, pictures)), max(map(np.max, pictures))
    columns = min(len(pictures), 8)
    rows = -(-len(pictures) // columns)
    with styled():
        drawn = figure(1.0 * columns, 1.3 * rows)
        every = np.atleast_1d(drawn.subplots(rows, columns, squeeze=False)).ravel()
        for axes in every:
            bare(axes)
        titles = [label("the example"), *(f"{name}\n{far:.3g}" for name, far in zip(names, distance, strict=True))]
        for axes, picture, title in zip(every, pictures, titles, strict=False):
            shown = (picture - low) / (high - low or 1.0)
            axes.imshow(shown[0] if len(shown) == 1 else shown.transpose(1, 2, 0), cmap="gray", vmin=0, vmax=1)
            axes.set_title(title, fontsize=7.5)
    return drawn
