"""Replay one training step in NumPy: forward, loss, backward and update, and compare with torch on every parameter.

torch runs the step once, so that the order of the operations is known and there is something to compare with. All
arithmetic of the replay is NumPy through `byhand`; an operation outside the table is refused by name and line.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from layerwise.byhand import optimizers
from layerwise.config import Train
from layerwise.explain.replay.compare import Gradients, compare_gradients, row, settle
from layerwise.explain.replay.result import ParameterRow, StepReplay, step_lines
from layerwise.explain.replay.rules import RULES
from layerwise.explain.replay.tape import Precision, Values, backward_by_hand, replay_forward
from layerwise.explain.trace import Trace, record
from layerwise.tasks.contract import Batch
from layerwise.training.optimizers import build_optimizer

__all__ = ["TOLERANCES", "Corruption", "replay_step"]

Corruption = Literal["nothing", "update", "term"]

TOLERANCES = {"float64": 1e-10, "float32": 1e-5}
"""Largest allowed error of a gradient or an update, relative to its largest entry."""


def replay_step(
    learner: nn.Module,
    batch: Batch,
    train: Train,
    *,
    state: Any = None,
    precision: Precision = "float64",
    corrupt: Corruption = "nothing",
) -> StepReplay:
    """Replay a training step from a fresh optimiser and compare every parameter's gradient and update with torch.

    w_new = w - rule(dE/dw); compared are dE/dw and w_new - w, each relative to its largest entry.

    The network, its statistics and the random states stay as they are; set the seed before the call and the masks of
    dropout are those of that seed.

    Args:
        learner: Called with a batch and a state, it answers with the loss; it is copied.
        batch: What is learned from.
        train: Optimiser, learning rate, weight decay and clipping.
        state: What the batch before carried over.
        precision: In which numbers both sides compute.
        corrupt: Leave out the update, or change one term of one gradient: the replay must then disagree.

    Raises:
        LayerwiseError: An operation is not in the table of replayed operations.

    Source:
        Lecture 003, "Back Propagation Learning Algorithm"; lecture 004, "Optimizer".

    Example:
        >>> from layerwise.explain.subject import ExampleLoss
        >>> from layerwise.tasks.classify import Classify
        >>> learner = ExampleLoss(nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)), Classify(("no", "yes")))
        >>> batch = Batch(torch.eye(2), torch.tensor([0, 1]), torch.arange(2))
        >>> replay_step(learner, batch, Train(optimizer="momentum")).ok
        True
    """
    kind = torch.float64 if precision == "float64" else torch.float32
    work = copy.deepcopy(learner).to("cpu", kind)
    work.train()
    with torch.random.fork_rng():
        trace = record(work, _in_precision(batch, kind), state)
    values = replay_forward(trace, precision)
    slopes = backward_by_hand(trace, values, wrong_term=corrupt == "term")
    before = {name: weight.numpy(force=True).copy() for name, weight in _parameters(work)}
    expected, expected_updates = _by_torch(work, trace, train, before)
    rows = _rows(trace, values, slopes, (expected, expected_updates), before, train, precision, corrupt)
    loss = float(trace.result.total.item() / float(trace.result.count))
    lines = step_lines(trace, RULES)
    return StepReplay(rows, lines, train.optimizer, precision, values.loss, abs(values.loss - loss))


def _rows(
    trace: Trace,
    values: Values,
    slopes: Mapping[int, np.ndarray],
    torch_side: tuple[Gradients, Gradients],
    before: Gradients,
    train: Train,
    precision: Precision,
    corrupt: Corruption,
) -> tuple[ParameterRow, ...]:
    """Compare every parameter, once its gradients are known from both sides."""
    tolerance, unit = TOLERANCES[precision], float(np.finfo(precision).eps)
    expected, expected_updates = torch_side
    compared = compare_gradients(trace, values, slopes, expected, before, tolerance)
    from_hand = _updates_by_hand(before, {name: compared[name].by_hand for name in expected}, train)
    from_torch = _updates_by_hand(before, {name: compared[name].by_torch for name in expected}, train)
    nudged = _updates_by_hand(before, {name: compared[name].by_torch for name in expected}, train, nudge=2 * unit)
    rows = []
    for name, weight in before.items():
        update, swapped = settle(compared[name], from_hand[name], from_torch[name], tolerance)
        if corrupt == "update":
            update = np.zeros_like(weight)
        spread = np.abs(nudged[name] - from_torch[name])
        updates = (update, swapped, expected_updates[name])
        rows.append(row(name, compared[name], weight, updates, spread, tolerance))
    return tuple(rows)


def _in_precision(batch: Batch, kind: torch.dtype) -> Batch:
    """Return the batch on the processor, its real numbers in a precision."""
    changed = {
        name: tensor.to("cpu", kind if tensor.is_floating_point() else tensor.dtype)
        for name in ("inputs", "targets", "rows", "weights")
        if isinstance(tensor := getattr(batch, name), Tensor)
    }
    return replace(batch, **changed)


def _parameters(learner: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Return the parameters that learn, by the names that a reader of the network knows."""
    return [
        (name.removeprefix("model."), parameter)
        for name, parameter in learner.named_parameters()
        if parameter.requires_grad
    ]


