"""Drawing the measured items again, thousands of times: only sums are resampled, never the items themselves."""

import numpy as np
from jaxtyping import Float, Shaped

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["pooled_units", "resampled_sums", "sums_of_units", "variance_of_units"]

# more units than this are pooled before they are resampled
MOST_UNITS = 10_000
# rows of weights multiplied at once
WEIGHTS_AT_ONCE = 32


def sums_of_units(
    rows: Float[np.ndarray, "items columns"], groups: Shaped[np.ndarray, " items"] | None
) -> Float[np.ndarray, "units columns"]:
    """Return the column sums of each independent unit: of each group, or each item itself without groups.

    Raises:
        LayerwiseError: There is not one group label an item.

    Example:
        >>> sums_of_units(np.array([[1.0], [2.0], [4.0]]), np.array(["a", "b", "a"])).tolist()
        [[5.0], [2.0]]
    """
    if groups is None:
        return rows
    if len(groups) != len(rows):
        raise LayerwiseError(
            say("There must be one group label for every item."),
            say("{} labels and {} items", len(groups), len(rows)),
            say("Pass the group column of the same part."),
        )
    numbers = np.unique(groups, return_inverse=True)[1]
    units = np.zeros((numbers.max() + 1, rows.shape[1]))
    np.add.at(units, numbers, rows)
    return units


def variance_of_units(
    influence: Float[np.ndarray, " items"], groups: Shaped[np.ndarray, " items"] | None
) -> tuple[float, int]:
    """Return the sampling variance of a figure from the influence of each item on it, and the number of units.

    v = U/(U - 1) sum_u (sum_(i in u) psi_i)^2

    psi_i is the derivative of the figure by the weight of item i: (x_i - m) / n for a mean m. This is the variance that
    a bootstrap of the units has after infinitely many resamples, made unbiased.

    Args:
        influence: One a item; they sum to 0.
        groups: One label an item, whose items are one unit; None where each item is one.

    Returns:
        The variance, NaN for a single unit, and the number U of units.

    Raises:
        LayerwiseError: There is not one group label an item.

    Source: F. Hampel, The influence curve and its role in robust estimation, 1974; L. Kish, Survey Sampling, 1965.

    Example:
        >>> variance_of_units(np.array([-0.5, 0.5]), None)  # s^2 / n of 0 and 2: 2 / 2
        (1.0, 2)
    """
    units = sums_of_units(influence[:, None], groups)[:, 0]
    count = len(units)
    # v = U/(U - 1) sum_u (sum psi)^2
    return (count / (count - 1) * float((units**2).sum()) if count > 1 else np.nan), count


def pooled_units(
    units: Float[np.ndarray, "units columns"], generator: np.random.Generator
) -> Float[np.ndarray, "pools columns"]:
    """Return at most 10,000 units: beyond that, units are added up in random pools of nearly equal size.

    Sums of independent units are independent, too, so the intervals stay right, and the cost stops growing.

    Example:
        >>> pooled_units(np.ones((25_000, 1)), np.random.default_rng(0)).shape
        (10000, 1)
    """
    if len(units) <= MOST_UNITS:
        return units
    starts = np.arange(MOST_UNITS) * len(units) // MOST_UNITS
    pools: np.ndarray = np.add.reduceat(units[generator.permutation(len(units))], starts, axis=0)
    return pools


def resampled_sums(
    units: Float[np.ndarray, "units columns"], *, resamples: int, generator: np.random.Generator
) -> Float[np.ndarray, "resamples columns"]:
    """Return the column sums of units drawn with replacement, as many as there are, again and again.

    S_b = sum_u w_bu x_u,  (w_b1 .. w_bU) ~ Multinomial(U; 1/U .. 1/U)

    10,000 resamples of 10,000 units take about a second.

    Args:
        units: One row a unit, one column a quantity that adds up.
        resamples: Number of draws.
        generator: Source of all randomness; the same state gives the same sums.

    Source: B. Efron, Bootstrap methods: another look at the jackknife, 1979.

    Example:
        >>> drawn = resampled_sums(np.ones((5, 1)), resamples=3, generator=np.random.default_rng(0))
        >>> drawn.tolist()
        [[5.0], [5.0], [5.0]]
    """
    count = len(units)
    sums = np.empty((resamples, units.shape[1]))
    for start in range(0, resamples, WEIGHTS_AT_ONCE):
        rows = min(WEIGHTS_AT_ONCE, resamples - start)
        weights = np.empty((rows, count))
        for row in range(rows):
            weights[row] = np.bincount(generator.integers(count, size=count), minlength=count)
        # S_b = sum_u w_bu x_u
        sums[start : start + rows] = weights @ units
    return sums
