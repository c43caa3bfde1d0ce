"""Replay one training step in NumPy: forward, loss, backward and update, and compare with torch on every parameter.

torch runs the step once, so that the order of the operations is known and there is something to compare with. All
arithmetic of the replay is NumPy through `byhand`; an operation outside the table is refused by name and line.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from layerwise.byhand import optimizers
from layerwise.config import Train
from layerwise.explain.replay.compare import Compared, Gradients, compare_gradients, rounding_noise, row, settle
from layerwise.explain.replay.memory import Memory, by_hand, learned, recall
from layerwise.explain.replay.result import ParameterRow, StepReplay, step_lines
from layerwise.explain.replay.rules import RULES
from layerwise.explain.replay.tape import Precision, backward_by_hand, replay_forward
from layerwise.explain.trace import Trace, record
from layerwise.language import say
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
    memory: Memory | None = None,
    number: int = 0,
    precision: Precision = "float64",
    corrupt: Corruption = "nothing",
) -> StepReplay:
    """Replay a training step and compare every parameter's gradient and update with torch.

    w_new = w - rule(dE/dw); compared are dE/dw and w_new - w, each relative to its largest entry.

    The network, its statistics and the random states stay as they are; set the seed before the call and the masks of
    dropout are those of that seed.

    Args:
        learner: Called with a batch and a state, it answers with the loss; it is copied.
        batch: What is learned from.
        train: Optimiser, learning rate, weight decay and clipping.
        state: What the batch before carried over.
        memory: What the optimiser remembers of the steps before, from `remembered`; None at the first.
        number: Which update of a run this is, from 1; 0 where that is not known.
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
        trace = record(work, _in_precision(batch, kind), _carried(state, kind), known=frozenset(RULES))
    values = replay_forward(trace, precision)
    slopes = backward_by_hand(trace, values, wrong_term=corrupt == "term")
    update = Update(train, memory or {}, {name: weight.numpy(force=True).copy() for name, weight in learned(work)})
    # Before torch changes the weights that the trace holds.
    noise = rounding_noise(trace, values) if precision == "float32" else {}
    expected = _by_torch(work, trace, update)
    compared = compare_gradients(trace, values, slopes, expected[0], update.before, TOLERANCES[precision], noise)
    rows = _rows(compared, expected, update, precision, corrupt)
    loss = float(trace.result.total.item() / float(trace.result.count))
    return StepReplay(
        rows, step_lines(trace, RULES), train.optimizer, precision, values.loss, abs(values.loss - loss),
        number, update.clipping(list(expected[0].values())),
    )  # fmt: skip


@dataclass(frozen=True)
class Update:
    """The update of a step: settings, memory, and the parameters before it.

    Args:
        train: Optimiser, learning rate, weight decay and clipping.
        memory: What torch's optimiser remembers.
        before: The parameters by name.
    """

    train: Train
    memory: Memory
    before: Gradients

    def updates(self, gradients: Gradients, *, nudge: float = 0.0) -> Gradients:
        """Return w_new - w of every parameter, from gradients that a nudge makes longer by that share."""
        slopes = list(gradients.values())
        if self.train.clip_norm:
            slopes = optimizers.clip_by_norm(slopes, self.train.clip_norm)[0]
        if self.train.clip_value:
            slopes = optimizers.clip_by_value(slopes, self.train.clip_value)
        updates = {name: np.zeros_like(weight) for name, weight in self.before.items()}
        for name, slope in zip(gradients, slopes, strict=True):
            updates[name] = self.new_weight(name, slope * (1 + nudge)) - self.before[name]
        return updates

    def new_weight(self, name: str, slope: np.ndarray) -> np.ndarray:
        """Take one step of the optimiser."""
        weight, train = self.before[name], self.train
        rate, decay = train.learning_rate, train.weight_decay
        held = by_hand(train.optimizer, self.memory.get(name), weight)
        match train.optimizer:
            case "sgd":
                return optimizers.sgd(weight, slope, learning_rate=rate, weight_decay=decay)[0]
            case "momentum":
                return optimizers.momentum(
                    weight, slope, held, learning_rate=rate, momentum=train.momentum, weight_decay=decay
                )[0]
            case "nesterov":
                return optimizers.nesterov(
                    weight, slope, held, learning_rate=rate, momentum=train.momentum, weight_decay=decay
                )[0]
            case "adagrad":
                return optimizers.adagrad(weight, slope, held, learning_rate=rate, weight_decay=decay)[0]
            case "rmsprop":
                return optimizers.rmsprop(
                    weight, slope, held, learning_rate=rate, decay=train.smoothing, weight_decay=decay
                )[0]
            case "adam":
                return optimizers.adam(weight, slope, held, learning_rate=rate, weight_decay=decay)[0]
            case "adamw":
                return optimizers.adamw(weight, slope, held, learning_rate=rate, weight_decay=decay)[0]

    def clipping(self, slopes: list[np.ndarray]) -> str:
        """Say what clipping does to these gradients; an empty text where nothing is clipped."""
        sentences = []
        if self.train.clip_norm:
            clipped, length = optimizers.clip_by_norm(slopes, self.train.clip_norm)
            sentences.append(
                say("Clipping by length: all gradients together are {} long, the limit is {}.", f"{length:.4g}",
                    f"{self.train.clip_norm:g}")
            )  # fmt: skip
            slopes = clipped
        if self.train.clip_value:
            beyond = sum(int((np.abs(slope) > self.train.clip_value).sum()) for slope in slopes)
            sentences.append(
                say("Clipping by value: {} entries are beyond the limit of {}.", f"{beyond:,}",
                    f"{self.train.clip_value:g}")
            )  # fmt: skip
        return " ".join(sentences)


