"""Intervals of label sets: whole examples vary, since the labels of one example do so together.

Shares of examples have Wilson's interval, and the average precision of a label has that of
`average_precision_interval`. Every other figure lies between 0 and 1 and has Wilson's interval at the number of
examples that a share with the same spread would have, n_eff = p (1 - p) / v, with v from the influence of each example
on the figure (`variance_of_units`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from layerwise.evaluation.confusion_intervals import explained, f1_of_overlap
from layerwise.evaluation.intervals import (
    Interval,
    effective_size,
    normal_quantile,
    proportion,
    score_bounds,
    student_quantile,
    unbounded,
    undefined,
)
from layerwise.evaluation.precision_recall_intervals import average_precision_influence, average_precision_interval
from layerwise.evaluation.resampling import sums_of_units, variance_of_units
from layerwise.language import say
from layerwise.metrics.labels import (
    f1_of_counts,
    hamming_loss,
    label_counts,
    macro_label_f1,
    mean_average_precision,
    micro_label_f1,
    require_same,
)

__all__ = ["each_label_intervals", "label_set_intervals"]


def label_set_intervals(
    targets: Bool[np.ndarray, "items labels"],
    predictions: Bool[np.ndarray, "items labels"],
    scores: Float[np.ndarray, "items labels"],
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Return micro and macro F1, mean average precision, subset accuracy and Hamming loss, each with its interval.

    Args:
        targets: Which labels each example has.
        predictions: Which labels were answered.
        scores: How sure each label was.
        groups: One label an example; whole groups vary together.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: The arrays do not fit together, a score is not finite, or the confidence lies outside (0, 1).

    Example:
        >>> targets = np.random.default_rng(0).random((200, 3)) < 0.4
        >>> found = label_set_intervals(targets, targets, targets * 1.0)
        >>> {name: (interval.value, interval.n) for name, interval in found.items()}
        ... # doctest: +NORMALIZE_WHITESPACE
        {'micro_f1': (1.0, 200), 'macro_f1': (1.0, 200), 'mean_average_precision': (1.0, 200),
         'subset_accuracy': (1.0, 200), 'hamming_loss': (0.0, 200)}
    """
    require_same(targets, predictions)
    options, items = dict[str, Any](groups=groups, confidence=confidence), len(targets)
    wrong = (targets != predictions).mean(axis=1)
    found = {
        "subset_accuracy": proportion((targets == predictions).all(axis=1), **options),
        "hamming_loss": share_interval(hamming_loss(targets, predictions), (wrong - wrong.mean()) / items,
                                       np.full(items, 1 / items), **options),
    }  # fmt: skip
    held = np.flatnonzero(targets.any(axis=0))
    if not len(held):
        none = undefined(items, say("No example has a label."))
        return {"micro_f1": none, "macro_f1": none, "mean_average_precision": none, **found}
    together = f1_influence(targets.ravel(), predictions.ravel()).reshape(targets.shape).sum(axis=1)
    each = np.mean([f1_influence(targets[:, label], predictions[:, label]) for label in held], axis=0)
    ranked = np.mean([average_precision_influence(targets[:, label], scores[:, label]) for label in held], axis=0)
    # what an example carries of all labels together, and of a mean over the labels
    whole, mean = targets.sum(axis=1) / targets.sum(), (targets[:, held] / targets[:, held].sum(axis=0)).mean(axis=1)
    # F1 = 2 J / (1 + J) varies like a share of at most 2 n items, n those that have a label or were answered it; a mean
    # over K labels that are all found equally well like one of 2 K^2 / sum 1/n. It cannot be known better than that.
    alike = 2 * len(held) ** 2 / float((1 / (targets | predictions)[:, held].sum(axis=0)).sum())
    means = {
        "micro_f1": share_interval(micro_label_f1(targets, predictions), together, whole, **options),
        "macro_f1": share_interval(macro_label_f1(targets, predictions), each, mean, limit=alike, **options),
        "mean_average_precision": share_interval(mean_average_precision(targets, scores), ranked, mean, **options),
    }
    for name in ("micro_f1", "macro_f1"):
        if means[name].value == 0:
            # 2 TP / (actual + answered) <= 2 r / (1 + r): an F1 may rise twice as fast as the recall r, whose end it is
            means[name] = f1_of_overlap(means[name])
    return means | found


