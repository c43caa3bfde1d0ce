"""What passes between a task, a model and the training loop: examples, batches, losses and stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Generator, Tensor, nn

from layerwise.config import Evaluate, Train
from layerwise.data.image_step import Placed
from layerwise.data.source import Source
from layerwise.evaluation.measured import Measured
from layerwise.tasks.arrangement import shuffled
from layerwise.tasks.ragged import Ragged

__all__ = [
    "AnswersInPixels", "AnswersWithSets", "Arrangement", "Batch", "ChoosesThreshold", "ClosedForm", "Examples",
    "LearnsInStages", "LossResult", "MakesBatches", "Moves", "OwnsLoss", "Spells", "Stage", "Task", "WritesAnswers",
    "WritesFiles",
]  # fmt: skip

Arrangement = Callable[["Examples", int, int, int], list[Tensor]]
"""The rows of every update of an epoch: `(examples, seed, epoch, batch_size) -> rows of each batch`."""


@dataclass(frozen=True)
class Batch:
    """Examples that are learned from at once.

    Args:
        inputs: What the network sees, `(batch, ...)`.
        targets: What it should answer, `(batch, ...)`.
        rows: Place of each example among the examples of its part, `(batch,)`.
        weights: Weight of each example in the loss, or None for one each.
        whole: Examples of the batch that this is a piece of; 0 where it is whole itself.
    """

    inputs: Tensor
    targets: Tensor
    rows: Tensor
    weights: Tensor | None = None
    whole: int = 0

    def count(self) -> Tensor | float:
        """Return what a sum over the examples is divided by: their number, or the sum of their weights."""
        return len(self.targets) if self.weights is None else self.weights.sum()

    def pieces(self, number: int) -> list[Batch]:
        """Cut the batch into up to `number` parts of nearly equal size, none of them empty."""
        rows = [part for part in self.rows.tensor_split(number) if len(part)]
        sizes = [len(part) for part in rows]
        if len(sizes) < 2:
            return [self] if sizes else []
        weights = [None] * len(sizes) if self.weights is None else torch.split(self.weights, sizes)
        cut = zip(torch.split(self.inputs, sizes), torch.split(self.targets, sizes), rows, weights, strict=True)
        return [Batch(*some, whole=len(self.rows)) for some in cut]


@dataclass(frozen=True)
class LossResult:
    """A loss as a sum and its count, so that accumulation, masks and several processes average exactly.

    Args:
        total: Sum of the losses of all counted items; the loop takes the gradient of `total / count`.
        count: How many items (or how much weight) the sum is over.
        output: What the network answered, `(batch, ...)`.
        parts: Named sums over the same count, shown beside the loss: the losses it is made of, the return of a game.
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
        inputs: Whole pictures, rows of numbers `(items, ...)`, or sequences.
        targets: What should be answered, as the loss takes it: class places `(items,)`, numbers `(items, targets)`,
            sequences, boxes; `(items, 0)` where new data have none.
        ids: The id of each item, for predictions and messages.
        weights: Weight of each item, or None.
        truths: The targets as they are measured, in the units of the data, first axis items; None where there are none.
        arrangement: Which of them are learned from at once.
    """

    inputs: Tensor | Ragged
    targets: Tensor | Ragged
    ids: tuple[str, ...]
    weights: Tensor | None = None
    truths: np.ndarray | None = None
    arrangement: Arrangement = shuffled

    def __len__(self) -> int:
        return len(self.inputs)

    def batch(self, rows: Tensor) -> Batch:
        """Gather some examples."""
        weights = None if self.weights is None else self.weights[rows]
        return Batch(_gathered(self.inputs, rows), _gathered(self.targets, rows), rows, weights)

    def tensors(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return inputs, targets and weights where all items have one size, as closed forms need them."""
        if isinstance(self.inputs, Ragged) or isinstance(self.targets, Ragged):
            message = "items of different length have no tensor of one shape"
            raise TypeError(message)
        return self.inputs, self.targets, self.weights

    def batches(self, seed: int, epoch: int, batch_size: int) -> list[Tensor]:
        """Return the rows of every update of an epoch."""
        return self.arrangement(self, seed, epoch, batch_size)

    def to(self, device: torch.device | str) -> Examples:
        """Return the same examples on another device."""
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device), weights=weights)


def _gathered(items: Tensor | Ragged, rows: Tensor) -> Tensor:
    # Whole rows are copied five times as fast by this as by indexing.
    return items.index_select(0, rows) if isinstance(items, Tensor) else items[rows]


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

    def fit(self, examples: Examples) -> None:
        """Learn from all examples."""


@dataclass(frozen=True)
class Stage:
    """One part of learning: what is learned, and how.

    Args:
        name: What it is called in the history; empty where there is only one.
        learner: The part of the network that is learned alone, with a loss of its own or solved at once; None for the
            whole network, by the loss of its task.
        settings: Settings of learning that differ in this stage, by name.
    """

    name: str
    learner: nn.Module | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class LearnsInStages(Protocol):
    """A network that is learned one part after the other: greedy pre-training, then fine-tuning."""

    def stages(self) -> Sequence[Stage]:
        """Return the stages in their order."""


