"""How each noted operation is replayed in NumPy: its equation, its forward and its backward through `byhand`.

A rule takes the arguments of the torch function of that name, arrays in place of tensors, and returns the result and
a function that turns the gradient of the result into the gradients of the arguments, by argument name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.byhand import (
    activations,
    batch_norm,
    convolution,
    dropout,
    linear,
    local_response_norm,
    pooling,
)
from layerwise.explain.replay import boltzmann, dense, elementwise, losses, recurrent, shapes
from layerwise.explain.replay.shapes import Replayed, Unsupported

__all__ = ["LAYERS", "RULES", "Rule"]

Pair = int | tuple[int, ...]


@dataclass(frozen=True)
class Rule:
    """How one operation is replayed.

    Args:
        equation: Forward and backward as the lecture writes them.
        apply: Returns the result and its backward function.
        several: Whether it has several results; its backward function then takes one gradient each.
    """

    equation: str
    apply: Callable[..., Replayed]
    several: bool = False


def _pair(value: Pair | list[int] | None) -> Any:
    """Return sizes as `byhand` takes them."""
    if isinstance(value, tuple | list):
        return (value[0], value[0]) if len(value) == 1 else tuple(value)
    return value


def _linear(input: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> Replayed:
    def pull(gradient: np.ndarray) -> dict[str, Any]:
        return dict(zip(("input", "weight", "bias"), linear.backward(gradient, input, weight), strict=True))

    return linear.forward(input, weight, bias), pull


def _conv2d(
    input: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Replayed:
    edge: Any = padding if isinstance(padding, str) else _pair(padding)
    step, spread = _pair(stride), _pair(dilation)
    output = convolution.correlate2d(input, weight, bias, stride=step, padding=edge, dilation=spread, groups=groups)

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        parts = convolution.correlate2d_backward(
            gradient, input, weight, stride=step, padding=edge, dilation=spread, groups=groups
        )
        return dict(zip(("input", "weight", "bias"), parts, strict=True))

    return output, pull


def _max_pool2d(
    input: np.ndarray,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Replayed:
    if _pair(dilation) not in (1, (1, 1)) or return_indices:
        raise Unsupported("dilation or return_indices")
    output, winners = pooling.max_pool(
        input, _pair(kernel_size), stride=_pair(stride) or None, padding=_pair(padding), ceil_mode=ceil_mode
    )
    size = (input.shape[2], input.shape[3])
    return output, lambda gradient: {"input": pooling.max_pool_backward(gradient, winners, size)}


def _avg_pool2d(
    input: np.ndarray,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Replayed:
    if divisor_override is not None:
        raise Unsupported("divisor_override")
    kernel, step, edge = _pair(kernel_size), _pair(stride) or None, _pair(padding)
    size = (input.shape[2], input.shape[3])
    output = pooling.average_pool(
        input, kernel, stride=step, padding=edge, ceil_mode=ceil_mode, count_padding=count_include_pad
    )

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        return {
            "input": pooling.average_pool_backward(
                gradient, size, kernel, stride=step, padding=edge, ceil_mode=ceil_mode, count_padding=count_include_pad
            )
        }

    return output, pull


def _adaptive_avg_pool2d(input: np.ndarray, output_size: Pair) -> Replayed:
    wanted = _pair(output_size)
    rows, columns = (wanted, wanted) if isinstance(wanted, int) else wanted
    height, width = input.shape[2:]
    if height % rows or width % columns:
        raise Unsupported("windows of unequal size")
    return _avg_pool2d(input, (height // rows, width // columns))


def _lp_pool2d(
    input: np.ndarray, norm_type: float, kernel_size: Pair, stride: Pair | None = None, ceil_mode: bool = False
) -> Replayed:
    if norm_type != 2:
        raise Unsupported("norm_type other than 2")
    kernel, step = _pair(kernel_size), _pair(stride) or None
    output = pooling.l2_pool(input, kernel, stride=step, ceil_mode=ceil_mode)

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        return {"input": pooling.l2_pool_backward(gradient, input, kernel, stride=step, ceil_mode=ceil_mode)}

    return output, pull


def _activation(
    function: Callable[[np.ndarray], np.ndarray], derivative: Callable[[np.ndarray], np.ndarray]
) -> Callable[..., Replayed]:
    def apply(input: np.ndarray, inplace: bool = False) -> Replayed:
        return function(input), lambda gradient: {"input": activations.backward(gradient, derivative(input))}

    return apply


def _leaky_relu(input: np.ndarray, negative_slope: float = 0.01, inplace: bool = False) -> Replayed:
    slope = activations.leaky_relu_derivative(input, negative_slope)
    return activations.leaky_relu(input, negative_slope), lambda g: {"input": activations.backward(g, slope)}


def _elu(input: np.ndarray, alpha: float = 1.0, inplace: bool = False) -> Replayed:
    slope = activations.elu_derivative(input, alpha)
    return activations.elu(input, alpha), lambda gradient: {"input": activations.backward(gradient, slope)}


def _softplus(input: np.ndarray, beta: float = 1.0, threshold: float = 20.0) -> Replayed:
    # y = log(1 + e^(beta x)) / beta, and x itself where beta x is beyond the threshold
    scaled = beta * input
    straight = scaled > threshold
    output = np.where(straight, input, np.logaddexp(np.zeros((), input.dtype), scaled) / beta)
    slope = np.where(straight, np.ones((), input.dtype), activations.sigmoid(scaled))
    return output, lambda gradient: {"input": activations.backward(gradient, slope)}


def _over_axis(
    forward: Callable[[np.ndarray], np.ndarray], backward: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Callable[..., Replayed]:
    def apply(input: np.ndarray, dim: int = -1, _stacklevel: int = 3, dtype: Any = None) -> Replayed:
        output = forward(np.moveaxis(input, dim, -1))

        def pull(gradient: np.ndarray) -> dict[str, Any]:
            return {"input": np.moveaxis(backward(np.moveaxis(gradient, dim, -1), output), -1, dim)}

        return np.moveaxis(output, -1, dim), pull

    return apply


def _dropout(
    input: np.ndarray, mask: Any = None, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Replayed:
    # without a noted mask the call was one outside training, which changes nothing
    if not isinstance(mask, np.ndarray):
        return input, lambda gradient: {"input": gradient}
    return dropout.forward(input, mask, p), lambda gradient: {"input": dropout.backward(gradient, mask, p)}


def _batch_norm(
    input: np.ndarray,
    running_mean: np.ndarray | None,
    running_var: np.ndarray | None,
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Replayed:
    channels = input.shape[1]
    gain = np.ones(channels, input.dtype) if weight is None else weight
    shift = np.zeros(channels, input.dtype) if bias is None else bias
    mean = np.zeros(channels, input.dtype) if running_mean is None else running_mean
    variance = np.ones(channels, input.dtype) if running_var is None else running_var
    names = ("input", "weight", "bias")
    if not training:
        output = batch_norm.forward_evaluation(
            input, gain, shift, running_mean=mean, running_variance=variance, epsilon=eps
        )

        def pull_evaluation(gradient: np.ndarray) -> dict[str, Any]:
            parts = batch_norm.backward_evaluation(
                gradient, input, gain, running_mean=mean, running_variance=variance, epsilon=eps
            )
            return dict(zip(names, parts, strict=True))

        return output, pull_evaluation
    passed = batch_norm.forward_training(input, gain, shift, running_mean=mean, running_variance=variance, epsilon=eps)

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        parts = batch_norm.backward_training(gradient, passed.normalised, passed.deviation, gain)
        return dict(zip(names, parts, strict=True))

    return passed.outputs, pull


def _local_response_norm(
    input: np.ndarray, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Replayed:
    output = local_response_norm.forward(input, size, alpha=alpha, beta=beta, constant=k, form="torch")

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        return {
            "input": local_response_norm.backward(
                gradient, input, size, alpha=alpha, beta=beta, constant=k, form="torch"
            )
        }

    return output, pull


def _pad(input: np.ndarray, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Replayed:
    if mode != "constant" or min(pad) < 0:
        raise Unsupported("padding other than with a constant")
    sides = [(0, 0)] * (input.ndim - len(pad) // 2) + [tuple(pad[i : i + 2]) for i in range(len(pad) - 2, -1, -2)]
    output = np.pad(input, sides, constant_values=value or 0.0)
    inner = tuple(slice(before, before + size) for (before, _), size in zip(sides, input.shape, strict=True))
    return output, lambda gradient: {"input": gradient[inner]}


SEVERAL = frozenset(("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "chunk", "split", "unbind"))
"""Operations with several results that a gradient can come back through."""

LAYERS: Mapping[str, Rule] = {
    **{name: Rule(equation, apply) for name, (equation, apply) in losses.RULES.items()},
    **{name: Rule(equation, apply, name in SEVERAL) for name, (equation, apply) in recurrent.RULES.items()},
    **{name: Rule(equation, apply) for name, (equation, apply) in dense.RULES.items()},
    **{name: Rule(equation, apply) for name, (equation, apply) in boltzmann.RULES.items()},
    "linear": Rule("z = W x + b;  dE/dW = delta x^T,  dE/dx = W^T delta", _linear),
    "conv2d": Rule("z = x * w + b;  dE/dw = x * delta,  dE/dx = delta * w^r (full)", _conv2d),
    "max_pool2d": Rule("y = max over the window;  the gradient goes to the winner", _max_pool2d),
    "avg_pool2d": Rule("y = mean of the window;  each cell gets its share of the gradient", _avg_pool2d),
    "adaptive_avg_pool2d": Rule(
        "y = mean of the window;  each cell gets its share of the gradient", _adaptive_avg_pool2d
    ),
    "lp_pool2d": Rule("y = sqrt(sum x^2);  dE/dx = dE/dy x / y", _lp_pool2d),
    "relu": Rule("y = max(0, x);  y' = 1 where x > 0", _activation(activations.relu, activations.relu_derivative)),
    "sigmoid": Rule(
        "y = 1 / (1 + e^-x);  y' = y (1 - y)", _activation(activations.sigmoid, activations.sigmoid_derivative)
    ),
    "tanh": Rule("y = tanh x;  y' = 1 - y^2", _activation(activations.tanh, activations.tanh_derivative)),
    "leaky_relu": Rule("y = x or slope x;  y' = 1 or slope", _leaky_relu),
    "elu": Rule("y = x or alpha (e^x - 1);  y' = 1 or alpha e^x", _elu),
    "softplus": Rule("y = log(1 + e^x);  y' = 1 / (1 + e^-x)", _softplus),
    "softmax": Rule(
        "y = e^x / sum e^x;  dE/dx = y (g - sum g y)", _over_axis(activations.softmax, activations.softmax_backward)
    ),
    "log_softmax": Rule(
        "y = x - log sum e^x;  dE/dx = g - e^y sum g",
        _over_axis(activations.log_softmax, activations.log_softmax_backward),
    ),
    "dropout": Rule("y = mask x / (1 - p), with the mask torch drew;  dE/dx = mask g / (1 - p)", _dropout),
    "batch_norm": Rule("y = gamma (x - mean) / sqrt(var + eps) + beta, over the batch", _batch_norm),
    "local_response_norm": Rule("y = x / (k + alpha/n sum x^2)^beta over n channels", _local_response_norm),
    "pad": Rule("zeros around x;  the gradient of the inner part", _pad),
}
"""Layers, activations and losses."""

RULES: Mapping[str, Rule] = {
    **LAYERS,
    **{name: Rule(equation, apply) for name, (equation, apply) in elementwise.RULES.items()},
    **{name: Rule(equation, apply, name in SEVERAL) for name, (equation, apply) in shapes.RULES.items()},
}
"""Every operation that can be replayed, by the name of the torch function."""
