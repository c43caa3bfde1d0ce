"""The interval of a calibration error, which is never 0 by chance and grows with the noise of its bins.

A percentile bootstrap fails here: each resample adds noise to gaps that already hold it, so that none has an error of 0
and perfect calibration is never covered. The two ends are bounded one by one instead (coverage:
`benchmarks/interval_coverage.py`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from layerwise.evaluation.intervals import Interval, normal_quantile, unbounded
from layerwise.evaluation.resampling import sums_of_units
from layerwise.language import say
from layerwise.metrics.calibration import calibration_error, calibration_gaps, equal_frequency_bins

__all__ = ["BinGaps", "bin_gaps", "calibration_error_interval"]


@dataclass(frozen=True)
class BinGaps:
    """The gap of each bin between what happened and what was claimed, as it adds to the calibration error.

    Args:
        counts: Items of each bin.
        shares: Share that happened.
        means: Mean probability.
        gaps: Share of all items times (share - mean).
        covariance: How the gaps vary together; a diagonal where items are independent.
    """

    counts: Int[np.ndarray, " bins"]
    shares: Float[np.ndarray, " bins"]
    means: Float[np.ndarray, " bins"]
    gaps: Float[np.ndarray, " bins"]
    covariance: Float[np.ndarray, "bins bins"]


def calibration_error_interval(
    happened: Bool[np.ndarray, " items"],
    probabilities: Float[np.ndarray, " items"],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    bins: int = 0,
) -> Interval:
    """Return the expected calibration error with an interval that holds for calibrated probabilities, too.

    E - q .. E + z s,  E = sum_b |g_b|,  s^2 = sign(g)^T C sign(g)

    With the true signs sum_b sign_b g_b is E_true plus normal noise, and E is never below it: E + z s is an upper end
    whatever the truth. For the lower end q is a quantile of sum_b (|d_b + noise_b| - |d_b|), noise ~ N(0, C), which
    falls as the true gaps d_b grow; d_b = max(|g_b| - z s_b, 0) is as small as the data allow, so q is not too small.
    Where 0 cannot be excluded, the interval begins there. The bins are taken as given.

    Args:
        happened: Whether the event of each item happened.
        probabilities: Its probability, 0 to 1.
        generator: Source of the noise that is drawn.
        groups: One label an item; items of one group are not independent.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of draws.
        bins: Number of bins of equal frequency; 0 for 10, or fewer where a bin would hold fewer than 10 items.

    Raises:
        LayerwiseError: The arrays do not fit together, or a probability or the confidence lies outside its range.

    Source: A. Kumar, P. Liang, T. Ma, Verified uncertainty calibration, 2019 (the bias of the plug-in estimate).

    Example:
        >>> generator = np.random.default_rng(0)
        >>> claimed = generator.random(500)
        >>> found = calibration_error_interval(generator.random(500) < claimed, claimed, generator=generator)
        >>> found.value > 0, found.low, found.method
        (True, 0.0, 'bounds by bins of equal frequency')
    """
    quantile, items = normal_quantile(confidence), len(happened)
    value = calibration_error(happened, probabilities, bins)
    if items < 2 or (groups is not None and len(np.unique(groups)) < 2):
        return unbounded(value, items, say("One group or item tells nothing about how others differ."))
    found = bin_gaps(happened, probabilities, groups=groups, quantile=quantile, bins=bins)
    signs = np.where(found.gaps < 0, -1.0, 1.0)
    # s^2 = sign(g)^T C sign(g)
    above = quantile * float(np.sqrt(signs @ found.covariance @ signs))
    # d_b = max(|g_b| - z s_b, 0)
    least = np.maximum(np.abs(found.gaps) - quantile * np.sqrt(np.diag(found.covariance)), 0.0)
    values, vectors = np.linalg.eigh(found.covariance)
    noise = generator.standard_normal((resamples, len(values))) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    # q is a quantile of sum_b (|d_b + noise_b| - |d_b|)
    below = float(np.quantile((np.abs(least + noise) - least).sum(axis=1), (1 + confidence) / 2))
    low, high = max(value - below, 0.0), min(value + above, 1.0)
    return Interval(value, low, high, items, "bounds by bins of equal frequency")


def bin_gaps(
    happened: Bool[np.ndarray, " items"],
    probabilities: Float[np.ndarray, " items"],
    *,
    groups: Shaped[np.ndarray, " items"] | None,
    quantile: float,
    bins: int = 0,
) -> BinGaps:
    """Return the gap of each bin and how the gaps vary together.

    C_bc = U/(U - 1) sum_u r_ub r_uc,  r_ub = sum over the items of u in bin b of (o - p - (share_b - mean_b)) / n

    The variance of a bin is at least that of a proportion with z^2 items added, half of which happened: a bin in which
    everything happened shows no spread, and yet is not certain.

    Args:
        happened: Whether the event of each item happened.
        probabilities: Its probability.
        groups: One label an item.
        quantile: z of the confidence.
        bins: Number of bins; 0 chooses.

    Source: A. Agresti, B. Coull, Approximate is better than exact for interval estimation of binomial proportions,
        1998 (items added).

    Example:
        >>> claimed = np.repeat([0.2, 0.8], 50)
        >>> found = bin_gaps(np.arange(100) >= 50, claimed, groups=None, quantile=1.96, bins=2)
        >>> found.gaps.round(3).tolist(), bool(found.covariance[0, 0] > 0)
        ([-0.1, 0.1], True)
    """
    items = len(happened)
    places = equal_frequency_bins(probabilities, bins)
    counts, shares, means = calibration_gaps(happened, probabilities, bins)
    rests = np.zeros((items, len(counts)))
    rests[np.arange(items), places] = (happened - probabilities - (shares - means)[places]) / items
    units = sums_of_units(rests, groups)
    # C_bc = U/(U - 1) sum_u r_ub r_uc
    covariance = len(units) / (len(units) - 1) * units.T @ units
    # (o n + z^2/2) / (n + z^2)
    added = (shares * counts + quantile**2 / 2) / (counts + quantile**2)
    least = (counts / items) ** 2 * added * (1 - added) / (counts + quantile**2)
    diagonal = np.diag(covariance)
    covariance = covariance + np.diag(np.maximum(least - diagonal, 0.0))
    return BinGaps(counts, shares, means, counts / items * (shares - means), covariance)
