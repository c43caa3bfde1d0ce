"""Replay rules of operations that only move values: shapes, order, chosen places, pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["RULES", "Pull", "Replayed", "Unsupported", "axes_of", "fit", "nothing"]

Pull = Callable[[Any], dict[str, Any]]
"""Turns the gradient of a result, or one of each of several, into those of the arguments, by argument name."""

Replayed = tuple[Any, Pull]


class Unsupported(Exception):
    """An operation is in the table, but not with these arguments."""


def nothing(gradient: np.ndarray) -> dict[str, Any]:
    """Pass no gradient on: whole numbers and answers yes or no have none."""
    return {}


def fit(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum a gradient over the axes along which its value was broadcast.

    Example:
        >>> fit(np.ones((2, 3)), (3,)).tolist()
        [2.0, 2.0, 2.0]
    """
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis] != 1)
    return gradient.sum(axis=stretched, keepdims=True) if stretched else gradient


def axes_of(dim: Any, rank: int) -> tuple[int, ...]:
    """Return the axes that torch's `dim` names: all of them for None, counted from the front.

    Example:
        >>> axes_of(-1, 3), axes_of(None, 2)
        ((2,), (0, 1))
    """
    if dim is None:
        return tuple(range(rank))
    return tuple(axis % rank for axis in (dim if isinstance(dim, tuple | list) else (dim,)))


def _moved(input: np.ndarray, output: np.ndarray) -> Replayed:
    """Return a value in another shape; the gradient goes back to the old one."""
    return output, lambda gradient: {"input": gradient.reshape(input.shape)}


