"""How well one sequence of symbols agrees with another."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

__all__ = ["matching_places"]


def matching_places(found: Sequence[object], wanted: Sequence[object]) -> Bool[np.ndarray, " places"]:
    """Return for each place of the longer sequence whether both have the same symbol there.

    m_i = [found_i = wanted_i],  i = 1 .. max(length of found, length of wanted)

    Their mean is the symbol accuracy; a symbol too many counts against it as one too few does. Both empty agree in
    nothing and have no place.

    Args:
        found: What was written.
        wanted: What should have been.

    Source: lecture 003, performance measures (accuracy), place by place.

    Example:
        >>> matching_places("abd", "abcd").tolist()
        [True, True, False, False]
    """
    length, shared = max(len(found), len(wanted)), min(len(found), len(wanted))
    # m_i = [found_i = wanted_i]
    same = [found[place] == wanted[place] for place in range(shared)]
    return np.array([*same, *[False] * (length - shared)], dtype=bool)
