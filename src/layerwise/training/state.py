"""Everything that learning needs to go on from where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.tasks.contract import Batch, Examples, LossResult, OwnsLoss, Task
from layerwise.training.optimizers import build_optimizer
from layerwise.training.randomness import order
from layerwise.training.schedules import Schedule

__all__ = ["Learner", "Plan", "TrainingState", "prepare"]

Augment = Callable[[Tensor, Tensor, int], Tensor]
"""Changes a batch of training inputs: `(inputs, rows, epoch) -> inputs`."""


class Learner(nn.Module):
    """Model and task as one module whose `forward` is the loss: what is copied to devices, compiled or stacked.

    Args:
        model: The network.
        task: What is asked of it; a network that owns its loss is asked directly.
    """

    def __init__(self, model: nn.Module, task: Task) -> None:
        super().__init__()
        self.model = model
        self.task = task
        self._own = model.loss if isinstance(model, OwnsLoss) else None

    def forward(self, batch: Batch, carried: Any = None) -> LossResult:
        """Return the loss of a batch, and what the next batch needs."""
        if self._own is not None:
            return self._own(batch, carried)
        return self.task.loss(self.model, batch, carried)


@dataclass(frozen=True)
class Plan:
    """How the work is laid out on the machine.

    Args:
        device: Where tensors live: `cpu`, `cuda`.
        threads: Processor threads of one operation.
        resident: Whether all examples are held on the device.
    """

    device: str
    threads: int
    resident: bool = True


@dataclass
class TrainingState:
    """What resume needs: model, optimiser, schedule, carried state, position and plan.

    Randomness needs no entry of its own where it is counted (order, augmentation); torch's own stream, which dropout
    draws from, belongs to the checkpoint.

    Args:
        learner: Model and task as one module.
        optimizer: Rule and its memory.
        schedule: Learning rate of each step.
        examples: The training part.
        settings: Settings of learning.
        plan: Layout on the machine.
        augment: Random changes of the inputs, or None.
        epoch: Epochs finished.
        step: Updates made.
        position: Examples of the running epoch already learned from.
        carried: What the task carries from batch to batch.
        alone: Examples that may not be a batch of their own at the end of an epoch: 1 where the network normalises.
    """

    learner: Learner
    optimizer: Optimizer
    schedule: Schedule
    examples: Examples
    settings: Train
    plan: Plan
    augment: Augment | None = None
    epoch: int = 0
    step: int = 0
    position: int = 0
    carried: Any = field(default=None)
    alone: int = 0

    def end(self) -> int:
        """Return where the batch that begins at the position ends, among the examples of the epoch."""
        end, examples = self.position + self.settings.batch_size, len(self.examples)
        # Over one example alone nothing can be normalised: a single last one joins the batch before it.
        return examples if end >= examples - self.alone else end

    def order(self) -> Tensor:
        """Return the order of the running epoch on the device of the examples."""
        return order(self.settings.seed, self.epoch, len(self.examples)).to(self.examples.inputs.device)

    def batch(self, rows: Tensor) -> Batch:
        """Gather and augment the examples of one update."""
        batch = self.examples.batch(rows)
        if self.augment is None:
            return batch
        return Batch(self.augment(batch.inputs, rows, self.epoch), batch.targets, rows, batch.weights)


def normalises(model: nn.Module) -> bool:
    """Say whether a network has layers that normalise over the batch."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())


def prepare(
    model: nn.Module, task: Task, examples: Examples, settings: Train, plan: Plan, *, augment: Augment | None = None
) -> TrainingState:
    """Set learning up at its first step.

    Args:
        model: The network, with its starting weights.
        task: What is asked of it.
        examples: The training part.
        settings: Settings of learning.
        plan: Layout on the machine.
        augment: Random changes of the inputs, or None.

    Raises:
        LayerwiseError: The network normalises over batches of one example.
    """
    alone = int(normalises(model))
    if alone and min(settings.batch_size, len(examples)) == 1:
        raise LayerwiseError(
            say("Batch normalisation needs at least two examples at once."),
            say("batches of {} out of {} examples", settings.batch_size, len(examples)),
            say("Use a larger --batch-size, or a network without it."), usage=True,
        )  # fmt: skip
    device = torch.device(plan.device)
    learner = Learner(model.to(device), task)
    weights = None if examples.weights is None else examples.weights.to(device)
    resident = Examples(examples.inputs.to(device), examples.targets.to(device), examples.ids, weights)
    steps_per_epoch = max(1, math.ceil((len(examples) - alone) / settings.batch_size))
    schedule = Schedule(settings, settings.epochs * steps_per_epoch, steps_per_epoch)
    return TrainingState(
        learner, build_optimizer(model.parameters(), settings), schedule, resident, settings, plan, augment, alone=alone
    )
