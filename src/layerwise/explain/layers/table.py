"""The layer table: every layer of a network in the order in which one example passes, measured, not declared.

The example runs without numbers (on torch's meta device), so that the table of a large network costs nothing; a network
that needs real numbers runs on the processor instead.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from layerwise.explain.layers.watch import Watch, first_tensor
from layerwise.explain.layers.words import words_for
from layerwise.explain.recorder import undisturbed

__all__ = ["LayerRow", "layer_table", "totals"]


@dataclass(frozen=True)
class LayerRow:
    """One layer, or one call of a layer that is used several times.

    Args:
        name: Path of the module: `C1`, `features.0`; a second call is `C1 (2)`; a function has its own name.
        type: What it is in the words of the field: `Convolution`, `Avg Pooling`, `Fully Connected`.
        shape: Shape of its output for one example.
        maps: Number of feature maps of its output, or None where it has none.
        size: Height and width of a map, or the number of units.
        kernel: Height and width of the kernel or window, or None.
        stride: Steps down and right, or None.
        activation: The activation that follows at once, or an empty text.
        parameters: Parameters of the layer; those it shares with an earlier row count there.
        multiply_adds: Products of its convolutions and matrix products for one example; 0 for a layer without any.
        output_bytes: Memory of its output for one example.
        receptive_field: Height and width of the input region that one output cell sees, or None where no such region is
            defined.
        field_stride: Steps between the regions of neighbouring cells, in input cells, or None.
        note: What else must be known, in English; empty for most.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    maps: int | None
    size: tuple[int, ...]
    kernel: tuple[int, ...] | None = None
    stride: tuple[int, ...] | None = None
    activation: str = ""
    parameters: int = 0
    multiply_adds: int = 0
    output_bytes: int = 0
    receptive_field: tuple[int, ...] | None = None
    field_stride: tuple[int, ...] | None = None
    note: str = ""


@runtime_checkable
class ShowsExample(Protocol):
    """A network whose examples are not numbers of one shape: symbols, sequences."""

    def example_input(self) -> Tensor:
        """Return one example as a batch, `(1, ...)`."""


def layer_table(model: nn.Module, input_shape: tuple[int, ...]) -> tuple[LayerRow, ...]:
    """Measure every layer of a network on one example.

    Receptive field of a layer with kernel m, dilation d and stride s: r' = r + (d (m - 1)) j,  j' = j s, from r = j = 1
    at the input. Multiply-adds are counted by torch as the operations run. The network stays as it was.

    Args:
        model: Any network; its modules and the functions it calls between them have rows.
        input_shape: Shape of one example, without the batch; a network that takes symbols shows one itself.

    Source: lecture 002, Table 13-1.

    Example:
        >>> network = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.Flatten(), nn.Linear(6 * 28 * 28, 10))
        >>> for row in layer_table(network, (1, 32, 32)):
        ...     print(row.type, row.shape, row.activation, row.parameters, row.multiply_adds)
        Input (1, 32, 32)  0 0
        Convolution (6, 28, 28) tanh 156 117600
        Fully Connected (10,)  47050 47040
    """
    real = next((part for part in model.parameters() if part.is_floating_point()), torch.empty(0))
    example = torch.zeros((1, *input_shape), device=real.device, dtype=real.dtype)
    if isinstance(model, ShowsExample):
        example = model.example_input().to(real.device)
        input_shape = tuple(example.shape[1:])
    try:
        measured = _without_numbers(model)
        watch, answer = _watched(measured, example.to("meta"))
    except (RuntimeError, TypeError, ValueError, LookupError):
        # The network reads numbers on its way (`.item()`, NumPy, a branch), which the meta device does not have.
        measured = model
        watch, answer = _watched(measured, example)
    maps, size = _maps_and_size(input_shape)
    whole = (1,) * len(size) if maps is not None else None
    first = LayerRow("In", "Input", input_shape, maps, size, receptive_field=whole, field_stride=whole)
    layers = (*_rows(watch), *_unused(measured, watch))
    return (first, *(layers or (_whole(model, answer),)))


