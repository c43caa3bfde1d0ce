"""The loop: forward, loss, backward, update. The only place that calls `backward()`.

`train` is a generator. It yields after every update, when everything is consistent; whoever iterates decides what
happens between two updates: draw a bar, write a line, measure, save, or stop. Nothing calls back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from layerwise.tasks.contract import Batch, LossResult
from layerwise.training.finite import FiniteCheck
from layerwise.training.state import TrainingState

__all__ = ["Step", "train"]


class Step(NamedTuple):
    """One update.

    Args:
        number: Updates made so far, from 1.
        epoch: The epoch it belongs to, from 0.
        batch: What was learned from.
        result: The loss; its tensors are still on the device, and reading them is the reader's choice.
        learning_rate: Step size of this update.
        ends_epoch: Whether every example of the epoch has now been seen.
    """

    number: int
    epoch: int
    batch: Batch
    result: LossResult
    learning_rate: float
    ends_epoch: bool


def train(state: TrainingState) -> Iterator[Step]:
    """Learn from where the state stands to the last epoch, one update at a time.

    Raises:
        LayerwiseError: A gradient is not finite; the weights are those of the step before.
    """
    check = FiniteCheck(state)
    while state.epoch < state.settings.epochs:
        epoch, order = state.epoch, state.order()
        state.learner.train()
        while state.epoch == epoch:
            end = state.end()
            batch = state.batch(order[state.position : end])
            rate = state.schedule.rate(state.step)
            result = update(state, batch, rate, check)
            state.step += 1
            ends_epoch = end == len(order)
            state.position = 0 if ends_epoch else end
            state.epoch = epoch + ends_epoch
            if ends_epoch:
                check.read()
            yield Step(state.step, epoch, batch, result, rate, ends_epoch)


def update(state: TrainingState, batch: Batch, rate: float, check: FiniteCheck) -> LossResult:
    """Make one update: forward, loss, backward, step."""
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    result: LossResult = state.learner(batch, state.carried)
    state.optimizer.zero_grad(set_to_none=True)
    (result.total / result.count).backward()  # type: ignore[no-untyped-call]
    if state.settings.clip_norm:
        clip_grad_norm_(state.learner.parameters(), state.settings.clip_norm)
    check.look(batch, result.total)
    state.optimizer.step()
    state.carried = detached(result.state)
    return result


def detached(carried: object) -> object:
    """Cut a tree of carried tensors off from the graph of the batch that made it."""
    if isinstance(carried, Tensor):
        return carried.detach()
    if isinstance(carried, dict):
        return {name: detached(value) for name, value in carried.items()}
    if isinstance(carried, tuple):
        return tuple(detached(value) for value in carried)
    if isinstance(carried, list):
        return [detached(value) for value in carried]
    return carried


def outputs(state: TrainingState, inputs: Tensor, *, batch_size: int = 1024) -> Tensor:
    """Return what the network answers in evaluation mode; its mode is restored."""
    model = state.learner.model
    training = model.training
    model.eval()
    with torch.inference_mode():
        answers = [model(inputs[start : start + batch_size]) for start in range(0, len(inputs), batch_size)]
    model.train(training)
    return torch.cat(answers)
