"""What is explained: one network and one example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.data.tokens import RESERVED
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.tasks.contract import Batch, LossResult, OwnsLoss, Task

__all__ = ["Dealt", "ExampleLoss", "Ranked", "Subject"]


@dataclass(frozen=True)
class Dealt:
    """How the rows of a run were dealt into folds, and who answered rightly.

    Args:
        folds: Fold that tested each row, `(deals, rows)`.
        right: 1 where the row was answered rightly, else 0, `(deals, rows)`.
        place: Which row is the example that is opened.
        each: The accuracy of every fold as the run measured it, `(deals, folds)`.
        pooled: The accuracy of all rows together in the first deal.
        tested: Mean number of rows that a fold tests.
        learned: Mean number of rows that it is learned from.
    """

    folds: np.ndarray
    right: np.ndarray
    place: int
    each: np.ndarray
    pooled: float
    tested: float
    learned: float


@dataclass(frozen=True)
class Ranked:
    """The scores that a network of two classes gave to a whole part of the data.

    Args:
        positive: Place of the class that the scores are for.
        scores: Score of each example.
        members: True where an example belongs to that class.
        place: Which of them is the example that is opened.
    """

    positive: int
    scores: np.ndarray
    members: np.ndarray
    place: int


@dataclass(frozen=True)
class Subject:
    """One network and one example of its data.

    Args:
        model: The network; a view leaves its weights, statistics and mode as they were.
        inputs: The example as the network takes it, `(1, ...)`.
        target: What it should answer, `(1, ...)`, or None where that is unknown.
        task: What was asked, or None for a network outside a run.
        input_names: The names of the input fields, where the example is a row of numbers.
        class_names: The names of the classes.
        example_id: The example's id in its data.
        facts: Anything else worth a line: run, data, part.
        symbols: The vocabulary that is read, behind padding and the unknown symbol, where the example is a text.
        truth: The target in words, where neither class names nor numbers say it.
        ranked: The scores of the part that the example is from, where there are two classes; None elsewhere.
        dealt: The folds of the run, where it is measured by folds; None elsewhere.
    """

    model: nn.Module
    inputs: Tensor
    target: Tensor | None = None
    task: Task | None = None
    input_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    example_id: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    truth: str = ""
    ranked: Ranked | None = None
    dealt: Dealt | None = None

    def shown_facts(self) -> tuple[tuple[str, str], ...]:
        """Return what every view says about its subject."""
        facts = [(say("network"), type(self.model).__name__)]
        if self.example_id:
            facts.append((say("example"), self.example_id))
        if self.target is not None and self.target_name():
            facts.append((say("target"), self.target_name()))
        return (*facts, *((say(name), value) for name, value in self.facts.items()))

    def input_name(self, place: int) -> str:
        """Return the name of one input number."""
        return self.input_names[place] if place < len(self.input_names) else f"x{place + 1}"

    def class_name(self, place: int) -> str:
        """Return the name of one class."""
        return self.class_names[place] if place < len(self.class_names) else str(place)

    def symbol(self, number: int) -> str:
        """Return one symbol of the text that is read."""
        place = number - RESERVED
        return self.symbols[place] if 0 <= place < len(self.symbols) else str(number)

    def target_name(self) -> str:
        """Return the target as it is read: a class name, a text or numbers."""
        if self.target is None or self.truth:
            return self.truth
        if not self.target.is_floating_point() and self.target.numel() == 1:
            return self.class_name(int(self.target.item()))
        return ", ".join(f"{value:.4g}" for value in self.target.flatten().tolist())

    def epsilon(self) -> float:
        """Return the spacing of the network's numbers at 1."""
        return torch.finfo(self.inputs.dtype).eps if self.inputs.is_floating_point() else 1.2e-7

    def batch(self) -> Batch:
        """Return the example as a batch of one.

        Raises:
            LayerwiseError: The target is not known.
        """
        if self.target is None:
            found = say("example '{}' without a target", self.example_id)
            raise LayerwiseError(say("A loss needs a target."), found, say("Choose an example whose target is known."))
        return Batch(self.inputs, self.target, torch.zeros(1, dtype=torch.int64))


class ExampleLoss(nn.Module):
    """The network with its loss in one module: called with a batch, it answers with the loss.

    Args:
        model: The network.
        task: Gives the loss where the network does not bring its own.
    """

    def __init__(self, model: nn.Module, task: Task | None) -> None:
        super().__init__()
        self.model = model
        self.task = task

    def forward(self, batch: Batch, state: object = None) -> LossResult:
        """Return the loss of a batch."""
        if isinstance(self.model, OwnsLoss):
            return self.model.loss(batch, state)
        if self.task is None:
            rule = say("A network without a loss of its own needs a task.")
            raise LayerwiseError(rule, type(self.model).__name__, say("Give the subject a task."))
        return self.task.loss(self.model, batch, state)
