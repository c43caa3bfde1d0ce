"""Tables of Orange: text whose header says of what kind each column is, and what it is for."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from layerwise.catalog import register
from layerwise.data.cells import categories, number
from layerwise.data.dialect import Record, delimiter_note, delimiter_of, quoted_records
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.orange_header import Head, one_row, three_rows
from layerwise.data.source import Problem, Source
from layerwise.data.table_rows import lay_out
from layerwise.data.text_encoding import MARKS, read_text
from layerwise.data.typed_table import Given, missing_of, typed_table
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "sniff"]

SUFFIXES = (".tab", ".tsv", ".csv", ".txt", ".data", ".dat")

START = 1 << 20
"""Bytes that the header of a table is looked for in."""

MISSING = (".", "~", "*")
"""What Orange writes for a missing cell beside the words of other programs."""


def sniff(path: Path) -> bool:
    """Say whether a text table begins with one of Orange's headers."""
    if not path.is_file() or path.suffix.lower() not in SUFFIXES:
        return False
    with path.open("rb") as stream:
        start = stream.read(START)
    encoding = next((name for mark, name in MARKS if start.startswith(mark)), "utf-8")
    text = start.decode(encoding, errors="ignore")
    if not text.strip() or "\0" in text:
        return False
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(path, text, "auto"))
    try:
        rows = [[cell.strip() for cell in cells] for cells in islice(reader, 3)]
    except csv.Error:
        return False
    return _heads(rows, strict=path.suffix.lower() != ".tab") is not None


def _heads(rows: Sequence[Sequence[str]], *, strict: bool = False) -> tuple[list[Head], int] | None:
    """Return what the header says, and how many rows it has; None where it is none of Orange's."""
    three = three_rows(rows, strict=strict)
    if three is not None:
        return three, 3
    one = one_row(rows[0]) if rows else None
    return (one, 1) if one is not None else None


@register("orange", suffixes=(".tab",))
def read(
    path: Path,
    *,
    encoding: str = "",
    delimiter: str = "auto",
    quote: str = '"',
    missing_words: tuple[str, ...] = (),
    keep_words: tuple[str, ...] = (),
    category_columns: tuple[str, ...] = (),
) -> Source:
    """Read a text table with a header of Orange; every row is loaded or listed among the problems.

    Args:
        path: A text file.
        encoding: Encoding of the file; empty for its mark, else UTF-8, else CP949.
        delimiter: What stands between cells: auto, comma, semicolon, tab, pipe, space, or one character.
        quote: Sign around cells that hold the delimiter; none where quotes are ordinary signs.
        missing_words: Words that stand for a missing cell: in ARFF beside ?, in other tables beside an empty cell, ?,
            -, NA, N/A, NaN, NULL, None, 결측.
        keep_words: Usual words for a missing cell that are values in this file.
        category_columns: Columns whose values are names even where they look like numbers.

    Raises:
        LayerwiseError: The file cannot be decoded, has no such header or no row below it, or names a column twice.

    Source: The Orange data mining manual, Loading your data (header with three rows, header with one row).
    """
    text = read_text(path, encoding)
    separator = delimiter_of(path, text.content, delimiter)
    records, quote_note = quoted_records(path, text.content, separator, quote)
    found = _heads([cells for _, cells in records[:3]])
    if found is None:
        raise LayerwiseError(
            say("A table of Orange begins with names, kinds and flags, or with names behind signs such as C#age."),
            say("'{}' begins otherwise", path), say("Read it as an ordinary table: --format csv"),
        )  # fmt: skip
    heads, height = found
    missing = missing_of((*missing_words, *MISSING), keep_words)
    body = [(records[0][0], [head.name for head in heads]), *records[height:]]
    table = lay_out(path, body, "yes", missing, ("point",), lambda line: say("{}, line {}", path.name, line))
    heads = [replace(head, name=name) for head, name in zip(heads, table.names, strict=True)]
    outside = _outside(path, heads, table.rows, missing)
    rows = [(line, cells) for line, cells in table.rows if line not in outside]
    given = _given(heads, [cells for _, cells in rows], missing)
    told = say("Orange's header of {} rows: kinds and roles are as it says (--format csv reads it as data).", height)
    notes = [note for note in (text.note, delimiter_note(separator), quote_note, told) if note]
    return typed_table(
        path, given,
        where=lambda row, _: say("{}, line {}", path.name, rows[row][0]),
        places=[f"line {line}" for line, _ in rows],
        missing_words=missing, category_columns=category_columns,
        problems=[*table.problems, *outside.values()], notes=[*notes, *table.notes],
    ).source  # fmt: skip


