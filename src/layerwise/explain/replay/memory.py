"""What an optimiser remembers, in torch's words and in those of `byhand`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from layerwise.byhand.optimizers import Accumulated, Averages, Moments, Velocity

__all__ = ["Memory", "by_hand", "learned", "recall", "remembered"]

Memory = Mapping[str, Mapping[str, Any]]
"""torch's state of an optimiser, by the name of the parameter and of the entry; empty before the first step."""


def learned(learner: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Return the parameters that learn, by the names that a reader of the network knows."""
    return [
        (name.removeprefix("model."), parameter)
        for name, parameter in learner.named_parameters()
        if parameter.requires_grad
    ]


def remembered(optimizer: Optimizer, learner: nn.Module) -> Memory:
    """Return what an optimiser remembers of each parameter.

    Args:
        optimizer: The optimiser of the learner's parameters.
        learner: What it learns.

    Example:
        >>> import torch
        >>> network = nn.Linear(2, 1)
        >>> rule = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
        >>> remembered(rule, network)
        {}
    """
    known = {name: optimizer.state.get(parameter) for name, parameter in learned(learner)}
    return {name: dict(entry) for name, entry in known.items() if entry}


def recall(optimizer: Optimizer, learner: nn.Module, memory: Memory) -> None:
    """Give a fresh optimiser a memory, in the number type of the parameters it learns."""
    for name, parameter in learned(learner):
        if name in memory:
            optimizer.state[parameter] = {
                key: _like(value, parameter) if key != "step" else value.clone() for key, value in memory[name].items()
            }


def _like(value: Any, parameter: nn.Parameter) -> Any:
    """Return a copy in the type of a parameter."""
    return value.detach().to("cpu", parameter.dtype, copy=True) if isinstance(value, Tensor) else value


def by_hand(optimizer: str, entry: Mapping[str, Any] | None, weight: np.ndarray) -> Any:
    """Return torch's memory of one parameter as `byhand` holds it; None before the first step.

    Args:
        optimizer: Name of the rule.
        entry: torch's state of the parameter.
        weight: The parameter, whose number type the memory gets.

    Example:
        >>> import torch
        >>> by_hand("momentum", {"momentum_buffer": torch.ones(2)}, np.zeros(2)).velocity.tolist()
        [1.0, 1.0]
    """
    if not entry:
        return None

    def array(name: str) -> np.ndarray:
        return np.asarray(entry[name].numpy(force=True), dtype=weight.dtype)

    match optimizer:
        case "momentum" | "nesterov":
            return Velocity(array("momentum_buffer")) if entry.get("momentum_buffer") is not None else None
        case "adagrad":
            return Accumulated(int(entry["step"]), array("sum"))
        case "rmsprop":
            return Averages(array("square_avg"), np.zeros_like(weight), np.zeros_like(weight))
        case "adam" | "adamw":
            return Moments(int(entry["step"]), array("exp_avg"), array("exp_avg_sq"))
    return None
