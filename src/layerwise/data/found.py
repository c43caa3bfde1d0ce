"""What a look at the data found: sentences, and the rows they are about."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Found", "NamedRow"]


@dataclass(frozen=True)
class NamedRow:
    """One row that a check names.

    Args:
        row: Its number in the data as read, from 0.
        id: Its id.
        place: Where it stands: line, record or file.
        given: What the data say of it.
        instead: What the others say of it.
        score: How strongly; what that means, the check says.
    """

    row: int
    id: str
    place: str
    given: str
    instead: str
    score: float


@dataclass(frozen=True)
class Found:
    """What one check found.

    Args:
        check: Its name, for programs.
        title: Its name, for people.
        sentences: What was looked at, and what was found.
        warning: Whether something must be looked into.
        total: How many rows it is about; `rows` may hold only the first.
        rows: These rows, the most telling first.
        columns: Headings of what stands beside a row: given, instead, score.
    """

    check: str
    title: str
    sentences: tuple[str, ...]
    warning: bool = False
    total: int = 0
    rows: tuple[NamedRow, ...] = ()
    columns: tuple[str, str, str] = ("", "", "")
