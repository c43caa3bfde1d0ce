"""Parquet: columns that say themselves of what kind they are, read by pyarrow."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.catalog import register
from layerwise.data.kinds import Categories, Texts
from layerwise.data.native_cells import EXACT, STYLES, cell_text, given_values, numbers_given, without_midnight
from layerwise.data.roles import named_like_id
from layerwise.data.source import Source
from layerwise.data.typed_table import Given, absent_note, missing_of, typed_table
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "sniff"]

MAGIC = b"PAR1"

MOST_CELLS = 2**30
"""Cells of the largest table that is read; a file of a kilobyte can announce more."""

FRACTION = re.compile(r"\.(\d*?)0*(?=$|[Z+\-])")
"""The fraction of a second behind a time, with its trailing zeros."""

INDEX = re.compile(r"__index_level_\d+__")
"""Names under which pandas keeps the index of a frame."""


def sniff(path: Path) -> bool:
    """Say whether a file starts as Parquet does."""
    if not path.is_file():
        return False
    if path.suffix.lower() in (".parquet", ".pq"):
        return True
    with path.open("rb") as stream:
        return stream.read(4) == MAGIC


@register("parquet", suffixes=(".parquet", ".pq"))
def read(
    path: Path,
    *,
    missing_words: tuple[str, ...] = (),
    keep_words: tuple[str, ...] = (),
    category_columns: tuple[str, ...] = (),
    skip_columns: tuple[str, ...] = (),
) -> Source:
    """Read a Parquet file; every row is loaded or listed among the problems.

    Args:
        path: A file of plain columns.
        missing_words: Words that stand for a missing cell: in ARFF beside ?, in other tables beside an empty cell, ?,
            -, NA, N/A, NaN, NULL, None, 결측.
        keep_words: Usual words for a missing cell that are values in this file.
        category_columns: Columns whose values are names even where they look like numbers.
        skip_columns: Columns that are set aside, whatever they hold: nested values, formulas without a value.

    Raises:
        LayerwiseError: The file is damaged, has no rows, names a column twice, or holds nested columns or bytes.
    """
    try:
        import pyarrow
    except ImportError as problem:
        raise LayerwiseError(
            say("Parquet is read by an extra."), say("pyarrow is not installed"), "pip install 'layerwise[tables]'",
            usage=True,
        ) from problem  # fmt: skip
    try:
        table = _table(path)
        _check(path, table, skip_columns)
        words = (missing_of(missing_words, keep_words), missing_words)
        given = [
            _given(name, column, words, named=name in category_columns, aside=name in skip_columns)
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
    except (pyarrow.ArrowException, ValueError, LookupError, TypeError, OverflowError, OSError) as problem:
        raise _damaged(path, str(problem).partition("\n")[0][:200]) from problem
    return typed_table(
        path, given,
        where=lambda row, name: say("{}, row {}, column '{}'", path.name, row + 1, name),
        places=[f"row {row + 1}" for row in range(table.num_rows)],
        missing_words=words[0], styles=STYLES, category_columns=category_columns,
        notes=absent_note(table.column_names, skip_columns),
    ).source  # fmt: skip


def _table(path: Path) -> Any:
    """Read the whole file, and check its checksums where it has any."""
    from pyarrow import parquet

    with path.open("rb") as stream:
        if stream.read(4) != MAGIC:
            raise _damaged(path, say("it does not start with {}", MAGIC.decode()))
        file = parquet.ParquetFile(stream, page_checksum_verification=True)
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows * columns > MOST_CELLS:
            raise LayerwiseError(
                say("A table has at most {} cells.", MOST_CELLS),
                say("'{}' has {} rows and {} columns", path, rows, columns), say("Divide it into several files."),
            )  # fmt: skip
        table = file.read(use_threads=False)
    table.validate(full=True)
    return table


def _damaged(path: Path, found: str) -> LayerwiseError:
    """Say that a file is not what its name says."""
    return LayerwiseError(
        say("A Parquet file must be whole."), f"'{path}': {found}", say("Write or fetch the file again.")
    )


def _check(path: Path, table: Any, skipped: Collection[str]) -> None:
    """Refuse a table without rows, with a name twice, or with cells that hold more than one value."""
    names = table.column_names
    if not table.num_rows or not names:
        raise LayerwiseError(
            say("A table has rows below its header."),
            say("'{}' has {} rows and {} columns", path, table.num_rows, len(names)), say("Add rows."),
        )  # fmt: skip
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LayerwiseError(
            say("Every column has its own name."),
            say("{}: twice or more: {}", path.name, ", ".join(f"'{name}'" for name in twice)),
            say("Rename the columns."),
        )
    refused = [part for part in table.schema if part.name not in skipped and not _plain(part.type)]
    if refused:
        raise LayerwiseError(
            say("A cell holds one number, word, date or truth value."),
            say("'{}' has columns of another kind: {}", path,
                ", ".join(f"'{part.name}' ({part.type})" for part in refused)),
            say("Spread them over columns of their own, or set them aside: --skip-columns {}",
                " ".join(shlex.quote(part.name) for part in refused)),
        )  # fmt: skip


def _plain(kind: Any) -> bool:
    """Say whether the cells of a column hold one value that a table can show."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    return any(
        is_kind(kind) for is_kind in (
            types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_string,
            types.is_large_string, types.is_string_view, types.is_date, types.is_time, types.is_timestamp,
            types.is_duration, types.is_null,
        )
    )  # fmt: skip


