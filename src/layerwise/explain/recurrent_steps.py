"""Take a recurrent layer of a traced network apart, time step by time step, with torch's own numbers.

One call of torch computes a whole sequence and shows the hidden states alone. Here the layer's own kernel is called
again for one step at a time, which shows the cells, and each gate is computed by torch from the state that the network
had before that step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from layerwise.byhand import gru, lstm, recurrent
from layerwise.explain.linear_units import arguments, layer_name
from layerwise.explain.trace import Link, Operation, Trace

__all__ = [
    "KINDS",
    "RecurrentSteps",
    "gru_steps",
    "lstm_steps",
    "plain_steps",
    "recurrent_layers",
    "slopes_of",
    "steps_of",
]

KINDS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
"""Names of torch's functions that compute a sequence at once."""


@dataclass(frozen=True)
class RecurrentSteps:
    """One layer of a recurrent stack on one example, in float64.

    Args:
        name: Path of its module, and which layer of the stack it is where there are several.
        kind: A name in `KINDS`.
        inputs: What it read, `(steps, features)`.
        params: Its weights and biases in torch's order of rows.
        before: h_(t-1) of every step, and c_(t-1) of an LSTM, `(steps, units)`.
        values: What torch has for every step: `h`, `c`, gates by their letter, and their sums as `sum i`; of a GRU also
            `memory`, W_hh h + b_hh, and `read`, W_xh x + b_h.
    """

    name: str
    kind: str
    inputs: np.ndarray
    params: tuple[np.ndarray, ...]
    before: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]

    @property
    def gates(self) -> tuple[str, ...]:
        """Letters of the gates and the candidate, in the order in which they are explained."""
        return {"lstm": ("i", "f", "o", "g"), "gru": ("r", "z", "n")}.get(self.kind, ())

    @property
    def state(self) -> tuple[str, ...]:
        """Letters of what is kept from step to step."""
        return ("c", "h") if self.kind == "lstm" else ("h",)

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.values["h"].shape[1])

    @property
    def biased(self) -> bool:
        """Whether the layer has biases."""
        return len(self.params) > 2

    def rows(self, gate: str) -> slice:
        """Return the rows of the weights that belong to a gate, in torch's order."""
        order = {"lstm": "ifgo", "gru": "rzn"}.get(self.kind, "h")
        place = order.index(gate)
        return slice(place * self.units, (place + 1) * self.units)


def lstm_steps(
    inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray, bias: np.ndarray, hidden: np.ndarray,
    cell: np.ndarray, *, part: str,
) -> np.ndarray:  # fmt: skip
    """Compute every step of an LSTM by hand, each from the state that the network had before it.

    Args:
        inputs: x_t, `(steps, features)`.
        input_weight: W; rows in the order of `byhand`, without those of the output gate where the cell is asked for.
        recurrent_weight: U, likewise.
        bias: b, likewise.
        hidden: h_(t-1), `(steps, units)`.
        cell: c_(t-1), likewise.
        part: `hidden` or `cell`.
    """
    rows = [input_weight, recurrent_weight, bias]
    if part == "cell":
        # the output gate has no say in the cell: its rows are left out
        blocks = [np.split(each, 3) for each in rows]
        rows = [np.concatenate((i, f, np.zeros_like(f), g)) for i, f, g in blocks]
    # c_t = f c_(t-1) + i g,  h_t = o tanh(c_t)
    return np.asarray(getattr(lstm.step(inputs, hidden, cell, recurrent.Weights(*rows)), part))


