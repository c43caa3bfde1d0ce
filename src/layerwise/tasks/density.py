"""Density: how probable each example is, learned without a target (lecture 003, "Restricted Boltzmann Machine")."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, cast

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.config import Evaluate, Train
from layerwise.data.kinds import Categories, Images
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.evaluation.error_intervals import mean_interval
from layerwise.evaluation.intervals import Interval, undefined
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.layers.boltzmann import MOST_UNITS
from layerwise.tasks.asking import evaluating
from layerwise.tasks.contract import Batch, Examples, LossResult, OwnsLoss
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.supervised import taken, weights_of

__all__ = ["LOSSES", "Density", "IsDensity", "units_asked"]

LOSSES = ("own",)
"""A network that gives probabilities brings its own loss."""

ASKED = 64
"""Visible units of an example that its pseudo-log-likelihood asks about at most."""

TOGETHER = 256
"""Examples measured at once."""


class IsDensity(Protocol):
    """A network over binary inputs that says how probable they are."""

    def enumerable(self) -> bool:
        """Say whether its probabilities can be computed exactly."""

    def log_likelihood(self, visible: Tensor) -> Tensor:
        """Return ln P(x) of each example, where that can be computed."""

    def pseudo_log_likelihood(self, visible: Tensor, units: Tensor) -> Tensor:
        """Return what each of some units adds, told by all the others, scaled to all units."""

    def reconstruct(self, visible: Tensor) -> Tensor:
        """Return what it makes of an example, from 0 to 1."""


@register("density", target="none", lecture="003 Unsupervised Learning of RBM", model="rbm", small={"units": 6})
@dataclass(frozen=True)
class Density:
    """Say how probable each example is; the inputs are binary, or probabilities from 0 to 1.

    Args:
        units: Number of input numbers of one example.
        error: `own`: the network's own rule.
    """

    units: int
    error: str = "own"
    name: str = "density"
    lower_is_better: bool = False

    @classmethod
    def of(cls, source: Source, training: np.ndarray, error: str) -> Self:
        """Set the task up for a source; it needs no target.

        Raises:
            LayerwiseError: A loss of another task is asked for.
        """
        if error not in ("auto", *LOSSES):
            raise LayerwiseError(
                say("A loss must suit the task."), say("loss '{}' for a density", error),
                say("Leave --loss out: the network brings its own."), usage=True,
            )  # fmt: skip
        units = 0
        for name in source.named("input"):
            column = source.columns[name]
            if isinstance(column, Images):
                units += column.channels * int(column.sizes.max(axis=0).prod())
            else:
                units += sum(map(bool, column.counts().values())) if isinstance(column, Categories) else 1
        return cls(units)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the task from plain values."""
        return cls(values["units"], values["error"])

    def to_json(self) -> dict[str, Any]:
        """Return the task as plain values."""
        return {"name": self.name, "units": self.units, "error": self.error}

    @property
    def main(self) -> str:
        """The exact log-likelihood where every pattern of the inputs can be gone through, else its stand-in."""
        return "log_likelihood" if self.units <= MOST_UNITS else "pseudo_log_likelihood"

    @property
    def classes(self) -> tuple[str, ...]:
        """Nothing is classified."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The figures of one example; their means are those of a part."""
        exact = ("log_likelihood",) if self.units <= MOST_UNITS else ()
        return (*exact, "pseudo_log_likelihood", "reconstruction_error")

    @property
    def baselines(self) -> tuple[str, ...]:
        """Units that know nothing of each other."""
        return ("independent-units",)

    def outputs(self) -> int:
        """Return 0: nothing is predicted."""
        return 0

    def examples(self, source: Source, rows: np.ndarray, inputs: Tensor | Ragged, settings: Train) -> Examples:
        """Return the inputs of one part; there are no targets.

        Raises:
            LayerwiseError: An input lies outside 0 to 1.
        """
        index, ids = torch.from_numpy(np.asarray(rows)), source.ids()
        part, weights = taken(inputs, index), weights_of(source)
        names = tuple(ids[row] for row in rows)
        if isinstance(part, Ragged):
            message = "a density is over inputs of one size"
            raise TypeError(message)
        if len(part) and not (part.min() >= 0 and part.max() <= 1):
            refuse_range(part, names)
        return Examples(
            part, torch.zeros(len(index), 0), names, None if weights is None else weights[index],
            np.zeros((len(index), 0)),
        )  # fmt: skip

    def loss(self, model: nn.Module, batch: Batch, state: Any) -> LossResult:
        """Return the network's own loss.

        Raises:
            LayerwiseError: The network has none.
        """
        if not isinstance(model, OwnsLoss):
            raise LayerwiseError(
                say("A density is learned by a network that brings its own loss."), type(model).__name__,
                say("Use the model 'rbm'."), usage=True,
            )  # fmt: skip
        return model.loss(batch, state)

    def answer(self, model: nn.Module, examples: Examples) -> np.ndarray:
        """Return the figures of each example in the order of `columns`, `(examples, columns)`.

        Computed in float64. Likelihoods are those of patterns of 0 and 1: other inputs are rounded to them; the
        reconstruction error is the mean squared difference of a unit, of the inputs as they are.
        """
        inputs, _, _ = examples.tensors()
        exact = copy.deepcopy(model).double()
        density = cast(IsDensity, exact)
        found = [np.zeros((0, len(self.columns)))]
        with evaluating(exact) as device:
            for start in range(0, len(examples), TOGETHER):
                rows = torch.arange(start, min(start + TOGETHER, len(examples)))
                visible = inputs[rows].to(device).double().flatten(1)
                pattern = visible.round()
                parts = [
                    density.pseudo_log_likelihood(pattern, units_asked(rows.to(device), pattern.shape[1])),
                    (density.reconstruct(visible) - visible).square().mean(dim=1),
                ]
                if self.units <= MOST_UNITS:
                    known = density.enumerable()
                    parts.insert(0, density.log_likelihood(pattern) if known else parts[0] * math.nan)
                found.append(torch.stack(parts, dim=1).cpu().numpy())
        return np.concatenate(found)

    def labels(self, answers: np.ndarray) -> tuple[str, ...]:
        """Return the log-likelihood of each example, or its stand-in, as a word."""
        return tuple(f"{value:.4g}" for value in answers[:, 0])

    def words(self, truths: np.ndarray) -> tuple[str, ...]:
        """Return nothing for each example: there is no target."""
        return ("",) * len(truths)

    def measure(
        self, truths: np.ndarray, answers: np.ndarray, settings: Evaluate, *, seed: int,
        groups: np.ndarray | None = None,
    ) -> Measured:  # fmt: skip
        """Return the mean of every column, its interval by drawing examples or whole groups again."""
        return Measured({
            name: mean_figure(name, answers[:, place], settings, seed, groups)
            for place, name in enumerate(self.columns)
        })  # fmt: skip

    def sample(self, inputs: int | tuple[int, ...], number: int, generator: torch.Generator) -> Examples:
        """Return examples that can be learned: two patterns that exclude each other, a tenth of the bits flipped."""
        shape = (inputs,) if isinstance(inputs, int) else inputs
        first = (torch.rand(shape, generator=generator) < 0.5).float()
        which = (torch.arange(number) % 2).reshape(-1, *[1] * len(shape))
        clean = which * first + (1 - which) * (1 - first)
        flipped = (torch.rand((number, *shape), generator=generator) < 0.1).float()
        ids = tuple(str(row) for row in range(number))
        return Examples((clean - flipped).abs(), torch.zeros(number, 0), ids, truths=np.zeros((number, 0)))


