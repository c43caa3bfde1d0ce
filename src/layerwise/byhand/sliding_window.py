"""Convolution as the lectures write it: one signal or one image, one kernel, one window at a time."""

import numpy as np
from jaxtyping import Float

from layerwise.byhand.padding import PaddingMode, as_pair, image_padding, output_size, padding_sides

__all__ = ["convolve1d", "convolve_image", "correlate_image", "window_at"]


def convolve1d(
    signal: Float[np.ndarray, " length"],
    kernel: Float[np.ndarray, " cells"],
    *,
    padding: int | PaddingMode = "full",
    stride: int = 1,
) -> Float[np.ndarray, " positions"]:
    """Return the true convolution of a signal with a kernel.

    y[i] = sum_k x[i - k] w[k]

    Args:
        signal: The values x.
        kernel: The values w.
        padding: Zeros on each side, or full (m - 1), same, valid (0).
        stride: Cells from one position to the next, >= 1.

    Raises:
        ValueError: The kernel fits nowhere.

    Source: lecture 004, "Convolution" and "Padding".

    Example:
        >>> convolve1d(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.5])).tolist()
        [0.0, 1.0, 2.5, 4.0, 1.5]
    """
    cells = len(kernel)
    positions = output_size(len(signal), cells, stride, padding)
    padded = np.pad(signal, padding_sides(len(signal), cells, stride, padding))
    # sliding the rotated kernel w^r[k] = w[m - 1 - k] forwards is the same as running x backwards
    rotated = kernel[::-1]
    outputs = np.empty(positions, dtype=np.result_type(signal, kernel))
    for i in range(positions):
        # y[i] = sum_k x_padded[i s + k] w^r[k]
        outputs[i] = np.sum(padded[i * stride : i * stride + cells] * rotated)
    return outputs


def window_at(
    image: Float[np.ndarray, "height width"],
    kernel: tuple[int, int],
    row: int,
    column: int,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | PaddingMode = "valid",
) -> Float[np.ndarray, "kernel_height kernel_width"]:
    """Return the cells of the padded image that one output cell looks at.

    rows i s_h .. i s_h + f_h - 1, columns j s_w .. j s_w + f_w - 1

    Args:
        image: One channel.
        kernel: Height and width of the kernel.
        row: Row i of the output cell, from 0.
        column: Column j of the output cell, from 0.
        stride: Steps down and right.
        padding: Zeros around the image, or full, same, valid.

    Raises:
        ValueError: The kernel fits nowhere, or there is no such output cell.

    Source: lecture 002, "convolution layer" (with the row and column of slip E23 put right).

    Example:
        >>> window_at(np.arange(9.0).reshape(3, 3), (2, 2), 1, 0).tolist()
        [[3.0, 4.0], [6.0, 7.0]]
    """
    steps = as_pair(stride)
    padded = np.pad(image, image_padding((image.shape[0], image.shape[1]), kernel, steps, padding))
    top, left = row * steps[0], column * steps[1]
    if row < 0 or column < 0 or top + kernel[0] > padded.shape[0] or left + kernel[1] > padded.shape[1]:
        raise ValueError(
            f"row and column must name an output cell: got ({row}, {column}) for an image of "
            f"{image.shape[0]} x {image.shape[1]}; count from 0 and stay below the output size"
        )
    return padded[top : top + kernel[0], left : left + kernel[1]]


def correlate_image(
    image: Float[np.ndarray, "height width"],
    kernel: Float[np.ndarray, "kernel_height kernel_width"],
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | PaddingMode = "valid",
) -> Float[np.ndarray, "rows columns"]:
    """Return the cross-correlation of an image with a kernel, what the layers of torch, Keras and Caffe compute.

    z[i, j] = sum_u sum_v x[i s_h + u, j s_w + v] w[u, v]

    Args:
        image: One channel.
        kernel: The weights, not rotated.
        stride: Steps down and right.
        padding: Zeros around the image, or full, same, valid.

    Raises:
        ValueError: The kernel fits nowhere.

    Source: lecture 002, "convolution layer".

    Example:
        >>> x = np.array([[2.0, 1.0, 2.0], [5.0, 0.0, 1.0], [1.0, 7.0, 3.0]])
        >>> w = np.array([[0.5, 0.7, 0.4], [0.3, 0.4, 0.1], [0.5, 1.0, 0.5]])
        >>> correlate_image(x, w).round(1).tolist()
        [[13.1]]
    """
    steps = as_pair(stride)
    cells = (kernel.shape[0], kernel.shape[1])
    padded = np.pad(image, image_padding((image.shape[0], image.shape[1]), cells, steps, padding))
    rows = output_size(padded.shape[0], cells[0], steps[0])
    columns = output_size(padded.shape[1], cells[1], steps[1])
    outputs = np.empty((rows, columns), dtype=np.result_type(image, kernel))
    for i in range(rows):
        for j in range(columns):
            top, left = i * steps[0], j * steps[1]
            # z[i, j] = sum_u sum_v x[i s_h + u, j s_w + v] w[u, v]
            outputs[i, j] = np.sum(padded[top : top + cells[0], left : left + cells[1]] * kernel)
    return outputs


def convolve_image(
    image: Float[np.ndarray, "height width"],
    kernel: Float[np.ndarray, "kernel_height kernel_width"],
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | PaddingMode = "valid",
) -> Float[np.ndarray, "rows columns"]:
    """Return the true convolution of an image with a kernel: the kernel is rotated by 180 degrees first.

    z = correlate(x, w^r),  w^r[u, v] = w[m - 1 - u, m - 1 - v]

    Args:
        image: One channel.
        kernel: The weights w.
        stride: Steps down and right.
        padding: Zeros around the image, or full, same, valid.

    Raises:
        ValueError: The kernel fits nowhere.

    Source: lecture 000, "convolution operator"; lecture 004, the example with W and W^r.

    Example:
        >>> sharpen = np.array([[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]])
        >>> pixels = np.array([[173.0, 255.0, 254.0], [54.0, 140.0, 213.0], [46.0, 81.0, 118.0]])
        >>> convolve_image(pixels, sharpen).tolist()
        [[97.0]]
    """
    # w^r[u, v] = w[m - 1 - u, m - 1 - v]
    rotated = kernel[::-1, ::-1]
    return correlate_image(image, rotated, stride=stride, padding=padding)
