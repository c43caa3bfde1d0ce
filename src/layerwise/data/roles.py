"""What a field is probably for, judged by its name and its cells: an id, a given part, else an input."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from layerwise.data.kinds import Categories, Column

__all__ = ["PART_WORDS", "looks_like_id", "named_like_id", "part_column", "part_of"]

PART_WORDS = {
    "train": "train", "training": "train", "학습": "train", "훈련": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation", "검증": "validation",
    "test": "test", "testing": "test", "시험": "test", "평가": "test", "테스트": "test",
}  # fmt: skip
"""Words for a part of the data, in lower case, and the part each names."""

PART_FIELDS = ("split", "part", "subset", "partition", "set", "구분", "분할")
ID_WORDS = ("id", "index", "key", "no", "no.", "identifier", "번호", "아이디")


def part_of(word: str) -> str:
    """Return the part that a word names, or the empty text.

    Example:
        >>> part_of("Valid"), part_of("검증"), part_of("cats")
        ('validation', 'validation', '')
    """
    return PART_WORDS.get(word.strip().lower(), "")


def part_column(name: str, column: Column) -> Categories | None:
    """Return a column as parts where its name and every cell say so, else None."""
    if name.strip().lower() not in PART_FIELDS or not isinstance(column, Categories):
        return None
    parts = [part_of(word) for word in column.names]
    if not all(parts) or (column.codes < 0).any():
        return None
    names = tuple(part for part in ("train", "validation", "test") if part in parts)
    places = [names.index(part) for part in parts]
    return Categories(np.array(places, dtype=np.int64)[column.codes], names)


def looks_like_id(name: str, cells: Iterable[str]) -> bool:
    """Say whether a field is named like an id and every cell is present and different.

    Example:
        >>> looks_like_id("patient_id", ["a", "b"]), looks_like_id("grid", ["a", "b"]), looks_like_id("id", ["a", "a"])
        (True, False, False)
    """
    if not named_like_id(name):
        return False
    held = list(cells)
    return all(held) and len(set(held)) == len(held)


def named_like_id(name: str) -> bool:
    """Say whether a name ends in a word for an id.

    Example:
        >>> [named_like_id(name) for name in ("patient_id", "번호", "grid", "Madrid")]
        [True, True, False, False]
    """
    name = name.strip()
    lowered = name.lower()
    return lowered in ID_WORDS or bool(
        re.search(r"[\s_.\-](id|no)$", lowered) or re.search(r"[a-z](ID|Id)$|번호$|아이디$", name)
    )
