"""A number as the interval it lies in, one input for each interval."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from layerwise.config import Preprocess
from layerwise.data.cut_points import equal_frequency, equal_width, shortest_description
from layerwise.data.image_step import other_kind
from layerwise.data.kinds import Categories, Column, Numbers
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["IntervalStep", "fit_intervals"]


@dataclass(frozen=True)
class IntervalStep:
    """One number field: missing values become `fill`, then one input for each interval, 1 where the number lies in it.

    Interval i holds cut_i <= x < cut_i+1; the first has no lower, the last no upper end.

    Args:
        field: Name of the field.
        fill: What stands in for a missing value: the training median.
        cuts: Where the intervals meet, rising; a field without cuts becomes no input.
        method: How the cuts were found.
        missing: Missing values of the training part.

    Example:
        >>> step = IntervalStep("age", 40.0, (30.0, 50.0), "equal-width", 0)
        >>> step.names(), step.apply(Numbers(np.array([29.0, 30.0]))).tolist()
        (['age < 30', '30 <= age < 50', 'age >= 50'], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    """

    field: str
    fill: float
    cuts: tuple[float, ...]
    method: str
    missing: int
    kind: str = "interval"

    def names(self) -> list[str]:
        """Return the names of the inputs this field becomes."""
        if not self.cuts:
            return []
        shown = _shown(self.cuts)
        between = [f"{low} <= {self.field} < {high}" for low, high in pairwise(shown)]
        return [f"{self.field} < {shown[0]}", *between, f"{self.field} >= {shown[-1]}"]

    def apply(self, column: Column) -> np.ndarray:
        """Return `(rows, intervals)`."""
        if not isinstance(column, Numbers):
            raise other_kind(self.field, "number", column.kind)
        values = np.where(np.isnan(column.values), self.fill, column.values)
        if not self.cuts:
            return np.zeros((len(values), 0))
        places = np.searchsorted(np.array(self.cuts), values, side="right")
        return np.asarray(places[:, None] == np.arange(len(self.cuts) + 1), dtype=np.float64)


def _shown(cuts: tuple[float, ...]) -> list[str]:
    """Write cut points with as many digits as tell them apart, at least six."""
    for digits in range(6, 17):
        shown = [f"{cut:.{digits}g}" for cut in cuts]
        if len(set(shown)) == len(cuts):
            break
    return shown


def fit_intervals(name: str, column: Numbers, settings: Preprocess, target: Column | None) -> IntervalStep:
    """Fit one number field: the median for what is missing, and where its intervals meet.

    Args:
        name: Name of the field.
        column: Its training cells, at least one of them filled.
        settings: How to cut, and into how many intervals.
        target: The training cells of the target, for supervised cuts.

    Raises:
        LayerwiseError: Supervised cuts were asked for and the target has no classes.
    """
    missing = column.missing()
    fill = float(np.median(column.values[~missing]))
    filled = np.where(missing, fill, column.values)
    if settings.discretise == "equal-width":
        cuts = equal_width(filled, settings.intervals)
    elif settings.discretise == "equal-frequency":
        cuts = equal_frequency(filled, settings.intervals)
    elif isinstance(target, Categories):
        cuts = shortest_description(filled, target.codes.astype(np.int64))
    else:
        raise LayerwiseError(
            say("Supervised cuts lie where the class changes."), say("the target has no classes"),
            say("Use --discretise equal-width or equal-frequency."), usage=True,
        )  # fmt: skip
    return IntervalStep(name, fill, tuple(cuts), settings.discretise, int(missing.sum()))
