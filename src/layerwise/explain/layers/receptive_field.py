"""Receptive fields: which region of the input one cell of a map sees, followed from operation to operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["POINTWISE", "Field", "Window", "field_after", "window_of"]

ORDER: Mapping[str, tuple[str, ...]] = {
    "conv": ("input", "weight", "bias", "stride", "padding", "dilation"),
    "max_pool": ("input", "kernel_size", "stride", "padding", "dilation"),
    "avg_pool": ("input", "kernel_size", "stride", "padding"),
    "lp_pool": ("input", "norm_type", "kernel_size", "stride"),
}
"""Order of the arguments of torch's functions that move a window, by the name without its dimensions."""

POINTWISE = frozenset((
    "relu", "relu_", "leaky_relu", "elu", "gelu", "silu", "mish", "softplus", "sigmoid", "tanh", "hardtanh", "selu",
    "celu", "relu6", "prelu", "hardswish", "hardsigmoid", "logsigmoid", "softsign", "exp", "log", "sqrt", "square",
    "abs", "neg", "pow", "clamp", "clamp_min", "add", "iadd", "radd", "sub", "isub", "rsub", "mul", "imul", "rmul",
    "div", "idiv", "truediv", "itruediv", "rtruediv", "maximum", "minimum", "where", "gt", "ge", "lt", "le", "to",
    "float", "double", "clone", "contiguous", "detach", "pad", "cat", "concat", "batch_norm", "local_response_norm",
    "dropout", "dropout2d", "feature_dropout", "softmax", "log_softmax",
))  # fmt: skip
"""Functions whose result at a place depends on their inputs at that place only."""


@dataclass(frozen=True)
class Field:
    """Size of the seen region and steps between the regions of neighbouring cells, both in input cells."""

    size: tuple[int, ...]
    step: tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """What a layer moves over its input."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]


def window_of(function: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Window | None:
    """Return the window of a torch function, or None if it has none.

    Example:
        >>> window_of("max_pool2d", (None, 3), {"stride": 2})
        Window(kernel=(3, 3), stride=(2, 2), dilation=(1, 1))
    """
    kind, dimensions = function[:-2], function[-2:]
    if kind not in ORDER or dimensions not in ("1d", "2d", "3d"):
        return None
    count = int(dimensions[0])
    given = dict(zip(ORDER[kind], arguments, strict=False)) | dict(keywords)
    kernel = tuple(given["weight"].shape[2:]) if kind == "conv" else _each(given["kernel_size"], count)
    # Pooling without a stride moves by its kernel; torch writes that as None or as an empty list.
    stride = given.get("stride", 1 if kind == "conv" else None)
    return Window(kernel, _each(stride, count) if stride else kernel, _each(given.get("dilation", 1), count))


def field_after(function: str, window: Window | None, fields: Sequence[Field | None]) -> Field | None:
    """Return the field of a function's result from those of its inputs, or None where none is defined.

    r' = r + d (m - 1) j,  j' = j s

    Args:
        function: Name of the function.
        window: Its window, if it has one.
        fields: The fields of those inputs that depend on the example.

    Source: lecture 002, "수용장".

    Example:
        >>> two = Window((3, 3), (2, 2), (1, 1))
        >>> field_after("conv2d", two, [field_after("conv2d", two, [Field((1, 1), (1, 1))])])
        Field(size=(7, 7), step=(4, 4))
    """
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields) or len({field.step for field in known}) > 1:
        return None
    size = tuple(max(sizes) for sizes in zip(*(field.size for field in known), strict=True))
    step = known[0].step
    if window is not None and len(window.kernel) == len(size):
        axes = list(zip(size, step, window.kernel, window.stride, window.dilation, strict=True))
        # r' = r + d (m - 1) j,  j' = j s
        return Field(tuple(r + d * (m - 1) * j for r, j, m, _, d in axes), tuple(j * s for _, j, _, s, _ in axes))
    return Field(size, step) if function in POINTWISE else None


def _each(value: Any, count: int) -> tuple[int, ...]:
    """Give a number to every dimension."""
    return (value,) * count if isinstance(value, int) else tuple(value) * (count if len(value) == 1 else 1)