def _outside(
    path: Path, heads: Sequence[Head], rows: Sequence[Record], missing_words: Collection[str]
) -> dict[int, Problem]:
    """Return the rows, by line, with a value that the header does not list."""
    listed = [(place, head) for place, head in enumerate(heads) if head.values]
    found: dict[int, Problem] = {}
    for line, cells in rows:
        for place, head in listed:
            if cells[place] not in head.values and cells[place] not in missing_words:
                found[line] = Problem(
                    say("{}, line {}", path.name, line),
                    say("Column '{}' holds one of: {}.", head.name, ", ".join(head.values)), f"'{cells[place]}'",
                    say("Mend the cell, add the value to the second row, or leave the row out: --exclude-problems."),
                )  # fmt: skip
                break
    return found


def _given(heads: Sequence[Head], rows: Sequence[Sequence[str]], missing_words: Collection[str]) -> list[Given]:
    """Return the columns with the kinds and roles of the header; one class is the target, or several amounts."""
    columns = [
        _column(head, [cells[place] for cells in rows], missing_words) for place, head in enumerate(heads) if head.name
    ]
    targets = [part for part in columns if part.role == "target"]
    if len(targets) > 1 and not all(isinstance(part.column, Numbers) for part in targets):
        aside = (say("set aside: '{}' is the class that is predicted", targets[0].name),)
        columns = [
            replace(part, role="unused", notes=(*part.notes, *aside)) if part in targets[1:] else part
            for part in columns
        ]
    metas = [part for part in columns if part.role == "meta"]
    names = next((part for part in metas if all(part.texts) and len(set(part.texts)) == len(part.texts)), None)
    return [_meta(part, part is names) if part.role == "meta" else part for part in columns]


def _meta(given: Given, is_id: bool) -> Given:
    """Return a column that is no input: the first one whose values all differ names the rows."""
    if is_id:
        told = say("names the rows, since all values differ (meta)")
        return replace(given, column=Texts(given.texts), role="id", notes=(told,))
    return replace(given, role="unused", notes=(*given.notes, say("set aside (meta)")))


def _column(head: Head, cells: list[str], missing_words: Collection[str]) -> Given:
    """Return one column of the kind that the header says; one without a kind is left to its cells."""
    if head.kind == "number":
        parsed = [math.nan if cell in missing_words else number(cell) for cell in cells]
        bad = tuple((row, cells[row]) for row, value in enumerate(parsed) if value is None)
        values = np.array([math.nan if value is None else value for value in parsed])
        return Given(head.name, cells, Numbers(values), head.role, bad)
    if head.kind == "category":
        return Given(head.name, cells, _categories(head, cells, missing_words), head.role)
    if head.kind in ("text", "time"):
        notes = (say("dates or times, kept as text"),) if head.kind == "time" else ()
        texts = Texts(["" if cell in missing_words else cell for cell in cells])
        return Given(head.name, cells, texts, head.role, notes=notes)
    return Given(head.name, cells, role=head.role)


def _categories(head: Head, cells: list[str], missing_words: Collection[str]) -> Categories:
    """Return names in the order of the header, else by value or letter."""
    if not head.values:
        return categories(cells, missing_words)
    names = tuple(dict.fromkeys(head.values))
    places = {name: place for place, name in enumerate(names)}
    codes = [-1 if cell in missing_words and cell not in places else places[cell] for cell in cells]
    return Categories(np.array(codes, dtype=np.int64), names)
