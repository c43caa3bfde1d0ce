"""The transposed convolution: as a sum of stamped kernels, as a matrix, and as a convolution between zeros."""

import numpy as np
from jaxtyping import Float

from layerwise.byhand.convolution import convolve2d, correlate2d
from layerwise.byhand.padding import as_pair

__all__ = [
    "bilinear_kernel",
    "convolution_matrix",
    "interleave_zeros",
    "transposed_by_zeros",
    "transposed_convolve2d",
    "transposed_convolve2d_backward",
    "transposed_size",
]


def convolution_matrix(
    kernel: Float[np.ndarray, " kernel"], length: int, *, stride: int = 1
) -> Float[np.ndarray, "rows length"]:
    """Return the matrix X of a convolution of one signal: X x slides the kernel, X^T y is its transpose.

    X[i, i s + u] = w[u], 0 elsewhere

    Args:
        kernel: Weights w.
        length: Cells of the signal, at least those of the kernel.
        stride: Cells from one position to the next, s >= 1.

    Raises:
        ValueError: The kernel is longer than the signal, or the stride is below 1.

    Source: lecture 001, "transpose convolution".

    Example:
        >>> X = convolution_matrix(np.array([2.0, 3.0, 5.0]), 6, stride=2)
        >>> X.tolist()
        [[2.0, 3.0, 5.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 3.0, 5.0, 0.0]]
        >>> (X.T @ np.array([7.0, 11.0])).tolist()
        [14.0, 21.0, 57.0, 33.0, 55.0, 0.0]
    """
    if stride < 1 or len(kernel) > length:
        raise ValueError(
            "the kernel must fit on the signal and the stride be at least 1: "
            f"got {len(kernel)} cells on {length} with stride {stride}; use a shorter kernel"
        )
    rows = (length - len(kernel)) // stride + 1
    matrix = np.zeros((rows, length), dtype=kernel.dtype)
    for i in range(rows):
        # X[i, i s + u] = w[u]
        matrix[i, i * stride : i * stride + len(kernel)] = kernel
    return matrix


