"""What a cross-validated comparison found: every network's figures fold by fold, and which differences are real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from layerwise.config import Model
from layerwise.evaluation.learning_curve import LearningCurve
from layerwise.evaluation.paired import Difference, adjusted, corrected_interval, corrected_test
from layerwise.language import say

__all__ = ["Choice", "Comparison", "Scores", "in_words"]


@dataclass(frozen=True)
class Choice:
    """Options that were chosen inside a fold.

    Args:
        options: The best of those that were tried.
        figure: The figure by which they were chosen, on training rows of the fold; too good, since it was chosen by.
    """

    options: Mapping[str, Any]
    figure: float


@dataclass(frozen=True)
class Scores:
    """The figures of one network.

    Args:
        name: Name in the catalogue.
        options: Its options, where others than its own are asked for.
        figures: Each figure on the test rows of every fold, `(repeats, folds)`.
        learned: The main figure on the training rows of every fold, `(repeats, folds)`.
        pooled: Each figure over all rows together, as they were answered in the first deal, with its interval.
        predictions: What was predicted for each row, in words, deal after deal.
        seconds: Time of learning and answering, all folds together.
        baseline: Whether it is the constant answer that stands beside the others.
        tuned: Values of each option that was chosen inside the folds.
        chosen: What was chosen, fold after fold of all deals.
    """

    name: str
    options: Mapping[str, Any]
    figures: Mapping[str, np.ndarray]
    learned: np.ndarray
    pooled: Mapping[str, Any]
    predictions: tuple[tuple[str, ...], ...]
    seconds: float
    baseline: bool
    tuned: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    chosen: tuple[Choice, ...] = ()

    @property
    def label(self) -> str:
        """Name and options; of those that were chosen inside the folds, the values that were tried."""
        tried = [f"{name}={'|'.join(map(str, values))}" for name, values in self.tuned.items()]
        return " ".join([Model(self.name, self.options).label, *tried])

    def choices(self) -> list[tuple[str, int]]:
        """Return each combination that was chosen and in how many folds, the most frequent first."""
        written = [" ".join(f"{name}={value}" for name, value in one.options.items()) for one in self.chosen]
        return Counter(written).most_common()


@dataclass(frozen=True)
class Comparison:
    """Networks that were measured on the same folds.

    Args:
        data: Name of the data.
        task: What was asked.
        metric: The figure that is compared.
        lower_is_better: Whether it is better where it is smaller.
        folds: Number of folds; each is tested once.
        repeats: How often the rows were dealt.
        rows: Rows that were dealt.
        ids: The id of each.
        dealt: The fold that tested each of them, deal after deal.
        tested: Mean number of test rows of a fold.
        learned: Mean number of training rows of a fold.
        duplicates: Rows that repeat the inputs of another one; they were kept in its fold.
        closed: Rows of a test part that the data name, which stayed closed.
        confidence: Of every interval.
        scores: The networks in the order they were named, the constant answer last.
        reasons: What was chosen on the way, in sentences.
        warnings: What about the data may have made the figures too good, in sentences.
        near_duplicates: Rows that nearly repeat another one; they were kept in its fold.
        curves: The learning curve of each network, where they were asked for.
    """

    data: str
    task: str
    metric: str
    lower_is_better: bool
    folds: int
    repeats: int
    rows: int
    ids: tuple[str, ...]
    dealt: tuple[tuple[int, ...], ...]
    tested: float
    learned: float
    duplicates: int
    closed: int
    confidence: float
    scores: tuple[Scores, ...]
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    near_duplicates: int = 0
    curves: tuple[LearningCurve, ...] = ()

    def interval(self, scores: Scores) -> tuple[float, float, float]:
        """Return the mean of the compared figure over all folds with its interval.

        Args:
            scores: One of the networks.
        """
        return corrected_interval(
            scores.figures[self.metric].ravel(), tested=self.tested, learned=self.learned,
            confidence=self.confidence,
        )  # fmt: skip

    @cached_property
    def best(self) -> Scores:
        """The network with the best mean."""
        sign = -1 if self.lower_is_better else 1
        return max((one for one in self.scores if not one.baseline), key=lambda one: sign * self.interval(one)[0])

    @cached_property
    def pairs(self) -> Mapping[tuple[str, str], Difference]:
        """The difference of every two networks, the constant answer too; p holds for all pairs together (Holm)."""
        found = {
            (first.label, second.label): corrected_test(
                (first.figures[self.metric] - second.figures[self.metric]).ravel(), tested=self.tested,
                learned=self.learned, confidence=self.confidence,
            )
            for first, second in combinations(self.scores, 2)
        }  # fmt: skip
        together = adjusted([difference.p for difference in found.values()])
        return {
            names: Difference(difference.mean, difference.low, difference.high, p)
            for (names, difference), p in zip(found.items(), together, strict=True)
        }

    def against(self, scores: Scores) -> Difference | None:
        """Return how much the best network leads another one, or the constant answer, by; None for itself."""
        if scores.label == self.best.label:
            return None
        if (self.best.label, scores.label) in self.pairs:
            return self.pairs[self.best.label, scores.label]
        turned = self.pairs[scores.label, self.best.label]
        return Difference(-turned.mean, -turned.high, -turned.low, turned.p)

    @cached_property
    def winner(self) -> Scores | None:
        """The best network, where the test tells it from every other one and from the constant answer; else None."""
        several = sum(not one.baseline for one in self.scores) > 1
        return self.best if several and all(map(self._told, self.scores)) else None

    def _told(self, scores: Scores) -> bool:
        """Say whether the test shows that the best network is better than another one; true for itself."""
        lead = self.against(scores)
        # The constant answer may lead the best network, by more than chance even.
        sign = -1 if self.lower_is_better else 1
        return lead is None or (lead.p < 1 - self.confidence and sign * lead.mean > 0)

    def sentences(self) -> list[str]:
        """Say in words what was measured and which network is better, where one is."""
        said = [
            say("{} rows in {} folds, dealt {} times; every network on the same folds.", self.rows, self.folds,
                self.repeats) if self.repeats > 1
            else say("{} rows in {} folds; every network on the same folds.", self.rows, self.folds)
        ]  # fmt: skip
        if self.duplicates:
            said.append(say("Rows that repeat others, kept in their fold: {}.", self.duplicates))
        if self.near_duplicates:
            said.append(say("Rows that nearly repeat others, kept in their fold: {}.", self.near_duplicates))
        said += [self._chosen(one) for one in self.scores if one.chosen]
        if self.closed:
            said.append(say("The test part of the data ({} rows) stayed closed.", self.closed))
        return [*said, *self._verdict()]

    def _verdict(self) -> list[str]:
        """Say whether the best network is shown to be better than the constant answer, and than the others."""
        said = [
            say("No network is shown to be better than '{}', which looks at no input.", one.label)
            for one in self.scores if one.baseline and not self._told(one)
        ]  # fmt: skip
        others = [one for one in self.scores if not one.baseline and one is not self.best]
        alike = [one.label for one in others if not self._told(one)]
        if alike:
            return [*said, say("No network is shown to be the best: {} is not told from {}.", self.best.label,
                               ", ".join(alike))]  # fmt: skip
        if others and not said:
            largest = max(difference.p for one in others if (difference := self.against(one)))
            said = [say("{} is better than every other network (largest p: {}).", self.best.label, in_words(largest))]
        return said

    def _chosen(self, scores: Scores) -> str:
        """Say what was chosen inside the folds, and how much too good the figure is that it was chosen by."""
        folds = ", ".join(say("{} in {}", written, count) for written, count in scores.choices())
        inside = float(np.mean([one.figure for one in scores.chosen]))
        return say("{}, chosen inside each of {} folds: {}. There {} was {} on average; what it is worth stands in the "
                   "table.", scores.name, len(scores.chosen), folds, self.metric, f"{inside:.3f}")  # fmt: skip

    def __str__(self) -> str:
        lines = [
            f"{one.label}: {self.metric} {pooled['value']:.4f} ({pooled['low']:.4f} – {pooled['high']:.4f})"
            for one in self.scores for pooled in [one.pooled[self.metric]]
        ]  # fmt: skip
        drawn = [line for curve in self.curves for line in curve.sentences()]
        return "\n".join([*lines, *self.sentences(), *drawn, *self.warnings])

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values: every figure of every fold, the pairs, and the winner or null."""
        return {
            "data": self.data, "task": self.task, "metric": self.metric, "lower_is_better": self.lower_is_better,
            "folds": self.folds, "repeats": self.repeats, "rows": self.rows, "test_rows_of_a_fold": self.tested,
            "training_rows_of_a_fold": self.learned, "duplicates": self.duplicates, "closed_test_rows": self.closed,
            "near_duplicates": self.near_duplicates, "warnings": list(self.warnings),
            "confidence": self.confidence, "best": self.best.label,
            "winner": self.winner.label if self.winner else None,
            "ids": list(self.ids), "fold_of_each_row": [list(deal) for deal in self.dealt],
            "networks": [self._network(one) for one in self.scores],
            "pairs": [{"first": first, "second": second, **asdict(difference)}
                      for (first, second), difference in self.pairs.items()],
            **({"learning_curves": [curve.to_json() for curve in self.curves]} if self.curves else {}),
        }  # fmt: skip

    def _network(self, scores: Scores) -> dict[str, Any]:
        """Return the figures of one network as plain values; a figure that is undefined in a fold is null there."""
        mean, low, high = self.interval(scores)
        return {
            "name": scores.name, "options": dict(scores.options), "baseline": scores.baseline,
            "mean": mean, "low": low, "high": high, "seconds": scores.seconds,
            "folds": {name: _plain(values) for name, values in scores.figures.items()},
            "learned": _plain(scores.learned), "pooled": scores.pooled,
            "predictions": [list(deal) for deal in scores.predictions],
            "tuned": {name: list(values) for name, values in scores.tuned.items()},
            "chosen": [{"options": dict(one.options), "figure": None if np.isnan(one.figure) else one.figure}
                       for one in scores.chosen],
        }  # fmt: skip


def _plain(values: np.ndarray) -> list[list[float | None]]:
    """Return an array as lists, with null for what is undefined."""
    return [[None if np.isnan(value) else float(value) for value in row] for row in values]


def in_words(p: float) -> str:
    """Write a p-value as papers do.

    Example:
        >>> in_words(0.0124), in_words(0.00001)
        ('0.012', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
