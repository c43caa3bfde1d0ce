"""The two classes between which a support vector machine decides, and the support vectors that say so."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from layerwise.models.svm import SupportVectors

__all__ = ["DecidingPair", "deciding_pair"]


@dataclass(frozen=True)
class DecidingPair:
    """What decides between the answer and the class behind it.

    Args:
        names: The two classes; the sign of the decision is that of the first.
        place: Place of their decision among all pairs.
        vectors: Their support vectors.
        coefficients: a y of each.
        bias: b.
        own: Class of each vector, 0 or 1 of `names`.
    """

    names: tuple[int, int]
    place: int
    vectors: np.ndarray
    coefficients: np.ndarray
    bias: float
    own: np.ndarray


def deciding_pair(model: SupportVectors, output: np.ndarray) -> DecidingPair:
    """Return the pair of the answer and the class behind it, the one with the lower place first, as libsvm holds it.

    Args:
        model: A machine that has seen two classes at least.
        output: Its log-probability of each class.
    """
    found = model.found.numpy(force=True)
    best = sorted(range(len(found)), key=lambda place: -output[found[place]])[:2]
    i, j = sorted(best)
    ends = np.cumsum([0, *model.support_counts.tolist()])
    of_i, of_j = slice(ends[i], ends[i + 1]), slice(ends[j], ends[j + 1])
    vectors, coefficients = (part.numpy(force=True) for part in (model.support_vectors, model.coefficients))
    place = list(itertools.combinations(range(len(found)), 2)).index((i, j))
    own = np.repeat([0, 1], [of_i.stop - of_i.start, of_j.stop - of_j.start])
    spoken = np.concatenate([coefficients[j - 1, of_i], coefficients[i, of_j]])
    # A vector that holds the border to a third class alone says nothing here.
    used = spoken != 0
    return DecidingPair(
        (int(found[i]), int(found[j])), place, np.concatenate([vectors[of_i], vectors[of_j]])[used], spoken[used],
        float(model.intercepts[place]), own[used],
    )  # fmt: skip
