"""Multi-label classification: any number of labels for each example, none included (lecture 003, classification)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.labels import Labels, label_marks
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.evaluation.label_intervals import each_label_intervals, label_set_intervals
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.layers.losses import binary_cross_entropy, squared_error
from layerwise.tasks.asking import ask
from layerwise.tasks.contract import Batch, Examples, LossResult
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.supervised import supervised

__all__ = ["LOSSES", "Tag"]

LOSSES = ("binary-cross-entropy", "squared-error")
"""Losses by their names in the settings, the usual one first."""

HALF = 0.5
"""Chance from which on a label is answered."""


@register("tag", target="labels", lecture="003 Classification Problem", small={"classes": ("a", "b", "c")})
@dataclass(frozen=True)
class Tag:
    """Say of every label whether an example has it; one output a label, each read by itself.

    Args:
        classes: The labels, in the order of the outputs.
        error: `binary-cross-entropy` of the outputs as log-odds, or `squared-error` of their sigmoid against 0 and 1.
        separator: What stands between two labels where they are written.
    """

    classes: tuple[str, ...]
    error: str = "binary-cross-entropy"
    separator: str = ";"
    name: str = "tag"
    lower_is_better: bool = False

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source whose targets are label sets, or say yes or no each.

        Raises:
            LayerwiseError: No row has a label, or every row has every label.
        """
        targets = source.named("target")
        marks, names = label_marks(source, targets)
        shown = "', '".join(targets)
        if not marks.any() or marks.all():
            raise LayerwiseError(
                say("Labels must be there in some rows and absent in others."),
                say("no row of '{}' has a label", shown) if not marks.any()
                else say("every row of '{}' has every label", shown),
                say("Choose another target with --target."),
            )  # fmt: skip
        if error not in ("auto", *LOSSES):
            raise LayerwiseError(
                say("A loss must suit the task."), say("loss '{}' for labels", error),
                say("Use --loss binary-cross-entropy or --loss squared-error."), usage=True,
            )  # fmt: skip
        column = source.columns[targets[0]]
        sign = (column.separator or ";") if isinstance(column, Labels) else ";"
        return cls(names, LOSSES[0] if error == "auto" else error, sign)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(tuple(values["classes"]), values["error"], values["separator"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        return {"name": self.name, "classes": list(self.classes), "error": self.error, "separator": self.separator}

    @property
    def main(self) -> str:
        """F1 of all labels counted together."""
        return "micro_f1"

    @property
    def columns(self) -> tuple[str, ...]:
        """One probability a label."""
        return self.classes

    @property
    def baselines(self) -> tuple[str, ...]:
        """How frequent each label is, and the labels of the nearest example."""
        return "label-frequency", "knn"

    def outputs(self) -> int:
        """Return the number of labels."""
        return len(self.classes)

    def targets(self, source: Source) -> Tensor:
        """Return 1 for each label of each row and 0 for the others, `(items, labels)`."""
        return torch.from_numpy(self.truths(source, np.arange(len(source))).astype(np.float32))

    def truths(self, source: Source, rows: np.ndarray) -> np.ndarray:
        """Return which of the labels some rows have, `(rows, labels)`."""
        marks, names = label_marks(source, source.named("target"))
        found = np.zeros((len(rows), len(self.classes)), dtype=bool)
        for place, name in enumerate(self.classes):
            if name in names:
                found[:, place] = marks[rows, names.index(name)]
        return found

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return inputs and labels of one part."""
        return supervised(self, source, rows, inputs)

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the summed loss of a batch, added up over the labels.

        Binary cross-entropy: E = -sum_n sum_l (t_nl ln f(z_nl) + (1 - t_nl) ln(1 - f(z_nl))) with f the sigmoid;
        squared error: E = sum_n sum_l (f(z_nl) - t_nl)^2.
        """
        output = model(batch.inputs)
        wanted = batch.targets.to(output.dtype)
        if self.error == "binary-cross-entropy":
            total = binary_cross_entropy(output, wanted, batch.weights)
        else:
            total = squared_error(output.sigmoid(), wanted, batch.weights)
        return LossResult(total, batch.count(), output)

    def decode(self, model: nn.Module, output: Tensor) -> np.ndarray:
        """Return the chance of each label, `(items, labels)`: the sigmoid of its output."""
        return np.asarray(output.detach().double().sigmoid().cpu().numpy())

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return the chance of each label of each example, `(items, labels)`."""
        return ask(model, examples, self.decode)

    def chosen(self, answers: np.ndarray) -> np.ndarray:
        """Return which labels are answered: those with a chance above one half."""
        return answers > HALF

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Return the answered labels of each row."""
        return self.words(self.chosen(answers))

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Return the labels of each row with the separator between them."""
        return tuple(self.separator.join(self.classes[place] for place in np.flatnonzero(row)) for row in truths)

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure the chances of labels against the labels, both `(items, labels)`; nothing is drawn by chance."""
        chosen, wanted = self.chosen(answers), truths.astype(bool)
        confidence = settings.confidence
        found = label_set_intervals(wanted, chosen, answers, groups=groups, confidence=confidence)
        each = each_label_intervals(wanted, chosen, answers, self.classes, groups=groups, confidence=confidence)
        return Measured(found, each)

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return examples that can be learned: each label stands on one side of a plane of its own."""
        shape = (inputs,) if isinstance(inputs, int) else inputs
        values = torch.randn((number, *shape), generator=generator)
        planes = torch.randn((values[0].numel(), len(self.classes)), generator=generator)
        targets = (values.flatten(1) @ planes > 0).float()
        return Examples(values, targets, tuple(str(row) for row in range(number)))
