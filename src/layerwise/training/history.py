"""What a run was like, epoch by epoch: losses, rate and time, one line of JSON each."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from layerwise.tasks.arrangement import STREAM, in_streams
from layerwise.tasks.contract import Examples
from layerwise.training.loop import Step
from layerwise.training.state import Learner

__all__ = ["Epoch", "History", "in_order", "measure"]

SPIKE = 2.0
"""A training loss this many times the lowest one before is flagged."""


@dataclass(frozen=True)
class Epoch:
    """One epoch.

    Args:
        epoch: Its number, from 1.
        step: Updates made so far.
        train_loss: Mean loss over the examples as they were learned from.
        validation_loss: Mean loss over the validation part afterwards; None without one.
        wrong: Training examples that were answered wrongly as they were learned from; None where nothing counts.
        learning_rate: Step size of the last update.
        seconds: Time of the epoch.
        stage: The part of learning it belongs to; empty where there is only one.
        spike: Whether the loss jumped: more than twice the lowest training loss of an epoch before.
        parts: Mean of each named part of the loss, or of what is shown beside it.
    """

    epoch: int
    step: int
    train_loss: float
    validation_loss: float | None
    wrong: int | None
    learning_rate: float
    seconds: float
    stage: str = ""
    spike: bool = False
    parts: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the epoch as plain values; a number that is not finite becomes null."""
        return {name: finite(value) for name, value in asdict(self).items()}


def finite(value: Any) -> Any:
    """Return a value with null in the place of every number that is not finite."""
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


class History:
    """Adds up the losses of an epoch where they are, on the device, and reads them once at its end."""

    def __init__(self) -> None:
        self.epochs: list[Epoch] = []
        self._stage = ""
        self._start()

    def begin(self, stage: str) -> None:
        """Begin a part of learning."""
        self._stage = stage
        self._start()

    def _start(self) -> None:
        self._total: Tensor | float = 0.0
        self._count: Tensor | float = 0.0
        self._parts: dict[str, Tensor | float] = {}
        self._began = time.monotonic()

    def observe(self, step: Step) -> None:
        """Add one update."""
        self._total = self._total + step.result.total.detach()
        self._count = self._count + step.result.count
        for name, part in step.result.parts.items():
            self._parts[name] = self._parts.get(name, 0.0) + part.detach()

    def close(self, step: Step, validation_loss: float | None, wrong: int | None) -> Epoch:
        """Read the sums of an epoch and begin the next one."""
        count = max(float(self._count), 1e-300)
        mean = float(self._total) / count
        before = (epoch.train_loss for epoch in self.epochs if epoch.stage == self._stage)
        lowest = min(before, default=math.inf)
        epoch = Epoch(
            step.epoch + 1, step.number, mean, validation_loss, wrong, step.learning_rate,
            time.monotonic() - self._began, self._stage, lowest > 0 and mean > SPIKE * lowest,
            {name: float(part) / count for name, part in self._parts.items()},
        )  # fmt: skip
        self.epochs.append(epoch)
        self._start()
        return epoch

    def to_tree(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: the epochs so far and the sums of the running one."""
        return {
            "epochs": [asdict(epoch) for epoch in self.epochs], "stage": self._stage, "total": self._total,
            "count": self._count, "parts": dict(self._parts), "seconds": time.monotonic() - self._began,
        }  # fmt: skip

    def restore(self, tree: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.epochs = [Epoch(**epoch) for epoch in tree["epochs"]]
        self._stage, self._total, self._count = tree["stage"], tree["total"], tree["count"]
        self._parts = dict(tree["parts"])
        self._began = time.monotonic() - tree["seconds"]


def measure(learner: Learner, examples: Examples, *, batch_size: int = 1024) -> float:
    """Return the mean loss over examples in evaluation mode; the learner's mode is restored.

    What one batch hands on reaches the next, as in learning; the first begins with nothing.
    """
    training = learner.training
    learner.eval()
    total, count, carried = 0.0, 0.0, None
    with torch.inference_mode():
        for rows in in_order(examples, batch_size):
            result = learner(examples.batch(rows.to(examples.inputs.device)), carried)
            total, count, carried = total + float(result.total), count + float(result.count), result.state
    learner.train(training)
    return total / max(count, 1e-300)


def in_order(examples: Examples, batch_size: int) -> list[Tensor]:
    """Return the rows of every batch when examples are only asked about: streams as streams, all others row by row."""
    if examples.arrangement is in_streams:
        return examples.batches(0, 0, max(1, min(batch_size, len(examples) // STREAM)))
    return list(torch.split(torch.arange(len(examples)), batch_size))
