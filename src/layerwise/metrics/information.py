"""Measures of information: what two labels tell about each other, and how far two distributions are apart."""

from typing import Literal

import numpy as np
from jaxtyping import Float, Real

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say
from layerwise.metrics.arrays import require_distributions, require_same_shape

__all__ = ["InformationUnit", "kl_divergence", "mutual_information"]

InformationUnit = Literal["nats", "bits"]
LOGARITHMS = {"nats": 1.0, "bits": float(np.log(2.0))}


def mutual_information(counts: Real[np.ndarray, "rows columns"], *, unit: InformationUnit = "nats") -> float:
    """Return how much the row tells about the column, from a table of joint counts (or joint probabilities).

    I(X; Y) = sum_xy p(x, y) log( p(x, y) / (p(x) p(y)) ), with 0 log 0 = 0

    Given a confusion matrix it is what the predictions tell about the targets.

    Args:
        counts: Joint counts, zero or more, with a positive sum.
        unit: `nats` (natural logarithm) or `bits` (base 2).

    Raises:
        LayerwiseError: A count is negative, all are zero, or the unit does not exist.

    Source: lecture 003, performance measures.

    Example:
        >>> mutual_information(np.array([[50, 0], [0, 50]]), unit="bits")
        1.0
        >>> mutual_information(np.array([[25, 25], [25, 25]]))
        0.0
    """
    total = counts.sum()
    if not (total > 0 and (counts >= 0).all()):
        raise LayerwiseError(
            say("Joint counts must be zero or more, and not all zero."),
            say("smallest count {}, sum {}", counts.min(), total),
            say("Pass a table of counts, such as a confusion matrix."),
        )
    joint = counts / total
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    occurs = joint > 0
    # I = sum p(x, y) log( p(x, y) / (p(x) p(y)) )
    nats = (joint[occurs] * np.log(joint[occurs] / independent[occurs])).sum()
    # rounding may leave -1e-17 where the truth is 0
    return max(float(nats / logarithm_of(unit)), 0.0)


def kl_divergence(
    p: Float[np.ndarray, " outcomes"], q: Float[np.ndarray, " outcomes"], *, unit: InformationUnit = "nats"
) -> float:
    """Return the information lost when q stands in for p.

    KL(p || q) = sum_x p(x) log( p(x) / q(x) ), with 0 log 0 = 0; infinite where q(x) = 0 < p(x)

    Args:
        p: The distribution that data come from.
        q: The distribution that describes them.
        unit: `nats` (natural logarithm) or `bits` (base 2).

    Raises:
        LayerwiseError: Shapes differ, an array is no distribution, or the unit does not exist.

    Source: lecture 003, performance measures.

    Example:
        >>> round(kl_divergence(np.array([0.5, 0.5]), np.array([0.75, 0.25]), unit="bits"), 12)
        0.207518749639
        >>> kl_divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
        inf
    """
    require_same_shape(p, q)
    require_distributions(p)
    require_distributions(q)
    occurs = p > 0
    with np.errstate(divide="ignore"):
        # KL = sum p log(p / q)
        nats = (p[occurs] * np.log(p[occurs] / q[occurs])).sum()
    return float(nats / logarithm_of(unit))


def logarithm_of(unit: str) -> float:
    """Return how many nats one unit of information is worth.

    Raises:
        LayerwiseError: The unit does not exist.
    """
    if unit not in LOGARITHMS:
        raise LayerwiseError(say("Information is measured in nats or bits."), str(unit), nearest(str(unit), LOGARITHMS))
    return LOGARITHMS[unit]