def each_label_intervals(
    targets: Bool[np.ndarray, "items labels"],
    predictions: Bool[np.ndarray, "items labels"],
    scores: Float[np.ndarray, "items labels"],
    names: Sequence[str],
    *,
    groups: Shaped[np.ndarray, " items"] | None = None,
    confidence: float = 0.95,
) -> dict[str, dict[str, Interval]]:
    """Return F1, precision, recall and average precision of each label; those of a label without examples say why.

    Args:
        targets: Which labels each example has.
        predictions: Which labels were answered.
        scores: How sure each label was.
        names: The labels.
        groups: One label an example; whole groups vary together.
        confidence: Coverage asked for, between 0 and 1.

    Raises:
        LayerwiseError: The arrays do not fit together, a score is not finite, or the confidence lies outside (0, 1).

    Example:
        >>> nothing = np.zeros((4, 1), dtype=bool)
        >>> each_label_intervals(nothing, ~nothing, nothing * 1.0, ["cat"])["cat"]["f1"].reason
        "No example has the label 'cat'."
    """
    require_same(targets, predictions)
    options, found = dict[str, Any](groups=groups, confidence=confidence), dict[str, dict[str, Interval]]()
    for place, name in enumerate(names):
        actual, answered = targets[:, place], predictions[:, place]
        if not actual.any():
            reason = say("No example has the label '{}'.", name)
            found[name] = {
                figure: undefined(0, reason) for figure in ("f1", "precision", "recall", "average_precision")
            }
            continue
        both = actual & answered
        precision, recall, overlap = (
            proportion(both, among=among, **options) for among in (answered, actual, actual | answered)
        )
        found[name] = {
            "f1": f1_of_overlap(overlap),
            "precision": explained(precision, say("The label '{}' was never answered.", name)),
            "recall": recall,
            "average_precision": average_precision_interval(actual, scores[:, place], **options),
        }
    return found


def share_interval(
    value: float,
    influence: Float[np.ndarray, " items"],
    shares: Float[np.ndarray, " items"],
    *,
    groups: Shaped[np.ndarray, " items"] | None,
    confidence: float,
    limit: float = np.inf,
) -> Interval:
    """Return Wilson's interval at the number of examples that a share with the same spread would have.

    At 0 and 1 nothing varies, and the number is 1 / (largest share of the figure that one example or group carries):
    with q_u the chance that unit u errs and w_u its share, a figure that is d = sum_u w_u q_u away from 1 is seen at 1
    with chance prod_u (1 - q_u) <= exp(-d / max w), whichever units err. Of one label these are its holders.

    Args:
        value: The figure, from 0 to 1.
        influence: Its derivative by the weight of each example; they sum to 0.
        shares: How much of the figure hangs on each example; they sum to 1.
        groups: One label an example; whole groups vary together.
        confidence: Coverage asked for, between 0 and 1.
        limit: Largest number of examples that can be claimed.

    Source: J. Hanley, A. Lippman-Hand, If nothing goes wrong, is everything all right?, 1983 (rule of three).

    Example:
        >>> one_holder_in_ten, nothing = np.arange(200) % 10 == 0, np.zeros(200)
        >>> found = share_interval(1.0, nothing, one_holder_in_ten / 20, groups=None, confidence=0.95)
        >>> round(found.low, 3), found.high  # as 20 of 20
        (0.839, 1.0)
    """
    (variance, count), items = variance_of_units(influence, groups), len(influence)
    if count < 2:
        return unbounded(value, items, say("One group or item tells nothing about how others differ."))
    if 0 < value < 1 and variance <= 1e-12 * value * (1 - value):
        return unbounded(value, items, say("Too few or too equal items ({}) to show a spread.", count))
    largest = float(sums_of_units(shares[:, None], groups).max())
    size = effective_size(value, variance, limit=limit, independent=1 / largest)
    quantile = normal_quantile(confidence) if groups is None else student_quantile(confidence, count - 1)
    low, high = score_bounds(value, size, quantile)
    return Interval(value, low, high, items, "Wilson at the effective n of whole examples")


def f1_influence(actual: Bool[np.ndarray, " items"], answered: Bool[np.ndarray, " items"]) -> np.ndarray:
    """Return the derivative of F1 = 2 TP / (actual + answered) by the weight of each item.

    dF/dw_i = (2 [i found] - F ([i actual] + [i answered])) / (actual + answered)
    """
    marks = label_counts(actual[:, None], answered[:, None])
    right, having, told = marks.sum(axis=0)
    value = f1_of_counts(right, having, told)
    # dF/dw = (2 tp - F (a + p)) / (A + P)
    return np.asarray((2 * marks[:, 0] - value * (marks[:, 1] + marks[:, 2])) / max(having + told, 1.0))
