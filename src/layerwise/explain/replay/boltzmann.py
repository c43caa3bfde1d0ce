"""Replay rule of contrastive divergence: the chain walked again on the draws that torch made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from layerwise.byhand import contrastive_divergence as learning
from layerwise.byhand.rbm import Parameters, free_energy, hidden_probabilities
from layerwise.explain.replay.shapes import Replayed

__all__ = ["RULES"]


def _contrastive_divergence(
    visible: np.ndarray,
    factors: np.ndarray,
    draws: Sequence[tuple[np.ndarray, np.ndarray]],
    start: np.ndarray | None,
    weight: np.ndarray,
    visible_bias: np.ndarray,
    hidden_bias: np.ndarray,
) -> Replayed:
    machine = Parameters(weight, visible_bias, hidden_bias)
    hidden_draws, visible_draws = (np.stack(parts) for parts in zip(*draws, strict=True))
    drawn = learning.Draws(hidden_draws, visible_draws)
    ends: list[np.ndarray] = []
    if start is None:
        seen = learning.contrastive_divergence(visible, machine, drawn)
    else:
        seen, *ends = learning.persistent_divergence(visible, start, machine, drawn)
    rows = np.concatenate((visible, seen.visible.astype(visible.dtype)))
    hidden = hidden_probabilities(rows, machine)
    # D = sum_n s_n F(x_n)
    difference = np.asarray(factors @ free_energy(rows, machine))

    def pull(gradient: np.ndarray) -> dict[str, Any]:
        shares = -gradient * factors[:, None] * hidden
        # dD/dW = -sum_n s_n P(h = 1 | x_n) x_n',  dD/db = -sum_n s_n x_n,  dD/dc = -sum_n s_n P(h = 1 | x_n)
        return {
            "weight": shares.T @ rows, "visible_bias": -gradient * (factors @ rows), "hidden_bias": shares.sum(axis=0),
        }  # fmt: skip

    return (difference, hidden[: len(visible)], *ends), pull


RULES: Mapping[str, tuple[str, Callable[..., Replayed]]] = {
    "contrastive_divergence": (
        "h ~ P(h | x), x ~ P(x | h), k times;  D = F(data) - F(samples),  dD/dW = -(<h x>_data - <h x>_samples)",
        _contrastive_divergence,
    ),
}
"""The operation by the name of its function: its equation and its rule."""
