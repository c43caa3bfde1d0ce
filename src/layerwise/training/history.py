"""What a run was like, epoch by epoch: losses, rate and time, one line of JSON each."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from layerwise.language import say
from layerwise.tasks.arrangement import STREAM, in_streams
from layerwise.tasks.contract import Examples
from layerwise.training.loop import Step
from layerwise.training.state import Learner

__all__ = ["Epoch", "History", "in_order", "measure", "part_name"]

SPIKE, RECENT, FIRST = 5.0, 50, 10
"""An update is flagged whose loss is this many times the largest of so many before it, once there are a few."""

EPOCH_SPIKE = 2.0
"""An epoch is flagged whose training loss is this many times the lowest one before."""


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
        spike: Number of the first update whose loss jumped to five times the largest of the fifty before it, or of the
            last one where the epoch's is twice the lowest before; 0 where it did not.
        left_out: Updates left out since the beginning because their gradients overflowed in float16.
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
    spike: int = 0
    left_out: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the epoch as plain values; a number that is not finite becomes null."""
        return {name: finite(value) for name, value in asdict(self).items()}


def part_name(name: str) -> str:
    """Return the name of a part of the loss in words of the language in use.

    Example:
        >>> part_name("class_scores"), part_name("box")
        ('class scores', 'box')
    """
    words = name.replace("_", " ")
    return say(words)


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
        self._losses: deque[float] = deque(maxlen=RECENT)
        self._start()

    def begin(self, stage: str) -> None:
        """Begin a part of learning."""
        self._stage = stage
        self._losses.clear()
        self._start()

    def _start(self) -> None:
        self._total: Tensor | float = 0.0
        self._count: Tensor | float = 0.0
        self._parts: dict[str, Tensor | float] = {}
        self._spike = 0
        self._began = time.monotonic()

    def observe(self, step: Step) -> None:
        """Add one update."""
        total = step.result.total.detach()
        if total.device.type == "cpu":
            # Reading a number of the processor costs less than adding tensors; on a card it would wait.
            read, count = total.item(), float(step.result.count)
            self._watch(read / max(count, 1e-300), step.number)
            self._total, self._count = self._total + read, self._count + count
        else:
            self._total, self._count = self._total + total, self._count + step.result.count
        for name, part in step.result.parts.items():
            self._parts[name] = self._parts.get(name, 0.0) + part.detach()

    def _watch(self, loss: float, number: int) -> None:
        """Flag a loss that is far above those of the updates before it."""
        if not self._spike and len(self._losses) >= FIRST and loss > SPIKE * max(self._losses) > 0:
            self._spike = number
        self._losses.append(loss)

    def close(self, step: Step, validation_loss: float | None, wrong: int | None, left_out: int = 0) -> Epoch:
        """Read the sums of an epoch and begin the next one."""
        count = max(float(self._count), 1e-300)
        mean = float(self._total) / count
        before = (epoch.train_loss for epoch in self.epochs if epoch.stage == self._stage)
        lowest = min(before, default=math.inf)
        if not self._spike and lowest > 0 and mean > EPOCH_SPIKE * lowest:
            self._spike = step.number
        epoch = Epoch(
            step.epoch + 1, step.number, mean, validation_loss, wrong, step.learning_rate,
            time.monotonic() - self._began, self._stage, self._spike, left_out,
            {name: float(part) / count for name, part in self._parts.items()},
        )  # fmt: skip
        self.epochs.append(epoch)
        self._start()
        return epoch

    def to_tree(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: the epochs so far and the sums of the running one."""
        return {
            "epochs": [asdict(epoch) for epoch in self.epochs], "stage": self._stage, "total": self._total,
            "count": self._count, "parts": dict(self._parts), "spike": self._spike,
            "losses": list(self._losses), "seconds": time.monotonic() - self._began,
        }  # fmt: skip

    def restore(self, tree: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.epochs = [Epoch(**epoch) for epoch in tree["epochs"]]
        self._stage, self._total, self._count = tree["stage"], tree["total"], tree["count"]
        self._parts, self._spike = dict(tree["parts"]), tree["spike"]
        self._losses = deque(tree["losses"], maxlen=RECENT)
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
