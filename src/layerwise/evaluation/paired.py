"""Whether one method is better than another: tests for figures that were measured on the same rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Difference", "adjusted", "corrected_interval", "corrected_test"]


@dataclass(frozen=True)
class Difference:
    """How much better one method was than another.

    Args:
        mean: Mean difference.
        low: Lower end of its interval.
        high: Upper end of its interval.
        p: Chance of a difference at least as far from 0 if there were none.
    """

    mean: float
    low: float
    high: float
    p: float


def corrected_test(differences: np.ndarray, *, tested: float, learned: float, confidence: float = 0.95) -> Difference:
    """Test paired differences of resampled figures with the corrected t-test.

    t = m / sqrt((1/J + n_2 / n_1) s^2), J - 1 degrees of freedom: m and s^2 the mean and variance of the J differences

    Folds share their training rows, so that their figures are not independent; a plain t-test finds differences where
    there are none. Adding the ratio of test to training rows corrects the variance for that.

    Args:
        differences: One difference a fold, of all repeats.
        tested: Mean number n_2 of test rows of a fold.
        learned: Mean number n_1 of training rows of a fold.
        confidence: Of the interval, 0 to 1.

    Source: Nadeau and Bengio 2003, "Inference for the generalization error", Machine Learning 52, section 3.

    Example:
        >>> found = corrected_test(np.array([0.02, 0.04, 0.03, 0.01, 0.05]), tested=20, learned=80)
        >>> round(found.mean, 6), round(found.p, 4)  # t = 0.03 / sqrt(0.45 x 0.00025) = 2 sqrt 2
        (0.03, 0.0474)
    """
    from scipy import stats

    mean, low, high = corrected_interval(differences, tested=tested, learned=learned, confidence=confidence)
    deviation = _deviation(differences, tested / learned)
    if deviation == 0:
        # Equal differences have no spread to go by: what is left is that all J have one sign, 2 / 2^J.
        return Difference(mean, low, high, 1.0 if mean == 0 else 2.0 ** (1 - len(differences)))
    # t = m / sqrt((1/J + n_2 / n_1) s^2)
    return Difference(mean, low, high, float(2 * stats.t.sf(abs(mean) / deviation, len(differences) - 1)))


def corrected_interval(
    values: np.ndarray, *, tested: float, learned: float, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Return the mean of resampled figures and its interval, corrected for the training rows that folds share.

    m -+ t sqrt((1/J + n_2 / n_1) s^2)

    Args:
        values: One figure a fold, of all repeats.
        tested: Mean number of test rows of a fold.
        learned: Mean number of training rows of a fold.
        confidence: Of the interval, 0 to 1.

    Source: Nadeau and Bengio 2003, section 3.

    Example:
        >>> corrected_interval(np.array([0.5, 0.5]), tested=1, learned=1)
        (0.5, 0.5, 0.5)
    """
    from scipy import stats

    mean, deviation = float(np.mean(values)), _deviation(values, tested / learned)
    # m -+ t sqrt((1/J + n_2 / n_1) s^2)
    half = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * deviation if deviation else 0.0
    return mean, mean - half, mean + half


def _deviation(values: np.ndarray, ratio: float) -> float:
    """Return the standard error of a mean over resampled folds; differences of the last bits count as none."""
    variance = float(np.var(values, ddof=1)) if len(values) > 1 else math.nan
    if len(values) > 1 and np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return 0.0
    # sqrt((1/J + n_2 / n_1) s^2)
    return math.sqrt((1 / len(values) + ratio) * variance)


def adjusted(values: Sequence[float]) -> list[float]:
    """Return p-values that hold for all comparisons together: Holm's step-down rule.

    p'_(i) = max_(j <= i) min(1, (m - j + 1) p_(j)), the p-values in rising order

    Args:
        values: The p-values of m comparisons.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".

    Example:
        >>> adjusted([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order, found, largest = np.argsort(values, kind="stable"), [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        # p'_(i) = max_(j <= i) min(1, (m - j + 1) p_(j))
        largest = max(largest, min(1.0, (len(values) - rank) * values[place]))
        found[int(place)] = largest
    return found
