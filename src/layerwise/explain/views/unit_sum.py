"""One unit of a fully connected layer: every term of w·x + b with the name of its input, and the activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import ACTIVATIONS, Arithmetic, activated, rounding, weighted_sum
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.linear_units import Activation, activation_after, arrays, choose, layer_name
from layerwise.explain.subject import Subject
from layerwise.explain.trace import Operation, Trace, record_forward
from layerwise.language import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["accepts", "unit_sum"]

SHOWN = 12
"""Terms that are shown one by one; the rest is added up in one line."""


def accepts(subject: Subject) -> bool:
    """Say whether the network has a fully connected layer."""
    return bool(_sums(record_forward(subject.model, subject.inputs)))


@register("unit-sum", opens="layer", source="Rosenblatt 1958; lecture 003", lecture="003 Perceptron; 003 Sigmoid Unit")
def unit_sum(subject: Subject, *, layer: str = "", unit: int = -1) -> Explanation:
    """Show the weighted sum of one unit term by term, and what the activation makes of it.

    z = sum_i w_i x_i + b,  f = f(z)

    Args:
        subject: The network and the example.
        layer: Name of the layer; the first fully connected one when left out.
        unit: Which unit, from 0; -1 for the one with the largest output.

    Raises:
        LayerwiseError: There is no such layer or unit.
    """
    trace = record_forward(subject.model, subject.inputs)
    operation = choose(trace, _sums(trace), layer)
    given = arrays(trace, operation)
    sums = trace.value(operation.outputs[0]).double().numpy(force=True).reshape(-1)
    activation = activation_after(trace, operation)
    outputs = sums if activation.operation is None else _output(trace, activation)
    chosen = int(outputs.argmax()) if unit == -1 else unit
    if not 0 <= chosen < len(sums):
        found = say("unit {} of {}", unit, len(sums))
        raise LayerwiseError(
            say("A unit is counted from 0."), found, say("Choose one from 0 to {}.", len(sums) - 1), usage=True
        )
    inputs, weight = given["input"].reshape(-1), given["weight"][chosen]
    bias = None if given["bias"] is None else float(given["bias"][chosen])
    first = operation.arguments[0].place == 0 or len(subject.input_names) == len(inputs)
    names = [subject.input_name(place) if first else f"x{place + 1}" for place in range(len(inputs))]
    line = _Unit(names, inputs, weight, bias, float(sums[chosen]), float(outputs[chosen]), activation)
    name = layer_name(trace, operation)
    return Explanation(
        view="unit-sum",
        title=say("Unit {} of layer {}: the sum, term by term", chosen, name),
        facts=(*subject.shown_facts(), (say("layer"), name), (say("unit"), str(chosen))),
        tensors=line.tensors(name),
        arithmetic=line.arithmetic(subject.epsilon()),
        tables=line.tables(),
        notes=(line.sentence(), line.order_note()),
        pictures=(Picture(say("Terms of the sum, largest first, and the activation at z."), line.draw),),
    )


def _sums(trace: Trace) -> list[Operation]:
    """Return the weighted sums of one example."""
    return [
        each
        for each in trace.operations
        if each.name == "linear" and trace.value(each.outputs[0]).numel() == each.shape[-1]
    ]


def _output(trace: Trace, activation: Activation) -> np.ndarray:
    place = activation.operation.outputs[0] if activation.operation else 0
    return trace.value(place).double().numpy(force=True).reshape(-1)


@dataclass(frozen=True)
class _Unit:
    """One unit with its numbers."""

    names: list[str]
    inputs: np.ndarray
    weight: np.ndarray
    bias: float | None
    total: float
    output: float
    activation: Activation

    @property
    def terms(self) -> np.ndarray:
        """The terms of the sum."""
        terms: np.ndarray = self.inputs * self.weight
        return terms

    @property
    def order(self) -> np.ndarray:
        """Places of the terms, largest first."""
        return np.argsort(-np.abs(self.terms), kind="stable")

    def tensors(self, source: str) -> dict[str, Recorded]:
        """Return the numbers by name."""
        bias = {} if self.bias is None else {"bias": Recorded(np.array(self.bias), (), "recorded", source)}
        return {
            "inputs": Recorded(self.inputs, ("input",), "recorded", source),
            "weight": Recorded(self.weight, ("input",), "recorded", source),
            **bias,
            "sum": Recorded(np.array(self.total), (), "recorded", source),
            "output": Recorded(np.array(self.output), (), "recorded", source),
            "terms": Recorded(self.terms, ("input",), "derived", source),
        }

    def arithmetic(self, epsilon: float) -> tuple[Arithmetic, ...]:
        """Return the sum and the activation as lines to verify."""
        tolerance = rounding(self.terms, np.array(self.bias or 0.0), epsilon=epsilon)
        operands, words = {"inputs": self.inputs, "weight": self.weight}, "z = w·x"
        if self.bias is not None:
            operands, words = {**operands, "bias": np.array(self.bias)}, "z = w·x + b"
        sum_line = Arithmetic("z", words, weighted_sum, operands, np.array(self.total), tolerance)
        return (
            sum_line,
            Arithmetic(
                "f", f"f = {self.activation.name}(z)", activated, {"inputs": np.array(self.total)},
                np.array(self.output), rounding(np.array(self.output), epsilon=epsilon),
                {"name": self.activation.name, "settings": self.activation.settings},
            ),
        )  # fmt: skip

    def sentence(self) -> str:
        """Say the whole line in numbers."""
        output = f"{self.output:.4g}"
        if self.bias is None:
            return say("z = {} (terms); {}(z) = {}", f"{self.total:.4g}", self.activation.name, output)
        numbers = [f"{value:.4g}" for value in (self.terms.sum(), self.bias, self.total)]
        return say("z = {} (terms) + {} (bias) = {}; {}(z) = {}", *numbers, self.activation.name, output)

    def order_note(self) -> str:
        """Say what is added, and in which order it is shown."""
        if self.bias is None:
            return say("z = w·x; the terms are in the order of their size.")
        return say("z = w·x + b; the terms are in the order of their size.")

    def tables(self) -> tuple[Table, ...]:
        """Return the largest terms, and all of them where that is more."""
        header = (say("input"), say("value x"), say("weight w"), say("term w·x"))
        rows: list[tuple[Cell, ...]] = [
            (self.names[place], float(self.inputs[place]), float(self.weight[place]), float(self.terms[place]))
            for place in self.order
        ]
        end: list[tuple[Cell, ...]] = [(say("sum z"), "", "", self.total), (say("output f(z)"), "", "", self.output)]
        if self.bias is not None:
            end.insert(0, (say("bias"), "", self.bias, self.bias))
        if len(rows) <= SHOWN + 1:
            last = len(rows) + len(end)
            return (Table(say("Every term"), header, (*rows, *end), marked=frozenset((last - 2, last - 1))),)
        rest = (say("the other {} inputs", len(rows) - SHOWN), "", "", float(self.terms[self.order[SHOWN:]].sum()))
        short: tuple[tuple[Cell, ...], ...] = (*rows[:SHOWN], rest, *end)
        marked = frozenset((len(short) - 2, len(short) - 1))
        return (
            Table(say("The {} largest terms", SHOWN), header, short, marked=marked),
            Table(say("All {} terms", len(rows)), header, tuple(rows), folded=True),
        )

    def draw(self) -> Figure:
        """Draw the terms as bars and the activation as a curve."""
        with styled():
            drawn = figure(7.6, 3.6)
            left, right = drawn.subplots(1, 2, width_ratios=(1.7, 1))
            self._bars(left)
            self._curve(right)
        return drawn

    def _bars(self, axes: Axes) -> None:
        shown = self.order[:SHOWN]
        bias = [] if self.bias is None else [(label("bias"), self.bias)]
        values = [*self.terms[shown], *(value for _, value in bias), self.total]
        names = [*(self.names[place] for place in shown), *(name for name, _ in bias), "z"]
        if len(self.terms) > SHOWN:
            values.insert(SHOWN, self.terms[self.order[SHOWN:]].sum())
            names.insert(SHOWN, label("the other {} inputs", len(self.terms) - SHOWN))
        places = range(len(values))
        colours = [COLOURS["strong"] if value >= 0 else COLOURS["warm"] for value in values]
        colours[-1] = COLOURS["ink"]
        axes.barh(places, values, color=colours, height=0.7)
        axes.set_yticks(places, [readable(name) for name in names])
        axes.invert_yaxis()
        axes.axvline(0, color=COLOURS["quiet"], linewidth=0.8)
        axes.set_xlabel(label("term w·x"))
        reach = max(abs(float(value)) for value in values) or 1.0
        for place, value in zip(places, values, strict=True):
            side = 1 if value >= 0 else -1
            axes.text(
                value + side * 0.02 * reach,
                place,
                f"{value:.3g}",
                va="center",
                ha="left" if side > 0 else "right",
                fontsize=8,
            )
        axes.margins(x=0.16)

    def _curve(self, axes: Axes) -> None:
        span = max(4.0, 1.3 * abs(self.total))
        grid = np.linspace(-span, span, 301)
        axes.plot(grid, ACTIVATIONS[self.activation.name](grid, *self.activation.settings), color=COLOURS["quiet"])
        axes.plot(
            [self.total, self.total, -span],
            [axes.get_ylim()[0], self.output, self.output],
            ":",
            color=COLOURS["strong"],
        )
        axes.plot([self.total], [self.output], "o", color=COLOURS["strong"])
        axes.set_xlabel("z")
        axes.set_title(f"{self.activation.name}({self.total:.4g}) = {self.output:.4g}")
