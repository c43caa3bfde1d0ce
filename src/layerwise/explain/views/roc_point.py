"""Where an example stands among the others: its score as the threshold, everybody counted, a point on the ROC curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from layerwise.byhand import ranking
from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Explanation, Picture, Recorded, Table
from layerwise.explain.recorder import record
from layerwise.explain.subject import Ranked, Subject
from layerwise.language import say
from layerwise.metrics.ranking import auc, roc_curve
from layerwise.tasks.classify import Classify

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "roc_point"]

WRITTEN = 1e-8
"""Scores are read from predictions.csv, where they have nine digits."""

MOST_PAIRS = 25_000_000
"""Pairs of a positive and a negative example that are compared one by one."""


def accepts(subject: Subject) -> bool:
    """Say whether the example stands among others of two classes, both of which occur."""
    ranked = subject.ranked
    if ranked is None or not isinstance(subject.task, Classify) or len(subject.inputs) != 1:
        return False
    positives = int(ranked.members.sum())
    return 0 < positives < len(ranked.members) and positives * (len(ranked.members) - positives) <= MOST_PAIRS


@register("roc-point", task="classify", opens="answer", lecture="003 ROC Curve")
def roc_point(subject: Subject) -> Explanation:
    """Take the score of the example as the threshold, and count everybody of its part again.

    TP rate = TP / P,  FP rate = FP / N;  AUC = 1 / (P N) sum of pairs in the right order, ties 1/2

    Args:
        subject: The network, the example, and the scores of the part that it is from.
    """
    ranked, task = subject.ranked, subject.task
    if ranked is None or not isinstance(task, Classify):
        message = "a view is asked only about what it accepts"
        raise TypeError(message)
    score = float(ranked.scores[ranked.place])
    curve = roc_curve(ranked.members, ranked.scores)
    place = int(np.flatnonzero(curve.thresholds == score)[0])
    point = np.array([curve.false_positive_rate[place], curve.true_positive_rate[place]])
    everyone = {"members": ranked.members.astype(float), "scores": ranked.scores}
    output: Tensor = record(subject.model, subject.inputs).output
    now = task.decode(subject.model, output)[0]
    lines = (
        Arithmetic("score", "the network asked again", lambda score: score[ranked.positive], {"score": now},
                   np.array(score), WRITTEN + 64 * subject.epsilon()),
        Arithmetic("point", "FP / N, TP / P", _point, {**everyone, "threshold": np.array(score)}, point, 1e-12),
        Arithmetic("AUC", "pairs in the right order / (P N)", _area, everyone,
                   np.array(auc(ranked.members, ranked.scores)), 1e-12),
    )  # fmt: skip
    name = subject.class_name(ranked.positive)
    table = ranking.counts(ranked.members, ranked.scores, score)
    return Explanation(
        view="roc-point",
        title=say("Score {} for {}: true positive rate {}, false positive rate {}", f"{score:.4g}", name,
                  f"{point[1]:.3f}", f"{point[0]:.3f}"),
        facts=(*subject.shown_facts(), (say("positive class"), name),
               (say("AUC"), f"{auc(ranked.members, ranked.scores):.4f}")),
        tensors={"scores": Recorded(ranked.scores, ("example",), "recorded", "predictions.csv"),
                 "counts": Recorded(table, ("predicted", "actual"), "replayed")},
        arithmetic=lines,
        tables=(_counted(table), _pairs(ranked)),
        notes=(say("Counted as positive: every example of the part with at least the score of this one."),),
        pictures=(Picture(say("The ROC curve with the point of this example, and the scores of both classes."),
                          lambda: _draw(subject, ranked, point)),),
    )  # fmt: skip


def _point(members: np.ndarray, scores: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Return both rates, counted again."""
    return np.array(ranking.rates(ranking.counts(members > 0.5, scores, threshold)))


def _area(members: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the area, all pairs compared again."""
    return np.array(ranking.area(members > 0.5, scores))


def _counted(table: np.ndarray) -> Table:
    """Return the confusion matrix as the lecture lays it out: predicted in rows, actual in columns."""
    (true_positive, false_positive), (false_negative, true_negative) = table.tolist()
    rows = (
        (say("predicted positive"), true_positive, false_positive, true_positive + false_positive),
        (say("predicted negative"), false_negative, true_negative, false_negative + true_negative),
        (say("total"), true_positive + false_negative, false_positive + true_negative, int(table.sum())),
    )
    return Table(say("Who is counted"), ("", say("actually positive"), say("actually negative"), say("total")), rows)


def _pairs(ranked: Ranked) -> Table:
    """Return how the example stands to everybody of the other class."""
    score, own = ranked.scores[ranked.place], ranked.members[ranked.place]
    others = ranked.scores[ranked.members != own]
    higher, equal = int((score > others).sum()), int((score == others).sum())
    right = higher if own else len(others) - higher - equal
    rows = ((say("in the right order"), right), (say("equal"), equal),
            (say("in the wrong order"), len(others) - right - equal))  # fmt: skip
    return Table(say("This example against everybody of the other class"), (say("pairs"), say("count")), rows)


def _draw(subject: Subject, ranked: Ranked, point: np.ndarray) -> Figure:
    """Draw the curve with the point, and the scores of both classes with the threshold."""
    score, name = float(ranked.scores[ranked.place]), subject.class_name(ranked.positive)
    with styled():
        drawn = figure(8.0, 3.2)
        left, right = drawn.subplots(1, 2)
        left.plot(*ranking.curve(ranked.members, ranked.scores), color=COLOURS["strong"])
        left.plot([0, 1], [0, 1], color=COLOURS["line"], linewidth=0.8)
        left.scatter(*point, color=COLOURS["warm"], zorder=3)
        left.set(xlabel=label("false positive rate"), ylabel=label("true positive rate"), aspect="equal")
        edges = np.linspace(ranked.scores.min(), max(ranked.scores.max(), ranked.scores.min() + 1e-9), 31)
        for members, colour, words in (
            (ranked.members, COLOURS["warm"], readable(name)),
            (~ranked.members, COLOURS["quiet"], readable(subject.class_name(1 - ranked.positive))),
        ):
            right.hist(ranked.scores[members], edges, color=colour, alpha=0.6, label=words)
        right.axvline(score, color=COLOURS["ink"], linewidth=1.0)
        right.set(xlabel=label("score for {}", name), ylabel=label("examples"))
        right.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return drawn
