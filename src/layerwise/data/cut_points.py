"""Where a number is cut into intervals: equal widths, equal numbers of rows, or where the class changes."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["equal_frequency", "equal_width", "shortest_description"]


def equal_width(values: np.ndarray, intervals: int) -> list[float]:
    """Cut the range into intervals of one width.

    cut_i = min + i (max - min) / intervals

    Args:
        values: The number of each row, none missing.
        intervals: Number of intervals, 2 or more; a constant number is not cut.

    Example:
        >>> equal_width(np.array([0.0, 1.0, 8.0]), 4)
        [2.0, 4.0, 6.0]
    """
    low, high = float(values.min()), float(values.max())
    return _inner(np.linspace(low, high, intervals + 1))


def equal_frequency(values: np.ndarray, intervals: int) -> list[float]:
    """Cut so that intervals hold equally many rows, as far as equal numbers allow.

    cut_i = the i / intervals quantile, between two values by linear interpolation

    Args:
        values: The number of each row, none missing.
        intervals: Number of intervals, 2 or more; fewer where a value repeats more often than an interval is long.

    Example:
        >>> equal_frequency(np.array([1.0, 2.0, 3.0, 40.0, 50.0]), 2), equal_frequency(np.array([0.0] * 9 + [5.0]), 5)
        ([3.0], [])
    """
    return _inner(np.quantile(values, np.linspace(0, 1, intervals + 1)))


def _inner(edges: np.ndarray) -> list[float]:
    """Return the different edges between the first and the last."""
    return [float(edge) for edge in np.unique(edges)[1:-1]]


def shortest_description(values: np.ndarray, classes: np.ndarray) -> list[float]:
    """Cut where that gains most information about the class, while the gain is worth the description of the cut.

    accept where gain > ( log2(n - 1) + log2(3^k - 2) - (k H - k1 H1 - k2 H2) ) / n, then cut both sides

    Args:
        values: The number of each row, none missing.
        classes: Its class, from 0.

    Source: Fayyad and Irani 1993, "Multi-interval discretization of continuous-valued attributes for classification
    learning".

    Example:
        >>> shortest_description(np.array([1.0, 2, 3, 4, 5, 6, 7, 8]), np.array([0, 0, 0, 0, 1, 1, 1, 1]))
        [4.5]
    """
    order = np.argsort(values, kind="stable")
    values, labels = values[order], classes[order]
    # Counts of each class in front of every row: those of any piece are the difference of two.
    before = np.zeros((len(labels) + 1, int(labels.max()) + 1))
    before[1:] = np.cumsum(labels[:, None] == np.arange(before.shape[1]), axis=0)
    cuts, waiting = [], [(0, len(labels))]
    while waiting:
        first, last = waiting.pop()
        place = _accepted(values, before, first, last)
        if place:
            cuts.append(float((values[place - 1] + values[place]) / 2))
            waiting += [(first, place), (place, last)]
    return sorted(cuts)


def _accepted(values: np.ndarray, before: np.ndarray, first: int, last: int) -> int:
    """Return the row in front of which the best cut of some rows lies, or 0 where none is worth its description."""
    places = first + 1 + np.flatnonzero(values[first + 1 : last] > values[first : last - 1])
    if not len(places):
        return 0
    rows = last - first
    whole = before[last] - before[first]
    below, above = before[places] - before[first], before[last] - before[places]
    bits, bits_below, bits_above = _bits(whole), _bits(below), _bits(above)
    # gain = H(all) - n1 / n H(below) - n2 / n H(above)
    gains = bits - (below.sum(axis=1) * bits_below + above.sum(axis=1) * bits_above) / rows
    best = int(gains.argmax())
    k, k1, k2 = (int((part > 0).sum()) for part in (whole, below[best], above[best]))
    delta = math.log2(3**k - 2) - (k * float(bits) - k1 * bits_below[best] - k2 * bits_above[best])
    return int(places[best]) if gains[best] > (math.log2(rows - 1) + delta) / rows else 0


def _bits(counts: np.ndarray) -> np.ndarray:
    """Return the entropy of counts along their last axis: H = -sum_k p_k log2 p_k, with 0 log 0 = 0."""
    shares = counts / counts.sum(axis=-1, keepdims=True)
    return np.asarray(-(shares * np.log2(shares, where=shares > 0, out=np.zeros_like(shares))).sum(axis=-1))
