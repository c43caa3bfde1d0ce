"""Whether probabilities mean what they say: of the cases called 80 % likely, 80 % should happen.

Everything here takes one event an item: its probability, and whether it happened. `events` makes them of class
probabilities: the positive class of two, else the class that was answered.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.metrics.arrays import require_class_numbers, require_distributions, require_pairs

__all__ = [
    "BrierParts",
    "brier_parts",
    "brier_scores",
    "calibration_error",
    "calibration_gaps",
    "equal_frequency_bins",
    "events",
]

MOST_BINS = 10
"""Bins of equal frequency, where there are items enough."""

ITEMS_A_BIN = 10
"""Items that a bin should hold at least."""


@dataclass(frozen=True)
class BrierParts:
    """What a mean squared error of probabilities is made of, by bins of like probabilities.

    Args:
        reliability: Squared gap between probability and frequency; 0 is calibrated.
        resolution: How far the frequencies of the bins lie from that of all; the more the better.
        uncertainty: Variance of the event itself, which no forecast changes.
        within: What the bins hide: variance of the probabilities inside them, less twice their agreement with events.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float


def events(
    targets: Int[np.ndarray, " items"], probabilities: Float[np.ndarray, "items classes"], positive: int = 1
) -> tuple[Bool[np.ndarray, " items"], Float[np.ndarray, " items"]]:
    """Return one event an item, and its probability: the positive class of two, else that the answer is right.

    Args:
        targets: Actual class numbers, 0 .. classes - 1.
        probabilities: One row an item, one column a class.
        positive: Class number of the event where there are two classes.

    Raises:
        LayerwiseError: Lengths differ, a class number does not exist, or a row is no distribution.

    Source: C. Guo and others, On calibration of modern neural networks, 2017, section 2 (confidence of the answer).

    Example:
        >>> happened, claimed = events(np.array([2, 0]), np.array([[0.1, 0.2, 0.7], [0.3, 0.6, 0.1]]))
        >>> happened.tolist(), claimed.tolist()
        ([True, False], [0.7, 0.6])
    """
    require_pairs(targets, probabilities)
    require_class_numbers(targets, probabilities.shape[1])
    require_distributions(probabilities)
    two = probabilities.shape[1] == 2
    asked = np.full(len(targets), positive) if two else probabilities.argmax(axis=1)
    claimed = probabilities[np.arange(len(targets)), asked].astype(np.float64)
    # rounding may leave the largest probability a last bit above 1
    return targets == asked, np.clip(claimed, 0.0, 1.0)


