"""The replay's tape: every noted operation forward in NumPy, then backward, through the rules."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from layerwise.errors import LayerwiseError
from layerwise.explain.replay.rules import LAYERS, RULES
from layerwise.explain.replay.shapes import Pull, Unsupported
from layerwise.explain.trace import Link, Operation, Trace
from layerwise.language import say

__all__ = ["Precision", "Values", "backward_by_hand", "pulled", "replay_forward"]

Precision = Literal["float64", "float32"]


@dataclass(frozen=True)
class Values:
    """A replayed forward pass.

    Args:
        arrays: Every value by its place in the trace.
        pulls: The backward function of each operation.
        loss: The summed loss divided by its count.
        share: One over the count, the gradient with which the backward pass starts.
    """

    arrays: Mapping[int, Any]
    pulls: tuple[Pull, ...]
    loss: float
    share: float


def replay_forward(trace: Trace, precision: Precision = "float64") -> Values:
    """Compute every noted operation again in NumPy.

    Raises:
        LayerwiseError: An operation is not in the table, or not with these arguments.
    """
    arrays: dict[int, Any] = {}
    for place, leaf in trace.leaves.items():
        array = leaf.tensor.numpy(force=True)
        arrays[place] = array.astype(precision) if array.dtype.kind == "f" else array
    pulls = []
    for operation in trace.operations:
        if operation.name not in RULES:
            raise _refused(operation, "")
        arguments, keywords = _resolved(operation.arguments, arrays), _resolved(operation.keywords, arrays)
        rule = RULES[operation.name].apply
        try:
            inspect.signature(rule).bind(*arguments, **keywords)
            output, pull = rule(*arguments, **keywords)
        except (Unsupported, TypeError, ValueError) as problem:
            raise _refused(operation, str(problem)) from problem
        outputs = output if isinstance(output, tuple) else (output,)
        for place, array, floating in zip(operation.outputs, outputs, operation.floating, strict=True):
            arrays[place] = _cast(np.asarray(array), floating, precision)
        pulls.append(pull)
    count = float(arrays[trace.count.place]) if isinstance(trace.count, Link) else trace.count
    return Values(arrays, tuple(pulls), float(arrays[trace.total.place] / count), 1 / count)


def _cast(array: np.ndarray, floating: bool, precision: Precision) -> np.ndarray:
    """Keep a result in the number type that torch gave it."""
    if floating:
        return array.astype(precision, copy=False)
    return array.astype(np.int64) if array.dtype.kind == "f" else array


def _refused(operation: Operation, why: str) -> LayerwiseError:
    found = say("{} at {}", operation.name, operation.where())
    return LayerwiseError(
        say("A step by hand replays the operations of its table only."),
        f"{found} ({why})" if why else found,
        say("Write that line with layers of the lectures ({}) and plain tensor arithmetic.", ", ".join(sorted(LAYERS))),
    )


def _resolved(tree: Any, arrays: Mapping[int, Any]) -> Any:
    """Return nested arguments with arrays in place of links."""
    if isinstance(tree, Link):
        return arrays[tree.place]
    if isinstance(tree, tuple | list):
        parts = [_resolved(part, arrays) for part in tree]
        return parts if isinstance(tree, list) else tuple(parts)
    if isinstance(tree, Mapping):
        return {name: _resolved(part, arrays) for name, part in tree.items()}
    return tree


def backward_by_hand(trace: Trace, values: Values, *, wrong_term: bool = False) -> dict[int, np.ndarray]:
    """Go backwards through the operations; return dE/dx of every value that a gradient reached, by its place.

    dE/dx = sum over the operations that used x of dE/dy dy/dx

    Args:
        trace: The operations.
        values: Their replayed results.
        wrong_term: Change one entry of one gradient by a hundredth, for tests of the comparison.
    """
    weights = {place for place, leaf in trace.leaves.items() if leaf.role == "parameter"}
    users = [
        number for number, operation in enumerate(trace.operations)
        if operation.passes_gradient and weights & operation.taken()
    ]  # fmt: skip
    start = values.arrays[trace.total.place]
    slopes: dict[int, np.ndarray] = {trace.total.place: np.full_like(start, values.share)}
    for number in reversed(range(len(trace.operations))):
        operation = trace.operations[number]
        if not operation.passes_gradient:
            continue
        for place, part in pulled(operation, values, number, slopes):
            term = _spoiled(part) if wrong_term and number == users[0] and place in weights else part
            # dE/dx = sum over the operations that used x
            slopes[place] = slopes[place] + term if place in slopes else np.asarray(term)
    return slopes


def pulled(
    operation: Operation, values: Values, number: int, slopes: Mapping[int, np.ndarray]
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the gradient of each linked argument of an operation, by the argument's place.

    Args:
        operation: The operation.
        values: The replayed forward pass.
        number: Which operation of it this is.
        slopes: Gradients of the results, by place; none where the loss does not depend on any.
    """
    if slopes.keys().isdisjoint(operation.outputs):
        return
    rule = RULES[operation.name]
    slope: Any = slopes.get(operation.outputs[0])
    if rule.several:
        slope = tuple(slopes.get(place, np.zeros_like(values.arrays[place])) for place in operation.outputs)
    if slope is None:
        return
    named = inspect.signature(rule.apply).bind(*operation.arguments, **operation.keywords).arguments
    for name, part in values.pulls[number](slope).items():
        for link, term in _paired(named.get(name), part):
            yield link.place, term


def _paired(argument: Any, slope: Any) -> list[tuple[Link, np.ndarray]]:
    """Pair the links of an argument with their gradients; constants get none."""
    if isinstance(argument, Link):
        return [(argument, slope)]
    if isinstance(argument, tuple | list) and isinstance(slope, list):
        return [(link, part) for link, part in zip(argument, slope, strict=True) if isinstance(link, Link)]
    return []


def _spoiled(term: np.ndarray) -> np.ndarray:
    """Change the largest entry of a term by a hundredth."""
    wrong = np.array(term)
    wrong.flat[np.abs(wrong).argmax()] *= 1.01
    return wrong
