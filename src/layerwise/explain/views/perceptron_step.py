"""One visit of the perceptron to one example: the sum, the verdict, and the weights before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise.byhand import perceptron
from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, rounding, term_sum
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Explanation, Picture, Recorded, Table
from layerwise.explain.layer_gradients import layer_gradients
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.models.perceptron import Perceptron

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["accepts", "perceptron_step"]


@dataclass(frozen=True)
class _Visit:
    """One unit before and after; the last entry is the bias, the weight of a constant 1."""

    names: tuple[str, ...]
    point: np.ndarray
    before: np.ndarray
    after: np.ndarray
    total: float
    target: float

    @property
    def wrong(self) -> bool:
        """Whether the example stands on the wrong side, or on the line."""
        return bool((self.before != self.after).any())


def accepts(subject: Subject) -> bool:
    """Say whether the network is a perceptron and the example has a class."""
    return (
        isinstance(subject.model, Perceptron) and subject.target is not None and not subject.target.is_floating_point()
    )


@register("perceptron-step", opens="learning", source="Rosenblatt 1958", lecture="003 Parameter Learning in Perceptron")
def perceptron_step(subject: Subject, *, unit: int = -1) -> Explanation:
    """Show what the perceptron's rule does to the weights when it visits the example.

    w <- w + x for an example of P with w·x <= 0;  w <- w - x for one of N with w·x >= 0;  else w

    Args:
        subject: The network, the example and its class.
        unit: Which unit, from 0; -1 for the first that must learn, else for the one with the largest sum.

    Raises:
        LayerwiseError: There is no such unit, or the target is not known.
    """
    visits = _visits(subject)
    if not -1 <= unit < len(visits):
        found = say("unit {} of {}", unit, len(visits))
        remedy = say("Choose one from 0 to {}.", len(visits) - 1)
        raise LayerwiseError(say("A unit is counted from 0."), found, remedy, usage=True)
    learning = [place for place, visit in enumerate(visits) if visit.wrong]
    largest = max(range(len(visits)), key=lambda place: visits[place].total)
    chosen = unit if unit >= 0 else learning[0] if learning else largest
    visit = visits[chosen]
    return Explanation(
        view="perceptron-step",
        title=say("One visit of the perceptron: unit {}", chosen),
        facts=(*subject.shown_facts(), (say("unit"), str(chosen)), (say("units that learn here"), str(len(learning)))),
        tensors={
            "before": Recorded(visit.before, ("input",), "recorded", "unit"),
            "after": Recorded(visit.after, ("input",), "recorded", "torch"),
        },
        arithmetic=_arithmetic(visit, subject.epsilon()),
        tables=(_table(visit),),
        notes=(
            _verdict(visit),
            say("The bias is the weight of a constant input 1; an example on the line counts as wrong."),
        ),
        pictures=(Picture(say("The weights before and after the visit."), lambda: _draw(visit)),),
    )  # fmt: skip


def _visits(subject: Subject) -> list[_Visit]:
    """Take one gradient step of size 1 with torch, which is the lecture's rule, for every unit."""
    (layer,) = layer_gradients(subject)
    names = (*(subject.input_name(place) for place in range(len(layer.inputs))), say("bias"))
    wanted = int(subject.target.item()) if subject.target is not None else 0
    visits = []
    for place, weights in enumerate(layer.weight):
        bias = layer.sums[place] - weights @ layer.inputs
        before = np.append(weights, bias)
        # w <- w - dE/dw, and dE/db = delta
        after = before - np.append(layer.slope[place], layer.recorded[place])
        target = wanted if len(layer.weight) == 1 else int(place == wanted)
        visits.append(
            _Visit(names, np.append(layer.inputs, 1.0), before, after, float(layer.sums[place]), float(target))
        )
    return visits