def totals(rows: Sequence[LayerRow]) -> LayerRow:
    """Add the rows of a table up: parameters, multiply-adds and output memory.

    Example:
        >>> total = totals(layer_table(nn.Sequential(nn.Linear(64, 2), nn.Sigmoid(), nn.Linear(2, 3)), (64,)))
        >>> total.parameters, total.multiply_adds
        (139, 134)
    """
    last = rows[-1]
    return LayerRow(
        "Total", "", last.shape, None, (), parameters=sum(row.parameters for row in rows),
        multiply_adds=sum(row.multiply_adds for row in rows), output_bytes=sum(row.output_bytes for row in rows),
    )  # fmt: skip


def _without_numbers(model: nn.Module) -> nn.Module:
    """Copy a network with every parameter and buffer on the meta device; nothing is copied but its structure."""
    known: dict[int, Tensor] = {}
    for parameter in model.parameters():
        known[id(parameter)] = nn.Parameter(parameter.detach().to("meta"), requires_grad=parameter.requires_grad)
    for buffer in model.buffers():
        known[id(buffer)] = buffer.to("meta")
    # deepcopy takes what stands in its memo instead of copying it.
    return copy.deepcopy(model, known)


def _watched(model: nn.Module, example: Tensor) -> tuple[Watch, Tensor]:
    """Pass an example through a network; return what happened, and the answer."""
    watch = Watch(model, example)
    with undisturbed(model), torch.no_grad(), watch:
        answer = first_tensor(model(example))
    return watch, torch.empty(1, 0) if answer is None else answer


def _whole(model: nn.Module, answer: Tensor) -> LayerRow:
    """Return the one row of a learner without layers, its class in words: `NearestNeighbours` as Nearest Neighbours."""
    shape = tuple(answer.shape[1:])
    maps, size = _maps_and_size(shape)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(model).__name__)
    memory = answer.numel() * answer.element_size()
    return LayerRow("Out", words, shape, maps, size, output_bytes=memory, note="answers without layers")


def _rows(watch: Watch) -> list[LayerRow]:
    """Turn the calls into rows; an activation joins the row whose output it changes."""
    rows: list[LayerRow] = []
    places: list[int] = []  # the row of each call
    counted: set[int] = set()
    for call in watch.calls:
        own = [parameter for parameter in call.parameters if id(parameter) not in counted]
        counted |= {id(parameter) for parameter in own}
        words = words_for(call.module, call.function)
        above = None if call.source is None else places[call.source]
        if words.activation and not own and above is not None and not rows[above].activation:
            rows[above] = replace(rows[above], activation=words.activation)
            places.append(above)
            continue
        places.append(len(rows))
        maps, size = _maps_and_size(call.shape)
        shared = "shares its parameters with a row above" if call.parameters and not own else ""
        row = LayerRow(
            call.name, words.type, call.shape, maps, size, activation=words.answer,
            parameters=sum(parameter.numel() for parameter in own), multiply_adds=call.multiply_adds,
            output_bytes=call.bytes, note=shared,
        )  # fmt: skip
        if call.window:
            row = replace(row, kernel=call.window.kernel, stride=call.window.stride)
        if call.field:
            row = replace(row, receptive_field=call.field.size, field_stride=call.field.step)
        rows.append(row)
    return rows


def _unused(model: nn.Module, watch: Watch) -> list[LayerRow]:
    """Return rows for parameters that no call was seen to use, so that the total is the network's."""
    counted = {id(parameter) for call in watch.calls for parameter in call.parameters}
    rows = []
    for path, module in model.named_modules():
        own = [part for part in module.parameters(recurse=False) if id(part) not in counted]
        counted |= {id(part) for part in own}
        if own:
            number = sum(part.numel() for part in own)
            kind = words_for(module, "").type
            note = "not called itself; its parameters may be used elsewhere"
            rows.append(LayerRow(path or type(module).__name__, kind, (), None, (), parameters=number, note=note))
    return rows


def _maps_and_size(shape: tuple[int, ...]) -> tuple[int | None, tuple[int, ...]]:
    """Split an output shape into the number of maps and the size of one."""
    return (shape[0], shape[1:]) if len(shape) >= 3 else (None, shape)
