"""Fields that seem to say when a row happened, or whom or what it belongs to, though nobody gave them that role."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence

import numpy as np

from layerwise.data.kinds import Categories, Column, Numbers, Texts
from layerwise.data.roles import named_like_id
from layerwise.data.source import Field, Source
from layerwise.data.text_vectors import holds_dates
from layerwise.data.times import moments
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["group_sentence", "suspected_group", "suspected_time", "time_sentence"]

FEWEST_ROWS = 20
"""With fewer rows an order can be chance."""

FEWEST_VALUES = 10
"""Different groups or moments from which a field is suspected: fewer are a feature, or give no parts of use."""

MOST_ROWS = 10_000
"""Rows whose moments are read, evenly spread over all of them."""

GROUP_WORDS = {
    "subject", "patient", "person", "participant", "volunteer", "individual", "animal", "mouse", "donor",
    "user", "customer", "client", "member", "account", "student", "pupil", "employee", "player", "driver", "speaker",
    "author", "family", "household", "session", "device", "machine", "vehicle", "sensor", "station",
    "환자", "대상자", "피험자", "참가자", "참여자", "사람", "개인", "고객", "회원", "사용자", "학생", "직원", "선수",
    "운전자", "화자", "저자", "가족", "가구", "기기", "장비", "차량", "센서", "지점", "관측소",
}  # fmt: skip
"""Names of whom or what several rows can belong to."""

NUMBERING = {"id", "ids", "no", "nr", "num", "number", "code", "key", "identifier", "index",
             "번호", "아이디", "코드", "식별자"}  # fmt: skip
"""Words beside them that add nothing."""

TIME_WORDS = {"date", "datetime", "time", "timestamp", "day", "month", "year",
              "일시", "날짜", "일자", "시각", "시간", "연도", "년도", "년월"}  # fmt: skip
"""Names of numbers that can be times."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[가-힣]+")


def suspected_group(source: Source) -> str:
    """Return the field that seems to name whom or what rows belong to, by its name and its values; else nothing.

    Its values return in other rows, and its name is that of an id (`shop_id`, `점포번호`) or of persons or things alone
    (`subject#`, `Patients`), not of what they are like (`driver_age`).

    Args:
        source: Data with their roles.

    Example:
        >>> who = Categories(np.repeat(np.arange(12), 3), tuple(f"p{number}" for number in range(12)))
        >>> suspected_group(Source("s", "memory", (Field("PatientID", "input"),), {"PatientID": who}))
        'PatientID'
    """
    if source.named("group"):
        return ""
    # A field that was left out of the inputs still ties its rows together.
    fields = [part.name for part in source.fields if part.role in ("input", "unused", "id")]
    return next((name for name in fields if _names_group(name) and _returns(source.columns[name])), "")


def suspected_time(source: Source, targets: Sequence[str]) -> str:
    """Return the field of dates, or of numbers named like one, that all rows follow, up or down; else nothing.

    Only where the targets of neighbouring rows are more alike than those of any two: rows that merely stand in the
    order of their dates, and have nothing to do with each other, may be dealt at random.

    Args:
        source: Data with their roles.
        targets: Fields to predict.

    Example:
        >>> days, warmth = Texts([f"2024-01-{day:02}" for day in range(1, 31)]), Numbers(np.arange(30.0))
        >>> fields = (Field("day", "input"), Field("warmth", "target"))
        >>> suspected_time(Source("s", "memory", fields, {"day": days, "warmth": warmth}), ["warmth"])
        'day'
    """
    if source.named("time") or len(source) < FEWEST_ROWS:
        return ""
    fields = [part.name for part in source.fields if part.role in ("input", "unused")]
    found = next((name for name in fields if _names_time(source, name) and _in_order(source, name)), "")
    return found if found and any(_neighbours_alike(source.columns[name]) for name in targets) else ""


def group_sentence(source: Source, name: str) -> str:
    """Say what a suspected group means for parts that are dealt at random.

    Args:
        source: Data with their roles.
        name: The field.
    """
    held = source.columns[name].take(np.flatnonzero(~source.columns[name].missing()))
    return say(
        "'{}' seems to name what the rows belong to: {} of them, with {:.1f} rows each. In parts dealt at random, rows "
        "of one are learned from and tested, which flatters the figures: --group {} keeps them together.",
        name, len(set(held.digests())), len(held) / len(set(held.digests())), shlex.quote(name),
    )  # fmt: skip


