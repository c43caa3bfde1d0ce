"""The lines that `layerwise data` prints."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise.language import say

if TYPE_CHECKING:
    from layerwise.data.found import Found
    from layerwise.data.inspect import FieldFacts, Inspection

__all__ = ["inspection_lines", "table"]

MOST_FIELDS = 40
MOST_CLASSES = 20
MOST_PROBLEMS = 5
MOST_ROWS = 20


def inspection_lines(found: Inspection) -> list[str]:
    """Return an inspection as lines: what is here, what is wrong with it, and the next command."""
    lines = [found.name if found.origin == found.name else f"{found.name} ({found.origin})"]
    lines.append(say("Rows loaded: {}; could not be read: {}.", found.rows, len(found.problems)))
    if found.licence:
        lines.append(say("Licence: {}", found.licence))
    lines += found.notes
    lines += ["", *_field_table(found.fields)]
    if found.classes:
        counted = say("Labels of '{}': {}", found.target, len(found.classes)) if found.task == "tag" else ""
        lines += ["", counted or say("Classes of '{}': {}", found.target, len(found.classes)), *_class_lines(found)]
    if found.task != "language":
        # A text may say the same twice.
        lines += ["", say("Exact duplicates, rows that repeat an earlier one: {}.", found.duplicates)]
    if found.conflicts:
        lines.append(say("Contradictions, rows with equal inputs and different targets: {}.", found.conflicts))
    lines += found.findings
    if found.problems:
        lines += ["", say("Could not be read:")]
        lines += [f"  {problem.where}: {problem.found}" for problem in found.problems[:MOST_PROBLEMS]]
        if len(found.problems) > MOST_PROBLEMS:
            lines.append("  " + say("... and {} more", len(found.problems) - MOST_PROBLEMS))
        lines.append("  " + found.problems[0].remedy)
    for one in found.thorough:
        lines += ["", *_found_lines(one)]
    lines += ["", *found.reasons]
    if found.alternatives:
        lines += ["", say("Next, whichever of these is meant:"), *(f"  {command}" for command in found.alternatives)]
    elif found.command:
        lines += ["", say("Next:"), f"  {found.command}"]
    return lines


def _field_table(fields: Sequence[FieldFacts]) -> list[str]:
    """Return one line a field; a table of many fields is cut, and the rest counted."""
    head = (say("field"), say("role"), say("kind"), say("missing"), say("different"), say("range or examples"))
    rows = [
        (
            fact.name, say(fact.role), say(fact.kind), str(fact.missing), str(fact.different),
            fact.size or (f"{fact.lowest:g} .. {fact.highest:g}" if fact.lowest is not None else "")
            or ", ".join(_brief(text) for text in fact.examples),
        )
        for fact in fields[:MOST_FIELDS]
    ]  # fmt: skip
    lines = table([head, *rows])
    if len(fields) > MOST_FIELDS:
        lines.append(say("... and {} more", len(fields) - MOST_FIELDS))
    return lines


def _found_lines(found: Found) -> list[str]:
    """Return what a costly check found, with the rows it names."""
    lines = [f"{found.title}:", *(f"  {sentence}" for sentence in found.sentences)]
    shown = found.rows[: min(found.total, MOST_ROWS)]
    if shown:
        rows = [
            (f"  {row.place}" if row.id == row.place else f"  {row.place} ({row.id})", _brief(row.given),
             _brief(row.instead), f"{row.score:.2f}")
            for row in shown
        ]  # fmt: skip
        lines += table([("  " + say("where"), *found.columns), *rows])
    if found.rows and found.total > len(shown):
        lines.append("  " + say("... and {} more", found.total - len(shown)))
    return lines


def _brief(text: str) -> str:
    """Return the start of a text on one line."""
    words = " ".join(text.split())
    return words if len(words) <= 24 else words[:23] + "…"


def _class_lines(found: Inspection) -> list[str]:
    """Return one line a class, the largest first where they are many."""
    classes = list(found.classes.items())
    if len(classes) > MOST_CLASSES:
        classes.sort(key=lambda item: -item[1])
    lines = table([(f"  {name}", str(count)) for name, count in classes[:MOST_CLASSES]])
    if len(classes) > MOST_CLASSES:
        lines.append("  " + say("... and {} more", len(classes) - MOST_CLASSES))
    return lines


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines whose cells stand below each other; Hangul takes two places a sign.

    Example:
        >>> table([("한", "1"), ("ab", "22")])
        ['한  1', 'ab  22']
    """
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    """Return how many places a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
