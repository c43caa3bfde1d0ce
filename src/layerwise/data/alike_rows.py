"""Rows of a table that are equal but for rounding, letter case and spaces."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from layerwise.data.kinds import Categories, Column, Numbers, Texts
from layerwise.data.row_hashes import row_hashes

__all__ = ["alike_rows"]

RELATIVE = 1e-6
"""Share by which a number may differ that was computed again, or kept in 32 bits."""

MOST_CELLS = 5_000_000
"""Numbers of a table up to which rounded rows are looked for."""

FEWEST_ROWS = 20
"""Rows that are not rounded, from which can be told whether rounding keeps rows apart."""

CHANCE = 0.01
"""Largest share of unrounded rows that may become equal by rounding, if a rounded row is to mean another one."""

NEIGHBOURS = 50
"""Rows after each, in the order of a weighted sum, that are compared with it."""


def alike_rows(columns: Sequence[Column], rows: np.ndarray) -> dict[tuple[int, int], str]:
    """Return the pairs of rows that say the same in other writing, and how they differ.

    Texts and categories are the same but for letter case, spaces and Unicode form. Fractions are the same to within
    1e-6 of their size, or where one row is the other rounded to some number of decimals or digits. Rounding counts only
    where it keeps the table's other rows apart, so that in coarse tables no two rows become one by chance; a single
    field of numbers tells nothing.

    Args:
        columns: The inputs: numbers, categories and texts.
        rows: Rows that are looked at, no two of them equal.
    """
    words = _words([column for column in columns if not isinstance(column, Numbers)], rows)
    numbers = [column.values[rows].astype(np.float64) + 0.0 for column in columns if isinstance(column, Numbers)]
    pairs: dict[tuple[int, int], str] = {}
    if not numbers:
        found = [(first, other, "written otherwise") for first, other in _equal(words)]
    else:
        exact = row_hashes([words, *numbers])
        found = [(first, other, "written otherwise") for first, other in _equal(exact)]
        if len(columns) > 1:
            found += [
                (first, other, "rounded") for first, other in (*_recomputed(numbers, words), *_rounded(numbers, words))
            ]
    for first, other, how in found:
        one, two = sorted((int(rows[first]), int(rows[other])))
        pairs.setdefault((one, two), how)
    return pairs


def _words(columns: list[Column], rows: np.ndarray) -> np.ndarray:
    """Number the rows by what their texts and categories say, whatever the writing; 0 throughout without any."""
    numbered = np.zeros(len(rows), dtype=np.int64)
    for column in columns:
        if isinstance(column, Categories):
            plain = [_plain(name) for name in column.names]
            places = {name: place for place, name in enumerate(dict.fromkeys(plain))}
            codes = np.array([*(places[name] for name in plain), len(places)], dtype=np.int64)[column.codes[rows]]
        elif isinstance(column, Texts):
            codes = np.unique([_plain(column.values[row]) for row in rows], return_inverse=True)[1]
        else:
            message = f"rows of {column.kind} are not compared here"
            raise TypeError(message)
        numbered = np.unique(numbered * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1]
    return numbered


def _plain(text: str) -> str:
    """Return a text without what only its writing adds."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _equal(numbered: np.ndarray) -> list[tuple[int, int]]:
    """Pair every row with the first of its number."""
    _, first, place = np.unique(numbered, return_index=True, return_inverse=True)
    return [(int(first[place[row]]), int(row)) for row in np.flatnonzero(first[place] != np.arange(len(numbered)))]


def _recomputed(numbers: list[np.ndarray], words: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs whose fractions differ by a millionth; whole numbers must be equal."""
    if all((np.rint(column) == column)[~np.isnan(column)].all() for column in numbers):
        return []
    generator = np.random.default_rng(0xA1)
    total = np.zeros(len(words))
    for column in numbers:
        size = float(np.abs(column[np.isfinite(column)]).max(initial=0.0)) or 1.0
        total += generator.uniform(0.5, 1.0) * np.nan_to_num(column / size, nan=2.0, posinf=3.0, neginf=-3.0)
    order = np.lexsort((total, words))
    total, found = total[order], []
    for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
        near = (words[order[step:]] == words[order[:-step]]) & (total[step:] - total[:-step] <= RELATIVE * len(numbers))
        if not near.any():
            break
        places = np.flatnonzero(near)
        first, other = order[places], order[places + step]
        same = np.ones(len(first), dtype=bool)
        for column in numbers:
            same &= _nearly(column[first], column[other])
        found += [(int(one), int(two)) for one, two in zip(first[same], other[same], strict=True)]
    return found


def _nearly(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Say where two numbers are the same but for a millionth."""
    fraction = (np.rint(one) != one) | (np.rint(two) != two)
    # |a - b| <= 1e-6 max(|a|, |b|)
    near = fraction & (np.abs(one - two) <= RELATIVE * np.maximum(np.abs(one), np.abs(two)))
    return np.asarray(near | (one == two) | (np.isnan(one) & np.isnan(two)))


def _rounded(numbers: list[np.ndarray], words: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of which one row is the other rounded."""
    if len(numbers) * len(words) > MOST_CELLS:
        return []
    found: list[tuple[int, int]] = []
    for digits in range(9):
        found += _rounded_to([np.round(column, digits) for column in numbers], numbers, words)
    for digits in range(2, 7):
        found += _rounded_to([_to_digits(column, digits) for column in numbers], numbers, words)
    return found


def _to_digits(values: np.ndarray, digits: int) -> np.ndarray:
    """Round numbers to some digits, wherever their point stands."""
    with np.errstate(divide="ignore", invalid="ignore"):
        places = np.floor(np.log10(np.abs(values)))
    shift = digits - 1 - np.where(np.isfinite(places), places, 0.0)
    # Both are exact powers of ten, so that a written number comes out as it is read.
    up, down = 10.0 ** np.clip(shift, 0, 22), 10.0 ** np.clip(-shift, 0, 22)
    return np.asarray(np.rint(values * up / down) / up * down)


def _rounded_to(coarse: list[np.ndarray], numbers: list[np.ndarray], words: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of a row that is round already and one that becomes it, where rounding keeps rows apart."""
    is_round = np.ones(len(words), dtype=bool)
    for rounded, column in zip(coarse, numbers, strict=True):
        is_round &= (rounded == column) | np.isnan(column)
    fine = np.flatnonzero(~is_round)
    if len(fine) < FEWEST_ROWS or len(fine) == len(words):
        return []
    mixed = row_hashes([words, *coarse])
    values, first = np.unique(mixed[fine], return_index=True)
    if 1 - len(values) / len(fine) > CHANCE:
        return []
    whole = np.flatnonzero(is_round)
    places = np.clip(np.searchsorted(values, mixed[whole]), 0, len(values) - 1)
    met = values[places] == mixed[whole]
    return [(int(fine[first[place]]), int(row)) for place, row in zip(places[met], whole[met], strict=True)]
