"""Sheets of a workbook: .xlsx and .xlsm, the values that were saved, never a formula computed."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from layerwise.catalog import register
from layerwise.data.cells import number
from layerwise.data.native_cells import STYLES, cell_text, given_values
from layerwise.data.source import Problem, Source
from layerwise.data.table_rows import Table, lay_out
from layerwise.data.typed_table import Given, absent_note, missing_of, named_index, typed_table
from layerwise.data.workbook import Sheet, Workbook, address, opened_workbook
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["read", "sniff"]

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
"""Endings of spreadsheets; those that are not read are refused by name."""

SHOWN = 5


def sniff(path: Path) -> bool:
    """Say whether a file is named as a spreadsheet, or is a zip with a workbook in it."""
    if not path.is_file():
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    with path.open("rb") as stream:
        start = stream.read(4096)
    return start.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in start or b"xl/" in start)


@register("xlsx", suffixes=(".xlsx", ".xlsm"))
def read(
    path: Path,
    *,
    sheet: str = "",
    header: str = "auto",
    missing_words: tuple[str, ...] = (),
    keep_words: tuple[str, ...] = (),
    category_columns: tuple[str, ...] = (),
    skip_columns: tuple[str, ...] = (),
) -> Source:
    """Read one sheet of a workbook; every row is loaded or listed among the problems.

    Args:
        path: A workbook with one table a sheet.
        sheet: Sheet of a workbook, by name or number; may be left out where one sheet alone has cells.
        header: Whether the first row names the columns: auto, yes or no.
        missing_words: Words that stand for a missing cell: in ARFF beside ?, in other tables beside an empty cell, ?,
            -, NA, N/A, NaN, NULL, None, 결측.
        keep_words: Usual words for a missing cell that are values in this file.
        category_columns: Columns whose values are names even where they look like numbers.
        skip_columns: Columns that are set aside, whatever they hold: nested values, formulas without a value.

    Raises:
        LayerwiseError: The workbook is damaged, locked or of another kind; or it has several sheets with cells and
            none is chosen.
    """
    with opened_workbook(path) as book:
        chosen, note = _choose(book, str(sheet))
    missing = missing_of(missing_words, keep_words)
    table = _laid_out(path, chosen, header, missing)
    table.notes[:0] = [note, *_left_out(chosen), *_merged(chosen)]
    places = {name: column for name, column in zip(table.names, chosen.columns(), strict=True) if name}
    table.notes.extend(absent_note(places, skip_columns))
    wanted = {column: name for name, column in places.items() if name not in skip_columns}
    faults = _faults(path, chosen, [row for row, _ in table.rows], wanted, missing_words)
    rows = [row for row, _ in table.rows if row not in faults]
    given = [
        named_index(name, [cell_text(chosen.rows[row].get(column)) for row in rows])
        if name == table.index
        else _given(name, [chosen.rows[row].get(column) for row in rows], missing, aside=name in skip_columns)
        for name, column in places.items()
    ]
    return typed_table(
        path, given,
        where=lambda row, name: f"{path.name}, {address(chosen.name, rows[row], places[name])}",
        places=[f"{chosen.name}, row {row}" for row in rows],
        missing_words=missing, styles=STYLES, category_columns=category_columns,
        problems=list(faults.values()), notes=table.notes,
    ).source  # fmt: skip


def _choose(book: Workbook, asked: str) -> tuple[Sheet, str]:
    """Return the sheet that is asked for, else the only one with cells, and say which it is."""
    names = book.names()
    if asked:
        by_name = {unicodedata.normalize("NFC", name): name for name in names}
        name = by_name.get(unicodedata.normalize("NFC", asked), "")
        if not name and asked.isdecimal() and 1 <= int(asked) <= len(names):
            name = names[int(asked) - 1]
        if not name:
            raise LayerwiseError(
                say("A sheet is named as in the workbook, or by its number."),
                say("'{}' has no sheet '{}'", book.path, asked), nearest(asked, names), usage=True,
            )  # fmt: skip
        chosen = book.sheet(name)
        if chosen.rows:
            return chosen, say("Sheet '{}', {} of {}.", name, names.index(name) + 1, len(names))
        raise _no_cells(say("sheet '{}' of '{}' has no cell", name, book.path))
    sheets = [book.sheet(name) for name in names]
    filled = [sheet for sheet in sheets if sheet.rows]
    if not filled:
        raise _no_cells(say("'{}' has no cell in any of its {} sheets", book.path, len(sheets)))
    if len(filled) > 1:
        listed = "; ".join(
            say("'{}' with {} rows and {} columns", sheet.name, len(sheet.rows), len(sheet.columns()))
            for sheet in filled
        )
        raise LayerwiseError(
            say("One sheet of a workbook is read."), say("'{}' holds several: {}", book.path, listed),
            say("Choose one by name or number: --sheet {}", shlex.quote(filled[0].name)), usage=True,
        )  # fmt: skip
    if len(sheets) == 1:
        return filled[0], say("Sheet '{}'.", filled[0].name)
    return filled[0], say("Sheet '{}', the only one of {} with cells.", filled[0].name, len(sheets))


def _no_cells(found: str) -> LayerwiseError:
    """Say that nothing stands in a sheet."""
    return LayerwiseError(say("A table has a header and rows."), found, say("Check that the file was saved."))


def _laid_out(path: Path, sheet: Sheet, header: str, missing_words: Collection[str]) -> Table:
    """Find the header among the filled rows of a sheet, and leave out titles above it."""
    columns = sheet.columns()
    # A cell without a value counts as missing where the header is looked for.
    found = [
        (row, ["?" if (row, column) in sheet.faults else cell_text(cells.get(column)) for column in columns])
        for row, cells in sheet.rows.items()
    ]
    titles = _titles([cells for _, cells in found]) if header == "auto" else 0
    table = lay_out(
        path, found[titles:], header, missing_words, STYLES,
        lambda row: f"{path.name}, {address(sheet.name, row, columns[0])}",
    )  # fmt: skip
    if titles:
        shown = "; ".join(f"'{' '.join(filter(None, cells))}'" for _, cells in found[:titles][:SHOWN])
        table.notes.insert(0, say("Rows above the table, left out: {} ({}).", titles, shown))
    return table


def _titles(rows: Sequence[Sequence[str]]) -> int:
    """Count the rows at the top that hold one word alone, where the row below them fills three columns or more."""
    filled = [sum(map(bool, cells)) for cells in rows]
    count = next((place for place, cells in enumerate(filled) if cells > 1), 0)
    lone = ["".join(cells) for cells in rows[:count]]
    return count if count and filled[count] > 2 and all(number(cell) is None for cell in lone) else 0


def _left_out(sheet: Sheet) -> list[str]:
    """Count the empty rows and columns around and between the cells."""
    rows, columns = sheet.last_row - len(sheet.rows), sheet.last_column - len(sheet.columns())
    return [say("Empty rows: {}, empty columns: {}; left out.", rows, columns)] if rows or columns else []


def _merged(sheet: Sheet) -> list[str]:
    """Say which cells are merged."""
    if not sheet.merged:
        return []
    shown = ", ".join(sheet.merged[:SHOWN]) + (" ..." if len(sheet.merged) > SHOWN else "")
    return [
        say("Merged cells: {} ({}); their value stands in the first, the others are empty.", len(sheet.merged), shown)
    ]


def _faults(
    path: Path, sheet: Sheet, rows: Sequence[int], columns: Mapping[int, str], missing_words: Collection[str]
) -> dict[int, Problem]:
    """Return the rows that hold an error or an uncomputed formula; errors named as missing are emptied instead."""
    listed = set(rows)
    found: dict[int, Problem] = {}
    for (row, column), word in sorted(sheet.faults.items()):
        if row not in listed or column not in columns:
            continue
        if word and word in missing_words:
            sheet.rows[row][column] = None
        elif row not in found:
            found[row] = _fault(f"{path.name}, {address(sheet.name, row, column)}", columns[column], word)
    return found


def _fault(where: str, name: str, word: str) -> Problem:
    """Describe a cell without a value."""
    if word:
        return Problem(
            where, say("A cell holds a value."), f"'{word}'",
            say("Mend the formula; or name the error as missing: --missing-words={}; or set its column aside: "
                "--skip-columns {}; or leave the row out: --exclude-problems.", shlex.quote(word), shlex.quote(name)),
        )  # fmt: skip
    return Problem(
        where, say("A formula holds the value that was computed last."), say("a formula without a saved value"),
        say("Open and save the workbook in a spreadsheet program; or set the column aside: --skip-columns {}; "
            "or leave the row out: --exclude-problems.", shlex.quote(name)),
    )  # fmt: skip


def _given(name: str, values: Sequence[Any], missing_words: Collection[str], *, aside: bool) -> Given:
    """Return one column as the sheet gives it."""
    if aside:
        return Given(name, [cell_text(value) for value in values], role="unused")
    return given_values(name, values, missing_words)
