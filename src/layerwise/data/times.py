"""When each row happened: a field of dates or numbers, read as moments that can be put in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache

import numpy as np

from layerwise.data.date_patterns import date_pattern
from layerwise.data.kinds import Numbers, Texts
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["moments"]

DAYS = (
    *(f"{first}{sign}{second}{sign}{third}" for sign in "-/."
      for first, second, third in (("yy", "MM", "dd"), ("dd", "MM", "yy"), ("MM", "dd", "yy"))),
    "yy.MM.dd.", "yyyyMMdd", "yy년MM월dd일", "dd MMM yy", "dd-MMM-yy", "MMM dd, yy", "yy-MM", "yy/MM", "yy.MM",
    "yy년MM월", "yy년",
)  # fmt: skip
"""Patterns of days and months; a year of four digits fits yy, too, and blanks before a number do not matter."""

CLOCKS = ("", " HH:mm", " HH:mm:ss", " HH.mm", " HH.mm.ss", " HH시", " HH시mm분", " HH시mm분ss초", " a hh:mm",
          " a hh:mm:ss", " hh:mm a", " hh:mm:ss a")  # fmt: skip
"""Patterns of the time of day behind them."""

Reader = Callable[[str], float | None]


def moments(source: Source) -> np.ndarray:
    """Return when each row happened: a number that rises with time, `(rows,)`.

    A field of numbers is taken as it stands; dates are read by the one form that all of them have.

    Args:
        source: Rows with a field of the role time.

    Raises:
        LayerwiseError: There is no such field, a row has no time or one that is none, or days and months cannot be
            told apart.

    Example:
        >>> from layerwise.data.source import Field
        >>> days = Texts(["31/12/2017", "1/1/2018"])
        >>> moments(Source("bikes", "memory", (Field("day", "time"),), {"day": days})).tolist()
        [17531.0, 17532.0]
    """
    names = source.named("time")
    if not names:
        raise LayerwiseError(
            say("A split by time needs a field that says when each row happened."),
            say("no field of '{}' has the role of the time", source.name), say("Name it: --time FIELD"), usage=True,
        )  # fmt: skip
    column = source.columns[names[0]]
    missing = np.flatnonzero(column.missing())
    if len(missing):
        shown = ", ".join(source.place(int(row)) for row in missing[:5])
        raise LayerwiseError(
            say("A split by time needs the time of every row."),
            say("'{}' is missing in {} rows: {}", names[0], len(missing), shown),
            say("Fill them in, or deal the rows at random: --split-by random"),
        )  # fmt: skip
    if isinstance(column, Numbers):
        return np.asarray(column.values, dtype=np.float64)
    cells = list(column.values) if isinstance(column, Texts) else [column.show(row) for row in range(len(column))]
    return _read(source, names[0], cells)


def _read(source: Source, name: str, cells: Sequence[str]) -> np.ndarray:
    """Read texts by the one form that fits all of them."""
    different = list(dict.fromkeys(cells))
    found = [values for read in _forms() if (values := _all(read, different)) is not None]
    if not found:
        raise _unreadable(source, name, cells, different)
    for values in found[1:]:
        # Two forms may fit, as long as they put the rows in the same order.
        if (np.argsort(values, kind="stable") != np.argsort(found[0], kind="stable")).any():
            raise _ambiguous(name, different, found[0], values)
    places = {text: place for place, text in enumerate(different)}
    return found[0][[places[text] for text in cells]]


def _all(read: Reader, texts: Sequence[str]) -> np.ndarray | None:
    """Read every text, or nothing as soon as one does not fit."""
    values = []
    for text in texts:
        value = read(text)
        if value is None:
            return None
        values.append(value)
    return np.array(values, dtype=np.float64)


@cache
def _forms() -> tuple[Reader, ...]:
    """Return every reader of a time, the ones that cannot be mistaken first."""
    return (_iso, *(date_pattern(day + clock).days for day, clock in _pairs()), _number)


def _pairs() -> Iterator[tuple[str, str]]:
    """Yield every pattern of a day with every pattern of a time of day."""
    for day in DAYS:
        for clock in CLOCKS:
            yield day, clock


def _iso(text: str) -> float | None:
    """Read ISO 8601; times without a zone are those of UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return since.total_seconds() / 86_400


def _number(text: str) -> float | None:
    """Read a finite number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _unreadable(source: Source, name: str, cells: Sequence[str], different: Sequence[str]) -> LayerwiseError:
    """Name the first row that the form of most others does not fit."""
    looked = different[:: max(1, len(different) // 500)]
    usual = max(_forms(), key=lambda read: sum(read(text) is not None for text in looked))
    row = next(row for row, text in enumerate(cells) if usual(text) is None)
    return LayerwiseError(
        say("The times of all rows are of one form: dates, dates with a time of day, or numbers."),
        say("{}: '{}' in '{}'", source.place(row), cells[row], name),
        say("Mend the cell (2024-01-31 or 2024-01-31 14:30 is always understood), or use --split-by random."),
    )


def _ambiguous(name: str, different: Sequence[str], first: np.ndarray, second: np.ndarray) -> LayerwiseError:
    """Say that the same dates can be read in two ways."""
    place = int(np.flatnonzero(first != second)[0])
    return LayerwiseError(
        say("It must be clear which number is the day, which the month and which the year."),
        say("'{}' in '{}' can be read in two ways, and so can all others", different[place], name),
        say("Write the dates as 2024-01-31, or give a number that rises with time."),
    )
