"""Where a network that writes a sequence looks at each step: the attention weights, and one of them re-added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.byhand import attention as attention_by_hand
from layerwise.catalog import register
from layerwise.data.tokens import PADDING
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, rounding, weighted_sum
from layerwise.explain.drawing import figure, label, readable, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.recorder import undisturbed
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.layers.attention import AdditiveAttention, Attended
from layerwise.tasks.translate import END, FIRST, Translate, Writes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "attention"]

DRAWN = 40
"""Places of the input and of the answer that a table or a picture can hold."""

TERMS = 12
"""Units of one energy that are shown one by one."""

ADDED = 3
"""Places of padding that the example is read with once more."""


def accepts(subject: Subject) -> bool:
    """Say whether the network writes sequences and attends to what it read."""
    return isinstance(subject.model, Writes) and _layer(subject.model) is not None and bool(_symbols(subject).numel())


@register("attention", task="translate", opens="answer", source="arXiv:1409.0473", lecture="001 Attention")
def attention(subject: Subject, *, step: int = -1, place: int = -1) -> Explanation:
    """Show how much of each place of the input every symbol of the answer was drawn from.

    e_ij = v . tanh(W s_(i-1) + U h_j),  alpha_ij = softmax_j(e_ij),  c_i = sum_j alpha_ij h_j

    Args:
        subject: The network and the example.
        step: Which symbol of the answer is re-added, from 0; -1 for the one with the largest weight.
        place: Which place of the input its energy is re-added for, from 0; -1 for that with the largest weight.

    Raises:
        LayerwiseError: There is no such step or place.
    """
    found = _record(subject)
    # The end draws from no place in particular, so another symbol is shown where there is one.
    clearest = int(found.weights[: max(1, len(found.written) - 1)].max(axis=1).argmax())
    step = clearest if step == -1 else step
    _require(step, len(found.written), say("A symbol of the answer is counted from 0."))
    place = int(found.weights[step].argmax()) if place == -1 else place
    _require(place, len(found.read), say("A place of the input is counted from 0."))
    answer = "".join(found.written[:-1]) if found.written[-1] == say("end") else "".join(found.written)
    notes = [
        say("Each row is one symbol of the answer as the network wrote it, and adds up to 1."),
        say("Attention shows what a step was computed from; it does not prove why the answer is what it is."),
        say("Read again with {} places of padding: their weights are exactly 0.", ADDED),
    ]
    if max(len(found.read), len(found.written)) > DRAWN:
        notes.append(say("Shown: the first {} places and symbols.", DRAWN))
    title = say(
        "Where the network looks while it writes '{}'", readable(answer if len(answer) < 40 else answer[:39] + "…")
    )
    return Explanation(
        view="attention",
        title=title,
        facts=(*subject.shown_facts(), (say("read"), "".join(found.read)), (say("written"), answer)),
        tensors=found.tensors(),
        arithmetic=found.arithmetic(step, place, subject.epsilon()),
        tables=(found.matrix(), found.energy_table(step, place), found.context_table(step)),
        notes=tuple(notes),
        pictures=(
            Picture(say("Weights: each row a symbol of the answer, each column a place of the input."), found.draw),
        ),
    )


@dataclass(frozen=True)
class _Found:
    """What attention did while the network wrote, step by step, without the batch.

    Args:
        read: Symbols of the input.
        written: Symbols of the answer.
        states: s_(i-1), `(steps, state)`.
        memory: h_j, `(places, memory)`.
        energies: e_ij, `(steps, places)`.
        weights: alpha_ij, `(steps, places)`.
        contexts: c_i, `(steps, memory)`.
        parameters: W, U and v.
        padded: Energies and weights of the first step where padding stands behind the input.
    """

    read: list[str]
    written: list[str]
    states: np.ndarray
    memory: np.ndarray
    energies: np.ndarray
    weights: np.ndarray
    contexts: np.ndarray
    parameters: tuple[np.ndarray, np.ndarray, np.ndarray]
    padded: tuple[np.ndarray, np.ndarray]

    def tensors(self) -> dict[str, Recorded]:
        """Return the numbers by name."""
        return {
            "states": Recorded(self.states, ("step", "unit"), "recorded", "decoder"),
            "memory": Recorded(self.memory, ("place", "unit"), "recorded", "encoder"),
            "energies": Recorded(self.energies, ("step", "place"), "recorded", "attention"),
            "weights": Recorded(self.weights, ("step", "place"), "recorded", "attention"),
            "contexts": Recorded(self.contexts, ("step", "unit"), "recorded", "attention"),
        }

    def hidden(self, step: int, place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return W s, U h and the tanh of their sum for one step and place."""
        state_weight, memory_weight, _ = self.parameters
        from_state, from_memory = state_weight @ self.states[step], memory_weight @ self.memory[place]
        # hidden = tanh(W s + U h)
        return from_state, from_memory, np.tanh(from_state + from_memory)

    def arithmetic(self, step: int, place: int, epsilon: float) -> tuple[Arithmetic, ...]:
        """Return every energy, weight and context, and one energy unit by unit, as lines to verify."""
        state_weight, memory_weight, energy_weight = self.parameters
        # the largest sums of |terms| in W s and U h: their rounding passes the tanh no larger, and is weighted by v
        reach = (np.abs(state_weight) @ np.abs(self.states).T).max(axis=1)
        reach = reach + (np.abs(memory_weight) @ np.abs(self.memory).T).max(axis=1)
        near = rounding(energy_weight * (1 + reach), epsilon=epsilon)
        total = rounding(np.abs(self.memory).max(keepdims=True), epsilon=epsilon)
        operands = {
            "states": self.states, "memory": self.memory, "state_weight": state_weight,
            "memory_weight": memory_weight, "energy_weight": energy_weight,
        }  # fmt: skip
        rounded = rounding(np.ones(1), epsilon=epsilon) * (1 + float(np.abs(self.energies).max()))
        _, _, hidden = self.hidden(step, place)
        mask = np.arange(self.padded[0].size) < len(self.read)
        return (
            Arithmetic("e", "e = v·tanh(W s + U h)", _energies, operands, self.energies, near),
            Arithmetic("alpha", "alpha = softmax(e)", _masked_softmax,
                       {"energies": self.energies, "mask": np.ones(self.energies.shape)}, self.weights, rounded),
            Arithmetic("sum of alpha", "sum_j alpha_j = 1", lambda terms: terms.sum(axis=1), {"terms": self.weights},
                       np.ones(len(self.weights)), rounded),
            Arithmetic("c", "c = sum_j alpha_j h_j", _contexts,
                       {"weights": self.weights, "memory": self.memory}, self.contexts, total),
            Arithmetic(f"e[{step},{place}]", "e = sum_u v_u tanh(...)_u", weighted_sum,
                       {"inputs": hidden, "weight": energy_weight}, self.energies[step, place], near),
            Arithmetic("padding", "alpha = softmax(e), 0 on padding", _masked_softmax,
                       {"energies": np.where(mask, self.padded[0], 0), "mask": mask}, self.padded[1], rounded),
        )  # fmt: skip

    def matrix(self) -> Table:
        """Return the weights, a row a symbol that was written."""
        header = (say("written"), *(f"{symbol} {place}" for place, symbol in enumerate(self.read[:DRAWN])))
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (symbol, *(float(weight) for weight in self.weights[place, :DRAWN]))
            for place, symbol in enumerate(self.written[:DRAWN])
        )
        return Table(say("Weights alpha"), header, rows, folded=len(rows) > TERMS)

    def energy_table(self, step: int, place: int) -> Table:
        """Return one energy unit by unit, the largest terms first."""
        energy_weight = self.parameters[2]
        from_state, from_memory, hidden = self.hidden(step, place)
        terms = energy_weight * hidden
        order = np.argsort(-np.abs(terms), kind="stable")
        rows: list[tuple[Cell, ...]] = [
            (int(unit), *(float(part[unit]) for part in (from_state, from_memory, hidden, energy_weight, terms)))
            for unit in order[:TERMS]
        ]
        if len(order) > TERMS:
            rest = float(terms[order[TERMS:]].sum())
            rows.append((say("the other {} units", len(order) - TERMS), "", "", "", "", rest))
        rows.append((say("energy e"), "", "", "", "", float(self.energies[step, place])))
        rows.append((say("weight alpha"), "", "", "", "", float(self.weights[step, place])))
        title = say(
            "The energy of '{}' (place {}) for '{}' (symbol {})", self.read[place], place, self.written[step], step
        )
        header = (say("unit"), "W s", "U h", "tanh(W s + U h)", "v", say("term"))
        return Table(title, header, tuple(rows), marked=frozenset((len(rows) - 2, len(rows) - 1)))

    def context_table(self, step: int) -> Table:
        """Return the largest number of one context, place by place."""
        unit = int(np.abs(self.contexts[step]).argmax())
        rows: list[tuple[Cell, ...]] = [
            (f"{symbol} {place}", float(self.weights[step, place]), float(self.memory[place, unit]),
             float(self.weights[step, place] * self.memory[place, unit]))
            for place, symbol in enumerate(self.read[:DRAWN])
        ]  # fmt: skip
        if len(self.read) > DRAWN:
            rest = float(self.weights[step, DRAWN:] @ self.memory[DRAWN:, unit])
            rows.append((say("the other {} places", len(self.read) - DRAWN), "", "", rest))
        rows.append((say("context c"), float(self.weights[step].sum()), "", float(self.contexts[step, unit])))
        title = say("Number {} of the context of '{}' (symbol {})", unit, self.written[step], step)
        header = (say("place"), say("weight alpha"), "h", "alpha h")
        return Table(title, header, tuple(rows), folded=True, marked=frozenset((len(rows) - 1,)))

    def draw(self) -> Figure:
        """Draw the weights as a matrix of greys, the larger ones with their number."""
        shown = self.weights[:DRAWN, :DRAWN]
        rows, columns = shown.shape
        with styled():
            drawn = figure(max(3.6, 0.34 * columns + 1.6), max(2.4, 0.3 * rows + 1.1))
            axes = drawn.subplots()
            image = axes.imshow(shown, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            for row, column in zip(*np.nonzero(shown >= 0.1), strict=True):
                weight = shown[row, column]
                axes.text(column, row, f"{weight:.1f}".lstrip("0"), ha="center", va="center", fontsize=6.5,
                          color="white" if weight > 0.6 else "black")  # fmt: skip
            axes.set_xticks(range(columns), [readable(symbol) for symbol in self.read[:columns]])
            axes.set_yticks(range(rows), [readable(symbol) for symbol in self.written[:rows]])
            axes.set_xlabel(label("read"))
            axes.set_ylabel(label("written"))
            drawn.colorbar(image, ax=axes, shrink=0.8, label=label("weight alpha"))
        return drawn


def _energies(
    states: np.ndarray, memory: np.ndarray, state_weight: np.ndarray, memory_weight: np.ndarray,
    energy_weight: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return the energy of every step at every place."""
    parameters = attention_by_hand.Parameters(state_weight, memory_weight, energy_weight)
    every = np.broadcast_to(memory, (len(states), *memory.shape))
    # e_ij = v . tanh(W s_i + U h_j), for every step i at every place j
    return attention_by_hand.forward(states, every, np.ones(every.shape[:2], dtype=bool), parameters).energies


def _masked_softmax(energies: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the weights of energies; what is masked has none."""
    # alpha_ij = softmax_j(e_ij)
    return attention_by_hand.masked_softmax(energies, mask > 0)


def _contexts(weights: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """Return the mean of the memory by the weights of every step."""
    # c_i = sum_j alpha_ij h_j
    return np.asarray(weights @ memory)


def _layer(model: nn.Module) -> AdditiveAttention | None:
    """Return the attention of a network, if it has one."""
    return next((part for part in model.modules() if isinstance(part, AdditiveAttention)), None)


def _symbols(subject: Subject) -> Tensor:
    """Return the symbols of the example without padding, `(1, places)`; nothing where it holds no symbols."""
    if subject.inputs.is_floating_point() or subject.inputs.dim() != 2 or len(subject.inputs) != 1:
        return torch.zeros(1, 0, dtype=torch.int64)
    return subject.inputs[:, : int((subject.inputs != PADDING).sum())]


def _record(subject: Subject) -> _Found:
    """Let the network write its answer, and keep what attention took and gave at every step."""
    inputs, model = _symbols(subject), subject.model
    longest = subject.task.longest + 1 if isinstance(subject.task, Translate) else 2 * inputs.shape[1] + 10
    calls, places = _calls(model, inputs, longest)
    padded, _ = _calls(model, nn.functional.pad(inputs, (0, ADDED), value=PADDING), 1)
    layer = _layer(model)
    if layer is None or not isinstance(model, Writes):
        message = "accepts() was not asked"
        raise RuntimeError(message)
    steps = int((places[0] != PADDING).sum())
    kept = calls[:steps]
    weights = (layer.W.weight, layer.U.weight, layer.v.weight[0])
    return _Found(
        [subject.symbol(int(symbol)) for symbol in inputs[0]],
        [_written(subject, int(symbol)) for symbol in places[0, :steps]],
        _array(torch.cat([taken[0] for taken, _ in kept])),
        _array(kept[0][0][1][0]),
        _array(torch.cat([given.energies for _, given in kept])),
        _array(torch.cat([given.weights for _, given in kept])),
        _array(torch.cat([given.context for _, given in kept])),
        (_array(weights[0]), _array(weights[1]), _array(weights[2])),
        (_array(padded[0][1].energies[0]), _array(padded[0][1].weights[0])),
    )


def _calls(model: nn.Module, inputs: Tensor, longest: int) -> tuple[list[tuple[tuple[Tensor, ...], Attended]], Tensor]:
    """Run the network and return arguments and results of every call of its attention, and what was written."""
    calls: list[tuple[tuple[Tensor, ...], Attended]] = []

    def keep(module: nn.Module, taken: tuple[Tensor, ...], given: Attended) -> None:
        calls.append((taken, given))

    layer = _layer(model)
    if layer is None or not isinstance(model, Writes):
        message = "accepts() was not asked"
        raise RuntimeError(message)
    handle = layer.register_forward_hook(keep)
    try:
        with undisturbed(model), torch.no_grad():
            written = model.write(inputs, longest)
    finally:
        handle.remove()
    return calls, written


def _array(values: Tensor) -> np.ndarray:
    """Return numbers as float64."""
    return np.asarray(values.detach().double().numpy(force=True))


def _written(subject: Subject, symbol: int) -> str:
    """Return a symbol of the answer as it is read."""
    if symbol == END:
        return say("end")
    known = subject.task.symbols if isinstance(subject.task, Translate) else ()
    place = symbol - FIRST
    return known[place] if 0 <= place < len(known) else str(symbol)


def _require(number: int, count: int, rule: str) -> None:
    """Refuse a number that is not counted.

    Raises:
        LayerwiseError: It is not.
    """
    if not 0 <= number < count:
        found, remedy = say("{} of {}", number, count), say("Choose one from 0 to {}.", count - 1)
        raise LayerwiseError(rule, found, remedy, usage=True)
