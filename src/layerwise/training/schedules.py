"""How the learning rate changes over the steps of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from layerwise.config import Train

__all__ = ["Schedule", "factor"]


def factor(settings: Train, step: int, steps: int, steps_per_epoch: int) -> float:
    """Return the share of the full learning rate at one step, without the plateau's memory.

    constant: 1. step: decay^floor(epoch / step_epochs). exponential: decay^max(0, epoch + 1 - step_epochs), as char-rnn
    counts. linear: 1 - t with t = step / steps. cosine: (1 + cos(pi t)) / 2.
    one-cycle: up linearly over the first 30 % of the steps and down linearly to 0 over the rest.
    A warm-up multiplies by (step + 1) / warm-up steps while it lasts.

    Args:
        settings: Name and numbers of the schedule.
        step: Number of updates made so far, from 0.
        steps: Number of updates of the whole run.
        steps_per_epoch: Number of updates of one epoch.

    Example:
        >>> round(factor(Train(schedule="cosine"), 50, 100, 10), 3)
        0.5
    """
    share = step / max(steps, 1)
    match settings.schedule:
        case "step":
            value = settings.decay ** (step // steps_per_epoch // settings.step_epochs)
        case "exponential":
            value = settings.decay ** max(0, step // steps_per_epoch + 1 - settings.step_epochs)
        case "linear":
            value = 1 - share
        case "cosine":
            value = (1 + math.cos(math.pi * share)) / 2
        case "one-cycle":
            value = (step + 1) / (0.3 * steps + 1) if share < 0.3 else (1 - share) / 0.7
        case _:
            value = 1.0
    warm_steps = settings.warm_up * steps
    return value * min(1.0, (step + 1) / warm_steps) if warm_steps >= 1 else value


@dataclass
class Schedule:
    """The learning rate of every step; a plateau schedule also listens to the validation loss.

    Args:
        settings: Name and numbers of the schedule.
        steps: Number of updates of the whole run.
        steps_per_epoch: Number of updates of one epoch.
        best: Lowest value observed so far (plateau).
        waited: Epochs since then (plateau).
        drops: How often the rate was lowered (plateau).
    """

    settings: Train
    steps: int
    steps_per_epoch: int
    best: float = math.inf
    waited: int = 0
    drops: int = 0

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        plateau = self.settings.decay**self.drops
        return self.settings.learning_rate * plateau * factor(self.settings, step, self.steps, self.steps_per_epoch)

    def observe(self, value: float) -> None:
        """Lower the rate of a plateau schedule when the value has not fallen for half the patience."""
        if self.settings.schedule != "plateau":
            return
        if value < self.best:
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited > self.settings.patience // 2:
            self.drops += 1
            self.waited = 0