def _sizes(first: Any, rest: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(first) if isinstance(first, tuple | list) else (first, *rest)


def _reshape(input: np.ndarray, shape: Any, *sizes: int) -> Replayed:
    if not isinstance(shape, int | tuple | list):
        raise Unsupported("a view as another type")
    return _moved(input, input.reshape(_sizes(shape, sizes)))


def _flatten(input: np.ndarray, start_dim: int = 0, end_dim: int = -1) -> Replayed:
    first, last = start_dim % input.ndim, end_dim % input.ndim
    return _moved(input, input.reshape((*input.shape[:first], -1, *input.shape[last + 1 :])))


def _squeeze(input: np.ndarray, dim: Any = None) -> Replayed:
    axes = tuple(axis for axis in axes_of(dim, input.ndim) if input.shape[axis] == 1)
    return _moved(input, input.squeeze(axes))


def _unsqueeze(input: np.ndarray, dim: int) -> Replayed:
    return _moved(input, np.expand_dims(input, dim))


def _permute(input: np.ndarray, dims: Any, *rest: int) -> Replayed:
    order = axes_of(_sizes(dims, rest), input.ndim)
    return input.transpose(order), lambda gradient: {"input": gradient.transpose(np.argsort(order))}


def _transpose(input: np.ndarray, dim0: int, dim1: int) -> Replayed:
    return np.swapaxes(input, dim0, dim1), lambda gradient: {"input": np.swapaxes(gradient, dim0, dim1)}


def _transposed(input: np.ndarray) -> Replayed:
    return input.T, lambda gradient: {"input": gradient.T}


def _expand(input: np.ndarray, size: Any, *rest: int) -> Replayed:
    wanted = _sizes(size, rest)
    old = (1,) * (len(wanted) - input.ndim) + input.shape
    shape = tuple(now if new == -1 else new for new, now in zip(wanted, old, strict=True))
    return np.broadcast_to(input, shape), lambda gradient: {"input": fit(gradient, input.shape)}


def _cat(tensors: Sequence[np.ndarray], dim: int = 0) -> Replayed:
    edges = np.cumsum([part.shape[dim] for part in tensors])[:-1]
    return np.concatenate(tensors, axis=dim), lambda gradient: {"tensors": np.split(gradient, edges, axis=dim)}


def _stack(tensors: Sequence[np.ndarray], dim: int = 0) -> Replayed:
    def pull(gradient: np.ndarray) -> dict[str, Any]:
        return {"tensors": [part.squeeze(dim) for part in np.split(gradient, len(tensors), axis=dim)]}

    return np.stack(tensors, axis=dim), pull


def _split(input: np.ndarray, split_size_or_sections: int | Sequence[int], dim: int = 0) -> Replayed:
    length = input.shape[dim]
    if isinstance(split_size_or_sections, int):
        edges = list(range(split_size_or_sections, length, split_size_or_sections))
    else:
        edges = [int(edge) for edge in np.cumsum(split_size_or_sections)[:-1]]
    parts = np.split(input, edges, axis=dim)
    return tuple(parts), lambda gradients: {"input": np.concatenate(gradients, axis=dim)}


def _chunk(input: np.ndarray, chunks: int, dim: int = 0) -> Replayed:
    # torch makes all parts but the last equally long
    return _split(input, -(-input.shape[dim] // chunks), dim)


def _unbind(input: np.ndarray, dim: int = 0) -> Replayed:
    parts = np.moveaxis(input, dim, 0)
    return tuple(parts), lambda gradients: {"input": np.stack(gradients, axis=dim)}


def _masked_fill(input: np.ndarray, mask: np.ndarray, value: Any) -> Replayed:
    filled = np.where(mask, np.asarray(value, dtype=input.dtype), input)
    return filled, lambda gradient: {"input": fit(np.where(mask, 0, gradient), input.shape)}


def _flip(input: np.ndarray, dims: Any, *rest: int) -> Replayed:
    axes = axes_of(_sizes(dims, rest), input.ndim)
    return np.flip(input, axes), lambda gradient: {"input": np.flip(gradient, axes)}


def _getitem(input: np.ndarray, index: Any) -> Replayed:
    def pull(gradient: np.ndarray) -> dict[str, Any]:
        scattered = np.zeros_like(input)
        # a place taken twice gets both gradients
        np.add.at(scattered, index, gradient)
        return {"input": scattered}

    return input[index], pull


def _gather(input: np.ndarray, dim: int, index: np.ndarray) -> Replayed:
    def pull(gradient: np.ndarray) -> dict[str, Any]:
        places: list[Any] = list(np.indices(index.shape))
        places[dim] = index
        return _getitem(input, tuple(places))[1](gradient)

    return np.take_along_axis(input, index, axis=dim), pull


def _same(
    input: np.ndarray, dtype: Any = None, non_blocking: Any = None, copy: Any = None, memory_format: Any = None
) -> Replayed:
    return input, lambda gradient: {"input": gradient}


def _cut(input: np.ndarray) -> Replayed:
    return input, nothing


def _one_hot(tensor: np.ndarray, num_classes: int = -1) -> Replayed:
    classes = int(tensor.max()) + 1 if num_classes == -1 else num_classes
    return np.eye(classes, dtype=np.int64)[tensor], nothing


RULES: Mapping[str, tuple[str, Callable[..., Replayed]]] = {
    **dict.fromkeys(("reshape", "view"), ("the same values in another shape", _reshape)),
    **dict.fromkeys(("flatten",), ("the same values in one row", _flatten)),
    "squeeze": ("an axis of one left out", _squeeze),
    "unsqueeze": ("an axis of one put in", _unsqueeze),
    "permute": ("axes in another order", _permute),
    **dict.fromkeys(("transpose", "swapaxes"), ("two axes exchanged", _transpose)),
    **dict.fromkeys(("T", "t"), ("rows and columns exchanged", _transposed)),
    "expand": ("repeated along an axis", _expand),
    "expand_as": ("repeated along an axis", lambda input, other: _expand(input, other.shape)),
    **dict.fromkeys(("cat", "concat", "concatenate"), ("one after the other", _cat)),
    "stack": ("one above the other", _stack),
    "split": ("cut in parts", _split),
    "chunk": ("cut in parts", _chunk),
    "unbind": ("one of each step", _unbind),
    "flip": ("in the opposite order", _flip),
    "masked_fill": ("a constant where the mask says so, else x", _masked_fill),
    "getitem": ("chosen places", _getitem),
    "gather": ("chosen places", _gather),
    **dict.fromkeys(("contiguous", "clone", "cpu", "to", "float", "double", "type_as"), ("the same values", _same)),
    **dict.fromkeys(("detach", "data"), ("the same values, no gradient", _cut)),
    **dict.fromkeys(("long", "int", "bool"), ("whole numbers", lambda input: (input, nothing))),
    "one_hot": ("1 at the class, else 0", _one_hot),
}  # fmt: skip
"""Equation and rule by the name of the torch function."""
