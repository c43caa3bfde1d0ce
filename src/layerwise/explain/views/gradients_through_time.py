"""How far the loss of an example reaches back through time: the gradient of every state of a recurrent layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.byhand import gru, lstm, recurrent
from layerwise.catalog import register
from layerwise.data.tokens import PADDING
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.linear_units import choose
from layerwise.explain.recorder import undisturbed
from layerwise.explain.recurrent_steps import RecurrentSteps, recurrent_layers, slopes_of, steps_of
from layerwise.explain.subject import ExampleLoss, Subject
from layerwise.explain.trace import Operation, Trace, record_forward
from layerwise.language import say
from layerwise.tasks.contract import OwnsLoss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "gradients_through_time"]

TICKS = 40
"""Steps that can be named under a picture."""


def accepts(subject: Subject) -> bool:
    """Say whether the network has a recurrent layer, the example several steps, and the loss a target."""
    asked = subject.target is not None and (subject.task is not None or isinstance(subject.model, OwnsLoss))
    if (
        not asked
        or len(subject.inputs) != 1
        or not any(isinstance(part, nn.RNNBase) for part in subject.model.modules())
    ):
        return False
    found = _layers(subject, record_forward(subject.model, subject.inputs))
    return bool(found) and max(found[0].shape[:-1]) > 1


@register(
    "gradients-through-time", opens="learning", source="Bengio, Simard and Frasconi 1994; arXiv:1211.5063",
    lecture="000 Backpropagation through Time; 001 Vanilla RNN gradient flow",
)  # fmt: skip
def gradients_through_time(subject: Subject, *, layer: str = "") -> Explanation:
    """Show the length of dE/dh_t at every step, of what comes from the step's own output, and of what comes from later.

    dE/dh_t = dE_t/dh_t + (dh_(t+1)/dh_t)^T dE/dh_(t+1)

    Args:
        subject: The network, the example and its target.
        layer: Name of the module; the first recurrent one when left out. Of a stack, its last layer is shown.

    Raises:
        LayerwiseError: There is no such layer.
    """
    trace = record_forward(subject.model, subject.inputs)
    operation = choose(trace, _layers(subject, trace), layer)
    direct, loss = _direct(subject, operation)
    steps = steps_of(trace, operation)
    slopes = slopes_of(trace, operation, direct)
    if "c" in slopes:
        # torch's c_t stands beside h_t; what reaches the cell through h_t is added: dE/dh_t o (1 - tanh^2 c_t)
        values = steps.values
        slopes["c"] = slopes["c"] + slopes["h"] * values["o"] * (1 - np.tanh(values["c"]) ** 2)
    shown = _Shown(steps, direct.double().numpy(force=True), slopes, _labels(subject, steps))
    return Explanation(
        view="gradients-through-time",
        title=say("How far the loss reaches back: layer {}", steps.name),
        facts=(*subject.shown_facts(), (say("layer"), steps.name), (say("loss"), f"{loss:.6g}")),
        tensors=shown.tensors(),
        arithmetic=shown.arithmetic(subject.epsilon()),
        tables=(shown.table(),),
        notes=(
            "dE/dh_t = dE_t/dh_t + (dh_(t+1)/dh_t)^T dE/dh_(t+1)", shown.sentence(),
            say("The loss is the mean over the answers of this example, as in learning; nothing is clipped here."),
        ),
        pictures=(Picture(say("Length of the gradient at every step, on a logarithmic scale."), shown.draw),),
    )  # fmt: skip


def _layers(subject: Subject, trace: Trace) -> list[Operation]:
    """Return the layers that are modules of torch and read forward in time alone, or also backward."""
    kinds = {path for path, part in subject.model.named_modules() if isinstance(part, nn.RNNBase)}
    return [each for each in recurrent_layers(trace) if each.module in kinds]


def _direct(subject: Subject, operation: Operation) -> tuple[Tensor, float]:
    """Return dE_t/dh_t of every step by torch: the gradient of the loss by the layer's outputs, and the loss."""
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _given: Any, output: Any) -> None:
        kept.append(output[0])

    module = subject.model.get_submodule(operation.module)
    handle = module.register_forward_hook(keep)
    try:
        with undisturbed(subject.model), torch.enable_grad():
            result = ExampleLoss(subject.model, subject.task)(subject.batch())
            loss = result.total / result.count
            (slope,) = torch.autograd.grad(loss, kept[0])
    finally:
        handle.remove()
    steps_first = slope.transpose(0, 1) if module.batch_first else slope
    return steps_first[:, 0, : module.hidden_size], float(loss.item())


