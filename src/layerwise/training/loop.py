"""The loop: forward, loss, backward, update. The only place that calls `backward()`.

`train` is a generator. It yields after every update, when everything is consistent; whoever iterates decides what
happens between two updates: draw a bar, write a line, measure, save, or stop. Nothing calls back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from layerwise.tasks.contract import Batch, LossResult
from layerwise.training.direct import DirectUpdate
from layerwise.training.finite import FiniteCheck
from layerwise.training.memory import keep_memory
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
    keep_memory()
    check, rule = FiniteCheck(state), DirectUpdate(state.optimizer)
    state.confirm = check.read
    while state.epoch < state.settings.epochs:
        epoch, batches = state.epoch, state.batches()
        state.learner.train()
        while state.epoch == epoch:
            batch = state.batch(batches[state.position])
            rate = state.schedule.rate(state.step)
            result = update(state, batch, rate, check, rule)
            state.step += 1
            ends_epoch = state.position + 1 == len(batches)
            state.position = 0 if ends_epoch else state.position + 1
            state.epoch = epoch + ends_epoch
            if ends_epoch:
                check.read()
            yield Step(state.step, epoch, batch, result, rate, ends_epoch)


def update(state: TrainingState, batch: Batch, rate: float, check: FiniteCheck, rule: DirectUpdate) -> LossResult:
    """Make one update: forward, loss, backward, step."""
    rule.clear()
    check.keep()
    if state.settings.accumulate == 1 and state.ranks.alone:
        result: LossResult = state.learner(batch, state.carried)
        # The slope of the mean by the sum: handed in, it costs no node of its own in the graph.
        one = result.total.new_ones(()) if state.scale is None else state.scale.scale
        result.total.backward(one / result.count)  # type: ignore[no-untyped-call]
    else:
        result = accumulate(state, batch)
    finite = check.look(batch, result.total)
    if state.settings.clip_norm:
        clip_grad_norm_(state.learner.parameters(), state.settings.clip_norm)
    if state.settings.clip_value:
        clip_grad_value_(state.learner.parameters(), state.settings.clip_value)
    if finite:
        rule.make(rate)
    state.carried = detached(result.state)
    return result


def accumulate(state: TrainingState, batch: Batch) -> LossResult:
    """Take the gradient of a batch in pieces and over all processes: sums are added, then divided by their count."""
    total, count = torch.zeros((), device=batch.inputs.device), torch.zeros((), device=batch.inputs.device)
    result, outputs, parts = LossResult(total, 0.0, total), [], dict[str, Tensor]()
    carried = state.carried
    for piece in batch.pieces(state.settings.accumulate):
        result = state.learner(piece, carried)
        carried = detached(result.state)
        (result.total if state.scale is None else result.total * state.scale.scale).backward()  # type: ignore[no-untyped-call]
        total, count = total + result.total.detach(), count + result.count
        outputs.append(result.output)
        for name, part in result.parts.items():
            parts[name] = parts.get(name, 0.0) + part.detach()
    learned = [parameter for parameter in state.learner.parameters() if parameter.requires_grad]
    state.ranks.sum_gradients(learned)
    total, count = state.ranks.sum(total, count)
    for parameter in learned:
        if parameter.grad is not None:
            parameter.grad /= count
    output = outputs[0] if len(outputs) == 1 else torch.cat(outputs) if outputs else result.output
    return replace(result, total=total, count=count, output=output, parts=parts)


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
