"""Items of different length, held end to end: texts, sequences, the boxes of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["Ragged", "as_values"]


@dataclass(frozen=True)
class Ragged:
    """Items of different length; taking some of them gives one dense tensor, padded to the longest of those taken.

    Args:
        values: All items, one after the other, `(total, ...)`.
        starts: Where each item begins, and where the last one ends, `(items + 1,)`.
        fill: What stands behind the end of a shorter item: a padding symbol, a class that does not exist.

    Example:
        >>> words = Ragged.of([torch.tensor([3, 1]), torch.tensor([5])], fill=0)
        >>> words[torch.tensor([1, 0])].tolist()
        [[5, 0], [3, 1]]
    """

    values: Tensor
    starts: Tensor
    fill: float

    @classmethod
    def of(cls, items: Sequence[Tensor], fill: float) -> Ragged:
        """Lay items end to end.

        Args:
            items: Tensors that differ in their first size only; at least one.
            fill: What pads a shorter item.
        """
        lengths = torch.tensor([0, *(len(item) for item in items)])
        return cls(torch.cat(list(items)), lengths.cumsum(0), fill)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Tensor:
        """Length of each item, `(items,)`."""
        return self.starts[1:] - self.starts[:-1]

    @property
    def device(self) -> torch.device:
        """Where the values live."""
        return self.values.device

    def to(self, device: torch.device | str) -> Ragged:
        """Return the same items on another device."""
        return Ragged(self.values.to(device), self.starts.to(device), self.fill)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return some items as one tensor `(rows, longest of them, ...)`."""
        first, lengths = self.starts[:-1][rows], self.lengths[rows]
        longest = int(lengths.max()) if len(lengths) else 0
        steps = torch.arange(longest, device=self.device)
        inside = steps < lengths[:, None]
        places = (first[:, None] + steps).clamp(max=max(len(self.values) - 1, 0))
        if not len(self.values):
            return self.values.new_full((len(lengths), longest, *self.values.shape[1:]), self.fill)
        taken = self.values[places]
        return torch.where(inside.reshape(*inside.shape, *[1] * (taken.dim() - 2)), taken, self.fill).to(taken.dtype)

    def item(self, row: int) -> Tensor:
        """Return one item in its own length."""
        return self.values[int(self.starts[row]) : int(self.starts[row + 1])]


def as_values(applied: np.ndarray | list[np.ndarray]) -> Tensor | Ragged:
    """Return preprocessed inputs as tensors: one of them where all have one size, else end to end, padded with 0."""
    if isinstance(applied, np.ndarray):
        return torch.from_numpy(applied)
    return Ragged.of([torch.from_numpy(item) for item in applied], fill=0)
