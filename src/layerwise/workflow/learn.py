"""Run the learning: the loop, and everyone who listens to it between two updates."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from layerwise.files import append_line
from layerwise.tasks.contract import Examples
from layerwise.training.history import Epoch, History, measure
from layerwise.training.interrupt import interruptible
from layerwise.training.loop import Step, outputs, train
from layerwise.training.state import TrainingState
from layerwise.training.stopping import EarlyStopping

__all__ = ["Listener", "Outcome", "Silence", "learn"]


class Listener(Protocol):
    """Someone who shows how a run goes on."""

    def began(self, steps: int, epochs: int) -> None:
        """Learn how long it can take."""

    def stepped(self, number: int) -> None:
        """Hear of an update; must cost next to nothing."""

    def closed(self, epoch: Epoch) -> None:
        """Hear of a finished epoch."""

    def ended(self) -> None:
        """Hear that learning is over."""


class Silence:
    """A listener that shows nothing."""

    def began(self, steps: int, epochs: int) -> None:
        """Show nothing."""

    def stepped(self, number: int) -> None:
        """Show nothing."""

    def closed(self, epoch: Epoch) -> None:
        """Show nothing."""

    def ended(self) -> None:
        """Show nothing."""


@dataclass(frozen=True)
class Outcome:
    """How learning ended.

    Args:
        epochs: The history.
        best_epoch: The epoch whose weights the network now has, from 1.
        reason: `epochs`, `validation`, `no-errors`, `fit` or `interrupted`.
    """

    epochs: tuple[Epoch, ...]
    best_epoch: int
    reason: str


def learn(state: TrainingState, validation: Examples, history_file: Path | None, listener: Listener) -> Outcome:
    """Learn until a reason to stop, with the best weights of the validation part at the end.

    Args:
        state: Where to begin.
        validation: Examples that choose when to stop; may be empty.
        history_file: Where to append one line an epoch, or None.
        listener: Who is told.
    """
    history = History()
    stopping = EarlyStopping(state.learner.model, state.settings.patience)
    measured = validation_loss(state, validation)
    reason = "epochs"
    listener.began(state.schedule.steps, state.settings.epochs)
    stream = history_file.open("a", encoding="utf-8") if history_file else nullcontext()
    try:
        with interruptible() as interrupted, stream as lines:
            for step in train(state):
                history.observe(step)
                listener.stepped(step.number)
                if step.ends_epoch:
                    epoch = close(history, step, state, measured)
                    listener.closed(epoch)
                    if lines is not None:
                        append_line(lines, epoch.to_json())
                    if stops(state, stopping, epoch):
                        reason = state.settings.stopping
                        break
                if interrupted():
                    reason = "interrupted"
                    break
    finally:
        listener.ended()
    stopping.restore()
    return Outcome(tuple(history.epochs), stopping.best_epoch or len(history.epochs), reason)


def validation_loss(state: TrainingState, validation: Examples) -> Callable[[], float | None]:
    """Return how to measure the validation loss, or that there is none."""
    if not len(validation):
        return lambda: None
    device = state.plan.device
    weights = None if validation.weights is None else validation.weights.to(device)
    resident = Examples(validation.inputs.to(device), validation.targets.to(device), validation.ids, weights)
    return lambda: measure(state.learner, resident)


def close(history: History, step: Step, state: TrainingState, measured: Callable[[], float | None]) -> Epoch:
    """Close an epoch: measure what the stopping rule needs, and let the schedule hear of it."""
    loss = measured()
    wrong = count_wrong(state) if state.settings.stopping == "no-errors" else None
    epoch = history.close(step, loss, wrong)
    state.schedule.observe(epoch.train_loss if loss is None else loss)
    return epoch


def count_wrong(state: TrainingState) -> int:
    """Count the training examples that are now answered wrongly."""
    answers = outputs(state, state.examples.inputs)
    predicted = torch.from_numpy(state.learner.task.decode(state.learner.model, answers).argmax(1))
    return int((predicted != state.examples.targets.cpu()).sum())


def stops(state: TrainingState, stopping: EarlyStopping, epoch: Epoch) -> bool:
    """Say whether the stopping rule asks for an end."""
    if state.settings.stopping == "no-errors":
        return epoch.wrong == 0
    if state.settings.stopping == "validation" and epoch.validation_loss is not None:
        return stopping.observe(epoch.epoch, epoch.validation_loss)
    return False
