"""ARFF, the attribute-relation file format of WEKA: a header that declares every field, then rows, dense or sparse.

Source: WEKA manual, "ARFF", stable and developer version.
"""

from __future__ import annotations

import gzip
import math
import re
import shlex
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from layerwise.catalog import register
from layerwise.data.arff_header import Attribute, Header, read_header
from layerwise.data.arff_row import read_row
from layerwise.data.arff_signs import Cell, brief, signs
from layerwise.data.cells import categories, number
from layerwise.data.date_patterns import DatePattern
from layerwise.data.kinds import Categories, Column, Numbers, Texts
from layerwise.data.roles import looks_like_id, part_column
from layerwise.data.source import Field, Problem, Source
from layerwise.data.text_encoding import MARKS, PACKED, read_text
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["read", "sniff"]

SAMPLE_BYTES = 64 * 1024

LARGEST_SPARSE = 100_000_000
"""Most values that sparse rows may stand for: a brace of two signs can promise any number of them."""

SHOWN = 5
"""Bad cells of a column that are compared with every declared name."""

SPECIAL = re.compile(r"""[%'"{}\x00-\x1f]""")
"""Signs for which a line is read token by token; a line without them is cut at its commas."""


def sniff(path: Path) -> bool:
    """Say whether a file is named as ARFF, or begins with @relation below its comments."""
    if not path.is_file():
        return False
    if path.name.lower().endswith((".arff", ".arff.gz")):
        return True
    start = _start(path)
    encoding = next((name for mark, name in MARKS if start.startswith(mark)), "latin-1")
    for line in _lines(start.decode(encoding, errors="ignore")):
        tokens = signs(line).tokens
        if tokens:
            return str(tokens[0]).lower() == "@relation"
    return False


