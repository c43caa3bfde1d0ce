"""Replay rules of the losses: value and gradient through `byhand`, for every reduction that torch knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from layerwise.byhand import activations, losses
from layerwise.explain.replay.shapes import Replayed, Unsupported

__all__ = ["RULES"]


def _cross_entropy(
    input: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Replayed:
    if weight is not None or label_smoothing or target.dtype.kind == "f":
        raise Unsupported("class weights, smoothing or non-index targets")
    return _of_classes(losses.cross_entropy, activations.log_softmax, input, target, ignore_index, reduction)


def _nll_loss(
    input: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Replayed:
    if weight is not None:
        raise Unsupported("class weights")
    return _of_classes(losses.negative_log_likelihood, lambda rows: rows, input, target, ignore_index, reduction)


def _of_classes(
    named: Callable[..., tuple[float, np.ndarray]],
    logarithms: Callable[[np.ndarray], np.ndarray],
    input: np.ndarray,
    target: np.ndarray,
    ignore_index: int,
    reduction: str,
) -> Replayed:
    """Replay a loss over classes: one row of scores a target, places of sequences and pictures included."""
    axis = 0 if input.ndim == 1 else 1
    last = np.moveaxis(input, axis, -1)
    rows, places = last.reshape(-1, last.shape[-1]), target.reshape(-1)
    kept = places != ignore_index
    number = int(kept.sum())
    each, slope = np.zeros(len(places), input.dtype), np.zeros_like(rows)
    if number:
        _, slope[kept] = named(rows[kept], places[kept], reduction="sum")
        each[kept] = -logarithms(rows[kept])[np.arange(number), places[kept]]
    share = 1 / number if reduction == "mean" else 1.0

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        above = gradient.reshape(-1, 1) if reduction == "none" else gradient * share
        return {"input": np.moveaxis((slope * above).reshape(last.shape), -1, axis)}

    return (each.reshape(target.shape) if reduction == "none" else each.sum() * share), pull


def _pointwise_loss(
    value: Callable[[np.ndarray, np.ndarray], np.ndarray], named: Callable[..., tuple[float, np.ndarray]]
) -> Callable[..., Replayed]:
    def apply(
        input: np.ndarray,
        target: np.ndarray,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        weight: np.ndarray | None = None,
    ) -> Replayed:
        if weight is not None:
            raise Unsupported("weights")
        _, slope = named(input, target, reduction="sum")
        each = value(input, target)
        if reduction == "none":
            return each, lambda gradient: {"input": gradient * slope}
        share = 1 / each.size if reduction == "mean" else 1.0
        return each.sum() * share, lambda gradient: {"input": slope * (gradient * share)}

    return apply


def _weightless(apply: Callable[..., Replayed]) -> Callable[..., Replayed]:
    """Refuse the class weights that torch's binary cross-entropies take third."""

    def with_weight(
        input: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: np.ndarray | None = None,
    ) -> Replayed:
        if weight is not None or pos_weight is not None:
            raise Unsupported("weights")
        return apply(input, target, reduction=reduction)

    return with_weight


def _binary(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    # E = -(d log y + (1 - d) log(1 - y)), logarithms not below -100 as in torch
    with np.errstate(divide="ignore"):
        yes, no = np.maximum(np.log(probabilities), -100), np.maximum(np.log1p(-probabilities), -100)
    each: np.ndarray = -(targets * yes + (1 - targets) * no)
    return each


def _binary_from_logits(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    # E = max(z, 0) - z d + log(1 + e^-|z|)
    each: np.ndarray = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return each


def _huber(
    input: np.ndarray, target: np.ndarray, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Replayed:
    if weight is not None or input.shape != target.shape:
        raise Unsupported("weights, or targets of another shape")
    error = input - target
    # E = e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2);  dE/dy = e kept between -delta and delta
    slope = np.clip(error, -delta, delta)
    each = np.where(np.abs(error) <= delta, error**2 / 2, delta * (np.abs(error) - delta / 2))
    share = 1 / each.size if reduction == "mean" else 1.0
    value = each if reduction == "none" else each.sum() * share
    return value, lambda gradient: {"input": gradient * share * slope, "target": -gradient * share * slope}


_SQUARED = _pointwise_loss(lambda y, d: (y - d) ** 2, losses.squared_error)
_ABSOLUTE = _pointwise_loss(lambda y, d: np.abs(y - d), losses.absolute_error)

RULES: Mapping[str, tuple[str, Callable[..., Replayed]]] = {
    "cross_entropy": ("E = -log softmax(z)_t;  dE/dz = p - y", _cross_entropy),
    "nll_loss": ("E = -log p_t;  dE/dlog p = -1 at t", _nll_loss),
    "mse_loss": ("E = (y - d)^2;  dE/dy = 2 (y - d)", _SQUARED),
    "huber_loss": ("E = e^2 / 2, beyond delta straight on;  dE/dy = e, at most delta", _huber),
    "l1_loss": ("E = |y - d|;  dE/dy = sign(y - d)", _ABSOLUTE),
    "binary_cross_entropy": (
        "E = -d log y - (1 - d) log(1 - y);  dE/dy = (y - d) / (y (1 - y))",
        _weightless(_pointwise_loss(_binary, losses.binary_cross_entropy)),
    ),
    "binary_cross_entropy_with_logits": (
        "E = -d log s(z) - (1 - d) log(1 - s(z));  dE/dz = s(z) - d",
        _weightless(_pointwise_loss(_binary_from_logits, losses.binary_cross_entropy_from_logits)),
    ),
}
"""Equation and rule by the name of the torch function."""
