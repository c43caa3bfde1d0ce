"""Language modelling: the next symbol of a text, foretold at every place (lectures 001 and 003).

A text is cut into passages of equal length that are read one after the other in several streams; what the network
remembers at the end of a passage goes into the next one, its gradient does not (truncated back-propagation).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.kinds import Texts
from layerwise.data.source import Source
from layerwise.data.tokens import PADDING, RESERVED, UNKNOWN, vocabulary_of
from layerwise.errors import LayerwiseError
from layerwise.evaluation.error_intervals import mean_interval, transformed
from layerwise.evaluation.intervals import Interval, proportion
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.tasks.arrangement import STREAM, in_streams
from layerwise.tasks.asking import evaluating
from layerwise.tasks.carried import beginning, carried, read_on
from layerwise.tasks.contract import Batch, Examples, LossResult
from layerwise.tasks.passages import joined, passages
from layerwise.tasks.ragged import Ragged

__all__ = ["LOSSES", "Language"]

LOSSES = ("cross-entropy",)
"""Losses by their names in the settings."""

MOST_STREAMS = 256
MOST_LOGITS = 20_000_000
"""Logits that are held at once when a text is measured."""

BLOCKS = 30
"""Stretches of a text that an interval is taken from: neighbouring symbols depend on each other, stretches hardly."""


@register(
    "language", target="none", inputs="text", model="char-lstm", split="order",
    lecture="001 RNN, language model; 003 RNN", small={"symbols": ("a", "b", "c", "d")},
)  # fmt: skip
@dataclass(frozen=True)
class Language:
    """Foretell the next symbol at every place of a text.

    Args:
        symbols: What can come next, in the order of the outputs: the symbols of the training part.
        unit: `characters`, or `words`.
        error: `cross-entropy`.
    """

    symbols: tuple[str, ...]
    unit: str = "characters"
    error: str = "cross-entropy"
    name: str = "language"
    lower_is_better: bool = True

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a text: its symbols are those of the training rows.

        Raises:
            LayerwiseError: There is no field of text, or the loss is another task's.
        """
        if error not in ("auto", *LOSSES):
            raise LayerwiseError(
                say("A loss must suit the task."), say("loss '{}' for a language model", error),
                say("Use --loss cross-entropy."), usage=True,
            )  # fmt: skip
        texts = [column for name in source.named("input") if isinstance(column := source.columns[name], Texts)]
        if len(texts) != 1:
            raise LayerwiseError(
                say("A language model reads one field of text."),
                say("'{}' has {} such input fields", source.name, len(texts)),
                say("Give a text file, or leave the other fields out with --drop."), usage=True,
            )  # fmt: skip
        unit = texts[0].unit
        return cls(vocabulary_of((texts[0].values[row] for row in training), unit), unit)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(tuple(values["symbols"]), values["unit"], values["error"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        return {"name": self.name, "symbols": list(self.symbols), "unit": self.unit, "error": self.error}

    @property
    def main(self) -> str:
        """Mean negative log-likelihood of a symbol."""
        return "nats"

    @property
    def classes(self) -> tuple[str, ...]:
        """Nothing is classified."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """A passage has no one score; `passages.csv` holds its likelihood."""
        return ()

    @property
    def baselines(self) -> tuple[str, ...]:
        """Counted frequencies: of symbols alone, after one and after two symbols."""
        return "unigram", "bigram", "trigram"

    def outputs(self) -> int:
        """Return the number of symbols."""
        return len(self.symbols)

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Cut the text of some rows into passages; each is asked for the symbols one place further on.

        Raises:
            LayerwiseError: The rows hold fewer than two symbols.
        """
        if not isinstance(inputs, Ragged):
            message = "a language model reads sequences of tokens"
            raise TypeError(message)
        tokens = joined(inputs, torch.from_numpy(np.sort(rows)))
        if len(rows) and len(tokens) < 2:
            raise LayerwiseError(
                say("Every part of a text has at least two symbols: one to read and one to foretell."),
                say("a part of '{}' has {}", source.name, len(tokens)),
                say("Give a longer text, or other shares with --test-fraction and --validation-fraction."),
            )
        return passages(tokens, settings.sequence_length)

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the summed loss of a batch of passages, from what was remembered of the passages before them.

        E = -sum_n sum_t log softmax(z_nt)[x_n,t+1], over the places whose next symbol is known.
        """
        output, memory = read_on(model, batch.inputs, beginning(state, batch.rows))
        # E = -sum_n sum_t log softmax(z_nt)[x_n,t+1]
        losses = functional.cross_entropy(output.transpose(1, 2), batch.targets, ignore_index=-1, reduction="none")
        counted = batch.targets >= 0
        kept = carried(batch.rows, memory, state, whole=batch.whole)
        if batch.weights is None:
            return LossResult(losses.sum(), counted.sum(), output, state=kept)
        weights = batch.weights[:, None]
        return LossResult((weights * losses).sum(), (weights * counted).sum(), output, state=kept)

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return for each place the loss of the symbol that follows, in nats, and the most probable one.

        The text is read in streams of 64 passages, whatever the batch size of learning, so that the figures follow from
        the network and the text alone; the passage before a stream is read first, uncounted. `(passages, length, 2)`;
        behind the end of the text 0 and -1.
        """
        with evaluating(model) as device:
            held = examples.to(device)
            order = in_streams(held, 0, 0, self.streams(*held.inputs[:].shape))
            before = held.batch((order[0] - 1).clamp(min=0).to(device))
            state = carried(before.rows, read_on(model, before.inputs, None)[1], None)
            found = torch.zeros((*held.inputs[:].shape, 2), dtype=torch.float64, device=device)
            for rows in order:
                batch = held.batch(rows.to(device))
                output, memory = read_on(model, batch.inputs, beginning(state, batch.rows))
                state = carried(batch.rows, memory, state)
                scores = output.double().log_softmax(2)
                losses = -scores.gather(2, batch.targets.clamp(min=0)[:, :, None])[:, :, 0]
                best = scores.argmax(2).masked_fill(batch.inputs == PADDING, -1)
                found[batch.rows] = torch.stack([losses.masked_fill(batch.targets < 0, 0.0), best.double()], dim=2)
        return found.cpu().numpy()

    def streams(self, number: int, length: int) -> int:
        """Return in how many streams so many passages are read when they are measured."""
        room = MOST_LOGITS // (length * max(1, len(self.symbols)))
        return max(1, min(number // STREAM, room, MOST_STREAMS))

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Return the most probable next symbols of each passage, each foretold from the true symbols before it."""
        return tuple(self.written(best[best >= 0]) for best in answers[:, :, 1].astype(np.int64))

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Return the symbols that follow, as text; an unknown one is written with the sign for that."""
        return tuple(self.written(ids[ids != PADDING] - RESERVED) for ids in truths)

    def written(self, places: np.ndarray) -> str:
        """Write symbols, by their places among the outputs, as text."""
        between = " " if self.unit == "words" else ""
        return between.join(self.symbols[place] if place >= 0 else "\ufffd" for place in places)

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure losses `(passages, length, 2)` of the symbols with the ids `truths`.

        Neighbouring symbols are not independent, so 30 long stretches of the text are drawn again, or whole groups.
        """
        known = truths >= RESERVED
        losses, best = answers[:, :, 0][known], answers[:, :, 1][known]
        blocks = blocks_of(len(losses)) if groups is None else np.repeat(groups, known.sum(axis=1))
        nats = mean_interval(
            losses, generator=np.random.default_rng([seed, 0xE7A1]), groups=blocks,
            confidence=settings.confidence, resamples=settings.resamples,
        )  # fmt: skip
        nats = replace(nats, method="studentised bootstrap of long stretches") if groups is None else nats
        right = best == truths[known] - RESERVED
        figures = {
            "nats": nats,
            "bits": transformed(nats, factor=1 / math.log(2)),
            "perplexity": perplexity(nats),
            "next_symbol": proportion(right, groups=blocks, confidence=settings.confidence),
        }
        unknown = truths == UNKNOWN
        if unknown.any():
            read = truths != PADDING
            figures["unknown"] = proportion(unknown[read], groups=None, confidence=settings.confidence)
        return Measured(figures)

    def files(self, ids: tuple[str, ...], truths: np.ndarray, answers: np.ndarray) -> Mapping[str, bytes]:
        """Return `passages.csv`: symbols, nats and right answers of each passage; their sums are the figures."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["id", "symbols", "nats", "right"])
        known = truths >= RESERVED
        right = known & (answers[:, :, 1] == truths - RESERVED)
        sums = np.where(known, answers[:, :, 0], 0.0).sum(axis=1)
        for name, symbols, nats, good in zip(ids, known.sum(axis=1), sums, right.sum(axis=1), strict=True):
            writer.writerow([name, int(symbols), f"{nats:.9g}", int(good)])
        return {"passages.csv": text.getvalue().encode()}

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return passages that can be learned: the symbols go round in their order, a few are left out."""
        steps = 1 + (torch.rand(number * 8 + 1, generator=generator) < 0.02).long()
        return passages(RESERVED + steps.cumsum(0) % len(self.symbols), 8)


def blocks_of(symbols: int) -> np.ndarray:
    """Return the stretch that each symbol of a text belongs to: 30 of nearly equal length.

    Source: B. Schmeiser, Batch size effects in the analysis of simulation output, 1982 (10 to 30 batches).

    Example:
        >>> np.unique(blocks_of(50_000), return_counts=True)[1][:3].tolist()
        [1667, 1667, 1666]
    """
    return np.arange(symbols) * BLOCKS // max(symbols, 1)


def perplexity(nats: Interval) -> Interval:
    """Return exp of a mean loss: among how many equally likely symbols the network might as well choose.

    Example:
        >>> round(perplexity(Interval(math.log(6), 1.7, 1.9, 10, "")).value, 6)
        6.0
    """
    value, low, high = (None if end is None else math.exp(end) for end in (nats.value, nats.low, nats.high))
    return replace(nats, value=value, low=low, high=high)
