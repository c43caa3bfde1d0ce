"""What a comparison of runs on one test part found: every pair with its counts, its interval and its p-value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from layerwise.evaluation.comparison import in_words
from layerwise.evaluation.intervals import Interval
from layerwise.evaluation.paired import adjusted
from layerwise.evaluation.paired_answers import difference_interval, mcnemar, sign_flips, tango
from layerwise.language import say

__all__ = ["OneTestPart", "Pair", "pairs_of_errors", "pairs_of_rights"]


@dataclass(frozen=True)
class Pair:
    """Two runs on the same rows.

    Args:
        first: Name of the run.
        second: Name of the other run.
        first_only: Rows that only the first answers rightly; None for numbers.
        second_only: Rows that only the second answers rightly; None for numbers.
        lead: How much better the first is: accuracy less accuracy, or error less error turned round.
        p: Chance of a difference at least as large if there were none.
        p_together: The same with all pairs taken into account (Holm).
    """

    first: str
    second: str
    first_only: int | None
    second_only: int | None
    lead: Interval
    p: float
    p_together: float


@dataclass(frozen=True)
class OneTestPart:
    """Runs that were measured on the same rows of one test part.

    Args:
        data: Name of the data.
        metric: `accuracy`, or `mse` for numbers.
        rows: Rows of the test part.
        groups: Sets of these rows that vary together: groups, and pictures that are nearly equal; 0 where each row is
            one alone.
        confidence: Of every interval; one less it is the level of the test.
        test: How the p-values were found.
        values: The figure of each run by its name.
        pairs: Every two runs.
    """

    data: str
    metric: str
    rows: int
    groups: int
    confidence: float
    test: str
    values: Mapping[str, float]
    pairs: tuple[Pair, ...]

    def told_apart(self, pair: Pair) -> bool:
        """Say whether the test tells two runs apart."""
        return pair.p_together < 1 - self.confidence

    def sentences(self) -> list[str]:
        """Say in words which run is better, where the test says so."""
        said = [say("{} rows of one test part; every run answered the same.", self.rows)]
        if self.groups:
            said.append(
                say("They come in {} groups, resampled and exchanged as a whole (nearly equal pictures are one).",
                    self.groups)
            )  # fmt: skip
        for pair in self.pairs:
            better, other = (pair.first, pair.second) if (pair.lead.value or 0) > 0 else (pair.second, pair.first)
            p = in_words(pair.p_together)
            said.append(
                say("{} is better than {} (p {}).", better, other, p) if self.told_apart(pair)
                else say("No difference that these data can tell: {} and {} (p {}).", pair.first, pair.second, p)
            )  # fmt: skip
        return said

    def __str__(self) -> str:
        values = [f"{name}: {self.metric} {value:.4g}" for name, value in self.values.items()]
        return "\n".join([*values, *self.sentences()])

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "data": self.data, "metric": self.metric, "rows": self.rows, "groups": self.groups,
            "confidence": self.confidence, "test": self.test, "runs": dict(self.values),
            "pairs": [{**asdict(pair), "told_apart": self.told_apart(pair)} for pair in self.pairs],
        }  # fmt: skip


def pairs_of_rights(
    rights: Mapping[str, Bool[np.ndarray, " rows"]], *, generator: np.random.Generator,
    groups: Shaped[np.ndarray, " rows"] | None = None, confidence: float = 0.95, resamples: int = 10_000,
) -> tuple[Pair, ...]:  # fmt: skip
    """Compare every two methods by which rows they answer rightly.

    Rows are independent: McNemar's exact test and Tango's interval. Rows in groups: sign flips of whole groups, and a
    bootstrap of them. Holm's rule makes the p-values hold for all pairs together.

    Args:
        rights: By name, whether each row was answered rightly.
        generator: Source of what is drawn.
        groups: Group of each row.
        confidence: Of the intervals, between 0 and 1.
        resamples: Number of draws, where groups are drawn.

    Source: T. Dietterich, Approximate statistical tests for comparing supervised classification learning algorithms,
        1998, section 3.1.

    Example:
        >>> right = np.arange(40) < 30
        >>> found = pairs_of_rights({"a": right, "b": np.arange(40) < 20}, generator=np.random.default_rng(0))
        >>> found[0].first_only, found[0].second_only, round(found[0].p, 4)
        (10, 0, 0.002)
    """
    found = []
    for first, second in combinations(rights, 2):
        only, other = (int((rights[one] & ~rights[two]).sum()) for one, two in ((first, second), (second, first)))
        if groups is None:
            lead = tango(only, other, len(rights[first]), confidence=confidence)
            found.append(Pair(first, second, only, other, lead, mcnemar(only, other), 1.0))
        else:
            differences = rights[first].astype(np.float64) - rights[second]
            drawn: dict[str, Any] = {"generator": generator, "groups": groups, "resamples": resamples}
            lead = difference_interval(differences, confidence=confidence, **drawn)
            found.append(Pair(first, second, only, other, lead, sign_flips(differences, **drawn), 1.0))
    return holding_together(found)


def pairs_of_errors(
    errors: Mapping[str, Float[np.ndarray, " rows"]], *, generator: np.random.Generator,
    groups: Shaped[np.ndarray, " rows"] | None = None, confidence: float = 0.95, resamples: int = 10_000,
) -> tuple[Pair, ...]:  # fmt: skip
    """Compare every two methods by their errors on the same rows: sign flips and a paired bootstrap.

    Args:
        errors: By name, the error of each row, smaller being better.
        generator: Source of what is drawn.
        groups: Group of each row; whole groups are drawn.
        confidence: Of the intervals, between 0 and 1.
        resamples: Number of draws.

    Source: R. Fisher, The Design of Experiments, 1935, section 21.

    Example:
        >>> errors = np.random.default_rng(0).random(50)
        >>> found = pairs_of_errors({"a": errors, "b": errors + 0.1}, generator=np.random.default_rng(1))
        >>> round(found[0].lead.value, 3), found[0].p < 0.001
        (0.1, True)
    """
    found = []
    for first, second in combinations(errors, 2):
        differences = errors[second] - errors[first]
        drawn: dict[str, Any] = {"generator": generator, "groups": groups, "resamples": resamples}
        lead = difference_interval(differences, confidence=confidence, **drawn)
        found.append(Pair(first, second, None, None, lead, sign_flips(differences, **drawn), 1.0))
    return holding_together(found)


def holding_together(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Return pairs with p-values that hold for all of them together: Holm's step-down rule."""
    together = adjusted([pair.p for pair in pairs])
    return tuple(
        Pair(pair.first, pair.second, pair.first_only, pair.second_only, pair.lead, pair.p, p)
        for pair, p in zip(pairs, together, strict=True)
    )
