"""Learn a run stage by stage, keep its weights, and measure it; from the start or from a checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import torch
from torch import nn

from layerwise.config import Experiment, Train
from layerwise.data.preprocess import ImageStep
from layerwise.errors import LayerwiseError
from layerwise.files import flush_lines, open_lines, write_text
from layerwise.language import say
from layerwise.randomness import generator
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import Opened
from layerwise.runs.weights import save_weights
from layerwise.tasks.contract import ClosedForm, LearnsInStages, Moves, Stage
from layerwise.training.augment import Augmentation, augmentation
from layerwise.training.device import computing_with
from layerwise.training.history import Epoch, History
from layerwise.training.ranks import Ranks
from layerwise.training.state import Plan, prepare
from layerwise.workflow.balance import decide
from layerwise.workflow.evaluate import evaluate
from layerwise.workflow.keep import Checkpoints
from layerwise.workflow.learn import Listener, Outcome, Records, learn
from layerwise.workflow.prepare import Prepared

__all__ = ["Begun", "augment", "finish", "learn_stages"]


@dataclass(frozen=True)
class Begun:
    """What is known before learning begins: shown to the user, and saved."""

    experiment: Experiment
    prepared: Prepared
    plan: Plan
    folder: RunFolder
    model: nn.Module

    @property
    def parameters(self) -> int:
        """Number of parameters of the network."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def closed_form(self) -> bool:
        """Whether the network is solved at once."""
        return isinstance(self.model, ClosedForm)


def learn_stages(begun: Begun, ranks: Ranks, listener: Listener, resumed: Mapping[str, Any] | None = None) -> Outcome:
    """Learn stage after stage; a stage is solved at once where its learner can, else by gradients.

    Args:
        begun: What was resolved, with the network at its starting weights.
        ranks: This process among those that learn together.
        listener: Who is told how learning goes on.
        resumed: The checkpoint to go on from, or None.
    """
    model, prepared, whole = begun.model, begun.prepared, begun.experiment
    stages = model.stages() if isinstance(model, LearnsInStages) else (Stage(""),)
    outcome, before = Outcome((), 0, "fit"), resumed["before"] if resumed else 0
    history, first = History(), resumed["stage"] if resumed else 0
    if ranks.rank:
        # Every process draws its own noise; order and augmentation are counted and therefore the same.
        torch.manual_seed(generator(whole.train.seed, "process", ranks.rank).initial_seed())
    with computing_with(begun.plan.threads), lines_of(begun.folder, ranks, resumed) as lines:
        for number in range(first, len(stages)):
            stage = stages[number]
            learner = stage.learner or model
            if isinstance(learner, ClosedForm):
                learner.fit(prepared.examples["train"])
                continue
            change = augment(prepared, whole.train, whole.preprocess.augment)
            state = prepare(
                model, prepared.task, prepared.examples["train"], whole.train, begun.plan, augment=change, ranks=ranks,
                stage=stage,
            )  # fmt: skip
            keeper = Checkpoints(begun.folder, whole.train.checkpoint_seconds, ranks, before)
            records = Records(history, model, number, stage.name, lines, keeper, resumed if number == first else None)
            outcome = learn(state, prepared.examples["validation"], listener, records)
            before += state.step
            if outcome.reason == "interrupted":
                break
    return outcome


@contextmanager
def lines_of(folder: RunFolder, ranks: Ranks, resumed: Mapping[str, Any] | None) -> Iterator[IO[Any] | None]:
    """Open the history for more lines, cut back to the epochs of the checkpoint that learning goes on from."""
    if ranks.rank:
        yield None
        return
    path = folder.path / "history.jsonl"
    if resumed is not None or path.exists():
        # Killed before its first checkpoint, a run begins again, and so does its history.
        kept = resumed["history"]["epochs"] if resumed else []
        epochs = [Epoch(**epoch).to_json() for epoch in kept]
        write_text(path, "".join(json.dumps(epoch, ensure_ascii=False, allow_nan=False) + "\n" for epoch in epochs))
    with open_lines(path) as lines:
        yield lines
        # Weights and figures follow: a run that has them has its whole history.
        flush_lines(lines)


def finish(begun: Begun, ranks: Ranks, outcome: Outcome) -> tuple[Opened, Outcome]:
    """Keep the weights, and measure unless learning was interrupted; process 0 alone writes.

    Args:
        begun: What was resolved, with the network as it was learned.
        ranks: This process among those that learned together.
        outcome: How learning ended.
    """
    folder, prepared = begun.folder, begun.prepared
    if ranks.rank == 0:
        # Measured as `predict` will find it: on the processor, channel after channel.
        begun.model.cpu().to(memory_format=torch.contiguous_format)
        save_weights(folder.path / "model.safetensors", begun.model)
        if outcome.reason != "interrupted":
            with computing_with(begun.plan.threads):
                prepared = decide(begun.model, prepared, begun.experiment, folder)
                evaluate(begun.model, prepared, begun.experiment, folder, outcome)
    # Nobody leaves before the folder is whole.
    ranks.any(False)
    return Opened(folder, prepared.task, prepared.preprocessing), outcome


def augment(prepared: Prepared, settings: Train, changes: tuple[str, ...]) -> Augmentation | None:
    """Set the random changes of training pictures up.

    Raises:
        LayerwiseError: The inputs are not pictures.
    """
    if not changes:
        return None
    step = prepared.preprocessing.steps[0]
    if not isinstance(step, ImageStep):
        raise LayerwiseError(
            say("Augmentation changes pictures."),
            say("the inputs are a text") if step.kind == "text" else say("the inputs are a table"),
            say("Leave --augment out."), usage=True,
        )  # fmt: skip
    # After preprocessing black is (0 - mean) / deviation, and the full range 1 / deviation.
    black = tuple(-mean / deviation for mean, deviation in zip(step.mean, step.deviation, strict=True))
    unit = tuple(1 / deviation for deviation in step.deviation)
    count, task = len(prepared.examples["train"]), prepared.task
    moves = task if isinstance(task, Moves) else None
    return augmentation(changes, seed=settings.seed, examples=count, black=black, unit=unit, moves=moves)
