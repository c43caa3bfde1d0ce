"""Several processes that learn together: each takes a share of every batch, gradients and losses are summed exactly.

`torchrun --nproc-per-node 2 -m layerwise train ...` starts them. Sums are divided by their counts only after they were
added over all processes, so that a batch that does not divide, masks and weights average as one process would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn

__all__ = ["ALONE", "Ranks", "beside_others", "processes", "together"]


@dataclass(frozen=True)
class Ranks:
    """This process among those that learn together.

    Args:
        rank: Its number, from 0; process 0 writes the run folder.
        size: How many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def alone(self) -> bool:
        """Whether this is the only process."""
        return self.size == 1

    def share(self, rows: Tensor) -> Tensor:
        """Return this process's share of some rows: every `size`-th; none where there are fewer rows than processes."""
        return rows if self.alone else rows[self.rank :: self.size]

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Add the gradients of all processes up; a parameter without one counts as zero."""
        if self.alone:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        whole = torch.cat([parameter.grad.flatten() for parameter in parameters if parameter.grad is not None])
        distributed.all_reduce(whole)
        parts = torch.split(whole, [parameter.numel() for parameter in parameters])
        for parameter, part in zip(parameters, parts, strict=True):
            # In the layout of the weight: the fused kernels go through both in the order of memory.
            parameter.grad = torch.empty_like(parameter).copy_(part.view_as(parameter))

    def sum(self, *values: Tensor | float) -> Tensor:
        """Add some numbers up over all processes, in 64 bits."""
        device = next((value.device for value in values if isinstance(value, Tensor)), torch.device("cpu"))
        added = torch.stack([torch.as_tensor(value, dtype=torch.float64, device=device) for value in values])
        if not self.alone:
            distributed.all_reduce(added)
        return added

    def any(self, flag: bool) -> bool:
        """Say whether a flag is set in any process."""
        return flag if self.alone else bool(self.sum(float(flag)) > 0)

    def gathered(self, value: Any) -> list[Any]:
        """Return what every process holds, in the order of their numbers; every process must ask."""
        if self.alone:
            return [value]
        found: list[Any] = [None] * self.size
        distributed.all_gather_object(found, value)
        return found

    def told(self, value: Any) -> Any:
        """Return what process 0 holds; every process must ask."""
        if self.alone:
            return value
        box = [value]
        distributed.broadcast_object_list(box)
        return box[0]


ALONE = Ranks()
"""One process."""


def processes() -> int:
    """Return how many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def beside_others() -> bool:
    """Say whether this is one of several processes, and not the one that speaks and writes."""
    return processes() > 1 and os.environ.get("RANK", "0") != "0"


@contextmanager
def together(device: str) -> Iterator[Ranks]:
    """Meet the other processes that torchrun started; alone where it did not."""
    if processes() == 1:
        yield ALONE
        return
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
