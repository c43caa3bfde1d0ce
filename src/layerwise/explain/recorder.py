"""Record what every module of a network took and gave on one example, and leave the network as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Call", "Recording", "record", "undisturbed"]


@dataclass(frozen=True)
class Call:
    """One call of one module.

    Args:
        path: Where the module stands: `C1`, `features.0`.
        index: How many calls of the same module came before; a module used twice has two calls.
        module: The module itself.
        inputs: Copy of its first tensor argument.
        output: Copy of its result.
    """

    path: str
    index: int
    module: nn.Module
    inputs: Tensor
    output: Tensor

    @property
    def key(self) -> str:
        """Name of the call: path and call number."""
        return f"{self.path}#{self.index}"


@dataclass(frozen=True)
class Recording:
    """All calls in the order in which they ended, and the network's output."""

    calls: tuple[Call, ...]
    output: Tensor

    def of(self, *kinds: type[nn.Module]) -> tuple[Call, ...]:
        """Return the calls of modules of some kinds."""
        return tuple(call for call in self.calls if isinstance(call.module, kinds))

    def after(self, call: Call) -> Call | None:
        """Return the call that took exactly this call's output, if a module did."""
        later = self.calls[self.calls.index(call) + 1 :]
        for candidate in later:
            if candidate.inputs.shape == call.output.shape and torch.equal(candidate.inputs, call.output):
                return candidate
        return None


def record(model: nn.Module, inputs: Tensor) -> Recording:
    """Run a network once on an example, in evaluation mode and without gradients, and copy what passes through.

    Copies, not references: an activation that works in place would overwrite what was saved before it.

    Args:
        model: Any network.
        inputs: `(1, ...)`.

    Example:
        >>> recording = record(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), torch.ones(1, 2))
        >>> [(call.key, tuple(call.output.shape)) for call in recording.calls]
        [('0#0', (1, 3)), ('1#0', (1, 3))]
    """
    calls: list[Call] = []
    counts: dict[str, int] = {}
    pending: list[Tensor | None] = []

    def before(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        first = arguments[0] if arguments else None
        pending.append(first.detach().clone() if isinstance(first, Tensor) else None)

    with undisturbed(model), torch.no_grad(), ExitStack() as stack:
        for path, module in model.named_modules():
            if not path:
                continue

            def after(module: nn.Module, arguments: tuple[Any, ...], output: Any, path: str = path) -> None:
                taken = pending.pop()
                if taken is not None and isinstance(output, Tensor):
                    number = counts.get(path, 0)
                    counts[path] = number + 1
                    calls.append(Call(path, number, module, taken, output.detach().clone()))

            stack.callback(module.register_forward_pre_hook(before).remove)
            stack.callback(module.register_forward_hook(after).remove)
        output = model(inputs)
    return Recording(tuple(calls), output.detach().clone())


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Run a network in evaluation mode; its modes, buffers and the random states come back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    with torch.random.fork_rng():
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode
            with torch.no_grad():
                for buffer, saved in buffers:
                    buffer.copy_(saved)
