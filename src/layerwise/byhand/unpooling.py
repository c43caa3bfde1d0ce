"""Unpooling, the three ways back to a larger map: nearest neighbour, bed of nails, and max unpooling."""

import numpy as np
from jaxtyping import Float, Int

from layerwise.byhand.padding import as_pair
from layerwise.byhand.transposed_convolution import interleave_zeros

__all__ = [
    "max_unpool",
    "max_unpool_backward",
    "nails_unpool",
    "nails_unpool_backward",
    "nearest_unpool",
    "nearest_unpool_backward",
]


def nearest_unpool(
    inputs: Float[np.ndarray, "batch channels height width"], factor: int | tuple[int, int]
) -> Float[np.ndarray, "batch channels rows columns"]:
    """Repeat every cell over its whole window.

    y[i, j] = x[floor(i / f_h), floor(j / f_w)]; a transposed convolution with ones of f_h x f_w and that stride

    Args:
        inputs: A batch of maps.
        factor: How many times larger the map becomes, down and right, >= 1.

    Source: lecture 001, "unpooling".

    Example:
        >>> nearest_unpool(np.array([[[[1.0, 2.0]]]]), 2).tolist()
        [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]
    """
    down, across = as_pair(factor)
    # y[i, j] = x[floor(i / f_h), floor(j / f_w)]
    return inputs.repeat(down, axis=2).repeat(across, axis=3)


def nearest_unpool_backward(
    gradient: Float[np.ndarray, "batch channels rows columns"], factor: int | tuple[int, int]
) -> Float[np.ndarray, "batch channels height width"]:
    """Return the gradient with respect to the inputs: the sum of each window.

    dE/dx[i, j] = sum over the window of dE/dy

    Args:
        gradient: dE/dy, of the shape of the outputs.
        factor: What `nearest_unpool` was given.

    Source: lecture 001, "unpooling".

    Example:
        >>> nearest_unpool_backward(np.ones((1, 1, 2, 4)), 2).tolist()
        [[[[4.0, 4.0]]]]
    """
    down, across = as_pair(factor)
    batch, channels, rows, columns = gradient.shape
    # dE/dx[i, j] = sum_u sum_v dE/dy[i f_h + u, j f_w + v]
    return gradient.reshape(batch, channels, rows // down, down, columns // across, across).sum(axis=(3, 5))


def nails_unpool(
    inputs: Float[np.ndarray, "batch channels height width"], factor: int | tuple[int, int]
) -> Float[np.ndarray, "batch channels rows columns"]:
    """Put every cell into the first corner of its window, zeros elsewhere: a bed of nails.

    y[i f_h, j f_w] = x[i, j], 0 elsewhere; a transposed convolution with the kernel [[1, 0], [0, 0]] (for 2 x 2)

    Args:
        inputs: A batch of maps.
        factor: How many times larger the map becomes, down and right, >= 1.

    Source: lecture 001, "unpooling".

    Example:
        >>> nails_unpool(np.array([[[[1.0, 2.0]]]]), 2).tolist()
        [[[[1.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]]]]
    """
    down, across = as_pair(factor)
    # y[i f_h, j f_w] = x[i, j]
    return np.pad(interleave_zeros(inputs, factor), ((0, 0), (0, 0), (0, down - 1), (0, across - 1)))


def nails_unpool_backward(
    gradient: Float[np.ndarray, "batch channels rows columns"], factor: int | tuple[int, int]
) -> Float[np.ndarray, "batch channels height width"]:
    """Return the gradient with respect to the inputs: the first corner of each window.

    dE/dx[i, j] = dE/dy[i f_h, j f_w]

    Args:
        gradient: dE/dy, of the shape of the outputs.
        factor: What `nails_unpool` was given.

    Source: lecture 001, "unpooling".

    Example:
        >>> nails_unpool_backward(np.arange(8.0).reshape(1, 1, 2, 4), 2).tolist()
        [[[[0.0, 2.0]]]]
    """
    down, across = as_pair(factor)
    # dE/dx[i, j] = dE/dy[i f_h, j f_w]
    return gradient[:, :, ::down, ::across]


def max_unpool(
    inputs: Float[np.ndarray, "batch channels rows columns"],
    winners: Int[np.ndarray, "batch channels rows columns"],
    size: tuple[int, int],
) -> Float[np.ndarray, "batch channels height width"]:
    """Put every cell back where the maximum of its window stood, zeros elsewhere.

    y[winner(n)] = x[n], 0 elsewhere

    Args:
        inputs: A batch of pooled maps.
        winners: What `max_pool` of the layer that is mirrored returned: row * width + column.
        size: Height and width of the map that was pooled; an odd one cannot be told from the pooled map.

    Raises:
        ValueError: A winner lies outside the map, or there is not one for every cell.

    Source: lecture 001, "unpooling"; arXiv:1505.04366, section 3.2.1 (switches).

    Example:
        >>> max_unpool(np.array([[[[5.0]]]]), np.array([[[[2]]]]), (2, 2)).tolist()
        [[[[0.0, 0.0], [5.0, 0.0]]]]
    """
    if winners.shape != inputs.shape or winners.min() < 0 or winners.max() >= size[0] * size[1]:
        raise ValueError(
            "every cell needs a winner inside the map that was pooled: "
            f"got winners {winners.shape} from {winners.min()} to {winners.max()} for {inputs.shape} and a map of "
            f"{size}; pass the winners and the size of the same pooling layer"
        )
    batch, channels = inputs.shape[:2]
    maps = np.zeros((batch, channels, size[0] * size[1]), dtype=inputs.dtype)
    flat = winners.reshape(batch, channels, -1)
    # y[winner(n)] = x[n]
    np.put_along_axis(maps, flat, inputs.reshape(batch, channels, -1), axis=2)
    return maps.reshape(batch, channels, *size)


def max_unpool_backward(
    gradient: Float[np.ndarray, "batch channels height width"], winners: Int[np.ndarray, "batch channels rows columns"]
) -> Float[np.ndarray, "batch channels rows columns"]:
    """Return the gradient with respect to the inputs: what arrives where each was put.

    dE/dx[n] = dE/dy[winner(n)]

    Args:
        gradient: dE/dy, of the shape of the outputs.
        winners: What `max_unpool` was given.

    Source: arXiv:1505.04366, section 3.2.1.

    Example:
        >>> max_unpool_backward(np.arange(4.0).reshape(1, 1, 2, 2), np.array([[[[2]]]])).tolist()
        [[[[2.0]]]]
    """
    batch, channels = gradient.shape[:2]
    # dE/dx[n] = dE/dy[winner(n)]
    values = np.take_along_axis(gradient.reshape(batch, channels, -1), winners.reshape(batch, channels, -1), axis=2)
    return values.reshape(winners.shape)
