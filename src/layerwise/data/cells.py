"""Cells of text become a column of numbers, categories or texts.

The rules, in order: a column without a present cell is empty; a column whose present cells are all numbers holds
numbers; whole numbers written with leading zeros or more than 15 digits are names; a column that is almost all
numbers holds numbers, and the cells that are none are named; anything else holds categories where values repeat or are
few, and texts where they do not.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from layerwise.data.kinds import Categories, Column, Numbers, Texts
from layerwise.language import say

__all__ = ["MISSING_WORDS", "Typed", "are_dates", "categories", "in_order", "number", "type_cells", "type_coded"]

MISSING_WORDS = ("", "?", "-", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "NULL", "null", "None", "결측")
"""Words that stand for a missing cell unless the user says otherwise."""

MOSTLY = 0.95
"""Share of numbers from which a column is meant to hold numbers."""

FEW = 10
"""So many different values are categories, however short the table."""

LONG = 40
"""Mean length from which words are free text."""

GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
CODE = re.compile(r"0\d+|\d{16,}")
DATES = re.compile(
    r"(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](\d{4}|\d{2})"
    r"|\d{4}년 ?\d{1,2}월( ?\d{1,2}일)?|\d{4}[-/]\d{1,2})"
    r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
    r"|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?|\d{1,2}\.\d{2}\.\d{2}"
)
SHORT_DATE = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](?:\d{4}|\d{2})(?!\d)")
"""A date whose year stands last, so that day and month may stand in either order."""


@dataclass(frozen=True)
class Typed:
    """A column read from text.

    Args:
        column: The cells.
        bad: Rows whose cell is no number although the column holds numbers, and that cell; NaN stands there.
        notes: What was assumed, as sentences about the column.
        style: How its numbers are written: `point`, `comma`, `grouped`; empty where there are none.
    """

    column: Column
    bad: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    style: str = ""


def number(cell: str, style: str = "point") -> float | None:
    """Return the number that a cell holds, or None; infinity is none.

    Args:
        cell: Text without spaces around it.
        style: `point` for 1234.5, `comma` for 1234,5, `grouped` for 1,234.5.

    Example:
        >>> number("2,6", "comma"), number("1,234", "grouped"), number("1_000"), number("1e400")
        (2.6, 1234.0, None, None)
    """
    if style == "comma":
        cell = "" if "." in cell else cell.replace(",", ".")
    elif style == "grouped" and GROUPED.fullmatch(cell):
        cell = cell.replace(",", "")
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None


def type_cells(
    cells: Sequence[str],
    *,
    styles: tuple[str, ...] = ("point",),
    missing_words: Collection[str] = MISSING_WORDS,
    names_only: bool = False,
) -> Typed:
    """Type one column.

    Args:
        cells: One stripped text a row.
        styles: Ways numbers may be written, the most likely first; one holds for the whole column.
        missing_words: Texts that stand for a missing cell; a number does so however it is written.
        names_only: Read categories even where every cell is a number.

    Example:
        >>> type_cells(["1", "2.5", "NA"]).column.kind, type_cells(["yes", "no", "yes"]).column.kind
        ('number', 'category')
    """
    sentinels = [value for word in missing_words if (value := number(word)) is not None]
    plain = None if names_only or styles[0] != "point" else _plain_numbers(cells, sentinels)
    if plain is not None:
        return Typed(Numbers(plain), style="point")
    counts = Counter(cells)
    places = {cell: place for place, cell in enumerate(counts)}
    codes = np.fromiter(map(places.__getitem__, cells), dtype=np.int64, count=len(cells))
    return type_coded(
        tuple(counts), codes, styles=styles, missing_words=missing_words, names_only=names_only, sentinels=sentinels
    )


def type_coded(
    different: Sequence[str],
    codes: np.ndarray,
    *,
    styles: tuple[str, ...] = ("point",),
    missing_words: Collection[str] = MISSING_WORDS,
    names_only: bool = False,
    sentinels: Sequence[float] = (),
) -> Typed:
    """Type one column of which the different cells are known, and which of them stands in each row.

    Args:
        different: The cells, each once, without spaces around it.
        codes: The place of each row's cell among them.
        styles: Ways numbers may be written, the most likely first; one holds for the whole column.
        missing_words: Texts that stand for a missing cell.
        names_only: Read categories even where every cell is a number.
        sentinels: Numbers that stand for a missing cell however they are written.
    """
    counts = Counter(dict(zip(different, np.bincount(codes, minlength=len(different)).tolist(), strict=True)))
    missing = {cell for cell in counts if cell in missing_words}
    present = Counter({cell: count for cell, count in counts.items() if cell not in missing})
    if not present:
        return Typed(Numbers(np.full(len(codes), np.nan)), notes=(say("no cell is filled"),))
    if names_only:
        return Typed(_coded_categories(different, codes, missing))
    if all(map(str.isdigit, present)) and any(map(CODE.fullmatch, present)):
        codes_note = say("codes with leading zeros or many digits: names")
        return Typed(_names(different, codes, present, missing), notes=(codes_note,))
    style, parsed, wrong = _best_style(present, styles)
    total = present.total()
    if not wrong or total - wrong >= MOSTLY * total or (wrong == 1 and total >= FEW // 2):
        table = np.array([parsed.get(cell, math.nan) for cell in different])
        table[np.isin(table, sentinels)] = math.nan
        unread = np.array([cell not in parsed and cell not in missing for cell in different])
        bad = np.flatnonzero(unread[codes]).tolist() if wrong else []
        return Typed(Numbers(table[codes]), tuple((row, different[codes[row]]) for row in bad), style=style)
    notes = _word_notes(present, missing, counts, wrong)
    if are_dates(list(present)):
        return Typed(_texts(different, codes, missing), notes=(*notes, _date_note(present)))
    return Typed(_names(different, codes, present, missing), notes=notes)


def are_dates(cells: Sequence[str]) -> bool:
    """Say whether filled cells are dates or times, by the first thousand of them.

    Example:
        >>> are_dates(["2024-07-01", "2024년 7월 2일"]), are_dates(["July"]), are_dates([])
        (True, False, False)
    """
    return bool(cells) and all(map(DATES.fullmatch, cells[:1000]))


def _plain_numbers(cells: Sequence[str], sentinels: Sequence[float]) -> np.ndarray | None:
    """Return the numbers of a long column of fractions at once; None where a closer look at each cell is needed."""
    if not cells or cells[0].isdigit():
        return None
    try:
        values = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except ValueError:
        return None
    if not np.isfinite(values).all() or "_" in "".join(cells):
        return None
    return np.where(np.isin(values, sentinels), math.nan, values)


def categories(cells: Sequence[str], missing: Collection[str] = ("",)) -> Categories:
    """Return cells as categories whose names stand in order: numbers by value, words by letter.

    Example:
        >>> categories(["10", "9", "", "10"]).names
        ('9', '10')
    """
    different = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
    codes = np.fromiter(map(different.__getitem__, cells), dtype=np.int64, count=len(cells))
    return _coded_categories(tuple(different), codes, missing)


def _coded_categories(different: Sequence[str], codes: np.ndarray, missing: Collection[str]) -> Categories:
    """Return the rows of some different cells as categories whose names stand in order."""
    names = in_order(set(different) - set(missing))
    places = {name: place for place, name in enumerate(names)}
    table = np.array([places.get(cell, -1) for cell in different], dtype=np.int64)
    return Categories(table[codes], names)


def _texts(different: Sequence[str], codes: np.ndarray, missing: Collection[str]) -> Texts:
    """Return the rows of some different cells as texts, a missing one empty."""
    held = [cell if cell not in missing else "" for cell in different]
    return Texts([held[code] for code in codes.tolist()])


def in_order(names: Collection[str]) -> tuple[str, ...]:
    """Order names by value where all are numbers, else by letter."""
    values = {name: number(name) for name in names}
    if all(value is not None for value in values.values()):
        return tuple(sorted(names, key=lambda name: (values[name], name)))
    return tuple(sorted(names))


def _best_style(present: Counter[str], styles: tuple[str, ...]) -> tuple[str, dict[str, float], int]:
    """Return the first way of writing numbers that fits every cell, else the one that fits most."""
    best: tuple[str, dict[str, float], int] | None = None
    for style in styles:
        parsed = {cell: value for cell in present if (value := number(cell, style)) is not None}
        wrong = sum(count for cell, count in present.items() if cell not in parsed)
        if best is None or wrong < best[2]:
            best = (style, parsed, wrong)
        if not wrong:
            break
    if best is None:
        message = "at least one way of writing numbers is needed"
        raise ValueError(message)
    return best


def _names(different: Sequence[str], codes: np.ndarray, present: Counter[str], missing: Collection[str]) -> Column:
    """Return words as categories where they are few or repeat, else as texts."""
    total = present.total()
    length = sum(len(cell) * count for cell, count in present.items()) / total
    if length <= LONG and (len(present) <= FEW or len(present) <= total / 2):
        return _coded_categories(different, codes, missing)
    return _texts(different, codes, missing)


def _date_note(present: Collection[str]) -> str:
    """Say that dates stay as they are written, and which of day and month stands first where the values tell."""
    found = [match for cell in present if (match := SHORT_DATE.match(cell))]
    day_first, month_first = (any(int(match[place]) > 12 for match in found) for place in (1, 2))
    if day_first and month_first:
        return say("dates or times, kept as text; in some the day stands first, in others the month")
    if day_first:
        return say("dates or times, kept as text; the day stands before the month")
    if month_first:
        return say("dates or times, kept as text; the month stands before the day")
    if found:
        return say("dates or times, kept as text; whether day or month stands first cannot be told")
    return say("dates or times, kept as text")


def _word_notes(present: Counter[str], missing: Collection[str], counts: Counter[str], wrong: int) -> tuple[str, ...]:
    """Say what may surprise in a column of words: half numbers, or words read as missing."""
    notes = []
    if wrong <= present.total() / 2:
        notes.append(
            say("{} of {} cells are numbers, the others words: names", present.total() - wrong, present.total())
        )
    words = sorted(cell for cell in missing if cell)
    if words:
        listed = ", ".join(f"'{word}' ({counts[word]})" for word in words)
        notes.append(say("read as missing: {} (--keep-words keeps them as values)", listed))
    return tuple(notes)
