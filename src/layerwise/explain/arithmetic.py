"""Lines of arithmetic that a view shows, and their recomputation in NumPy float64 through `byhand`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layerwise.byhand import (
    activations,
    attention,
    gru,
    linear,
    lstm,
    perceptron,
    recurrent,
    segmentation,
    transposed_convolution,
)
from layerwise.byhand import boxes as box_arithmetic

__all__ = ["ACTIVATIONS", "DERIVATIVES", "OPERATIONS", "Arithmetic", "Check", "rounding"]

ACTIVATIONS: Mapping[str, Callable[..., np.ndarray]] = {
    "identity": lambda inputs: inputs,
    "step": activations.step,
    "sigmoid": activations.sigmoid,
    "tanh": activations.tanh,
    "scaled_tanh": activations.scaled_tanh,
    "relu": activations.relu,
    "leaky_relu": activations.leaky_relu,
    "elu": activations.elu,
}
"""Elementwise activations by name; leaky_relu takes `slope`, elu `alpha`."""

DERIVATIVES: Mapping[str, Callable[..., np.ndarray]] = {
    "identity": np.ones_like,
    "step": activations.step_derivative,
    "sigmoid": activations.sigmoid_derivative,
    "tanh": activations.tanh_derivative,
    "scaled_tanh": activations.scaled_tanh_derivative,
    "relu": activations.relu_derivative,
    "leaky_relu": activations.leaky_relu_derivative,
    "elu": activations.elu_derivative,
}
"""The derivative of each of `ACTIVATIONS`."""


def _weighted_sum(inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    # z = sum_i w_i x_i + b
    return np.asarray(linear.forward(inputs.reshape(1, -1), weight.reshape(1, -1), bias.reshape(1))[0, 0])


def _window_sum(patch: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    # z = sum_c sum_u sum_v x[c, u, v] w[c, u, v] + b
    return np.asarray((patch * kernel).sum() + bias.sum())


def _activation(inputs: np.ndarray, *, name: str, settings: tuple[float, ...] = ()) -> np.ndarray:
    return ACTIVATIONS[name](inputs, *settings)


def _output_delta(error_slope: np.ndarray, sums: np.ndarray, *, name: str, settings: tuple[float, ...]) -> np.ndarray:
    # delta_i = dE/df_i f'(s_i)
    return np.asarray(error_slope * DERIVATIVES[name](sums, *settings))


def _hidden_delta(
    above: np.ndarray, weight: np.ndarray, sums: np.ndarray, *, name: str, settings: tuple[float, ...]
) -> np.ndarray:
    # delta_i^(j) = f'(s_i) sum_l delta_l^(j+1) w_li^(j+1)
    return np.asarray(DERIVATIVES[name](sums, *settings) * (weight.T @ above))


def _cross_entropy(logits: np.ndarray, target: np.ndarray) -> np.ndarray:
    # E = -sum_k t_k log y_k
    return np.asarray(-(target * activations.log_softmax(logits)).sum())


def _energies(
    states: np.ndarray, memory: np.ndarray, state_weight: np.ndarray, memory_weight: np.ndarray,
    energy_weight: np.ndarray,
) -> np.ndarray:  # fmt: skip
    # e_ij = v . tanh(W s_i + U h_j), for every step i at every place j
    parameters = attention.Parameters(state_weight, memory_weight, energy_weight)
    every = np.broadcast_to(memory, (len(states), *memory.shape))
    return attention.forward(states, every, np.ones(every.shape[:2], dtype=bool), parameters).energies


def _transposed_convolution(
    inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, stride: int | tuple[int, int],
    padding: int | tuple[int, int], size: tuple[int, int],
) -> np.ndarray:  # fmt: skip
    # y = sum of the kernels that every cell stamps, cut to the size that is kept
    maps = transposed_convolution.transposed_convolve2d(inputs, weight, bias, stride=stride, padding=padding)
    return np.asarray(maps[0, :, : size[0], : size[1]])


def _overlap(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    # IoU = sum min(a, b) / sum max(a, b)
    return np.asarray(segmentation.intersection_over_union(truth, answer))


def _lstm_step(
    inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray, bias: np.ndarray, hidden: np.ndarray,
    cell: np.ndarray, *, part: str,
) -> np.ndarray:  # fmt: skip
    # c_t = f c_(t-1) + i g,  h_t = o tanh(c_t), every step from the state that the network had before it
    rows = [input_weight, recurrent_weight, bias]
    if part == "cell":
        # the output gate has no say in the cell: its rows are left out
        blocks = [np.split(each, 3) for each in rows]
        rows = [np.concatenate((i, f, np.zeros_like(f), g)) for i, f, g in blocks]
    return np.asarray(getattr(lstm.step(inputs, hidden, cell, recurrent.Weights(*rows)), part))


def _gru_step(
    inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray, bias: np.ndarray,
    recurrent_bias: np.ndarray, hidden: np.ndarray,
) -> np.ndarray:  # fmt: skip
    # h_t = z h_(t-1) + (1 - z) n, every step from the state that the network had before it
    weights = gru.Weights(input_weight, recurrent_weight, bias, recurrent_bias)
    return np.asarray(gru.step(inputs, hidden, weights, reset_after=True).hidden)


def _plain_step(
    inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray, bias: np.ndarray, hidden: np.ndarray,
    *, activation: str,
) -> np.ndarray:  # fmt: skip
    # h_t = tanh(W x_t + U h_(t-1) + b), every step from the state that the network had before it
    weights = recurrent.Weights(input_weight, recurrent_weight, bias)
    return np.asarray(recurrent.step(inputs, hidden, weights, activation=activation))


def _decoded_box(
    code: np.ndarray, *, cell: tuple[int, int], grid: tuple[int, int], size: tuple[int, int], anchor: float
) -> np.ndarray:
    # x = (column + 1/2 + t_x) s,  w = a exp(t_w), cut at the border of the picture
    level = box_arithmetic.decode_box(code, *cell, stride=size[1] / grid[1], anchor=anchor)
    upright = box_arithmetic.decode_box(code, *cell, stride=size[0] / grid[0], anchor=anchor)
    box = np.array([level[0], upright[1], level[2], upright[3]])
    return np.asarray(np.clip(box, 0, np.array([size[1], size[0]] * 2)))


def _detection_score(sureness: np.ndarray, classes: np.ndarray) -> np.ndarray:
    # score = sigmoid(z_0) max_k softmax(z_5 ...)_k
    return np.asarray(activations.sigmoid(sureness)[0] * activations.softmax(classes).max())


def _box_overlaps(boxes: np.ndarray) -> np.ndarray:
    # IoU of every pair
    return np.array([[box_arithmetic.intersection_over_union(one, other) for other in boxes] for one in boxes])


def _recurrent_slopes(
    gradient: np.ndarray, inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray,
    bias: np.ndarray, hidden: np.ndarray, *, activation: str,
) -> np.ndarray:  # fmt: skip
    # dE/dh_t = dE_t/dh_t + W^T da_(t+1), forward and back from the first state on
    weights, state = recurrent.Weights(input_weight, recurrent_weight, bias), hidden[None]
    states = recurrent.forward(inputs[:, None], state, weights, activation=activation)
    found = recurrent.backward(gradient[:, None], inputs[:, None], state, states, weights, activation=activation)
    return found.states[:, 0]


def _gru_slopes(
    gradient: np.ndarray, inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray,
    bias: np.ndarray, recurrent_bias: np.ndarray, hidden: np.ndarray,
) -> np.ndarray:  # fmt: skip
    weights, state = gru.Weights(input_weight, recurrent_weight, bias, recurrent_bias), hidden[None]
    gates = gru.forward(inputs[:, None], state, weights, reset_after=True)
    return gru.backward(gradient[:, None], inputs[:, None], state, gates, weights, reset_after=True).hiddens[:, 0]


def _lstm_slopes(
    gradient: np.ndarray, inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray,
    bias: np.ndarray, hidden: np.ndarray, cell: np.ndarray, *, part: str,
) -> np.ndarray:  # fmt: skip
    weights = recurrent.Weights(input_weight, recurrent_weight, bias)
    gates = lstm.forward(inputs[:, None], hidden[None], cell[None], weights)
    found = lstm.backward(gradient[:, None], inputs[:, None], hidden[None], cell[None], gates, weights)
    return np.asarray(getattr(found, part)[:, 0])


OPERATIONS: Mapping[str, Callable[..., np.ndarray]] = {
    "decoded box": _decoded_box,
    "detection score": _detection_score,
    "box overlap": lambda first, second: np.asarray(box_arithmetic.intersection_over_union(first, second)),
    "box overlaps": _box_overlaps,
    "generalised overlap": lambda first, second: np.asarray(
        box_arithmetic.generalised_intersection_over_union(first, second)[0]
    ),
    "weighted sum": _weighted_sum,
    "transposed convolution": _transposed_convolution,
    "intersection over union": _overlap,
    "window sum": _window_sum,
    "activation": _activation,
    "output delta": _output_delta,
    "unchanged": lambda error_slope: error_slope,
    "hidden delta": _hidden_delta,
    "outer product": lambda delta, inputs: np.outer(delta, inputs),
    "perceptron rule": lambda weights, point, target: perceptron.update(weights, point, float(target)),
    "additive energies": _energies,
    "masked softmax": lambda energies, mask: attention.masked_softmax(energies, mask > 0),
    "matrix product": lambda left, right: left @ right,
    "sum": lambda terms: terms.sum(),
    "sums of rows": lambda terms: terms.sum(axis=1),
    "product": lambda left, right: left * right,
    "exponential": lambda inputs: np.exp(inputs - inputs.max()),
    "softmax": activations.softmax,
    "cross entropy": _cross_entropy,
    "difference": lambda left, right: left - right,
    "count": lambda sizes, biases: np.prod(sizes) + biases,
    "lstm step": _lstm_step,
    "gru step": _gru_step,
    "recurrent step": _plain_step,
    "lstm slopes": _lstm_slopes,
    "gru slopes": _gru_slopes,
    "recurrent slopes": _recurrent_slopes,
    "gated sum": lambda forget, before, gate, candidate: forget * before + gate * candidate,
    "gated output": lambda gate, cell: gate * activations.tanh(cell),
    "reset sum": lambda inputs, reset, memory: inputs + reset * memory,
    "mixture": lambda update, before, candidate: update * before + (1 - update) * candidate,
    "difference quotient": lambda above, below, step: (above - below) / (2 * step),
}
"""What a line of arithmetic may compute; each takes float64 arrays."""


@dataclass(frozen=True)
class Arithmetic:
    """One line: operands, what is done with them, and what the network itself had as the result.

    Args:
        id: Name of the line, unique in its explanation.
        expression: The line as people read it.
        operation: A name in `OPERATIONS`, or a function of `byhand` itself.
        operands: Arrays by the operation's argument names.
        expected: What the network computed, of any shape.
        tolerance: Largest allowed absolute error.
        settings: Arguments of the operation that are no numbers of the network.
    """

    id: str
    expression: str
    operation: str | Callable[..., Any]
    operands: Mapping[str, np.ndarray]
    expected: np.ndarray
    tolerance: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> Check:
        """Recompute the line in float64 and compare."""
        operands = {name: np.asarray(value, dtype=np.float64) for name, value in self.operands.items()}
        compute = OPERATIONS[self.operation] if isinstance(self.operation, str) else self.operation
        recomputed = np.asarray(compute(**operands, **self.settings), dtype=np.float64)
        recorded = np.asarray(self.expected, dtype=np.float64)
        if recomputed.shape != recorded.shape:
            message = f"{self.id}: {recomputed.shape} was recomputed for {recorded.shape}"
            raise ValueError(message)
        error = float(np.abs(recomputed - recorded).max(initial=0.0))
        # "not greater" would let NaN pass
        return Check(self.id, recomputed, recorded, error, error <= self.tolerance)


@dataclass(frozen=True)
class Check:
    """How one line came out when recomputed.

    Args:
        id: Name of the line.
        recomputed: What `byhand` gives in float64.
        recorded: What the network had.
        error: Largest absolute difference.
        ok: True when the error is within the line's tolerance.
    """

    id: str
    recomputed: np.ndarray
    recorded: np.ndarray
    error: float
    ok: bool


def rounding(*terms: np.ndarray, epsilon: float) -> float:
    """Return how far a sum of these terms may be off when it is added up at a precision.

    tolerance = 16 epsilon (sum |terms| + smallest unit)

    Args:
        terms: The summands, of any shape.
        epsilon: Spacing of numbers at 1: 1.2e-7 in float32.

    Example:
        >>> rounding(np.array([1.0, -3.0]), epsilon=1e-7)
        6.5e-06
    """
    # tolerance = 16 epsilon (sum |terms| + 1/16)
    size = sum(float(np.abs(np.asarray(part, dtype=np.float64)).sum()) for part in terms)
    return 16 * epsilon * (size + 1 / 16)
