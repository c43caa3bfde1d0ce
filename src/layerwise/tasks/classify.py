"""Classification: one of a few classes for each example (lecture 003, "Classification Problem")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.kinds import Categories
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.calibration_intervals import calibration_error_interval
from layerwise.evaluation.confusion_intervals import class_intervals, classification_intervals
from layerwise.evaluation.error_intervals import mean_intervals
from layerwise.evaluation.foreseen import foreseen_count
from layerwise.evaluation.intervals import Interval, proportion
from layerwise.evaluation.measured import Measured
from layerwise.evaluation.precision_recall_intervals import average_precision_interval, lift_interval
from layerwise.evaluation.ranking_intervals import auc_interval, one_vs_rest_intervals
from layerwise.evaluation.threshold import best_threshold
from layerwise.language import say
from layerwise.layers.losses import cross_entropy, squared_error
from layerwise.metrics.calibration import brier_scores, events
from layerwise.metrics.classification import confusion_matrix, negative_log_likelihoods
from layerwise.tasks.asking import ask
from layerwise.tasks.contract import Batch, Examples, LossResult, OwnsLoss
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.supervised import supervised

__all__ = ["LOOKED_AT", "LOSSES", "Classify", "positive_class"]

LOSSES = ("cross-entropy", "squared-error")
"""Losses by their names in the settings, the usual one first."""

LOOKED_AT = 0.1
"""Share of the items, the highest scores first, whose lift is measured."""


@register("classify", target="category", lecture="003 Classification Problem", small={"classes": ("a", "b", "c")})
@dataclass(frozen=True)
class Classify:
    """Choose one class for each example.

    Args:
        classes: Names of the classes, in the order of the outputs.
        error: `cross-entropy` of the outputs as logits, or `squared-error` of their softmax against one-hot targets.
        threshold: Of two classes: probability from which on the positive one is answered; None for the more probable.
        positive: That class; the second one where empty.
    """

    classes: tuple[str, ...]
    error: str = "cross-entropy"
    name: str = "classify"
    lower_is_better: bool = False
    threshold: float | None = None
    positive: str = ""

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source whose target is a category; the classes are those of the whole source.

        Raises:
            LayerwiseError: The target has fewer than two classes.
        """
        target = source.columns[source.named("target")[0]]
        if not isinstance(target, Categories):
            raise LayerwiseError(
                say("Classification needs a target of classes."),
                say("the target '{}' holds numbers", source.named("target")[0]),
                say("Use --task regress, or --category {}.", source.named("target")[0]), usage=True,
            )  # fmt: skip
        present = [name for name, count in target.counts().items() if count]
        if len(present) < 2:
            raise LayerwiseError(
                say("Classification needs at least two classes."),
                say("every row of '{}' is '{}'", source.named("target")[0], present[0] if present else ""),
                say("Choose another target with --target, or add examples of another class."),
            )
        if error not in ("auto", *LOSSES):
            raise LayerwiseError(
                say("A loss must suit the task."), say("loss '{}' for classification", error),
                say("Use --loss cross-entropy or --loss squared-error."), usage=True,
            )  # fmt: skip
        return cls(target.names, LOSSES[0] if error == "auto" else error)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        # Runs of earlier versions answer the more probable class.
        threshold, positive = values.get("threshold"), values.get("positive", "")
        return cls(tuple(values["classes"]), values["error"], threshold=threshold, positive=positive)

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        chosen = {} if self.threshold is None else {"threshold": self.threshold, "positive": self.positive}
        return {"name": self.name, "classes": list(self.classes), "error": self.error, **chosen}

    @property
    def main(self) -> str:
        """Share of the examples that are answered rightly."""
        return "accuracy"

    @property
    def columns(self) -> tuple[str, ...]:
        """One probability a class."""
        return self.classes

    @property
    def baselines(self) -> tuple[str, ...]:
        """The most frequent class, and the class of the nearest example."""
        return "majority", "knn"

    def outputs(self) -> int:
        """Return the number of classes."""
        return len(self.classes)

    def targets(self, source: Source) -> Tensor:
        """Return the place of each row's class in `classes`; -1 for a class that is not among them."""
        column = source.columns[source.named("target")[0]]
        if not isinstance(column, Categories):
            message = "the target of a classification must be a category"
            raise TypeError(message)
        known = {name: place for place, name in enumerate(self.classes)}
        places = np.array([*(known.get(name, -1) for name in column.names), -1], dtype=np.int64)
        return torch.from_numpy(places[column.codes])

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return inputs and class places of one part."""
        return supervised(self, source, rows, inputs)

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the summed loss of a batch.

        Cross-entropy: E = -sum_n log softmax(z_n)[t_n]; squared error: E = sum_n sum_k (softmax(z_n)_k - [k = t_n])^2.
        """
        output = model(batch.inputs)
        if self.error == "cross-entropy":
            total = cross_entropy(output, batch.targets, batch.weights)
        else:
            wanted = functional.one_hot(batch.targets, len(self.classes)).to(output.dtype)
            total = squared_error(output.softmax(1), wanted, batch.weights)
        return LossResult(total, batch.count(), output)

    def decode(self, model: nn.Module, output: Tensor) -> np.ndarray:
        """Return class probabilities, `(items, classes)`: softmax of the outputs, or the network's own reading."""
        scores = model.scores(output) if isinstance(model, OwnsLoss) else output.softmax(1)
        return np.asarray(scores.detach().double().cpu().numpy())

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return the class probabilities of each example, `(items, classes)`."""
        return ask(model, examples, self.decode)

    def places(self, answers: np.ndarray) -> np.ndarray:
        """Return the place of the answered class of each row: the most probable one, or by the threshold."""
        if self.threshold is None:
            return np.asarray(answers.argmax(axis=1))
        positive = self.classes.index(self.positive) if self.positive else 1
        return np.where(answers[:, positive] >= self.threshold, positive, 1 - positive)

    def decided(self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate) -> Self:
        """Return the task of two classes with the threshold that is best for some examples."""
        place = positive_class(self.classes, settings)
        threshold = best_threshold(truths == place, answers[:, place], settings.threshold_for)
        return replace(self, threshold=threshold, positive=self.classes[place])

    def undecided(self) -> Self:
        """Return the task that answers the most probable class."""
        return replace(self, threshold=None, positive="")

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Return the answered class of each row."""
        return tuple(self.classes[place] for place in self.places(answers))

    def truths(self, source: Source, rows: np.ndarray) -> np.ndarray:
        """Return the class place of some rows."""
        return np.asarray(self.targets(source).numpy()[rows])

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Return class names."""
        return tuple(self.classes[place] for place in truths)

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure class probabilities `(items, classes)` against class places `(items,)`."""
        generator = np.random.default_rng([seed, 0xE7A1])
        predicted = self.places(answers)
        options: dict[str, Any] = {"groups": groups, "confidence": settings.confidence}
        drawn: dict[str, Any] = {"generator": generator, "resamples": settings.resamples, **options}
        found = dict(classification_intervals(truths, predicted, len(self.classes), **drawn))
        losses = {"log_loss": negative_log_likelihoods(truths, answers), "brier": brier_scores(truths, answers)}
        found |= mean_intervals(losses, **drawn)
        positive = positive_class(self.classes, settings)
        found["calibration_error"] = calibration_error_interval(*events(truths, answers, positive), **drawn)
        each = class_intervals(truths, predicted, self.classes, **options)
        areas = one_vs_rest_intervals(auc_interval, truths, answers, **options)
        precisions = one_vs_rest_intervals(average_precision_interval, truths, answers, **options)
        classes = {
            part.name: {"precision": part.precision, "recall": part.recall, "f1": part.f1, "auc": area,
                        "average_precision": precision}
            for part, area, precision in zip(each, areas, precisions, strict=True)
        }  # fmt: skip
        if len(self.classes) == 2:
            found |= {name: classes[self.classes[positive]][name] for name in ("auc", "average_precision")}
            found |= found_of_two(truths, predicted, answers[:, positive], positive, options)
        matrix = confusion_matrix(truths, predicted, len(self.classes))
        rows = tuple(tuple(int(count) for count in row) for row in matrix)
        return Measured(found, classes, rows, foreseen_count(predicted != truths, **options))

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return examples that can be learned: each class shifts the inputs by a constant of its own."""
        shape = (inputs,) if isinstance(inputs, int) else inputs
        targets = torch.arange(number) % len(self.classes)
        shifts = torch.randn((len(self.classes), *shape), generator=generator)
        noise = 0.3 * torch.randn((number, *shape), generator=generator)
        return Examples(shifts[targets] + noise, targets, tuple(str(row) for row in range(number)))


def found_of_two(
    truths: np.ndarray, predicted: np.ndarray, scores: np.ndarray, positive: int, options: Mapping[str, Any]
) -> dict[str, Interval]:
    """Return the figures that one class of two has: sensitivity, specificity, and the lift of its highest scores."""
    is_positive, groups, confidence = truths == positive, options["groups"], options["confidence"]
    right = predicted == truths
    return {
        "sensitivity": proportion(right, among=is_positive, groups=groups, confidence=confidence),
        "specificity": proportion(right, among=~is_positive, groups=groups, confidence=confidence),
        "lift": lift_interval(is_positive, scores, LOOKED_AT, groups=groups, confidence=confidence),
    }


def positive_class(classes: tuple[str, ...], settings: Evaluate) -> int:
    """Return the place of the class that sensitivity is about.

    Raises:
        LayerwiseError: The named class does not exist.
    """
    if not settings.positive:
        return 1
    if settings.positive not in classes:
        rule = say("The positive class is one of the classes.")
        remedy = nearest(settings.positive, classes)
        raise LayerwiseError(rule, say("no class '{}'", settings.positive), remedy, usage=True)
    return classes.index(settings.positive)
