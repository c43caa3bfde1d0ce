"""Run the learning: the loop, and everyone who listens to it between two updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

from torch import nn

from layerwise.files import append_line, flush_lines
from layerwise.tasks.contract import Examples, MakesBatches
from layerwise.training.history import Epoch, History, measure
from layerwise.training.interrupt import interruptible
from layerwise.training.loop import Step, train
from layerwise.training.snapshot import restore_state, take_snapshot
from layerwise.training.state import TrainingState
from layerwise.training.stopping import EarlyStopping

__all__ = ["Keeper", "Listener", "Outcome", "Records", "Silence", "learn"]


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


class Keeper(Protocol):
    """Someone who keeps checkpoints."""

    def due(self) -> bool:
        """Say whether it is time for one; must cost next to nothing."""

    def keep(self, tree: dict[str, Any], facts: Mapping[str, int | float | str | None]) -> None:
        """Keep one."""


@dataclass
class Records:
    """What is kept of a run while it learns.

    Args:
        history: The epochs so far, of every stage.
        network: The whole network; a stage may learn only a part of it.
        stage: Number of the stage, from 0, and its name.
        name: Name of the stage; empty where there is only one.
        lines: Where each epoch is appended, or None.
        keeper: Who keeps checkpoints, or None.
        resumed: The checkpoint to go on from, or None.
    """

    history: History
    network: nn.Module
    stage: int = 0
    name: str = ""
    lines: IO[Any] | None = None
    keeper: Keeper | None = None
    resumed: Mapping[str, Any] | None = None


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


def learn(state: TrainingState, validation: Examples, listener: Listener, records: Records | None = None) -> Outcome:
    """Learn until a reason to stop, with the best weights of the validation part at the end.

    Args:
        state: Where to begin.
        validation: Examples that choose when to stop; may be empty.
        listener: Who is told.
        records: What is kept meanwhile; only the history where left out.
    """
    kept = records or Records(History(), state.learner.model)
    stopping = EarlyStopping(state.learner.model, state.settings.patience)
    if kept.resumed is None:
        kept.history.begin(kept.name)
    else:
        restore_state(state, kept.network, kept.resumed)
        kept.history.restore(kept.resumed["history"])
        stopping.restore(kept.resumed["stopping"])
    measured = validation_loss(state, validation)
    # A run that was interrupted at the very end of its last epoch has nothing left to do.
    reason = kept.resumed["ended"] if kept.resumed else ""
    listener.began(state.schedule.steps, state.settings.epochs)
    try:
        with interruptible() as interrupted:
            for step in train(state) if not reason else ():
                kept.history.observe(step)
                listener.stepped(step.number)
                if step.ends_epoch:
                    epoch = close(kept.history, step, state, measured)
                    listener.closed(epoch)
                    if kept.lines is not None:
                        append_line(kept.lines, epoch.to_json())
                    if stops(state, stopping, epoch):
                        reason = state.settings.stopping
                stop = state.ranks.any(interrupted())
                if kept.keeper and state.ranks.any(stop or kept.keeper.due()):
                    with interrupted.saving():
                        keep(kept, kept.keeper, state, stopping, reason)
                if stop:
                    reason = "interrupted"
                if reason:
                    break
    finally:
        listener.ended()
    stopping.give_back()
    epochs = tuple(kept.history.epochs)
    last = epochs[-1].epoch if epochs else 0
    return Outcome(epochs, stopping.best_epoch or last, reason or "epochs")


def keep(records: Records, keeper: Keeper, state: TrainingState, stopping: EarlyStopping, ended: str) -> None:
    """Keep a checkpoint of everything that going on needs."""
    tree = take_snapshot(state, records.network) | {
        "stage": records.stage, "history": records.history.to_tree(), "stopping": stopping.to_tree(), "ended": ended,
    }  # fmt: skip
    last = records.history.epochs[-1] if records.history.epochs else None
    facts: dict[str, int | float | str | None] = {
        "stage": records.name, "epoch": state.epoch, "validation_loss": last.validation_loss if last else None,
    }  # fmt: skip
    if records.lines is not None:
        # A power cut must not leave a checkpoint of epochs that the history does not know.
        flush_lines(records.lines)
    keeper.keep(tree, facts)


def validation_loss(state: TrainingState, validation: Examples) -> Callable[[], float | None]:
    """Return how to measure the validation loss, or that there is none."""
    if not len(validation):
        return lambda: None
    resident, task = validation.to(state.plan.device), state.learner.task
    if isinstance(task, MakesBatches):
        return lambda: state.ranks.told(task.shortfall(state.learner.model, resident))
    # Process 0 decides for all, so that none stops alone.
    return lambda: state.ranks.told(measure(state.learner, resident))


def close(history: History, step: Step, state: TrainingState, measured: Callable[[], float | None]) -> Epoch:
    """Close an epoch: measure what the stopping rule needs, and let the schedule hear of it."""
    loss = measured()
    wrong = count_wrong(state) if state.settings.stopping == "no-errors" else None
    epoch = history.close(step, loss, wrong, 0 if state.scale is None else state.scale.left_out())
    state.schedule.observe(epoch.train_loss if loss is None else loss)
    return epoch


def count_wrong(state: TrainingState) -> int:
    """Count the training examples that are now answered wrongly."""
    answers = state.learner.task.answer(state.learner.model, state.examples)
    _, targets, _ = state.examples.tensors()
    return int((answers.argmax(1) != targets.cpu().numpy()).sum())


def stops(state: TrainingState, stopping: EarlyStopping, epoch: Epoch) -> bool:
    """Say whether the stopping rule asks for an end."""
    if state.settings.stopping == "no-errors":
        return epoch.wrong == 0
    if state.settings.stopping == "validation" and epoch.validation_loss is not None:
        return stopping.observe(epoch.epoch, epoch.validation_loss)
    return False
