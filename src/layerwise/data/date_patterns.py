"""Dates as ARFF declares them: patterns of Java's SimpleDateFormat, read as days since 1970-01-01 in UTC.

Source: Java SE, java.text.SimpleDateFormat, "Date and Time Patterns"; letters for weeks and eras are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["ISO", "DatePattern", "date_pattern"]

ISO = "yyyy-MM-dd'T'HH:mm:ss"
"""The pattern of a date attribute that names none."""

LONGEST = 200
"""Signs of the longest pattern that is read."""

PIVOT = 69
"""Two-digit years from here on are of the twentieth century, those below of the twenty-first, as in POSIX."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KOREAN_WEEKDAYS = "월화수목금토일"
ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "KST": 9, "JST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
         "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}  # fmt: skip
"""Hours by which the clocks of a zone are ahead of UTC."""

ZONE = rf"(?:(?:GMT|UTC)?[+-]\d{{1,2}}(?::?\d{{2}})?|{'|'.join(ZONES)})"
WORDS = {
    "M": r"(?:(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?"
         r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)|\d{1,2}월)",
    "E": r"(?:(?i:mon|tue|wed|thu|fri|sat|sun)(?i:s?day|nesday|rsday|urday)?|[월화수목금토일](?:요일)?)",
    "a": r"(?:(?i:am|pm)|오전|오후)",
    "z": ZONE, "Z": ZONE, "X": ZONE,
}  # fmt: skip
RANGES = {"y": (1, 9999), "M": (1, 12), "d": (1, 31), "D": (1, 366), "H": (0, 23), "k": (1, 24), "K": (0, 11),
          "h": (1, 12), "m": (0, 59), "s": (0, 59), "S": (0, 999)}  # fmt: skip
"""Smallest and largest number of each letter that stands for one."""

PIECE = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letter>[A-Za-z])(?P=letter)*|(?P<sign>.)", re.DOTALL)


@dataclass(frozen=True)
class DatePattern:
    """A pattern ready to read texts.

    Args:
        pattern: The pattern as it was declared.
        expression: The same as a regular expression with one group for each run of letters.
        letters: The letter and the length of each run.
    """

    pattern: str
    expression: re.Pattern[str]
    letters: tuple[tuple[str, int], ...]

    def days(self, text: str) -> float | None:
        """Return the days since 1970-01-01 00:00 UTC, or None where the text does not fit or there is no such day.

        Example:
            >>> date_pattern("yyyy-MM-dd HH:mm").days("1970-01-02 06:00")
            1.25
            >>> date_pattern("dd.MM.yyyy").days("31.02.2024") is None
            True
        """
        match = self.expression.fullmatch(text.strip())
        if match is None:
            return None
        found: dict[str, int] = {}
        for (letter, length), word in zip(self.letters, match.groups(), strict=True):
            value = _value(letter, length, word)
            low, high = RANGES.get(letter, (value, value))
            if not low <= value <= high:
                return None
            found[letter] = value
        return _days(found)


def date_pattern(pattern: str) -> DatePattern:
    """Translate a pattern of Java's SimpleDateFormat.

    Args:
        pattern: Letters y M d D H k K h m s S a E z Z X, other signs for themselves, words in single quotes.

    Raises:
        LayerwiseError: A letter is another one, a quote is not closed, or there are more than 200 signs.

    Example:
        >>> date_pattern("d MMM yy").days("2 Jan 70")
        1.0
    """
    if len(pattern) > LONGEST:
        raise _unreadable(pattern[:20], say("{} signs", len(pattern)))
    pieces = list(PIECE.finditer(pattern))
    numeric = [_is_number(piece) for piece in pieces]
    expression = ""
    letters: list[tuple[str, int]] = []
    for place, piece in enumerate(pieces):
        letter, length = piece["letter"], len(piece[0])
        if letter is None:
            expression += re.escape(_literal(pattern, piece))
            continue
        letter = "M" if letter == "L" else letter
        if letter not in RANGES and letter not in WORDS:
            raise _unreadable(pattern, letter)
        # Numbers that stand side by side, as in yyyyMMdd, are told apart by their lengths alone.
        abutting = numeric[place] and place + 1 < len(pieces) and numeric[place + 1]
        digits = rf"(\d{{{length}}})" if abutting else r"\s*(\d{1,9})"
        expression += digits if numeric[place] else f"({WORDS[letter]})"
        letters.append((letter, length))
    return DatePattern(pattern, re.compile(expression, re.ASCII), tuple(letters))


