"""A threshold chosen among scores."""

from __future__ import annotations

import numpy as np

from layerwise.evaluation.threshold import best_threshold


def test_the_lower_of_two_neighbouring_doubles_stays_below_the_threshold() -> None:
    low = np.nextafter(0.75, 0)
    low, high = np.nextafter(low, 0), low
    for lower, upper in ((low, high), (high, 0.75)):
        chosen = best_threshold(np.array([False, True]), np.array([lower, upper]))
        assert lower < chosen <= upper
