"""Lines of arithmetic that a view shows, and their recomputation in NumPy float64 through `byhand`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layerwise.byhand import activations, linear, perceptron

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


OPERATIONS: Mapping[str, Callable[..., np.ndarray]] = {
    "weighted sum": _weighted_sum,
    "window sum": _window_sum,
    "activation": _activation,
    "output delta": _output_delta,
    "unchanged": lambda error_slope: error_slope,
    "hidden delta": _hidden_delta,
    "outer product": lambda delta, inputs: np.outer(delta, inputs),
    "perceptron rule": lambda weights, point, target: perceptron.update(weights, point, float(target)),
    "sum": lambda terms: terms.sum(),
    "product": lambda left, right: left * right,
    "exponential": lambda inputs: np.exp(inputs - inputs.max()),
    "softmax": activations.softmax,
    "cross entropy": _cross_entropy,
    "difference": lambda left, right: left - right,
    "count": lambda sizes, biases: np.prod(sizes) + biases,
    "difference quotient": lambda above, below, step: (above - below) / (2 * step),
}
"""What a line of arithmetic may compute; each takes float64 arrays."""


@dataclass(frozen=True)
class Arithmetic:
    """One line: operands, what is done with them, and what the network itself had as the result.

    Args:
        id: Name of the line, unique in its explanation.
        expression: The line as people read it.
        operation: A name in `OPERATIONS`.
        operands: Arrays by the operation's argument names.
        expected: What the network computed, of any shape.
        tolerance: Largest allowed absolute error.
        settings: Arguments of the operation that are no numbers of the network.
    """

    id: str
    expression: str
    operation: str
    operands: Mapping[str, np.ndarray]
    expected: np.ndarray
    tolerance: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> Check:
        """Recompute the line in float64 and compare."""
        operands = {name: np.asarray(value, dtype=np.float64) for name, value in self.operands.items()}
        recomputed = np.asarray(OPERATIONS[self.operation](**operands, **self.settings), dtype=np.float64)
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
