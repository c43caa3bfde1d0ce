"""Back-propagation on one example, layer by layer: the delta of every unit and dE/dw, beside autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import DERIVATIVES, Arithmetic, rounding
from layerwise.explain.drawing import COLOURS, bare, figure, label, styled
from layerwise.explain.explanation import Explanation, Picture, Recorded, Table
from layerwise.explain.layer_gradients import LayerGradient, layer_gradients, slopes_by_difference
from layerwise.explain.subject import Subject
from layerwise.language import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "backpropagation", "hidden_delta"]

SHOWN = 12
"""Units of a layer that are listed, those with the largest delta."""


def accepts(subject: Subject) -> bool:
    """Say whether the loss of the example can be followed back through fully connected layers."""
    if subject.target is None:
        return False
    try:
        return bool(layer_gradients(subject))
    except LayerwiseError:
        return False


@register(
    "backprop-sheet",
    opens="learning",
    source="Rumelhart, Hinton and Williams 1986",
    lecture="003 Back Propagation Learning Algorithm; 003 Sigmoid Unit",
)
def backpropagation(subject: Subject, *, weights: int = 3) -> Explanation:
    """Show the delta of every unit and the gradient of its weights, from the last layer to the first.

    delta_i = dE/ds_i;  last layer: delta_i = dE/df_i f'(s_i);
    below: delta_i^(j) = f'(s_i) sum_l delta_l^(j+1) w_li^(j+1);  dE/dw_ik^(j) = delta_i^(j) a_k^(j-1)

    Args:
        subject: The network, the example and its target.
        weights: Weights of each layer whose gradient is also taken as a difference of two losses.

    Raises:
        LayerwiseError: An operation of the loss cannot be followed, or the target is not known.
    """
    layers = layer_gradients(subject)
    lines = [line for place in range(len(layers)) for line in _layer_lines(layers, place, subject.epsilon())]
    differences, numeric = _differences(subject, layers, weights)
    return Explanation(
        view="backprop-sheet",
        title=say("Back-propagation on this example, from the loss to the first weights"),
        facts=(*subject.shown_facts(), (say("loss E"), f"{layers[0].loss:.6g}")),
        tensors=_tensors(layers),
        arithmetic=(*lines, *numeric),
        tables=(*(_units(layer) for layer in reversed(layers)), differences),
        notes=(
            say("Last layer: delta = dE/df · f'(s). Below: delta = f'(s) · sum of (delta above · weight)."),
            say("Gradient of a weight: dE/dw = delta · the input that comes through it; of a bias: delta.")
            if any(layer.bias for layer in layers)
            else say("Gradient of a weight: dE/dw = delta · the input that comes through it."),
        ),
        pictures=(
            Picture(say("The size of dE/dw in each layer, and delta unit by unit."), lambda: _draw(layers)),
        ),
    )  # fmt: skip


def _tensors(layers: list[LayerGradient]) -> dict[str, Recorded]:
    tensors = {}
    for layer in layers:
        tensors[f"{layer.name} delta"] = Recorded(layer.delta, ("unit",), "replayed", layer.name)
        tensors[f"{layer.name} dE/dw"] = Recorded(layer.slope, ("unit", "input"), "recorded", "autograd")
        tensors[f"{layer.name} inputs"] = Recorded(layer.inputs, ("input",), "recorded", layer.name)
    return tensors


def _layer_lines(layers: list[LayerGradient], place: int, epsilon: float) -> list[Arithmetic]:
    """Return the lines of one layer: its delta where the recursion reaches it, and dE/dw."""
    layer = layers[place]
    shared = {"name": layer.activation, "settings": layer.settings}
    lines = []
    if layer.above is not None:
        # a float32 delta of the layer above is off by its own rounding; so is the sum over it
        tolerance = 8 * rounding(np.abs(layer.above.weight.T) @ np.abs(layer.above.delta), epsilon=epsilon)
        operands = {"above": layer.above.delta, "weight": layer.above.weight, "sums": layer.sums}
        name = f"{layer.name} delta"
        lines.append(
            Arithmetic(name, "delta = f'(s) sum delta w", hidden_delta, operands, layer.recorded, tolerance, shared)
        )
    elif layer.error_slope is not None:
        lines.append(_top_line(layer, epsilon))
    tolerance = 8 * rounding(layer.delta * np.abs(layer.inputs).max(initial=0.0), epsilon=epsilon)
    operands = {"delta": layer.delta, "inputs": layer.inputs}
    lines.append(Arithmetic(f"{layer.name} dE/dw", "dE/dw = delta a", _outer_product, operands, layer.slope, tolerance))
    return lines


def _top_line(layer: LayerGradient, epsilon: float) -> Arithmetic:
    """Return the delta of the last layer, which comes straight from the loss."""
    slope = np.zeros(0) if layer.error_slope is None else layer.error_slope
    name, tolerance = f"{layer.name} delta", 8 * rounding(slope, epsilon=epsilon)
    if layer.activation == "identity":
        # f(s) = s has f'(s) = 1 everywhere
        return Arithmetic(
            name, "delta = dE/ds", lambda error_slope: error_slope, {"error_slope": slope}, layer.recorded, tolerance
        )
    settings = {"name": layer.activation, "settings": layer.settings}
    operands = {"error_slope": slope, "sums": layer.sums}
    return Arithmetic(name, "delta = dE/df f'(s)", _output_delta, operands, layer.recorded, tolerance, settings)


def _differences(subject: Subject, layers: list[LayerGradient], weights: int) -> tuple[Table, tuple[Arithmetic, ...]]:
    """Return the table and the lines of gradients taken as differences of two losses."""
    header = (
        say("layer"), say("weight"), say("delta·a by hand"), "autograd", say("(E(w+h) - E(w-h)) / 2h"),
    )  # fmt: skip
    rows, lines = [], []
    for layer in reversed(layers):
        order = np.argsort(-np.abs(layer.slope), axis=None, kind="stable")[:weights]
        for flat in order:
            unit, place = (int(part) for part in np.unravel_index(flat, layer.slope.shape))
            above, below, step = slopes_by_difference(subject, layer.parameter, (unit, place))
            numeric, recorded = (above - below) / (2 * step), float(layer.slope[unit, place])
            by_hand = float(layer.delta[unit] * layer.inputs[place])
            rows.append((layer.name, f"w[{unit}, {place}]", by_hand, recorded, numeric))
            # the second-order error of a central difference is h^2, the rounding of the losses 1e-16 / h
            tolerance = 64 * subject.epsilon() * (abs(recorded) + float(np.abs(layer.slope).max())) + 1e-7 * max(
                1.0, abs(above)
            )
            operands = {"above": np.array(above), "below": np.array(below), "step": np.array(step)}
            name = f"{layer.name} w[{unit}, {place}]"
            lines.append(
                Arithmetic(
                    name,
                    "dE/dw = (E(w+h) - E(w-h)) / 2h",
                    _difference_quotient,
                    operands,
                    np.array(recorded),
                    tolerance,
                )
            )
    return Table(say("The same gradients three ways"), header, tuple(rows)), tuple(lines)


def _output_delta(error_slope: np.ndarray, sums: np.ndarray, *, name: str, settings: tuple[float, ...]) -> np.ndarray:
    # delta_i = dE/df_i f'(s_i)
    return np.asarray(error_slope * DERIVATIVES[name](sums, *settings))


def hidden_delta(
    above: np.ndarray, weight: np.ndarray, sums: np.ndarray, *, name: str, settings: tuple[float, ...]
) -> np.ndarray:
    """Return the delta of a layer from that of the layer above it."""
    # delta_i^(j) = f'(s_i) sum_l delta_l^(j+1) w_li^(j+1)
    return np.asarray(DERIVATIVES[name](sums, *settings) * (weight.T @ above))


def _outer_product(delta: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    # dE/dw_ik = delta_i a_k
    return np.outer(delta, inputs)


def _difference_quotient(above: np.ndarray, below: np.ndarray, step: np.ndarray) -> np.ndarray:
    # dE/dw = (E(w + h) - E(w - h)) / 2h
    return np.asarray((above - below) / (2 * step))


def _units(layer: LayerGradient) -> Table:
    """List the units of a layer with the largest delta."""
    order = np.sort(np.argsort(-np.abs(layer.delta), kind="stable")[:SHOWN])
    header = (say("unit"), "s", "f(s)", "f'(s)", say("delta by hand"), say("delta by autograd"), say("largest |dE/dw|"))
    rows = tuple(
        (
            int(unit), float(layer.sums[unit]), float(layer.outputs[unit]), float(layer.derivative[unit]),
            float(layer.delta[unit]), float(layer.recorded[unit]), float(np.abs(layer.slope[unit]).max()),
        )
        for unit in order
    )  # fmt: skip
    units = len(layer.delta)
    if units <= SHOWN:
        return Table(say("Layer {}: {} units, {}", layer.name, units, say(layer.activation)), header, rows)
    title = say(
        "Layer {}: the {} units of {} with the largest delta, {}", layer.name, SHOWN, units, say(layer.activation)
    )
    return Table(title, header, rows)


def _draw(layers: list[LayerGradient]) -> Figure:
    """Draw dE/dw of every layer as a heat map, with delta as bars at its left."""
    with styled():
        drawn = figure(8.6, 1.9 * len(layers) + 0.3)
        grid = drawn.add_gridspec(len(layers), 2, width_ratios=(1, 2.6))
        for line, layer in enumerate(reversed(layers)):
            bars = drawn.add_subplot(grid[line, 0])
            colours = [COLOURS["strong" if value >= 0 else "warm"] for value in layer.delta]
            bars.barh(range(len(layer.delta)), layer.delta, color=colours, height=0.8)
            bars.invert_yaxis()
            bars.axvline(0, color=COLOURS["quiet"], linewidth=0.8)
            bars.set_title(label("{}: delta of each unit", layer.name))
            bars.set_yticks([])
            bars.locator_params(axis="x", nbins=4)
            heat = drawn.add_subplot(grid[line, 1])
            reach = float(np.abs(layer.slope).max()) or 1.0
            image = heat.imshow(
                layer.slope, cmap="RdBu", vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest"
            )
            bare(heat, label("{}: dE/dw, one row a unit, largest {}", layer.name, f"{reach:.3g}"))
            drawn.colorbar(image, ax=heat, shrink=0.9)
    return drawn
