"""Objects of JSON with their places: one a line, or one list of them; whatever else stands there is listed."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layerwise.data.source import Problem
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Records", "flat", "records_of", "undefined"]

LINE_END = re.compile("\r\n|\r|\n")

LONE = re.compile("[\ud800-\udfff]")
"""Halves of a sign of 32 bits: JSON can spell one alone, and no text can hold it."""


@dataclass(frozen=True)
class Twice:
    """What stands in the place of an object that names a key twice."""

    key: str


@dataclass
class Records:
    """The objects of a file, and what stands in the place of others.

    Args:
        path: The file.
        unit: What is counted: `line` or `record`.
        places: Number of each object.
        rows: The objects.
        problems: What cannot be read, by number.
    """

    path: Path
    unit: str
    places: list[int] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: dict[int, Problem] = field(default_factory=dict)

    def where(self, place: int) -> str:
        """Return where a record stands, for messages."""
        name = self.path.name
        return say("{}, line {}", name, place) if self.unit == "line" else say("{}, record {}", name, place)

    def refuse(self, place: int, rule: str, found: str, remedy: str = "") -> None:
        """List a record that cannot be read."""
        remedy = remedy or say("Mend the record, or leave it out with --exclude-problems.")
        self.problems[place] = Problem(self.where(place), rule, found, remedy)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Twice:
    """Make an object of its keys and values, unless a key stands twice."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    return Twice(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]


DECODER = json.JSONDecoder(object_pairs_hook=_object)


def records_of(path: Path, content: str) -> Records:
    r"""Read one list of objects, else one object a line.

    Args:
        path: File, for messages.
        content: What it holds; more than blanks.

    Raises:
        LayerwiseError: A list breaks off or is empty, or the file is one object.

    Example:
        >>> found = records_of(Path("a.jsonl"), '{"a": 1}\n{"a": \n')
        >>> found.rows, found.problems[2].found
        ([{'a': 1}], 'place 6: Expecting value')
    """
    start = content.lstrip()[0]
    if start not in "[{":
        return _lines(path, content)
    try:
        whole = DECODER.decode(content.strip())
    except json.JSONDecodeError as problem:
        # Where every line holds a value, the first one is followed by more.
        if start == "[" and problem.msg != "Extra data":
            shown = say("line {}, place {}: {}", problem.lineno, problem.colno, problem.msg)
            raise _broken(path, shown) from problem
        return _lines(path, content)
    except (RecursionError, ValueError) as problem:
        if start == "[":
            raise _broken(path, str(problem)) from problem
        return _lines(path, content)
    if isinstance(whole, list):
        return _listed(path, whole)
    values = list(whole.values()) if isinstance(whole, dict) else []
    columns = len(values) > 1 and all(isinstance(value, list | dict | Twice) for value in values)
    if columns or LINE_END.search(content.strip()):
        raise _one_object(path, whole)
    return _lines(path, content)


def _broken(path: Path, found: str) -> LayerwiseError:
    """Say where a list ends too early."""
    return LayerwiseError(
        say("A list of records is whole."), f"'{path}': {found}", say("Write or fetch the file again.")
    )


def _one_object(path: Path, whole: Any) -> LayerwiseError:
    """Say that a file is one object with some keys."""
    keys = ", ".join(f"'{key}'" for key in list(whole)[:5]) if isinstance(whole, dict) else ""
    return LayerwiseError(
        say("A file of JSON holds one object a line, or one list of objects."),
        say("'{}' is one object with {}", path, keys),
        say("Write the records as a list, or one a line (pandas: to_json(orient=\"records\", lines=True))."),
    )  # fmt: skip


def _listed(path: Path, values: Sequence[Any]) -> Records:
    """Keep the objects of a list."""
    if not values:
        raise LayerwiseError(
            say("A table has rows below its header."), say("'{}' holds an empty list", path), say("Add rows.")
        )
    found = Records(path, "record")
    for number, value in enumerate(values, start=1):
        _keep(found, number, value)
    return found


def _lines(path: Path, content: str) -> Records:
    """Read one object a line; empty lines are none."""
    found = Records(path, "line")
    for number, line in enumerate(LINE_END.split(content), start=1):
        if not line.strip():
            continue
        try:
            _keep(found, number, DECODER.decode(line.strip()))
        except json.JSONDecodeError as problem:
            shown = say("place {}: {}", problem.colno, problem.msg)
            found.refuse(number, say("Every line holds one object of JSON."), shown)
        except (RecursionError, ValueError) as problem:
            found.refuse(number, say("Every line holds one object of JSON."), str(problem))
    return found


def _keep(found: Records, place: int, value: Any) -> None:
    """Keep an object, or say what stands in its place."""
    if isinstance(value, dict):
        found.places.append(place)
        found.rows.append(value)
    elif isinstance(value, Twice):
        found.refuse(place, say("A key stands once in an object."), say("key {} twice or more", repr(value.key)))
    else:
        found.refuse(place, say("Every record is an object of keys and values."), _kind(value))


def _kind(value: Any) -> str:
    """Name the kind of a value as JSON does."""
    if isinstance(value, dict | Twice):
        return say("an object")
    if isinstance(value, list):
        return say("a list")
    return say("the value {}", ascii(value)[:40])


def flat(found: Records, skipped: Collection[str]) -> Records:
    """Return the records whose keys and values can stand in a table; the others are listed.

    Args:
        found: Records as they were read.
        skipped: Keys whose values may be anything.
    """
    kept = Records(found.path, found.unit, problems=dict(found.problems))
    for place, row in zip(found.places, found.rows, strict=True):
        nested = next((key for key in row if isinstance(row[key], list | dict | Twice) and key not in skipped), None)
        if not row:
            kept.refuse(place, say("Every record is an object of keys and values."), say("an object without a key"))
        elif nested is not None:
            kept.refuse(
                place, say("A cell holds one number, word, date or truth value."),
                say("key {} holds {}", repr(nested), _kind(row[nested])),
                say("Spread it over keys of their own; or set the column aside: --skip-columns {}; "
                    "or leave the record out: --exclude-problems.", shlex.quote(nested)),
            )  # fmt: skip
        elif unfit := [key for key in row if not key.strip() or LONE.search(key) or _lone(row[key])]:
            kept.refuse(place, say("Keys have names, and texts hold whole signs."), say("key {}", ascii(unfit[0])))
        else:
            kept.places.append(place)
            kept.rows.append(row)
    kept.problems = dict(sorted(kept.problems.items()))
    return kept


def _lone(value: Any) -> bool:
    """Say whether a value holds half a sign."""
    if isinstance(value, str):
        return bool(LONE.search(value))
    return isinstance(value, list | dict | Twice) and bool(LONE.search(repr(value)))


def undefined(rows: Sequence[dict[str, Any]]) -> int:
    """Count the cells that hold NaN, which JSON does not know and some programs write."""
    return sum(isinstance(value, float) and math.isnan(value) for row in rows for value in row.values())