def transposed_size(
    length: int, kernel: int, stride: int = 1, padding: int = 0, *, output_padding: int = 0, dilation: int = 1
) -> int:
    """Return how many cells a transposed convolution gives along one axis.

    o = (n - 1) s - 2p + d (m - 1) + 1 + p_out

    Args:
        length: Cells of the input, n >= 1.
        kernel: Cells of the kernel, m >= 1.
        stride: Cells between the places where neighbouring kernels are put down, s >= 1.
        padding: Cells that are cut off on each side, p >= 0.
        output_padding: Cells kept beyond the end, p_out: it chooses among the sizes that share one convolution.
        dilation: Distance d of neighbouring kernel cells, >= 1.

    Raises:
        ValueError: Nothing would be left, or `output_padding` is as large as stride and dilation.

    Source: lecture 001, "transpose convolution"; arXiv:1603.07285, section 4.

    Example:
        >>> transposed_size(2, 3, 2), transposed_size(2, 3, 2, 1), transposed_size(2, 3, 2, 1, output_padding=1)
        (5, 3, 4)
    """
    # o = (n - 1) s - 2p + d (m - 1) + 1 + p_out
    size = (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1 + output_padding
    if not 0 <= output_padding < max(stride, dilation) or padding < 0 or size < 1:
        raise ValueError(
            "output_padding must be below stride or dilation, and padding must leave something: "
            f"got output_padding {output_padding} for stride {stride}, and {size} cells; change one of them"
        )
    return size


def _pairs(
    stride: int | tuple[int, int], padding: int | tuple[int, int], dilation: int | tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    return as_pair(stride), as_pair(padding), as_pair(dilation)


def _stamp(cell: int, gap: int, step: int, count: int) -> slice:
    """Return the places of one kernel cell in the uncut output: cell d + i s for every input i."""
    return slice(cell * gap, cell * gap + (count - 1) * step + 1, step)


def transposed_convolve2d(
    inputs: Float[np.ndarray, "batch channels height width"],
    weight: Float[np.ndarray, "channels outputs_of_group kernel_height kernel_width"],
    bias: Float[np.ndarray, " outputs"] | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Float[np.ndarray, "batch outputs rows columns"]:
    """Return the maps of a transposed convolution: each input cell stamps the kernel, and overlaps add up.

    y[k, i s_h + u d_h - p_h, j s_w + v d_w - p_w] = b_k + sum of x[c, i, j] w[c, k, u, v] over all that meet there

    Args:
        inputs: A batch of maps.
        weight: As in torch: (channels, outputs / groups, height, width), the transpose of a convolution's.
        bias: One value per output map, or None for none.
        stride: Cells between neighbouring stamps, down and right, >= 1.
        padding: Cells cut off on every side.
        output_padding: Cells kept beyond the end of each axis.
        dilation: Distance of neighbouring kernel cells, >= 1.
        groups: Parts of the channels that do not see each other.

    Raises:
        ValueError: Channels, weight and groups disagree, or nothing is left after the padding is cut off.

    Source: lecture 001, "transpose convolution" (X^T a); arXiv:1411.4038, section 3.3.

    Example:
        >>> row, kernel = np.array([[[[7.0, 11.0]]]]), np.array([[[[2.0, 3.0, 5.0]]]])
        >>> transposed_convolve2d(row, kernel, stride=(1, 2)).tolist()
        [[[[14.0, 21.0, 57.0, 33.0, 55.0]]]]
    """
    if groups < 1 or inputs.shape[1] != weight.shape[0] or weight.shape[0] % groups:
        raise ValueError(
            "weight must be (channels, outputs / groups, height, width) with channels a multiple of groups: "
            f"got weight {weight.shape} for {inputs.shape[1]} channels in {groups} groups; change one of the three"
        )
    (steps, cut, gaps), extra = _pairs(stride, padding, dilation), as_pair(output_padding)
    size = [
        transposed_size(n, m, s, p, output_padding=o, dilation=d)
        for n, m, s, p, o, d in zip(inputs.shape[2:], weight.shape[2:], steps, cut, extra, gaps, strict=True)
    ]
    outputs = np.zeros(
        (len(inputs), weight.shape[1] * groups, size[0] + 2 * cut[0], size[1] + 2 * cut[1]),
        dtype=np.result_type(inputs, weight),
    )
    parts = [np.split(array, groups, axis=axis) for array, axis in ((inputs, 1), (weight, 0), (outputs, 1))]
    for x, w, y in zip(*parts, strict=True):
        for u, v in np.ndindex(*weight.shape[2:]):
            down, across = _stamp(u, gaps[0], steps[0], x.shape[2]), _stamp(v, gaps[1], steps[1], x.shape[3])
            # y[k, i s_h + u d_h, j s_w + v d_w] += sum_c x[c, i, j] w[c, k, u, v]
            y[:, :, down, across] += np.tensordot(x, w[:, :, u, v], axes=(1, 0)).transpose(0, 3, 1, 2)
    kept = outputs[:, :, cut[0] : cut[0] + size[0], cut[1] : cut[1] + size[1]]
    # y = y + b_k
    return kept if bias is None else kept + bias[:, None, None]


def transposed_convolve2d_backward(
    gradient: Float[np.ndarray, "batch outputs rows columns"],
    inputs: Float[np.ndarray, "batch channels height width"],
    weight: Float[np.ndarray, "channels outputs_of_group kernel_height kernel_width"],
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[
    Float[np.ndarray, "batch channels height width"],
    Float[np.ndarray, "channels outputs_of_group kernel_height kernel_width"],
    Float[np.ndarray, " outputs"],
]:
    """Return the gradients with respect to inputs, weight and bias; the first is a plain convolution.

    dE/dx[c, i, j] = sum_k sum_u sum_v dE/dy[k, i s_h + u d_h - p_h, j s_w + v d_w - p_w] w[c, k, u, v]
    dE/dw[c, k, u, v] = sum over examples, i, j of x[c, i, j] dE/dy[k, ...];  dE/db_k = sum of dE/dy[k]

    Args:
        gradient: dE/dy, of the shape of the outputs.
        inputs: What `transposed_convolve2d` was given.
        weight: What `transposed_convolve2d` was given.
        stride: As for `transposed_convolve2d`.
        padding: As for `transposed_convolve2d`.
        dilation: As for `transposed_convolve2d`.
        groups: As for `transposed_convolve2d`.

    Source: lecture 001, "transpose convolution": the transpose of the transpose is the convolution.

    Example:
        >>> row, kernel = np.array([[[[0.0, 0.0]]]]), np.array([[[[2.0, 3.0, 5.0]]]])
        >>> gradient = np.array([[[[7.0, 11.0, 13.0, 17.0, 0.0]]]])
        >>> transposed_convolve2d_backward(gradient, row, kernel, stride=(1, 2))[0].tolist()
        [[[[112.0, 77.0]]]]
    """
    steps, cut, gaps = _pairs(stride, padding, dilation)
    rows, columns = inputs.shape[2:]
    # dE/dx = correlate(dE/dy, w): the weight of the transpose is, axis for axis, that of the convolution
    d_inputs = correlate2d(gradient, weight, stride=steps, padding=cut, dilation=gaps, groups=groups)
    padded = np.pad(gradient, ((0, 0), (0, 0), (cut[0], cut[0]), (cut[1], cut[1])))
    d_weight = np.empty_like(weight)
    parts = [np.split(array, groups, axis=axis) for array, axis in ((inputs, 1), (padded, 1), (d_weight, 0))]
    for x, d_y, d_w in zip(*parts, strict=True):
        for u, v in np.ndindex(*weight.shape[2:]):
            down, across = _stamp(u, gaps[0], steps[0], rows), _stamp(v, gaps[1], steps[1], columns)
            # dE/dw[c, k, u, v] = sum_n sum_i sum_j x[n, c, i, j] dE/dy[n, k, i s_h + u d_h, j s_w + v d_w]
            d_w[:, :, u, v] = np.tensordot(x, d_y[:, :, down, across], axes=((0, 2, 3), (0, 2, 3)))
    # dE/db_k = sum_n sum_i sum_j dE/dy[n, k, i, j]; a longer output, by output_padding, reaches beyond the last input
    return d_inputs[:, :, :rows, :columns], d_weight, gradient.sum(axis=(0, 2, 3))


def interleave_zeros(
    inputs: Float[np.ndarray, "batch channels height width"], stride: int | tuple[int, int]
) -> Float[np.ndarray, "batch channels rows columns"]:
    """Put stride - 1 zeros between neighbouring cells.

    z[i s_h, j s_w] = x[i, j], 0 elsewhere

    Args:
        inputs: A batch of maps.
        stride: Distance of neighbouring cells in the result, down and right, >= 1.

    Source: arXiv:1603.07285, section 4.3.

    Example:
        >>> interleave_zeros(np.array([[[[7.0, 11.0]]]]), (1, 3)).tolist()
        [[[[7.0, 0.0, 0.0, 11.0]]]]
    """
    steps = as_pair(stride)
    rows, columns = ((n - 1) * s + 1 for n, s in zip(inputs.shape[2:], steps, strict=True))
    spread = np.zeros((*inputs.shape[:2], rows, columns), dtype=inputs.dtype)
    # z[i s_h, j s_w] = x[i, j]
    spread[:, :, :: steps[0], :: steps[1]] = inputs
    return spread


def transposed_by_zeros(
    inputs: Float[np.ndarray, "batch channels height width"],
    weight: Float[np.ndarray, "channels outputs kernel_height kernel_width"],
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
) -> Float[np.ndarray, "batch outputs rows columns"]:
    """Return the same maps the other way: zeros between the cells, then a full convolution with the turned kernel.

    y = (x with s - 1 zeros between its cells) * w, in the sense of mathematics, with p cells cut off on every side

    Args:
        inputs: A batch of maps.
        weight: (channels, outputs, height, width), as for `transposed_convolve2d`.
        stride: As for `transposed_convolve2d`.
        padding: As for `transposed_convolve2d`.
        output_padding: As for `transposed_convolve2d`.

    Source: arXiv:1603.07285, section 4.3; systems where it is called fractionally strided convolution.

    Example:
        >>> row, kernel = np.array([[[[7.0, 11.0]]]]), np.array([[[[2.0, 3.0, 5.0]]]])
        >>> transposed_by_zeros(row, kernel, stride=(1, 2), padding=(0, 1), output_padding=(0, 1)).tolist()
        [[[[21.0, 57.0, 33.0, 55.0]]]]
    """
    cut, extra = as_pair(padding), as_pair(output_padding)
    spread = interleave_zeros(inputs, stride)
    after = np.pad(spread, ((0, 0), (0, 0), (0, extra[0]), (0, extra[1])))
    # y[i, j] = sum_c sum_u sum_v z[c, i - u, j - v] w[c, k, u, v]
    full = convolve2d(after, weight.swapaxes(0, 1), padding="full")
    return full[:, :, cut[0] : full.shape[2] - cut[0], cut[1] : full.shape[3] - cut[1]]


def bilinear_kernel(factor: int) -> Float[np.ndarray, "kernel kernel"]:
    """Return the kernel with which a transposed convolution enlarges a map bilinearly.

    w[u, v] = (1 - |u - c| / f) (1 - |v - c| / f),  0 <= u, v < m = 2f - f mod 2,  c = (m - 1) / 2

    With stride f and padding f // 2 the result equals bilinear interpolation away from the border; at the border the
    stamps of neighbours that do not exist are missing, and the values sink.

    Args:
        factor: How many times larger the map becomes, f >= 1.

    Raises:
        ValueError: The factor is below 1.

    Source: arXiv:1411.4038, section 3.3; its reference code, `upsample_filt`.

    Example:
        >>> bilinear_kernel(2)[0].tolist(), bilinear_kernel(3)[2].round(3).tolist()
        ([0.0625, 0.1875, 0.1875, 0.0625], [0.333, 0.667, 1.0, 0.667, 0.333])
    """
    if factor < 1:
        raise ValueError(f"the factor must be at least 1: got {factor}; give a whole number from 1")
    # m = 2f - f mod 2,  c = (m - 1) / 2
    size = 2 * factor - factor % 2
    # h[u] = 1 - |u - c| / f
    hat = 1 - np.abs(np.arange(size) - (size - 1) / 2) / factor
    # w[u, v] = h[u] h[v]
    return np.outer(hat, hat)
