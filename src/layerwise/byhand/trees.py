"""Where a decision tree asks: impurity of classes, what a question gains, the best threshold, the way to a leaf."""

import numpy as np
from jaxtyping import Float, Int, Shaped

__all__ = ["best_threshold", "entropy", "gain_ratio", "gini", "information_gain", "split_information", "walk"]


def entropy(labels: Shaped[np.ndarray, " items"]) -> float:
    """Return how many bits the class of one item is worth.

    H = -sum_k p_k log2 p_k, p_k the share of class k

    Args:
        labels: Class of each item, at least one; names or numbers.

    Source: lecture 003, "Machine Learning with WEKA" (J48); Quinlan 1986, section 4.

    Example:
        >>> round(entropy(np.array([1] * 9 + [0] * 5)), 3)
        0.94
    """
    shares = _shares(labels)
    # H = -sum_k p_k log2 p_k
    return float(-(shares * np.log2(shares)).sum()) + 0.0


def gini(labels: Shaped[np.ndarray, " items"]) -> float:
    """Return how often two items drawn with replacement differ in class.

    G = 1 - sum_k p_k^2, p_k the share of class k

    Args:
        labels: Class of each item, at least one.

    Source: Breiman, Friedman, Olshen and Stone 1984, section 4.3.

    Example:
        >>> gini(np.array(["yes", "yes", "no", "no"]))
        0.5
    """
    # G = 1 - sum_k p_k^2
    return float(1 - (_shares(labels) ** 2).sum())


def information_gain(values: Shaped[np.ndarray, " items"], labels: Shaped[np.ndarray, " items"]) -> float:
    """Return how many bits about the class are gained by asking for an attribute.

    gain = H(all) - sum_v n_v / n H(items with value v)

    Args:
        values: Value of the attribute, one branch for each.
        labels: Class of each item.

    Source: lecture 003, "Machine Learning with WEKA" (J48); Quinlan 1986, section 4.

    Example:
        >>> information_gain(np.array(["a", "a", "b", "b"]), np.array([0, 0, 1, 1]))
        1.0
    """
    rest = sum((values == value).mean() * entropy(labels[values == value]) for value in np.unique(values))
    # gain = H(all) - sum_v n_v / n H(items with value v)
    return float(entropy(labels) - rest)


def split_information(values: Shaped[np.ndarray, " items"]) -> float:
    """Return how many bits the answer to the question itself is worth, whatever the classes are.

    split = -sum_v n_v / n log2(n_v / n)

    Args:
        values: Value of the attribute, one branch for each.

    Source: Quinlan 1993, C4.5, section 2.3.

    Example:
        >>> split_information(np.array(["a", "b", "c", "d"]))
        2.0
    """
    # split = -sum_v n_v / n log2(n_v / n)
    return entropy(values)


def gain_ratio(values: Shaped[np.ndarray, " items"], labels: Shaped[np.ndarray, " items"]) -> float:
    """Return the gain over the bits of the question itself, so that many branches are no advantage.

    ratio = gain / split; 0 where all items have the same value

    Args:
        values: Value of the attribute, one branch for each.
        labels: Class of each item.

    Source: Quinlan 1993, C4.5, section 2.3.

    Example:
        >>> gain_ratio(np.array(["a", "b", "c", "d"]), np.array([0, 0, 1, 1]))
        0.5
    """
    split = split_information(values)
    # ratio = gain / split
    return information_gain(values, labels) / split if split else 0.0


def best_threshold(values: Float[np.ndarray, " items"], labels: Shaped[np.ndarray, " items"]) -> tuple[float, float]:
    """Return the threshold of a number that gains most, and its gain; of equal ones the lowest.

    max over the midpoints t of neighbouring values of gain(x > t)

    Args:
        values: The number of each item, at least two different ones.
        labels: Class of each item.

    Source: Quinlan 1993, C4.5, section 2.4 (there the largest value below the midpoint is written down); Breiman,
    Friedman, Olshen and Stone 1984, section 2.4.1.

    Example:
        >>> best_threshold(np.array([1.0, 2.0, 4.0, 5.0]), np.array(["no", "no", "yes", "yes"]))
        (3.0, 1.0)
    """
    sorted_values = np.unique(values)
    midpoints = (sorted_values[:-1] + sorted_values[1:]) / 2
    # gain(x > t)
    gains = [information_gain(values > midpoint, labels) for midpoint in midpoints]
    place = int(np.argmax(gains))
    return float(midpoints[place]), gains[place]


def walk(
    inputs: Float[np.ndarray, " features"],
    feature: Int[np.ndarray, " nodes"],
    threshold: Float[np.ndarray, " nodes"],
    left: Int[np.ndarray, " nodes"],
    right: Int[np.ndarray, " nodes"],
) -> list[int]:
    """Return the nodes that an example comes through, the root first and its leaf last.

    next node = left where x_feature <= threshold, else right; a leaf leads to itself

    Args:
        inputs: x.
        feature: Place of the input that each node asks about.
        threshold: What it is compared with.
        left: Node to the left.
        right: Node to the right.

    Source: Breiman, Friedman, Olshen and Stone 1984, chapter 2.

    Example:
        >>> left, right = np.array([1, 1, 2]), np.array([2, 1, 2])
        >>> walk(np.array([9.0, 0.4]), np.array([1, 0, 0]), np.array([0.5, 0.0, 0.0]), left, right)
        [0, 1]
    """
    path = [0]
    while left[path[-1]] != path[-1]:
        node = path[-1]
        # next node = left where x_feature <= threshold, else right
        path.append(int(left[node] if inputs[feature[node]] <= threshold[node] else right[node]))
    return path


def _shares(labels: Shaped[np.ndarray, " items"]) -> Float[np.ndarray, " classes"]:
    """Return the share of each class that occurs."""
    _, counts = np.unique(labels, return_counts=True)
    return counts / len(labels)