def _labels(subject: Subject, steps: RecurrentSteps) -> list[str]:
    """Name the steps that hold no padding."""
    numbers = subject.inputs.reshape(-1).numpy(force=True)
    if subject.inputs.is_floating_point() or len(numbers) != len(steps.inputs):
        return [str(place) for place in range(len(steps.inputs))]
    signs = {" ": "␣", "\n": "↵", "\t": "→"}
    known = np.flatnonzero(numbers != PADDING)
    read = [subject.symbol(int(number)) for number in numbers[: int(known[-1]) + 1 if len(known) else None]]
    return [signs.get(symbol, symbol) for symbol in read]


def _plain_slopes(
    gradient: np.ndarray, inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray,
    bias: np.ndarray, hidden: np.ndarray, *, activation: str,
) -> np.ndarray:  # fmt: skip
    """Return dE/dh_t of a layer of plain units, forward and back from its first state on."""
    weights, state = recurrent.Weights(input_weight, recurrent_weight, bias), hidden[None]
    states = recurrent.forward(inputs[:, None], state, weights, activation=activation)
    # dE/dh_t = dE_t/dh_t + W^T da_(t+1)
    found = recurrent.backward(gradient[:, None], inputs[:, None], state, states, weights, activation=activation)
    return found.states[:, 0]


