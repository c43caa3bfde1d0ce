"""One row of an ARFF file, dense or sparse, with the weight behind it.

Source: WEKA manual, "ARFF", stable and developer version.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from layerwise.data.arff_header import Header
from layerwise.data.arff_signs import Brace, Cell, Token, brief, signs
from layerwise.data.cells import number
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Row", "read_row"]

PLACE = re.compile(r"[0-9]{1,9}")


class Row(NamedTuple):
    """One row: a cell for each attribute, its weight where it brings one, and what a sparse row left out.

    Args:
        cells: One an attribute.
        weight: None where none is written.
        sparse: Whether it was written as a sparse row.
        omitted: Names of strings that a sparse row leaves out.
        comment: Whether a comment stands behind it.
    """

    cells: list[Cell]
    weight: float | None
    sparse: bool
    omitted: list[str]
    comment: bool


def read_row(line: str, header: Header) -> Row | None:
    r"""Read a line below @data; None where it holds no value.

    Args:
        line: The line.
        header: What the file declares.

    Raises:
        LayerwiseError: It is no row: too few or too many values, a quote or a brace that is not closed, a wrong place.

    Example:
        >>> from layerwise.data.arff_header import Attribute
        >>> colour, size = Attribute("colour", "nominal", ("red", "green")), Attribute("size", "numeric")
        >>> read_row("{1 2.5}, {3}", Header("things", (colour, size), 0, ""))[:2]
        (['red', '2.5'], 3.0)
    """
    found = signs(line)
    tokens = found.tokens
    if found.open_quote:
        raise _damaged(
            say("A quoted name or value is closed by its quote on the same line."), say("an open quote in: {}", line),
            say('Close the quote (what holds a quote itself is written "it\'s"), or leave the row out with '
                "--exclude-problems."),
        )  # fmt: skip
    if not tokens:
        return None
    if tokens[0] is Brace.OPEN:
        end = tokens.index(Brace.CLOSE) + 1 if Brace.CLOSE in tokens else len(tokens)
        cells, omitted = _sparse(line, tokens[1:end], header)
        return Row(cells, _weight(line, tokens[end:]), True, omitted, found.comment)
    end = tokens.index(Brace.OPEN) if Brace.OPEN in tokens else len(tokens)
    cells = _dense(line, tokens[:end], found.empty, len(header.attributes))
    return Row(cells, _weight(line, tokens[end:]), False, [], found.comment)


def _damaged(rule: str, found: str, remedy: str) -> LayerwiseError:
    """Return what is wrong with a row, which is shown in brief."""
    return LayerwiseError(rule, brief(found.strip()), remedy)


def _dense(line: str, tokens: Sequence[Token], empty: bool, width: int) -> list[Cell]:
    """Return the values of a row that has one for each attribute."""
    cells: list[Cell] = [token for token in tokens if not isinstance(token, Brace)]
    if len(cells) == width and len(tokens) == width and not empty:
        return cells
    rule = say("A row has a value for each of the {} attributes.", width)
    remedy = say(
        "Mend the row (a value with a blank, a comma, %, a brace or a quote in it needs quotes), "
        "or leave it out with --exclude-problems."
    )
    if empty:
        raise _damaged(rule, say("an empty cell in: {}", line), say("Write ? for a missing value.") + " " + remedy)
    if len(cells) < len(tokens):
        raise _damaged(rule, say("a brace outside quotes in: {}", line), remedy)
    raise _damaged(rule, say("{} cells, expected {}", len(cells), width), remedy)


def _sparse(line: str, tokens: Sequence[Token], header: Header) -> tuple[list[Cell], list[str]]:
    """Return the values of a row that tells places and values, and the names of texts that it leaves out."""
    width = len(header.attributes)
    rule = say("A sparse row holds places from 0 to {} in rising order, each with a value: {{0 X, 3 Y}}.", width - 1)
    remedy = say("Mend the row, or leave it out with --exclude-problems.")
    pairs = tokens[:-1]
    if not tokens or tokens[-1] is not Brace.CLOSE or len(pairs) % 2:
        raise _damaged(rule, line, remedy)
    cells = header.omitted.copy()
    told = [-1]
    for index, value in zip(pairs[::2], pairs[1::2], strict=True):
        place = int(index) if isinstance(index, str) and PLACE.fullmatch(index) else -1
        if not told[-1] < place < width or isinstance(value, Brace):
            raise _damaged(rule, say("place '{}' in {}", "?" if index is None else index, line), remedy)
        told.append(place)
        cells[place] = value
    return cells, [name for place, name in header.texts.items() if place not in told]


def _weight(line: str, tokens: Sequence[Token]) -> float | None:
    """Return the weight behind a row, None where there is none."""
    if not tokens:
        return None
    weight = number(str(tokens[1])) if len(tokens) == 3 else None
    if tokens[0] is not Brace.OPEN or tokens[-1] is not Brace.CLOSE or weight is None or weight < 0:
        raise _damaged(
            say("Behind a row may stand its weight: one number of at least 0 in braces."),
            say("something else behind the row: {}", line),
            say("Write it as {{2.5}}, or leave the row out with --exclude-problems."),
        )  # fmt: skip
    return weight
