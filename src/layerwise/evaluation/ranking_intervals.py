"""Intervals of the area under the ROC curve, in closed form: no resampling, however many items."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Int, Real, Shaped

from layerwise.evaluation.intervals import (
    Interval,
    logit_bounds,
    normal_quantile,
    score_bounds,
    student_quantile,
    unbounded,
    undefined,
)
from layerwise.evaluation.resampling import variance_of_units
from layerwise.language import say
from layerwise.metrics.arrays import require_class_numbers, require_pairs
from layerwise.metrics.ranking import auc

__all__ = ["auc_interval", "one_vs_rest_intervals"]


def auc_interval(
    positives: Bool[np.ndarray, " items"],
    scores: Real[np.ndarray, " items"],
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Return the AUC with its interval on the logit scale.

    logit A -+ t s / (A (1 - A)),  s^2 = S_P/(P - 1) + S_N/(N - 1) + S_PN/((P - 1)(N - 1))

    With V_i the share of negatives below positive i and W_j the share of positives above negative j, S_P and S_N are
    the mean squares of V_i - A and W_j - A, and S_PN that of G_ij - V_i - W_j + A over all pairs. This is the variance
    that a bootstrap within both classes has after infinitely many resamples (made unbiased), found in n log n steps.
    With groups the influences of each group's items are summed first. t has Welch's degrees of freedom, or one less
    than the groups that hold the class that fewer hold.

    Where every positive outscores every negative nothing varies: then it is Wilson's interval for the smaller class.

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.
        groups: One label an item; items of one group are not independent.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: The arrays do not fit together, a score is not finite, or the confidence lies outside (0, 1).

    Source: E. DeLong, D. DeLong, D. Clarke-Pearson, Comparing the areas under two or more correlated receiver
        operating characteristic curves, 1988 (V and W); E. Brunner, U. Munzel, The nonparametric Behrens-Fisher
        problem, 2000 (degrees of freedom).

    Example:
        >>> positives = np.arange(100) % 2 == 0
        >>> scores = np.random.default_rng(0).normal(size=100) + positives
        >>> found = auc_interval(positives, scores)
        >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
        (0.709, 0.597, 0.801)
    """
    value, items = auc(positives, scores), len(scores)
    if np.isnan(value):
        return undefined(items, say("AUC needs items of both classes; only one occurs."))
    both = (positives, ~positives)
    smaller = min(int(chosen.sum()) if groups is None else len(np.unique(groups[chosen])) for chosen in both)
    if smaller < 2:
        return unbounded(value, items, say("AUC needs two items of each class, and two groups, to show its spread."))
    if np.ptp(scores) == 0:
        return unbounded(value, items, say("All scores are equal: the ranking is chance, and has no spread."))
    if value in (0.0, 1.0):
        low, high = score_bounds(value, smaller, normal_quantile(confidence))
        return Interval(value, low, high, items, "Wilson for the smaller class")
    variance, degrees = auc_variance(positives, scores, value, groups)
    low, high = logit_bounds(value, variance, student_quantile(confidence, degrees))
    return Interval(value, low, high, items, "logit, exact bootstrap error")


def auc_variance(
    positives: Bool[np.ndarray, " items"],
    scores: Real[np.ndarray, " items"],
    value: float,
    groups: Shaped[np.ndarray, " items"] | None,
) -> tuple[float, float]:
    """Return the sampling variance of the AUC and its degrees of freedom; the equation stands in `auc_interval`."""
    chosen, others = scores[positives], scores[~positives]
    count, rest = len(chosen), len(others)
    ordered = np.sort(others)
    below, through = (np.searchsorted(ordered, chosen, side=side) for side in ("left", "right"))
    # V_i = (#{negatives below i} + 1/2 #{tied}) / N
    beaten = (below + through) / (2 * rest)
    ordered = np.sort(chosen)
    # W_j = (#{positives above j} + 1/2 #{tied}) / P
    losing = 1 - sum(np.searchsorted(ordered, others, side=side) for side in ("left", "right")) / (2 * count)
    if groups is not None:
        influence = np.empty(len(scores))
        influence[positives], influence[~positives] = (beaten - value) / count, (losing - value) / rest
        # The class that fewer groups hold decides how well the error is known.
        fewer = min(len(np.unique(groups[chosen])) for chosen in (positives, ~positives))
        return variance_of_units(influence, groups)[0], float(fewer - 1)
    # sum_ij G_ij^2 = #{greater} + 1/4 #{tied}
    squares = below.sum() + (through - below).sum() / 4
    within, across = float(beaten.var() / (count - 1)), float(losing.var() / (rest - 1))
    # S_PN = mean G^2 - mean V^2 - mean W^2 + A^2
    pairs = squares / (count * rest) - (beaten**2).mean() - (losing**2).mean() + value**2
    variance = within + across + max(float(pairs), 0.0) / ((count - 1) * (rest - 1))
    if within + across == 0:
        return variance, float(min(count, rest) - 1)
    # Welch: (a + b)^2 / (a^2/(P - 1) + b^2/(N - 1))
    degrees = (within + across) ** 2 / (within**2 / (count - 1) + across**2 / (rest - 1))
    return variance, degrees


def one_vs_rest_intervals(
    measure: Callable[..., Interval],
    targets: Int[np.ndarray, " items"],
    scores: Real[np.ndarray, "items classes"],
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
) -> list[Interval]:
    """Return a figure of a ranking for each class: its items against all others, by its own score.

    Args:
        measure: `auc_interval` or `average_precision_interval`.
        targets: Actual class numbers, 0 .. classes - 1.
        scores: One column a class.
        groups: One label an item; items of one group are not independent.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: The arrays do not fit together, a score is not finite, or the confidence lies outside (0, 1).

    Example:
        >>> scores = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.5, 0.2, 0.3]])
        >>> one_vs_rest_intervals(auc_interval, np.array([0, 1, 0]), scores)[2].reason
        'AUC needs items of both classes; only one occurs.'
    """
    require_pairs(targets, scores)
    require_class_numbers(targets, scores.shape[1])
    return [
        measure(targets == number, scores[:, number], groups=groups, confidence=confidence)
        for number in range(scores.shape[1])
    ]
