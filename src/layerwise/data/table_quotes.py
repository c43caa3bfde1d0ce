"""Whether a large text table is quoted as the strict reader demands, told without looking at its cells one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

__all__ = ["quotes_are_plain", "quotes_pair_up"]

BLOCK = 1 << 18
"""Bytes that are looked at at once: what fits into the cache is looked at several times as fast."""

THREADS = 4
"""Blocks that are looked at beside each other."""

QUOTE, LINE_END = ord('"'), ord("\n")

Result = TypeVar("Result")


def quotes_are_plain(raw: bytes, delimiter: str, skipped: int, rows: int) -> bool:
    r"""Say whether every cell that has quotes begins and ends with its only two, where cells are cut at delimiters.

    A cell that begins with a quote has two of them, or it would go on behind its end. So there are no others than at
    both ends of such cells where

        quotes = 2 x cells that begin with one = 2 x cells that end with one

    Args:
        raw: A table in UTF-8 whose lines end alike, and of which no cell was found to hold a delimiter or a quote.
        delimiter: One character of ASCII.
        skipped: Lines at its start that are not looked at.
        rows: Lines below them that it was found to have: where there are more line ends, a cell holds one.

    Example:
        >>> [quotes_are_plain(text, ",", 0, 1) for text in (b'"a",b\n', b'"a"b,c\n', b'a,b"\n')]
        [True, False, False]
    """

    def counted(start: int, end: int) -> tuple[int, int, int, int]:
        # One byte more on both sides.
        signs = np.frombuffer(raw, dtype=np.uint8, count=end - start + 2, offset=start - 1)
        ends, quotes = signs == LINE_END, signs[1:-1] == QUOTE
        edges = ends | (signs == ord(delimiter))
        if returns:
            edges |= signs == ord("\r")
        marked = quotes, quotes & edges[:-2], quotes & edges[2:], ends[1:-1]
        return tuple(int(np.count_nonzero(one)) for one in marked)  # type: ignore[return-value]

    returns, start, last = b"\r" in raw, 0, len(raw) - 1
    for _ in range(skipped):
        start = raw.find(b"\n", start) + 1
    # The first sign of all and the last one have but one neighbour.
    found = _of_blocks(counted, [*range(max(start, 1), last, BLOCK), last])
    quotes, opened, closed, lines = (sum(column) for column in zip(*found, strict=True))
    first, final = start == 0 and raw[0] == QUOTE, raw[last] == QUOTE
    # A line end behind the last line lies between no two.
    plain: bool = quotes + first + final == 2 * (opened + first) == 2 * (closed + final)
    return plain and lines + 1 == rows


def quotes_pair_up(raw: bytes, delimiter: str) -> bool:
    r"""Say whether every quote opens or closes a cell, or is doubled inside one, and none holds a line end.

    Args:
        raw: A table in UTF-8.
        delimiter: One character of ASCII.

    Example:
        >>> [quotes_pair_up(text, ",") for text in (b'"a, b",c\n', b'a "b",c\n')]
        [True, False]
    """
    edges = np.zeros(256, dtype=bool)
    edges[[*delimiter.encode(), *b"\r\n"]] = True
    bounds = [0]
    while bounds[-1] < len(raw):
        bounds.append(raw.find(b"\n", bounds[-1] + BLOCK) + 1 or len(raw))

    def pairs_up(start: int, end: int) -> bool:
        return _pair_up(np.frombuffer(raw, dtype=np.uint8, count=end - start, offset=start), edges)

    return all(_of_blocks(pairs_up, bounds))


def _of_blocks(work: Callable[[int, int], Result], bounds: Sequence[int]) -> list[Result]:
    """Look at what lies between bounds, in threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, bounds[:-1], bounds[1:]))


def _pair_up(signs: np.ndarray, edges: np.ndarray) -> bool:
    """Say so of some whole lines, given which signs stand at the edge of a cell."""
    quotes = np.flatnonzero(signs == QUOTE)
    if len(quotes) % 2:
        return False
    if not len(quotes):
        return True
    opening, closing = quotes[::2], quotes[1::2]
    # A cell that was closed and is opened at once holds a doubled quote.
    doubled = closing[:-1] + 1 == opening[1:]
    before = (opening == 0) | edges[signs[opening - 1]]
    behind = (closing == len(signs) - 1) | edges[signs[np.minimum(closing + 1, len(signs) - 1)]]
    if not (before[1:] | doubled).all() or not (behind[:-1] | doubled).all() or not before[0] or not behind[-1]:
        return False
    # At the end of a line no cell is open.
    ends = np.flatnonzero(signs == LINE_END)
    return not (np.searchsorted(quotes, ends) % 2).any()