def _is_number(piece: re.Match[str]) -> bool:
    """Say whether a run of letters stands for digits; months of three letters and more are words."""
    letter = piece["letter"]
    return letter in RANGES and not (letter in "ML" and len(piece[0]) > 2) if letter else False


def _literal(pattern: str, piece: re.Match[str]) -> str:
    """Return what a quoted word or a sign stands for: two quotes are one."""
    if piece["sign"] == "'":
        raise _unreadable(pattern, "'")
    return piece["sign"] or piece["quoted"].replace("''", "'") or "'"


def _unreadable(pattern: str, sign: str) -> LayerwiseError:
    """Say what a pattern may hold."""
    return LayerwiseError(
        say(
            "A date pattern holds the letters {}, other signs, and words in quotes.", "y M d D H k K h m s S a E z Z X"
        ),
        say("'{}' in \"{}\"", sign, pattern),
        say("Write the dates in another pattern, or declare the attribute as string and leave it out with --drop."),
    )


def _value(letter: str, length: int, word: str) -> int:
    """Return the number that a piece of a date stands for."""
    if letter in "zZX":
        return _minutes_ahead(word)
    if letter == "E":
        return KOREAN_WEEKDAYS.find(word[0]) if word[0] in KOREAN_WEEKDAYS else WEEKDAYS.index(word[:3].lower())
    if letter == "a":
        return int(word.lower() in ("pm", "오후"))
    if letter == "M" and not word.isdigit():
        return int(word[:-1]) if word.endswith("월") else MONTHS.index(word[:3].lower()) + 1
    if letter == "y" and length == 2 and len(word) == 2:
        return int(word) + (1900 if int(word) >= PIVOT else 2000)
    return int(word)


def _minutes_ahead(word: str) -> int:
    """Return by how many minutes the clocks of a zone are ahead of UTC."""
    if word in ZONES:
        return 60 * ZONES[word]
    sign, figures = re.fullmatch(r"\D*?([+-])(.*)", word).groups()  # type: ignore[union-attr]
    hours, _, minutes = figures.partition(":")
    if len(hours) > 2:
        hours, minutes = hours[:-2], hours[-2:]
    return (60 * int(hours) + int(minutes or 0)) * (-1 if sign == "-" else 1)


def _days(found: Mapping[str, int]) -> float | None:
    """Return the days since 1970 of the pieces of a date; what is not told is that of 1970-01-01 00:00."""
    afternoon = 12 * found.get("a", 0)
    hour = found.get("H", found.get("k", 0) % 24)
    if "K" in found or "h" in found:
        hour = found.get("K", found.get("h", 0) % 12) + afternoon
    try:
        day = datetime(found.get("y", 1970), found.get("M", 1), found.get("d", 1), tzinfo=UTC)
    except ValueError:
        return None
    if "D" in found:
        day = day.replace(month=1, day=1) + timedelta(days=found["D"] - 1)
    if day.weekday() != found.get("E", day.weekday()) or day.year != found.get("y", 1970):
        return None
    since = day - datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = (hour * 60 + found.get("m", 0)) * 60_000 + found.get("s", 0) * 1000 + found.get("S", 0)
    ahead = next((found[letter] for letter in "zZX" if letter in found), 0)
    # days = whole days + milliseconds / 86 400 000 - minutes ahead of UTC / 1440
    return since.days + milliseconds / 86_400_000 - ahead / 1440
