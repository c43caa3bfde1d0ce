"""Regression: a number, or several, for each example (lecture 004, "Loss Functions")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.data.kinds import Numbers
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.losses import absolute_error, half_squared_error, squared_error
from layerwise.tasks.contract import Batch, Examples, LossResult

__all__ = ["Regress"]

LOSSES = {
    "squared-error": squared_error,
    "half-squared-error": half_squared_error,
    "absolute-error": absolute_error,
}
"""Each loss by its name in the settings."""


@register("regress", lecture="004 Loss Functions")
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

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Regress:
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

    def accepts(self, source: Source) -> bool:
        """Say whether every target is a number."""
        return all(isinstance(source.columns[name], Numbers) for name in source.named("target"))

    def outputs(self) -> int:
        """Return the number of targets."""
        return len(self.names)

    def targets(self, source: Source) -> Tensor:
        """Return the standardised targets of each row, `(items, targets)`."""
        columns = [source.columns[name] for name in self.names]
        values = np.stack([column.values for column in columns if isinstance(column, Numbers)], axis=1)
        return torch.from_numpy(((values - np.array(self.mean)) / np.array(self.deviation)).astype(np.float32))

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

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return examples that can be learned: targets that are linear in the inputs, with a little noise."""
        shape = (inputs,) if isinstance(inputs, int) else inputs
        values = torch.randn((number, *shape), generator=generator)
        weights = torch.randn((values[0].numel(), len(self.names)), generator=generator)
        targets = values.flatten(1) @ weights / values[0].numel() ** 0.5
        targets = targets + 0.1 * torch.randn(targets.shape, generator=generator)
        return Examples(values, targets, tuple(str(row) for row in range(number)))
