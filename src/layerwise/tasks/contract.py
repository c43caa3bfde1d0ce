"""What passes between a task, a model and the training loop: examples, batches and the result of a loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from torch import Generator, Tensor, nn

from layerwise.data.source import Source

__all__ = ["Batch", "ClosedForm", "Examples", "LossResult", "OwnsLoss", "Task"]


@dataclass(frozen=True)
class Batch:
    """Examples that are learned from at once.

    Args:
        inputs: What the network sees, `(batch, ...)`.
        targets: What it should answer, `(batch, ...)`.
        rows: Place of each example among the examples of its part, `(batch,)`.
        weights: Weight of each example in the loss, or None for one each.
    """

    inputs: Tensor
    targets: Tensor
    rows: Tensor
    weights: Tensor | None = None

    def count(self) -> Tensor | float:
        """Return what a sum over the examples is divided by: their number, or the sum of their weights."""
        return len(self.targets) if self.weights is None else self.weights.sum()


@dataclass(frozen=True)
class LossResult:
    """A loss as a sum and its count, so that accumulation, masks and several processes average exactly.

    Args:
        total: Sum of the losses of all counted items; the loop takes the gradient of `total / count`.
        count: How many items (or how much weight) the sum is over.
        output: What the network answered, `(batch, ...)`.
        parts: Named parts of the sum, for models with several losses.
        state: A tree of tensors carried to the next batch: hidden states, chains, replay.
    """

    total: Tensor
    count: Tensor | float
    output: Tensor
    parts: Mapping[str, Tensor] = field(default_factory=dict)
    state: Any = None


@dataclass(frozen=True)
class Examples:
    """One part of the data in the form the network takes, resident as tensors.

    Args:
        inputs: `(items, ...)`, float32; whole pictures or rows of numbers.
        targets: `(items,)` class places (int64) or `(items, targets)` numbers (float32).
        ids: The id of each item, for predictions and messages.
        weights: Weight of each item, or None.
    """

    inputs: Tensor
    targets: Tensor
    ids: tuple[str, ...]
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def batch(self, rows: Tensor) -> Batch:
        """Gather some examples."""
        weights = None if self.weights is None else self.weights[rows]
        return Batch(self.inputs[rows], self.targets[rows], rows, weights)


@runtime_checkable
class OwnsLoss(Protocol):
    """A network that brings its own loss and reads its own answers: perceptron, 64-2-3, RBM, detectors."""

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return the loss of a batch."""

    def scores(self, output: Tensor) -> Tensor:
        """Turn outputs into one score a class, `(batch, classes)`, that sum to one."""


@runtime_checkable
class ClosedForm(Protocol):
    """A network that is solved at once instead of step by step: nearest neighbours, least squares, the majority."""

    def fit(self, inputs: Tensor, targets: Tensor, weights: Tensor | None) -> None:
        """Learn from all examples."""


class Task(Protocol):
    """What is asked of the data, the same for every network that can answer."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the outputs; empty where nothing is classified."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What each column of the decoded answers is: class names, or names of the targets."""

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source, from its training rows alone; `error` names the loss, or is `auto`."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from what a run folder holds."""

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values, its name among them."""

    def outputs(self) -> int:
        """Return the number of outputs a network needs: classes or target numbers."""

    def targets(self, source: Source) -> Tensor:
        """Return the targets of every row as the loss takes them."""

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the loss of a batch."""

    def decode(self, model: nn.Module, output: Tensor) -> np.ndarray:
        """Turn outputs into what is predicted: class probabilities `(items, classes)` or numbers `(items, targets)`."""

    def labels(self, scores: np.ndarray) -> tuple[str, ...]:
        """Say in a word what each row of decoded answers predicts."""

    def truths(self, source: Source, rows: np.ndarray) -> np.ndarray:
        """Return the targets of some rows as they are measured: class places, or numbers in the units of the data."""

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Write measured targets as the predictions file shows them."""

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: Generator) -> Examples:
        """Return examples that can be learned, for the contract tests."""
