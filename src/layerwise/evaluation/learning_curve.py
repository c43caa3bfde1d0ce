"""A learning curve: the error on training and test rows as the number of training rows grows (lecture 003)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from layerwise.evaluation.power_law import Prospect
from layerwise.language import say

__all__ = ["LearningCurve", "amount", "prospect_lines"]


@dataclass(frozen=True)
class LearningCurve:
    """The error of one network at growing shares of the training rows, in every fold.

    Args:
        label: Name and options of the network.
        figure: `error_rate`; for numbers `rmse`, of several targets `relative_rmse`: the errors of each are divided by
            its standard deviation in the training part; for label sets `hamming_loss`.
        sizes: Mean number of rows that were learned from, rising.
        tested: Error on the test rows, `(folds, sizes)`.
        learned: Error on the rows that were learned from, `(folds, sizes)`.
        prospect: What more rows would probably bring.
        confidence: Of the intervals.
    """

    label: str
    figure: str
    sizes: np.ndarray
    tested: np.ndarray
    learned: np.ndarray
    prospect: Prospect
    confidence: float = 0.95

    def sentences(self) -> list[str]:
        """Say what twice and four times the rows would probably bring, or why that is not known."""
        return [f"{self.label}: {line}" for line in prospect_lines(self.prospect, self.figure, self.confidence)]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "network": self.label, "figure": self.figure, "sizes": self.sizes.tolist(),
            "tested": self.tested.tolist(), "learned": self.learned.tolist(), "confidence": self.confidence,
            **asdict(self.prospect),
        }  # fmt: skip


def prospect_lines(found: Prospect, figure: str, confidence: float) -> list[str]:
    """Say what a learning curve tells of more rows.

    Args:
        found: What it says.
        figure: `error_rate`, `rmse`, `relative_rmse` or `hamming_loss`.
        confidence: Of the intervals.

    Example:
        >>> from layerwise.evaluation.power_law import Ahead
        >>> ahead = Ahead(2, 200, 0.22, 0.19, 0.25, 0.02, 0.01, 0.03)
        >>> print(prospect_lines(Prospect(0.24, None, (ahead,), True, ""), "error_rate", 0.95)[0])
        Twice the rows (200) would probably bring the error rate from 0.240 to 0.210 – 0.230 (95 % interval).
    """
    if not found.ahead:
        return [found.reason]
    return [
        _line(ahead.times, ahead.rows, _named(figure), amount(found.now), amount(max(0.0, found.now - ahead.gain_high)),
              amount(found.now - ahead.gain_low), 100 * confidence)
        for ahead in found.ahead
    ]  # fmt: skip


def _line(times: int, *values: object) -> str:
    """Say what so many times the rows would bring."""
    return (
        say("Twice the rows ({:,}) would probably bring the {} from {} to {} – {} ({:g} % interval).", *values)
        if times == 2
        else say("Four times the rows ({:,}) would probably bring the {} from {} to {} – {} ({:g} % interval).",
                 *values)
    )  # fmt: skip


def _named(figure: str) -> str:
    """Return the name of an error inside a sentence."""
    if figure == "relative_rmse":
        return say("root mean squared error (each target divided by its standard deviation in the training part)")
    if figure == "hamming_loss":
        return say("Hamming loss")
    return say("root mean squared error") if figure == "rmse" else say("error rate")


def amount(error: float) -> str:
    """Write an error with three decimals up to 1, else with four figures.

    Example:
        >>> amount(0.2381), amount(58.1234)
        ('0.238', '58.12')
    """
    return f"{error:.3f}" if abs(error) <= 1 else f"{error:.4g}"