def _rows(
    compared: Mapping[str, Compared],
    torch_side: tuple[Gradients, Gradients],
    update: Update,
    precision: Precision,
    corrupt: Corruption,
) -> tuple[ParameterRow, ...]:
    """Compare the update of every parameter, once its gradients are compared."""
    tolerance, unit = TOLERANCES[precision], float(np.finfo(precision).eps)
    expected, expected_updates = torch_side
    from_hand = update.updates({name: compared[name].by_hand for name in expected})
    from_torch = update.updates({name: compared[name].by_torch for name in expected})
    nudged = update.updates({name: compared[name].by_torch for name in expected}, nudge=2 * unit)
    rows = []
    for name, weight in update.before.items():
        moved, swapped = settle(compared[name], from_hand[name], from_torch[name], tolerance)
        if corrupt == "update":
            moved = np.zeros_like(weight)
        spread = np.abs(nudged[name] - from_torch[name])
        updates = (moved, swapped, expected_updates[name])
        rows.append(row(name, compared[name], weight, updates, spread, tolerance))
    return tuple(rows)


def _in_precision(batch: Batch, kind: torch.dtype) -> Batch:
    """Return the batch on the processor, its real numbers in a precision."""
    changed: dict[str, Any] = {
        name: tensor.to("cpu", kind if tensor.is_floating_point() else tensor.dtype)
        for name in ("inputs", "targets", "rows", "weights")
        if isinstance(tensor := getattr(batch, name), Tensor)
    }
    return replace(batch, **changed)


def _carried(tree: Any, kind: torch.dtype) -> Any:
    """Return a copy of what is carried, on the processor, its real numbers in a precision."""
    if isinstance(tree, Tensor):
        return tree.detach().to("cpu", kind if tree.is_floating_point() else tree.dtype, copy=True)
    if isinstance(tree, Mapping):
        return {name: _carried(part, kind) for name, part in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(_carried(part, kind) for part in tree)
    return tree


def _by_torch(learner: nn.Module, trace: Trace, update: Update) -> tuple[Gradients, Gradients]:
    """Let torch differentiate and update the copy; return gradients and updates."""
    named = learned(learner)
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
        # The fused kernels take it for granted that a gradient lies in memory as its parameter does.
        parameter.grad = None if slope is None else torch.empty_like(parameter).copy_(slope)
    if update.train.clip_norm:
        clip_grad_norm_(weights, update.train.clip_norm)
    if update.train.clip_value:
        clip_grad_value_(weights, update.train.clip_value)
    optimizer = build_optimizer(weights, update.train)
    recall(optimizer, learner, update.memory)
    optimizer.step()
    return gradients, {name: parameter.numpy(force=True) - update.before[name] for name, parameter in named}
