"""How an error falls with the number of rows: an inverse power law, fitted and drawn out beyond what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from layerwise.evaluation.intervals import normal_quantile, student_quantile
from layerwise.evaluation.paired import corrected_test
from layerwise.language import say

__all__ = ["Ahead", "PowerLaw", "Prospect", "fit_power_law", "prospect"]

EXPONENTS = np.geomspace(0.1, 2.0, 60)
"""Exponents c that are tried: the range that is met in practice (Hestness and others 2017), steps of 5 %."""

FEWEST_SIZES = 5
"""Sizes that a fit of three numbers needs at least, so that two are left to contradict it."""

FEWEST_FOLDS = 3
RESAMPLES = 1000

LEVEL = 0.05
"""Chance of such a fall without one below which an error is said to fall."""

UNCLEAR = 0.2
"""Chance up to which it is said that it may fall."""

DOUBT = 0.01
"""Chance of a misfit as large as this below which the law is said not to hold."""


@dataclass(frozen=True)
class PowerLaw:
    """err(n) = a + b (n / whole)^-c.

    Args:
        floor: a, the error that no number of rows falls below; 0 or more.
        reach: b, what of the error at `whole` rows still falls; 0 or more.
        exponent: c, how fast it falls.
        whole: The number of rows that n is counted in.
    """

    floor: float
    reach: float
    exponent: float
    whole: float

    def __call__(self, rows: float) -> float:
        """Return the error that is expected of so many rows."""
        # err(n) = a + b (n / whole)^-c
        return float(self.floor + self.reach * (rows / self.whole) ** -self.exponent)


@dataclass(frozen=True)
class Ahead:
    """What more rows would probably bring.

    Args:
        times: How many times the rows of now.
        rows: How many that are.
        value: Error to expect.
        low: Lower end of its interval.
        high: Upper end of its interval.
        gain: How much lower that is than with the rows of now, by the fitted law.
        gain_low: Lower end of its interval, 0 or more. It is narrower: what is uncertain in both errors cancels.
        gain_high: Upper end of its interval.
    """

    times: int
    rows: int
    value: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True)
class Prospect:
    """What a learning curve says about more rows.

    Args:
        now: Mean error with all rows.
        law: The fitted law; None where none holds.
        ahead: What twice and four times the rows would bring; empty without a law.
        falling: Whether the error is shown to fall with the rows.
        reason: Why nothing is drawn out, as a sentence; empty where something is.
    """

    now: float
    law: PowerLaw | None
    ahead: tuple[Ahead, ...]
    falling: bool
    reason: str


def fit_power_law(
    sizes: Float[np.ndarray, " sizes"], errors: Float[np.ndarray, "curves sizes"], weights: Float[np.ndarray, " sizes"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit err(n) = a + b (n / n_last)^-c to each of several curves, a and b at least 0.

    minimised: sum_i w_i (err_i - a - b x_i)^2,  x_i = (n_i / n_last)^-c

    For every exponent c of a fine grid a and b follow from a line through weighted points; the best c is taken.

    Args:
        sizes: Numbers of rows n_i, rising.
        errors: Error at each of them, one row a curve.
        weights: Weight of each size.

    Returns:
        a, b and c of each curve.

    Source: Hestness and others 2017, "Deep learning scaling is predictable, empirically"; Cortes and others 1993,
    "Learning curves: asymptotic values and rate of convergence".

    Example:
        >>> sizes = np.array([10.0, 20.0, 40.0, 80.0, 160.0])
        >>> a, b, c = fit_power_law(sizes, 0.1 + 0.05 * (sizes[None] / 160) ** -0.5, np.ones(5))
        >>> [round(float(found[0]), 1) for found in (a, 10 * b, c)]
        [0.1, 0.5, 0.5]
    """
    # x_i = (n_i / n_last)^-c: one row an exponent
    powers = (sizes / sizes[-1])[None, :] ** -EXPONENTS[:, None]
    shares = weights / weights.sum()
    middle, level = powers @ shares, errors @ shares
    spread = ((powers - middle[:, None]) ** 2) @ shares
    # b = sum w (x - x_mean)(err - err_mean) / sum w (x - x_mean)^2,  a = err_mean - b x_mean
    slopes = np.maximum(((errors - level[:, None]) * shares) @ (powers - middle[:, None]).T / spread, 0.0)
    floors = level[:, None] - slopes * middle
    # Where the line would begin below 0 it begins at 0: b = sum w x err / sum w x^2
    through = np.maximum((errors * shares) @ powers.T / ((powers**2) @ shares), 0.0)
    slopes, floors = np.where(floors < 0, through, slopes), np.maximum(floors, 0.0)
    left = errors[:, None, :] - floors[:, :, None] - slopes[:, :, None] * powers[None]
    best = ((left**2) @ shares).argmin(axis=1)
    each = np.arange(len(errors))
    return floors[each, best], slopes[each, best], EXPONENTS[best]


