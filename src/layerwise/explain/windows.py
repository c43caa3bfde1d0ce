"""Cut out what one output cell of a convolution was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.byhand.padding import as_pair, image_padding

__all__ = ["Window", "window"]


@dataclass(frozen=True)
class Window:
    """One output cell of a convolution and everything it was made from.

    Args:
        image: The padded input channels of its group, `(channels, height, width)`.
        patch: The cells under the kernel, `(channels, kernel_height, kernel_width)`.
        kernel: The weights, likewise.
        bias: Added at the end, or None where the layer has none.
        rows: Row of each kernel row in the padded image.
        columns: Column of each kernel column in the padded image.
        first: The first input channel of the group.
    """

    image: np.ndarray
    patch: np.ndarray
    kernel: np.ndarray
    bias: float | None
    rows: np.ndarray
    columns: np.ndarray
    first: int

    def subtotals(self) -> np.ndarray:
        """Return the sum of the products of each channel."""
        sums: np.ndarray = (self.patch * self.kernel).sum(axis=(1, 2))
        return sums

    def operands(self) -> dict[str, np.ndarray]:
        """Return what the sum is made from by name: patch, kernel and, where there is one, bias."""
        given = {"patch": self.patch, "kernel": self.kernel}
        return given if self.bias is None else {**given, "bias": np.array(self.bias)}

    def terms(self) -> np.ndarray:
        """Return the sum of each channel and, where there is one, the bias."""
        return self.subtotals() if self.bias is None else np.append(self.subtotals(), self.bias)


def window(given: dict[str, Any], cell: tuple[int, int, int]) -> Window:
    """Cut out what one output cell of a convolution was made from.

    Args:
        given: The arguments of the convolution by name.
        cell: Feature map, row and column.
    """
    inputs, weight = given["input"][0], given["weight"]
    stride, spread = as_pair(given["stride"]), as_pair(given["dilation"])
    edge: Any = given["padding"] if isinstance(given["padding"], str) else as_pair(given["padding"])
    size = (weight.shape[2], weight.shape[3])
    sides = image_padding((inputs.shape[1], inputs.shape[2]), size, stride, edge, spread)
    channels, per_group = weight.shape[1], weight.shape[0] // int(given["groups"])
    first = cell[0] // per_group * channels
    image = np.pad(inputs[first : first + channels], ((0, 0), *sides))
    # rows i s + u d, columns j s + v d
    rows = cell[1] * stride[0] + np.arange(size[0]) * spread[0]
    columns = cell[2] * stride[1] + np.arange(size[1]) * spread[1]
    bias = None if given["bias"] is None else float(given["bias"][cell[0]])
    return Window(image, image[:, rows[:, None], columns], weight[cell[0]], bias, rows, columns, first)
