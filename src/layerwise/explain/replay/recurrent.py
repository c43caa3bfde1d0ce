"""Replay rules of recurrent layers and embeddings: what torch computes in one call, step by step through `byhand`.

A layer has one or two directions, a stack has several layers; each direction of each layer is one `Pass`. torch's
order of rows and its two biases are turned into the lecture's form at the border of `byhand` and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.byhand import gru, lstm, recurrent
from layerwise.explain.replay.shapes import Replayed, Unsupported

__all__ = ["RULES", "lstm_weights"]


@dataclass(frozen=True)
class Pass:
    """One direction of one layer.

    Args:
        outputs: Hidden states, `(steps, batch, units)`, in the order in which they were computed.
        last: What is left after the last step: hidden states, and cells where there are any.
        pull: Turns the gradients of outputs and last states into those of inputs, first states and parameters.
    """

    outputs: np.ndarray
    last: tuple[np.ndarray, ...]
    pull: Callable[[np.ndarray, tuple[np.ndarray, ...]], tuple[np.ndarray, tuple[np.ndarray, ...], list[np.ndarray]]]


Layer = Callable[[np.ndarray, tuple[np.ndarray, ...], Sequence[np.ndarray]], Pass]
"""Runs one direction of one layer: inputs `(steps, batch, features)`, first states, parameters as torch has them."""


def lstm_weights(params: Sequence[np.ndarray]) -> recurrent.Weights:
    """Return torch's weights of an LSTM in the lecture's order, its two biases as one."""
    bias = params[2] + params[3] if len(params) == 4 else np.zeros(len(params[0]), params[0].dtype)
    return recurrent.Weights(*(lstm.from_torch(part) for part in (params[0], params[1], bias)))


def _lstm(inputs: np.ndarray, starts: tuple[np.ndarray, ...], params: Sequence[np.ndarray]) -> Pass:
    weights = lstm_weights(params)
    gates = lstm.forward(inputs, starts[0], starts[1], weights)

    def pull(gradient: np.ndarray, last: tuple[np.ndarray, ...]) -> Any:
        gradient = _joined(gradient, last[0])
        found = lstm.backward(gradient, inputs, starts[0], starts[1], gates, weights, last_cell=last[1])
        slopes = (found.weights.input_weight, found.weights.recurrent_weight, found.weights.bias, found.weights.bias)
        return found.inputs, (found.hidden, found.cell), [lstm.to_torch(part) for part in slopes[: len(params)]]

    return Pass(gates.hidden, (gates.hidden[-1], gates.cell[-1]), pull)


def _gru(inputs: np.ndarray, starts: tuple[np.ndarray, ...], params: Sequence[np.ndarray]) -> Pass:
    none = np.zeros(len(params[0]), params[0].dtype)
    weights = gru.Weights(*params) if len(params) == 4 else gru.Weights(params[0], params[1], none, none)
    gates = gru.forward(inputs, starts[0], weights, reset_after=True)

    def pull(gradient: np.ndarray, last: tuple[np.ndarray, ...]) -> Any:
        found = gru.backward(_joined(gradient, last[0]), inputs, starts[0], gates, weights, reset_after=True)
        part = found.weights
        slopes = [part.input_weight, part.recurrent_weight, part.bias, part.recurrent_bias]
        return found.inputs, (found.hidden,), slopes[: len(params)]

    return Pass(gates.hidden, (gates.hidden[-1],), pull)


def _rnn(activation: str) -> Layer:
    def run(inputs: np.ndarray, starts: tuple[np.ndarray, ...], params: Sequence[np.ndarray]) -> Pass:
        bias = params[2] + params[3] if len(params) == 4 else np.zeros(len(params[0]), params[0].dtype)
        weights = recurrent.Weights(params[0], params[1], bias)
        states = recurrent.forward(inputs, starts[0], weights, activation=activation)

        def pull(gradient: np.ndarray, last: tuple[np.ndarray, ...]) -> Any:
            gradient = _joined(gradient, last[0])
            found = recurrent.backward(gradient, inputs, starts[0], states, weights, activation=activation)
            part = found.weights
            slopes = [part.input_weight, part.recurrent_weight, part.bias, part.bias]
            return found.inputs, (found.state,), slopes[: len(params)]

        return Pass(states, (states[-1],), pull)

    return run


def _joined(gradient: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Add what comes back through the last state to the gradient of the last output, which is the same state."""
    gradient = np.array(gradient)
    gradient[-1] += last
    return gradient


def _stacked(
    run: Layer,
    inputs: np.ndarray,
    starts: tuple[np.ndarray, ...],
    params: Sequence[np.ndarray],
    layers: int,
    directions: int,
) -> Pass:
    """Run layers one above the other; each reads what the one below gives, both directions side by side."""
    passes: list[Pass] = []
    each = len(params) // (layers * directions)
    for _ in range(layers):
        sides = []
        for turned in range(directions):
            place = len(passes)
            start = tuple(part[place] for part in starts)
            done = run(_turned(inputs, turned), start, params[place * each : (place + 1) * each])
            passes.append(done)
            sides.append(_turned(done.outputs, turned))
        inputs = np.concatenate(sides, axis=2)
    last = tuple(np.stack([part.last[kind] for part in passes]) for kind in range(len(starts)))

    def pull(gradient: np.ndarray, ends: tuple[np.ndarray, ...]) -> Any:
        first: list[tuple[np.ndarray, ...]] = [()] * len(passes)
        slopes: list[list[np.ndarray]] = [[]] * len(passes)
        for layer in reversed(range(layers)):
            sides = np.split(gradient, directions, axis=2)
            below = []
            for turned in range(directions):
                place = layer * directions + turned
                end = tuple(part[place] for part in ends)
                d_inputs, first[place], slopes[place] = passes[place].pull(_turned(sides[turned], turned), end)
                below.append(_turned(d_inputs, turned))
            # both directions read the same inputs
            gradient = sum(below[1:], below[0])
        d_starts = tuple(np.stack([part[kind] for part in first]) for kind in range(len(starts)))
        return gradient, d_starts, [slope for part in slopes for slope in part]

    return Pass(inputs, last, pull)