def prospect(
    sizes: Float[np.ndarray, " sizes"], errors: Float[np.ndarray, "folds sizes"], *,
    tested: float, learned: float, confidence: float = 0.95, seed: int = 0,
) -> Prospect:  # fmt: skip
    """Say what twice and four times the rows would probably bring, with intervals, or why that cannot be said.

    The law is fitted to the mean curve and, for its interval, to mean curves of folds drawn with replacement. Folds
    share their training rows, so that the spread of these is widened as in the corrected t-test, and by Student's
    quantile for the few folds: by sqrt(J / (J - 1)) sqrt(1 + J n_2 / n_1) t / z.

    Args:
        sizes: Numbers of rows that were learned from, rising; the last are all.
        errors: Error on the test rows of each fold, one row a fold.
        tested: Mean number n_2 of test rows of a fold.
        learned: Mean number n_1 of training rows of a fold.
        confidence: Of the intervals, 0 to 1.
        seed: Seed of the resampling.

    Source: Nadeau and Bengio 2003 (the correction); Hestness and others 2017 (the law).

    Example:
        >>> sizes = np.array([20.0, 40.0, 80.0, 160.0, 320.0])
        >>> folds = 0.1 + 0.5 * (sizes[None] / 10) ** -0.5 + 0.01 * np.random.default_rng(0).normal(size=(10, 5))
        >>> found = prospect(sizes, folds, tested=36, learned=320)
        >>> found.ahead[0].rows, found.ahead[0].low < 0.1 + 0.5 * 64**-0.5 < found.ahead[0].high
        (640, True)
    """
    now, count = float(errors[:, -1].mean()), len(errors)
    if len(sizes) < FEWEST_SIZES or count < FEWEST_FOLDS:
        reason = say("Too few rows for a learning curve (sizes: {}, folds: {}).", len(sizes), count)
        return Prospect(now, None, (), False, reason)
    chance = _chance_of_fall(sizes, errors, tested=tested, learned=learned)
    if chance >= LEVEL:
        reason = (
            say("The error is not shown to fall with the number of rows, so more rows would probably buy nothing.")
            if chance >= UNCLEAR
            else say("The error falls with the number of rows, but no more than by chance; --repeats would tell more.")
        )
        return Prospect(now, None, (), False, reason)
    if now == 0:
        return Prospect(now, None, (), True, say("Not one test row was answered wrongly: no error is left to lower."))
    weights = 1 / _variances(errors)
    floor, reach, exponent = (float(found[0]) for found in fit_power_law(sizes, errors.mean(axis=0)[None], weights))
    law = PowerLaw(floor, reach, exponent, float(sizes[-1]))
    if _misfit(sizes, errors, law, ratio=tested / learned) < DOUBT:
        return Prospect(now, None, (), True, say("The curve is no inverse power law, so it is not drawn out."))
    generator = np.random.default_rng([seed, 0x9A4])
    means = errors[generator.integers(count, size=(RESAMPLES, count))].mean(axis=1)
    floors, reaches, exponents = fit_power_law(sizes, means, weights)
    # sqrt(J / (J - 1)) sqrt(1 + J n_2 / n_1) t / z
    wider = math.sqrt(count / (count - 1) * (1 + count * tested / learned))
    wider *= student_quantile(confidence, count - 1) / normal_quantile(confidence)
    ahead = []
    for times in (2, 4):
        shrunk = float(times) ** -exponents
        value, gain = law(times * sizes[-1]), reach * (1 - float(times) ** -exponent)
        error = _ends(value, floors + reaches * shrunk, wider, confidence)
        fall = _ends(gain, reaches * (1 - shrunk), wider, confidence)
        ahead.append(Ahead(times, round(times * float(sizes[-1])), value, *error, gain, *fall))
    return Prospect(now, law, tuple(ahead), True, "")


def _ends(value: float, drawn: Float[np.ndarray, " curves"], wider: float, confidence: float) -> tuple[float, float]:
    """Return the widened quantiles of an amount that is never below 0, with the fitted one between them."""
    low, high = value + wider * (np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2]) - value)
    return max(0.0, min(float(low), value)), max(float(high), value)


def _variances(errors: Float[np.ndarray, "folds sizes"]) -> np.ndarray:
    """Return the variance at each size, drawn halfway to that of all: a few folds tell it badly."""
    own = errors.var(axis=0, ddof=1)
    both = (own + own.mean()) / 2
    return np.asarray(np.where(both > 0, both, 1.0))


def _chance_of_fall(sizes: np.ndarray, errors: np.ndarray, *, tested: float, learned: float) -> float:
    """Return the chance of slopes, error by logarithm of the size, so far below 0 if the error did not fall.

    A t-test over the folds, corrected as those of Nadeau and Bengio but for half of n_2 / n_1: the small shares, which
    decide about a slope, have few rows in common. Where answers are random it then calls 4 curves of 100 falling.
    """
    across = np.log(sizes) - np.log(sizes).mean()
    slopes = errors @ across / (across @ across)
    # Differences of the last bits are none.
    slopes[np.abs(slopes) < 1e-12 * np.abs(errors).max(initial=0.0)] = 0.0
    found = corrected_test(-slopes, tested=tested / 2, learned=learned)
    return found.p / 2 if found.mean > 0 else 1 - found.p / 2


def _misfit(sizes: np.ndarray, errors: np.ndarray, law: PowerLaw, *, ratio: float) -> float:
    """Return the chance of residuals as large as these, had the law been right.

    chi^2 = sum_i r_i^2 / ((1/J + n_2 / n_1) s_i^2) with k - 3 degrees of freedom
    """
    from scipy import stats

    left = errors.mean(axis=0) - np.array([law(size) for size in sizes])
    # chi^2 = sum_i r_i^2 / ((1/J + n_2 / n_1) s_i^2)
    total = float((left**2 / ((1 / len(errors) + ratio) * _variances(errors))).sum())
    return float(stats.chi2.sf(total, len(sizes) - 3))
