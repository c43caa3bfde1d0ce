"""Note which operations a loss is made of: their order, their links and the user's source line; torch computes once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from layerwise.explain.operations import Leaf, Link, Operation, OperationRecorder, tensors_of
from layerwise.explain.recorder import undisturbed
from layerwise.tasks.contract import Batch, LossResult

__all__ = ["Leaf", "Link", "Operation", "Trace", "record", "record_forward"]


@dataclass(frozen=True)
class Trace:
    """The operations of one loss.

    Args:
        operations: In the order in which they ran.
        leaves: Values that no operation made, by place.
        total: Place of the summed loss.
        count: What it is divided by: a place or a number.
        result: The loss as torch had it.
        tensors: Copies of all values by place, where they were asked for.
    """

    operations: tuple[Operation, ...]
    leaves: Mapping[int, Leaf]
    total: Link
    count: Link | float
    result: LossResult
    tensors: Mapping[int, Tensor] = field(default_factory=dict)

    def value(self, link: Link | int) -> Tensor:
        """Return a copied value."""
        return self.tensors[link if isinstance(link, int) else link.place]

    def after(self, operation: Operation) -> Operation | None:
        """Return the operation that took an operation's result, if exactly one did."""
        users = [each for each in self.operations if operation.outputs[0] in each.direct()]
        return users[0] if len(users) == 1 else None


def record(
    learner: nn.Module, batch: Batch, state: Any = None, *, keep: bool = False, known: frozenset[str] | None = None
) -> Trace:
    """Run forward and loss once and note every operation.

    Args:
        learner: Called with a batch and a state, it answers with a `LossResult`.
        batch: What is learned from.
        state: What the batch before carried over.
        keep: Copy every value, for views.
        known: Names of operations that can be done again; any other that no parameter has a part in makes data. None
            where all are to be noted.

    Raises:
        LayerwiseError: A tensor was changed in place while another name for it was still in use.

    Example:
        >>> from layerwise.explain.subject import ExampleLoss
        >>> from layerwise.tasks.classify import Classify
        >>> learner = ExampleLoss(nn.Linear(2, 3), Classify(("a", "b", "c")))
        >>> trace = record(learner, Batch(torch.ones(1, 2), torch.tensor([0]), torch.zeros(1)))
        >>> [operation.name for operation in trace.operations]
        ['linear', 'cross_entropy']
    """
    recorder = OperationRecorder(keep, known)
    for name, parameter in learner.named_parameters():
        recorder.add(parameter, Leaf("parameter", name.removeprefix("model."), parameter))
    for name in ("inputs", "targets", "rows", "weights"):
        tensor = getattr(batch, name)
        if tensor is not None:
            recorder.add(tensor, Leaf("batch", name, tensor))
    with _module_paths(learner, recorder.stack), recorder:
        result: LossResult = learner(batch, state)
    count = recorder.link(result.count) if isinstance(result.count, Tensor) else float(result.count)
    total = recorder.link(result.total)
    return Trace(tuple(recorder.operations), recorder.leaves, total, count, result, recorder.copies)


def record_forward(model: nn.Module, inputs: Tensor) -> Trace:
    """Run a network once on an example, without a loss, and note every operation with a copy of its result.

    Args:
        model: Any network; its mode, statistics and the random states come back afterwards.
        inputs: `(1, ...)`.

    Example:
        >>> trace = record_forward(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), torch.ones(1, 2))
        >>> [(operation.name, operation.module) for operation in trace.operations]
        [('linear', '0'), ('relu', '1')]
    """
    places = torch.zeros(len(inputs), dtype=torch.int64)
    with undisturbed(model), torch.no_grad():
        return record(_Forward(model), Batch(inputs, places, places), keep=True)


class _Forward(nn.Module):
    """The network alone, in the place of one that ends in a loss."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch, state: Any) -> LossResult:
        """Return what the network answers."""
        output = next(tensors_of(self.model(batch.inputs)))
        return LossResult(output, 1.0, output)


@contextmanager
def _module_paths(learner: nn.Module, stack: list[str]) -> Iterator[None]:
    """Keep the path of the module that is running on top of a stack."""
    with ExitStack() as hooks:
        for path, module in learner.named_modules():
            name = "" if path == "model" else path.removeprefix("model.")

            def enter(_module: nn.Module, _arguments: Any, name: str = name) -> None:
                stack.append(name)

            def leave(_module: nn.Module, _arguments: Any, _output: Any) -> None:
                stack.pop()

            hooks.callback(module.register_forward_pre_hook(enter).remove)
            hooks.callback(module.register_forward_hook(leave, always_call=True).remove)
        yield
