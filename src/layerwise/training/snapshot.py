"""What a run is made of between two updates, as one tree: everything that going on from there needs, to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.training.loop import detached
from layerwise.training.state import TrainingState

__all__ = ["restore_state", "take_snapshot"]


def take_snapshot(state: TrainingState, network: nn.Module) -> dict[str, Any]:
    """Return weights, optimiser, schedule, position and, of every process, carried state and random state.

    Args:
        state: Where learning stands; every process asks.
        network: The whole network; a stage may learn only a part of it.

    Raises:
        LayerwiseError: An update on a card, not yet looked at, was not finite: nothing stands behind such a batch.
    """
    state.confirm()
    own = {"carried": detached(state.carried), "random": random_states(state)}
    return {
        "network": network.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "schedule": {"best": state.schedule.best, "waited": state.schedule.waited, "drops": state.schedule.drops},
        "scale": state.scale.to_tree() if state.scale else None,
        "epoch": state.epoch, "step": state.step, "position": state.position,
        "processes": state.ranks.gathered(own),
    }  # fmt: skip


def restore_state(state: TrainingState, network: nn.Module, tree: Mapping[str, Any]) -> None:
    """Go on from a snapshot.

    Args:
        state: Learning at its first step, set up as it was then.
        network: The whole network.
        tree: The snapshot.

    Raises:
        LayerwiseError: It was taken with another number of processes.
    """
    processes = tree["processes"]
    if len(processes) != state.ranks.size:
        raise LayerwiseError(
            say("A run goes on with as many processes as it was interrupted with."),
            say("the checkpoint is of {} processes, here are {}", len(processes), state.ranks.size),
            say("Start it with torchrun --nproc-per-node {}.", len(processes)), usage=True,
        )  # fmt: skip
    network.load_state_dict(tree["network"])
    state.optimizer.load_state_dict(tree["optimizer"])
    lay_out(state.optimizer)
    for name, value in tree["schedule"].items():
        setattr(state.schedule, name, value)
    if state.scale is not None:
        state.scale.restore(tree["scale"])
    state.epoch, state.step, state.position = tree["epoch"], tree["step"], tree["position"]
    own = processes[state.ranks.rank]
    state.carried = on_device(own["carried"], torch.device(state.plan.device))
    torch.set_rng_state(own["random"]["processor"])
    if own["random"]["card"] is not None:
        torch.cuda.set_rng_state(own["random"]["card"], torch.device(state.plan.device))


def lay_out(optimizer: Optimizer) -> None:
    """Give the memory of each weight its layout: a fused kernel goes through both in the order they lie in."""
    for parameter, memory in optimizer.state.items():
        for name, value in memory.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                memory[name] = torch.empty_like(parameter.detach()).copy_(value)


def random_states(state: TrainingState) -> dict[str, Any]:
    """Return the state of torch's own random streams, which dropout and sampling draw from."""
    card = torch.device(state.plan.device)
    return {
        "processor": torch.get_rng_state(),
        "card": torch.cuda.get_rng_state(card) if card.type == "cuda" else None,
    }


def on_device(tree: Any, device: torch.device) -> Any:
    """Return a tree with its tensors on a device."""
    if isinstance(tree, torch.Tensor):
        return tree.to(device)
    if isinstance(tree, dict):
        return {name: on_device(value, device) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(on_device(value, device) for value in tree)
    return tree
