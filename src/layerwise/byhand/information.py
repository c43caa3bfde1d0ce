"""What two labels tell about each other, what a wrong distribution costs, and when a cut is worth its description.

Entropy, information gain and gain ratio are in `trees`; the information gained by a question is the mutual information
of its answer and the class.
"""

import math

import numpy as np
from jaxtyping import Float, Shaped

from layerwise.byhand.trees import best_threshold, entropy

__all__ = ["cut_points", "kl_divergence", "least_gain", "mutual_information"]


def mutual_information(
    x: Shaped[np.ndarray, " items"], y: Shaped[np.ndarray, " items"], *, base: float = math.e
) -> float:
    """Return how much one label tells about the other.

    I(X; Y) = sum_x sum_y p(x, y) log( p(x, y) / (p(x) p(y)) ), with 0 log 0 = 0

    Args:
        x: One label of each item, at least one item.
        y: The other.
        base: Of the logarithm: e for nats, 2 for bits.

    Source: lecture 003, performance measures; Cover and Thomas 2006, equation 2.28.

    Example:
        >>> mutual_information(np.array(["a", "a", "b", "b"]), np.array([0, 0, 1, 1]), base=2.0)
        1.0
    """
    total = 0.0
    for one in np.unique(x):
        for other in np.unique(y):
            joint = ((x == one) & (y == other)).mean()
            if joint:
                # p(x, y) log( p(x, y) / (p(x) p(y)) )
                total += joint * math.log(joint / ((x == one).mean() * (y == other).mean()), base)
    return float(total)


def kl_divergence(
    p: Float[np.ndarray, " outcomes"], q: Float[np.ndarray, " outcomes"], *, base: float = math.e
) -> float:
    """Return what is lost when q stands in for p.

    KL(p || q) = sum_x p(x) log( p(x) / q(x) ), with 0 log 0 = 0; infinite where q(x) = 0 < p(x)

    Args:
        p: The distribution that items come from; shares that add up to 1.
        q: The distribution that describes them.
        base: Of the logarithm: e for nats, 2 for bits.

    Source: lecture 003, performance measures; Cover and Thomas 2006, equation 2.26.

    Example:
        >>> kl_divergence(np.array([1.0, 0.0]), np.array([0.25, 0.75]), base=2.0)
        2.0
    """
    if ((q == 0) & (p > 0)).any():
        return math.inf
    # sum_x p(x) log( p(x) / q(x) )
    return sum(one * math.log(one / other, base) for one, other in zip(p.tolist(), q.tolist(), strict=True) if one)


def least_gain(below: Shaped[np.ndarray, " some"], above: Shaped[np.ndarray, " others"]) -> float:
    """Return the information that a cut must gain, in bits, to be worth its own description.

    gain > ( log2(n - 1) + log2(3^k - 2) - (k H(all) - k1 H(below) - k2 H(above)) ) / n

    Args:
        below: Classes of the items below the cut, at least one.
        above: Classes of the items above it, at least one.

    Source: Fayyad and Irani 1993, "Multi-interval discretization of continuous-valued attributes for classification
    learning", section 3; k, k1 and k2 are the numbers of classes that occur.

    Example:
        >>> round(least_gain(np.array(["no"] * 5), np.array(["yes"] * 5)), 4)
        0.3977
    """
    whole = np.concatenate([below, above])
    k, k1, k2 = (len(np.unique(part)) for part in (whole, below, above))
    # log2(3^k - 2) - (k H(all) - k1 H(below) - k2 H(above))
    delta = math.log2(3**k - 2) - (k * entropy(whole) - k1 * entropy(below) - k2 * entropy(above))
    # ( log2(n - 1) + delta ) / n
    return (math.log2(len(whole) - 1) + delta) / len(whole)


def cut_points(values: Float[np.ndarray, " items"], labels: Shaped[np.ndarray, " items"]) -> list[float]:
    """Cut a number where that tells most about the class, again on both sides, while a cut is worth its description.

    best threshold t; accepted where its gain > least gain; then the same below t and above t

    Args:
        values: The number of each item.
        labels: Class of each item.

    Source: Fayyad and Irani 1993, section 3.

    Example:
        >>> cut_points(np.array([1.0, 2, 3, 4, 5, 6, 7, 8]), np.array(["a"] * 4 + ["b"] * 4))
        [4.5]
    """
    if len(np.unique(values)) < 2:
        return []
    threshold, gain = best_threshold(values, labels)
    low = values <= threshold
    # accepted where gain > least gain
    if gain <= least_gain(labels[low], labels[~low]):
        return []
    return [*cut_points(values[low], labels[low]), threshold, *cut_points(values[~low], labels[~low])]
