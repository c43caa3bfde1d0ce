"""What a measurement is: every figure with its interval, and what to expect of new data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from layerwise.evaluation.intervals import Interval, normal_quantile, predictive_count, score_size

__all__ = ["Measured", "expectation"]


@dataclass(frozen=True)
class Measured:
    """All figures of one part of the data.

    Args:
        metrics: Each figure with its interval.
        classes: For each class its figures; empty where nothing is classified.
        confusion: Counts, actual classes in rows; empty where there are none.
    """

    metrics: Mapping[str, Interval]
    classes: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values; an undefined figure has a reason instead of a value."""
        return {
            "metrics": {name: asdict(interval) for name, interval in self.metrics.items()},
            "classes": {
                name: {figure: asdict(interval) for figure, interval in figures.items()}
                for name, figures in self.classes.items()
            },
            "confusion": [list(row) for row in self.confusion],
        }


def expectation(measured: Measured, *, new: int = 1000, confidence: float = 0.95) -> Interval | None:
    """Return how many of `new` new examples to expect wrong, as a predictive interval; None without a confusion.

    Where items come in groups, the share of wrong answers counts as if as many independent items had been measured as
    its own interval allows; None where that interval has no ends.
    """
    if not measured.confusion:
        return None
    rate = measured.metrics["error_rate"]
    if rate.value is None or rate.low is None or rate.high is None:
        return None
    size = score_size(rate.value, rate.high - rate.low, normal_quantile(confidence))
    # Of independent items it is their number but for the last bits.
    if size > rate.n * (1 - 1e-9):
        return predictive_count(round(rate.value * rate.n), rate.n, new, confidence=confidence)
    return replace(predictive_count(rate.value * size, size, new, confidence=confidence), n=rate.n)
