"""Regression: a number, or several, for each example (lecture 004, "Loss Functions")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.kinds import Numbers
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.evaluation.error_intervals import regression_intervals
from layerwise.evaluation.intervals import Interval
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.layers.losses import absolute_error, half_squared_error, squared_error
from layerwise.tasks.asking import ask
from layerwise.tasks.contract import Batch, Examples, LossResult
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.supervised import supervised

__all__ = ["BETWEEN", "LOSSES", "Regress"]

BETWEEN = "; "
"""Stands between the numbers of several targets where they are written in one cell."""

LOSSES = {
    "squared-error": squared_error,
    "half-squared-error": half_squared_error,
    "absolute-error": absolute_error,
}
"""Losses by their names in the settings, the usual one first."""


@register(
    "regress", target="number", lecture="004 Loss Functions",
    small={"names": ("u", "v"), "mean": (1.0, -2.0), "deviation": (3.0, 0.5)},
)  # fmt: skip
@dataclass(frozen=True)
class Regress:
    """Predict numbers; the network learns them in units of their training mean and deviation.

    Args:
        names: Names of the target fields.
        mean: Training mean of each target.
        deviation: Training standard deviation of each target.
        error: `squared-error`, `half-squared-error` or `absolute-error`, of the standardised targets.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    error: str = "squared-error"
    name: str = "regress"
    lower_is_better: bool = False

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source whose targets are numbers, scaled by its training rows.

        Raises:
            LayerwiseError: A target holds classes or never changes.
        """
        means, deviations = [], []
        for name in source.named("target"):
            column = source.columns[name]
            if not isinstance(column, Numbers):
                raise LayerwiseError(
                    say("Regression needs a target of numbers."), say("the target '{}' holds names", name),
                    say("Use --task classify, or choose another target with --target."), usage=True,
                )  # fmt: skip
            values = column.values[training]
            if values.min() == values.max():
                raise LayerwiseError(
                    say("A target must take at least two values."), say("'{}' is always {:g}", name, values[0]),
                    say("Choose another target with --target."),
                )  # fmt: skip
            means.append(float(values.mean()))
            deviations.append(float(values.std()))
        if error not in ("auto", *LOSSES):
            raise LayerwiseError(
                say("A loss must suit the task."), say("loss '{}' for regression", error),
                say("Use --loss squared-error, half-squared-error or absolute-error."), usage=True,
            )  # fmt: skip
        return cls(
            source.named("target"), tuple(means), tuple(deviations), "squared-error" if error == "auto" else error
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(tuple(values["names"]), tuple(values["mean"]), tuple(values["deviation"]), values["error"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        numbers = {"names": list(self.names), "mean": list(self.mean), "deviation": list(self.deviation)}
        return {"name": self.name, **numbers, "error": self.error}

    @property
    def classes(self) -> tuple[str, ...]:
        """Nothing is classified."""
        return ()

    @property
    def main(self) -> str:
        """Share of the targets' variance that is explained."""
        return "r2"

    @property
    def columns(self) -> tuple[str, ...]:
        """One number a target."""
        return self.names

    @property
    def baselines(self) -> tuple[str, ...]:
        """The training mean, and the plane of least squares."""
        return "mean", "linear"

    def outputs(self) -> int:
        """Return the number of targets."""
        return len(self.names)

    def targets(self, source: Source) -> Tensor:
        """Return the standardised targets of each row, `(items, targets)`."""
        values = self.truths(source, np.arange(len(source)))
        return torch.from_numpy(((values - np.array(self.mean)) / np.array(self.deviation)).astype(np.float32))

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return inputs and standardised targets of one part."""
        return supervised(self, source, rows, inputs)

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the summed loss of a batch.

        Squared error: E = sum_n sum_j (y_nj - t_nj)^2; half of it; or absolute error: E = sum_n sum_j |y_nj - t_nj|.
        """
        output = model(batch.inputs)
        return LossResult(LOSSES[self.error](output, batch.targets, batch.weights), batch.count(), output)

    def decode(self, model: nn.Module, output: Tensor) -> np.ndarray:
        """Return predictions in the units of the data, `(items, targets)`."""
        values = output.detach().double().cpu().numpy()
        return np.asarray(values * np.array(self.deviation) + np.array(self.mean))

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return the predicted numbers of each example, `(items, targets)`."""
        return ask(model, examples, self.decode)

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Return the predicted number of each row; several stand side by side."""
        return tuple(BETWEEN.join(f"{value:.6g}" for value in row) for row in answers)

    def truths(self, source: Source, rows: np.ndarray) -> np.ndarray:
        """Return the targets of some rows in the units of the data, `(rows, targets)`."""
        columns = [source.columns[name] for name in self.names]
        return np.stack([column.values[rows] for column in columns if isinstance(column, Numbers)], axis=1)

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Return the target of each row; several stand side by side."""
        return tuple(BETWEEN.join(f"{value:.9g}" for value in row) for row in truths)

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Measure predicted numbers against true ones, both `(items, targets)` in the units of the data.

        Of several targets each has its figures in its own units; of all together R2 alone is a mean of like with like.
        All come from the same resampled rows.
        """
        drawn: dict[str, Any] = {
            "groups": groups, "confidence": settings.confidence, "resamples": settings.resamples,
        }  # fmt: skip

        def figures(columns: slice) -> dict[str, Interval]:
            generator = np.random.default_rng([seed, 0xE7A1])
            return regression_intervals(truths[:, columns], answers[:, columns], generator=generator, **drawn)

        if len(self.names) == 1:
            return Measured(figures(slice(None)))
        each = {name: figures(slice(place, place + 1)) for place, name in enumerate(self.names)}
        kept = ("r2", "mae", "rmse")
        return Measured({"r2": figures(slice(None))["r2"]},
                        {name: {word: found[word] for word in kept} for name, found in each.items()})  # fmt: skip

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return examples that can be learned: targets that are linear in the inputs, with a little noise."""
        shape = (inputs,) if isinstance(inputs, int) else inputs
        values = torch.randn((number, *shape), generator=generator)
        weights = torch.randn((values[0].numel(), len(self.names)), generator=generator)
        targets = values.flatten(1) @ weights / values[0].numel() ** 0.5
        targets = targets + 0.1 * torch.randn(targets.shape, generator=generator)
        return Examples(values, targets, tuple(str(row) for row in range(number)))
