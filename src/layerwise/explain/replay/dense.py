"""Replay rules of operations that enlarge maps: transposed convolution and unpooling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from layerwise.byhand import transposed_convolution, unpooling
from layerwise.explain.replay.shapes import Replayed, Unsupported

__all__ = ["RULES"]

Pair = int | tuple[int, ...]


def _pair(value: Pair | list[int]) -> Any:
    """Return sizes as `byhand` takes them."""
    if isinstance(value, tuple | list):
        return (value[0], value[0]) if len(value) == 1 else tuple(value)
    return value


def _conv_transpose2d(
    input: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
) -> Replayed:
    step, cut, spread = _pair(stride), _pair(padding), _pair(dilation)
    output = transposed_convolution.transposed_convolve2d(
        input, weight, bias, stride=step, padding=cut, output_padding=_pair(output_padding), dilation=spread,
        groups=groups,
    )  # fmt: skip

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        parts = transposed_convolution.transposed_convolve2d_backward(
            gradient, input, weight, stride=step, padding=cut, dilation=spread, groups=groups
        )
        return dict(zip(("input", "weight", "bias"), parts, strict=True))

    return output, pull


def _max_unpool2d(
    input: np.ndarray,
    indices: np.ndarray,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    output_size: tuple[int, ...] | list[int] | None = None,
) -> Replayed:
    kernel, step = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    if kernel != step or _pair(padding) not in (0, (0, 0)):
        raise Unsupported("windows that overlap, or padding")
    down, across = (kernel, kernel) if isinstance(kernel, int) else kernel
    size = (input.shape[2] * down, input.shape[3] * across) if output_size is None else tuple(output_size)[-2:]
    winners = indices.astype(np.int64)
    output = unpooling.max_unpool(input, winners, (int(size[0]), int(size[1])))
    return output, lambda gradient: {"input": unpooling.max_unpool_backward(gradient, winners)}


RULES: Mapping[str, tuple[str, Callable[..., Replayed]]] = {
    "conv_transpose2d": (
        "y = sum of the kernels that x stamps + b;  dE/dx = conv of dE/dy,  dE/dw = x times dE/dy where they met",
        _conv_transpose2d,
    ),
    "max_unpool2d": ("y at the winner of each window = x;  dE/dx = dE/dy at the winner", _max_unpool2d),
}
"""Each operation by the name of the torch function: its equation and its rule."""
