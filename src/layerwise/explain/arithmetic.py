"""Lines of arithmetic that a view shows, and their recomputation in NumPy float64 through `byhand`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layerwise.byhand import activations, linear

__all__ = [
    "ACTIVATIONS",
    "DERIVATIVES",
    "Arithmetic",
    "Check",
    "activated",
    "rounding",
    "term_sum",
    "weighted_sum",
    "window_sum",
]

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


def term_sum(terms: np.ndarray) -> np.ndarray:
    """Return the sum of terms: z = sum_i t_i.

    Args:
        terms: The summands, of any shape.

    Example:
        >>> float(term_sum(np.array([2.0, 3.0])))
        5.0
    """
    # z = sum_i t_i
    return np.asarray(terms.sum())


def weighted_sum(inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return the sum of one unit: z = sum_i w_i x_i + b.

    Args:
        inputs: x, `(inputs,)`.
        weight: w, likewise.
        bias: b, one number; left out where the layer has none.

    Example:
        >>> float(weighted_sum(np.array([1.0, 2.0]), np.array([2.0, -3.0]), np.array(3.0)))
        -1.0
    """
    constant = np.zeros(1) if bias is None else bias.reshape(1)
    # z = sum_i w_i x_i + b
    return np.asarray(linear.forward(inputs.reshape(1, -1), weight.reshape(1, -1), constant)[0, 0])


def window_sum(patch: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return one cell of a convolution: z = sum_c sum_u sum_v x[c, u, v] w[c, u, v] + b.

    Args:
        patch: x, the cells under the kernel.
        kernel: w, of the same shape.
        bias: b, one number; left out where the layer has none.

    Example:
        >>> float(window_sum(np.ones((1, 2, 2)), np.full((1, 2, 2), 0.5), np.array(1.0)))
        3.0
    """
    # z = sum_c sum_u sum_v x[c, u, v] w[c, u, v] + b
    return np.asarray((patch * kernel).sum() + (0.0 if bias is None else bias.sum()))


def activated(inputs: np.ndarray, *, name: str, settings: tuple[float, ...] = ()) -> np.ndarray:
    """Return an elementwise activation of sums: f = f(z).

    Args:
        inputs: z, of any shape.
        name: A name in `ACTIVATIONS`.
        settings: Its slope or alpha.

    Example:
        >>> activated(np.array([-2.0, 3.0]), name="leaky_relu", settings=(0.1,)).tolist()
        [-0.2, 3.0]
    """
    # f = f(z)
    return ACTIVATIONS[name](inputs, *settings)


@dataclass(frozen=True)
class Arithmetic:
    """One line: operands, what is done with them, and what the network itself had as the result.

    Args:
        id: Name of the line, unique in its explanation.
        expression: The line as people read it.
        operation: Computes it again from float64 arrays: a function of `byhand`, one of this module, or the view's own.
        operands: Arrays by the operation's argument names.
        expected: What the network computed, of any shape.
        tolerance: Largest allowed absolute error.
        settings: Arguments of the operation that are no numbers of the network.
    """

    id: str
    expression: str
    operation: Callable[..., Any]
    operands: Mapping[str, np.ndarray]
    expected: np.ndarray
    tolerance: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> Check:
        """Recompute the line in float64 and compare."""
        operands = {name: np.asarray(value, dtype=np.float64) for name, value in self.operands.items()}
        recomputed = np.asarray(self.operation(**operands, **self.settings), dtype=np.float64)
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
