"""Drawing the measured items again, thousands of times: only sums are resampled, never the items themselves."""

import numpy as np
from jaxtyping import Float, Shaped

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["pooled_units", "resampled_sums", "sums_of_units"]

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
