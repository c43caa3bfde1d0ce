"""Tests of two methods that answered the same rows once: McNemar's, sign flips, and intervals of the difference."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Shaped

from layerwise.errors import LayerwiseError
from layerwise.evaluation.error_intervals import mean_interval
from layerwise.evaluation.intervals import Interval, normal_quantile, undefined
from layerwise.evaluation.resampling import pooled_units, sums_of_units
from layerwise.language import say

__all__ = ["difference_interval", "mcnemar", "sign_flips", "tango"]

MOST_ENUMERATED = 12
"""Units up to which every one of the 2^U sign flips is counted."""

FLIPS_AT_ONCE = 2_000_000


def mcnemar(first_only: int, second_only: int) -> float:
    """Return the exact p-value of McNemar's test: whether two methods are right equally often on the same rows.

    p = min(1, 2 P(K <= min(b, c))),  K ~ Binomial(b + c, 1/2)

    Only the rows that one of the two answers rightly say anything about the difference. No mid-p correction is used:
    the test never rejects more often than it says.

    Args:
        first_only: Rows b that only the first method answers rightly.
        second_only: Rows c that only the second one does.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions, 1947; F. Mosteller,
        Some statistical problems in measuring the subjective response to drugs, 1952 (exact form).

    Example:
        >>> mcnemar(8, 1), mcnemar(3, 3)
        (0.0390625, 1.0)
    """
    from scipy.special import bdtr

    # p = min(1, 2 P(K <= min(b, c)))
    return min(1.0, 2 * float(bdtr(min(first_only, second_only), first_only + second_only, 0.5)))


def tango(first_only: int, second_only: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Return how much more often the first method is right than the second, with Tango's score interval.

    {D: |b - c - n D| <= z sqrt(n (2 q + D (1 - D)))},  q = (sqrt(B^2 - 8 n C) - B) / 4n,
    B = (2n - b + c) D - b - c,  C = -c D (1 - D)

    q is the likeliest rate of rows that only the second answers rightly, were the difference D. At D = 0 this is
    McNemar's statistic, so the interval and a large-sample test agree; it holds for few rows and rare differences,
    where b/n - c/n -+ z s fails.

    Args:
        first_only: Rows b that only the first method answers rightly.
        second_only: Rows c that only the second one does.
        n: All rows.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: There are fewer rows than differences, or the confidence lies outside (0, 1).

    Source: T. Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample
        design, 1998.

    Example:
        >>> found = tango(14, 4, 100)
        >>> round(found.value, 4), round(found.low, 4), round(found.high, 4)
        (0.1, 0.0186, 0.189)
    """
    quantile = normal_quantile(confidence)
    if n == 0:
        return undefined(0, say("There are no items to count."))
    if min(first_only, second_only) < 0 or first_only + second_only > n:
        raise LayerwiseError(
            say("Rows that only one of two methods answers rightly are some of all rows."),
            say("{} and {} of {} rows", first_only, second_only, n), say("Check which count is which."),
        )  # fmt: skip
    value = (first_only - second_only) / n

    def beyond(difference: float) -> float:
        """Return how far the score lies beyond the quantile at a difference."""
        score = first_only - second_only - n * difference
        return abs(score) - quantile * math.sqrt(score_variance(difference, first_only, second_only, n))

    low = -1.0 if value == -1 else crossing(beyond, value, -1.0)
    high = 1.0 if value == 1 else crossing(beyond, value, 1.0)
    return Interval(value, low, high, n, "Tango's score interval")


def score_variance(difference: float, first_only: int, second_only: int, n: int) -> float:
    """Return the variance of b - c at a difference of the rates; the equation stands in `tango`."""
    linear = (2 * n - first_only + second_only) * difference - first_only - second_only
    constant = -second_only * difference * (1 - difference)
    # q = (sqrt(B^2 - 8 n C) - B) / 4n
    rate = (math.sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
    return max(n * (2 * rate + difference * (1 - difference)), 0.0)


def crossing(beyond: Callable[[float], float], inside: float, outside: float) -> float:
    """Return where a function that is negative at one place becomes positive on the way to another, by halving.

    Example:
        >>> round(crossing(lambda x: x - 0.25, 0.0, 1.0), 9)
        0.25
    """
    # 60 halvings leave no bit of a double to find
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if beyond(middle) > 0 else (middle, outside)
    return inside


def sign_flips(
    differences: Float[np.ndarray, " items"],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " items"] | None = None,
    resamples: int = 10_000,
) -> float:
    """Return the p-value of a paired permutation test: were the two methods exchangeable on every row or group.

    p = (1 + #{|sum_u f_u d_u| >= |sum_u d_u|}) / (1 + R),  f_u = -1 or 1 with equal chance

    Where the methods are the same, exchanging their answers on any unit is as likely as not. With 12 units or fewer
    all 2^U exchanges are counted, and p is exact.

    Args:
        differences: Loss of the one method less that of the other, row by row.
        generator: Source of the signs.
        groups: One label an item; the answers of a whole group are exchanged together.
        resamples: Number R of draws.

    Raises:
        LayerwiseError: Group labels do not fit.

    Source: R. Fisher, The Design of Experiments, 1935, section 21; B. Phipson, G. Smyth, Permutation p-values should
        never be zero, 2010.

    Example:
        >>> sign_flips(np.array([1.0, 2.0, 3.0, 4.0]), generator=np.random.default_rng(0))  # 2 of 16
        0.125
    """
    units = sums_of_units(differences[:, None].astype(np.float64), groups)[:, 0]
    units = pooled_units(units[units != 0][:, None], generator)[:, 0]
    # sums of the same numbers in another order differ in the last bits
    reached = abs(float(units.sum())) * (1 - 1e-12)
    if len(units) <= MOST_ENUMERATED:
        flips = 1.0 - 2.0 * ((np.arange(2 ** len(units))[:, None] >> np.arange(len(units))) & 1)
        return float((np.abs(flips @ units) >= reached).mean())
    found, step = 0, max(1, FLIPS_AT_ONCE // len(units))
    for start in range(0, resamples, step):
        size = (min(step, resamples - start), len(units))
        found += int((np.abs((2.0 * generator.integers(2, size=size) - 1.0) @ units) >= reached).sum())
    # p = (1 + #{...}) / (1 + R)
    return (1 + found) / (1 + resamples)


def difference_interval(
    differences: Float[np.ndarray, " items"],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> Interval:
    """Return the mean difference of two losses of the same rows with its studentised bootstrap interval.

    m - q_high s .. m - q_low s,  q the quantiles of (m* - m) / s*; whole groups are resampled

    Args:
        differences: Loss of the one method less that of the other, row by row.
        generator: Source of the resampling.
        groups: One label an item; items of one group are not independent.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of resamples.

    Raises:
        LayerwiseError: Group labels do not fit, or the confidence lies outside (0, 1).

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, section 12.5.

    Example:
        >>> found = difference_interval(np.arange(41.0) - 20, generator=np.random.default_rng(0))
        >>> found.value, found.low < 0 < found.high
        (0.0, True)
    """
    return mean_interval(
        differences, generator=generator, groups=groups, confidence=confidence, resamples=resamples, least=-math.inf
    )
