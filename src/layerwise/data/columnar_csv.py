"""Large text tables, read by the columnar reader: only those that it reads exactly as the strict reader does.

Whatever is unusual - a row of another length, an empty line, a quote out of place - is left to the strict reader, which
names its line. What is read here is the same, cell for cell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from layerwise.data.cells import Typed, number, type_coded
from layerwise.data.dialect import records
from layerwise.data.kinds import Numbers
from layerwise.data.roles import named_like_id
from layerwise.data.table_quotes import quotes_are_plain, quotes_pair_up
from layerwise.data.table_rows import lay_out
from layerwise.data.text_encoding import Text
from layerwise.data.typed_table import Given
from layerwise.errors import LayerwiseError
from layerwise.language import spoken_here

__all__ = ["SMALLEST", "ColumnarTable", "Lines", "columnar_table"]

SMALLEST = 4 * 1024**2
"""Bytes of a text from which the columnar reader pays."""

SAMPLE = 1000
"""Lines that are looked at closely to tell how the table is laid out."""

THREADS = 4
"""Columns that are looked at beside each other."""

TRIES = 6
"""How often a column of numbers may turn out to hold words before the strict reader takes over."""

WRONG_COLUMN = re.compile(r"In CSV column #(\d+): CSV conversion error to double")


@dataclass(frozen=True)
class Lines(Sequence[str]):
    """Where each row of a table stands, one line a row, spelled out when it is asked for."""

    first: int
    rows: int

    def __len__(self) -> int:
        return self.rows

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[str]: ...
    def __getitem__(self, row: int | slice) -> str | Sequence[str]:
        places = range(self.first, self.first + self.rows)[row]
        return f"line {places}" if isinstance(places, int) else [f"line {place}" for place in places]


@dataclass(frozen=True)
class ColumnarTable:
    """The typed columns of a table, where its rows stand, and what was noted."""

    given: list[Given]
    places: Lines
    notes: list[str]


def columnar_table(
    path: Path, text: Text, *, delimiter: str, header: str, styles: tuple[str, ...],
    missing_words: Collection[str], category_columns: Collection[str],
) -> ColumnarTable | None:  # fmt: skip
    """Return a large plain table, or None where it is small, unusual, or the columnar reader is not installed.

    Args:
        path: File, for messages.
        text: What stands in it.
        delimiter: One character.
        header: auto, yes or no.
        styles: Ways numbers may be written, the most likely first.
        missing_words: Words that stand for a missing cell.
        category_columns: Columns whose values are names even where they look like numbers.
    """
    size = len(text.raw) or len(text.content)
    if size < SMALLEST or not delimiter.isascii() or styles[0] != "point" or not _has_reader():
        return None
    raw = text.raw or text.content.encode()
    if not _ends_alike(raw):
        return None
    sample = _first_lines(raw)
    try:
        found = records(path, sample, delimiter=delimiter, quote='"')
        table = lay_out(path, found, header, missing_words, styles, str)
    except LayerwiseError:
        return None
    width = len(found[0][1])
    even = all(len(cells) == width and any(cells) for _, cells in found)
    if not even or width < 2 or table.index or len(table.names) != width or not all(table.names) or table.problems:
        return None
    if any(name.startswith("column ") for name in table.names) and len(table.rows) < len(found):
        # A column without a title is told by all of its cells whether it names the rows.
        return None
    sampled = [[cells[place] for _, cells in table.rows] for place in range(width)]
    plain = [
        name not in category_columns and not named_like_id(name) and _are_fractions(cells, missing_words)
        for name, cells in zip(table.names, sampled, strict=True)
    ]
    first = len(found) - len(table.rows)
    columns = _read(raw, plain, skip=first, delimiter=delimiter, missing_words=missing_words)
    if columns is None or _has_empty_rows(columns) or not _is_quoted_well(raw, columns, first, delimiter):
        return None
    given = _given(table.names, columns, styles, missing_words, category_columns)
    return None if given is None else ColumnarTable(given, Lines(first + 1, len(columns[0])), table.notes)


def _has_reader() -> bool:
    """Say whether the columnar reader, an extra, is installed."""
    try:
        import pyarrow.csv
    except ImportError:
        return False
    return bool(pyarrow.csv)


def _first_lines(raw: bytes) -> str:
    """Return the first lines of a text, the last of them whole."""
    place = -1
    for _ in range(SAMPLE):
        following = raw.find(b"\n", place + 1)
        if following < 0:
            return raw.decode()
        place = following
    return raw[: place + 1].decode()


def _ends_alike(raw: bytes) -> bool:
    """Say whether every line ends alike and the first is not empty; another empty one the columnar reader refuses."""
    # Counting takes eight times as long as looking for the first.
    if b"\r" in raw and not raw.count(b"\r") == raw.count(b"\r\n") == raw.count(b"\n"):
        return False
    return not raw.startswith((b"\r", b"\n"))


def _are_fractions(cells: Sequence[str], missing_words: Collection[str]) -> bool:
    """Say whether cells are numbers, and not all of figures alone, which could be codes with leading zeros."""
    present = [cell for cell in cells if cell not in missing_words]
    return any(not cell.isdigit() for cell in present) and all(number(cell) is not None for cell in present)


def _read(
    raw: bytes, plain: Sequence[bool], *, skip: int, delimiter: str, missing_words: Collection[str]
) -> list[Any] | None:
    """Return the columns as the columnar reader has them: numbers where they are plain, else words by their codes."""
    import pyarrow as pa
    from pyarrow import csv as columnar

    names = [str(place) for place in range(len(plain))]
    words = pa.dictionary(pa.int32(), pa.string())
    kinds = {name: pa.float64() if is_plain else words for name, is_plain in zip(names, plain, strict=True)}
    for _ in range(TRIES):
        try:
            table = columnar.read_csv(
                pa.BufferReader(raw),
                read_options=columnar.ReadOptions(column_names=names, skip_rows=skip),
                parse_options=columnar.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
                convert_options=columnar.ConvertOptions(
                    column_types=kinds, null_values=sorted(missing_words), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid as problem:
            wrong = WRONG_COLUMN.search(str(problem))
            if wrong is None:
                return None
            kinds[wrong[1]] = words
            continue
        return [
            column if column.type == pa.float64() else column.unify_dictionaries().combine_chunks()
            for column in table.columns
        ]
    return None


def _is_quoted_well(raw: bytes, columns: Sequence[Any], skipped: int, delimiter: str) -> bool:
    """Say whether the strict reader cuts the same cells out of these quotes."""
    if b'"' not in raw:
        return True
    from pyarrow import compute

    words = [column.dictionary for column in columns if hasattr(column, "dictionary")]
    # Neither is part of a number.
    are_cut = delimiter in ",;|" and not any(
        compute.any(compute.match_substring(one, sign)).as_py() for one in words for sign in (delimiter, '"')
    )
    return (are_cut and quotes_are_plain(raw, delimiter, skipped, len(columns[0]))) or quotes_pair_up(raw, delimiter)


def _has_empty_rows(columns: Sequence[Any]) -> bool:
    """Say whether a row holds nothing: the strict reader sets it aside."""
    empty = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        if column.null_count == 0 and not hasattr(column, "dictionary"):
            return False
        if hasattr(column, "dictionary"):
            blank = np.array([not value.strip() for value in column.dictionary.to_pylist()], dtype=bool)
            empty &= blank[column.indices.to_numpy()]
        else:
            empty &= column.is_null().to_numpy()
        if not empty.any():
            return False
    return True


def _given(
    names: Sequence[str], columns: Sequence[Any], styles: tuple[str, ...], missing_words: Collection[str],
    category_columns: Collection[str],
) -> list[Given] | None:  # fmt: skip
    """Type every column; None where a number is none to the strict reader, or a comma may be a decimal one."""
    sentinels = [value for word in missing_words if (value := number(word)) is not None]

    def typed(name: str, column: Any) -> Given | None:
        if not hasattr(column, "dictionary"):
            values = column.to_numpy().copy()
            if np.isfinite(values).sum() != len(values) - column.null_count:
                return None
            if sentinels:
                values[np.isin(values, sentinels)] = np.nan
            return Given(name, (), Numbers(values))
        words, codes = _stripped(column)
        if named_like_id(name):
            return Given(name, [words[code] for code in codes.tolist()])
        found: Typed = type_coded(
            words, codes, styles=styles, missing_words=missing_words, names_only=name in category_columns,
            sentinels=sentinels,
        )  # fmt: skip
        if found.style == "comma":
            return None
        return Given(name, (), found.column, bad=found.bad, notes=found.notes)

    with ThreadPoolExecutor(THREADS) as pool:
        given = [one for one in pool.map(spoken_here(typed), names, columns) if one is not None]
    return given if len(given) == len(names) else None


def _stripped(column: Any) -> tuple[list[str], np.ndarray]:
    """Return the different cells without blanks around them, in the order they are met, and which each row has."""
    places: dict[str, int] = {}
    words = [places.setdefault(value.strip(), len(places)) for value in column.dictionary.to_pylist()]
    return list(places), np.array(words, dtype=np.int64)[column.indices.to_numpy()]
