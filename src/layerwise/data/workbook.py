"""The sheets of a workbook as cells that are filled, read by openpyxl; formulas give the value that was saved."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from layerwise.data.workbook_archive import DAMAGED, check_archive, damaged, foreign, marks_of, sheet_members
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Sheet", "Workbook", "address", "letters", "opened_workbook"]

MOST_ROWS = 1_048_576
"""Rows of a sheet, by the format."""

Cell = tuple[int, int]
"""Row and column, counted from one."""


@dataclass
class Sheet:
    """The filled cells of one sheet.

    Args:
        name: Name of the sheet.
        rows: The values of each row that has any, by column; rows and columns are counted from one.
        faults: Cells without a value: the error they hold, or an empty text for a formula that was never computed.
        merged: Ranges of merged cells.
        last_row: Rows that the sheet lists, empty ones included.
        last_column: Columns that the sheet lists.
    """

    name: str
    rows: dict[int, dict[int, Any]] = field(default_factory=dict)
    faults: dict[Cell, str] = field(default_factory=dict)
    merged: tuple[str, ...] = ()
    last_row: int = 0
    last_column: int = 0

    def columns(self) -> list[int]:
        """Return the columns that hold any cell."""
        return sorted({column for cells in self.rows.values() for column in cells})


@dataclass(frozen=True)
class Workbook:
    """An open workbook: the names of its sheets, and each sheet when it is asked for."""

    path: Path
    book: Any
    archive: zipfile.ZipFile
    members: dict[str, str]

    def names(self) -> list[str]:
        """Return the names of the sheets that hold cells, in their order; charts are none."""
        return [str(sheet.title) for sheet in self.book.worksheets]

    def sheet(self, name: str) -> Sheet:
        """Read one sheet."""
        return _read_sheet(self, name)


@contextmanager
def opened_workbook(path: Path) -> Iterator[Workbook]:
    """Open a workbook to read.

    Args:
        path: An .xlsx or .xlsm file.

    Raises:
        LayerwiseError: openpyxl is not installed; or the file is damaged, locked, oversized, or of another kind.
    """
    other = foreign(path)
    if other:
        raise other
    with path.open("rb") as stream, warnings.catch_warnings():
        # openpyxl warns of parts that it leaves out (styles, charts, lists of choices); none of them is a value.
        warnings.simplefilter("ignore")
        try:
            with zipfile.ZipFile(stream) as archive:
                check_archive(path, archive)
                yield Workbook(path, _load(stream), archive, sheet_members(archive))
        except DAMAGED as problem:
            raise damaged(path, _told(problem)) from problem


def _load(stream: IO[bytes]) -> Any:
    """Hand the file to openpyxl."""
    try:
        import openpyxl
    except ImportError as problem:
        raise LayerwiseError(
            say("Workbooks are read by an extra."), say("openpyxl is not installed"), "pip install 'layerwise[tables]'",
            usage=True,
        ) from problem  # fmt: skip
    return openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)


def _told(problem: BaseException) -> str:
    """Return the first line of what a parser says."""
    return str(problem).partition("\n")[0][:200] or type(problem).__name__


def _read_sheet(book: Workbook, name: str) -> Sheet:
    """Read the filled cells of a sheet, and what is wrong with some of them."""
    listed = book.book[name]
    # What the sheet announces as its size is not to be trusted.
    listed.reset_dimensions()
    sheet = Sheet(name)
    for row, cells in enumerate(listed.iter_rows(), start=1):
        if row > MOST_ROWS:
            raise damaged(book.path, say("more than {} rows in sheet '{}'", MOST_ROWS, name))
        sheet.last_row, sheet.last_column = row, max(sheet.last_column, len(cells))
        for column, cell in enumerate(cells, start=1):
            _take(sheet, row, column, cell)
    if name in book.members:
        marks = marks_of(book.archive, book.members[name])
        sheet.merged = marks.merged
        for place in marks.unsaved:
            cell = _cell_of(place)
            sheet.faults[cell] = ""
            # The cell is filled, if not with a value.
            sheet.rows.setdefault(cell[0], {}).setdefault(cell[1], "")
        sheet.rows = dict(sorted(sheet.rows.items()))
    return sheet


def _take(sheet: Sheet, row: int, column: int, cell: Any) -> None:
    """Keep the value of a cell that has one."""
    value = cell.value
    if value is None or (isinstance(value, str) and not value.strip()):
        return
    if cell.data_type == "e":
        sheet.faults[row, column] = str(value)
    sheet.rows.setdefault(row, {})[column] = value


def _cell_of(place: str) -> Cell:
    """Return row and column of an address.

    Example:
        >>> _cell_of("AB7")
        (7, 28)
    """
    parts = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", place)
    if not parts:
        message = f"'{place}' is no address of a cell"
        raise ValueError(message)
    column = 0
    for letter in parts[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(parts[2]), column


def letters(column: int) -> str:
    """Return the letters of a column, counted from one.

    Example:
        >>> letters(2), letters(28)
        ('B', 'AB')
    """
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def address(sheet: str, row: int, column: int) -> str:
    """Return the address of a cell as formulas write it.

    Example:
        >>> address("Sheet1", 7, 2), address("my sheet", 1, 1)
        ('Sheet1!B7', "'my sheet'!A1")
    """
    plain = sheet if sheet.isalnum() else "'" + sheet.replace("'", "''") + "'"
    return f"{plain}!{letters(column)}{row}"
