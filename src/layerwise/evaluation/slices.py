"""The weakest slice: the part of the test rows, by one field, whose answers are worse than chance would make them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Shaped

from layerwise.evaluation.importance import mean_with_interval
from layerwise.evaluation.intervals import wilson
from layerwise.evaluation.paired import adjusted
from layerwise.evaluation.resampling import variance_of_units

__all__ = ["Slice", "Slices", "slices_of_names", "slices_of_numbers", "weakest_slice", "worst_rows"]

FEWEST_ROWS = 10
"""Rows that a slice must have to be looked at, and that must be left outside it."""

FEWEST_GROUPS = 5
"""Groups that must be inside and outside a slice, where rows of one group hang together."""

MOST_NAMES = 50
"""Names of a field with more of them that are looked at: the most frequent ones."""


@dataclass(frozen=True)
class Slice:
    """Some of the rows, by one field.

    Args:
        field: Name of the field.
        value: Which of its values: a name, or a range from `low` to `high`.
        low: Lower end of a range; None for a name.
        high: Upper end of a range, itself inside; None for a name.
        inside: Whether each row is in the slice.
        whole_groups: Whether the slice is a group, whose rows are then compared one by one.
        of_pictures: Whether the field is no field of the data but something measured of their pictures.
    """

    field: str
    value: str
    low: float | None
    high: float | None
    inside: Bool[np.ndarray, " rows"]
    whole_groups: bool = False
    of_pictures: bool = False


@dataclass(frozen=True)
class Slices:
    """What was found by looking at every slice.

    Args:
        looked_at: How many slices were compared with the rest.
        worst: The place of the slice with the worst mean loss among those that are worse than the rest; -1 for none.
        losses: Mean loss in each slice.
        p: Chance of so much more loss than in the rest if there were no difference, for all slices together (Holm).
        low: Lower end of the interval of the worst slice's mean loss, widened for all that were looked at.
        high: Upper end of that interval.
    """

    looked_at: int
    worst: int
    losses: tuple[float, ...]
    p: tuple[float, ...]
    low: float
    high: float


def slices_of_names(field: str, values: Sequence[str], *, whole_groups: bool = False) -> list[Slice]:
    """Return a slice for every name that enough rows have, the most frequent of very many.

    Args:
        field: Name of the field.
        values: Its value in each row; rows without one are in no slice.
        whole_groups: Whether the names are the groups.

    Example:
        >>> [some.value for some in slices_of_names("sex", ["f", "m"] * 10 + ["x"])]
        ['f', 'm']
    """
    known = np.array(list(values), dtype=object)
    names, counts = np.unique(known[known != ""].astype(str), return_counts=True)
    enough = [(-count, name) for name, count in zip(names, counts, strict=True) if count >= FEWEST_ROWS]
    return [Slice(field, str(name), None, None, known == name, whole_groups) for _, name in sorted(enough)[:MOST_NAMES]]


def slices_of_numbers(field: str, values: Float[np.ndarray, " rows"], *, of_pictures: bool = False) -> list[Slice]:
    """Return a slice for each quarter of the numbers, cut at their own quartiles; NaN is in none.

    Args:
        field: Name of the field.
        values: Its value in each row.
        of_pictures: Whether it was measured of pictures.

    Example:
        >>> [(some.low, some.high) for some in slices_of_numbers("age", np.arange(40.0))]
        [(0.0, 9.75), (9.75, 19.5), (19.5, 29.25), (29.25, 39.0)]
    """
    present = values[np.isfinite(values)]
    if not len(present) or present.min() == present.max():
        return []
    ends = np.unique(np.quantile(present, [0, 0.25, 0.5, 0.75, 1]))
    found = []
    for place, (low, high) in enumerate(pairwise(ends)):
        inside = (values <= high) & ((values >= low) if place == 0 else (values > low))
        found.append(Slice(field, "", float(low), float(high), inside, of_pictures=of_pictures))
    return found


def weakest_slice(
    slices: Sequence[Slice], losses: Float[np.ndarray, " rows"], *,
    groups: Shaped[np.ndarray, " rows"] | None = None, confidence: float = 0.95,
) -> tuple[Slices, tuple[Slice, ...]]:  # fmt: skip
    """Compare every slice with the rest of the rows, and find the worst that is worse than chance would make it.

    Wrong and right answers are compared by Fisher's exact test, other losses by the rank sum of Mann and Whitney, and
    slices that cut through groups by a t-test that counts groups; each asks whether the slice is worse. The p-values
    hold for all slices together (Holm), and the interval of the worst is at 1 - (1 - confidence) / slices (Bonferroni).

    Args:
        slices: What to look at.
        losses: The loss of each row.
        groups: One label a row, where rows of one group hang together.
        confidence: Chance to name none where none is worse, 0 to 1.

    Returns:
        What was found, and the slices that were looked at: those with enough rows inside and outside.

    Source: Holm 1979; Fisher 1935, "The design of experiments"; Mann and Whitney 1947.

    Example:
        >>> sick = np.arange(100) < 20
        >>> some = [Slice("sick", "yes", None, None, sick), Slice("sick", "no", None, None, ~sick)]
        >>> found, known = weakest_slice(some, np.where(sick, np.arange(100) % 2, 0).astype(float))
        >>> known[found.worst].value, found.losses[0], found.p[0] < 0.001
        ('yes', 0.5, True)
    """
    from scipy import stats

    known = tuple(some for some in slices if _large_enough(some, groups))
    if not known:
        return Slices(0, -1, (), (), math.nan, math.nan), ()
    means = tuple(float(losses[some.inside].mean()) for some in known)
    ranks = stats.rankdata(losses)
    p = adjusted([_worse(some, losses, ranks, groups) for some in known])
    told = [place for place in range(len(known)) if p[place] < 1 - confidence]
    worst = max(told, key=lambda place: means[place], default=-1)
    low = high = math.nan
    if worst >= 0:
        low, high = _interval(known[worst], losses, groups, 1 - (1 - confidence) / len(known))
    return Slices(len(known), worst, means, tuple(p), low, high), known


def _large_enough(some: Slice, groups: np.ndarray | None) -> bool:
    """Say whether a slice has enough rows, and where it cuts through groups enough groups, inside and outside."""
    if min(some.inside.sum(), (~some.inside).sum()) < FEWEST_ROWS:
        return False
    if groups is None or some.whole_groups:
        return True
    return min(len(np.unique(groups[some.inside])), len(np.unique(groups[~some.inside]))) >= FEWEST_GROUPS


def _worse(some: Slice, losses: np.ndarray, ranks: np.ndarray, groups: np.ndarray | None) -> float:
    """Return the chance of at least so much more loss inside a slice than outside, if there were no difference."""
    from scipy import stats

    inside = losses[some.inside]
    if groups is not None and not some.whole_groups:
        return _worse_by_groups(some.inside, losses, groups)
    if np.isin(losses, (0.0, 1.0)).all():
        # P(at least w wrong of n, where W of N rows are wrong): hypergeometric
        return float(stats.hypergeom.sf(inside.sum() - 1, len(losses), int(losses.sum()), len(inside)))
    return _worse_by_ranks(some.inside, ranks)


def _worse_by_ranks(inside: np.ndarray, ranks: np.ndarray) -> float:
    """Return the one-sided p-value of the rank sum of some rows, in the normal form with ties, half a rank given away.

    U = sum of ranks - n (n + 1) / 2,  z = (U - n m / 2 - 1/2) / s
    s^2 = n m / 12 (N + 1 - sum_t (t^3 - t) / (N (N - 1))),  t the number of rows at each rank
    """
    from scipy import stats

    count, several = len(ranks), int(inside.sum())
    others = count - several
    ties = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    # s^2 = n m / 12 (N + 1 - sum_t (t^3 - t) / (N (N - 1)))
    variance = several * others / 12 * (count + 1 - float((ties**3 - ties).sum()) / (count * (count - 1)))
    above = float(ranks[inside].sum()) - several * (several + 1) / 2 - several * others / 2
    # z = (U - n m / 2 - 1/2) / s
    return float(stats.norm.sf((above - 0.5) / math.sqrt(variance))) if variance > 0 else 1.0


def _worse_by_groups(inside: np.ndarray, losses: np.ndarray, groups: np.ndarray) -> float:
    """Return the one-sided p-value of a difference of two means, its error from the sums of the groups.

    d = m_in - m_out,  s^2 = U / (U - 1) sum_u (sum_(i in u) r_i)^2
    r_i = (l_i - m_in) / n_in inside, -(l_i - m_out) / n_out outside
    """
    from scipy import stats

    means = np.where(inside, losses[inside].mean(), losses[~inside].mean())
    parts = (losses - means) * np.where(inside, 1 / inside.sum(), -1 / (~inside).sum())
    # s^2 = U / (U - 1) sum_u (sum_(i in u) r_i)^2
    error = math.sqrt(variance_of_units(parts, groups)[0])
    difference = float(losses[inside].mean() - losses[~inside].mean())
    within, without = len(np.unique(groups[inside])), len(np.unique(groups[~inside]))
    if error <= 1e-12 * float(np.abs(losses).max()):
        # Every group inside lost the same, more than every group outside: one of all equally likely choices.
        return 1.0 if difference <= 0 else 1 / math.comb(within + without, within)
    # Of the groups inside and outside, the fewer decide how well the error is known.
    degrees = min(within, without) - 1
    return float(stats.t.sf(difference / error, degrees))


def _interval(some: Slice, losses: np.ndarray, groups: np.ndarray | None, confidence: float) -> tuple[float, float]:
    """Return the interval of the mean loss inside a slice: Wilson's for shares, else Student's."""
    inside, own = losses[some.inside], None if groups is None or some.whole_groups else groups[some.inside]
    if own is None and np.isin(losses, (0.0, 1.0)).all():
        found = wilson(int(inside.sum()), len(inside), confidence=confidence)
        return float(found.low or 0.0), float(found.high or 0.0)
    _, low, high = mean_with_interval(inside, own, confidence)
    return max(0.0, low), high


def worst_rows(some: Slice, losses: Float[np.ndarray, " rows"], most: int) -> Mapping[int, float]:
    """Return the rows of a slice with the largest losses, the worst first, by their places; rows without loss are none.

    Example:
        >>> worst_rows(Slice("a", "b", None, None, np.array([True, True, False])), np.array([0.0, 2.0, 3.0]), 5)
        {1: 2.0}
    """
    order = [int(place) for place in np.argsort(-losses, kind="stable") if some.inside[place] and losses[place] > 0]
    return {place: float(losses[place]) for place in order[:most]}