class Task(Protocol):
    """What is asked of the data, the same for every network that can answer."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""

    @property
    def main(self) -> str:
        """The figure that stands for the task in one-line tables."""

    @property
    def lower_is_better(self) -> bool:
        """Whether the main figure is better where it is smaller."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the outputs; empty where nothing is classified."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What each score column of the predictions is: class names, names of targets; empty where there is none."""

    @property
    def baselines(self) -> tuple[str, ...]:
        """Simple learners, solved at once, that are measured beside a network; the first costs nothing."""

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source, from its training rows alone; `error` names the loss, or is `auto`."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from what a run folder holds."""

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values, its name among them."""

    def outputs(self) -> int:
        """Return the number of outputs a network needs: classes, target numbers, symbols; 0 where it has none."""

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return one part of the data as the network takes it.

        Args:
            source: All rows; new data may lack the target.
            rows: Rows of the part.
            inputs: The preprocessed inputs of all rows.
            settings: Settings of learning.
        """

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the loss of a batch; `state` is what the loss of the batch before handed on."""

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return what a network answers for each example; first axis examples."""

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Say in a word what each answer predicts."""

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Write measured targets as the predictions file shows them."""

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure answers: every figure with its interval.

        Args:
            truths: The targets as they are measured.
            answers: What the network answered for the same examples.
            settings: Confidence, resamples, positive class.
            seed: Seed of the resampling.
            groups: Group of each example; whole groups are then resampled.
        """

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: Generator) -> Examples:
        """Return examples that can be learned, for the contract tests."""


@runtime_checkable
class MakesBatches(Protocol):
    """A task whose learner makes its own data: games."""

    def make(
        self, model: nn.Module, examples: Examples, rows: Tensor, state: Any, *, seed: int, epoch: int
    ) -> tuple[Batch, Any]:
        """Act, remember, and draw the batch of the next update.

        Args:
            model: The network as it is now.
            examples: The training part.
            rows: Rows of this update.
            state: What is remembered; None at the start. Its tensors may be changed in place.
            seed: Seed of the run.
            epoch: Epoch, from 0.
        """

    def shortfall(self, model: nn.Module, examples: Examples) -> float:
        """Return how far a network stays behind on a validation part, where there is no loss to look at."""


@runtime_checkable
class WritesFiles(Protocol):
    """A task whose predictions have a form of their own beside the table."""

    def files(self, ids: tuple[str, ...], truths: np.ndarray, answers: np.ndarray) -> Mapping[str, bytes]:
        """Return the content of each file of predictions by its name."""


@runtime_checkable
class AnswersInPixels(Protocol):
    """A task whose answers are places in a picture: boxes, label images."""

    def brought_back(self, answer: np.ndarray, place: Placed) -> np.ndarray:
        """Return the answer about one picture in the pixels that the picture itself has.

        Args:
            answer: What was answered, in the pixels that the network sees.
            place: Where the picture lies among these.
        """


@runtime_checkable
class AnswersWithSets(Protocol):
    """A task whose examples have any number of the classes instead of one: label sets."""

    def chosen(self, answers: np.ndarray) -> np.ndarray:
        """Return which classes are answered for each example, `(items, classes)`."""


@runtime_checkable
class ChoosesThreshold(Protocol):
    """A task whose answer may begin at another score than one half, chosen when learning is over."""

    def decided(self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate) -> Task:
        """Return the task with the threshold that is best for some examples that were not learned from.

        Args:
            truths: The targets as they are measured.
            answers: What the network answered for the same examples.
            settings: The positive class, and what the threshold is best for.
        """

    def undecided(self) -> Task:
        """Return the task without a threshold: the most probable class is the answer."""


@runtime_checkable
class WritesAnswers(Protocol):
    """A task whose answers about new data have forms of their own instead of one row an example."""

    @property
    def forms(self) -> tuple[str, ...]:
        """Endings of the files that it writes in a form of its own, beside a table; `/` stands for a folder."""

    def table(self, ids: Sequence[str], answers: Sequence[np.ndarray]) -> Iterator[tuple[object, ...]]:
        """Yield the header and then the rows of a table of the answers."""

    def told(self, answer: np.ndarray) -> dict[str, Any]:
        """Return the answer about one example as plain values by their names."""

    def written(
        self, form: str, ids: Sequence[str], answers: Sequence[np.ndarray], sizes: np.ndarray
    ) -> Mapping[str, bytes]:
        """Return the content of each file of a form by its name; the name of a form that is one file is empty.

        Args:
            form: One of `forms`.
            ids: Name of each example.
            answers: The answers, in the pixels of the pictures.
            sizes: Width and height of each picture, `(items, 2)`.
        """


@runtime_checkable
class Moves(Protocol):
    """A task whose targets move with the picture: boxes, label images."""

    def moved(self, targets: Tensor, matrices: Tensor, size: tuple[int, int]) -> Tensor:
        """Return targets as they are after their pictures were moved.

        Args:
            targets: `(batch, ...)`.
            matrices: Where each pixel of the new picture comes from, `(batch, 2, 3)`: x_old = M [x_new, y_new, 1], in
                coordinates from -1 at the left or upper border to 1 at the right or lower one.
            size: Height and width of the pictures in pixels.
        """


@runtime_checkable
class Spells(Protocol):
    """A task whose targets are texts: they are cut into the same symbols as the inputs."""

    def spelled(self, source: Source, training: np.ndarray, tokens: str) -> Task:
        """Return the task with the vocabulary of its training rows.

        Args:
            source: All rows.
            training: Rows of the training part; only these are looked at.
            tokens: What one symbol is: `characters` or `words`.
        """