def mean_figure(name: str, values: np.ndarray, settings: Evaluate, seed: int, groups: np.ndarray | None) -> Interval:
    """Return the mean of a figure of each example with its interval; likelihoods are turned round, to be losses."""
    if np.isnan(values).any():
        return undefined(len(values), say("It has too many units in both layers to be computed exactly."))
    sign = -1.0 if name.endswith("likelihood") else 1.0
    found = mean_interval(
        sign * values, generator=np.random.default_rng([seed, 0xE7A1]), groups=groups,
        confidence=settings.confidence, resamples=settings.resamples,
    )  # fmt: skip
    if sign > 0:
        return found
    value, low, high = (None if end is None else -end for end in (found.value, found.high, found.low))
    return replace(found, value=value, low=low, high=high)


def units_asked(rows: Tensor, units: int) -> Tensor:
    """Return which units the pseudo-log-likelihood of each example asks about: all, or 64 evenly spread ones.

    The place of the first follows from the row, so that over many examples every unit is asked about equally often.

    Args:
        rows: Place of each example among the examples of its part, `(batch,)`.
        units: Visible units there are.

    Example:
        >>> units_asked(torch.tensor([0, 1]), 3).tolist(), units_asked(torch.tensor([1]), 640)[0, :3].tolist()
        ([[0, 1, 2], [0, 1, 2]], [1, 11, 21])
    """
    if units <= ASKED:
        return torch.arange(units, device=rows.device).expand(len(rows), -1)
    spread = torch.arange(ASKED, device=rows.device) * units // ASKED
    return (rows[:, None] + spread) % units


def refuse_range(inputs: Tensor, names: tuple[str, ...]) -> None:
    """Refuse inputs that are no probabilities, and name the first.

    Raises:
        LayerwiseError: Always.
    """
    flat = inputs.flatten(1)
    wrong = ~((flat >= 0) & (flat <= 1)).all(dim=1)
    row = int(wrong.nonzero()[0])
    values = flat[row]
    value = float(values[~((values >= 0) & (values <= 1))][0])
    raise LayerwiseError(
        say("The inputs of binary units are probabilities, from 0 to 1."),
        say("{} of {} examples have others; the first is '{}' with {}", int(wrong.sum()), len(flat), names[row],
            f"{value:.4g}"),
        say("Use --scale min-max; values outside the training range must be mended in the data."), usage=True,
    )  # fmt: skip
