"""What a run was like, epoch by epoch: losses, rate and time, one line of JSON each."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from layerwise.tasks.contract import Examples
from layerwise.training.loop import Step
from layerwise.training.state import Learner

__all__ = ["Epoch", "History", "measure"]


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
    """

    epoch: int
    step: int
    train_loss: float
    validation_loss: float | None
    wrong: int | None
    learning_rate: float
    seconds: float

    def to_json(self) -> dict[str, float | int | None]:
        """Return the epoch as plain values; a loss that is not finite becomes null."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }


class History:
    """Adds up the losses of an epoch where they are, on the device, and reads them once at its end."""

    def __init__(self) -> None:
        self.epochs: list[Epoch] = []
        self._start()

    def _start(self) -> None:
        self._total: Tensor | float = 0.0
        self._count: Tensor | float = 0.0
        self._began = time.monotonic()

    def observe(self, step: Step) -> None:
        """Add one update."""
        self._total = self._total + step.result.total.detach()
        self._count = self._count + step.result.count

    def close(self, step: Step, validation_loss: float | None, wrong: int | None) -> Epoch:
        """Read the sums of an epoch and begin the next one."""
        mean = float(self._total) / max(float(self._count), 1e-300)
        seconds = time.monotonic() - self._began
        epoch = Epoch(step.epoch + 1, step.number, mean, validation_loss, wrong, step.learning_rate, seconds)
        self.epochs.append(epoch)
        self._start()
        return epoch


def measure(learner: Learner, examples: Examples, *, batch_size: int = 1024) -> float:
    """Return the mean loss over examples in evaluation mode; the learner's mode is restored."""
    training = learner.training
    learner.eval()
    total, count = 0.0, 0.0
    with torch.inference_mode():
        for start in range(0, len(examples), batch_size):
            rows = torch.arange(start, min(start + batch_size, len(examples)), device=examples.inputs.device)
            result = learner(examples.batch(rows), None)
            total += float(result.total)
            count += float(result.count)
    learner.train(training)
    return total / max(count, 1e-300)
