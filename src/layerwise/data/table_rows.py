"""From records to a table: which row names the columns, which rows and columns are empty, which rows are ragged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from layerwise.data.cells import number
from layerwise.data.dialect import Record, has_header
from layerwise.data.source import Problem
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Table", "lay_out"]


@dataclass(frozen=True)
class Table:
    """The rows of a table with their lines, the names of its columns, and what was noted on the way."""

    names: list[str]
    rows: list[Record]
    problems: list[Problem]
    notes: list[str]
    index: str = ""
    """Name of a first column without a title whose cells all differ: it names or counts the rows."""


def lay_out(
    path: Path,
    found: list[Record],
    header: str,
    missing_words: Collection[str],
    styles: tuple[str, ...],
    where: Callable[[int], str],
) -> Table:
    """Find the header, set empty rows and columns aside, and list the rows of another length.

    Args:
        path: File, for messages.
        found: Every record of the file.
        header: auto, yes or no.
        missing_words: Words that stand for a missing cell.
        styles: Ways numbers may be written.
        where: Where the record of a line stands, for messages.

    Raises:
        LayerwiseError: No row stands below the header, or two columns share a name.
    """
    if header not in ("auto", "yes", "no"):
        raise LayerwiseError(
            say("A header is there or not: auto, yes or no."), f"--header {header}", say("Leave it out for auto."),
            usage=True,
        )  # fmt: skip
    filled = [(line, cells) for line, cells in found if any(cells)]
    notes = []
    blank = [line for line, cells in found if not any(cells)]
    if blank:
        shown = ", ".join(map(str, blank[:5])) + (" ..." if len(blank) > 5 else "")
        notes.append(say("Empty rows: {} (line {}).", len(blank), shown))
    named = header == "yes" or (header == "auto" and has_header([cells for _, cells in filled], missing_words, styles))
    rows = filled[1:] if named else filled
    if not rows:
        raise LayerwiseError(
            say("A table has rows below its header."), say("'{}' has a header only", path),
            say("Add rows, or say that the first row is data: --header no"),
        )  # fmt: skip
    if named:
        filled, rows = _even(path, filled, notes)
    width = len(filled[0][1])
    names = filled[0][1] if named else [f"column {place + 1}" for place in range(width)]
    if header == "auto":
        notes.append(
            say("The first row names the columns (change with --header no).") if named
            else say("No header: columns are numbered (change with --header yes).")
        )  # fmt: skip
    problems = [_ragged(where(line), len(cells), width, named) for line, cells in rows if len(cells) != width]
    rows = [(line, cells) for line, cells in rows if len(cells) == width]
    titled = bool(names[0])
    names = _named(where(filled[0][0]), names, rows, notes)
    index = names[0] if not titled and names[0] and _all_differ([cells[0] for _, cells in rows]) else ""
    return Table(names, rows, problems, notes, index)


def _even(path: Path, filled: list[Record], notes: list[str]) -> tuple[list[Record], list[Record]]:
    """Mend a header that is one cell longer or shorter than every row, where that cell is empty.

    Raises:
        LayerwiseError: Every row has one cell more than the header, and it is not empty.
    """
    (line, header), rows = filled[0], filled[1:]
    width, widths = len(header), {len(cells) for _, cells in rows}
    if widths == {width - 1} and width > 1 and not header[-1]:
        notes.append(say("The header ends with a delimiter: its empty last cell is left out."))
        filled = [(line, header[:-1]), *rows]
    elif widths == {width + 1} and not any(cells[-1] for _, cells in rows):
        notes.append(say("Every row ends with a delimiter: its empty last cell is left out."))
        filled = [(line, header), *((place, cells[:-1]) for place, cells in rows)]
    elif widths == {width + 1} and len(rows) > 1:
        shown = ", ".join(rows[0][1][:4]) + (", ..." if width > 3 else "")
        raise LayerwiseError(
            say("The header has a name for every cell of a row."),
            say("'{}': {} names, but {} cells in every row; line {}: {}", path, width, width + 1, rows[0][0], shown),
            say("Where the first column names the rows, put a name for it before '{}' in the header; "
                "where another name is missing, add it.", header[0]),
        )  # fmt: skip
    return filled, filled[1:]


def _all_differ(cells: Sequence[str]) -> bool:
    """Say whether three or more cells are filled and all differ, none of them a number with a fraction."""
    values = [value for cell in cells if (value := number(cell)) is not None]
    whole = all(value.is_integer() for value in values)
    return len(cells) > 2 and all(cells) and len(set(cells)) == len(cells) and whole


def _ragged(where: str, found: int, expected: int, named: bool) -> Problem:
    """Describe a row with too many or too few cells."""
    model = say("the header") if named else say("the first row")
    return Problem(
        where,
        say("Every row has as many cells as {}.", model),
        say("{} cells, expected {}", found, expected),
        say("Mend the row (a cell that holds the delimiter needs quotes), or leave it out with --exclude-problems."),
    )


def _named(where: str, header: list[str], rows: list[Record], notes: list[str]) -> list[str]:
    """Return the names of the columns; an empty name is kept only above empty cells, where the column goes."""
    names = list(header)
    for place, name in enumerate(header):
        if not name and any(cells[place] for _, cells in rows):
            names[place] = f"column {place + 1}"
            notes.append(say("Column {} has no name: called '{}'.", place + 1, names[place]))
    empty = sum(1 for name in names if not name)
    if empty:
        notes.append(say("Columns without a name and without a cell, left out: {}.", empty))
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise LayerwiseError(
            say("Every column has its own name."),
            say("{}: twice or more: {}", where, ", ".join(f"'{name}'" for name in twice)),
            say("Rename them; if the first row is data, say --header no."),
        )
    return names
