"""The section about labels of the training part that look wrong, or target numbers that are unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layerwise.language import say
from layerwise.report.contents import Mistake, ReportData
from layerwise.report.html import Cell, details, embedded, paragraph, section, table, text
from layerwise.report.words import cut, retold

__all__ = ["doubted_labels"]

MOST_ROWS = 100


def doubted_labels(data: ReportData, most: int) -> str:
    """Return what was found in the labels of the training part: pictures or rows, the most doubtful first.

    Args:
        data: The run.
        most: How many pictures at most; the rest stand in the table.
    """
    found = "".join(_section(data, check, most) for check in data.checks)
    return found


def _section(data: ReportData, check: Mapping[str, Any], most: int) -> str:
    """Return the section of one check."""
    labels = check["check"] == "labels"
    title = say("Labels that look wrong") if labels else say("Unusual targets")
    rows = check["rows"][: min(check["total"], MOST_ROWS)]
    pictured = [suspect for suspect in data.suspects if suspect.picture][:most]
    cards = "".join(_card(rows[suspect.place], suspect) for suspect in pictured)
    whole = _table(data, rows, labels=labels) if rows else ""
    return section(
        "labels", title, *(paragraph(retold(sentence)) for sentence in check["sentences"]),
        paragraph(say("Only the training part was looked at. Nothing was changed: look at these rows, mend the labels "
                      "that are wrong, and train again."), "note") if rows else "",
        f'<div class="gallery">{cards}</div>' if cards else "",
        details(say("Show as table"), whole) if cards else whole,
        paragraph(say("... and {} more", check["total"] - len(rows)), "note") if check["total"] > len(rows) else "",
    )  # fmt: skip


def _card(row: Mapping[str, Any], suspect: Mistake) -> str:
    """Return one picture with its label and what it looks like."""
    given, instead = cut(row["given"], 24), cut(row["instead"], 24)
    words = say("Example {}: labelled '{}', looks like '{}'.", cut(row["id"]), given, instead)
    style = "pixels" if max(suspect.size) <= 96 else ""
    return (
        f"<figure>{embedded(suspect.picture, suspect.media, words, style)}<figcaption>"
        f"<b>{text(say('labelled: {}', given))}</b><br>{text(say('looks like: {}', instead))}<br>"
        f"<small>{text(cut(row['id'], 40))}</small></figcaption></figure>"
    )


def _table(data: ReportData, rows: Sequence[Mapping[str, Any]], *, labels: bool) -> str:
    """Return the rows with their labels and, of the first ones, some of their inputs."""
    fields = [cut(name) for name in data.mistake_fields]
    inputs = {suspect.place: suspect.cells for suspect in data.suspects}
    shown: list[list[Cell]] = [
        [cut(row["id"]), cut(row["given"]), cut(row["instead"]), f"{row['score']:.2f}",
         *(cut(cell, 30) for cell in inputs.get(place, ("",) * len(fields)))]
        for place, row in enumerate(rows)
    ]  # fmt: skip
    header = (
        [say("example"), say("label"), say("looks like"), say("margin of the label")] if labels
        else [say("example"), say("target"), say("expected"), say("standard deviations apart")]
    )  # fmt: skip
    if not any(inputs.values()):
        fields, shown = [], [line[:4] for line in shown]
    return table(say("Rows of the training part, the most doubtful first"), [*header, *fields], shown,
                 right=[3, *range(4, 4 + len(fields))])  # fmt: skip
