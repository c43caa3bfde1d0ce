"""The convolution layer: batches of images, many channels, stride, padding, dilation and groups."""

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from layerwise.byhand.padding import PaddingMode, as_pair, image_padding

__all__ = ["convolve2d", "convolve2d_backward", "correlate2d", "correlate2d_backward"]


def _check_groups(channels: int, weight: Float[np.ndarray, "outputs inputs height width"], groups: int) -> None:
    if groups < 1 or channels != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError(
            "weight must be (outputs, channels / groups, height, width) with outputs a multiple of groups: "
            f"got weight {weight.shape} for {channels} channels in {groups} groups; change one of the three"
        )


def _windows(
    padded: Float[np.ndarray, "batch channels height width"],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
) -> Float[np.ndarray, "batch channels rows columns kernel_height kernel_width"]:
    span = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
    # window[i, j, u, v] = x[i s_h + u d_h, j s_w + v d_w], a view that copies nothing
    view = sliding_window_view(padded, span, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def correlate2d(
    inputs: Float[np.ndarray, "batch channels height width"],
    weight: Float[np.ndarray, "outputs channels_of_group kernel_height kernel_width"],
    bias: Float[np.ndarray, " outputs"] | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | PaddingMode = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Float[np.ndarray, "batch outputs rows columns"]:
    """Return the maps of a convolution layer, computed as every framework does: without rotating the kernel.

    z[k, i, j] = b_k + sum_c sum_u sum_v x[c, i s_h + u d_h, j s_w + v d_w] w[k, c, u, v]

    Args:
        inputs: A batch of images.
        weight: As in torch: (outputs, channels / groups, height, width).
        bias: One value per output map, or None for none.
        stride: Steps down and right, >= 1.
        padding: Zeros around the image, or full, same (ceil(n / s) rows and columns), valid.
        dilation: Distance of neighbouring kernel cells, >= 1.
        groups: Parts of the channels that do not see each other; 2 is AlexNet's two-GPU layout.

    Raises:
        ValueError: Channels, weight and groups disagree, or the kernel fits nowhere.

    Source: lecture 002, "convolution layer"; arXiv:1603.07285.

    Example:
        >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
        >>> correlate2d(image, np.ones((1, 1, 2, 2)), np.array([0.5])).tolist()
        [[[[8.5, 12.5], [20.5, 24.5]]]]
    """
    _check_groups(inputs.shape[1], weight, groups)
    steps, gaps, kernel = as_pair(stride), as_pair(dilation), (weight.shape[2], weight.shape[3])
    sides = image_padding((inputs.shape[2], inputs.shape[3]), kernel, steps, padding, gaps)
    windows = _windows(np.pad(inputs, ((0, 0), (0, 0), *sides)), kernel, steps, gaps)
    maps = [
        # z[n, i, j, k] = sum_c sum_u sum_v window[n, c, i, j, u, v] w[k, c, u, v]
        np.tensordot(group_windows, group_weight, axes=((1, 4, 5), (1, 2, 3)))
        for group_windows, group_weight in zip(np.split(windows, groups, axis=1), np.split(weight, groups), strict=True)
    ]
    outputs = np.concatenate(maps, axis=3).transpose(0, 3, 1, 2)
    # z = z + b_k
    return outputs if bias is None else outputs + bias[:, None, None]


def correlate2d_backward(
    gradient: Float[np.ndarray, "batch outputs rows columns"],
    inputs: Float[np.ndarray, "batch channels height width"],
    weight: Float[np.ndarray, "outputs channels_of_group kernel_height kernel_width"],
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | PaddingMode = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[
    Float[np.ndarray, "batch channels height width"],
    Float[np.ndarray, "outputs channels_of_group kernel_height kernel_width"],
    Float[np.ndarray, " outputs"],
]:
    """Return the gradients with respect to inputs, weight and bias; the first is a transposed convolution.

    dE/dw[k, c, u, v] = sum over examples, i, j of dE/dz[k, i, j] x[c, i s_h + u d_h, j s_w + v d_w]
    dE/dx[c, i s_h + u d_h, j s_w + v d_w] gathers dE/dz[k, i, j] w[k, c, u, v];  dE/db_k = sum of dE/dz[k]

    Args:
        gradient: dE/dz, of the shape of the outputs.
        inputs: What `correlate2d` was given.
        weight: What `correlate2d` was given.
        stride: As for `correlate2d`.
        padding: As for `correlate2d`.
        dilation: As for `correlate2d`.
        groups: As for `correlate2d`.

    Raises:
        ValueError: Channels, weight and groups disagree, or the kernel fits nowhere.

    Source: lecture 003, "CNN learning"; lecture 001, "transpose convolution" (X^T a).

    Example:
        >>> row, kernel = np.array([[[[7.0, 11.0, 13.0, 17.0]]]]), np.array([[[[2.0, 3.0, 5.0]]]])
        >>> maps = correlate2d(row, kernel, stride=2, padding=(0, 1))
        >>> maps.tolist()
        [[[[76.0, 146.0]]]]
        >>> gradient = np.array([[[[7.0, 11.0]]]])
        >>> correlate2d_backward(gradient, row, kernel, stride=2, padding=(0, 1))[0].tolist()
        [[[[21.0, 57.0, 33.0, 55.0]]]]
    """
    _check_groups(inputs.shape[1], weight, groups)
    steps, gaps, kernel = as_pair(stride), as_pair(dilation), (weight.shape[2], weight.shape[3])
    (top, bottom), (left, right) = image_padding((inputs.shape[2], inputs.shape[3]), kernel, steps, padding, gaps)
    padded = np.pad(inputs, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = _windows(padded, kernel, steps, gaps)
    d_padded, d_weight = np.zeros_like(padded), np.empty_like(weight)
    parts = [np.split(array, groups, axis=axis) for array, axis in ((gradient, 1), (windows, 1), (weight, 0))]
    targets = zip(np.split(d_padded, groups, axis=1), np.split(d_weight, groups), strict=True)
    for d_z, window, w, (d_x, d_w) in zip(*parts, targets, strict=True):
        # dE/dw[k, c, u, v] = sum_n sum_i sum_j dE/dz[n, k, i, j] window[n, c, i, j, u, v]
        d_w[...] = np.tensordot(d_z, window, axes=((0, 2, 3), (0, 2, 3)))
        for u, v in np.ndindex(kernel):
            down = slice(u * gaps[0], u * gaps[0] + (d_z.shape[2] - 1) * steps[0] + 1, steps[0])
            across = slice(v * gaps[1], v * gaps[1] + (d_z.shape[3] - 1) * steps[1] + 1, steps[1])
            # dE/dx[c, i s_h + u d_h, j s_w + v d_w] += sum_k dE/dz[k, i, j] w[k, c, u, v]
            d_x[:, :, down, across] += np.tensordot(d_z, w[:, :, u, v], axes=(1, 0)).transpose(0, 3, 1, 2)
    # dE/db_k = sum_n sum_i sum_j dE/dz[n, k, i, j]
    d_bias = gradient.sum(axis=(0, 2, 3))
    # the zeros of the padding are no inputs: their gradient is cut off
    d_inputs = d_padded[:, :, top : padded.shape[2] - bottom, left : padded.shape[3] - right]
    return d_inputs, d_weight, d_bias


def convolve2d(
    inputs: Float[np.ndarray, "batch channels height width"],
    weight: Float[np.ndarray, "outputs channels_of_group kernel_height kernel_width"],
    bias: Float[np.ndarray, " outputs"] | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | PaddingMode = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Float[np.ndarray, "batch outputs rows columns"]:
    """Return the maps of a layer in the sense of mathematics: every kernel is rotated by 180 degrees first.

    z = correlate2d(x, w^r, b),  w^r[u, v] = w[m - 1 - u, m - 1 - v]

    Args:
        inputs: A batch of images.
        weight: (outputs, channels / groups, height, width).
        bias: One value per output map, or None for none.
        stride: As for `correlate2d`.
        padding: As for `correlate2d`.
        dilation: As for `correlate2d`.
        groups: As for `correlate2d`.

    Raises:
        ValueError: Channels, weight and groups disagree, or the kernel fits nowhere.

    Source: lecture 000, "convolution operator"; lecture 004.

    Example:
        >>> spot = np.array([[[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]])
        >>> kernel = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> convolve2d(spot, kernel).tolist(), correlate2d(spot, kernel).tolist()
        ([[[[1.0, 2.0], [3.0, 4.0]]]], [[[[4.0, 3.0], [2.0, 1.0]]]])
    """
    # w^r[u, v] = w[m - 1 - u, m - 1 - v]
    rotated = weight[:, :, ::-1, ::-1]
    return correlate2d(inputs, rotated, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def convolve2d_backward(
    gradient: Float[np.ndarray, "batch outputs rows columns"],
    inputs: Float[np.ndarray, "batch channels height width"],
    weight: Float[np.ndarray, "outputs channels_of_group kernel_height kernel_width"],
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | PaddingMode = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[
    Float[np.ndarray, "batch channels height width"],
    Float[np.ndarray, "outputs channels_of_group kernel_height kernel_width"],
    Float[np.ndarray, " outputs"],
]:
    """Return the gradients of `convolve2d` with respect to inputs, weight and bias.

    dE/dw[u, v] = dE/dw^r[m - 1 - u, m - 1 - v]

    Args:
        gradient: dE/dz, of the shape of the outputs.
        inputs: What `convolve2d` was given.
        weight: What `convolve2d` was given.
        stride: As for `correlate2d`.
        padding: As for `correlate2d`.
        dilation: As for `correlate2d`.
        groups: As for `correlate2d`.

    Raises:
        ValueError: Channels, weight and groups disagree, or the kernel fits nowhere.

    Source: lecture 004, the rotated kernel.

    Example:
        >>> image, kernel = np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.ones((1, 1, 2, 2))
        >>> convolve2d_backward(np.ones((1, 1, 1, 1)), image, kernel)[1].tolist()
        [[[[4.0, 3.0], [2.0, 1.0]]]]
    """
    rotated = weight[:, :, ::-1, ::-1]
    d_inputs, d_rotated, d_bias = correlate2d_backward(
        gradient, inputs, rotated, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    # dE/dw[u, v] = dE/dw^r[m - 1 - u, m - 1 - v]
    return d_inputs, d_rotated[:, :, ::-1, ::-1], d_bias
