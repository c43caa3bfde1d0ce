"""Choose options inside each fold, so that the figure of the fold says nothing about the choice: nested validation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from layerwise.catalog import entry
from layerwise.config import Experiment, Model
from layerwise.data.split import Parts, fold_parts, with_validation
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.comparison import Choice
from layerwise.language import say
from layerwise.tasks.contract import ClosedForm
from layerwise.workflow.fold import learn_fold, untrained
from layerwise.workflow.prepare import Assigned

__all__ = ["INNER_FOLDS", "Search", "grids"]

INNER_FOLDS = 5
"""Folds inside the training rows of a fold, where a network is solved at once."""


@dataclass
class Search:
    """Tries every combination of some options inside the training rows of a fold, and keeps the best.

    A network that is solved at once is judged by five folds of the training rows; one that learns step by step, which
    costs more, by its validation rows.

    Args:
        whole: The experiment.
        model: The network, with the options that stay as they are.
        grid: Values of each option that is tried.
        settings: Settings the user named.
        found: The data.
        lower_is_better: Whether the figure that is chosen by is an error.
        chosen: What was chosen, fold after fold.
    """

    whole: Experiment
    model: Model
    grid: Mapping[str, Sequence[Any]]
    settings: Mapping[str, Any]
    found: Assigned
    lower_is_better: bool
    chosen: list[Choice] = field(default_factory=list)

    def __call__(self, parts: Parts, seed: int) -> Model:
        """Return the network with the best options for the training rows of a fold.

        Args:
            parts: The fold; its test rows are not looked at.
            seed: Seed of what is dealt and learned inside.

        Raises:
            LayerwiseError: Whatever is tried, the figure is undefined inside the fold.
        """
        inner = self._inside(parts, seed)
        tried = [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]
        measured = [Choice(options, self._figure(self._with(options), inner, seed)) for options in tried]
        known = [choice for choice in measured if not np.isnan(choice.figure)]
        if not known:
            raise LayerwiseError(
                say("The figure that options are chosen by is defined for some of them."),
                say("inside a fold of {} training rows it is undefined for all {} that are tried", len(parts.train),
                    len(tried)),
                say("Use fewer folds."), usage=True,
            )  # fmt: skip
        # Of equally good ones the one that was named first.
        best = (min if self.lower_is_better else max)(known, key=lambda choice: choice.figure)
        self.chosen.append(best)
        return self._with(best.options)

    def _with(self, options: Mapping[str, Any]) -> Model:
        """Return the network with other options."""
        return Model(self.model.name, {**self.model.options, **options})

    def _inside(self, parts: Parts, seed: int) -> list[Parts]:
        """Divide the training rows of a fold once more; its test rows are in none of these parts."""
        split, source = self.whole.split, self.found.source
        first = self._with({name: values[0] for name, values in self.grid.items()})
        if isinstance(untrained(self.whole, first, self.settings, self.found, parts), ClosedForm):
            in_time = split.split_by == "time"
            return fold_parts(
                source, INNER_FOLDS, seed=seed, stratify=split.stratify, in_time=in_time, rows=parts.train,
                near=parts.near or "ignore",
            )  # fmt: skip
        if not split.validation_fraction:
            raise LayerwiseError(
                say("Options are chosen by validation rows."), say("no validation rows"),
                say("Leave {} out.", "--validation-fraction"), usage=True,
            )  # fmt: skip
        divided = with_validation(source, parts, split, seed=seed)
        return [replace(divided, validation=divided.validation[:0], test=divided.validation)]

    def _figure(self, model: Model, inner: Sequence[Parts], seed: int) -> float:
        """Return the main figure of all inner test rows together, NaN where it is undefined.

        Together, since R2 of a single row is undefined, and that of a few hardly means anything.
        """
        quick = replace(self.whole.evaluate, resamples=100)
        tested = [
            learn_fold(self.whole, model, self.settings, self.found, parts, seed=seed + place)
            for place, parts in enumerate(inner)
        ]
        truths, answers = (np.concatenate(rows) for rows in zip(*((one.truths, one.answers) for one in tested),
                                                                 strict=True))  # fmt: skip
        value = tested[0].task.measure(truths, answers, quick, seed=seed).metrics[tested[0].task.main].value
        return np.nan if value is None else value


def grids(models: Sequence[Model], tune: Mapping[str, Collection[Any]]) -> list[dict[str, Sequence[Any]]]:
    """Give each network those of the options to try that it has.

    Args:
        models: The networks.
        tune: Values of each option.

    Raises:
        LayerwiseError: No network has an option, it has one value only, or it is set as well.

    Example:
        >>> grids([Model("knn"), Model("mlp")], {"k": (1, 5)})
        [{'k': (1, 5)}, {}]
    """
    known = [
        [] if ".py:" in model.name else [option.name for option in entry("model", model.name).options]
        for model in models
    ]
    tried = {name: _different(name, values) for name, values in tune.items()}
    for name in tried:
        if not any(name in own for own in known):
            shown = sorted({option for own in known for option in own})
            raise LayerwiseError(
                say("An option belongs to one of the networks."), f"--tune {name}", nearest(name, shown), usage=True
            )
        if any(name in model.options for model in models):
            raise LayerwiseError(
                say("An option is set or chosen, not both."), f"--tune {name}",
                say("Leave {} out.", "--" + name.replace("_", "-")), usage=True,
            )  # fmt: skip
    return [{name: values for name, values in tried.items() if name in own} for own in known]


def _different(name: str, values: Collection[Any]) -> tuple[Any, ...]:
    """Return the values of an option that are tried, each as a network takes it; two different ones at least."""
    # A word is one value, not its letters.
    given = (values,) if isinstance(values, str) or not isinstance(values, Collection) else values
    plain = tuple(tuple(value) if isinstance(value, list) else value for value in map(_plain, given))
    if len(plain) < 2 or any(value in plain[:place] for place, value in enumerate(plain)):
        raise LayerwiseError(
            say("What is chosen needs two different values or more."), f"--tune {name}={','.join(map(str, plain))}",
            say("Name some: {}", "--tune k=1,3,5"), usage=True,
        )  # fmt: skip
    return plain


def _plain(value: Any) -> Any:
    """Return a value of NumPy as Python's own."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