def gru_steps(
    inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray, bias: np.ndarray,
    recurrent_bias: np.ndarray, hidden: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Compute every step of a GRU by hand, each from the state that the network had before it.

    Args:
        inputs: x_t, `(steps, features)`.
        input_weight: W, in torch's order of rows.
        recurrent_weight: U, likewise.
        bias: b, likewise.
        recurrent_bias: b', which the reset gate takes with it, likewise.
        hidden: h_(t-1), `(steps, units)`.
    """
    weights = gru.Weights(input_weight, recurrent_weight, bias, recurrent_bias)
    # h_t = z h_(t-1) + (1 - z) n
    return np.asarray(gru.step(inputs, hidden, weights, reset_after=True).hidden)


def plain_steps(
    inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray, bias: np.ndarray, hidden: np.ndarray,
    *, activation: str,
) -> np.ndarray:  # fmt: skip
    """Compute every step of a layer of plain units by hand, each from the state that the network had before it.

    Args:
        inputs: x_t, `(steps, features)`.
        input_weight: W.
        recurrent_weight: U.
        bias: b.
        hidden: h_(t-1), `(steps, units)`.
        activation: `tanh` or `relu`.
    """
    weights = recurrent.Weights(input_weight, recurrent_weight, bias)
    # h_t = tanh(W x_t + U h_(t-1) + b)
    return np.asarray(recurrent.step(inputs, hidden, weights, activation=activation))


def recurrent_layers(trace: Trace) -> list[Operation]:
    """Return the operations that compute a sequence of one example."""
    return [each for each in trace.operations if each.name in KINDS and isinstance(arguments(each)["params"], list)]


class _Layer(NamedTuple):
    """One direction of one layer of a stack, as torch has it."""

    name: str
    function: Any
    inputs: Tensor
    start: tuple[Tensor, ...]
    params: list[Tensor]
    flags: tuple[Any, ...]

    def step(self, row: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Let torch take one time step."""
        given: Any = state if len(state) == 2 else state[0]
        after: tuple[Tensor, ...] = self.function(row[None], given, self.params, *self.flags, False, False)[1:]
        return after


def steps_of(trace: Trace, operation: Operation, *, depth: int = -1, backward: bool = False) -> RecurrentSteps:
    """Compute one layer of a stack again, one time step after the other.

    Args:
        trace: The network on one example, with copies.
        operation: One of `recurrent_layers`.
        depth: Which layer of the stack, from 0; -1 for the last.
        backward: The direction that reads from the end, where there are two.
    """
    with torch.no_grad():
        layer = _layer(trace, operation, depth, backward)
        states = [layer.start]
        for row in layer.inputs:
            states.append(layer.step(row, states[-1]))
        return _collected(layer.name, operation.name, layer.inputs[:, 0], layer.params, states)


def slopes_of(trace: Trace, operation: Operation, gradient: Tensor) -> dict[str, np.ndarray]:
    """Return the gradient of the loss by every state, and every cell, of the last layer, as torch's autograd has it.

    dE/dh_t = dE_t/dh_t + what comes back from step t + 1

    Args:
        trace: The network on one example, with copies.
        operation: One of `recurrent_layers`.
        gradient: dE_t/dh_t of every step, from the outputs of that step alone, `(steps, units)`.
    """
    layer = _layer(trace, operation, -1, False)
    with torch.enable_grad():
        states = [tuple(part.clone().requires_grad_() for part in layer.start)]
        for row in layer.inputs:
            states.append(layer.step(row, states[-1]))
        hidden = torch.cat([state[0][0] for state in states[1:]])
        wanted = [part for state in states[1:] for part in state]
        found = torch.autograd.grad((hidden * gradient).sum(), wanted, allow_unused=True)
    kinds = len(layer.start)
    # the last cell is seen by the last state alone, but it is seen; a missing gradient is 0
    parts = [torch.zeros_like(part) if slope is None else slope for part, slope in zip(wanted, found, strict=True)]
    return {
        letter: _array(torch.cat([part[0] for part in parts[kind::kinds]])) for kind, letter in enumerate("hc"[:kinds])
    }


def _layer(trace: Trace, operation: Operation, depth: int, backward: bool) -> _Layer:
    """Return one layer of a stack with what it reads; the layers below it are computed by torch."""
    given = {name: _tensors(trace, value) for name, value in arguments(operation).items()}
    layers, directions = given["num_layers"], 1 + given["bidirectional"]
    chosen = depth % layers
    starts = given["hx"] if isinstance(given["hx"], tuple) else (given["hx"],)
    values = given["input"].transpose(0, 1) if given["batch_first"] else given["input"]
    each = len(given["params"]) // layers
    function = getattr(torch, operation.name)
    flags = (given["has_biases"], 1, 0.0, False)
    with torch.no_grad():
        for layer in range(chosen):
            start = tuple(part[layer * directions : (layer + 1) * directions] for part in starts)
            weights = given["params"][layer * each : (layer + 1) * each]
            first = start if len(start) == 2 else start[0]
            values = function(values, first, weights, *flags, directions == 2, False)[0]
    place = chosen * directions + backward
    own = given["params"][place * each // directions : (place + 1) * each // directions]
    name = layer_name(trace, operation) + (f" ({chosen + 1})" if layers > 1 else "") + (" <" if backward else "")
    start = tuple(part[place : place + 1] for part in starts)
    return _Layer(name, function, values.flip(0) if backward else values, start, own, flags)


def _tensors(trace: Trace, value: Any) -> Any:
    """Return tensors in place of links."""
    if isinstance(value, Link):
        return trace.value(value)
    if isinstance(value, list | tuple):
        parts = [_tensors(trace, part) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    return value


def _collected(
    name: str, kind: str, inputs: Tensor, params: list[Tensor], states: list[tuple[Tensor, ...]]
) -> RecurrentSteps:
    """Put the steps one above the other, and compute the gates in the network's own precision."""
    hidden = torch.cat([state[0][0] for state in states])
    letters = "hc"[: len(states[0])]
    stacked = {letter: torch.cat([state[kind][0] for state in states]) for kind, letter in enumerate(letters)}
    biases: list[Tensor | None] = [*params[2:]] if len(params) == 4 else [None, None]
    read, memory = functional.linear(inputs, params[0], biases[0]), functional.linear(hidden[:-1], params[1], biases[1])
    values = {letter: part[1:] for letter, part in stacked.items()}
    if kind == "lstm":
        for letter, total in zip("ifgo", (read + memory).chunk(4, dim=1), strict=True):
            values[f"sum {letter}"] = total
            values[letter] = torch.tanh(total) if letter == "g" else torch.sigmoid(total)
    elif kind == "gru":
        (r_read, z_read, n_read), (r_memory, z_memory, n_memory) = read.chunk(3, dim=1), memory.chunk(3, dim=1)
        values["sum r"], values["sum z"] = r_read + r_memory, z_read + z_memory
        values["r"], values["z"] = torch.sigmoid(values["sum r"]), torch.sigmoid(values["sum z"])
        values["read"], values["memory"] = n_read, n_memory
        values["sum n"] = n_read + values["r"] * n_memory
        values["n"] = torch.tanh(values["sum n"])
    else:
        values["sum h"] = read + memory
    return RecurrentSteps(
        name, kind, _array(inputs), tuple(_array(part) for part in params),
        {letter: _array(part[:-1]) for letter, part in stacked.items()},
        {letter: _array(part) for letter, part in values.items()},
    )  # fmt: skip


def _array(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().double().numpy(force=True)
    return array
