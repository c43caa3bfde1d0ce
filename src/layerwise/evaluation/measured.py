"""What a measurement is: every figure with its interval, and what to expect of new data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from layerwise.evaluation.intervals import Interval

__all__ = ["Measured"]


@dataclass(frozen=True)
class Measured:
    """All figures of one part of the data.

    Args:
        metrics: Each figure with its interval.
        classes: For each class its figures; empty where nothing is classified.
        confusion: Counts, actual classes in rows; empty where there are none.
        wrong: How many of 1,000 new examples to expect wrong, as a predictive interval; None where none can be given.
    """

    metrics: Mapping[str, Interval]
    classes: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    wrong: Interval | None = None

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
