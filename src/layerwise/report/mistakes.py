"""The sections that show single examples: the worst answers, and the network opened on one of them."""

from __future__ import annotations

import numpy as np

from layerwise.language import say
from layerwise.report.contents import Mistake, OpenedView, ReportData
from layerwise.report.html import Cell, details, embedded, paragraph, section, table, text
from layerwise.report.words import cut, number, percent

__all__ = ["mistakes", "views", "worst_places"]

MOST_TARGETS = 6
"""Targets whose numbers stand in the table."""

LONGEST_TEXT = 90
"""Signs of a text that a table shows."""


def worst_places(data: ReportData, most: int) -> list[int]:
    """Return the places of the worst answers in the measured part, the worst first.

    Worst is the wrong answer given with the highest probability, for numbers the largest absolute error; where an
    answer has no probability, the first that are not as they should be.
    """
    answers = data.measured
    if data.numbers:
        return [int(place) for place in np.argsort(-_distances(data), kind="stable")[:most]]
    wrong = np.flatnonzero(answers.targets != answers.predictions)
    if not data.class_names:
        # Without a truth in words there is nothing to be right or wrong.
        return [int(place) for place in wrong[:most]] if data.worded else []
    sureness = answers.scores[wrong, answers.predictions[wrong]]
    return [int(place) for place in wrong[np.argsort(-sureness, kind="stable")][:most]]


def _distances(data: ReportData) -> np.ndarray:
    """Return how far off each row was answered; of several targets the mean, each in units of its spread."""
    known = data.number_targets
    each = [np.abs(truths - predictions) for _, truths, predictions in known]
    if len(known) == 1:
        return np.asarray(each[0])
    # a target that never changes in the measured part has no spread to divide by
    spreads = [float(truths.std()) or 1.0 for _, truths, _ in known]
    return np.asarray(np.mean([error / spread for error, spread in zip(each, spreads, strict=True)], axis=0))


def mistakes(data: ReportData, most: int) -> str:
    """Return the worst answers: as pictures where the inputs are pictures, and as rows.

    Args:
        data: The run.
        most: How many pictures at most; the rest stand in the table.
    """
    if not data.class_names and not data.numbers:
        return _differing(data)
    title = say("Where it was furthest off") if data.numbers else say("Where it was wrong")
    total = int((data.measured.targets != data.measured.predictions).reshape(len(data.measured), -1).any(1).sum())
    if not data.mistakes:
        return section(
            "mistakes", title, paragraph(say("Nowhere: every row that was measured was answered correctly."))
        )
    if not data.numbers:
        told = say(
            "{:,} of {:,} answers were wrong; these were given with the highest probability.", total, len(data.measured)
        )
        told = told if total > len(data.mistakes) else say("All wrong answers ({:,}), the surest first.", total)
    else:
        several = len(data.number_targets) > 1
        told = say("The {} largest errors; of several targets the mean, each in units of its spread.",
                   len(data.mistakes)) if several else say("The {} largest errors.", len(data.mistakes))  # fmt: skip
    pictured = [mistake for mistake in data.mistakes if mistake.picture][:most]
    cards = "".join(_card(data, mistake) for mistake in pictured)
    rows = _rows(data)
    left = sum(1 for mistake in data.mistakes if mistake.picture) - len(pictured)
    return section(
        "mistakes", title, paragraph(told), paragraph(data.source_note, "note"),
        f'<div class="gallery">{cards}</div>' if cards else "",
        paragraph(say("Pictures left out to keep this page small: {}.", left), "note") if left else "",
        details(say("Show as table"), rows) if cards else rows,
    )  # fmt: skip


