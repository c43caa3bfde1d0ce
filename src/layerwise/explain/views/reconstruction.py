"""What a restricted Boltzmann machine makes of an example: up to the hidden units and down again, by one Gibbs step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, activated, rounding
from layerwise.explain.drawing import COLOURS, bare, figure, label, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.machines import Machine, has_machine, machine_of, probability_lines
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.randomness import generator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "reconstruction"]

SHOWN = 12
"""Terms of a sum that are shown one by one."""


@dataclass(frozen=True)
class _Step:
    """One Gibbs step: draws, what was sampled, and the probabilities of the visible units after it."""

    hidden_draws: np.ndarray
    visible_draws: np.ndarray
    hidden: np.ndarray
    sums: np.ndarray
    chances: np.ndarray
    visible: np.ndarray
    mean: np.ndarray


def accepts(subject: Subject) -> bool:
    """Say whether the network is made of restricted Boltzmann machines."""
    return has_machine(subject)


@register(
    "reconstruction",
    task="density",
    opens="answer",
    source="Hinton 2002; Hinton 2010, section 3",
    lecture="003 Contrastive Divergence (CD)",
)
def reconstruction(
    subject: Subject, *, layer: str = "", unit: int = -1, visible_unit: int = -1, draw: int = 0
) -> Explanation:
    """Show one Gibbs step from the example: hidden probabilities, a sample of them, and what it brings back.

    h ~ P(h | x),  x_1 ~ P(x | h);  a unit is 1 where its draw u lies below its probability

    Args:
        subject: The network and the example.
        layer: Name of the machine in a deep belief network: rbm1, rbm2 ...; the first one when left out.
        unit: Hidden unit that is added up, from 0; -1 for the one with the largest sum in size.
        visible_unit: Visible unit that is added up, from 0; -1 for the one whose probability is farthest from the data.
        draw: Which random numbers: another number gives another sample.

    Raises:
        LayerwiseError: There is no such machine or unit.
    """
    machine = machine_of(subject, layer)
    step = _gibbs(machine, draw)
    above = _unit(unit, np.abs(machine.sums), say("hidden unit {} of {}", unit, len(machine.sums)))
    distance = np.abs(step.chances - machine.visible)
    below = _unit(visible_unit, distance, say("visible unit {} of {}", visible_unit, len(distance)))
    name = machine.name or type(subject.model).__name__
    squared = float(((step.mean - machine.visible) ** 2).mean())
    notes = (
        say("Up: P(h = 1 | x) = sigmoid(c + W x); down: P(x = 1 | h) = sigmoid(b + W' h)."),
        say("A unit is 1 where its draw u lies below its probability; the draws follow from draw = {}.", draw),
        say("Without sampling, the hidden probabilities in place of h, a visible unit is off by {} squared on average.",
            f"{squared:.4g}"),
    )  # fmt: skip
    return Explanation(
        view="reconstruction",
        title=say("One Gibbs step from the example"),
        facts=(*subject.shown_facts(), (say("layer"), name)),
        tensors=_tensors(machine, step, name),
        arithmetic=(*_lines_up(machine, step, above, subject), *_lines_down(machine, step, below, subject)),
        tables=(_table_up(machine, step, above, subject), _table_down(machine, step, below)),
        notes=notes,
        pictures=(Picture(say("The example, the hidden units, and what comes back."), lambda: _draw(machine, step)),),
    )


def _gibbs(machine: Machine, draw: int) -> _Step:
    """Make one step from what the machine sees, with draws that follow from their number."""
    source = generator(draw, "gibbs step")
    up, down = (torch.rand(len(part), generator=source, dtype=torch.float64).numpy()
                for part in (machine.hidden, machine.visible))  # fmt: skip
    # h ~ P(h | x)
    hidden = (up < machine.hidden).astype(np.float64)
    # x_1 ~ P(x | h)
    sums, chances = machine.down(hidden)
    mean = machine.down(machine.hidden)[1]
    return _Step(up, down, hidden, sums, chances, (down < chances).astype(np.float64), mean)


def _unit(asked: int, rank: np.ndarray, found: str) -> int:
    """Return the unit that was asked for, or the first in rank.

    Raises:
        LayerwiseError: There is no such unit.
    """
    chosen = int(rank.argmax()) if asked == -1 else asked
    if not 0 <= chosen < len(rank):
        remedy = say("Choose one from 0 to {}.", len(rank) - 1)
        raise LayerwiseError(say("A unit is counted from 0."), found, remedy, usage=True)
    return chosen


def _lines_up(machine: Machine, step: _Step, place: int, subject: Subject) -> tuple[Arithmetic, ...]:
    """Return sum, probability and sample of a hidden unit as lines to verify."""
    name, epsilon = f"h[{place}]", subject.epsilon()
    lines = probability_lines(
        name, machine.visible, machine.weight[place], float(machine.hidden_bias[place]), float(machine.sums[place]),
        float(machine.hidden[place]), epsilon,
    )  # fmt: skip
    return (*lines, *_sampled(name, machine.hidden[place], step.hidden_draws[place], step.hidden[place], epsilon))


def _lines_down(machine: Machine, step: _Step, place: int, subject: Subject) -> tuple[Arithmetic, ...]:
    """Return sum, probability and sample of a visible unit as lines to verify."""
    name, epsilon = f"x[{place}]", subject.epsilon()
    lines = probability_lines(
        name, step.hidden, machine.weight[:, place], float(machine.visible_bias[place]), float(step.sums[place]),
        float(step.chances[place]), epsilon,
    )  # fmt: skip
    return (*lines, *_sampled(name, step.chances[place], step.visible_draws[place], step.visible[place], epsilon))


def _sampled(name: str, chance: float, draw: float, sample: float, epsilon: float) -> tuple[Arithmetic, Arithmetic]:
    """Return how a unit was sampled: how far its draw lies below its probability, and 1 where it does."""
    margin = np.array(chance - draw)
    operands = {"chance": np.array(chance), "draw": np.array(draw)}
    return (
        Arithmetic(
            f"P - u of {name}",
            "P - u",
            lambda chance, draw: chance - draw,
            operands,
            margin,
            rounding(margin, epsilon=epsilon),
        ),
        Arithmetic(name, "1 where u < P", activated, {"inputs": margin}, np.array(sample), 0.0, {"name": "step"}),
    )


def _tensors(machine: Machine, step: _Step, name: str) -> dict[str, Recorded]:
    """Return the numbers by name."""
    visible, hidden = ("visible unit",), ("hidden unit",)
    return {
        "example": Recorded(machine.visible, visible, "recorded", name),
        "hidden probabilities": Recorded(machine.hidden, hidden, "recorded", name),
        "hidden sample": Recorded(step.hidden, hidden, "replayed", name),
        "visible probabilities": Recorded(step.chances, visible, "recorded", name),
        "visible sample": Recorded(step.visible, visible, "replayed", name),
        "reconstruction": Recorded(step.mean, visible, "recorded", name),
    }


def _table_up(machine: Machine, step: _Step, place: int, subject: Subject) -> Table:
    """Return the terms of a hidden unit."""
    first = len(subject.input_names) == len(machine.visible)
    names = [subject.input_name(each) if first else f"x[{each}]" for each in range(len(machine.visible))]
    header = (say("visible unit"), "x", say("weight w"), say("term w·x"))
    rows = _terms(names, machine.visible, machine.weight[place])
    end = _end(machine.hidden_bias[place], machine.sums[place], machine.hidden[place], step.hidden_draws[place],
               step.hidden[place])  # fmt: skip
    return Table(say("Hidden unit {}, term by term", place), header, (*rows, *end))


def _table_down(machine: Machine, step: _Step, place: int) -> Table:
    """Return the terms of a visible unit."""
    names = [f"h[{each}]" for each in range(len(step.hidden))]
    header = (say("hidden unit"), "h", say("weight w"), say("term w·h"))
    rows = _terms(names, step.hidden, machine.weight[:, place])
    end = _end(machine.visible_bias[place], step.sums[place], step.chances[place], step.visible_draws[place],
               step.visible[place])  # fmt: skip
    return Table(say("Visible unit {} on the way back, term by term", place), header, (*rows, *end))


def _terms(names: list[str], values: np.ndarray, weight: np.ndarray) -> list[tuple[Cell, ...]]:
    """Return the largest terms of a sum, and the rest in one line."""
    terms = values * weight
    order = np.argsort(-np.abs(terms), kind="stable")
    rows: list[tuple[Cell, ...]] = [
        (names[each], float(values[each]), float(weight[each]), float(terms[each])) for each in order[:SHOWN]
    ]
    if len(order) > SHOWN:
        rows.append((say("{} further terms", len(order) - SHOWN), "", "", float(terms[order[SHOWN:]].sum())))
    return rows


def _end(bias: float, total: float, chance: float, draw: float, sample: float) -> list[tuple[Cell, ...]]:
    """Return the last lines of a table of terms."""
    lines = ((say("bias"), bias), (say("sum z"), total), (say("probability of a 1"), chance), (say("draw u"), draw),
             (say("sample: 1 where u < P"), sample))  # fmt: skip
    return [(name, "", "", float(value)) for name, value in lines]


def _draw(machine: Machine, step: _Step) -> Figure:
    """Draw the way up and down: visible values as pictures, hidden ones as bars."""
    shown = (
        (machine.visible, "the example x"), (step.chances, "P(x = 1 | h)"), (step.visible, "sample of it"),
        (step.mean, "without sampling"),
    )  # fmt: skip
    with styled():
        drawn = figure(7.4, 3.9)
        halves = drawn.subfigures(2, 1, height_ratios=[1.4, 1.0], squeeze=False)
        above, below = halves[:, 0]
        panels = above.subplots(1, len(shown))
        for axes, (values, title) in zip(panels, shown, strict=True):
            bare(axes, label(title))
            image = axes.imshow(machine.picture(values), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_aspect("auto" if machine.shape is None else "equal")
            # White pixels would run into the page.
            axes.spines[:].set(visible=True, color=COLOURS["line"])
        above.colorbar(image, ax=panels, shrink=0.85)
        axes = below.subplots()
        places = np.arange(len(machine.hidden))
        colours = [COLOURS["strong" if value else "line"] for value in step.hidden]
        axes.bar(places, machine.hidden, width=1.0 if len(places) > 60 else 0.85, color=colours)
        axes.plot(places, step.hidden_draws, linestyle="", marker="_", color=COLOURS["warm"])
        axes.set(ylim=(0, 1), xlabel=label("hidden unit"))
        axes.set_title(label("P(h = 1 | x) as bars, draws as dashes; blue: the draw lies below, the unit is 1"))
    return drawn
