"""Replay rules of plain arithmetic: sums, products, powers, choices and comparisons, entry by entry or over axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from layerwise.explain.replay.shapes import Replayed, Unsupported, axes_of, fit, nothing

__all__ = ["RULES"]


def _two(
    value: Callable[[Any, Any], Any], left: Callable[[Any, Any], Any], right: Callable[[Any, Any], Any]
) -> Callable[..., Replayed]:
    """Build the rule of an operation on two values from its value and its two partial derivatives."""

    def apply(input: Any, other: Any, alpha: float = 1) -> Replayed:
        scaled = other * alpha if alpha != 1 else other

        def pull(gradient: np.ndarray) -> dict[str, Any]:
            return {
                "input": fit(np.asarray(gradient * left(input, scaled)), np.shape(input)),
                "other": fit(np.asarray(gradient * right(input, scaled) * alpha), np.shape(other)),
            }

        return value(input, scaled), pull

    return apply


def _one(value: Callable[[Any], Any], derivative: Callable[[Any], Any]) -> Callable[..., Replayed]:
    """Build the rule of an elementwise function."""

    def apply(input: np.ndarray) -> Replayed:
        return value(input), lambda gradient: {"input": gradient * derivative(input)}

    return apply


def _still(value: Callable[..., Any]) -> Callable[..., Replayed]:
    """Build the rule of a function of two values that no gradient passes."""

    def apply(input: Any, other: Any) -> Replayed:
        return value(input, other), nothing

    return apply


def _power(input: Any, exponent: Any) -> Replayed:
    if not isinstance(exponent, int | float):
        raise Unsupported("an exponent that is a tensor")
    # y = x^n,  y' = n x^(n-1)
    return input**exponent, lambda gradient: {"input": gradient * exponent * input ** (exponent - 1)}


def _clamp(input: np.ndarray, min: float | None = None, max: float | None = None) -> Replayed:
    low, high = -np.inf if min is None else min, np.inf if max is None else max
    # y' = 1 where low <= x <= high
    inside = (input >= low) & (input <= high)
    return np.clip(input, low, high), lambda gradient: {"input": gradient * inside}


def _matmul(input: np.ndarray, other: np.ndarray) -> Replayed:
    def pull(gradient: np.ndarray) -> dict[str, Any]:
        # Z = A B:  dE/dA = dE/dZ B^T,  dE/dB = A^T dE/dZ, a vector standing for a matrix of one row or column
        a = input[None, :] if input.ndim == 1 else input
        b = other[:, None] if other.ndim == 1 else other
        wide = gradient if input.ndim > 1 else np.expand_dims(gradient, -1 if other.ndim == 1 else -2)
        wide = wide if other.ndim > 1 else np.expand_dims(wide, -1)
        d_a = fit(wide @ np.swapaxes(b, -1, -2), a.shape).reshape(input.shape)
        d_b = fit(np.swapaxes(a, -1, -2) @ wide, b.shape).reshape(other.shape)
        return {"input": d_a, "other": d_b}

    return input @ other, pull


def _sum(input: np.ndarray, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Replayed:
    axes = axes_of(dim, input.ndim)

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        wide = gradient if keepdim else np.expand_dims(gradient, axes)
        return {"input": np.broadcast_to(wide, input.shape)}

    return input.sum(axis=axes, keepdims=keepdim), pull


def _mean(input: np.ndarray, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Replayed:
    total, pull = _sum(input, dim, keepdim)
    count = input.size // np.size(total)
    return total / count, lambda gradient: pull(gradient / count)


def _product(input: np.ndarray, dim: int | None = None, keepdim: bool = False, dtype: Any = None) -> Replayed:
    values = input.reshape(-1) if dim is None else np.moveaxis(input, dim, -1)
    # dy/dx_i = product of all others
    others = np.stack([np.delete(values, place, -1).prod(-1) for place in range(values.shape[-1])], axis=-1)

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        if dim is None:
            return {"input": (gradient * others).reshape(input.shape)}
        wide = np.moveaxis(gradient, dim, -1) if keepdim else np.expand_dims(gradient, -1)
        return {"input": np.moveaxis(wide * others, -1, dim)}

    return (input.prod() if dim is None else input.prod(axis=dim, keepdims=keepdim)), pull


def _largest(input: np.ndarray, dim: Any = None, keepdim: bool = False) -> Replayed:
    axes = axes_of(dim, input.ndim)
    top = input.max(axis=axes, keepdims=True)
    won = input == top

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        wide = gradient if keepdim else np.expand_dims(gradient, axes)
        # winners of equal size share the gradient
        return {"input": wide * won / won.sum(axis=axes, keepdims=True)}

    return (top if keepdim else top.squeeze(axes)), pull


def _log_sum(input: np.ndarray, dim: Any, keepdim: bool = False) -> Replayed:
    axes = axes_of(dim, input.ndim)
    top = input.max(axis=axes, keepdims=True)
    # y = log sum e^x, shifted so that the largest is e^0
    total = top + np.log(np.exp(input - top).sum(axis=axes, keepdims=True))

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        wide = gradient if keepdim else np.expand_dims(gradient, axes)
        # dy/dx = e^(x - y)
        return {"input": wide * np.exp(input - total)}

    return (total if keepdim else total.squeeze(axes)), pull


def _max(input: np.ndarray, dim: int | None = None, keepdim: bool = False) -> Replayed:
    if dim is None:
        return _largest(input)
    places = np.expand_dims(input.argmax(axis=dim), dim)
    top = np.take_along_axis(input, places, axis=dim)

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        routed = np.zeros_like(input)
        np.put_along_axis(routed, places, gradient if keepdim else np.expand_dims(gradient, dim), axis=dim)
        return {"input": routed}

    return ((top, places) if keepdim else (top.squeeze(dim), places.squeeze(dim))), pull


def _choose(larger: bool) -> Callable[..., Replayed]:
    def apply(input: np.ndarray, other: np.ndarray) -> Replayed:
        output = np.maximum(input, other) if larger else np.minimum(input, other)
        tied = input == other

        def pull(gradient: np.ndarray) -> dict[str, Any]:
            share = np.where(tied, 0.5, output == input)
            return {
                "input": fit(gradient * share, np.shape(input)), "other": fit(gradient * (1 - share), np.shape(other)),
            }  # fmt: skip

        return output, pull

    return apply


def _where(condition: np.ndarray, input: Any, other: Any) -> Replayed:
    def pull(gradient: np.ndarray) -> dict[str, Any]:
        return {
            "input": fit(np.where(condition, gradient, 0), np.shape(input)),
            "other": fit(np.where(condition, 0, gradient), np.shape(other)),
        }

    return np.where(condition, input, other), pull


def _any(input: np.ndarray, dim: int | None = None, keepdim: bool = False) -> Replayed:
    return np.asarray(input.any(axis=dim, keepdims=keepdim)), nothing


def _argmax(input: np.ndarray, dim: int | None = None, keepdim: bool = False) -> Replayed:
    return np.asarray(np.argmax(input, axis=dim, keepdims=keepdim)), nothing


def _invert(input: np.ndarray) -> Replayed:
    return ~input, nothing


_ADD = _two(lambda x, y: x + y, lambda x, y: 1.0, lambda x, y: 1.0)
_MULTIPLY = _two(lambda x, y: x * y, lambda x, y: y, lambda x, y: x)
_SUBTRACT = _two(lambda x, y: x - y, lambda x, y: 1.0, lambda x, y: -1.0)
_INTO = _two(lambda x, y: y / x, lambda x, y: -y / x**2, lambda x, y: 1 / x)
_DIVIDE = _two(lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / y**2)

RULES: Mapping[str, tuple[str, Callable[..., Replayed]]] = {
    **dict.fromkeys(("add", "iadd", "radd"), ("z = x + y", _ADD)),
    **dict.fromkeys(("sub", "isub", "subtract"), ("z = x - y", _SUBTRACT)),
    "rsub": ("z = y - x", _two(lambda x, y: y - x, lambda x, y: -1.0, lambda x, y: 1.0)),
    **dict.fromkeys(("mul", "imul", "rmul", "multiply"), ("z = x y", _MULTIPLY)),
    **dict.fromkeys(("div", "truediv", "itruediv", "true_divide", "divide"), ("z = x / y", _DIVIDE)),
    **dict.fromkeys(("rtruediv", "rdiv"), ("z = y / x", _INTO)),
    **dict.fromkeys(("pow", "ipow"), ("y = x^n", _power)),
    "square": ("y = x^2", _one(np.square, lambda x: 2 * x)),
    **dict.fromkeys(("neg", "negative"), ("y = -x", _one(np.negative, lambda x: -1.0))),
    "exp": ("y = e^x", _one(np.exp, np.exp)),
    "log": ("y = log x", _one(np.log, lambda x: 1 / x)),
    "sqrt": ("y = sqrt x", _one(np.sqrt, lambda x: 0.5 / np.sqrt(x))),
    **dict.fromkeys(("abs", "absolute"), ("y = |x|", _one(np.abs, np.sign))),
    **dict.fromkeys(("clamp", "clip"), ("y = x kept between two limits", _clamp)),
    "clamp_min": ("y = x kept above a limit", lambda input, min: _clamp(input, min)),
    **dict.fromkeys(("matmul", "mm", "bmm"), ("Z = A B;  dE/dA = G B^T,  dE/dB = A^T G", _matmul)),
    "sum": ("y = sum x", _sum),
    "mean": ("y = mean x", _mean),
    "prod": ("y = product of x;  dy/dx_i = product of the others", _product),
    "amax": ("y = max x", _largest),
    "logsumexp": ("y = log sum e^x;  dy/dx = e^(x - y)", _log_sum),
    "max": ("y = max x", _max),
    "maximum": ("z = max(x, y)", _choose(True)),
    "minimum": ("z = min(x, y)", _choose(False)),
    "where": ("z = x where the condition holds, else y", _where),
    "argmax": ("place of the largest", _argmax),
    "any": ("whether one is true", _any),
    "sign": ("sign of x", lambda input: (np.sign(input), nothing)),
    **dict.fromkeys(("gt", "greater"), ("x > y", _still(np.greater))),
    **dict.fromkeys(("ge", "greater_equal"), ("x >= y", _still(np.greater_equal))),
    **dict.fromkeys(("lt", "less"), ("x < y", _still(np.less))),
    **dict.fromkeys(("le", "less_equal"), ("x <= y", _still(np.less_equal))),
    "eq": ("x = y", _still(np.equal)),
    "ne": ("x != y", _still(np.not_equal)),
    **dict.fromkeys(("and", "bitwise_and", "logical_and"), ("x and y", _still(np.logical_and))),
    **dict.fromkeys(("or", "bitwise_or", "logical_or"), ("x or y", _still(np.logical_or))),
    **dict.fromkeys(("invert", "logical_not", "bitwise_not"), ("not x", _invert)),
}  # fmt: skip
"""Equation and rule by the name of the torch function."""
