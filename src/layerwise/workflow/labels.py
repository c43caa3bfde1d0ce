"""Labels that look wrong and target numbers that are unusual, by what quick learners say that did not see them."""

from __future__ import annotations

import numpy as np

from layerwise.data.found import Found, NamedRow
from layerwise.data.kinds import Categories
from layerwise.errors import LayerwiseError
from layerwise.evaluation.confident_learning import doubted_labels, doubted_targets
from layerwise.language import say
from layerwise.report.words import number, percent
from layerwise.workflow.prepare import Assigned
from layerwise.workflow.second_opinion import (
    FEWEST_ROWS,
    MOST_ROWS,
    Opinion,
    quick_learners,
    sampled,
    second_opinion,
    usable,
)

__all__ = ["doubted", "not_looked_at"]

FEWEST_OF_CLASS = 5
"""Rows of a class below which its labels are not judged: nearly nothing could be learned of it."""

MOST_NAMED = 1000
"""Rows of the ranking that are kept."""

WEAK = 0.5
"""Share of the errors of the constant answer that a learner may make and still call a label wrong."""

HARD = 0.9
"""Share of right answers below which a doubted label may as well belong to a hard example."""


def doubted(found: Assigned, among: np.ndarray | None = None) -> Found:
    """Look for labels that look wrong, or for unusual target numbers.

    Args:
        found: Data with their roles; rows without a target are not looked at.
        among: The rows that are looked at and learned from; all when left out.
    """
    source = found.source
    targets = [source.columns[name] for name in source.named("target")]
    if found.task not in ("classify", "regress"):
        return not_looked_at(say("Not looked at: the task {} has no class or number for each row.", found.task))
    present = np.flatnonzero(~np.any([column.missing() for column in targets], axis=0))
    if among is not None:
        present = np.intersect1d(present, among)
    if len(present) < FEWEST_ROWS:
        return not_looked_at(say("Not looked at: {} rows are too few.", len(present)))
    small: list[str] = []
    if isinstance(targets[0], Categories):
        present, small = _of_large_classes(targets[0], present)
    rows = sampled(present)
    if len(rows) < FEWEST_ROWS:
        told = say("Not looked at: {} rows are too few that belong to a class of at least {}.", len(rows),
                   FEWEST_OF_CLASS)  # fmt: skip
        return not_looked_at(told)
    if isinstance(targets[0], Categories) and len(np.unique(targets[0].codes[rows])) < 2:
        return not_looked_at(say("Not looked at: there is one class only."))
    looked = Assigned(usable(source.take(rows)), found.task, ())
    if not looked.source.named("input"):
        return not_looked_at(say("Not looked at: no input is a number, a category or a picture."))
    try:
        opinion = second_opinion(looked, quick_learners(looked.source, found.task))
    except LayerwiseError as problem:
        # What training would refuse, a look at the data only tells.
        return not_looked_at(say("Not looked at: {}.", problem.found))
    if opinion is None:
        return not_looked_at(say("Not looked at: all rows have the same inputs or belong to one group."))
    notes = [say("Only a random sample of {:,} of {:,} rows was looked at.", MOST_ROWS, len(present))] if (
        len(rows) < len(present)
    ) else []  # fmt: skip
    if small:
        notes.append(say("Classes with fewer than {} rows were not looked at: {}.", FEWEST_OF_CLASS, ", ".join(small)))
    result = _labels if opinion.classes else _numbers
    return result(found, rows, opinion, notes)


def not_looked_at(sentence: str) -> Found:
    """Return that labels were not looked at, in a sentence that says why."""
    return Found("labels", say("Labels that look wrong"), (sentence,))


def _of_large_classes(column: Categories, rows: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the rows of classes that something can be learned of, and the names of the other classes."""
    counts = np.bincount(column.codes[rows], minlength=len(column.names))
    small = [column.names[code] for code in np.flatnonzero((counts > 0) & (counts < FEWEST_OF_CLASS))]
    return rows[counts[column.codes[rows]] >= FEWEST_OF_CLASS], small


def _labels(found: Assigned, rows: np.ndarray, opinion: Opinion, notes: list[str]) -> Found:
    """Name the labels that look wrong."""
    judged = doubted_labels(opinion.truths, opinion.answers)
    total = int(judged.doubted.sum())
    sentences = [
        say("{:,} labels were compared with what a quick learner ({}) says that did not see them; it agrees with {}.",
            len(rows), opinion.learner, percent(opinion.quality)),
    ]  # fmt: skip
    most = float(np.bincount(opinion.truths).max()) / len(rows)
    if 1 - opinion.quality > WEAK * (1 - most):
        total = 0
        sentences.append(say("That is too little above the share of the largest class ({}) to call a label wrong.",
                             percent(most)))  # fmt: skip
    else:
        sentences.append(say("Labels that look wrong: {:,}.", total) if total else say("No label looks wrong."))
    if total and opinion.quality < HARD:
        sentences.append(say("These data are hard to tell apart, so many of them may be right all the same."))
    ids, order = found.source.ids(), judged.order[:MOST_NAMED]
    named = tuple(
        NamedRow(
            int(rows[place]), ids[rows[place]], found.source.place(int(rows[place])),
            opinion.classes[opinion.truths[place]], opinion.classes[judged.instead[place]],
            round(float(judged.margins[place]), 4),
        )
        for place in order
    )  # fmt: skip
    columns = (say("label"), say("looks like"), say("margin of the label"))
    title = say("Labels that look wrong")
    return Found("labels", title, (*sentences, *notes), total > 0, total, named, columns)


def _numbers(found: Assigned, rows: np.ndarray, opinion: Opinion, notes: list[str]) -> Found:
    """Name the target numbers that are far from what was expected; of several targets the furthest counts."""
    expected = opinion.answers.reshape(opinion.truths.shape)
    judged = [
        doubted_targets(opinion.truths[:, place], expected[:, place])
        for place in range(len(found.source.named("target")))
    ]
    scores = np.stack([each.scores for each in judged], axis=1)
    worst = np.abs(scores).argmax(axis=1)
    furthest = scores[np.arange(len(scores)), worst]
    unusual = np.any([each.doubted for each in judged], axis=0)
    total, order = int(unusual.sum()), np.lexsort((-np.abs(furthest), ~unusual))[:MOST_NAMED]
    sentences = (
        say("{:,} targets were compared with what a quick learner ({}) expects that did not see them; it explains {} "
            "of their variance.", len(rows), opinion.learner, percent(max(opinion.quality, 0.0))),
        say("Unusual targets: {:,}.", total) if total else say("No target is unusual."),
    )  # fmt: skip
    ids = found.source.ids()
    named = tuple(
        NamedRow(
            int(rows[place]), ids[rows[place]], found.source.place(int(rows[place])),
            number(float(opinion.truths[place, worst[place]])), number(float(expected[place, worst[place]])),
            round(float(furthest[place]), 4),
        )
        for place in order
    )  # fmt: skip
    columns = (say("target"), say("expected"), say("standard deviations apart"))
    return Found("targets", say("Unusual targets"), (*sentences, *notes), total > 0, total, named, columns)
