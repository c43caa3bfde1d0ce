"""Texts as numbers: a vocabulary fitted on the training part, one number a character or word.

0 pads, 1 stands for whatever the training part never held, the symbols follow in sorted order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from layerwise.data.kinds import Categories, Column, Texts
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["PADDING", "RESERVED", "UNKNOWN", "TextStep", "encode", "symbols", "vocabulary_of"]

PADDING, UNKNOWN = 0, 1
RESERVED = 2
"""Numbers in front of the symbols."""


def symbols(text: str, unit: str) -> list[str]:
    """Cut a text into its symbols: characters, or words between blanks.

    Example:
        >>> symbols("ab c", "characters"), symbols("ab c", "words")
        (['a', 'b', ' ', 'c'], ['ab', 'c'])
    """
    return list(text) if unit == "characters" else text.split()


def vocabulary_of(texts: Iterable[str], unit: str) -> tuple[str, ...]:
    """Return every symbol of some texts, sorted.

    Example:
        >>> vocabulary_of(["abba", "c"], "characters")
        ('a', 'b', 'c')
    """
    found: set[str] = set()
    for text in texts:
        found.update(text if unit == "characters" else text.split())
    return tuple(sorted(found))


def encode(text: str, vocabulary: tuple[str, ...], unit: str) -> np.ndarray:
    """Return the number of each symbol of a text, int64; 1 for one that is not in the vocabulary.

    Example:
        >>> encode("cab?", ("a", "b", "c"), "characters").tolist()
        [4, 2, 3, 1]
    """
    places = {symbol: place + RESERVED for place, symbol in enumerate(vocabulary)}
    return np.array([places.get(symbol, UNKNOWN) for symbol in symbols(text, unit)], dtype=np.int64)


@dataclass(frozen=True)
class TextStep:
    """One text field: the number of each symbol."""

    field: str
    vocabulary: tuple[str, ...]
    unit: str
    kind: str = "text"

    @property
    def size(self) -> int:
        """Return how many different numbers there are."""
        return len(self.vocabulary) + RESERVED

    def names(self) -> list[str]:
        """Return the one name of the field."""
        return [self.field]

    def encoded(self, column: Column) -> list[np.ndarray]:
        """Return the numbers of each text.

        Raises:
            LayerwiseError: The field holds no texts.
        """
        if isinstance(column, Categories):
            # A few short texts look like names when a file of them is read.
            column = Texts([column.show(row) for row in range(len(column))])
        if not isinstance(column, Texts):
            raise LayerwiseError(
                say("A field of new data is of the kind it had in training."),
                say("'{}' was {} and is now {}", self.field, say("text"), say(column.kind)),
                say("Mend the column, or force its kind when the file is read."),
            )  # fmt: skip
        places = {symbol: place + RESERVED for place, symbol in enumerate(self.vocabulary)}
        return [
            np.array([places.get(symbol, UNKNOWN) for symbol in symbols(text, self.unit)], dtype=np.int64)
            for text in column.values
        ]


def fit_text(name: str, column: Texts, unit: str) -> TextStep:
    """Fit one text field: the symbols that occur in the training part.

    Raises:
        LayerwiseError: There is none.
    """
    found = vocabulary_of(column.values, unit)
    if not found:
        raise LayerwiseError(
            say("A text needs at least one symbol in the training part."), say("'{}' is empty", name),
            say("Name a file with text in it."),
        )  # fmt: skip
    return TextStep(name, found, unit)
