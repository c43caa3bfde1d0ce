"""Records of JSON: one object a line (.jsonl, .ndjson), or one list of objects (.json)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from layerwise.catalog import register
from layerwise.data.json_records import Records, flat, records_of, undefined
from layerwise.data.native_cells import STYLES, cell_text, given_values
from layerwise.data.source import Source
from layerwise.data.text_encoding import read_text
from layerwise.data.typed_table import Given, absent_note, missing_of, typed_table
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "sniff"]

SUFFIXES = (".jsonl", ".ndjson", ".json")

SHOWN = 5
"""Keys that a note lists before it counts the others."""


def sniff(path: Path) -> bool:
    """Say whether a file is named as JSON."""
    return path.is_file() and path.suffix.lower() in SUFFIXES


@register("jsonl", suffixes=(".jsonl", ".ndjson", ".json"))
def read(
    path: Path,
    *,
    encoding: str = "",
    missing_words: tuple[str, ...] = (),
    keep_words: tuple[str, ...] = (),
    category_columns: tuple[str, ...] = (),
    skip_columns: tuple[str, ...] = (),
) -> Source:
    """Read records of JSON; every record is loaded or listed among the problems.

    Args:
        path: A file with one object a line, or with one list of objects.
        encoding: Encoding of the file; empty for its mark, else UTF-8, else CP949.
        missing_words: Words that stand for a missing cell: in ARFF beside ?, in other tables beside an empty cell, ?,
            -, NA, N/A, NaN, NULL, None, 결측.
        keep_words: Usual words for a missing cell that are values in this file.
        category_columns: Columns whose values are names even where they look like numbers.
        skip_columns: Columns that are set aside, whatever they hold: nested values, formulas without a value.

    Raises:
        LayerwiseError: The file is empty, cannot be decoded, or holds no object.
    """
    text = read_text(path, encoding)
    if not text.content.strip():
        raise LayerwiseError(
            say("A table has a header and rows."), say("'{}' is empty", path), say("Check that the file was saved.")
        )
    found = records_of(path, text.content)
    kept = flat(found, skip_columns)
    if not kept.rows:
        raise _none_left(kept)
    keys = Counter(key for row in kept.rows for key in row)
    missing = missing_of(missing_words, keep_words)
    given = [_given(name, [row.get(name) for row in kept.rows], missing, name in skip_columns) for name in keys]
    notes = [*filter(None, [text.note]), *_notes(keys, kept.rows), *absent_note(keys, skip_columns)]
    return typed_table(
        path, given,
        where=lambda row, name: say("{}, key {}", kept.where(kept.places[row]), repr(name)),
        places=[f"{kept.unit} {place}" for place in kept.places],
        missing_words=missing, styles=STYLES, category_columns=category_columns,
        problems=list(kept.problems.values()), notes=notes,
    ).source  # fmt: skip


def _none_left(found: Records) -> LayerwiseError:
    """Say that no record can be read, and what is wrong with the first."""
    first = next(iter(found.problems.values()))
    return LayerwiseError(
        first.rule,
        say("'{}': none of {} records can be read; {}: {}", found.path, len(found.problems), first.where, first.found),
        first.remedy,
    )


def _given(name: str, values: Sequence[Any], missing_words: Collection[str], aside: bool) -> Given:
    """Return one column as the records give it; a column that is set aside is kept as the text of its JSON."""
    if not aside:
        return given_values(name, values, missing_words)
    texts = [
        json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else cell_text(value)
        for value in values
    ]
    return Given(name, texts, role="unused")


def _notes(keys: Mapping[str, int], rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say which keys some records lack, and how many cells hold NaN."""
    rare = [f"'{key}' ({len(rows) - count})" for key, count in keys.items() if count < len(rows)]
    shown = ", ".join(rare[:SHOWN]) + (" ..." if len(rare) > SHOWN else "")
    notes = [say("Keys that some records lack, read as missing there: {}.", shown)] if rare else []
    count = undefined(rows)
    return [*notes, say("NaN, which JSON does not know, read as missing: {} cells.", count)] if count else notes
