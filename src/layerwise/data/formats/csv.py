"""Tables of text: CSV, TSV and their relatives, read strictly and typed column by column."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from layerwise.catalog import register
from layerwise.data.columnar_csv import columnar_table
from layerwise.data.dialect import MOST_SNIFFED, delimiter_note, delimiter_of, quoted_records
from layerwise.data.kinds import Numbers
from layerwise.data.source import Source
from layerwise.data.table_rows import Table, lay_out
from layerwise.data.text_encoding import read_text
from layerwise.data.typed_table import Given, missing_of, named_index, typed_table
from layerwise.errors import LayerwiseError
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
    if text.is_blank():
        raise LayerwiseError(
            say("A table has a header and rows."), say("'{}' is empty", path), say("Check that the file was saved.")
        )
    separator = delimiter_of(path, text.start(MOST_SNIFFED), delimiter)
    styles = _styles(separator, decimal)
    missing = missing_of(missing_words, keep_words)
    large = columnar_table(
        path, text, delimiter=separator, header=header, styles=styles, missing_words=missing,
        category_columns=category_columns,
    ) if quote == '"' and separator != "\t" else None  # fmt: skip
    if large is not None:
        whole = typed_table(
            path, large.given,
            where=lambda row, _: say("{}, line {}", path.name, large.places.first + row),
            places=large.places, missing_words=missing, styles=styles, category_columns=category_columns,
            notes=[note for note in (text.note, delimiter_note(separator), *large.notes) if note],
        )  # fmt: skip
        # What is said of decimal commas looks at every cell of the columns beside them.
        if "comma" not in whole.styles.values():
            return whole.source
    found, quote_note = quoted_records(path, text.content, separator, quote)
    table = lay_out(path, found, header, missing, styles, lambda line: say("{}, line {}", path.name, line))
    table.notes[:0] = [note for note in (text.note, delimiter_note(separator), quote_note) if note]
    return _source(path, table, styles, missing, category_columns)


def _styles(delimiter: str, decimal: str) -> tuple[str, ...]:
    """Return the ways numbers may be written in a table, the most likely first."""
    choices = {
        "point": ("point", "grouped"),
        "comma": ("comma",),
        "auto": ("point", "comma", "grouped") if delimiter == ";" else ("point", "grouped", "comma"),
    }
    decimal = {".": "point", ",": "comma"}.get(decimal, decimal)
    if decimal not in choices:
        raise LayerwiseError(
            say("The decimal sign is auto, point or comma."), f"--decimal {decimal}", say("Leave it out for auto."),
            usage=True,
        )  # fmt: skip
    return choices[decimal]


def _source(
    path: Path,
    table: Table,
    styles: tuple[str, ...],
    missing_words: Collection[str],
    category_columns: Collection[str],
) -> Source:
    """Type the columns of a table, and say how decimal commas were read."""
    given = [
        named_index(name, [cells[place] for _, cells in table.rows]) if name == table.index
        else Given(name, [cells[place] for _, cells in table.rows])
        for place, name in enumerate(table.names) if name
    ]  # fmt: skip
    typed = typed_table(
        path, given,
        where=lambda row, _: say("{}, line {}", path.name, table.rows[row][0]),
        places=[f"line {line}" for line, _ in table.rows],
        missing_words=missing_words, styles=styles, category_columns=category_columns,
        problems=table.problems, notes=table.notes,
    )  # fmt: skip
    comma = [name for name, style in typed.styles.items() if style == "comma"]
    notes = _comma_notes(comma, given, typed.source)
    return replace(typed.source, notes=(*typed.source.notes, *notes)) if notes else typed.source


def _comma_notes(comma: Sequence[str], given: Sequence[Given], source: Source) -> list[str]:
    """Say that decimal commas were read, and name columns of the same table that hold points instead."""
    if not comma:
        return []
    pointed = [
        part.name for part in given
        if isinstance(source.columns[part.name], Numbers) and part.name not in comma
        and any("." in cell for cell in part.texts)
    ]  # fmt: skip
    notes = [say("Decimal comma in: {}.", ", ".join(comma))]
    if pointed:
        notes.append(say("Points, read as decimal points, in: {} (change with --decimal).", ", ".join(pointed)))
    return notes
