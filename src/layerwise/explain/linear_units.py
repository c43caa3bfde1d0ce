"""Find the weighted sums of a traced network: the layer by its name, its numbers, and the activation that follows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.errors import LayerwiseError, nearest
from layerwise.explain.arithmetic import ACTIVATIONS
from layerwise.explain.replay.rules import RULES
from layerwise.explain.trace import Link, Operation, Trace
from layerwise.language import say

__all__ = ["Activation", "activation_after", "arguments", "arrays", "choose", "layer_name"]


@dataclass(frozen=True)
class Activation:
    """The elementwise function behind a weighted sum.

    Args:
        name: A name in `ACTIVATIONS`; `identity` where no activation follows.
        settings: Its slope or alpha.
        operation: The operation, or None.
    """

    name: str = "identity"
    settings: tuple[float, ...] = ()
    operation: Operation | None = None

    def function(self) -> Callable[[np.ndarray], np.ndarray]:
        """Return the function itself, in NumPy."""
        return lambda inputs: ACTIVATIONS[self.name](inputs, *self.settings)


def arguments(operation: Operation) -> dict[str, Any]:
    """Return an operation's arguments by name, defaults filled in."""
    bound = inspect.signature(RULES[operation.name].apply).bind(*operation.arguments, **operation.keywords)
    bound.apply_defaults()
    return dict(bound.arguments)


def arrays(trace: Trace, operation: Operation) -> dict[str, Any]:
    """Return an operation's arguments by name, float64 arrays in place of links."""
    return {
        name: trace.value(value).double().numpy(force=True) if isinstance(value, Link) else value
        for name, value in arguments(operation).items()
    }


def layer_name(trace: Trace, operation: Operation) -> str:
    """Return how people name the layer of an operation: its module, else operation and place."""
    if operation.module:
        same = [each for each in trace.operations if each.module == operation.module and each.name == operation.name]
        return operation.module if len(same) == 1 else f"{operation.module}#{same.index(operation)}"
    return f"{operation.name}#{trace.operations.index(operation)}"


def choose(trace: Trace, operations: list[Operation], layer: str) -> Operation:
    """Return the operation of a named layer, or the first.

    Raises:
        LayerwiseError: No layer of that kind has the name.
    """
    names = {layer_name(trace, operation): operation for operation in operations}
    if not layer:
        return operations[0]
    if layer not in names:
        rule = say("A layer is named as in the layer table.")
        raise LayerwiseError(rule, say("layer '{}'", layer), nearest(layer, names), usage=True)
    return names[layer]


def activation_after(trace: Trace, operation: Operation, users: list[Operation] | None = None) -> Activation:
    """Return the elementwise activation that took a weighted sum.

    Args:
        trace: The operations.
        operation: The weighted sum.
        users: Who took its result, where some that did are not to count.
    """
    takers = [each for each in trace.operations if operation.outputs[0] in each.direct()] if users is None else users
    if len(takers) != 1:
        return Activation()
    follower = takers[0]
    if follower.name == "mul":
        return _scaled_tanh(trace, follower)
    if follower.name not in ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gt"):
        return Activation()
    given = arguments(follower)
    if follower.name == "gt":
        return Activation("step", (), follower) if given["other"] == 0 else Activation()
    settings = {"leaky_relu": ("negative_slope",), "elu": ("alpha",)}.get(follower.name, ())
    return Activation(follower.name, tuple(float(given[name]) for name in settings), follower)


def _scaled_tanh(trace: Trace, first: Operation) -> Activation:
    """Return LeNet-5's 1.7159 tanh(2x / 3), which torch computes in three steps."""
    middle = trace.after(first)
    last = trace.after(middle) if middle is not None and middle.name == "tanh" else None
    if last is None or last.name != "mul" or not _times(first, 2 / 3) or not _times(last, 1.7159):
        return Activation()
    return Activation("scaled_tanh", (), last)


def _times(operation: Operation, factor: float) -> bool:
    """Say whether a product is with a number of about this size."""
    numbers = [part for part in arguments(operation).values() if isinstance(part, float)]
    return any(abs(number - factor) < 1e-9 for number in numbers)