def _start(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked where it is packed."""
    with path.open("rb") as stream:
        start = stream.read(SAMPLE_BYTES)
    if not start.startswith(PACKED):
        return start
    try:
        with gzip.open(path, "rb") as packed:
            return packed.read(SAMPLE_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""


@register("arff", suffixes=(".arff", ".arff.gz"))
def read(
    path: Path, *, encoding: str = "", missing_words: tuple[str, ...] = (), category_columns: tuple[str, ...] = ()
) -> Source:
    r"""Read an ARFF file; every row is loaded or listed among the problems.

    What a sparse row leaves out is 0, or the first value that a nominal attribute declares; a string left out is
    missing. Dates become days since 1970-01-01, and weights behind rows a field of that role.

    Args:
        path: An ARFF file, packed by gzip or not.
        encoding: Encoding of the file; empty for its mark, else UTF-8, else CP949.
        missing_words: Words that stand for a missing cell: in ARFF beside ?, in other tables beside an empty cell, ?,
            -, NA, N/A, NaN, NULL, None, 결측.
        category_columns: Columns whose values are names even where they look like numbers.

    Raises:
        LayerwiseError: The header is damaged, no row stands below it, or the file cannot be decoded.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "weather.arff"
        >>> _ = path.write_text("@relation weather\n@attribute windy {no, yes}\n@attribute rain real\n@data\n{1 2.5}\n")
        >>> source = read(path)
        >>> source.columns["windy"].show(0), source.columns["rain"].show(0)
        ('no', '2.5')
    """
    text = read_text(path, encoding)
    lines = _lines(text.content)
    header = read_header(path, lines)
    rows = _rows(path, lines, header)
    if not rows.cells and not rows.problems:
        raise LayerwiseError(
            say("A table has rows below its header."), say("'{}' has a header only", path), say("Add rows below @data.")
        )
    table = _typed(path, header, rows, missing_words, category_columns)
    notes = (text.note, *header.notes, *rows.notes(), *table.notes)
    kept = np.array([row for row in range(len(rows.cells)) if row not in table.bad], dtype=np.int64)
    problems = [*rows.problems, *((rows.lines[row], problem) for row, problem in table.bad.items())]
    return Source(
        name=Path(path.name.removesuffix(".gz")).stem,
        origin=str(path),
        fields=tuple(Field(name, table.roles[name]) for name in table.columns),
        columns={name: column.take(kept) for name, column in table.columns.items()} if table.bad else table.columns,
        problems=tuple(problem for _, problem in sorted(problems, key=lambda item: item[0])),
        notes=tuple(note for note in notes if note),
        places=tuple(f"line {rows.lines[row]}" for row in kept),
    )


def _lines(text: str) -> list[str]:
    """Cut a text at CR LF, LF or CR, and nowhere else."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@dataclass
class _Rows:
    """The rows read so far.

    Args:
        cells: One list a row.
        lines: The line of each row.
        weights: The weight of those rows that bring one, by their number.
        problems: Lines that hold no row, with what is wrong.
        empty: Lines of commas alone.
        comments: Lines with a comment behind a row.
        omitted: Sparse rows that leave out a string, counted by the name of the attribute.
        sparse: Number of sparse rows.
    """

    cells: list[list[Cell]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    weights: dict[int, float] = field(default_factory=dict)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    comments: list[int] = field(default_factory=list)
    omitted: dict[str, int] = field(default_factory=dict)
    sparse: int = 0

    def notes(self) -> list[str]:
        """Say what may surprise in how the rows were read."""
        notes = []
        if self.sparse:
            notes.append(say("Sparse rows: {}; what they leave out is 0, or the first value declared.", self.sparse))
        if self.omitted:
            shown = ", ".join(f"'{name}' ({count})" for name, count in self.omitted.items())
            notes.append(say("Texts that sparse rows leave out are missing (WEKA loses its first text so): {}.", shown))
        if self.comments:
            notes.append(
                say("Comments behind rows, from % on: {} (line {}); a value with % needs quotes.",
                    len(self.comments), _some(self.comments))
            )  # fmt: skip
        if self.empty:
            notes.append(say("Empty rows: {} (line {}).", len(self.empty), _some(self.empty)))
        return notes


def _some(lines: Sequence[int]) -> str:
    """Name the first few lines."""
    return ", ".join(map(str, lines[:5])) + (" ..." if len(lines) > 5 else "")


def _rows(path: Path, lines: Sequence[str], header: Header) -> _Rows:
    """Read every row below @data; a line that breaks a rule becomes a problem."""
    width = len(header.attributes)
    rows = _Rows()
    for line_number, line in enumerate((header.behind, *lines[header.data + 1 :]), start=header.data + 1):
        cells = _plain(line)
        if len(cells) == width:
            rows.cells.append(cells)
            rows.lines.append(line_number)
            continue
        try:
            row = read_row(line, header)
        except LayerwiseError as problem:
            where = say("{}, line {}", path.name, line_number)
            rows.problems.append((line_number, Problem(where, problem.rule, problem.found, problem.remedy)))
            continue
        if row is None:
            rows.empty.extend([line_number] if line.strip().startswith(",") else [])
            continue
        if row.weight is not None:
            rows.weights[len(rows.cells)] = row.weight
        rows.comments.extend([line_number] if row.comment else [])
        rows.cells.append(row.cells)
        rows.lines.append(line_number)
        rows.sparse += row.sparse
        for name in row.omitted:
            rows.omitted[name] = rows.omitted.get(name, 0) + 1
        if rows.sparse * width > LARGEST_SPARSE:
            raise LayerwiseError(
                say("Sparse rows stand for at most {:,} values.", LARGEST_SPARSE),
                say("'{}', line {}: {}", path, line_number, say("{} rows of {} attributes", rows.sparse, width)),
                say("Leave out attributes or rows that are not needed."),
            )
    return rows


def _plain(line: str) -> list[Cell]:
    """Cut a line without quotes, braces or comments at its commas; no cells where a closer look is needed."""
    if " " in line:
        line = line.strip(" ").replace(", ", ",")
    if " " in line or SPECIAL.search(line):
        return []
    cells: list[Cell] = [*line.split(",")]
    if "" in cells:
        return []
    return [None if cell == "?" else cell for cell in cells] if "?" in line else cells


@dataclass
class _Table:
    """Typed columns, what each is for, what was noted, and the rows with a bad cell."""

    columns: dict[str, Column] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bad: dict[int, Problem] = field(default_factory=dict)


def _typed(
    path: Path, header: Header, rows: _Rows, missing_words: Collection[str], category_columns: Collection[str]
) -> _Table:
    """Type every column as the header declares it, and set rows with a bad cell aside."""
    names = [attribute.name for attribute in header.attributes]
    for name in category_columns:
        if name not in names:
            raise LayerwiseError(
                say("A column is named as in the header."), say("'{}' has no column '{}'", path, name),
                nearest(name, names), usage=True,
            )  # fmt: skip
    table = _Table()
    held = list(zip(*rows.cells, strict=True)) or [()] * len(names)
    for attribute, found in zip(header.attributes, held, strict=True):
        name = attribute.name
        cells = [None if cell in missing_words else cell for cell in found] if missing_words else found
        if attribute.type != "date" and looks_like_id(name, (str(cell or "") for cell in cells)):
            table.columns[name], table.roles[name] = Texts([str(cell) for cell in cells]), "id"
            table.notes.append(f"'{name}': " + say("an id, since all values differ"))
            continue
        if name in category_columns and attribute.type != "nominal":
            column: Column = categories(["" if cell is None else str(cell) for cell in cells])
            bad: list[int] = []
        else:
            column, bad = _column(attribute, cells, missing_words, table.notes)
        for place, row in enumerate(bad):
            if row not in table.bad:
                where = say("{}, line {}", path.name, rows.lines[row])
                table.bad[row] = _bad_cell(where, attribute, brief(str(cells[row])), near=place < SHOWN)
        parts = part_column(name, column)
        table.columns[name] = column if parts is None else parts
        table.roles[name] = "part" if parts is not None else "unused" if column.missing().all() else "input"
    if rows.weights:
        name = "weight"
        while name in names:
            name += "_"
        weights = np.ones(len(rows.cells))
        weights[[*rows.weights]] = [*rows.weights.values()]
        table.columns[name], table.roles[name] = Numbers(weights), "weight"
        table.notes.append(
            say("Rows with a weight behind them: {}; the field '{}', the others weigh 1.", len(rows.weights), name)
        )
    return table


def _column(
    attribute: Attribute, cells: Sequence[Cell], missing_words: Collection[str], notes: list[str]
) -> tuple[Column, list[int]]:
    """Return a column, and the rows whose cell is not what the header declares."""
    if attribute.type == "string":
        return Texts(["" if cell is None else str(cell) for cell in cells]), []
    if attribute.type == "nominal":
        places: dict[Cell, int] = {name: place for place, name in enumerate(attribute.names)} | {None: -1}
        codes = np.fromiter((places.get(cell, -2) for cell in cells), dtype=np.int64, count=len(cells))
        return Categories(codes, attribute.names), np.flatnonzero(codes == -2).tolist()
    if attribute.dates is not None:
        values, bad = _dates(attribute.dates, cells)
        notes.append(
            say("'{}': dates ({}), read as days since 1970-01-01; without a zone, UTC.", attribute.name,
                attribute.dates.pattern)
        )  # fmt: skip
        return Numbers(values), bad
    values, bad, words = _numbers(cells)
    sentinels = [value for word in missing_words if (value := number(word)) is not None]
    values[np.isin(values, sentinels)] = math.nan
    if words:
        notes.append(say("'{}': NaN read as missing: {}.", attribute.name, words))
    fractions = np.flatnonzero(values % 1 > 0)
    if attribute.type == "integer" and len(fractions):
        shown = f"{values[fractions[0]]:.12g}"
        notes.append(
            say(
                "'{}' is declared integer and holds fractions, which are kept: {} (such as {}).",
                attribute.name,
                len(fractions),
                shown,
            )
        )
    return Numbers(values), bad


def _numbers(cells: Sequence[Cell]) -> tuple[np.ndarray, list[int], int]:
    """Return numbers, the rows whose cell is none, and how many cells say NaN."""
    given = ["nan" if cell is None else str(cell) for cell in cells]
    missing = len(cells) - sum(cell is not None for cell in cells)
    try:
        values = np.fromiter(map(float, given), dtype=np.float64, count=len(cells))
        if np.isfinite(values).sum() == len(cells) - missing and "_" not in "".join(given):
            return values, [], 0
    except ValueError:
        pass
    parsed = {cell: math.nan if cell is None else _number(str(cell)) for cell in set(cells)}
    bad = [row for row, cell in enumerate(cells) if parsed[cell] is None]
    found = (parsed[cell] for cell in cells)
    values = np.fromiter((math.nan if value is None else value for value in found), np.float64, len(cells))
    return values, bad, int(np.isnan(values).sum()) - missing - len(bad)


def _number(cell: str) -> float | None:
    """Return the number of a cell as Java reads it: 1.5f and 1.5d are 1.5, NaN is missing."""
    if cell == "NaN":
        return math.nan
    value = number(cell)
    return number(cell[:-1]) if value is None and cell[-1:] in "dDfF" else value


def _dates(dates: DatePattern, cells: Sequence[Cell]) -> tuple[np.ndarray, list[int]]:
    """Return dates as days, and the rows whose cell does not fit the pattern."""
    parsed: dict[Cell, float | None] = {
        cell: dates.days(cell) if isinstance(cell, str) else math.nan if cell is None else cell for cell in set(cells)
    }
    found = [parsed[cell] for cell in cells]
    bad = [row for row, value in enumerate(found) if value is None]
    return np.array([math.nan if value is None else value for value in found], dtype=np.float64), bad


def _bad_cell(where: str, attribute: Attribute, cell: str, *, near: bool) -> Problem:
    """Describe a cell that is not what the header declares; the nearest names are looked for where `near` says so."""
    out = say("Mend the cell, or leave the row out with --exclude-problems.")
    if attribute.type == "nominal":
        return Problem(
            where, say("A value of a nominal attribute is one of those that the header declares."),
            f"{attribute.name} = '{cell}'", f"{nearest(cell, attribute.names)} {out}" if near else out,
        )  # fmt: skip
    if attribute.dates is not None:
        return Problem(
            where, say("Dates of '{}' are written as {}.", attribute.name, attribute.dates.pattern), f"'{cell}'", out
        )
    return Problem(
        where,
        say("Column '{}' holds numbers.", attribute.name),
        f"'{cell}'",
        say(
            "Mend the cell; or name it as missing: --missing-words={}; or read names: --category {}; "
            "or leave the row out: --exclude-problems.",
            shlex.quote(cell), shlex.quote(attribute.name),
        ),
    )  # fmt: skip
