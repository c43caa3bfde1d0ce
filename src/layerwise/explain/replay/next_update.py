"""Replay the update that a training state stands before: the first of a run, or any that a checkpoint precedes."""

from __future__ import annotations

import copy
from dataclasses import replace

from layerwise.errors import LayerwiseError
from layerwise.explain.replay.memory import remembered
from layerwise.explain.replay.result import StepReplay
from layerwise.explain.replay.step import Corruption, replay_step
from layerwise.explain.replay.tape import Precision
from layerwise.language import say
from layerwise.training.state import TrainingState

__all__ = ["replay_next"]


def replay_next(
    state: TrainingState, *, precision: Precision = "float64", corrupt: Corruption = "nothing"
) -> StepReplay:
    """Replay the next update of a training state with its weights, optimiser memory, carried state and batch.

    The state stays as it is. Masks of dropout are those of torch's random stream as it stands at the call; a checkpoint
    restores that stream.

    Args:
        state: Where learning stands.
        precision: In which numbers both sides compute, whatever the run computes in.
        corrupt: For tests: leave out the update, or change one term.

    Raises:
        LayerwiseError: Nothing is left to learn, or an operation is not in the table of replayed operations.
    """
    if state.epoch >= state.settings.epochs:
        raise LayerwiseError(
            say("A step is replayed where another update follows."),
            say("all {} epochs are learned", state.settings.epochs), say("Choose an earlier step."), usage=True,
        )  # fmt: skip
    learner = copy.deepcopy(state.learner)
    learner.plan = replace(learner.plan, precision="float32", device="cpu")
    # A learner that makes its own batch changes what it remembers.
    standing = replace(state, carried=copy.deepcopy(state.carried))
    batch = standing.batch(standing.batches()[standing.position])
    settings = replace(state.settings, learning_rate=state.schedule.rate(state.step))
    return replay_step(
        learner, batch, settings, state=standing.carried, memory=remembered(state.optimizer, state.learner),
        number=state.step + 1, precision=precision, corrupt=corrupt,
    )  # fmt: skip
