"""The weights of a restricted Boltzmann machine as pictures, and how probable each hidden unit finds the example."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from layerwise.catalog import register
from layerwise.explain.drawing import COLOURS, bare, figure, label, styled
from layerwise.explain.explanation import Explanation, Picture, Recorded, Table
from layerwise.explain.machines import Machine, has_machine, machine_of, probability_lines
from layerwise.explain.subject import Subject
from layerwise.language import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "rbm_filters"]

DRAWN = 63
"""Hidden units that one picture can hold, beside the example."""

STRIPS = 31
"""Hidden units that it can hold where their weights are strips."""

CHECKED = 16
"""Hidden units whose probability is verified."""


def accepts(subject: Subject) -> bool:
    """Say whether the network is made of restricted Boltzmann machines."""
    return has_machine(subject)


@register(
    "rbm-filters",
    task="density",
    opens="layer",
    source="Hinton 2010, A practical guide, section 15",
    lecture="003 Effect of Unsupervised Training",
)
def rbm_filters(subject: Subject, *, layer: str = "") -> Explanation:
    """Show the weights of every hidden unit as a picture, the most probable unit on the example first.

    P(h_i = 1 | x) = sigmoid(c_i + W_i x)

    Args:
        subject: The network and the example.
        layer: Name of the machine in a deep belief network: rbm1, rbm2 ...; the first one when left out.

    Raises:
        LayerwiseError: There is no such machine.
    """
    machine = machine_of(subject, layer)
    order = np.argsort(-machine.hidden, kind="stable")
    lines = tuple(
        line
        for place in order[:CHECKED]
        for line in probability_lines(
            f"h[{place}]", machine.visible, machine.weight[place], float(machine.hidden_bias[place]),
            float(machine.sums[place]), float(machine.hidden[place]), subject.epsilon(),
        )
    )  # fmt: skip
    title = say("What {} hidden units look for", len(order))
    most = STRIPS if machine.shape is None else DRAWN
    return Explanation(
        view="rbm-filters",
        title=title,
        facts=(*subject.shown_facts(), *(((say("layer"), machine.name),) if machine.name else ())),
        tensors={
            "weights": Recorded(machine.weight, ("hidden unit", "visible unit"), "recorded", machine.name),
            "example": Recorded(machine.visible, ("visible unit",), "recorded", machine.name),
            "probabilities": Recorded(machine.hidden, ("hidden unit",), "recorded", machine.name),
        },
        arithmetic=lines,
        tables=(_table(machine, order, folded=len(order) > most),),
        notes=_notes(machine, most),
        pictures=(Picture(title, lambda: _draw(machine, order[:most])),),
    )


def _table(machine: Machine, order: np.ndarray, *, folded: bool) -> Table:
    """Return one row a hidden unit."""
    columns = (say("hidden unit"), say("smallest weight"), say("largest weight"), say("bias c"), say("z = c + W x"),
               "P(h = 1 | x)")  # fmt: skip
    rows = tuple(
        (
            int(place), float(machine.weight[place].min()), float(machine.weight[place].max()),
            float(machine.hidden_bias[place]), float(machine.sums[place]), float(machine.hidden[place]),
        )
        for place in order
    )  # fmt: skip
    return Table(say("Every hidden unit"), columns, rows, folded=folded)


def _notes(machine: Machine, most: int) -> tuple[str, ...]:
    """Say how the pictures are read, and what was left out."""
    units = len(machine.hidden)
    notes = [
        say("Each picture is one row of W, exactly: blue pixels speak for the unit, red ones against it."),
        say("The number above it is the probability that the unit is 1 on this example; the most probable come first."),
    ]
    if machine.shape is None:
        notes.append(say("What this machine sees is no picture, so each row of W is a strip."))
    if units > most:
        notes.append(say("Drawn: {} of {}.", most, units))
    if units > CHECKED:
        notes.append(say("Verified: the sums and probabilities of the first {}.", CHECKED))
    return tuple(notes)


def _draw(machine: Machine, places: np.ndarray) -> Figure:
    """Draw the example and one picture a unit, all weights on one colour scale around 0."""
    pictures = [machine.picture(machine.weight[place]) for place in places]
    wide = machine.shape is None
    columns = 2 if wide else min(8, len(pictures) + 1)
    lines = math.ceil((len(pictures) + 1) / columns)
    reach = float(np.abs(np.stack(pictures)).max()) or 1.0
    width, height = (3.2, 0.42) if wide else (1.15, 1.4)
    with styled():
        drawn = figure(max(4.0, columns * width + 0.9), lines * height + 0.2)
        panels = list(drawn.subplots(lines, columns, squeeze=False).flat)
        for axes in panels:
            bare(axes)
        aspect = "auto" if wide else "equal"
        example = machine.picture(machine.visible)
        panels[0].imshow(example, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect=aspect)
        panels[0].set_title(label("the example"))
        panels[0].spines[:].set(visible=True, color=COLOURS["line"])
        for axes, place, values in zip(panels[1:], places, pictures, strict=False):
            image = axes.imshow(values, cmap="RdBu", vmin=-reach, vmax=reach, interpolation="nearest", aspect=aspect)
            chance = machine.hidden[place]
            axes.set_title(f"{place}: {chance:.2f}", color=COLOURS["ink" if chance >= 0.5 else "quiet"])
        drawn.colorbar(image, ax=panels, shrink=0.85, label=label("weight"))
    return drawn
