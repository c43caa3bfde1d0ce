"""From which score on the positive of two classes is answered: what is best on rows that were not learned from."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Bool, Float

from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.metrics.arrays import require_pairs
from layerwise.metrics.margins import ratio

__all__ = ["MEASURES", "best_threshold"]

Counted = Callable[[np.ndarray, np.ndarray, int, int], np.ndarray]


def balanced(found: np.ndarray, false: np.ndarray, positives: int, negatives: int) -> np.ndarray:
    """Return (TP/P + TN/N) / 2 for each number of found positives and false alarms."""
    return (found / positives + (negatives - false) / negatives) / 2


def f1(found: np.ndarray, false: np.ndarray, positives: int, negatives: int) -> np.ndarray:
    """Return 2 TP / (P + TP + FP) for each number of found positives and false alarms."""
    return ratio(2 * found, positives + found + false)


MEASURES: Mapping[str, Counted] = {"balanced-accuracy": balanced, "f1": f1}
"""What a threshold may be best for, by its name in the settings."""


def best_threshold(
    positives: Bool[np.ndarray, " items"], scores: Float[np.ndarray, " items"], measure: str = "balanced-accuracy"
) -> float:
    """Return the score from which on an item is answered as positive, such that a measure is largest.

    t = argmax_t M(#{positive, s >= t}, #{negative, s >= t})

    Between two scores that are next to each other the threshold lies in the middle; of equally good ones it is the one
    nearest to one half. The largest balanced accuracy is where Youden's J = sensitivity + specificity - 1 is largest.

    Args:
        positives: True where the item belongs to the positive class.
        scores: Score of the positive class, from 0 to 1.
        measure: `balanced-accuracy` or `f1`.

    Raises:
        LayerwiseError: The arrays differ in length, or only one class occurs.

    Source: W. J. Youden, Index for rating diagnostic tests, 1950.

    Example:
        >>> best_threshold(np.array([False, False, False, True]), np.array([0.01, 0.02, 0.1, 0.2]))
        0.15000000000000002
    """
    require_pairs(positives, scores)
    number = int(positives.sum())
    if number in (0, len(positives)):
        raise LayerwiseError(
            say("A threshold is chosen on rows of both classes."),
            say("{} of {} rows are of the positive class", number, len(positives)),
            say("Use --decision-threshold half, or a larger --validation-fraction."), usage=True,
        )  # fmt: skip
    steps = np.unique(scores.astype(np.float64))
    # at or above each score, and nothing at all
    found = np.append(number - np.searchsorted(np.sort(scores[positives]), steps, side="left"), 0)
    above = np.append(len(scores) - np.searchsorted(np.sort(scores), steps, side="left"), 0)
    middles = (steps[:-1] + steps[1:]) / 2
    # The middle of neighbouring doubles may be rounded to the lower one, which would then count as above.
    middles = np.where(middles > steps[:-1], middles, steps[1:])
    edges = np.concatenate([[steps[0] / 2], middles, [np.nextafter((steps[-1] + 1) / 2, 2)]])
    reached = MEASURES[measure](found, above - found, number, len(scores) - number)
    best = np.flatnonzero(reached >= reached.max() - 1e-12)
    return float(edges[best[np.abs(edges[best] - 0.5).argmin()]])
