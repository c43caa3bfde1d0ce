"""Learn and measure a network on folds: every row is answered by a network that did not learn from it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layerwise.config import Experiment, Model
from layerwise.data.source import Source
from layerwise.data.split import Parts
from layerwise.errors import LayerwiseError
from layerwise.evaluation.measured import Measured
from layerwise.language import say
from layerwise.workflow.evaluate import groups_of
from layerwise.workflow.fold import Tested, learn_fold
from layerwise.workflow.prepare import Assigned

__all__ = ["FoldFigures", "Progress", "answer_folds", "counting", "in_row_order", "measure_folds", "rows_of_folds"]

QUICK = 100
"""Resamples where only the figure itself is wanted."""

Progress = Callable[[int, int, str], None]
"""Is told after every fold: how many are done, of how many, and whose."""

Deals = Sequence[Sequence[Parts]]


@dataclass(frozen=True)
class FoldFigures:
    """What was measured on folds.

    Args:
        figures: Each figure on the test rows of every fold, `(repeats, folds)`; NaN where it is undefined.
        learned: The main figure on the training rows of every fold, `(repeats, folds)`.
        pooled: All rows together, as they were answered in the first deal.
    """

    figures: Mapping[str, np.ndarray]
    learned: np.ndarray
    pooled: Measured


def answer_folds(
    whole: Experiment, model: Model, settings: Mapping[str, Any] | None, found: Assigned, dealt: Deals, *,
    told: Callable[[], None] | None = None, choose: Callable[[Parts, int], Model] | None = None,
    baseline: bool = False,
) -> list[list[Tested]]:  # fmt: skip
    """Learn one network a fold, and ask each about the test rows of its fold.

    Args:
        whole: The experiment.
        model: Which network, with its options.
        settings: Settings the user named; None where all are resolved already.
        found: The data.
        dealt: The folds, deal after deal.
        told: Hears of every finished fold.
        choose: Chooses the options of the network anew for the training rows of every fold.
        baseline: Whether others are compared with it; it learns from the data as they are.
    """
    tested: list[list[Tested]] = []
    for repeat, parts in enumerate(dealt):
        tested.append([])
        for place, fold in enumerate(parts):
            seed = whole.train.seed + repeat * len(parts) + place
            chosen = choose(fold, seed) if choose else model
            tested[-1].append(learn_fold(whole, chosen, settings, found, fold, seed=seed, baseline=baseline))
            if told:
                told()
    return tested


def counting(progress: Progress | None, name: str, done: int, total: int) -> Callable[[], None] | None:
    """Return who counts the finished folds of one network on behalf of someone who is told about all.

    Args:
        progress: Who is told.
        name: The network.
        done: Folds of other networks that are finished.
        total: Folds of all networks.
    """
    if progress is None:
        return None
    told, numbers = progress, itertools.count(done + 1)
    return lambda: told(next(numbers), total, name)


def measure_folds(
    whole: Experiment, source: Source, tested: Sequence[Sequence[Tested]], *, required: bool
) -> FoldFigures:  # fmt: skip
    """Measure every fold by itself, and the answers of the first deal together.

    Args:
        whole: The experiment.
        source: All rows.
        tested: The answers, deal after deal and fold after fold.
        required: Whether the main figure must be defined in every fold.

    Raises:
        LayerwiseError: It is not.
    """
    quick = replace(whole.evaluate, resamples=QUICK)
    figures: dict[str, list[list[float]]] = {}
    learned: list[list[float]] = []
    for repeat in tested:
        for name in figures:
            figures[name].append([])
        learned.append([])
        for fold in repeat:
            measured = fold.task.measure(fold.truths, fold.answers, quick, seed=whole.train.seed).metrics
            main = measured[fold.task.main]
            if required and main.value is None:
                raise LayerwiseError(
                    say("The figure that is compared is defined in every fold."),
                    say("{} of {} rows: {}", fold.task.main, main.n, main.reason), say("Use fewer folds."), usage=True,
                )  # fmt: skip
            for name, interval in measured.items():
                figures.setdefault(name, [[]])[-1].append(_or_nan(interval.value))
            known = fold.task.measure(fold.train_truths, fold.train_answers, quick, seed=whole.train.seed).metrics
            learned[-1].append(_or_nan(known[fold.task.main].value))
    first = tested[0]
    rows = np.concatenate([fold.parts.test for fold in first])
    pooled = first[0].task.measure(
        np.concatenate([fold.truths for fold in first]), np.concatenate([fold.answers for fold in first]),
        whole.evaluate, seed=whole.train.seed, groups=groups_of(source, rows, first[0].parts.unit),
    )  # fmt: skip
    arrays = {name: np.array(values) for name, values in figures.items()}
    return FoldFigures(arrays, np.array(learned), pooled)


def in_row_order(values: Sequence[np.ndarray], parts: Sequence[Parts]) -> np.ndarray:
    """Return what is known of the test rows of each fold in the order of the rows.

    Args:
        values: One array a fold, a value or a line of values for each of its test rows.
        parts: The folds.
    """
    rows = np.concatenate([fold.test for fold in parts])
    return np.concatenate(values)[np.argsort(rows)]


def rows_of_folds(dealt: Deals, part: str) -> float:
    """Return the mean number of rows of a part of a fold."""
    return float(np.mean([len(getattr(fold, part)) for parts in dealt for fold in parts]))


def _or_nan(value: float | None) -> float:
    """Return a figure, NaN where it is undefined."""
    return math.nan if value is None else value
