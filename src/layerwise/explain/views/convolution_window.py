"""One cell of a feature map: the patch under the kernel, every product, the sum of each channel, and the bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerwise.byhand.padding import as_pair
from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, rounding, term_sum, window_sum
from layerwise.explain.convolution_picture import draw_window
from layerwise.explain.explanation import Explanation, Picture, Recorded, Table
from layerwise.explain.linear_units import activation_after, arrays, choose, layer_name
from layerwise.explain.subject import Subject
from layerwise.explain.trace import Operation, Trace, record_forward
from layerwise.explain.windows import Window, window
from layerwise.language import say

__all__ = ["accepts", "convolution_window"]

SHOWN = 4
"""Input channels that are shown cell by cell."""


def accepts(subject: Subject) -> bool:
    """Say whether the network has a two-dimensional convolution of one example."""
    return bool(_convolutions(record_forward(subject.model, subject.inputs)))


@register(
    "convolution-window",
    opens="layer",
    source="LeCun et al. 1998",
    lecture="000 convolution operator; 002 convolution layer",
)
def convolution_window(
    subject: Subject, *, layer: str = "", channel: int = -1, row: int = -1, column: int = -1
) -> Explanation:
    """Show the sum behind one cell of a feature map.

    z[o, i, j] = sum_c sum_u sum_v x[c, i s + u d, j s + v d] w[o, c, u, v] + b[o]

    Args:
        subject: The network and the example.
        layer: Name of the layer; the first convolution when left out.
        channel: Which feature map, from 0; -1 for the one with the largest output.
        row: Row of the cell, from 0; -1 for the largest.
        column: Column of the cell, from 0; -1 for the largest.

    Raises:
        LayerwiseError: There is no such layer or cell.
    """
    trace = record_forward(subject.model, subject.inputs)
    operation = choose(trace, _convolutions(trace), layer)
    output = trace.value(operation.outputs[0]).double().numpy(force=True)[0]
    cell = _cell(output, (channel, row, column))
    given = arrays(trace, operation)
    seen = window(given, cell)
    activation = activation_after(trace, operation)
    name = layer_name(trace, operation)
    total = float(output[cell])
    return Explanation(
        view="convolution-window",
        title=say("Layer {}: the cell at row {}, column {} of feature map {}", name, cell[1], cell[2], cell[0]),
        facts=(*subject.shown_facts(), (say("layer"), name), *_facts(given, output)),
        tensors={
            "patch": Recorded(seen.patch, ("channel", "row", "column"), "recorded", name),
            "kernel": Recorded(seen.kernel, ("channel", "row", "column"), "recorded", name),
            "products": Recorded(seen.patch * seen.kernel, ("channel", "row", "column"), "derived", name),
            "subtotals": Recorded(seen.subtotals(), ("channel",), "derived", name),
            "output": Recorded(np.array(total), (), "recorded", name),
        },
        arithmetic=_arithmetic(seen, total, subject.epsilon()),
        tables=_tables(seen, total),
        notes=(_sentence(seen, total), *_after(activation.name, activation.function()(np.array(total)))),
        pictures=(
            Picture(
                say("Patch times kernel for the channels with the largest sums; the sum is the marked cell."),
                lambda: draw_window(seen, output[cell[0]], (cell[1], cell[2]), total, _largest(seen)),
            ),
        ),
    )


def _convolutions(trace: Trace) -> list[Operation]:
    return [each for each in trace.operations if each.name == "conv2d" and len(each.shape) == 4 and each.shape[0] == 1]


def _cell(output: np.ndarray, wanted: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the chosen cell; where a number is -1, the largest output among those that are left."""
    for place, size in zip(wanted, output.shape, strict=True):
        if not -1 <= place < size:
            found = say("channel, row and column {} of an output of {}", wanted, output.shape)
            raise LayerwiseError(
                say("A cell is counted from 0."), found, say("Choose a cell inside the output."), usage=True
            )
    ruled_out = np.ones(output.shape, dtype=bool)
    ruled_out[tuple(slice(None) if place == -1 else place for place in wanted)] = False
    best = np.unravel_index(np.where(ruled_out, -np.inf, output).argmax(), output.shape)
    return int(best[0]), int(best[1]), int(best[2])


def _arithmetic(seen: Window, total: float, epsilon: float) -> tuple[Arithmetic, ...]:
    tolerance = rounding(seen.patch * seen.kernel, np.array(seen.bias or 0.0), epsilon=epsilon)
    rest, terms = "" if seen.bias is None else " + b", {"terms": seen.terms()}
    return (
        Arithmetic("z", f"z = sum x w{rest}", window_sum, seen.operands(), np.array(total), tolerance),
        Arithmetic("channels", f"z = sum of the channels{rest}", term_sum, terms, np.array(total), tolerance),
    )


def _facts(given: dict[str, Any], output: np.ndarray) -> tuple[tuple[str, str], ...]:
    size = "×".join(map(str, given["weight"].shape[2:]))
    facts = [(say("kernel"), size), (say("stride"), "×".join(map(str, as_pair(given["stride"]))))]
    padding = given["padding"] if isinstance(given["padding"], str) else "×".join(map(str, as_pair(given["padding"])))
    facts += [(say("padding"), padding), (say("dilation"), "×".join(map(str, as_pair(given["dilation"]))))]
    facts.append((say("groups"), str(given["groups"])))
    return (*facts, (say("feature maps"), "×".join(map(str, output.shape))))


def _largest(seen: Window) -> list[int]:
    return [int(place) for place in np.argsort(-np.abs(seen.subtotals()), kind="stable")[:SHOWN]]


def _sentence(seen: Window, total: float) -> str:
    sums = seen.subtotals()
    result, bias = f"{total:.4g}", None if seen.bias is None else f"{seen.bias:.4g}"
    if len(sums) > SHOWN:
        whole = f"{sums.sum():.4g}"
        if bias is None:
            return say("{} (sum of {} channels) = {}", whole, len(sums), result)
        return say("{} (sum of {} channels) + {} (bias) = {}", whole, len(sums), bias, result)
    parts = " + ".join(f"({value:.4g})" if value < 0 else f"{value:.4g}" for value in sums)
    if bias is None:
        return say("{} (channels) = {}", parts, result)
    return say("{} (channels) + {} (bias) = {}", parts, bias, result)


def _after(name: str, value: np.ndarray) -> tuple[str, ...]:
    return () if name == "identity" else (say("The activation makes {}(z) = {} of it.", name, f"{float(value):.4g}"),)


def _tables(seen: Window, total: float) -> tuple[Table, ...]:
    """Return the sum of every channel, and the cells of the largest ones."""
    sums = [(str(seen.first + place), float(value)) for place, value in enumerate(seen.subtotals())]
    end = [*(() if seen.bias is None else ((say("bias"), seen.bias),)), (say("sum z"), total)]
    overview = Table(say("Sum of each input channel"), (say("channel"), say("sum of x·w")), (*sums, *end),
                     marked=frozenset((len(sums) + len(end) - 1,)))  # fmt: skip
    header = (say("row"), say("column"), say("value x"), say("weight w"), say("product x·w"))
    cells = []
    for channel in _largest(seen):
        rows = tuple(
            (u, v, float(seen.patch[channel, u, v]), float(seen.kernel[channel, u, v]),
             float(seen.patch[channel, u, v] * seen.kernel[channel, u, v]))
            for u in range(seen.patch.shape[1])
            for v in range(seen.patch.shape[2])
        )  # fmt: skip
        cells.append(Table(say("Channel {}, cell by cell", seen.first + channel), header, rows, folded=True))
    return (overview, *cells)
