"""What a network remembers at the end of one passage of a text, handed to the passage that continues it.

Truncated back-propagation through time: the numbers are carried over the border of two batches, the gradient is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

__all__ = ["CarriesState", "beginning", "carried", "read_on"]


@runtime_checkable
class CarriesState(Protocol):
    """A network that can read a sequence in pieces."""

    def continued(self, tokens: Tensor, state: tuple[Tensor, ...] | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the logits after each token `(batch, time, symbols)`, and what is remembered after the last one.

        Each tensor of the state has the passages first. None, or zeros, is the state before anything was read.
        """


def read_on(
    model: nn.Module, tokens: Tensor, state: tuple[Tensor, ...] | None
) -> tuple[Tensor, tuple[Tensor, ...]]:  # fmt: skip
    """Read tokens from a state; a network without memory reads each passage on its own."""
    if isinstance(model, CarriesState):
        return model.continued(tokens, state)
    return model(tokens), ()


def beginning(state: Mapping[str, Any] | None, rows: Tensor) -> tuple[Tensor, ...] | None:
    """Return the state in which each passage of a batch begins.

    A passage goes on from the passage before it in the text, row n from row n - 1, where that one has been read; every
    other passage begins from zeros. A wrong continuation cannot happen, whatever the order of the rows.

    Args:
        state: What `carried` returned after the batch before; None at the start of learning.
        rows: Place of each passage in the text, `(batch,)`.

    Example:
        >>> state = carried(torch.tensor([0, 4]), (torch.tensor([[0.5], [0.75]]),), None)
        >>> beginning(state, torch.tensor([5, 2, 1]))[0].tolist()
        [[0.75], [0.0], [0.5]]
    """
    if state is None:
        return None
    follows = rows[:, None] == state["rows"] + 1
    # Of equal rows the first counts, which was read last.
    known, place = follows.any(dim=1), follows.int().argmax(dim=1)
    return tuple(
        torch.where(known.reshape(-1, *[1] * (part.dim() - 1)), part[place], torch.zeros_like(part[:1]))
        for part in state["memory"]
    )


def carried(
    rows: Tensor, memory: tuple[Tensor, ...], before: Mapping[str, Any] | None, *, whole: int = 0
) -> dict[str, Any]:
    """Return what the next batch may continue from, cut off from the graph of this one.

    Args:
        rows: Passages that were read, `(batch,)`.
        memory: What is remembered at the end of each, passages first.
        before: What was carried until now.
        whole: Passages of the batch these are a piece of; twice as many are remembered, whatever the pieces.
    """
    ends = tuple(part.detach() for part in memory)
    if before is None or whole <= len(rows):
        return {"rows": rows, "memory": ends}
    return {
        "rows": torch.cat([rows, before["rows"]])[: 2 * whole],
        "memory": tuple(torch.cat(pair)[: 2 * whole] for pair in zip(ends, before["memory"], strict=True)),
    }
