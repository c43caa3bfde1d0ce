"""Find where numbers stopped being finite: in what was given, a layer, the loss or a gradient, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from layerwise.language import say
from layerwise.tasks.contract import Batch
from layerwise.training.state import TrainingState

__all__ = ["Fault", "first_fault", "some_of"]

NAMED = 5
"""Examples that a message names."""


class Fault(NamedTuple):
    """What is not finite.

    Args:
        what: In words.
        rows: Place of each example that it happens for, among the examples of its part.
    """

    what: str
    rows: list[int]


def first_fault(state: TrainingState, batch: Batch) -> Fault | None:
    """Compute a batch again and return the first thing in it that is not finite, or None.

    Args:
        state: Where learning stands; running statistics of its network change.
        batch: What was to be learned from.
    """
    if not len(batch.rows):
        return None
    return _given(batch) or _layer(state, batch) or _gradient(state, batch)


def _given(batch: Batch) -> Fault | None:
    """Look at inputs, targets and weights."""
    given = (("the inputs are not finite", batch.inputs), ("the targets are not finite", batch.targets),
             ("the weights of the examples are not finite", batch.weights))  # fmt: skip
    for sentence, values in given:
        if values is not None and not torch.isfinite(values).all():
            return Fault(say(sentence), _rows_of(values, batch))
    if batch.weights is not None and not batch.weights.any():
        return Fault(say("the weights of all its examples are zero"), batch.rows.tolist())
    return None


def _rows_of(output: Tensor, batch: Batch) -> list[int]:
    """Return the rows for which an output is not finite; all where it has no row for each of them."""
    if output.dim() and len(output) == len(batch.rows):
        bad = ~torch.isfinite(output.detach()).reshape(len(output), -1).all(1)
        return [int(row) for row in batch.rows[bad.nonzero().flatten()]]
    return [int(row) for row in batch.rows]


def _layer(state: TrainingState, batch: Batch) -> Fault | None:
    """Look at the output of every layer, then at the loss."""
    found: list[Fault] = []

    def watch(name: str, output: object) -> None:
        if not found and isinstance(output, Tensor) and not torch.isfinite(output).all():
            found.append(Fault(say("layer '{}' is not finite", name), _rows_of(output, batch)))

    handles = [
        module.register_forward_hook(
            lambda module, _inputs, output, name=name: watch(name or type(module).__name__, output)
        )
        for name, module in state.learner.model.named_modules()
        if not list(module.children())
    ]
    with torch.no_grad():
        total = state.learner(batch, state.carried).total
    for handle in handles:
        handle.remove()
    if found:
        return found[0]
    return None if torch.isfinite(total) else Fault(say("the loss is not finite"), _guilty(state, batch, _bad_loss))


def _gradient(state: TrainingState, batch: Batch) -> Fault | None:
    """Look at the gradients; the parameter nearest to the loss is named, since they are computed from there."""
    bad = _bad_gradients(state, batch)
    if not bad:
        return None
    rows = _guilty(state, batch, lambda state, piece: bool(_bad_gradients(state, piece)))
    return Fault(say("the gradient of '{}' is not finite (every output is)", bad[-1]), rows)


def _bad_gradients(state: TrainingState, batch: Batch) -> list[str]:
    """Return the names of the parameters whose gradient is not finite."""
    named = [pair for pair in state.learner.model.named_parameters() if pair[1].requires_grad]
    result = state.learner(batch, state.carried)
    slopes = torch.autograd.grad(result.total / result.count, [each for _, each in named], allow_unused=True)
    return [
        name for (name, _), slope in zip(named, slopes, strict=True)
        if slope is not None and not torch.isfinite(slope).all()
    ]  # fmt: skip


def _bad_loss(state: TrainingState, batch: Batch) -> bool:
    """Say whether the loss of a batch is not finite."""
    with torch.no_grad():
        return not bool(torch.isfinite(state.learner(batch, state.carried).total))


def _guilty(state: TrainingState, batch: Batch, bad: Callable[[TrainingState, Batch], bool]) -> list[int]:
    """Return the rows for which something is bad by themselves; all where none is, or none can be asked alone."""
    rows = [int(row) for row in batch.rows]
    if state.least > 1 or state.carried is not None:
        return rows
    return [int(piece.rows[0]) for piece in batch.pieces(len(rows)) if bad(state, piece)] or rows


def some_of(names: list[str]) -> str:
    """Name the first few, and say how many more there are.

    Example:
        >>> some_of(["a", "b"]), some_of(list("abcdefg"))
        ('a, b', 'a, b, c, d, e and 2 more')
    """
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else say("{} and {} more", shown, len(names) - NAMED)