def _arithmetic(visit: _Visit, epsilon: float) -> tuple[Arithmetic, ...]:
    tolerance = rounding(visit.before * visit.point, epsilon=epsilon)
    terms = {"terms": visit.before * visit.point}
    lines = [Arithmetic("w·x", "w·x, the bias with a constant 1", term_sum, terms, np.array(visit.total), tolerance)]
    if visit.wrong:
        operands = {"weights": visit.before, "point": visit.point, "target": np.array(visit.target)}
        size = rounding(np.abs(visit.before) + np.abs(visit.point), epsilon=epsilon)
        lines.append(Arithmetic("w", "w after the visit", _rule, operands, visit.after, size))
    return tuple(lines)


def _rule(weights: np.ndarray, point: np.ndarray, target: np.ndarray) -> np.ndarray:
    # w <- w + x for an example of P with w·x <= 0;  w <- w - x for one of N with w·x >= 0
    return perceptron.update(weights, point, float(target))


def _verdict(visit: _Visit) -> str:
    total, side = f"{visit.total:.4g}", say("P (wants w·x > 0)") if visit.target else say("N (wants w·x < 0)")
    if not visit.wrong:
        return say("w·x = {} and the example belongs to {}: right, so nothing changes.", total, side)
    step = "w + x" if visit.target else "w - x"
    after = f"{float(visit.after @ visit.point):.4g}"
    return say(
        "w·x = {} but the example belongs to {}: wrong, so w becomes {}, and w·x becomes {}.", total, side, step, after
    )


def _table(visit: _Visit) -> Table:
    header = (say("input"), say("value x"), say("weight before"), say("change"), say("weight after"))
    rows = tuple(
        (name, float(x), float(old), float(new - old), float(new))
        for name, x, old, new in zip(visit.names, visit.point, visit.before, visit.after, strict=True)
    )
    return Table(say("The weights of the unit"), header, rows)


def _draw(visit: _Visit) -> Figure:
    """Draw the dividing line for two inputs, else the weights as bars."""
    with styled():
        drawn = figure(5.2, 4.6) if len(visit.point) == 3 else figure(7.0, 0.34 * len(visit.point[:30]) + 1.0)
        axes = drawn.subplots()
        if len(visit.point) == 3:
            _lines(axes, visit)
        else:
            _bars(axes, visit)
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.12), ncols=3)
    return drawn


def _lines(axes: Axes, visit: _Visit) -> None:
    x, y = visit.point[:2]
    span = 1.0 + max(abs(x), abs(y))
    for weights, style, colour, name in (
        (visit.before, "--", "quiet", label("before")), (visit.after, "-", "strong", label("after")),
    ):  # fmt: skip
        if weights[:2].any():
            # the point of the line nearest the origin, and the direction along it
            foot = -weights[2] * weights[:2] / (weights[:2] @ weights[:2])
            along = 4 * span * np.array([-weights[1], weights[0]]) / np.linalg.norm(weights[:2])
            ends = np.stack((foot - along, foot + along))
            axes.plot(ends[:, 0], ends[:, 1], style, color=COLOURS[colour], label=name)
    mark = "P" if visit.target else "N"
    axes.plot([x], [y], "o", color=COLOURS["warm"], markersize=9, label=label("the example ({})", mark))
    axes.set(xlim=(-span, span), ylim=(-span, span), aspect="equal")
    axes.set_xlabel(readable(visit.names[0]))
    axes.set_ylabel(readable(visit.names[1]))


def _bars(axes: Axes, visit: _Visit) -> None:
    order = np.sort(np.argsort(-np.abs(visit.after), kind="stable")[:30])
    places = np.arange(len(order))
    axes.barh(places - 0.2, visit.before[order], height=0.38, color=COLOURS["line"], label=label("before"))
    axes.barh(places + 0.2, visit.after[order], height=0.38, color=COLOURS["strong"], label=label("after"))
    axes.set_yticks(places, [readable(visit.names[place]) for place in order])
    axes.axvline(0, color=COLOURS["quiet"], linewidth=0.8)
    axes.invert_yaxis()
