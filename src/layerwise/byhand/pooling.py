"""Max, average and L2 pooling over windows of each map."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from numpy.lib.stride_tricks import sliding_window_view

from layerwise.byhand.padding import as_pair

__all__ = [
    "L2Scale",
    "average_pool",
    "average_pool_backward",
    "l2_pool",
    "l2_pool_backward",
    "max_pool",
    "max_pool_backward",
]

L2Scale = Literal["sum", "mean", "lecture"]


@dataclass(frozen=True)
class _Axis:
    """Where the windows lie along one axis."""

    length: int
    kernel: int
    stride: int
    padding: int
    windows: int

    @property
    def after(self) -> int:
        """Cells behind the input, so that the last window (ceil mode) is complete."""
        end = max(self.length + 2 * self.padding, (self.windows - 1) * self.stride + self.kernel)
        return end - self.length - self.padding

    def cells(self, count_padding: bool) -> list[int]:
        """How many cells of each window count; cells beyond the padding never do."""
        first, last = (-self.padding, self.length + self.padding) if count_padding else (0, self.length)
        starts = [i * self.stride - self.padding for i in range(self.windows)]
        return [min(start + self.kernel, last) - max(start, first) for start in starts]


def _axes(
    shape: tuple[int, ...],
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] | None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
) -> tuple[_Axis, _Axis]:
    steps = as_pair(kernel if stride is None else stride)
    axes = []
    for n, m, s, p in zip(shape[-2:], as_pair(kernel), steps, as_pair(padding), strict=True):
        if m < 1 or s < 1 or not 0 <= p <= m // 2:
            raise ValueError(
                "kernel and stride must be at least 1 and padding at most half the kernel: "
                f"got kernel {m}, stride {s}, padding {p}; change one of the three"
            )
        # o = floor((n + 2p - m) / s) + 1, or rounded up
        windows = (-(-(n + 2 * p - m) // s) if ceil_mode else (n + 2 * p - m) // s) + 1
        if ceil_mode and (windows - 1) * s >= n + p:
            windows -= 1  # a window must start inside the input or the padding before it
        if windows < 1:
            raise ValueError(
                f"the window must fit on the padded input: got {m} cells on {n + 2 * p}; use a smaller kernel"
            )
        axes.append(_Axis(n, m, s, p, windows))
    return axes[0], axes[1]


def _windows(
    inputs: Float[np.ndarray, "batch channels height width"], axes: tuple[_Axis, _Axis], fill: float
) -> Float[np.ndarray, "batch channels rows columns kernel_height kernel_width"]:
    sides = [(0, 0), (0, 0), *((axis.padding, axis.after) for axis in axes)]
    padded = np.pad(inputs, sides, constant_values=fill)
    view = sliding_window_view(padded, (axes[0].kernel, axes[1].kernel), axis=(2, 3))
    return view[:, :, :: axes[0].stride, :: axes[1].stride][:, :, : axes[0].windows, : axes[1].windows]


def _spread(
    shares: Float[np.ndarray, "batch channels rows columns"], axes: tuple[_Axis, _Axis]
) -> Float[np.ndarray, "batch channels height width"]:
    """Give the share of a window to each of its cells; cells in several windows add up."""
    rows, columns = axes
    padded_size = (rows.padding + rows.length + rows.after, columns.padding + columns.length + columns.after)
    total = np.zeros((*shares.shape[:2], *padded_size), dtype=shares.dtype)
    for u, v in np.ndindex(rows.kernel, columns.kernel):
        down = slice(u, u + (rows.windows - 1) * rows.stride + 1, rows.stride)
        across = slice(v, v + (columns.windows - 1) * columns.stride + 1, columns.stride)
        total[:, :, down, across] += shares
    top, left = rows.padding, columns.padding
    return total[:, :, top : top + rows.length, left : left + columns.length]


def max_pool(
    inputs: Float[np.ndarray, "batch channels height width"],
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
) -> tuple[Float[np.ndarray, "batch channels rows columns"], Int[np.ndarray, "batch channels rows columns"]]:
    """Return the largest value of each window and where in its map it stood.

    y[n] = max over i in N(n) of x[i];  winner = row * width + column, the first of equals in reading order

    Args:
        inputs: A batch of maps.
        kernel: Height and width of the window, >= 1.
        stride: Steps down and right; None takes the kernel's size, so that windows touch.
        padding: Cells of minus infinity around the map, at most half the kernel.
        ceil_mode: Round the output size up, as Caffe does, and let the last window be incomplete.

    Raises:
        ValueError: A size is out of range, or the window fits nowhere.

    Source: lecture 000, "pooling layer"; lecture 004, the example with X1 and X2.

    Example:
        >>> outputs, winners = max_pool(np.array([[[[10.0, 255.0], [70.0, 255.0]]]]), 2)
        >>> outputs.tolist(), winners.tolist()
        ([[[[255.0]]]], [[[[1]]]])
    """
    rows, columns = _axes(inputs.shape, kernel, stride, padding, ceil_mode)
    windows = _windows(inputs, (rows, columns), -math.inf)
    cells = windows.reshape(*windows.shape[:4], rows.kernel * columns.kernel)
    # y[n] = max over i in N(n) of x[i]
    inside = cells.argmax(axis=-1)
    outputs = np.take_along_axis(cells, inside[..., None], axis=-1)[..., 0]
    row = np.arange(rows.windows)[:, None] * rows.stride - rows.padding + inside // columns.kernel
    column = np.arange(columns.windows) * columns.stride - columns.padding + inside % columns.kernel
    return outputs, row * columns.length + column


def max_pool_backward(
    gradient: Float[np.ndarray, "batch channels rows columns"],
    winners: Int[np.ndarray, "batch channels rows columns"],
    size: tuple[int, int],
) -> Float[np.ndarray, "batch channels height width"]:
    """Return the gradient with respect to the inputs: all of it goes to the winner of each window.

    dE/dx[i] = sum over the windows n that i won of dE/dy[n]

    Args:
        gradient: dE/dy, of the shape of the outputs.
        winners: What `max_pool` returned.
        size: Height and width of the inputs.

    Source: lecture 004, "pooling"; arXiv:1311.2901, section 2.1 (switches).

    Example:
        >>> max_pool_backward(np.array([[[[5.0]]]]), np.array([[[[1]]]]), (2, 2)).tolist()
        [[[[0.0, 5.0], [0.0, 0.0]]]]
    """
    batch, channels = gradient.shape[:2]
    d_maps = np.zeros((batch * channels, size[0] * size[1]), dtype=gradient.dtype)
    maps = np.arange(batch * channels)[:, None]
    # dE/dx[winner(n)] += dE/dy[n]
    np.add.at(d_maps, (maps, winners.reshape(batch * channels, -1)), gradient.reshape(batch * channels, -1))
    return d_maps.reshape(batch, channels, *size)


def average_pool(
    inputs: Float[np.ndarray, "batch channels height width"],
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_padding: bool = True,
) -> Float[np.ndarray, "batch channels rows columns"]:
    """Return the mean of each window.

    y[n] = (1 / |N(n)|) sum over i in N(n) of x[i]

    Args:
        inputs: A batch of maps.
        kernel: Height and width of the window, >= 1.
        stride: Steps down and right; None takes the kernel's size.
        padding: Zeros around the map, at most half the kernel.
        ceil_mode: Round the output size up and let the last window be incomplete.
        count_padding: Count the zeros of the padding in |N(n)|, torch's default.

    Raises:
        ValueError: A size is out of range, or the window fits nowhere.

    Source: lecture 000, "pooling layer" (read as slip E04 says: the divisor is the window's size).

    Example:
        >>> average_pool(np.array([[[[10.0, 255.0], [70.0, 255.0]]]]), 2).tolist()
        [[[[147.5]]]]
    """
    axes = _axes(inputs.shape, kernel, stride, padding, ceil_mode)
    # |N(n)| = rows of the window times its columns
    cells = np.outer(axes[0].cells(count_padding), axes[1].cells(count_padding)).astype(inputs.dtype)
    # y[n] = (1 / |N(n)|) sum over i in N(n) of x[i]
    return _windows(inputs, axes, 0.0).sum(axis=(4, 5)) / cells


def average_pool_backward(
    gradient: Float[np.ndarray, "batch channels rows columns"],
    size: tuple[int, int],
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_padding: bool = True,
) -> Float[np.ndarray, "batch channels height width"]:
    """Return the gradient with respect to the inputs: every cell of a window gets the same share.

    dE/dx[i] = sum over the windows n that hold i of dE/dy[n] / |N(n)|

    Args:
        gradient: dE/dy, of the shape of the outputs.
        size: Height and width of the inputs.
        kernel: As for `average_pool`.
        stride: As for `average_pool`.
        padding: As for `average_pool`.
        ceil_mode: As for `average_pool`.
        count_padding: As for `average_pool`.

    Raises:
        ValueError: A size is out of range, or the window fits nowhere.

    Source: lecture 000, "pooling layer".

    Example:
        >>> average_pool_backward(np.array([[[[8.0]]]]), (2, 2), 2).tolist()
        [[[[2.0, 2.0], [2.0, 2.0]]]]
    """
    axes = _axes(size, kernel, stride, padding, ceil_mode)
    cells = np.outer(axes[0].cells(count_padding), axes[1].cells(count_padding)).astype(gradient.dtype)
    # dE/dx[i] = sum over n of dE/dy[n] / |N(n)|
    return _spread(gradient / cells, axes)


def _l2_factor(axes: tuple[_Axis, _Axis], scale: L2Scale, dtype: np.dtype) -> Float[np.ndarray, "rows columns"]:
    cells = np.outer(axes[0].cells(False), axes[1].cells(False)).astype(dtype)
    if scale == "sum":
        return np.ones_like(cells)
    if scale == "mean":
        return 1 / np.sqrt(cells)
    if scale == "lecture":
        return 1 / cells
    raise ValueError(f"scale must be one of sum, mean, lecture: got {scale!r}; choose one of these")


def l2_pool(
    inputs: Float[np.ndarray, "batch channels height width"],
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    ceil_mode: bool = False,
    scale: L2Scale = "sum",
) -> Float[np.ndarray, "batch channels rows columns"]:
    """Return the length of each window, read as a vector.

    y[n] = f sqrt(sum over i in N(n) of x[i]^2) with f = 1 (sum), 1 / sqrt(|N(n)|) (mean), 1 / |N(n)| (lecture)

    Args:
        inputs: A batch of maps.
        kernel: Height and width of the window, >= 1.
        stride: Steps down and right; None takes the kernel's size.
        ceil_mode: Round the output size up and let the last window be incomplete; only its own cells count.
        scale: The factor f; "sum" is torch's `lp_pool2d`, "lecture" the slide's.

    Raises:
        ValueError: A size is out of range, the window fits nowhere, or the scale is unknown.

    Source: lecture 000, "pooling layer" (slip E05: three scales are in use).

    Example:
        >>> window = np.array([[[[3.0, 0.0], [0.0, 4.0]]]])
        >>> [l2_pool(window, 2, scale=scale).item() for scale in ("sum", "mean", "lecture")]
        [5.0, 2.5, 1.25]
    """
    axes = _axes(inputs.shape, kernel, stride, ceil_mode=ceil_mode)
    # y[n] = f sqrt(sum over i in N(n) of x[i]^2)
    lengths = np.sqrt((_windows(inputs, axes, 0.0) ** 2).sum(axis=(4, 5)))
    return _l2_factor(axes, scale, inputs.dtype) * lengths


def l2_pool_backward(
    gradient: Float[np.ndarray, "batch channels rows columns"],
    inputs: Float[np.ndarray, "batch channels height width"],
    kernel: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    ceil_mode: bool = False,
    scale: L2Scale = "sum",
) -> Float[np.ndarray, "batch channels height width"]:
    """Return the gradient with respect to the inputs; a window of zeros passes none on.

    dE/dx[i] = x[i] sum over the windows n that hold i of dE/dy[n] f / sqrt(sum over j in N(n) of x[j]^2)

    Args:
        gradient: dE/dy, of the shape of the outputs.
        inputs: What `l2_pool` was given.
        kernel: As for `l2_pool`.
        stride: As for `l2_pool`.
        ceil_mode: As for `l2_pool`.
        scale: As for `l2_pool`.

    Raises:
        ValueError: A size is out of range, the window fits nowhere, or the scale is unknown.

    Source: lecture 000, "pooling layer".

    Example:
        >>> l2_pool_backward(np.array([[[[1.0]]]]), np.array([[[[3.0, 0.0], [0.0, 4.0]]]]), 2).round(4).tolist()
        [[[[0.6, 0.0], [0.0, 0.8]]]]
    """
    axes = _axes(inputs.shape, kernel, stride, ceil_mode=ceil_mode)
    lengths = np.sqrt((_windows(inputs, axes, 0.0) ** 2).sum(axis=(4, 5)))
    numerator = gradient * _l2_factor(axes, scale, inputs.dtype)
    shares = np.divide(numerator, lengths, out=np.zeros_like(numerator), where=lengths > 0)
    # dE/dx[i] = x[i] sum over n of dE/dy[n] f / length[n]
    return inputs * _spread(shares, axes)
