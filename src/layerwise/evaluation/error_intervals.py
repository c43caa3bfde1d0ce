"""Intervals of mean losses and of the share of variance explained, by a studentised bootstrap of sums.

Every figure here is a smooth function of a few sums over items. Resampling the sums and the sums of their products
gives the figure and its standard error on every resample without touching an item again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Real, Shaped

from layerwise.evaluation.intervals import Interval, normal_quantile, unbounded, undefined
from layerwise.evaluation.resampling import pooled_units, resampled_sums, sums_of_units
from layerwise.language import say
from layerwise.metrics.regression import errors, r2

__all__ = ["mean_interval", "mean_intervals", "regression_intervals"]

# with fewer, a resample too often repeats one unit only
FEWEST_UNITS = 5

# from sums to a figure and its derivative by each sum
Figure = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def mean_interval(
    losses: Float[np.ndarray, " items"],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    least: float = 0.0,
) -> Interval:
    """Return the mean of losses with its studentised bootstrap interval.

    m - q_high s .. m - q_low s,  q the quantiles of (m* - m) / s*

    Each resample is measured by its own standard error s*, which is what skewed losses need: for squared errors of 30
    items it covers 94 % where the percentile bootstrap covers 90 %. It is wide where few items carry most of the loss.

    Args:
        losses: One loss an item, for example its squared error.
        generator: Source of the resampling.
        groups: One label an item; whole groups are resampled.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of resamples.
        least: What a mean is never below: 0 for losses, minus infinity for differences.

    Raises:
        LayerwiseError: Group labels do not fit, or the confidence lies outside (0, 1).

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, section 12.5.

    Example:
        >>> found = mean_interval(np.arange(40) / 39, generator=np.random.default_rng(0))
        >>> round(found.value, 2), round(found.low, 1), round(found.high, 1)
        (0.5, 0.4, 0.6)
    """
    found = mean_intervals(
        {"losses": losses}, generator=generator, groups=groups, confidence=confidence, resamples=resamples, least=least
    )
    return found["losses"]


def mean_intervals(
    losses: Mapping[str, Float[np.ndarray, " items"]],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    least: float = 0.0,
) -> dict[str, Interval]:
    """Return the means of several losses of the same items, each with the interval of `mean_interval`.

    The items are drawn once for all of them. A mean of infinite losses is undefined.

    Args:
        losses: By name one loss an item.
        generator: Source of the resampling.
        groups: One label an item; whole groups are resampled.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of resamples.
        least: What a mean is never below.

    Raises:
        LayerwiseError: Group labels do not fit, or the confidence lies outside (0, 1).

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, section 12.5.

    Example:
        >>> both = {"half": np.full(8, 0.5), "endless": np.full(8, np.inf)}
        >>> found = mean_intervals(both, generator=np.random.default_rng(0))
        >>> found["half"].value, found["endless"].reason
        (0.5, '8 of 8 losses are infinite.')
    """
    normal_quantile(confidence)
    infinite = {name: int(np.isinf(each).sum()) for name, each in losses.items()}
    usable = {name: each for name, each in losses.items() if len(each) and not infinite[name]}
    means: dict[str, Interval] = {}
    if usable:
        units = np.hstack([mean_units(each, groups) for each in usable.values()])
        columns = [with_products(part) for part in np.split(pooled_units(units, generator), len(usable), axis=1)]
        drawn = resampled_sums(np.hstack(columns), resamples=resamples, generator=generator)
        parts = zip(usable.items(), columns, np.split(drawn, len(usable), axis=1), strict=True)
        means = {name: mean_of(each, part, sums, confidence, least) for (name, each), part, sums in parts}
    return {
        name: means[name]
        if name in means
        else undefined(len(each), say("{} of {} losses are infinite.", infinite[name], len(each)))
        for name, each in losses.items()
    }


def regression_intervals(
    targets: Real[np.ndarray, "items *outputs"],
    predictions: Real[np.ndarray, "items *outputs"],
    *,
    generator: np.random.Generator,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> dict[str, Interval]:
    """Return half squared error, MSE, RMSE, MAE and R2, each with its interval, from one resampling.

    All have the studentised interval of `mean_interval`; RMSE and the half squared error are MSE under the root and
    times outputs / 2. For R2 of 30 normal items it covers 94 % where the percentile bootstrap covers 91 %.

    Args:
        targets: One row (or number) an item.
        predictions: The same shape.
        generator: Source of the resampling.
        groups: One label an item; whole groups are resampled.
        confidence: Coverage asked for, between 0 and 1.
        resamples: Number of resamples.

    Raises:
        LayerwiseError: The arrays do not fit together, or the confidence lies outside (0, 1).

    Example:
        >>> targets = np.arange(50.0)
        >>> predictions = targets + np.where(np.arange(50) % 2, 2.0, -1.0)
        >>> found = regression_intervals(targets, predictions, generator=np.random.default_rng(0))
        >>> found["mse"].value, found["mae"].value, round(found["r2"].value, 3)
        (2.5, 1.5, 0.988)
    """
    normal_quantile(confidence)
    residuals = errors(targets, predictions)
    squared, absolute = (residuals**2).mean(axis=1), np.abs(residuals).mean(axis=1)
    parts = (mean_units(squared, groups), mean_units(absolute, groups), variance_units(targets, residuals, groups))
    widths = np.cumsum([part.shape[1] for part in parts])[:-1]
    pooled = np.split(pooled_units(np.hstack(parts), generator), widths, axis=1)
    columns = [with_products(part) for part in pooled]
    widths = np.cumsum([part.shape[1] for part in columns])[:-1]
    drawn = np.split(resampled_sums(np.hstack(columns), resamples=resamples, generator=generator), widths, axis=1)
    items, outputs = residuals.shape
    mse = mean_of(squared, columns[0], drawn[0], confidence)
    mae = mean_of(absolute, columns[1], drawn[1], confidence)
    explained = r2(targets, predictions)
    found = {
        "half_squared_error": transformed(mse, factor=outputs / 2),
        "mse": mse,
        "rmse": transformed(mse, power=0.5),
    }
    found["mae"] = mae
    found["r2"] = (
        undefined(items, say("R2 needs targets that vary; they are all equal."))
        if np.isnan(explained)
        else studentised(explained, r2_of_sums, columns[2], drawn[2], items=items, confidence=confidence, most=1.0)
    )
    return found


def mean_units(
    losses: Float[np.ndarray, " items"], groups: Shaped[np.ndarray, " items"] | None
) -> Float[np.ndarray, "units 2"]:
    """Return what a mean adds up from: the losses of each unit, less the mean of all, and its number of items."""
    return sums_of_units(np.column_stack([losses - losses.mean(), np.ones(len(losses))]), groups)


def mean_of(
    losses: np.ndarray, columns: np.ndarray, drawn: np.ndarray, confidence: float, least: float = 0.0
) -> Interval:
    """Return the interval of mean losses from the sums that were drawn."""
    value, items = float(losses.mean()), len(losses)
    return studentised(value, mean_of_sums, columns, drawn, items=items, confidence=confidence, least=least)


def mean_of_sums(sums: Float[np.ndarray, "*draws 2"]) -> tuple[np.ndarray, np.ndarray]:
    """Return m = s / n and its derivatives 1 / n and -m / n."""
    total, count = np.moveaxis(sums, -1, 0)
    mean = total / count
    return mean, np.stack([1 / count, -mean / count], axis=-1)


def variance_units(
    targets: Real[np.ndarray, "items *outputs"],
    residuals: Float[np.ndarray, "items flat_outputs"],
    groups: Shaped[np.ndarray, " items"] | None,
) -> Float[np.ndarray, "units columns"]:
    """Return what R2 adds up from: n, and for every output e^2, y and y^2 (y less its mean)."""
    flat = targets.reshape(len(targets), -1).astype(np.float64)
    centred = flat - flat.mean(axis=0)
    return sums_of_units(np.hstack([np.ones((len(flat), 1)), residuals**2, centred, centred**2]), groups)


def r2_of_sums(sums: Float[np.ndarray, "*draws columns"]) -> tuple[np.ndarray, np.ndarray]:
    """Return R2 = 1 - SSE/SST with SST = sum y^2 - (sum y)^2 / n, averaged over the outputs, and its derivatives."""
    count, (error, total, squares) = sums[..., :1], np.split(sums[..., 1:], 3, axis=-1)
    mean = total / count
    spread = squares - total * mean
    with np.errstate(divide="ignore", invalid="ignore"):
        # a resample whose targets are all equal has no R2
        share = error / np.where(spread > 1e-12 * squares, spread, np.nan)
        # d(SSE/SST): by n -(SSE/SST) m^2/SST, by SSE 1/SST, by sum y 2 (SSE/SST) m/SST, by sum y^2 -(SSE/SST)/SST
        by_count = (-share * mean**2 / spread).sum(axis=-1, keepdims=True)
        slopes = np.concatenate([by_count, 1 / spread, 2 * share * mean / spread, -share / spread], axis=-1)
    return 1 - share.mean(axis=-1), -slopes / error.shape[-1]


def with_products(units: Float[np.ndarray, "units columns"]) -> Float[np.ndarray, "units more_columns"]:
    """Append to each unit the products of all pairs of its columns, from which standard errors add up."""
    products = units[:, :, None] * units[:, None, :]
    return np.hstack([units, products.reshape(len(units), -1)])


def standard_errors(
    figure: Figure, sums: Float[np.ndarray, "draws more_columns"]
) -> tuple[Float[np.ndarray, " draws"], Float[np.ndarray, " draws"]]:
    """Return a figure and its standard error for each row of sums of `with_products`.

    se^2 = sum_u (g . x_u)^2 = g^T (sum_u x_u x_u^T) g,  g the derivatives of the figure by the sums
    """
    # k columns and k^2 products make k (k + 1) numbers
    columns = int(np.sqrt(sums.shape[1]))
    value, slopes = figure(sums[:, :columns])
    products = sums[:, columns:].reshape(len(sums), columns, columns)
    # se^2 = g^T (sum_u x_u x_u^T) g
    return value, np.sqrt(np.maximum(np.einsum("bi,bij,bj->b", slopes, products, slopes), 0.0))


def studentised(
    value: float,
    figure: Figure,
    columns: Float[np.ndarray, "units more_columns"],
    drawn: Float[np.ndarray, "resamples more_columns"],
    *,
    items: int,
    confidence: float,
    least: float = -np.inf,
    most: float = np.inf,
) -> Interval:
    """Return f - q_high s .. f - q_low s with q the quantiles of (f* - f) / s*, cut at the least and most possible."""
    (measured,), (error,) = standard_errors(figure, columns.sum(axis=0, keepdims=True))
    if len(columns) < FEWEST_UNITS or not error > 1e-12 * abs(value):
        return unbounded(value, items, say("Too few or too equal items ({}) to show a spread.", len(columns)))
    moved, own = standard_errors(figure, drawn)
    # a resample of one unit over and over has no standard error of its own
    usable = own > 1e-6 * error
    tail = (1 - confidence) / 2
    lowest, highest = np.quantile((moved[usable] - measured) / own[usable], [tail, 1 - tail])
    low, high = value - float(highest * error), value - float(lowest * error)
    return Interval(value, max(low, least), min(high, most), items, "studentised bootstrap")


def transformed(interval: Interval, *, factor: float = 1.0, power: float = 1.0) -> Interval:
    """Return the interval of factor x^power, a rising function of x."""
    value, low, high = (
        None if end is None else factor * end**power for end in (interval.value, interval.low, interval.high)
    )
    return replace(interval, value=value, low=low, high=high)
