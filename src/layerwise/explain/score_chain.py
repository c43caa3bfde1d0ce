"""Follow one score of a picture network back through its last layers: stamps, sums of two depths, 1 x 1 scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.byhand.padding import as_pair
from layerwise.explain.linear_units import arrays, layer_name
from layerwise.explain.trace import Link, Operation, Trace
from layerwise.explain.windows import window

__all__ = ["MapCell", "ScoreStep", "chain", "maker", "makers_of"]

MapCell = tuple[int, int, int]
"""A cell of a map: which map, row, column."""

LONGEST = 8
"""Steps that are followed; a picture network has two or three a depth."""


@dataclass(frozen=True)
class ScoreStep:
    """One number on the way to a score, and what it was added up from.

    Args:
        kind: `stamps` of a transposed convolution, the `window` of a convolution, or the `sum` of two maps.
        layer: Name of the layer.
        cell: Map, row and column.
        value: What the network had there.
        values: The numbers below, `(maps, rows, columns)`; of a sum `(parts,)`.
        weights: What each is multiplied with, likewise; ones for a sum.
        bias: Added at the end, or None where nothing is.
        channels: Which maps the numbers below are on; maps whose weights are all 0 are left out.
        rows: Their rows in the map below.
        columns: Their columns.
        whole: The map that the cell lies on.
    """

    kind: str
    layer: str
    cell: MapCell
    value: float
    values: np.ndarray
    weights: np.ndarray
    bias: float | None
    channels: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    whole: np.ndarray

    def products(self) -> np.ndarray:
        """Return each number times its weight."""
        return np.asarray(self.values * self.weights)

    def strongest(self) -> MapCell:
        """Return the cell below that moves the score most."""
        place = np.unravel_index(np.abs(self.products()).argmax(), self.values.shape)
        return int(self.channels[place[0]]), int(self.rows[place[1]]), int(self.columns[place[2]])


def chain(trace: Trace, cell: MapCell) -> tuple[ScoreStep, ...]:
    """Follow a score from the network's output downwards, at each layer through the cell that moves it most.

    Args:
        trace: The operations of one picture, with copies of their values.
        cell: Class, row and column of the output.
    """
    makers = makers_of(trace)
    steps: list[ScoreStep] = []
    waiting = [(trace.total.place, cell)]
    while waiting and len(steps) < LONGEST:
        place, at = waiting.pop(0)
        operation = maker(trace, makers, place)
        read = None if operation is None else _READ.get(operation.name)
        step = None if operation is None or read is None else read(trace, operation, at)
        if operation is None or step is None:
            continue
        steps.append(step)
        if step.kind == "stamps":
            waiting.append((_given(operation), step.strongest()))
        elif step.kind == "sum":
            waiting += [(link.place, at) for link in operation.arguments if isinstance(link, Link)]
    return tuple(steps)


def makers_of(trace: Trace) -> dict[int, Operation]:
    """Return which operation made each value, by the value's place."""
    return {place: operation for operation in trace.operations for place in operation.outputs}


def maker(trace: Trace, makers: dict[int, Operation], place: int) -> Operation | None:
    """Return the operation that made a map; cutting its end off moves no cell, so what was cut is asked instead."""
    operation = makers.get(place)
    while operation is not None and operation.name == "getitem" and isinstance(operation.arguments[0], Link):
        before = operation.arguments[0].place
        kept, whole = trace.value(place), trace.value(before)
        inside = tuple(slice(size) for size in kept.shape)
        if kept.dim() != whole.dim() or not kept.equal(whole[inside]):
            return None
        place, operation = before, makers.get(before)
    return operation


def _given(operation: Operation) -> int:
    """Return the place of an operation's first argument."""
    return next(part.place for part in operation.arguments if isinstance(part, Link))


def _output(trace: Trace, operation: Operation) -> np.ndarray:
    """Return the maps of an operation."""
    return np.asarray(trace.value(operation.outputs[0]).double().numpy(force=True)[0])


def _stamps(trace: Trace, operation: Operation, cell: MapCell) -> ScoreStep | None:
    """Return what meets at a cell of a transposed convolution: y = sum x[c, i, j] w[c, k, I + p - i s, J + p - j s]."""
    given = arrays(trace, operation)
    if given["groups"] != 1 or as_pair(_plain(given["dilation"])) != (1, 1):
        return None
    inputs, weight = given["input"][0], given["weight"]
    (rows, u), (columns, v) = (
        _meeting(place, inputs.shape[axis + 1], weight.shape[axis + 2], step, cut)
        for axis, (place, step, cut) in enumerate(
            zip(cell[1:], as_pair(_plain(given["stride"])), as_pair(_plain(given["padding"])), strict=True)
        )
    )
    values, weights = inputs[:, rows[:, None], columns], weight[:, cell[0]][:, u[:, None], v]
    seen = np.flatnonzero(weights.any(axis=(1, 2)))
    if not len(seen):
        return None
    bias = None if given["bias"] is None else float(given["bias"][cell[0]])
    output = _output(trace, operation)
    name = layer_name(trace, operation)
    return ScoreStep("stamps", name, cell, float(output[cell]), values[seen], weights[seen], bias, seen, rows,
                     columns, output[cell[0]])  # fmt: skip


def _meeting(place: int, length: int, kernel: int, step: int, cut: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells along one axis whose stamps reach a place, and which cell of the kernel they put there."""
    cells = np.arange(length)
    # I = i s + u - p
    inside = place + cut - cells * step
    reached = (inside >= 0) & (inside < kernel)
    return cells[reached], inside[reached]


def _window(trace: Trace, operation: Operation, cell: MapCell) -> ScoreStep | None:
    """Return what lies under the kernel of a convolution at one cell."""
    seen = window(arrays(trace, operation), cell)
    channels = seen.first + np.arange(len(seen.patch))
    output = _output(trace, operation)
    name = layer_name(trace, operation)
    return ScoreStep("window", name, cell, float(output[cell]), seen.patch, seen.kernel, seen.bias, channels,
                     seen.rows, seen.columns, output[cell[0]])  # fmt: skip


def _sum(trace: Trace, operation: Operation, cell: MapCell) -> ScoreStep | None:
    """Return the two numbers that were added at one cell."""
    links = [part for part in operation.arguments if isinstance(part, Link)]
    maps = [trace.value(link).double().numpy(force=True) for link in links]
    if len(maps) != 2 or maps[0].shape != maps[1].shape or maps[0].ndim != 4:
        return None
    parts = np.array([float(each[0][cell]) for each in maps])
    output, makers = _output(trace, operation), makers_of(trace)
    makers_of_both = [maker(trace, makers, link.place) for link in links]
    name = " + ".join("?" if each is None else layer_name(trace, each) for each in makers_of_both)
    nowhere = np.arange(2)
    return ScoreStep("sum", name, cell, float(output[cell]), parts, np.ones(2), None, nowhere, nowhere, nowhere,
                     output[cell[0]])  # fmt: skip


def _plain(value: Any) -> Any:
    """Return sizes as a number or a pair."""
    return tuple(value) if isinstance(value, list) else value


_READ: dict[str, Callable[[Trace, Operation, MapCell], ScoreStep | None]] = {
    "conv_transpose2d": _stamps,
    "conv2d": _window,
    "add": _sum,
}
