"""From the cells of a table to a source: a kind and a role for each column, and rows with a bad cell set aside.

What a table format shares with the others once it has found its columns: text tables, sheets, records.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from layerwise.data.cells import MISSING_WORDS, Typed, type_cells
from layerwise.data.kinds import Categories, Column, Texts
from layerwise.data.roles import looks_like_id, part_column
from layerwise.data.source import Field, Problem, Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["Given", "TypedTable", "absent_note", "missing_of", "named_index", "typed_table"]


SHOWN = 5
"""Columns that a note lists before it counts the others."""


@dataclass(frozen=True)
class Given:
    """One column as a file gives it.

    Args:
        name: Its name.
        texts: Every cell as text without spaces around it; empty where `column` is enough.
        column: The cells, where the file itself says of what kind they are.
        role: What the column is for, where the file says so.
        bad: Rows that the file's own kind forbids, and their cells.
        notes: What was assumed, as sentences about the column.
    """

    name: str
    texts: Sequence[str]
    column: Column | None = None
    role: str = ""
    bad: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TypedTable:
    """A source made of given columns, and how the numbers of each were written."""

    source: Source
    styles: dict[str, str] = field(default_factory=dict)


def missing_of(missing_words: Collection[str], keep_words: Collection[str]) -> set[str]:
    """Return the words that stand for a missing cell: the usual ones and the user's, without those to keep.

    Example:
        >>> sorted(missing_of(("none",), ("NA", "None", "?")) - set(MISSING_WORDS))
        ['none']
    """
    return (set(MISSING_WORDS) | set(missing_words)) - set(keep_words) | {""}


def named_index(name: str, texts: Sequence[str]) -> Given:
    """Return a column without a title that names or counts the rows: an id, no input.

    Args:
        name: The name it was given.
        texts: Its cells, all different.
    """
    return Given(
        name, texts, Texts(list(texts)), "id", notes=(say("an id, since it has no title and all values differ"),)
    )


def typed_table(
    path: Path,
    given: Sequence[Given],
    *,
    where: Callable[[int, str], str],
    places: Sequence[str],
    missing_words: Collection[str],
    styles: tuple[str, ...] = ("point",),
    category_columns: Collection[str] = (),
    problems: Sequence[Problem] = (),
    notes: Sequence[str] = (),
) -> TypedTable:
    """Type every column, set rows with a bad cell aside, and guess the roles.

    Args:
        path: File, for messages and as the origin.
        given: The columns, all of one length.
        where: Where the cell of a row and a column stands, for messages.
        places: Where each row stands.
        missing_words: Words that stand for a missing cell.
        styles: Ways numbers may be written, the most likely first.
        category_columns: Columns whose values are names even where they look like numbers.
        problems: Rows that could not be laid out at all.
        notes: What was assumed on the way.

    Raises:
        LayerwiseError: A category column is not in the table.
    """
    _check_columns(path, [column.name for column in given], category_columns)
    columns: dict[str, Column] = {}
    fields: list[Field] = []
    bad: dict[int, Problem] = {}
    written: dict[str, str] = {}
    told: dict[str, list[str]] = {}
    for part in given:
        typed, role = _typed(part, styles, missing_words, names_only=part.name in category_columns)
        columns[part.name] = typed.column
        fields.append(Field(part.name, role))
        written[part.name] = typed.style
        for note in typed.notes:
            told.setdefault(note, []).append(part.name)
        for row, cell in typed.bad:
            bad.setdefault(row, _bad_cell(where(row, part.name), part.name, cell))
    kept = np.delete(np.arange(len(places)), list(bad)) if bad else np.arange(len(places))
    source = Source(
        name=path.stem,
        origin=str(path),
        fields=tuple(fields),
        columns={name: column.take(kept) for name, column in columns.items()} if bad else columns,
        problems=(*problems, *bad.values()),
        notes=(*notes, *(_told(note, names) for note, names in told.items())),
        places=tuple(places[row] for row in kept.tolist()) if bad or isinstance(places, list) else places,
    )
    return TypedTable(source, written)


def _typed(
    given: Given, styles: tuple[str, ...], missing_words: Collection[str], *, names_only: bool
) -> tuple[Typed, str]:
    """Return one column and its role: as the file says, else as its name and cells suggest."""
    if given.role == "unused" and given.column is None:
        return Typed(Texts(list(given.texts)), notes=given.notes), "unused"
    if not names_only and given.texts and not given.role and looks_like_id(given.name, given.texts):
        return Typed(Texts(list(given.texts)), notes=(say("an id, since all values differ"),)), "id"
    # A column of names that no cell fills is none of categories; without texts there is nothing else to read it from.
    if given.column is not None and (not names_only or isinstance(given.column, Categories) or not given.texts):
        typed = Typed(given.column, given.bad, given.notes)
    else:
        typed = type_cells(given.texts, styles=styles, missing_words=missing_words, names_only=names_only)
    parts = part_column(given.name, typed.column)
    if parts is not None and not given.role:
        return Typed(parts, typed.bad, typed.notes), "part"
    # An empty column is of no use.
    empty = "unused" if typed.column.missing().all() else "input"
    return typed, given.role or empty


def absent_note(names: Collection[str], skipped: Collection[str]) -> list[str]:
    """Say which columns to set aside are not there: a file without them needs nothing set aside."""
    absent = [name for name in skipped if name not in names]
    return [say("Columns to set aside that are not there: {}.", ", ".join(absent))] if absent else []


def _told(note: str, names: Sequence[str]) -> str:
    """Say once what holds of several columns."""
    shown = ", ".join(f"'{name}'" for name in names[:SHOWN])
    if len(names) > SHOWN:
        shown = say("{} and {} other columns", shown, len(names) - SHOWN)
    return f"{shown}: {note}"


def _check_columns(path: Path, names: Sequence[str], asked: Collection[str]) -> None:
    """Refuse a column that the table does not have."""
    unknown = sorted(set(asked) - set(names))
    if unknown:
        raise LayerwiseError(
            say("A column is named as in the header."), say("'{}' has no column '{}'", path, unknown[0]),
            nearest(unknown[0], names), usage=True,
        )  # fmt: skip


def _bad_cell(where: str, name: str, cell: str) -> Problem:
    """Describe a word in a column of numbers."""
    return Problem(
        where,
        say("Column '{}' holds numbers.", name),
        f"'{cell}'",
        say(
            "Mend the cell; or name it as missing: --missing-words={}; or read names: --category {}; "
            "or leave the row out: --exclude-problems.",
            shlex.quote(cell), shlex.quote(name),
        ),
    )  # fmt: skip
