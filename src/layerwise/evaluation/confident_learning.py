"""Which labels look wrong: confident learning, from what a learner says of rows that it did not learn from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Real

from layerwise.metrics.arrays import require_class_numbers, require_finite, require_pairs

__all__ = ["DoubtedLabels", "DoubtedTargets", "confident_joint", "doubted_labels", "doubted_targets", "margins"]

TINY = 1e-6
"""A probability this little below its threshold still reaches it: sums of floats are not exact."""

CHANCE = 0.05
"""Chance that, of targets with normal errors, any is called unusual."""

ROUNDING = 1e-6
"""Share of the spread of the targets below which an error is none."""

NORMAL_SPREAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation, 1 / 0.6745."""


@dataclass(frozen=True)
class DoubtedLabels:
    """What confident learning says of every label.

    Args:
        doubted: Whether the label looks wrong, `(items,)`.
        instead: The class that the item is confidently put into where the label looks wrong, else the most probable.
        margins: Normalised margin of the label, -1 to 1: the lower, the more doubtful.
        order: All items: those with doubted labels first, the most doubtful first.
    """

    doubted: np.ndarray
    instead: np.ndarray
    margins: np.ndarray
    order: np.ndarray


@dataclass(frozen=True)
class DoubtedTargets:
    """What the errors of a learner say of every target number.

    Args:
        doubted: Whether the target is unusual, `(items,)`.
        scores: Standardised errors: how many robust standard deviations from the middle error.
        order: All items, those furthest off first.
    """

    doubted: np.ndarray
    scores: np.ndarray
    order: np.ndarray


def confident_joint(
    labels: Int[np.ndarray, " items"], probabilities: Float[np.ndarray, "items classes"]
) -> Int[np.ndarray, "classes classes"]:
    """Count the items of each label that are confidently of each class.

    C_ij = #{x labelled i: j = argmax_(k: p_k(x) >= t_k) p_k(x)},  t_k = mean of p_k(x) over the x labelled k

    An item that reaches no threshold is counted nowhere; a class that no label names is nobody's.

    Args:
        labels: Given class numbers, 0 .. classes - 1.
        probabilities: What a learner says of each item that did not learn from it; one column a class.

    Raises:
        LayerwiseError: The arrays do not fit together, or a probability is not finite.

    Source: Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels", JAIR 70,
    section 3.1, equations 1 and 2.

    Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
        >>> confident_joint(np.array([0, 0, 0, 1, 1]), probabilities).tolist()  # t = (0.6, 0.8)
        [[2, 1], [0, 1]]
    """
    placed = _confident_classes(labels, probabilities)
    known = placed >= 0
    joint = np.zeros((probabilities.shape[1],) * 2, dtype=np.int64)
    np.add.at(joint, (labels[known], placed[known]), 1)
    return joint


def doubted_labels(
    labels: Int[np.ndarray, " items"], probabilities: Float[np.ndarray, "items classes"]
) -> DoubtedLabels:
    """Return which labels look wrong, what they should be, and all of them in order of doubt.

    Doubted is the label of an item that counts off the diagonal of the confident joint and is most probably of
    another class. These come first; within both halves the order is that of the normalised margin,
    p_label - max_(j != label) p_j.

    Args:
        labels: Given class numbers, 0 .. classes - 1.
        probabilities: What a learner says of each item that did not learn from it; one column a class.

    Raises:
        LayerwiseError: The arrays do not fit together, or a probability is not finite.

    Source: Northcutt, Jiang and Chuang 2021, sections 3.1 and 3.2 (C_confident; normalised margin).

    Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
        >>> found = doubted_labels(np.array([0, 0, 0, 1, 1]), probabilities)
        >>> found.doubted.tolist(), found.order.tolist(), int(found.instead[2])
        ([False, False, True, False, False], [2, 1, 4, 0, 3], 1)
    """
    placed = _confident_classes(labels, probabilities)
    likely = probabilities.argmax(axis=1)
    each = margins(labels, probabilities)
    doubted = (placed >= 0) & (placed != labels) & (each < 0)
    return DoubtedLabels(doubted, np.where(doubted, placed, likely), each, np.lexsort((each, ~doubted)))


def margins(
    labels: Int[np.ndarray, " items"], probabilities: Float[np.ndarray, "items classes"]
) -> Float[np.ndarray, " items"]:
    """Return by how much the label of each item leads: p_label - max_(j != label) p_j.

    Args:
        labels: Given class numbers.
        probabilities: One column a class, two or more.

    Example:
        >>> margins(np.array([0, 1]), np.array([[0.75, 0.25], [0.75, 0.25]])).tolist()
        [0.5, -0.5]
    """
    items = np.arange(len(labels))
    others = probabilities.copy()
    others[items, labels] = -np.inf
    # p_label - max_(j != label) p_j
    return np.asarray(probabilities[items, labels] - others.max(axis=1))


def _confident_classes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the class that each item is confidently put into, -1 where it reaches no threshold."""
    require_pairs(labels, probabilities)
    require_class_numbers(labels, probabilities.shape[1])
    require_finite(probabilities)
    thresholds = np.full(probabilities.shape[1], np.inf)
    for number in np.unique(labels):
        # t_k = mean of p_k(x) over the x labelled k
        thresholds[number] = probabilities[labels == number, number].mean()
    reached = probabilities >= thresholds - TINY
    # argmax_(k: p_k(x) >= t_k) p_k(x)
    chosen = np.where(reached, probabilities, -np.inf).argmax(axis=1)
    return np.where(reached.any(axis=1), chosen, -1)


def doubted_targets(targets: Real[np.ndarray, " items"], predictions: Real[np.ndarray, " items"]) -> DoubtedTargets:
    """Return which target numbers are unusual beside what a learner expects, and all of them in that order.

    z_i = (r_i - median r) / (1.4826 median |r - median r|), r = target - prediction; unusual is |z| above the point
    that n normal errors stay below together with chance 0.95

    Args:
        targets: Given numbers.
        predictions: What a learner says of each item that did not learn from it.

    Raises:
        LayerwiseError: The arrays do not fit together, or a number is not finite.

    Source: Iglewicz and Hoaglin 1993, "How to detect and handle outliers" (the modified z-score); the limit by
    Bonferroni's inequality.

    Example:
        >>> found = doubted_targets(np.array([1., 2., 3., 4., 50.]), np.array([1.1, 1.9, 3.1, 3.9, 5.]))
        >>> found.doubted.tolist(), int(found.order[0])
        ([False, False, False, False, True], 4)
    """
    from scipy import stats

    require_pairs(targets, predictions)
    require_finite(targets)
    require_finite(predictions)
    errors = targets - predictions
    apart = errors - np.median(errors)
    # 1.4826 median |r - median r|
    spread = NORMAL_SPREAD * float(np.median(np.abs(apart)))
    # Where most predictions are right but for their last bits, those bits are no spread.
    scores = apart / (max(spread, ROUNDING * float(np.std(targets))) or 1.0)
    limit = float(stats.norm.isf(CHANCE / (2 * max(len(errors), 1))))
    return DoubtedTargets(np.abs(scores) > limit, scores, np.argsort(-np.abs(scores), kind="stable"))