def _differing(data: ReportData) -> str:
    """Return answers of another kind that are not what was wanted, in words; nothing where there are no such words."""
    answers = data.measured
    if not data.worded:
        return ""
    title, total = say("Where it answered otherwise"), int((answers.targets != answers.predictions).sum())
    if not data.mistakes:
        return section("mistakes", title, paragraph(say("Nowhere: every answer is what was wanted.")))
    told = say("{:,} of {:,} answers are not exactly what was wanted.", total, len(answers))
    wrong = answers.targets != answers.predictions
    pairs = set(zip(answers.targets[wrong].tolist(), answers.predictions[wrong].tolist(), strict=True))
    fields = list(data.mistake_fields)
    if len(pairs) == 1 and not fields:
        # A table of equal rows tells no more than their number.
        wanted, answered = pairs.pop()
        same = say("Wanted: '{}'; answered: '{}'.", cut(wanted), cut(answered))
        return section("mistakes", title, paragraph(f"{told} {same}"))
    rows: list[list[Cell]] = [
        [cut(answers.ids[each.place]), *(cut(cell, LONGEST_TEXT) for cell in each.cells),
         cut(str(answers.targets[each.place]), LONGEST_TEXT), cut(str(answers.predictions[each.place]), LONGEST_TEXT)]
        for each in data.mistakes
    ]  # fmt: skip
    header = [say("example"), *(map(cut, fields) if data.mistakes[0].cells else ()), say("truth"), say("answered")]
    return section("mistakes", title, paragraph(told), paragraph(data.source_note, "note"),
                   table(say("Answers of the {} rows", data.part_words), header, rows))  # fmt: skip


def _card(data: ReportData, mistake: Mistake) -> str:
    """Return one picture with what it is and what was answered."""
    answers, names, place = data.measured, data.class_names, mistake.place
    if data.numbers:
        shown, sure = data.number_targets[:MOST_TARGETS], ""
        true = ", ".join(number(float(truths[place])) for _, truths, _ in shown)
        answered = ", ".join(number(float(predictions[place])) for _, _, predictions in shown)
    else:
        true, answered = cut(names[answers.targets[place]], 24), cut(names[answers.predictions[place]], 24)
        sure = percent(float(answers.scores[place, answers.predictions[place]]))
    words = say("Example {}: true '{}', answered '{}'.", cut(answers.ids[place]), true, answered)
    style = "pixels" if max(mistake.size) <= 96 else ""
    return (
        f"<figure>{embedded(mistake.picture, mistake.media, words, style)}<figcaption>"
        f"<b>{text(answered)}</b> <span>{sure}</span><br>"
        f"{text(say('true: {}', true))}<br><small>{text(cut(answers.ids[place], 40))}</small></figcaption></figure>"
    )


def _rows(data: ReportData) -> str:
    """Return the worst answers as rows with some of their inputs."""
    answers, names = data.measured, data.class_names
    fields = list(data.mistake_fields)
    rows: list[list[Cell]] = []
    for mistake in data.mistakes:
        place = mistake.place
        if not data.numbers:
            target, answered = int(answers.targets[place]), int(answers.predictions[place])
            told = [
                cut(names[target]),
                cut(names[answered]),
                f"{answers.scores[place, answered]:.3f}",
                f"{answers.scores[place, target]:.3f}",
            ]
        else:
            told = [
                number(float(amount)) for _, truths, predictions in data.number_targets[:MOST_TARGETS]
                for amount in (truths[place], predictions[place], truths[place] - predictions[place])
            ]  # fmt: skip
        rows.append([cut(answers.ids[place]), *told, *(cut(cell, 30) for cell in mistake.cells)])
    if not data.numbers:
        header = [
            say("example"),
            say("true class"),
            say("answered"),
            say("its probability"),
            say("probability of the true class"),
        ]
        right = [3, 4]
    else:
        shown = [cut(name, 24) for name, _, _ in data.number_targets[:MOST_TARGETS]]
        words = (say("truth"), say("prediction"), say("true minus predicted"))
        header = [say("example"), *(f"{name}: {word}" if len(shown) > 1 else word for name in shown for word in words)]
        right = [*range(1, len(header))]
    return table(say("The worst answers of the {} rows", data.part_words), [*header, *map(cut, fields)], rows,
                 right=[*right, *range(len(header), len(header) + len(fields))])  # fmt: skip


def views(data: ReportData, kept: tuple[OpenedView, ...]) -> str:
    """Return the network opened on one example, the first view unfolded.

    Args:
        data: The run.
        kept: The views that fit into the page.
    """
    parts = [details(view.title, view.html, opened=order == 0) for order, view in enumerate(kept)]
    left = [view for view in data.views if view not in kept]
    told = [
        say(
            "Left out to keep this page small: {}. Open it with: layerwise explain {} --view {}",
            view.title,
            data.handle,
            view.name,
        )
        for view in left
    ]
    return section(
        "inside",
        say("Inside the network"),
        paragraph(data.view_note),
        *parts,
        *(paragraph(line, "note") for line in told),
    )
