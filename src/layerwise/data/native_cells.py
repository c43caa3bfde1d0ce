"""Cells that a file already holds as numbers, truth values, dates or texts become one column."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from layerwise.data.cells import categories, number, type_cells
from layerwise.data.kinds import Numbers
from layerwise.data.typed_table import Given
from layerwise.language import say

__all__ = ["EXACT", "STYLES", "cell_text", "given_values", "numbers_given", "without_midnight"]

EXACT = 2**53
"""Whole numbers up to this size are exact in 64 bits of floating point."""

STYLES = ("point", "grouped", "comma")
"""Ways numbers may be written where they are stored as text."""


def cell_text(value: Any) -> str:
    """Return one cell as text: whole numbers without a fraction, dates as year-month-day, nothing as the empty text.

    Example:
        >>> [cell_text(value) for value in (None, True, 3.0, 0.1, " a ", datetime.datetime(2024, 3, 1))]
        ['', 'True', '3', '0.1', 'a', '2024-03-01']
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value)
    if isinstance(value, datetime.datetime):
        return without_midnight(value.isoformat(" "))
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)


def without_midnight(text: str) -> str:
    """Return a date without a time of day that is midnight.

    Example:
        >>> without_midnight("2024-03-01 00:00:00"), without_midnight("2024-03-01 08:30:00")
        ('2024-03-01', '2024-03-01 08:30:00')
    """
    return text.removesuffix(" 00:00:00")


def given_values(name: str, values: Sequence[Any], missing_words: Collection[str]) -> Given:
    """Return a column of native values.

    Numbers stay numbers, truth values become the names False and True, dates become text; a column that mixes kinds,
    or holds texts, is typed as the same cells in a text table would be.

    Args:
        name: Name of the column.
        values: None, truth values, numbers, texts and dates.
        missing_words: Texts that stand for a missing cell; a number does so however it is written.

    Example:
        >>> given_values("age", [31, None, 45.5], ("",)).column.values.tolist()
        [31.0, nan, 45.5]
        >>> given_values("ok", [True, False], ("",)).column.names
        ('False', 'True')
    """
    texts = [cell_text(value) for value in values]
    present = [value for value, text in zip(values, texts, strict=True) if text]
    if present and all(isinstance(value, bool) for value in present):
        return Given(name, texts, categories(texts))
    if present and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        whole = any(isinstance(value, int) and abs(value) > EXACT for value in present)
        return numbers_given(name, texts, [_float(value) for value in values], missing_words, rounded=whole)
    typed = type_cells(texts, styles=STYLES, missing_words=missing_words)
    notes = list(typed.notes)
    if isinstance(typed.column, Numbers) and typed.style:
        stored = [text for value, text in zip(values, texts, strict=True) if isinstance(value, str)]
        count = sum(number(text, typed.style) is not None for text in stored)
        notes += [say("{} numbers are stored as text", count)] if count else []
        notes += [say("with decimal commas")] if typed.style == "comma" else []
    return Given(name, texts, typed.column, bad=typed.bad, notes=tuple(notes))


def _float(value: Any) -> float:
    """Return a number as 64 bits; one that is too large is infinite."""
    try:
        return math.nan if value is None or value == "" else float(value)
    except OverflowError:
        return math.inf


def numbers_given(
    name: str, texts: Sequence[str], values: Any, missing_words: Collection[str], *, rounded: bool = False
) -> Given:
    """Return a column of native numbers; infinite ones are bad cells.

    Args:
        name: Name of the column.
        texts: The cells as text, or nothing where only their numbers are asked for.
        values: The cells as 64 bits, NaN where missing.
        missing_words: Numbers among them stand for a missing cell.
        rounded: Whether whole numbers lost digits on the way.
    """
    held = np.array(values, dtype=np.float64)
    sentinels = [value for word in missing_words if (value := number(word)) is not None]
    held[np.isin(held, sentinels)] = math.nan
    infinite = np.flatnonzero(np.isinf(held)).tolist()
    bad = tuple((row, texts[row] if texts else str(held[row])) for row in infinite)
    held[infinite] = math.nan
    told = say("whole numbers beyond 2^53 lose their last digits (--category reads them as names)")
    return Given(name, texts, Numbers(held), bad=bad, notes=(told,) if rounded else ())
