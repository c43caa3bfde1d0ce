"""Everything that learning needs to go on from where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.tasks.contract import Batch, Examples, LossResult, MakesBatches, OwnsLoss, Stage, Task
from layerwise.training.augment import Augmentation
from layerwise.training.optimizers import build_optimizer
from layerwise.training.precision import LossScale, computing
from layerwise.training.ranks import ALONE, Ranks
from layerwise.training.schedules import Schedule

__all__ = ["Learner", "Plan", "TrainingState", "prepare", "refuse_small_batches", "smallest_batch"]


@dataclass(frozen=True)
class Plan:
    """How the work is laid out on the machine.

    Args:
        device: Where tensors live: `cpu`, `cuda`.
        threads: Processor threads of one operation.
        resident: Whether all examples are held on the device.
        precision: Numbers of the forward and backward pass: `float32`, `bfloat16`, `float16`.
        memory_format: How maps lie in memory: channel after channel (`contiguous`), or all channels of a pixel side by
            side (`channels-last`).
        trials: What each plan took that was measured before; none where rules decided.
    """

    device: str
    threads: int
    resident: bool = True
    precision: str = "float32"
    memory_format: str = "contiguous"
    trials: tuple[str, ...] = ()


class Learner(nn.Module):
    """Model and task as one module whose `forward` is the loss: what is copied to devices, compiled or stacked.

    Args:
        model: The network.
        task: What is asked of it; a network that owns its loss is asked directly.
        plan: In which precision and where the loss is computed.
    """

    def __init__(self, model: nn.Module, task: Task, plan: Plan) -> None:
        super().__init__()
        self.model = model
        self.task = task
        self.plan = plan
        self._own = model.loss if isinstance(model, OwnsLoss) else None

    def forward(self, batch: Batch, carried: Any = None) -> LossResult:
        """Return the loss of a batch, and what the next batch needs."""
        with computing(self.plan.precision, self.plan.device):
            if self._own is not None:
                return self._own(batch, carried)
            return self.task.loss(self.model, batch, carried)


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
        position: Updates of the running epoch already made.
        carried: What the task carries from batch to batch.
        least: Examples of the smallest batch: where the network normalises, two for each piece of each process.
        ranks: This process among those that learn together.
        scale: What the loss is multiplied with in float16, else None.
        confirm: Raises where an update since the last look was not finite; a card is waited for.
    """

    learner: Learner
    optimizer: Optimizer
    schedule: Schedule
    examples: Examples
    settings: Train
    plan: Plan
    augment: Augmentation | None = None
    epoch: int = 0
    step: int = 0
    position: int = 0
    carried: Any = field(default=None)
    least: int = 1
    ranks: Ranks = ALONE
    scale: LossScale | None = None
    confirm: Callable[[], None] = field(default=lambda: None)

    def __post_init__(self) -> None:
        task = self.learner.task
        # Asked once: whether a class follows a protocol takes longer than a small network.
        self._makes = task if isinstance(task, MakesBatches) else None

    def batches(self) -> list[Tensor]:
        """Return the rows of every update of the running epoch, on the device of the examples."""
        batches = self.examples.batches(self.settings.seed, self.epoch, self.settings.batch_size)
        if len(batches) > 1 and len(batches[-1]) < self.least:
            # Over one example alone nothing can be normalised: a last batch that is too small joins the one before it.
            batches[-2:] = [torch.cat(batches[-2:])]
        device = self.examples.inputs.device
        return [self.ranks.share(rows).to(device) for rows in batches]

    def batch(self, rows: Tensor) -> Batch:
        """Gather, or make, and augment the examples of one update."""
        if self._makes is not None:
            with torch.no_grad():
                batch, self.carried = self._makes.make(
                    self.learner.model, self.examples, rows, self.carried, seed=self.settings.seed, epoch=self.epoch
                )
            return batch
        batch = self.examples.batch(rows)
        return batch if self.augment is None else self.augment(batch, self.epoch)


def smallest_batch(model: nn.Module, settings: Train, processes: int) -> int:
    """Return how many examples a batch must hold: where the network normalises over it, two in every piece.

    Args:
        model: The network.
        settings: Settings of learning; a batch is cut into `accumulate` pieces in each process.
        processes: Processes that share a batch.

    Example:
        >>> smallest_batch(nn.BatchNorm1d(3), Train(accumulate=2), 2), smallest_batch(nn.Linear(3, 1), Train(), 2)
        (8, 1)
    """
    normalises = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())
    return 2 * settings.accumulate * processes if normalises else 1


def refuse_small_batches(least: int, size: int) -> None:
    """Refuse batches that leave one example alone to a layer that normalises.

    Args:
        least: Examples that a batch must hold.
        size: Examples that it holds.

    Raises:
        LayerwiseError: It holds fewer.
    """
    if size < least:
        raise LayerwiseError(
            say("Batch normalisation needs at least two examples at once, in every piece and process."),
            say("batches of {} examples, {} are needed", size, least),
            say("Use a larger --batch-size, fewer pieces or processes, or a network without it."), usage=True,
        )  # fmt: skip


def prepare(
    model: nn.Module, task: Task, examples: Examples, settings: Train, plan: Plan, *,
    augment: Augmentation | None = None, ranks: Ranks = ALONE, stage: Stage | None = None,
) -> TrainingState:  # fmt: skip
    """Set learning up at its first step.

    Args:
        model: The network, with its starting weights.
        task: What is asked of it.
        examples: The training part.
        settings: Settings of learning.
        plan: Layout on the machine.
        augment: Random changes of the inputs, or None.
        ranks: This process among those that learn together.
        stage: The part of learning, where there are several; its settings go first.

    Raises:
        LayerwiseError: The network normalises, and a piece of a batch would hold one example alone.
    """
    learned = model
    if stage is not None:
        settings = replace(settings, **stage.settings)
        learned = model if stage.learner is None else stage.learner
    least = smallest_batch(learned, settings, ranks.size)
    refuse_small_batches(least, min(settings.batch_size, len(examples)))
    device = torch.device(plan.device)
    layout = torch.channels_last if plan.memory_format == "channels-last" else torch.contiguous_format
    model.to(device)
    learner = Learner(learned.to(device).to(memory_format=layout), task, plan)
    state = TrainingState(
        learner, build_optimizer(learned.parameters(), settings), Schedule(settings, 0, 1), examples.to(device),
        settings, plan, augment, least=least, ranks=ranks,
        scale=LossScale(device) if plan.precision == "float16" else None,
    )  # fmt: skip
    steps_per_epoch = max(1, len(state.batches()))
    state.schedule = Schedule(settings, settings.epochs * steps_per_epoch, steps_per_epoch)
    return state