def _turned(sequence: np.ndarray, turned: int) -> np.ndarray:
    """Return a sequence as a direction reads it: from the end for the second one."""
    return sequence[::-1] if turned else sequence


def _layers(run: Layer) -> Callable[..., Replayed]:
    """Build the rule of a stack of layers from that of one layer."""

    def apply(
        input: np.ndarray,
        hx: Any,
        params: Sequence[np.ndarray],
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool = False,
    ) -> Replayed:
        if input.ndim != 3 or not isinstance(params, list | tuple):
            raise Unsupported("packed sequences")
        several = isinstance(hx, tuple | list)
        starts = tuple(hx) if several else (hx,)
        inputs = input.swapaxes(0, 1) if batch_first else input
        directions = 2 if bidirectional else 1
        if (
            len(params) % (num_layers * directions * (4 if has_biases else 2))
            or starts[0].shape[0] != num_layers * directions
        ):
            raise Unsupported("projections")
        done = _stacked(run, inputs, starts, params, num_layers, directions)

        def pull(gradients: tuple[np.ndarray, ...]) -> dict[str, Any]:
            outputs = gradients[0].swapaxes(0, 1) if batch_first else gradients[0]
            d_inputs, d_starts, slopes = done.pull(outputs, gradients[1:])
            d_inputs = d_inputs.swapaxes(0, 1) if batch_first else d_inputs
            return {"input": d_inputs, "hx": list(d_starts) if several else d_starts[0], "params": slopes}

        outputs = done.outputs.swapaxes(0, 1) if batch_first else done.outputs
        return (outputs, *done.last), pull

    return apply


def _cell(run: Layer) -> Callable[..., Replayed]:
    """Build the rule of one time step from that of a layer."""

    def apply(
        input: np.ndarray,
        hx: Any,
        w_ih: np.ndarray,
        w_hh: np.ndarray,
        b_ih: np.ndarray | None = None,
        b_hh: np.ndarray | None = None,
    ) -> Replayed:
        several = isinstance(hx, tuple | list)
        starts = tuple(hx) if several else (hx,)
        params = [part for part in (w_ih, w_hh, b_ih, b_hh) if part is not None]
        done = run(input[None], starts, params)

        def pull(gradients: Any) -> dict[str, Any]:
            last = gradients if several else (gradients,)
            d_inputs, d_starts, slopes = done.pull(np.zeros_like(done.outputs), last)
            found = dict(zip(("w_ih", "w_hh", "b_ih", "b_hh"), slopes, strict=False))
            return {"input": d_inputs[0], "hx": list(d_starts) if several else d_starts[0], **found}

        return (done.last if several else done.last[0]), pull

    return apply


def _embedding(
    input: np.ndarray,
    weight: np.ndarray,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Replayed:
    if max_norm is not None or scale_grad_by_freq:
        raise Unsupported("max_norm or scale_grad_by_freq")

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        # dE/dw_k = sum over the places where symbol k stands; the padding learns nothing
        slope = np.zeros_like(weight)
        np.add.at(slope, input, gradient)
        if padding_idx is not None:
            slope[padding_idx] = 0
        return {"weight": slope}

    return weight[input], pull


_LSTM = "i, f, o, g = s, s, s, tanh (W x + U h);  c = f c' + i g;  h = o tanh c;  backwards from step to step"
_GRU = "r, z = s(W x + U h);  n = tanh(W x + r U h);  h = z h' + (1 - z) n;  backwards from step to step"
_PLAIN = "h = tanh(W x + U h');  dE/dh' = U^T ((1 - h^2) dE/dh), from the last step to the first"
_RECTIFIED = "h = max(0, W x + U h');  dE/dh' = U^T ((h > 0) dE/dh), from the last step to the first"

RULES: Mapping[str, tuple[str, Callable[..., Replayed]]] = {
    "lstm": (_LSTM, _layers(_lstm)),
    "gru": (_GRU, _layers(_gru)),
    "rnn_tanh": (_PLAIN, _layers(_rnn("tanh"))),
    "rnn_relu": (_RECTIFIED, _layers(_rnn("relu"))),
    "lstm_cell": (_LSTM, _cell(_lstm)),
    "gru_cell": (_GRU, _cell(_gru)),
    "rnn_tanh_cell": (_PLAIN, _cell(_rnn("tanh"))),
    "rnn_relu_cell": (_RECTIFIED, _cell(_rnn("relu"))),
    "embedding": ("y = row of W that the symbol names;  the gradient is added to that row", _embedding),
}
"""Equation and rule by the name of the torch function; a layer's pull takes one gradient a result."""
