"""Whether a target is a class or an amount: what its values say clearly is taken, what they leave open is asked back.

The rule for a column of numbers: fractions, more than 20 different values, or values that hardly repeat are amounts;
two different values, or whole numbers without a gap from 0 or 1 on, ten at most, are classes. Other whole numbers (3 to
8, or 10, 20, 30) may be either, and only who collected them knows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerwise.data.kinds import Numbers
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["FEW_VALUES", "asked_back", "class_or_amount", "unclear_reason"]

FEW_VALUES = 20
"""More different values than this are amounts."""

FEW_CLASSES = 10
"""So many whole numbers without a gap from 0 or 1 on are classes."""


def class_or_amount(column: Numbers) -> str:
    """Return the task that a target of numbers says clearly, `classify` or `regress`; else nothing.

    Args:
        column: The target; missing values are not looked at.

    Example:
        >>> def task(*values):
        ...     return class_or_amount(Numbers(np.array(values * 10, dtype=float)))
        >>> task(0, 1, 2), task(0.5, 1.5), task(2, 4), task(3, 4, 5), task(1, 2, 4)
        ('classify', 'regress', 'classify', '', '')
    """
    values = column.values[~np.isnan(column.values)]
    different = np.unique(values)
    whole = bool((different == np.round(different)).all())
    if not whole or len(different) > FEW_VALUES or len(values) <= 2 * len(different):
        return "regress"
    without_gap = bool((np.diff(different) == 1).all()) and different[0] in (0, 1)
    if len(different) <= 2 or (without_gap and len(different) <= FEW_CLASSES):
        return "classify"
    return ""


def unclear_reason(column: Numbers, target: str) -> str:
    """Say why a target of numbers may be a class or an amount."""
    different = np.unique(column.values[~np.isnan(column.values)])
    shown = ", ".join(f"{value:g}" for value in different[:5]) + (" ..." if len(different) > 5 else "")
    return say(
        "'{}' holds {} different whole numbers ({}), which may be classes or amounts.", target, len(different), shown
    )


def asked_back(reason: str, choices: Sequence[tuple[str, str]]) -> LayerwiseError:
    """Return the question what a target is, with the flag for each answer.

    Args:
        reason: What leaves it open.
        choices: Each task, and what it means to take the target so.
    """
    flags = "; ".join(f"--task {task} ({meaning})" for task, meaning in choices)
    return LayerwiseError(say("It must be clear what is asked of a target."), reason, flags, usage=True)