def time_sentence(name: str) -> str:
    """Say what a suspected time means for parts that are dealt at random.

    Args:
        name: The field.
    """
    return say(
        "The rows follow one another in time by '{}'. In parts dealt at random a row is tested between its neighbours, "
        "which flatters the figures: --time {} tests on the last rows.", name, shlex.quote(name),
    )  # fmt: skip


def _names_group(name: str) -> bool:
    """Say whether a name ends like that of an id, or consists of a word for a person or thing and of numbering."""
    words = [word.lower() for word in WORD.findall(name)]
    left = {part.removesuffix("s") for word in words for part in _without_numbering(word) if part not in NUMBERING}
    # A bare `no` or `key` may be an answer, a bare `index` an amount.
    return left <= GROUP_WORDS or named_like_id(name) if left else bool({"id", "번호", "아이디"} & set(words))


def _without_numbering(word: str) -> list[str]:
    """Cut a Korean word for numbering off the end of another one: 환자번호 is 환자 and 번호."""
    ends = [end for end in NUMBERING if not end.isascii() and word.endswith(end) and word != end]
    return [word.removesuffix(ends[0]), ends[0]] if ends else [word]


def _returns(column: Column) -> bool:
    """Say whether a field holds names or whole numbers, several of them, that return in other rows."""
    if isinstance(column, Numbers):
        held = column.values[~np.isnan(column.values)]
        if not len(held) or (held % 1).any():
            return False
        different = len(np.unique(held))
    elif isinstance(column, Categories | Texts):
        held = np.flatnonzero(~column.missing())
        different = len(set(column.take(held).digests()))
    else:
        return False
    # A group has one row and a half or more on average.
    return FEWEST_VALUES <= different <= len(held) / 1.5


def _names_time(source: Source, name: str) -> bool:
    """Say whether a field holds dates, or numbers whose name says that they are times."""
    words = {word.lower() for word in WORD.findall(name)}
    return holds_dates(source.columns[name]) or (
        isinstance(source.columns[name], Numbers) and bool(words) and words <= TIME_WORDS
    )


def _neighbours_alike(column: Column) -> bool:
    """Say whether neighbouring rows have more alike targets than chance would let them: three standard deviations.

    Numbers: sum (t_(i+1) - t_i)^2 / (2 n var t) < 1 - 3 / sqrt n  (von Neumann's ratio)
    Classes: changes from row to row < n q - 3 sqrt(n q (1 - q)),  q = 1 - sum_k p_k^2
    """
    held = column.take(np.flatnonzero(~column.missing()))
    if len(held) < FEWEST_ROWS:
        return False
    if isinstance(held, Numbers):
        spread = 2 * len(held) * float(held.values.var())
        return bool(spread) and float((np.diff(held.values) ** 2).sum()) / spread < 1 - 3 / math.sqrt(len(held))
    cells = held.codes if isinstance(held, Categories) else np.array(held.digests(), dtype=object)
    names = np.unique(cells, return_inverse=True)[1]
    differ = 1 - float(((np.bincount(names) / len(names)) ** 2).sum())
    few = len(names) * differ - 3 * math.sqrt(len(names) * differ * (1 - differ))
    early, late = (set(part.tolist()) for part in np.split(names, [2 * len(names) // 3]))
    # Where the last rows hold one class, or one that was not there before, nothing can be tested on them.
    return bool((names[1:] != names[:-1]).sum() < few) and len(late) > 1 and late <= early


def _in_order(source: Source, name: str) -> bool:
    """Say whether the moments of a field rise, or fall, all the way."""
    rows = np.unique(np.linspace(0, len(source) - 1, min(len(source), MOST_ROWS)).astype(np.int64))
    some = Source(source.name, source.origin, (Field(name, "time"),), {name: source.columns[name].take(rows)})
    try:
        steps = np.diff(moments(some))
    except LayerwiseError:
        # Times that cannot be read in one way put no rows in order.
        return False
    rises, falls = int((steps > 0).sum()), int((steps < 0).sum())
    return min(rises, falls) == 0 and max(rises, falls) >= FEWEST_VALUES - 1
