"""How many of so many new items to expect to succeed: predictive intervals, also where items come in groups."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from jaxtyping import Bool, Shaped

from layerwise.errors import LayerwiseError
from layerwise.evaluation.intervals import (
    Interval,
    effective_size,
    normal_quantile,
    require_count,
    student_quantile,
)
from layerwise.evaluation.resampling import variance_of_units
from layerwise.language import say

__all__ = ["foreseen_count", "predictive_count"]

LARGEST_PREDICTED_COUNT = 1_000_000

ALL = 1 - 1e-12
"""Largest confidence that is reckoned with."""


def foreseen_count(
    successes: Bool[np.ndarray, " items"],
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    new: int = 1000,
    confidence: float = 0.95,
) -> Interval | None:
    """Return how many of `new` items to expect to succeed; None where nothing is known of how they vary.

    K = new / new_eff x BetaBinomial(new_eff, p n_eff + 1/2, (1 - p) n_eff + 1/2),  new_eff = new n_eff / n

    Items that come in groups count as the number of independent items n_eff that would vary as much, and so do the new
    ones, which are of new groups as large as these; Student's quantile of G - 1 degrees of freedom takes the place of
    the normal one. Simulated with 8 to 100 groups it holds the count in 91 to 97 % of the cases instead of 95 %, where
    counting every item for itself holds it in 64 to 95 %.

    Args:
        successes: True where an item counts.
        groups: One label an item; items of one label are not independent (one patient, one speaker).
        new: Number of new items, 1 to 1,000,000.
        confidence: Probability that the count falls inside, between 0 and 1.

    Source: L. Kish, Survey Sampling, 1965 (design effect).

    Example:
        >>> wrong = np.array([True] * 6 + [False] * 14)
        >>> alone = foreseen_count(wrong)
        >>> grouped = foreseen_count(wrong, groups=np.arange(20) // 4)
        >>> (alone.low, alone.high), (round(grouped.low), round(grouped.high))
        ((134.0, 519.0), (15, 840))
    """
    count, n = int(successes.sum()), len(successes)
    if groups is None:
        return predictive_count(count, n, new, confidence=confidence) if n else None
    variance, together = variance_of_units((successes - count / max(n, 1)) / max(n, 1), groups)
    if together < 2:
        return None
    size = effective_size(count / n, variance, limit=n, independent=together)
    # new_eff = new n_eff / n
    fewer = max(1, round(new * size / n))
    # Of two groups the quantile is so wide that nothing is left outside.
    wider = min(2 * NormalDist().cdf(student_quantile(confidence, together - 1)) - 1, ALL)
    found = predictive_count(count / n * size, size, fewer, confidence=wider)
    value, low, high = (end * new / fewer for end in (found.value, found.low, found.high) if end is not None)
    return Interval(value, low, high, n, "beta-binomial at the effective n of whole groups")


def predictive_count(successes: int | float, n: int | float, new: int, *, confidence: float = 0.95) -> Interval:
    """Return how many of `new` unseen items to expect to succeed, with the range that the count will fall in.

    K ~ BetaBinomial(new, successes + 1/2, n - successes + 1/2)

    This is a predictive interval: it holds the uncertainty about the rate (Jeffreys' prior) and the chance in the
    new items themselves, so it is wider than the confidence interval of the rate times `new`.

    Args:
        successes: Successes measured; a fraction where n is an effective number of items.
        n: Items measured.
        new: Number of new items, 1 to 1,000,000.
        confidence: Probability that the count falls inside, between 0 and 1.

    Raises:
        LayerwiseError: A count or the confidence lies outside its range.

    Source: A. Gelman and others, Bayesian Data Analysis, third edition, section 2.4; H. Jeffreys, 1946.

    Example:
        >>> wrong = predictive_count(12, 400, 1000)
        >>> round(wrong.value, 1), wrong.low, wrong.high
        (31.2, 14.0, 54.0)
    """
    from scipy.special import betaln, gammaln

    normal_quantile(confidence)
    require_count(successes, n)
    if not 1 <= new <= LARGEST_PREDICTED_COUNT:
        raise LayerwiseError(
            say("The number of new items must lie between 1 and {}.", LARGEST_PREDICTED_COUNT),
            str(new),
            say("Ask for 1000 items and scale."),
            usage=True,
        )
    alpha, beta = successes + 0.5, n - successes + 0.5
    counts = np.arange(new + 1)
    # P(K = k) = C(new, k) B(k + alpha, new - k + beta) / B(alpha, beta)
    choices = gammaln(new + 1) - gammaln(counts + 1) - gammaln(new - counts + 1)
    cumulative = np.cumsum(np.exp(choices + betaln(counts + alpha, new - counts + beta) - betaln(alpha, beta)))
    tail = (1 - confidence) / 2
    low, high = (int(np.searchsorted(cumulative, level)) for level in (tail, 1 - tail))
    return Interval(
        new * alpha / (alpha + beta), float(low), float(min(high, new)), int(n), "beta-binomial, Jeffreys prior"
    )
