"""Intervals of average precision and of lift, in closed form: no resampling, however many items."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Real, Shaped

from layerwise.evaluation.intervals import (
    Interval,
    effective_size,
    logit_bounds,
    normal_quantile,
    proportion,
    score_bounds,
    student_quantile,
    unbounded,
    undefined,
)
from layerwise.evaluation.resampling import variance_of_units
from layerwise.language import say
from layerwise.metrics.precision_recall import average_precision, lift

__all__ = ["average_precision_influence", "average_precision_interval", "lift_interval"]


@dataclass(frozen=True)
class Runs:
    """Runs of equal scores, the highest first.

    Args:
        places: Run of each item, in the order of the items.
        sizes: Items of each run.
        positives: Positives of each run.
    """

    places: Int[np.ndarray, " items"]
    sizes: Int[np.ndarray, " runs"]
    positives: Int[np.ndarray, " runs"]


def average_precision_interval(
    positives: Bool[np.ndarray, " items"],
    scores: Real[np.ndarray, " items"],
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Return the average precision with its interval on the logit scale.

    logit A -+ t s / (A (1 - A)),  s^2 = U/(U - 1) sum_u (sum_(k in u) psi_k)^2

    psi_k is the influence of item k, the derivative of A by its weight; U counts the items, or the groups whose items
    are summed first. t has P - 1 degrees of freedom for P positives, or one less than the groups that hold them. The
    percentile bootstrap is not used: it inherits the upward bias that A has for few positives.

    Where every positive outscores every negative nothing varies: then it is Wilson's interval for the positives.

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.
        groups: One label an item; items of one group are not independent.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: The arrays do not fit together, a score is not finite, or the confidence lies outside (0, 1).

    Source: K. Boyd, K. Eng, C. D. Page, Area under the precision-recall curve: point estimates and confidence
        intervals, 2013 (logit scale); F. Hampel, The influence curve and its role in robust estimation, 1974.

    Example:
        >>> positives = np.arange(200) % 4 == 0
        >>> scores = np.random.default_rng(0).normal(size=200) + 1.5 * positives
        >>> found = average_precision_interval(positives, scores)
        >>> found.low < found.value < found.high
        True
    """
    value, items, count = average_precision(positives, scores), len(scores), int(positives.sum())
    if count in (0, items):
        return undefined(items, say("Average precision needs items of both classes; only one occurs."))
    # A group without positives tells nothing about how they are ranked elsewhere.
    units = count if groups is None else len(np.unique(groups[positives]))
    if units < 2:
        return unbounded(value, items, say("Average precision needs two positives, and two groups, to show a spread."))
    if np.ptp(scores) == 0:
        return unbounded(value, items, say("All scores are equal: the ranking is chance, and has no spread."))
    if value == 1.0:
        low, high = score_bounds(value, units, normal_quantile(confidence))
        return Interval(value, low, high, items, "Wilson for the positives")
    variance, _ = variance_of_units(average_precision_influence(positives, scores), groups)
    low, high = logit_bounds(value, variance, student_quantile(confidence, units - 1))
    return Interval(value, low, high, items, "logit, error by influence")


def average_precision_influence(
    positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]
) -> Float[np.ndarray, " items"]:
    """Return how much each item moves the average precision: its derivative by the item's weight.

    psi_k = (y_k (precision_k - A) + sum_(t <= s_k) P_t (y_k - precision_t) / N_t) / P

    P_t is the number of positives with score t, N_t that of items with at least score t. The influences add up to 0.

    Example:
        >>> influence = average_precision_influence(np.array([True, False, True]), np.array([3.0, 2.0, 1.0]))
        >>> influence.round(4).tolist(), round(abs(float(influence.sum())), 12)
        ([0.1389, -0.1111, -0.0278], 0.0)
    """
    runs = runs_of(positives, scores)
    taken = np.cumsum(runs.sizes)
    precision = np.cumsum(runs.positives) / taken
    # sums over this run and all below it: of P_t / N_t, and of P_t precision_t / N_t
    gained, lost = (
        np.cumsum(part[::-1])[::-1] for part in (runs.positives / taken, runs.positives * precision / taken)
    )
    count = int(positives.sum())
    value = float((runs.positives * precision).sum()) / count
    # psi_k = (y_k (precision_k - A) + sum_(t <= s_k) P_t (y_k - precision_t) / N_t) / P
    own = precision[runs.places] - value + gained[runs.places]
    return np.asarray((np.where(positives, own, 0.0) - lost[runs.places]) / count)


def runs_of(positives: Bool[np.ndarray, " items"], scores: Real[np.ndarray, " items"]) -> Runs:
    """Return the runs of equal scores, the highest first.

    Example:
        >>> runs_of(np.array([True, False, False]), np.array([1.0, 2.0, 1.0])).positives.tolist()
        [0, 1]
    """
    _, places = np.unique(-scores.astype(np.float64), return_inverse=True)
    places = places.reshape(-1)
    sizes = np.bincount(places)
    return Runs(places, sizes, np.bincount(places[positives], minlength=len(sizes)))


def lift_interval(
    positives: Bool[np.ndarray, " items"],
    scores: Real[np.ndarray, " items"],
    share: float,
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Return the lift of the highest scores with Wilson's interval of the share of positives that they hold.

    lift = g / q,  g a proportion of the P positives; with groups at P_eff = g (1 - g) / v

    The score at which the share q ends is taken as given; that it moves with the items would make the interval
    narrower, so this covers more than it promises. No lift exceeds 1 / share of positives: the upper end is at most
    that of this share's lower end.

    Args:
        positives: True where the item belongs to the positive class.
        scores: Larger means more likely positive.
        share: Share q of the items looked at, above 0 and below 1.
        groups: One label an item; items of one group are not independent.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: The arrays do not fit together, a score is not finite, or the confidence lies outside (0, 1).

    Source: I. Witten, E. Frank, Data Mining, second edition, 2005, section 5.7; E. B. Wilson, 1927.

    Example:
        >>> found = lift_interval(np.arange(100) >= 80, np.arange(100.0), 0.1)
        >>> found.value, round(found.low, 2), round(found.high, 2)
        (5.0, 2.99, 7.01)
    """
    value, items, count = lift(positives, scores, share), len(scores), int(positives.sum())
    if count in (0, items):
        return undefined(items, say("Lift needs items of both classes; only one occurs."))
    found = min(value * share, 1.0)
    # a lift is the precision among the highest scores over the share of positives
    most = 1 / max(proportion(positives, groups=groups, confidence=confidence).low or 0.0, share)
    if groups is None:
        low, high = (end / share for end in score_bounds(found, count, normal_quantile(confidence)))
        return Interval(value, low, min(high, most), items, "Wilson for the positives")
    runs = runs_of(positives, scores)
    above = np.cumsum(runs.sizes) - runs.sizes
    # a run that the share cuts through is taken in part
    part = np.clip((share * items - above) / runs.sizes, 0.0, 1.0)[runs.places]
    variance, units = variance_of_units((part[positives] - found) / count, groups[positives])
    if units < 2:
        return unbounded(value, items, say("One group or item tells nothing about how others differ."))
    size = effective_size(found, variance, limit=count, independent=units)
    low, high = (end / share for end in score_bounds(found, size, student_quantile(confidence, units - 1)))
    return Interval(value, low, min(high, most), items, "Wilson at the effective n of whole groups")
