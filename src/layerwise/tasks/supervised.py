"""Examples of tasks in which each row of the data is one example with a target of its own."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from layerwise.data.kinds import Numbers
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.tasks.contract import Examples
from layerwise.tasks.ragged import Ragged

__all__ = ["supervised", "taken", "weights_of"]


class Targets(Protocol):
    """A task that knows the target of each row."""

    def targets(self, source: Source) -> Tensor:
        """Return the targets of every row as the loss takes them."""

    def truths(self, source: Source, rows: np.ndarray) -> np.ndarray:
        """Return the targets of some rows as they are measured."""


def supervised(task: Targets, source: Source, rows: np.ndarray, inputs: Tensor | Ragged) -> Examples:
    """Return one example a row.

    Args:
        task: Knows the targets.
        source: All rows; new data may lack the target.
        rows: Rows of the part.
        inputs: The preprocessed inputs of all rows.
    """
    index, ids = torch.from_numpy(np.asarray(rows)), source.ids()
    names, weights = tuple(ids[row] for row in rows), weights_of(source)
    if not source.named("target"):
        return Examples(taken(inputs, index), torch.zeros(len(index), 0), names)
    return Examples(
        taken(inputs, index), task.targets(source)[index], names, None if weights is None else weights[index],
        task.truths(source, rows),
    )  # fmt: skip


def taken(values: Tensor | Ragged, rows: Tensor) -> Tensor | Ragged:
    """Return some items in the form they have."""
    if isinstance(values, Tensor):
        return values[rows]
    items = [values.item(int(row)) for row in rows]
    return Ragged.of(items, values.fill) if items else Ragged(values.values[:0], torch.zeros(1).long(), values.fill)


def weights_of(source: Source) -> Tensor | None:
    """Return the weight of each row, or None where the data have none.

    Raises:
        LayerwiseError: A weight is missing or negative, or the field holds no numbers.
    """
    names = source.named("weight")
    if not names:
        return None
    column = source.columns[names[0]]
    if not isinstance(column, Numbers) or not (column.values >= 0).all():
        raise LayerwiseError(
            say("Weights are numbers of at least 0."), say("'{}' holds others", names[0]), say("Mend that field.")
        )
    return torch.from_numpy(column.values.astype(np.float32))
