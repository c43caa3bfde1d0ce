"""From one sequence to another of a different length: translation, reversal, spelling (lectures 000, 001, 003)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.kinds import Texts
from layerwise.data.source import Source
from layerwise.data.tokens import PADDING, UNKNOWN
from layerwise.data.tokens import symbols as symbols_of
from layerwise.errors import LayerwiseError
from layerwise.evaluation.intervals import proportion
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.metrics.sequences import matching_places
from layerwise.tasks.arrangement import by_length
from layerwise.tasks.asking import evaluating
from layerwise.tasks.contract import Batch, Examples, LossResult
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.supervised import taken, weights_of

__all__ = ["BEGIN", "END", "FIRST", "LONGEST", "LOSSES", "Translate", "Writes"]

LOSSES = ("cross-entropy",)
"""Losses by their names in the settings."""

BEGIN, END, FIRST = 2, 3, 4
"""Places of the vocabulary that is written, behind padding and the unknown symbol: before the first symbol, after the
last, and where the symbols of the data begin."""

LONGEST = 1000
"""Symbols of a sequence that are read or written at most: memory grows with the product of both lengths."""


@runtime_checkable
class Writes(Protocol):
    """A network that writes sequences."""

    def __call__(self, inputs: Tensor, given: Tensor) -> Tensor:
        """Return the logits `(batch, steps, vocabulary)` of each symbol after the given ones before it."""

    def write(self, inputs: Tensor, longest: int) -> Tensor:
        """Return the symbols of an answer, `(batch, longest)`: up to END, then padding."""


@register(
    "translate",
    target="text",
    inputs="text",
    model="seq2seq",
    lecture="001 Attention; 003 Recurrent Neural Network",
    small={"symbols": ("a", "b", "c", "d")},
)
@dataclass(frozen=True)
class Translate:
    """Write a sequence of symbols for each sequence that is read.

    Args:
        symbols: What can be written, in sorted order; from the training rows alone.
        unit: What one symbol is: `characters` or `words`.
        longest: Symbols after which an answer without an end is cut off.
        error: `cross-entropy` of every symbol given the right ones before it.
    """

    symbols: tuple[str, ...]
    unit: str = "characters"
    longest: int = 20
    error: str = "cross-entropy"
    name: str = "translate"
    lower_is_better: bool = False

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source, its target cut into characters.

        Raises:
            LayerwiseError: No training row has a target, or the loss is another one.
        """
        if error not in ("auto", *LOSSES):
            raise LayerwiseError(
                say("A loss must suit the task."), say("loss '{}' for translation", error),
                say("Use --loss cross-entropy."), usage=True,
            )  # fmt: skip
        return cls(()).spelled(source, training, "characters")

    def spelled(self, source: Source, training: np.ndarray, tokens: str) -> Self:
        """Return the task with the symbols and the longest answer of its training rows.

        Args:
            source: All rows.
            training: Rows of the training part; only these are looked at.
            tokens: What one symbol is: `characters` or `words`.

        Raises:
            LayerwiseError: No training row has a symbol to be written.
        """
        field = source.named("target")[0]
        cells = [symbols_of(text, tokens) for text in texts(source, field, training)]
        symbols = tuple(sorted({symbol for cell in cells for symbol in cell}))
        if not symbols:
            raise LayerwiseError(
                say("A sequence to be written needs at least one symbol."),
                say("every training row of '{}' is empty", field), say("Choose another target with --target."),
            )  # fmt: skip
        # Twice the longest of training leaves room for longer new sequences, and still ends one that never stops.
        return replace(self, symbols=symbols, unit=tokens, longest=min(2 * max(map(len, cells)), LONGEST))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(tuple(values["symbols"]), values["unit"], values["longest"], values["error"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        return {
            "name": self.name, "symbols": list(self.symbols), "unit": self.unit, "longest": self.longest,
            "error": self.error,
        }  # fmt: skip

    @property
    def main(self) -> str:
        """Share of the sequences that are written without a single mistake."""
        return "exact_match"

    @property
    def classes(self) -> tuple[str, ...]:
        """Nothing is classified."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """An answer has no scores: it is a text."""
        return ()

    @property
    def baselines(self) -> tuple[str, ...]:
        """Each symbol by itself, in the order that was read."""
        return ("dictionary",)

    def outputs(self) -> int:
        """Return the size of the vocabulary: the symbols, padding, unknown, begin and end."""
        return FIRST + len(self.symbols)

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return pairs of sequences; the one to be written ends with END.

        Raises:
            LayerwiseError: The inputs are no text, or a sequence is empty or too long.
        """
        index, ids, weights = torch.from_numpy(np.asarray(rows)), source.ids(), weights_of(source)
        read = taken(inputs, index)
        if not isinstance(read, Ragged):
            raise LayerwiseError(
                say("A sequence is written for a text that is read."), say("the inputs are no text"),
                say("Choose inputs with --drop, or another model: layerwise models"), usage=True,
            )  # fmt: skip
        places = [source.place(int(row)) for row in rows]
        refuse_length(places, read.lengths.tolist(), ", ".join(f"'{name}'" for name in source.named("input")))
        names = tuple(ids[row] for row in rows)
        if not source.named("target"):
            refuse_unknown(places, read)
            return Examples(read, torch.zeros(len(index), 0, dtype=torch.int64), names, arrangement=by_length)
        field = source.named("target")[0]
        truths = texts(source, field, rows)
        cells = [symbols_of(text, self.unit) for text in truths]
        refuse_length(places, [len(cell) for cell in cells], f"'{field}'")
        targets = Ragged.of([self.encoded(cell) for cell in cells] or [torch.zeros(0, dtype=torch.int64)], PADDING)
        held = None if weights is None else weights[index]
        return Examples(read, targets, names, held, np.array(truths, dtype=object), by_length)

    def encoded(self, symbols: Sequence[str]) -> Tensor:
        """Return the places of symbols in the vocabulary, END behind them."""
        known = {symbol: FIRST + place for place, symbol in enumerate(self.symbols)}
        return torch.tensor([*(known.get(symbol, UNKNOWN) for symbol in symbols), END])

    def decoded(self, places: Sequence[int]) -> str:
        """Return the text of places in the vocabulary, up to END."""
        symbols = []
        for place in places:
            if place in (END, PADDING):
                break
            symbols.append(self.symbols[place - FIRST] if place >= FIRST else "\N{REPLACEMENT CHARACTER}")
        return (" " if self.unit == "words" else "").join(symbols)

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the loss summed over every symbol and END; padding is not counted.

        E = -sum_n v_n sum_i log p(y_ni | y_n1 ... y_n(i-1), x_n): the right symbols before are given (teacher forcing).
        """
        # An empty batch of targets has no first symbol to be given.
        given = functional.pad(batch.targets, (1, 0), value=BEGIN)[:, :-1]
        # Behind the end the given symbol is END; what follows from it is not counted.
        output = model(batch.inputs, given)
        counted = (batch.targets != PADDING).to(output.dtype)
        if batch.weights is not None:
            counted = counted * batch.weights[:, None]
        # -log p(y_i)
        each = functional.cross_entropy(output.flatten(0, 1), batch.targets.flatten(), reduction="none")
        return LossResult((each * counted.flatten()).sum(), counted.sum(), output)

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return the text written for each example, object dtype; similar lengths are read together.

        Raises:
            LayerwiseError: The network does not write sequences.
        """
        if not isinstance(model, Writes) or not isinstance(examples.inputs, Ragged):
            raise LayerwiseError(
                say("A network that writes sequences has a method write(inputs, longest)."), type(model).__name__,
                say("Give it one, or choose a model for the task: layerwise models --task {}", self.name),
            )  # fmt: skip
        written = np.full(len(examples), "", dtype=object)
        with evaluating(model) as device:
            for rows in torch.split(examples.inputs.lengths.cpu().argsort(stable=True), 256):
                answers = model.write(examples.inputs[rows].to(device), self.longest + 1)
                for row, places in zip(rows.tolist(), answers.tolist(), strict=True):
                    written[row] = self.decoded(places)
        return written

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Return the texts."""
        return tuple(answers)

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Return the texts."""
        return tuple(truths)

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure written texts: the share without a mistake, and the share of places with the right symbol."""
        wanted, found = ([symbols_of(text, self.unit) for text in side] for side in (truths, answers))
        right = [matching_places(one, other) for one, other in zip(found, wanted, strict=True)]
        exact = np.array([one == other for one, other in zip(found, wanted, strict=True)], dtype=bool)
        whole = np.arange(len(truths)) if groups is None else groups
        # Symbols of one text are not independent, so a text is a group of places.
        owner = np.repeat(whole, [len(each) for each in right])
        return Measured({
            "exact_match": proportion(exact, groups=groups, confidence=settings.confidence),
            "symbol_accuracy": proportion(
                np.concatenate([*right, np.zeros(0, dtype=bool)]), groups=owner, confidence=settings.confidence
            ),
        })  # fmt: skip

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return sequences of one to five symbols and their reversals, for a vocabulary of `inputs` places."""
        size = inputs if isinstance(inputs, int) else inputs[0]
        lengths = torch.randint(1, 6, (number,), generator=generator).tolist()
        read = [torch.randint(2, size, (length,), generator=generator) for length in lengths]
        written = [(cell.flip(0) - 2) % len(self.symbols) for cell in read]
        truths = np.array([self.decoded((FIRST + cell).tolist()) for cell in written], dtype=object)
        targets = [torch.cat([FIRST + cell, torch.tensor([END])]) for cell in written]
        return Examples(
            Ragged.of(read, PADDING), Ragged.of(targets, PADDING), tuple(str(row) for row in range(number)), None,
            truths, by_length,
        )  # fmt: skip


def texts(source: Source, field: str, rows: np.ndarray) -> list[str]:
    """Return some cells of a field as whole texts."""
    column = source.columns[field]
    return [str(column.values[row]) if isinstance(column, Texts) else column.show(int(row)) for row in rows]


def refuse_length(places: Sequence[str], lengths: Sequence[int], field: str) -> None:
    """Refuse sequences without a symbol or with too many.

    Raises:
        LayerwiseError: One is; the first is named.
    """
    for place, length in zip(places, lengths, strict=True):
        if not length:
            raise LayerwiseError(
                say("A sequence needs at least one symbol."), say("{}: {} is empty", place, field),
                say("Fill it in, or leave the row out."),
            )  # fmt: skip
        if length > LONGEST:
            raise LayerwiseError(
                say("A sequence has at most {} symbols.", LONGEST),
                say("{}: {} has {}", place, field, length),
                say("Cut it into sentences, or read words instead of characters: --tokens words"),
            )  # fmt: skip


def refuse_unknown(places: Sequence[str], read: Ragged) -> None:
    """Refuse new texts with symbols that training never saw, since nothing was learned about them.

    Raises:
        LayerwiseError: One has; the first is named.
    """
    for row, place in enumerate(places):
        unknown = (read.item(row) == UNKNOWN).nonzero().flatten().tolist()
        if unknown:
            raise LayerwiseError(
                say("A network reads the symbols it was trained on."),
                say("{}: symbol {} was never seen in training", place, unknown[0] + 1),
                say("Write the text with the symbols of the training data."),
            )  # fmt: skip
