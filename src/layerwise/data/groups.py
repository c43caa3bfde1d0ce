"""Rows of one patient, session or author: rows that share a group in any of the group fields belong together."""

from __future__ import annotations

import numpy as np

from layerwise.data.kinds import Column
from layerwise.data.source import Source

__all__ = ["group_pairs", "shared_groups", "without_group"]


def group_pairs(source: Source) -> list[tuple[int, int]]:
    """Return the first row of each group with each later one, field after field; a missing group is none.

    Args:
        source: All rows.

    Example:
        >>> from layerwise.data.kinds import Texts
        >>> from layerwise.data.source import Field
        >>> who, where = Texts(["kim", "", "kim", ""]), Texts(["a", "b", "b", ""])
        >>> fields = (Field("who", "group"), Field("where", "group"))
        >>> group_pairs(Source("visits", "memory", fields, {"who": who, "where": where}))
        [(0, 2), (1, 2)]
    """
    pairs = []
    for name in source.named("group"):
        column = source.columns[name]
        present = np.flatnonzero(~column.missing()).tolist()
        first: dict[bytes, int] = {}
        pairs += [
            (first[group], row) for row, group in zip(present, column.take(np.array(present, dtype=np.int64)).digests(),
                                                      strict=True) if first.setdefault(group, row) != row
        ]  # fmt: skip
    return pairs


def without_group(source: Source) -> int:
    """Count the rows that have a value in none of the group fields; 0 where there is no such field."""
    names = source.named("group")
    if not names:
        return 0
    return int(np.all([source.columns[name].missing() for name in names], axis=0).sum())


def shared_groups(column: Column, one: np.ndarray, other: np.ndarray) -> list[str]:
    """Return the groups of a field that have rows on both sides, as text for people; a missing group is none.

    Args:
        column: The field.
        one: Rows of one side.
        other: Rows of the other side.
    """
    missing = column.missing()
    here, there = (column.take(rows[~missing[rows]]) for rows in (one, other))
    places = {group: place for place, group in enumerate(here.digests())}
    return sorted(here.show(places[group]) for group in places.keys() & set(there.digests()))
