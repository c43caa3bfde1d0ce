"""The layer table of the user's network, as the lecture prints it, with what each layer costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic, term_sum
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Explanation, Picture, Recorded, Table
from layerwise.explain.layers.table import LayerRow, layer_table, totals
from layerwise.explain.subject import Subject
from layerwise.language import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "layers"]

NONE = "–"


def accepts(subject: Subject) -> bool:
    """Say whether the network has weights to count."""
    return any(parameter.numel() for parameter in subject.model.parameters())


@register("layer-table", opens="network", source="LeCun et al. 1998", lecture="002 Table 13-1")
def layers(subject: Subject) -> Explanation:
    """Show every layer: type, maps, size, kernel, stride, activation, parameters, multiply-adds, receptive field.

    parameters of a layer = product of the sizes of its weight + number of its biases

    Args:
        subject: The network and the example.
    """
    rows = layer_table(subject.model, tuple(subject.inputs.shape[1:]))
    total = totals(rows)
    counted = sum(parameter.numel() for parameter in subject.model.parameters())
    terms = np.array([row.parameters for row in rows], dtype=np.float64)
    lines = [
        Arithmetic(
            "total", "parameters = sum of the layers", term_sum, {"terms": terms[terms > 0]}, np.array(counted), 0.0
        ),
        *(line for row in rows if (line := _count(subject.model, row)) is not None),
    ]
    return Explanation(
        view="layer-table",
        title=say(
            "Layer by layer: {} parameters, {} multiply-adds", f"{total.parameters:,}", f"{total.multiply_adds:,}"
        ),
        facts=subject.shown_facts(),
        tensors={"parameters": Recorded(terms, ("layer",), "recorded")},
        arithmetic=tuple(lines),
        tables=(_architecture(rows), _cost((*rows, total))),
        notes=(
            say("The last layer stands first, as in the lecture's table; the input is the bottom row."),
            say("A receptive field is the part of the input that one cell of the output sees."),
        ),
        pictures=(Picture(say("Parameters and multiply-adds of each layer."), lambda: _draw(rows)),),
    )


def _count(model: nn.Module, row: LayerRow) -> Arithmetic | None:
    """Return how the parameters of a plain layer are counted, where the whole row is its weight and bias."""
    if row.name not in dict(model.named_modules()):
        return None
    module = model.get_submodule(row.name)
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if not isinstance(weight, Tensor) or weight.dim() < 2:
        return None
    biases = bias.numel() if isinstance(bias, Tensor) else 0
    if weight.numel() + biases != row.parameters:
        return None
    operands, words = {"sizes": np.array(weight.shape, dtype=np.float64)}, " · ".join(map(str, weight.shape))
    if biases:
        operands, words = {**operands, "biases": np.array(float(biases))}, f"{words} + {biases}"
    return Arithmetic(row.name, words, _counted, operands, np.array(float(row.parameters)), 0.0)


def _counted(sizes: np.ndarray, biases: np.ndarray | None = None) -> np.ndarray:
    # parameters = product of the sizes + biases
    return np.asarray(np.prod(sizes) + (0.0 if biases is None else biases))


def _architecture(rows: tuple[LayerRow, ...]) -> Table:
    """Return the table of the lecture, last layer first."""
    header = (say("Layer"), say("Type"), say("Maps"), say("Size"), say("Kernel size"), say("Stride"), say("Activation"))
    lines = tuple(
        (
            row.name, say(row.type), NONE if row.maps is None else str(row.maps), _size(row.size), _size(row.kernel),
            _stride(row.stride), row.activation or NONE,
        )
        for row in reversed(rows)
    )  # fmt: skip
    return Table(say("Architecture"), header, lines)


def _cost(rows: tuple[LayerRow, ...]) -> Table:
    """Return what each layer costs, first layer first, and the total."""
    header = (
        say("Layer"), say("output"), say("parameters"), say("multiply-adds"), say("output memory in KiB"),
        say("receptive field"), say("step of the field"),
    )  # fmt: skip
    lines = tuple(
        (
            say(row.name) if place == len(rows) - 1 else row.name, _size(row.shape), row.parameters, row.multiply_adds,
            row.output_bytes / 1024, _size(row.receptive_field), _size(row.field_stride),
        )
        for place, row in enumerate(rows)
    )  # fmt: skip
    return Table(say("What each layer costs, for one example"), header, lines, marked=frozenset((len(rows) - 1,)))


def _size(size: tuple[int, ...] | None) -> str:
    return "×".join(map(str, size)) if size else NONE


def _stride(stride: tuple[int, ...] | None) -> str:
    if not stride:
        return NONE
    return str(stride[0]) if len(set(stride)) == 1 else _size(stride)


def _draw(rows: tuple[LayerRow, ...]) -> Figure:
    """Draw parameters and multiply-adds as bars, layer by layer."""
    shown = [row for row in rows if row.parameters or row.multiply_adds] or list(rows)
    with styled():
        drawn = figure(7.6, 0.36 * len(shown) + 0.9)
        left, right = drawn.subplots(1, 2, sharey=True)
        columns = (
            (left, label("parameters"), [row.parameters for row in shown]),
            (right, label("multiply-adds"), [row.multiply_adds for row in shown]),
        )
        for axes, title, values in columns:
            axes.barh(range(len(shown)), values, color=COLOURS["strong"], height=0.7)
            axes.set_title(title)
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            reach = max(values) or 1
            for place, value in enumerate(values):
                axes.text(value + 0.015 * reach, place, f"{value:,}", va="center", fontsize=8)
            axes.margins(x=0.2)
        left.set_yticks(range(len(shown)), [readable(row.name) for row in shown])
        left.invert_yaxis()
    return drawn