def _updates_by_hand(before: Gradients, gradients: Gradients, train: Train, *, nudge: float = 0.0) -> Gradients:
    """Return w_new - w of every parameter, from gradients that a nudge makes longer by that share."""
    slopes = list(gradients.values())
    if train.clip_norm:
        slopes = optimizers.clip_by_norm(slopes, train.clip_norm)[0]
    updates = {name: np.zeros_like(weight) for name, weight in before.items()}
    for name, slope in zip(gradients, slopes, strict=True):
        updates[name] = _new_weight(before[name], slope * (1 + nudge), train) - before[name]
    return updates


def _new_weight(weight: np.ndarray, slope: np.ndarray, train: Train) -> np.ndarray:
    """Take one step of the optimiser from a fresh state."""
    rate, decay = train.learning_rate, train.weight_decay
    match train.optimizer:
        case "sgd":
            return optimizers.sgd(weight, slope, learning_rate=rate, weight_decay=decay)[0]
        case "momentum":
            share = train.momentum
            return optimizers.momentum(weight, slope, learning_rate=rate, momentum=share, weight_decay=decay)[0]
        case "nesterov":
            share = train.momentum
            return optimizers.nesterov(weight, slope, learning_rate=rate, momentum=share, weight_decay=decay)[0]
        case "adagrad":
            return optimizers.adagrad(weight, slope, learning_rate=rate, weight_decay=decay)[0]
        case "rmsprop":
            return optimizers.rmsprop(weight, slope, learning_rate=rate, weight_decay=decay)[0]
        case "adam":
            return optimizers.adam(weight, slope, learning_rate=rate, weight_decay=decay)[0]
        case "adamw":
            return optimizers.adamw(weight, slope, learning_rate=rate, weight_decay=decay)[0]


def _by_torch(learner: nn.Module, trace: Trace, train: Train, before: Gradients) -> tuple[Gradients, Gradients]:
    """Let torch differentiate and update the copy; return gradients and updates."""
    named = _parameters(learner)
    weights = [parameter for _, parameter in named]
    if not weights:
        return {}, {}
    slopes = torch.autograd.grad(trace.result.total / trace.result.count, weights, allow_unused=True)
    gradients = {
        name: slope.numpy(force=True).copy()
        for (name, _), slope in zip(named, slopes, strict=True)
        if slope is not None
    }
    for parameter, slope in zip(weights, slopes, strict=True):
        parameter.grad = slope
    if train.clip_norm:
        clip_grad_norm_(weights, train.clip_norm)
    build_optimizer(weights, train).step()
    return gradients, {name: parameter.numpy(force=True) - before[name] for name, parameter in named}
