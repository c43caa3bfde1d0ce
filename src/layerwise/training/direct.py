"""The update of torch's optimisers, called without what surrounds it.

An optimiser of torch groups, checks and profiles before each update; of a small network that takes longer than the
update. On the processor the same fused kernel is called here on lists gathered once. The optimiser keeps its memory,
so that a checkpoint is the one torch writes, and every number is the same bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

__all__ = ["DirectUpdate"]

Kernel = Callable[[list[Tensor], float], None]
"""An update by gradients, in the order of the parameters, and a learning rate."""


class DirectUpdate:
    """An optimiser's update on lists gathered once; torch's own where there is no direct one.

    Args:
        optimizer: The rule and its memory; one group of parameters.

    Example:
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> update = DirectUpdate(SGD([weight], lr=0.5, fused=True))
        >>> for _ in range(2):
        ...     update.clear()
        ...     weight.square().sum().backward()
        ...     update.make(0.5)
        >>> weight.item()
        0.0
    """

    def __init__(self, optimizer: Optimizer) -> None:
        (self._group,) = optimizer.param_groups
        self._optimizer = optimizer
        self._parameters: list[Tensor] = self._group["params"]
        alike = {(parameter.device.type, parameter.dtype) for parameter in self._parameters}
        on_processor = len(alike) == 1 and next(iter(alike))[0] == "cpu"
        self._possible = on_processor and bool(self._group.get("fused")) and isinstance(optimizer, SGD | Adam)
        # The rule's memory begins with its first update, which torch makes itself.
        self._kernel = self._gather() if self._possible else None

    def clear(self) -> None:
        """Forget the gradients of the update before."""
        for parameter in self._parameters:
            parameter.grad = None

    def make(self, rate: float) -> None:
        """Change the weights by their gradients.

        Args:
            rate: The learning rate.
        """
        self._group["lr"] = rate
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        if self._kernel is not None and len(gradients) == len(self._parameters):
            self._kernel(gradients, rate)
        else:
            if self._kernel is not None:
                self._count_apart()
            self._optimizer.step()
            self._kernel = self._gather() if self._possible else None

    def _count_apart(self) -> None:
        """Give every parameter a counter of its own again: torch counts up those of parameters with a gradient."""
        for entry in self._optimizer.state.values():
            if "step" in entry:
                entry["step"] = entry["step"].clone()

    def _gather(self) -> Kernel | None:
        """Return the kernel over all parameters, or None where torch's own way is needed."""
        if isinstance(self._optimizer, SGD) and not self._group["momentum"]:
            return _descent(self._parameters, self._group, [])
        memory = [
            self._optimizer.state[parameter] for parameter in self._parameters if self._optimizer.state.get(parameter)
        ]
        if len(memory) < len(self._parameters):
            return None
        if isinstance(self._optimizer, SGD):
            return _descent(self._parameters, self._group, [entry["momentum_buffer"] for entry in memory])
        if isinstance(self._optimizer, Adam) and len({float(entry["step"]) for entry in memory}) == 1:
            # One counter for all parameters, counted up once.
            for entry in memory:
                entry["step"] = memory[0]["step"]
            return _adam(self._parameters, self._group, memory, decoupled=isinstance(self._optimizer, AdamW))
        return None


def _descent(parameters: list[Tensor], group: dict[str, Any], buffers: list[Tensor]) -> Kernel:
    """Return gradient descent, with momentum where there are buffers for it."""

    def update(gradients: list[Tensor], rate: float) -> None:
        torch._fused_sgd_(
            parameters, gradients, buffers, lr=rate, weight_decay=group["weight_decay"], momentum=group["momentum"],
            dampening=group["dampening"], nesterov=group["nesterov"], maximize=False, is_first_step=False,
        )  # fmt: skip

    return update


def _adam(
    parameters: list[Tensor], group: dict[str, Any], memory: list[dict[str, Tensor]], *, decoupled: bool
) -> Kernel:
    """Return Adam, or AdamW, whose decay is decoupled from the gradient."""
    first, second = [entry["exp_avg"] for entry in memory], [entry["exp_avg_sq"] for entry in memory]
    counter = memory[0]["step"]
    counters = [counter] * len(memory)
    kernel = torch._fused_adamw_ if decoupled else torch._fused_adam_

    def update(gradients: list[Tensor], rate: float) -> None:
        counter.add_(1)
        kernel(
            parameters, gradients, first, second, [], counters, lr=rate, beta1=group["betas"][0],
            beta2=group["betas"][1], weight_decay=group["weight_decay"], eps=group["eps"], amsgrad=False,
            maximize=False,
        )  # fmt: skip

    return update
