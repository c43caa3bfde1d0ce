"""A recurrent layer through time: gates, cell and hidden state of every step, and one unit re-added at one step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerwise.byhand import lstm
from layerwise.byhand.activations import tanh
from layerwise.catalog import register
from layerwise.data.tokens import PADDING
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, activated, rounding, weighted_sum
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.linear_units import choose
from layerwise.explain.recurrent_picture import NAMES, draw_layer, draw_unit
from layerwise.explain.recurrent_steps import (
    RecurrentSteps,
    gru_steps,
    lstm_steps,
    plain_steps,
    recurrent_layers,
    steps_of,
)
from layerwise.explain.subject import Subject
from layerwise.explain.trace import record_forward
from layerwise.language import say

__all__ = ["accepts", "gates_through_time"]

EQUATIONS = {
    "lstm": "i, f, o = sigmoid(W x + U h + b);  g = tanh(W x + U h + b);  c = f c' + i g;  h = o tanh(c)",
    "gru": "r, z = sigmoid(W x + U h + b);  n = tanh(W x + b + r (U h + b'));  h = z h' + (1 - z) n",
    "rnn_tanh": "h = tanh(W x + U h' + b)",
    "rnn_relu": "h = max(0, W x + U h' + b)",
}
"""What each kind of layer computes; a stroke marks the step before."""

UNBIASED = {
    "lstm": "i, f, o = sigmoid(W x + U h);  g = tanh(W x + U h);  c = f c' + i g;  h = o tanh(c)",
    "gru": "r, z = sigmoid(W x + U h);  n = tanh(W x + r U h);  h = z h' + (1 - z) n",
    "rnn_tanh": "h = tanh(W x + U h')",
    "rnn_relu": "h = max(0, W x + U h')",
}
"""The same where the layer has no biases."""


def accepts(subject: Subject) -> bool:
    """Say whether the network has a recurrent layer, and the example at least two steps."""
    layers = recurrent_layers(record_forward(subject.model, subject.inputs))
    return bool(layers) and max(layers[0].shape[:-1]) > 1 and layers[0].shape[-1] > 0 and len(subject.inputs) == 1


@register(
    "gates-through-time",
    opens="layer",
    source="Hochreiter and Schmidhuber 1997",
    lecture="001 LSTM; 001 GRU; 000 RNN cell",
)
def gates_through_time(
    subject: Subject, *, layer: str = "", depth: int = -1, unit: int = -1, time: int = -1, backward: bool = False
) -> Explanation:
    """Show what a recurrent layer holds after each step of the example, and how one unit got there.

    LSTM: c_t = f c_(t-1) + i g, h_t = o tanh(c_t).  GRU: h_t = z h_(t-1) + (1 - z) n.
    Plain: h_t = tanh(W x_t + U h_(t-1) + b).

    Args:
        subject: The network and the example.
        layer: Name of the module; the first recurrent one when left out.
        depth: Which layer of its stack, from 0; -1 for the last.
        unit: Which unit is re-added, from 0; -1 for the one whose state changes most.
        time: At which step, from 0; -1 for the step at which its state changes most.
        backward: The direction that reads from the end, where there are two.

    Raises:
        LayerwiseError: There is no such layer, unit or step.
    """
    trace = record_forward(subject.model, subject.inputs)
    operation = choose(trace, recurrent_layers(trace), layer)
    steps = steps_of(trace, operation, depth=depth, backward=backward)
    length = _length(subject, len(steps.inputs))
    # The first step comes from nothing; what a layer does with what it holds is seen later.
    moves = np.abs(steps.values["h"] - steps.before["h"])[1:length]
    unit = int(moves.max(axis=0).argmax()) if unit == -1 else unit
    time = 1 + int(moves[:, unit % steps.units].argmax()) if time == -1 else time
    _require(unit, steps.units, say("A unit is counted from 0."))
    _require(time, length, say("A time step is counted from 0."))
    shown = _Shown(steps, _labels(subject, length, backward), unit, time, subject.epsilon())
    notes = (
        (EQUATIONS if steps.biased else UNBIASED)[steps.kind], shown.sentence(),
        say("A stroke marks the step before; before the first step all is 0, or what was carried over."),
    )  # fmt: skip
    return Explanation(
        view="gates-through-time",
        title=say("Layer {} through time, and unit {} at step {}", steps.name, unit, time),
        facts=(*subject.shown_facts(), (say("layer"), steps.name), (say("steps"), str(length))),
        tensors=shown.tensors(),
        arithmetic=(*shown.layer_lines(), *shown.unit_lines()),
        tables=(shown.sums(), shown.table()),
        notes=notes,
        pictures=(
            Picture(say("Unit {} through time: gates above, state below.", unit),
                    lambda: draw_unit(steps, shown.labels, unit, time)),
            Picture(say("All units: one row a unit, one column a step."),
                    lambda: draw_layer(steps, shown.labels, time)),
        ),
    )  # fmt: skip


def _require(place: int, count: int, rule: str) -> None:
    if not 0 <= place < count:
        raise LayerwiseError(
            rule, say("{} of {}", place, count), say("Choose one from 0 to {}.", count - 1), usage=True
        )


def _length(subject: Subject, steps: int) -> int:
    """Return how many steps the example has without the padding behind its end."""
    if subject.inputs.is_floating_point() or subject.inputs.numel() != steps:
        return steps
    known = np.flatnonzero(subject.inputs.reshape(-1).numpy(force=True) != PADDING)
    return int(known[-1]) + 1 if len(known) else steps


def _labels(subject: Subject, length: int, backward: bool) -> list[str]:
    """Name the steps: the symbols of a text, else their numbers."""
    if subject.inputs.is_floating_point() or subject.inputs.numel() < length:
        return [str(place) for place in range(length)]
    read = [subject.symbol(int(symbol)) for symbol in subject.inputs.reshape(-1)]
    return [_visible(symbol) for symbol in (read[::-1] if backward else read)[:length]]


def _visible(symbol: str) -> str:
    """Return a symbol that can be seen: a blank and the end of a line have signs of their own."""
    return {" ": "␣", "\n": "↵", "\t": "→"}.get(symbol, symbol)


def _cell(forget: np.ndarray, before: np.ndarray, gate: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    # c = f c' + i g
    return np.asarray(forget * before + gate * candidate)


def _output(gate: np.ndarray, cell: np.ndarray) -> np.ndarray:
    # h = o tanh(c)
    return np.asarray(gate * tanh(cell))


def _mixture(update: np.ndarray, before: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    # h = z h' + (1 - z) n
    return np.asarray(update * before + (1 - update) * candidate)


@dataclass(frozen=True)
class _Shown:
    """The layer, and the unit and the step that are re-added."""

    steps: RecurrentSteps
    labels: list[str]
    unit: int
    time: int
    epsilon: float

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.labels)

    def value(self, name: str) -> float:
        """Return one of torch's numbers of the unit at the step."""
        return float(self.steps.values[name][self.time, self.unit])

    def before(self, name: str) -> float:
        """Return the unit's state before the step."""
        return float(self.steps.before[name][self.time, self.unit])

    def tensors(self) -> dict[str, Recorded]:
        """Return every number by its letter."""
        names = (*self.steps.gates, *self.steps.state)
        return {
            name: Recorded(self.steps.values[name][: self.length], ("step", "unit"), "recorded", self.steps.name)
            for name in names
        }

    def layer_lines(self) -> tuple[Arithmetic, ...]:
        """Return lines that compute every unit at every step again, each from the state that the network had before."""
        steps, length = self.steps, self.length
        used = np.flatnonzero(np.abs(steps.inputs[:length]).max(axis=0))
        w_x, w_h, *biases = steps.params
        b_x, b_h = biases or [np.zeros(len(w_x)), np.zeros(len(w_x))]
        operands = {"inputs": steps.inputs[:length][:, used], "input_weight": w_x[:, used], "recurrent_weight": w_h}
        before = {"hidden": steps.before["h"][:length]}
        reach = np.abs(operands["inputs"]) @ np.abs(w_x[:, used]).T + np.abs(before["hidden"]) @ np.abs(w_h).T
        tolerance = rounding(np.array((reach + np.abs(b_x) + np.abs(b_h)).max()), epsilon=self.epsilon)
        expected = {name: steps.values[name][:length] for name in self.steps.state}
        if steps.kind == "lstm":
            rows = {**operands, "bias": b_x + b_h}
            turned = {name: lstm.from_torch(rows[name]) for name in ("input_weight", "recurrent_weight", "bias")}
            state = {"inputs": operands["inputs"], **before, "cell": steps.before["c"][:length]}
            size = tolerance * (1 + float(np.abs(state["cell"]).max()))
            # torch's rows without those of the output gate, which the cell does not know: i, f, g
            alone = {name: rows[name][: 3 * steps.units] for name in turned}
            return tuple(
                Arithmetic(
                    name, f"{name}_t, {length} x {steps.units}", lstm_steps, {**state, **weights}, expected[name[0]],
                    size, {"part": name},
                )
                for name, weights in (("cell", alone), ("hidden", turned))
            )  # fmt: skip
        if steps.kind == "gru":
            whole = {**operands, "bias": b_x, "recurrent_bias": b_h, **before}
            return (Arithmetic("hidden", f"h_t, {length} x {steps.units}", gru_steps, whole, expected["h"], tolerance),)
        whole, kind = {**operands, "bias": b_x + b_h, **before}, steps.kind.removeprefix("rnn_")
        return (
            Arithmetic("hidden", f"h_t, {length} x {steps.units}", plain_steps, whole, expected["h"], tolerance,
                       {"activation": kind}),
        )  # fmt: skip

    def parts(self, gate: str) -> tuple[np.ndarray, np.ndarray, float]:
        """Return what goes into one sum of the unit, where it is not 0, the weights, and the bias or 0."""
        steps = self.steps
        row = steps.rows(gate).start + self.unit
        given = np.concatenate((steps.inputs[self.time], steps.before["h"][self.time]))
        weight = np.concatenate((steps.params[0][row], steps.params[1][row]))
        bias = sum(float(part[row]) for part in steps.params[2:])
        kept = given != 0
        return given[kept], weight[kept], bias

    def unit_lines(self) -> tuple[Arithmetic, ...]:
        """Return the lines of the one unit at the one step, in the order in which they are computed."""
        lines = []
        for gate in self.steps.gates or ("h",):
            if gate == "n":
                lines.append(self._reset())
            else:
                given, weight, bias = self.parts(gate)
                operands, words = {"inputs": given, "weight": weight}, f"sum {gate} = w·x + u·h'"
                if self.steps.biased:
                    operands, words = {**operands, "bias": np.array(bias)}, f"{words} + b"
                tolerance = rounding(given * weight, np.array(bias), epsilon=self.epsilon)
                total = np.array(self.value(f"sum {gate}"))
                lines.append(Arithmetic(f"sum {gate}", words, weighted_sum, operands, total, tolerance))
            lines.append(self._activated(gate))
        return (*lines, *self._kept())

    def _activated(self, gate: str) -> Arithmetic:
        kind = {"g": "tanh", "n": "tanh", "h": self.steps.kind.removeprefix("rnn_")}.get(gate, "sigmoid")
        total = self.value(f"sum {gate}")
        tolerance = rounding(np.array(self.value(gate)), np.array(total), epsilon=self.epsilon)
        value = np.array(self.value(gate))
        return Arithmetic(
            gate, f"{gate} = {kind}({total:.4g})", activated, {"inputs": np.array(total)}, value, tolerance,
            {"name": kind, "settings": ()},
        )  # fmt: skip

    def _reset(self) -> Arithmetic:
        operands = {
            name: np.array(self.value(key)) for name, key in (("inputs", "read"), ("reset", "r"), ("memory", "memory"))
        }
        tolerance = rounding(operands["inputs"], operands["memory"], epsilon=self.epsilon)
        return Arithmetic(
            "sum n",
            "sum n = (w·x + b) + r (u·h' + b')" if self.steps.biased else "sum n = w·x + r u·h'",
            lambda inputs, reset, memory: inputs + reset * memory,
            operands,
            np.array(self.value("sum n")),
            tolerance,
        )

    def _kept(self) -> tuple[Arithmetic, ...]:
        """Return the lines of the state."""
        value = {name: np.array(self.value(name)) for name in (*self.steps.gates, *self.steps.state)}
        if self.steps.kind == "lstm":
            old = np.array(self.before("c"))
            terms = {"forget": value["f"], "before": old, "gate": value["i"], "candidate": value["g"]}
            shown = {"gate": value["o"], "cell": value["c"]}
            return (
                Arithmetic("c", "c = f c' + i g", _cell, terms, value["c"],
                           rounding(old, value["g"], epsilon=self.epsilon)),
                Arithmetic("h", "h = o tanh(c)", _output, shown, value["h"],
                           rounding(value["c"], value["h"], epsilon=self.epsilon)),
            )  # fmt: skip
        if self.steps.kind == "gru":
            old = np.array(self.before("h"))
            terms = {"update": value["z"], "before": old, "candidate": value["n"]}
            tolerance = rounding(old, value["n"], epsilon=self.epsilon)
            return (Arithmetic("h", "h = z h' + (1 - z) n", _mixture, terms, value["h"], tolerance),)
        return ()

    def sentence(self) -> str:
        """Say the whole step in numbers."""
        now = {name: f"{self.value(name):.4g}" for name in (*self.steps.gates, *self.steps.state)}
        if self.steps.kind == "lstm":
            old = f"{self.before('c'):.4g}"
            return (f"c = {now['f']} · {old} + {now['i']} · {now['g']} = {now['c']};  "
                    f"h = {now['o']} · tanh({now['c']}) = {now['h']}")  # fmt: skip
        if self.steps.kind == "gru":
            return f"h = {now['z']} · {self.before('h'):.4g} + (1 - {now['z']}) · {now['n']} = {now['h']}"
        kind = self.steps.kind.removeprefix("rnn_")
        return f"h = {kind}({self.value('sum h'):.4g}) = {now['h']}"

    def sums(self) -> Table:
        """Return how the sums of the unit come about at the step."""
        steps, rows = self.steps, []
        for gate in steps.gates or ("h",):
            row = steps.rows(gate).start + self.unit
            read = float(steps.inputs[self.time] @ steps.params[0][row])
            memory = float(steps.before["h"][self.time] @ steps.params[1][row])
            bias = sum(float(part[row]) for part in steps.params[2:])
            cells: tuple[Cell, ...] = (
                say(NAMES[gate]),
                read,
                memory,
                *((bias,) if steps.biased else ()),
                self.value(f"sum {gate}"),
                self.value(gate),
            )
            rows.append(cells)
        header = (
            say("gate"),
            say("from the input w·x"),
            say("from the state u·h'"),
            *((say("bias"),) if steps.biased else ()),
            say("sum"),
            say("value"),
        )
        title = say("Unit {} at step {} ('{}')", self.unit, self.time, self.labels[self.time])
        return Table(title, header, tuple(rows))

    def table(self) -> Table:
        """Return the unit at every step."""
        names = (*self.steps.gates, *self.steps.state)
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (place, self.labels[place], *(float(self.steps.values[name][place, self.unit]) for name in names))
            for place in range(self.length)
        )
        header = (say("step"), say("read"), *names)
        title = say("Unit {} at every step", self.unit)
        return Table(title, header, rows, folded=self.length > 40, marked=frozenset((self.time,)))
