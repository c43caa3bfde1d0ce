"""Tables of text: CSV, TSV and their relatives, read strictly and typed column by column."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from layerwise.catalog import register
from layerwise.data.cells import MISSING_WORDS, Typed, type_cells
from layerwise.data.dialect import DELIMITERS, Record, delimiter_of, records
from layerwise.data.kinds import Column, Numbers, Texts
from layerwise.data.roles import looks_like_id, part_column
from layerwise.data.source import Field, Problem, Source
from layerwise.data.table_rows import Table, lay_out
from layerwise.data.text_encoding import Text, read_text
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["read", "sniff"]

FOREIGN = (
    ".arff",
    ".json",
    ".jsonl",
    ".xml",
    ".html",
    ".md",
    ".py",
    ".toml",
    ".yaml",
    ".yml",
    ".ini",
    ".svm",
    ".names",
)
"""Endings of texts that are no tables, however many commas they hold."""

SUFFIXES = (".csv", ".tsv", ".tab", ".data", ".txt", ".dat")


def sniff(path: Path) -> bool:
    """Say whether a file is text that a table may stand in."""
    if not path.is_file():
        return False
    if path.suffix.lower() in SUFFIXES or path.suffix.lower() in FOREIGN:
        return path.suffix.lower() in SUFFIXES
    with path.open("rb") as stream:
        start = stream.read(4096)
    return (
        bool(start)
        and b"\0" not in start
        and b"\n" in start
        and any(sign in start for sign in (b",", b";", b"\t", b"|"))
    )


@register("csv", suffixes=(".csv", ".tsv", ".tab", ".data", ".txt", ".dat"))
def read(
    path: Path,
    *,
    encoding: str = "",
    delimiter: str = "auto",
    quote: str = '"',
    header: str = "auto",
    decimal: str = "auto",
    missing_words: tuple[str, ...] = (),
    keep_words: tuple[str, ...] = (),
    category_columns: tuple[str, ...] = (),
) -> Source:
    """Read a delimited text table; every row is loaded or listed among the problems.

    Args:
        path: A text file.
        encoding: Encoding of the file; empty for its mark, else UTF-8, else CP949.
        delimiter: What stands between cells: auto, comma, semicolon, tab, pipe, space, or one character.
        quote: Sign around cells that hold the delimiter; none where quotes are ordinary signs.
        header: Whether the first row names the columns: auto, yes or no.
        decimal: Decimal sign: auto, point or comma.
        missing_words: Words that stand for a missing cell: in ARFF beside ?, in other tables beside an empty cell, ?,
            -, NA, N/A, NaN, NULL, None, 결측.
        keep_words: Usual words for a missing cell that are values in this file.
        category_columns: Columns whose values are names even where they look like numbers.

    Raises:
        LayerwiseError: The file is empty, has no row below its header, names a column twice, or cannot be decoded.
    """
    text = read_text(path, encoding)
    if not text.content.strip():
        raise LayerwiseError(
            say("A table has a header and rows."), say("'{}' is empty", path), say("Check that the file was saved.")
        )
    separator = delimiter_of(path, text.content, delimiter)
    found, quote_note = _records(path, text, separator, quote)
    styles = _styles(separator, decimal)
    missing = (set(MISSING_WORDS) | set(missing_words)) - set(keep_words) | {""}
    table = lay_out(path, found, header, missing, styles)
    table.notes[:0] = [note for note in (text.note, _delimiter_note(separator), quote_note) if note]
    return _source(path, table, styles, missing, category_columns)


def _records(path: Path, text: Text, delimiter: str, quote: str) -> tuple[list[Record], str]:
    """Return the records; in tab-separated text a lone quote is an ordinary sign."""
    if quote in ("", "none"):
        return records(path, text.content, delimiter=delimiter, quote=""), ""
    if len(quote) != 1:
        raise LayerwiseError(
            say("A quote is one character, or none."), f"--quote {quote}", say("Leave it out for \"."), usage=True
        )  # fmt: skip
    if delimiter == "\t":
        plain = records(path, text.content, delimiter=delimiter, quote="")
        try:
            quoted = records(path, text.content, delimiter=delimiter, quote=quote)
        except LayerwiseError:
            quoted = []
        if len(quoted) == len(plain):
            return quoted, ""
        return plain, say("Quotes are read as ordinary signs: they do not pair up (change with --quote).")
    return records(path, text.content, delimiter=delimiter, quote=quote), ""


def _styles(delimiter: str, decimal: str) -> tuple[str, ...]:
    """Return the ways numbers may be written in a table, the most likely first."""
    choices = {
        "point": ("point", "grouped"),
        "comma": ("comma",),
        "auto": ("point", "comma") if delimiter == ";" else ("point", "grouped", "comma"),
    }
    decimal = {".": "point", ",": "comma"}.get(decimal, decimal)
    if decimal not in choices:
        raise LayerwiseError(
            say("The decimal sign is auto, point or comma."), f"--decimal {decimal}", say("Leave it out for auto."),
            usage=True,
        )  # fmt: skip
    return choices[decimal]


def _delimiter_note(delimiter: str) -> str:
    """Name a delimiter that is not the comma."""
    names = {sign: name for name, sign in DELIMITERS.items()}
    return "" if delimiter == "," else say("Cells are separated by: {}.", names.get(delimiter, delimiter))


def _source(
    path: Path,
    table: Table,
    styles: tuple[str, ...],
    missing_words: Collection[str],
    category_columns: Collection[str],
) -> Source:
    """Type every column, set rows with a bad cell aside, and guess the roles."""
    columns: dict[str, Column] = {}
    roles: dict[str, str] = {}
    bad: dict[int, Problem] = {}
    _check_names(path, table, category_columns)
    comma: list[str] = []
    for place, name in enumerate(table.names):
        if not name:
            continue
        cells = [cells[place] for _, cells in table.rows]
        if name not in category_columns and looks_like_id(name, cells):
            columns[name], roles[name] = Texts(cells), "id"
            table.notes.append(say("'{}' is an id: all values differ.", name))
            continue
        typed = type_cells(cells, styles=styles, missing_words=missing_words, names_only=name in category_columns)
        columns[name], roles[name] = _role(name, typed)
        table.notes.extend(f"'{name}': {note}" for note in typed.notes)
        comma.extend([name] if typed.style == "comma" else [])
        for row, cell in typed.bad:
            bad.setdefault(row, _bad_cell(path, table.rows[row][0], name, cell))
    table.notes.extend(_comma_notes(comma, columns, table))
    kept = np.array([row for row in range(len(table.rows)) if row not in bad], dtype=np.int64)
    return Source(
        name=path.stem,
        origin=str(path),
        fields=tuple(Field(name, roles[name]) for name in columns),
        columns={name: column.take(kept) for name, column in columns.items()} if bad else columns,
        problems=(*table.problems, *bad.values()),
        notes=tuple(table.notes),
        places=tuple(f"line {table.rows[row][0]}" for row in kept),
    )


def _check_names(path: Path, table: Table, category_columns: Collection[str]) -> None:
    """Refuse a category column that the header does not name."""
    unknown = sorted(set(category_columns) - set(table.names))
    if unknown:
        raise LayerwiseError(
            say("A column is named as in the header."), say("'{}' has no column '{}'", path, unknown[0]),
            nearest(unknown[0], [name for name in table.names if name]), usage=True,
        )  # fmt: skip


def _role(name: str, typed: Typed) -> tuple[Column, str]:
    """Return the column and the role that its name and cells suggest; an empty column is of no use."""
    parts = part_column(name, typed.column)
    if parts is not None:
        return parts, "part"
    return typed.column, "unused" if typed.column.missing().all() else "input"


def _bad_cell(path: Path, line: int, name: str, cell: str) -> Problem:
    """Describe a word in a column of numbers."""
    return Problem(
        say("{}, line {}", path.name, line),
        say("Column '{}' holds numbers.", name),
        f"'{cell}'",
        say(
            "Mend the cell; or name it as missing: --missing-words={}; or read names: --category {}; "
            "or leave the row out: --exclude-problems.",
            shlex.quote(cell), shlex.quote(name),
        ),
    )  # fmt: skip


def _comma_notes(comma: list[str], columns: Mapping[str, Column], table: Table) -> list[str]:
    """Say that decimal commas were read, and name columns of the same table that hold points instead."""
    if not comma:
        return []
    pointed = [
        name for name, column in columns.items()
        if isinstance(column, Numbers) and name not in comma
        and any("." in cells[table.names.index(name)] for _, cells in table.rows)
    ]  # fmt: skip
    notes = [say("Decimal comma in: {}.", ", ".join(comma))]
    if pointed:
        notes.append(say("Points, read as decimal points, in: {} (change with --decimal).", ", ".join(pointed)))
    return notes