def _given(name: str, column: Any, words: tuple[set[str], Sequence[str]], *, named: bool, aside: bool) -> Given:
    """Return one column as the file gives it.

    Args:
        name: Its name.
        column: A chunked array.
        words: All words that stand for a missing cell, and those among them that the user named.
        named: Whether its values are to be read as names.
        aside: Whether it is set aside.
    """
    from pyarrow import types

    kind = column.type
    if aside:
        return Given(name, [cell_text(value) for value in _shown(column)], role="unused")
    if types.is_dictionary(kind):
        return _dictionary(name, column.combine_chunks(), words[1])
    if INDEX.fullmatch(name):
        texts = [cell_text(value) for value in _shown(column)]
        role = "id" if all(texts) and len(set(texts)) == len(texts) else "unused"
        return Given(name, texts, Texts(texts), role, notes=(say("the index of a frame, no input"),))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_duration(kind):
        return _numbers(name, column, words[0], named=named)
    return given_values(name, column.to_pylist() if types.is_boolean(kind) else _shown(column), words[0])


def _shown(column: Any) -> list[Any]:
    """Return cells as plain values: dates and times as text, nested ones as Python shows them."""
    from pyarrow import compute, string, types

    kind = column.type
    if types.is_date(kind) or types.is_time(kind) or types.is_timestamp(kind):
        texts = compute.cast(column, string()).to_pylist()
        return [text and without_midnight(FRACTION.sub(_fraction, text)) for text in texts]
    return list(column.to_pylist()) if _plain(kind) else [value and repr(value) for value in column.to_pylist()]


def _fraction(found: re.Match[str]) -> str:
    """Return a fraction of a second without trailing zeros."""
    return f".{found[1]}" if found[1] else ""


def _numbers(name: str, column: Any, missing_words: Collection[str], *, named: bool) -> Given:
    """Return a column of numbers; durations are in seconds."""
    from pyarrow import compute, float64, int64, types

    rounded, notes = False, list[str]()
    texts = [cell_text(value) for value in column.to_pylist()] if named or named_like_id(name) else []
    if types.is_duration(column.type):
        units = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
        values = compute.cast(compute.cast(column, int64()), float64(), safe=False).to_numpy() / units
        notes.append(say("durations, in seconds"))
    else:
        values = compute.cast(column, float64(), safe=False).to_numpy()
        if types.is_integer(column.type):
            ends = compute.min_max(column).as_py().values()
            rounded = any(end is not None and abs(end) > EXACT for end in ends)
    given = numbers_given(name, texts, values, missing_words, rounded=rounded)
    return replace(given, notes=(*given.notes, *notes))


def _dictionary(name: str, column: Any, missing_words: Collection[str]) -> Given:
    """Return a column of categories in the order that the file gives them, those without a row included."""
    words = [cell_text(value) for value in _shown(column.dictionary)]
    names = tuple(dict.fromkeys(word for word in words if word and word not in missing_words))
    # Behind the codes of the names stands one for cells without any: -1 reaches it from the end.
    place = {word: code for code, word in enumerate(names)}
    places = np.array([*(place.get(word, -1) for word in words), -1], dtype=np.int64)
    codes = places[column.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    held = Categories(codes, names)
    texts = [held.show(row) for row in range(len(held))] if named_like_id(name) else []
    return Given(name, texts, held)