def _gru_slopes(
    gradient: np.ndarray, inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray,
    bias: np.ndarray, recurrent_bias: np.ndarray, hidden: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return dE/dh_t of a GRU."""
    weights, state = gru.Weights(input_weight, recurrent_weight, bias, recurrent_bias), hidden[None]
    gates = gru.forward(inputs[:, None], state, weights, reset_after=True)
    # dE/dh_t = dE_t/dh_t + (dh_(t+1)/dh_t)^T dE/dh_(t+1)
    return gru.backward(gradient[:, None], inputs[:, None], state, gates, weights, reset_after=True).hiddens[:, 0]


def _lstm_slopes(
    gradient: np.ndarray, inputs: np.ndarray, input_weight: np.ndarray, recurrent_weight: np.ndarray,
    bias: np.ndarray, hidden: np.ndarray, cell: np.ndarray, *, part: str,
) -> np.ndarray:  # fmt: skip
    """Return dE/dh_t or dE/dc_t of an LSTM."""
    weights = recurrent.Weights(input_weight, recurrent_weight, bias)
    gates = lstm.forward(inputs[:, None], hidden[None], cell[None], weights)
    # dE/dc_t = f_(t+1) dE/dc_(t+1) + o_t (1 - tanh^2 c_t) dE/dh_t
    found = lstm.backward(gradient[:, None], inputs[:, None], hidden[None], cell[None], gates, weights)
    return np.asarray(getattr(found, part)[:, 0])


@dataclass(frozen=True)
class _Shown:
    """The layer, the direct gradients, and torch's gradients of states and cells."""

    steps: RecurrentSteps
    direct: np.ndarray
    slopes: dict[str, np.ndarray]
    labels: list[str]

    def lengths(self) -> dict[str, np.ndarray]:
        """Return the lengths at every step: whole, from the step's own output, from later steps, and of the cell."""
        whole = self.slopes["h"]
        parts = {"whole": whole, "own": self.direct, "later": whole - self.direct}
        parts |= {"cell": self.slopes["c"]} if "c" in self.slopes else {}
        return {name: np.linalg.norm(part, axis=1) for name, part in parts.items()}

    def tensors(self) -> dict[str, Recorded]:
        """Return the gradients by name."""
        found = {
            f"dE/d{letter}": Recorded(part, ("step", "unit"), "recorded", "autograd")
            for letter, part in self.slopes.items()
        }
        return {**found, "dE_t/dh": Recorded(self.direct, ("step", "unit"), "recorded", "autograd")}

    def arithmetic(self, epsilon: float) -> tuple[Arithmetic, ...]:
        """Return back-propagation through time, computed again from the weights and the direct gradients."""
        steps = self.steps
        used = np.flatnonzero(np.abs(steps.inputs).max(axis=0))
        w_x, w_h, *biases = steps.params
        b_x, b_h = biases or [np.zeros(len(w_x)), np.zeros(len(w_x))]
        rows = {"input_weight": w_x[:, used], "recurrent_weight": w_h, "bias": b_x + b_h}
        operation: Callable[..., np.ndarray] = _plain_slopes
        settings: list[dict[str, str]] = [{"activation": steps.kind.removeprefix("rnn_")}]
        start = {"hidden": steps.before["h"][0]}
        if steps.kind == "lstm":
            rows = {key: lstm.from_torch(part) for key, part in rows.items()}
            start["cell"] = steps.before["c"][0]
            operation, settings = _lstm_slopes, [{"part": "hiddens"}, {"part": "cells"}]
        elif steps.kind == "gru":
            rows = {**rows, "bias": b_x, "recurrent_bias": b_h}
            operation, settings = _gru_slopes, [{}]
        operands = {"gradient": self.direct, "inputs": steps.inputs[:, used], **rows, **start}
        lines = []
        for letter, setting in zip("hc", settings, strict=False):
            whole = self.slopes[letter]
            tolerance = 64 * epsilon * len(whole) * (float(np.abs(whole).max()) + epsilon)
            words = f"dE/d{letter}_t, {whole.shape[0]} x {whole.shape[1]}"
            lines.append(Arithmetic(f"dE/d{letter}", words, operation, operands, whole, tolerance, setting))
        return tuple(lines)

    def sentence(self) -> str:
        """Say how much of the last answer's gradient is left at the first step."""
        lengths = self.lengths()
        share = lengths["whole"][0] / max(float(lengths["whole"].max()), np.finfo(np.float64).tiny)
        return say("At the first step |dE/dh| is {} of its largest value.", f"{share:.2g}")

    def table(self) -> Table:
        """Return the lengths of every step."""
        lengths = self.lengths()
        header = [say("step"), say("read"), "|dE/dh_t|", say("from its own output"), say("from later steps")]
        header += ["|dE/dc_t|"] if "cell" in lengths else []
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (place, name, *(float(part[place]) for part in lengths.values())) for place, name in enumerate(self.labels)
        )
        return Table(say("Lengths at every step"), tuple(header), rows, folded=len(rows) > TICKS)

    def draw(self) -> Figure:
        """Draw the lengths over time."""
        places = range(len(self.labels))
        looks = (
            ("whole", "all of dE/dh_t", "strong", "-"), ("own", "from its own output", "quiet", ":"),
            ("later", "from later steps", "warm", "--"), ("cell", "cell: dE/dc_t", "ink", "-"),
        )  # fmt: skip
        lengths = self.lengths()
        with styled():
            drawn = figure(7.6, 3.2)
            axes = drawn.subplots()
            for name, words, colour, line in looks:
                values = lengths.get(name, np.zeros(0))[: len(self.labels)]
                if (values > 0).any():
                    kept = np.where(values > 0, values, np.nan)
                    axes.semilogy(
                        places, kept, line, color=COLOURS[colour], marker="o", markersize=2.6, label=label(words)
                    )
            every = -(-len(self.labels) // TICKS)
            axes.set_xticks(places[::every], [readable(name) for name in self.labels[::every]], fontsize=7)
            axes.set_xlabel(label("what was read"))
            low, high = axes.get_ylim()
            between = "" if high > 30 * low else "{:.0e}"
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0e}")
            axes.yaxis.set_minor_formatter(lambda value, _: between.format(value))
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        return drawn
