"""Rows that repeat another one nearly: the same picture stored again, the same row rounded, photos of one burst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.data.alike_pictures import alike_pictures
from layerwise.data.alike_rows import alike_rows
from layerwise.data.kinds import Categories, Images, Numbers, Texts
from layerwise.data.source import Source
from layerwise.language import say
from layerwise.notebook import html_lines

__all__ = ["NearDuplicates", "NearPair", "join_rows", "near_duplicates", "repeated"]

MOST_LISTED = 1000
"""Pairs that are written down; all are counted."""

SHOWN = 20
"""Pairs that are printed."""


@dataclass(frozen=True)
class NearPair:
    """Two rows that are nearly the same.

    Args:
        first: The earlier row.
        second: The later row.
        how: `same picture` (in rows that differ otherwise), `stored again`, `resized`, `mirrored`, `turned`, `burst`,
            `rounded` or `written otherwise`.
        places: Where both stand in their files.
    """

    first: int
    second: int
    how: str
    places: tuple[str, str]


@dataclass(frozen=True)
class NearDuplicates:
    """What was found among the rows of a source.

    Args:
        rows: Number of rows that were looked at.
        exact: Rows with equal inputs: the first of each kind, and a later one.
        pairs: Rows that are nearly the same; of rows with equal inputs the first stands for all.
        sets: The rows of every set that `pairs` and `exact` hold together, each sorted; sets of equal rows alone are
            left out.
        count: Rows beyond the first of their set, without exact repeats.
        complete: False where so many pictures are alike that not all pairs were compared.
    """

    rows: int
    exact: tuple[tuple[int, int], ...]
    pairs: tuple[NearPair, ...]
    sets: tuple[tuple[int, ...], ...]
    count: int
    complete: bool

    @property
    def ways(self) -> dict[str, int]:
        """Pairs of each way, the most frequent first."""
        return dict(Counter(pair.how for pair in self.pairs).most_common())

    def to_json(self) -> dict[str, Any]:
        """Return counts and pairs as plain values; of very many pairs the first ones."""
        listed = [
            {"rows": [pair.first, pair.second], "how": pair.how, "places": list(pair.places)}
            for pair in self.pairs[:MOST_LISTED]
        ]
        return {
            "count": self.count, "sets": len(self.sets), "ways": self.ways, "complete": self.complete, "pairs": listed,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return what was found as sentences, the pairs below."""
        if not self.pairs:
            return [say("Near-duplicates: none found.")]
        said = [say("Near-duplicates: {:,} rows nearly repeat another one ({}).", self.count, ways_in_words(self.ways))]
        said += [
            "  " + say("{} and {}: {}", *pair.places, words_of_ways()[pair.how]) for pair in self.pairs[:SHOWN]
        ]  # fmt: skip
        if len(self.pairs) > SHOWN:
            said.append("  " + say("... and {} more", len(self.pairs) - SHOWN))
        if not self.complete:
            said.append(say("So many pictures are alike that not all pairs were compared."))
        return said

    def _repr_html_(self) -> str:
        """Show itself in a notebook."""
        return html_lines(self.lines())


def words_of_ways() -> dict[str, str]:
    """Return how the rows of a pair differ, in words for people."""
    return {
        "same picture": say("the same picture"), "stored again": say("stored again"), "resized": say("another size"),
        "mirrored": say("mirrored"), "turned": say("turned"), "burst": say("one burst"), "rounded": say("rounded"),
        "written otherwise": say("letter case or spaces"),
    }  # fmt: skip


def ways_in_words(ways: dict[str, int]) -> str:
    """Return the pairs of each way in one phrase.

    Example:
        >>> ways_in_words({"mirrored": 3, "resized": 1})
        'mirrored 3, another size 1'
    """
    return ", ".join(f"{words_of_ways()[how]} {count:,}" for how, count in ways.items())


def near_duplicates(source: Source) -> NearDuplicates:
    """Find the rows that repeat another one nearly.

    Found are pictures stored again (JPEG from quality 60), resized (0.5 to 2 times), mirrored or turned by quarters,
    photos taken within 3 seconds that look alike, and rows that differ in rounding, letter case or spaces alone. Rows
    that share a picture belong together whatever else they say. Not found are crops, changed colours, and pictures of
    less than 32 pixels a side that are not mirrored pixel for pixel.

    Args:
        source: Data with their roles; the inputs are compared.

    Example:
        >>> from layerwise.data.memory import from_arrays
        >>> values = np.random.default_rng(0).normal(size=(30, 4))
        >>> found = near_duplicates(from_arrays(np.vstack([values, values[:2].round(2)]), np.arange(32) % 2))
        >>> found.count, found.ways
        (2, {'rounded': 2})
    """
    digests = source.row_digests("input")
    exact, firsts = repeated(digests)
    inputs = [source.columns[name] for name in source.named("input")]
    found: dict[tuple[int, int], str] = {}
    complete = True
    for column in inputs:
        if isinstance(column, Images):
            # Of other inputs beside it, the same picture may stand in rows that are not equal.
            same, different = repeated(column.digests()) if len(inputs) > 1 else ([], firsts)
            alike = alike_pictures(column, different)
            complete &= alike.complete
            found |= dict.fromkeys(same, "same picture") | alike.pairs
    plain = [column for column in inputs if isinstance(column, Numbers | Categories | Texts)]
    if plain and len(plain) == len(inputs):
        found |= alike_rows(plain, firsts)
    settled = set(exact)
    pairs = tuple(
        NearPair(first, second, how, (source.place(first), source.place(second)))
        for (first, second), how in sorted(found.items()) if (first, second) not in settled
    )  # fmt: skip
    unit = join_rows(np.arange(len(source)), exact)
    joined = join_rows(unit, [(pair.first, pair.second) for pair in pairs])
    return NearDuplicates(
        len(source), tuple(exact), pairs, _sets(joined, pairs), len(np.unique(unit)) - len(np.unique(joined)), complete
    )


def repeated(digests: list[bytes]) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Return the pairs of a first row and a later one with the same digest, and all first rows."""
    first: dict[bytes, int] = {}
    pairs = [(first[digest], row) for row, digest in enumerate(digests) if first.setdefault(digest, row) != row]
    return pairs, np.array(list(first.values()), dtype=np.int64)


def join_rows(unit: np.ndarray, pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return the units of rows after those of each pair became one.

    Args:
        unit: The unit of each row, named by one of its rows.
        pairs: Rows that belong together.

    Example:
        >>> join_rows(np.arange(5), [(0, 3), (3, 4)]).tolist()
        [0, 1, 2, 0, 0]
    """
    parent = unit.tolist()

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return np.array([root(row) for row in range(len(parent))], dtype=np.int64)


def _sets(unit: np.ndarray, pairs: tuple[NearPair, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the rows of every unit that a pair holds together."""
    names = np.unique(unit[[pair.first for pair in pairs]]) if pairs else np.zeros(0, dtype=np.int64)
    rows = np.flatnonzero(np.isin(unit, names))
    held = rows[np.argsort(unit[rows], kind="stable")]
    return tuple(tuple(map(int, part)) for part in np.split(held, np.flatnonzero(np.diff(unit[held])) + 1) if len(part))