def equal_frequency_bins(probabilities: Float[np.ndarray, " items"], bins: int = 0) -> Int[np.ndarray, " items"]:
    """Return the bin of each item, 0 and up: as many items a bin as can be, equal probabilities always in one.

    bin = floor(B r / n), r the number of items with a smaller probability; empty bins are left out

    Args:
        probabilities: Probability of each item's event, 0 to 1.
        bins: Number of bins B at most; 0 for 10, or fewer where a bin would hold fewer than 10 items.

    Raises:
        LayerwiseError: There are no items, or a probability lies outside 0 to 1.

    Source: K. Nguyen, B. O'Connor, Posterior calibration and exploratory analysis for natural language processing
        models, 2015 (bins of equal size).

    Example:
        >>> equal_frequency_bins(np.array([0.1, 0.2, 0.2, 0.9]), 2).tolist()
        [0, 0, 0, 1]
    """
    require_pairs(probabilities, probabilities)
    outside = np.flatnonzero(~((probabilities >= 0) & (probabilities <= 1)))
    if outside.size:
        raise LayerwiseError(
            say("A probability lies between 0 and 1."),
            say("{} at item {}", probabilities[outside[0]], outside[0]),
            say("Pass the output of a softmax, not the logits before it."),
        )
    items = len(probabilities)
    count = bins or max(1, min(MOST_BINS, items // ITEMS_A_BIN))
    smaller = np.searchsorted(np.sort(probabilities), probabilities, side="left")
    # bin = floor(B r / n)
    return np.unique(smaller * count // items, return_inverse=True)[1].reshape(-1)


def calibration_gaps(
    happened: Bool[np.ndarray, " items"], probabilities: Float[np.ndarray, " items"], bins: int = 0
) -> tuple[Int[np.ndarray, " bins"], Float[np.ndarray, " bins"], Float[np.ndarray, " bins"]]:
    """Return the items of each bin, the share that happened, and the mean probability: a reliability diagram.

    Args:
        happened: Whether the event of each item happened.
        probabilities: Its probability, 0 to 1.
        bins: Number of bins of equal frequency; 0 chooses.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a probability lies outside 0 to 1.

    Source: M. DeGroot, S. Fienberg, The comparison and evaluation of forecasters, 1983.

    Example:
        >>> counts, shares, means = calibration_gaps(np.array([False, True, True, True]), np.array([.1, .3, .8, 1.]), 2)
        >>> counts.tolist(), shares.tolist(), means.round(3).tolist()
        ([2, 2], [0.5, 1.0], [0.2, 0.9])
    """
    require_pairs(happened, probabilities)
    places = equal_frequency_bins(probabilities, bins)
    counts = np.bincount(places)
    return counts, np.bincount(places, happened) / counts, np.bincount(places, probabilities) / counts


def calibration_error(
    happened: Bool[np.ndarray, " items"], probabilities: Float[np.ndarray, " items"], bins: int = 0
) -> float:
    """Return the expected calibration error: the mean gap between what was claimed and what happened.

    ECE = sum_b n_b / n |share happened_b - mean probability_b|

    It is never 0 for a finite number of items, even where every probability is right, and grows with the bins.

    Args:
        happened: Whether the event of each item happened.
        probabilities: Its probability, 0 to 1.
        bins: Number of bins of equal frequency; 0 for 10, or fewer where a bin would hold fewer than 10 items.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a probability lies outside 0 to 1.

    Source: M. Naeini, G. Cooper, M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, 2015.

    Example:
        >>> calibration_error(np.array([False, True, True, True]), np.array([0.1, 0.3, 0.8, 1.0]), 2).__round__(3)
        0.2
    """
    counts, shares, means = calibration_gaps(happened, probabilities, bins)
    # ECE = sum_b n_b / n |share_b - mean_b|
    return float((counts * np.abs(shares - means)).sum() / counts.sum())


def brier_scores(
    targets: Int[np.ndarray, " items"], probabilities: Float[np.ndarray, "items classes"]
) -> Float[np.ndarray, " items"]:
    """Return the squared error of each item's probabilities; their mean is the Brier score.

    BS_n = sum_k (p_nk - [k = t_n])^2, from 0 to 2; for two classes half of it, (p_n1 - [t_n = 1])^2, from 0 to 1

    Args:
        targets: Actual class numbers, 0 .. classes - 1.
        probabilities: One row an item, one column a class.

    Raises:
        LayerwiseError: Lengths differ, a class number does not exist, or a row is no distribution.

    Source: G. Brier, Verification of forecasts expressed in terms of probability, 1950.

    Example:
        >>> brier_scores(np.array([1, 0]), np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
        [0.25, 0.0]
    """
    require_pairs(targets, probabilities)
    require_class_numbers(targets, probabilities.shape[1])
    require_distributions(probabilities)
    wanted = np.eye(probabilities.shape[1])[targets]
    # BS_n = sum_k (p_nk - [k = t_n])^2
    scores = ((probabilities - wanted) ** 2).sum(axis=1)
    return np.asarray(scores / 2 if probabilities.shape[1] == 2 else scores)


def brier_parts(
    happened: Bool[np.ndarray, " items"], probabilities: Float[np.ndarray, " items"], bins: int = 0
) -> BrierParts:
    """Take the mean squared error of the probabilities of events apart; the parts add up to it exactly.

    mean (p - o)^2 = REL - RES + UNC + WITHIN,  REL = sum_b w_b (p_b - o_b)^2,  RES = sum_b w_b (o_b - o)^2,
    UNC = o (1 - o),  WITHIN = mean (p - p_b)^2 - 2 mean (p - p_b)(o - o_b)

    Args:
        happened: Whether the event of each item happened.
        probabilities: Its probability, 0 to 1.
        bins: Number of bins of equal frequency; 0 chooses.

    Raises:
        LayerwiseError: The arrays differ in length or are empty, or a probability lies outside 0 to 1.

    Source: A. Murphy, A new vector partition of the probability score, 1973; D. Stephenson, C. Coelho, I. Jolliffe,
        Two extra components in the Brier score decomposition, 2008 (WITHIN).

    Example:
        >>> parts = brier_parts(np.array([False, True, True, True]), np.array([0.2, 0.2, 0.8, 0.8]), 2)
        >>> round(parts.reliability, 3), parts.resolution, parts.uncertainty, parts.within
        (0.065, 0.0625, 0.1875, 0.0)
    """
    places = equal_frequency_bins(probabilities, bins)
    counts, shares, means = calibration_gaps(happened, probabilities, bins)
    weights, base = counts / len(probabilities), float(happened.mean())
    inside = probabilities - means[places]
    return BrierParts(
        # REL = sum_b w_b (p_b - o_b)^2
        reliability=float((weights * (means - shares) ** 2).sum()),
        # RES = sum_b w_b (o_b - o)^2
        resolution=float((weights * (shares - base) ** 2).sum()),
        # UNC = o (1 - o)
        uncertainty=base * (1 - base),
        # WITHIN = mean (p - p_b)^2 - 2 mean (p - p_b)(o - o_b)
        within=float((inside**2 - 2 * inside * (happened - shares[places])).mean()),
    )
