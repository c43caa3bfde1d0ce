"""Replay one training step of a run by hand: its first one, or the one that a checkpoint stands before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from layerwise.errors import LayerwiseError
from layerwise.explain.replay.next_update import replay_next
from layerwise.language import say
from layerwise.models import build
from layerwise.runs.checkpoints import complete, load
from layerwise.runs.opened import Opened
from layerwise.tasks.contract import ClosedForm, LearnsInStages, Stage
from layerwise.training.snapshot import restore_state
from layerwise.training.state import Plan, TrainingState, prepare
from layerwise.workflow.explain import prepared_again
from layerwise.workflow.prepare import Prepared
from layerwise.workflow.stages import augment

if TYPE_CHECKING:
    from layerwise.explain.replay.result import StepReplay

__all__ = ["rebuilt", "step_by_hand"]


def step_by_hand(
    opened: Opened, *, precision: Literal["float64", "float32"] = "float64", after: int = 0, data: Any = None
) -> StepReplay:
    """Replay one training step of a run in NumPy and compare every parameter with torch.

    Args:
        opened: The run.
        precision: In which numbers both sides compute.
        after: Updates made before the step: 0 for the first one, else those of a checkpoint of the run; -1 for the
            newest checkpoint.
        data: The data, where the run was trained on data in memory.

    Raises:
        LayerwiseError: There is no such checkpoint, learning ended there, or an operation cannot be replayed.
    """
    prepared = prepared_again(opened, data)
    with torch.random.fork_rng():
        if after:
            state = at_checkpoint(opened, prepared, after)
        else:
            _, state = rebuilt(opened, prepared)
        return replay_next(state, precision=precision)


def rebuilt(opened: Opened, prepared: Prepared, stage: int = 0) -> tuple[nn.Module, TrainingState]:
    """Build the network of a run again as learning found it, and set a stage of learning up at its first step.

    Torch's random stream is left where the first update of the run found it.

    Args:
        opened: The run.
        prepared: Its data.
        stage: Number of the stage; what earlier ones learned is not there yet.

    Raises:
        LayerwiseError: The model learns in closed form and has no steps.
    """
    whole = opened.folder.experiment()
    torch.manual_seed(whole.train.seed)
    shape, outputs = prepared.preprocessing.input_shape, prepared.task.outputs()
    network = build(whole.model.name, shape, outputs, whole.model.options)
    stages = network.stages() if isinstance(network, LearnsInStages) else (Stage(""),)
    if isinstance(stages[stage].learner or network, ClosedForm):
        raise LayerwiseError(
            say("A step is replayed for networks that learn by gradients."),
            say("'{}' is solved at once", whole.model.name), say("Choose another run: layerwise runs"), usage=True,
        )  # fmt: skip
    change = augment(prepared, whole.train, whole.preprocess.augment)
    state = prepare(
        network, prepared.task, prepared.examples["train"], whole.train, Plan("cpu", 1), augment=change,
        stage=stages[stage],
    )  # fmt: skip
    return network, state


def at_checkpoint(opened: Opened, prepared: Prepared, after: int) -> TrainingState:
    """Set learning up as it stood at one of the checkpoints of a run.

    Raises:
        LayerwiseError: There is no such checkpoint, or learning ended there.
    """
    known = {checkpoint.step: checkpoint for checkpoint in complete(opened.folder.path)}
    shown = ", ".join(map(str, sorted(known))) or say("none")
    wanted = max(known, default=0) if after == -1 else after
    if wanted not in known:
        raise LayerwiseError(
            say("A step is replayed from the start or from a checkpoint of the run."),
            say("no checkpoint after {} updates in '{}'", wanted, opened.folder.name) if known
            else say("no checkpoint in '{}'", opened.folder.name),
            say("There are: {}.", shown) if known else say("Leave --after out, or train with --checkpoint-seconds 1."),
            usage=True,
        )  # fmt: skip
    tree = load(known[wanted])
    network, state = rebuilt(opened, prepared, tree["stage"])
    restore_state(state, network, tree)
    if tree["ended"]:
        raise LayerwiseError(
            say("A step is replayed where one follows."), say("learning ended after {} updates", wanted),
            say("There are: {}.", shown), usage=True,
        )  # fmt: skip
    return state
