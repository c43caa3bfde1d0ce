"""Sets of labels: any number of names for each example, from cells like `cat;dog` or from columns of 0 and 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from layerwise.data.cells import in_order
from layerwise.data.kinds import Categories, Column, Numbers, Texts
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = [
    "Labels", "holds_label_sets", "is_marked", "label_marks", "read_labels", "separator_of", "with_label_sets",
]  # fmt: skip

SEPARATORS = (";", ",", "|", " ")
"""Signs that may stand between two labels of a cell; of equally good ones the first."""

TELLING = (";", ",", "|")
"""Separators that say without being asked that a cell holds several labels; a space may stand inside a name."""

MARKED = ("1", "1.0", "yes", "y", "true", "t", "x", "예", "네", "참", "유", "o")
UNMARKED = ("0", "0.0", "no", "n", "false", "f", "-", "아니오", "아니요", "거짓", "무")
"""Words of a column that says whether a label applies, in lower case."""


@dataclass(frozen=True)
class Labels:
    """Any number of names for each cell; an empty cell is an example without a label.

    Args:
        marks: Whether each cell has each name, `(items, names)`.
        names: The labels.
        separator: What stood between two labels; empty where every cell held one.

    Example:
        >>> Labels(np.array([[True, True], [False, True]]), ("cat", "dog"), ";").show(0)
        'cat;dog'
    """

    marks: np.ndarray
    names: tuple[str, ...]
    separator: str = ";"
    kind: str = "labels"

    def __len__(self) -> int:
        return len(self.marks)

    def take(self, rows: np.ndarray) -> Labels:
        """Return the chosen cells; the names stay."""
        return Labels(self.marks[rows], self.names, self.separator)

    def missing(self) -> np.ndarray:
        """Return False throughout: an example may have no label."""
        return np.zeros(len(self), dtype=bool)

    def digests(self) -> list[bytes]:
        """Return the names of each cell in bytes."""
        return [self.show(row).encode() for row in range(len(self))]

    def show(self, row: int) -> str:
        """Return the names of one cell."""
        return (self.separator or ";").join(self.names[place] for place in np.flatnonzero(self.marks[row]))

    def counts(self) -> dict[str, int]:
        """Count the cells that have each name, in the order of `names`."""
        return {name: int(count) for name, count in zip(self.names, self.marks.sum(axis=0), strict=True)}


def separator_of(cells: Collection[str]) -> str:
    """Return what stands between the labels of some cells; empty where each cell is one label.

    That by which most cells consist of known labels only, which are those of two cells or more; of equally good ones
    that with fewer different labels.

    Args:
        cells: One text a row.

    Example:
        >>> separator_of(["cat", "dog", "cat;dog", "cat"]), separator_of(["New York", "New Jersey", "New York"])
        (';', '')
    """
    counts = Counter(cell for cell in cells if cell)
    best, chosen = (-1, 0), ""
    for separator in (*SEPARATORS, ""):
        if separator and not any(separator in cell for cell in counts):
            continue
        pieces, known, _ = _known(counts, separator)
        if (known, -len(pieces)) > best:
            best, chosen = (known, -len(pieces)), separator
    return chosen


def _known(counts: Counter[str], separator: str) -> tuple[Counter[str], int, int]:
    """Return in how many cells each label stands, the cells of known labels only, and those of several labels."""
    pieces: Counter[str] = Counter()
    held = {cell: pieces_of(cell, separator) for cell in counts}
    for cell, names in held.items():
        for name in names:
            pieces[name] += counts[cell]
    known = sum(counts[cell] for cell, names in held.items() if all(pieces[name] > 1 for name in names))
    return pieces, known, sum(counts[cell] for cell, names in held.items() if len(names) > 1)


def pieces_of(cell: str, separator: str) -> tuple[str, ...]:
    """Return the different labels of a cell.

    Example:
        >>> pieces_of("cat; dog;cat;", ";")
        ('cat', 'dog')
    """
    pieces = cell.split(separator) if separator else [cell]
    return tuple(dict.fromkeys(piece.strip() for piece in pieces if piece.strip()))


def holds_label_sets(column: Column) -> bool:
    """Say whether the cells of a column are clearly sets of labels: every one known, fewer of them than of sets.

    Example:
        >>> holds_label_sets(Texts(["cat", "dog", "cat;dog", "cat", "dog;bird", "bird"]))
        True
    """
    if not isinstance(column, Categories | Texts):
        return False
    if isinstance(column, Categories) and not any(sign in name for name in column.names for sign in TELLING):
        return False
    counts = Counter(cell for cell in _cells(column) if cell)
    separator = separator_of(list(counts.elements()))
    if separator not in TELLING:
        return False
    pieces, known, several = _known(counts, separator)
    return known == counts.total() and len(pieces) < len(counts) and several >= 2


def read_labels(column: Column, *, separator: str | None = None) -> Labels:
    """Read the cells of a column as sets of labels.

    Args:
        column: Names or texts.
        separator: What stands between two labels; found where it is None.

    Example:
        >>> read_labels(Texts(["dog|cat", "", "dog", "cat"])).marks.astype(int).tolist()
        [[1, 1], [0, 0], [0, 1], [1, 0]]
    """
    if isinstance(column, Labels):
        return column
    cells = _cells(column)
    found = separator_of(cells) if separator is None else separator
    held = [pieces_of(cell, found) for cell in cells]
    names = in_order({name for pieces in held for name in pieces})
    places = {name: place for place, name in enumerate(names)}
    marks = np.zeros((len(cells), len(names)), dtype=bool)
    for row, pieces in enumerate(held):
        marks[row, [places[name] for name in pieces]] = True
    return Labels(marks, names, found)


def _cells(column: Column) -> Sequence[str]:
    """Return each cell as it is written; what is shown of a long text is cut."""
    if isinstance(column, Texts):
        return column.values
    return [column.show(row) for row in range(len(column))]


def is_marked(column: Column) -> np.ndarray | None:
    """Return for each cell whether a label applies, or None where the column says something else than yes or no.

    Example:
        >>> is_marked(Numbers(np.array([0.0, 1.0]))).tolist(), is_marked(Numbers(np.array([0.0, 2.0])))
        ([False, True], None)
    """
    if isinstance(column, Numbers):
        return np.asarray(column.values == 1) if np.isin(column.values, (0, 1)).all() else None
    if not isinstance(column, Categories):
        return None
    words = [name.strip().lower() for name in column.names]
    if not all(word in (*MARKED, *UNMARKED) for word in words) or (column.codes < 0).any():
        return None
    return np.asarray(np.array([word in MARKED for word in words], dtype=bool)[column.codes])


def label_marks(source: Source, names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return whether each row has each label, `(rows, labels)`, and the labels.

    Args:
        source: Data with their targets.
        names: One field of label sets, or several that say yes or no each, after which the labels are named.

    Raises:
        LayerwiseError: One of several fields says something else than yes or no.
    """
    first = source.columns[names[0]]
    if isinstance(first, Labels):
        return first.marks, first.names
    marks = []
    for name in names:
        found = is_marked(source.columns[name])
        if found is None:
            column = source.columns[name]
            other = next(row for row in range(len(column)) if is_marked(column.take(np.array([row]))) is None)
            raise LayerwiseError(
                say("A field that says whether a label applies holds 0 and 1, or yes and no."),
                say("'{}' holds '{}' ({})", name, column.show(other), source.place(other)),
                say("Mend the cell, name other targets, or name one field of label sets with --target."), usage=True,
            )  # fmt: skip
        marks.append(found)
    return np.stack(marks, axis=1), tuple(names)


def with_label_sets(source: Source, names: Sequence[str]) -> tuple[Source, str]:
    """Return a source whose targets are read as labels, and how they were read.

    Args:
        source: Data with their targets.
        names: One field of label sets, or several that say yes or no each.

    Raises:
        LayerwiseError: One of several fields says something else than yes or no.
    """
    column = source.columns[names[0]]
    if len(names) == 1 and isinstance(column, Categories | Texts):
        column = read_labels(column)
    if isinstance(column, Labels):
        source = replace(source, columns={**source.columns, names[0]: column})
        sign = {"": say("nothing"), " ": say("a space")}.get(column.separator, f"'{column.separator}'")
        how = say("'{}' holds sets of labels with {} between them", names[0], sign)
    else:
        how = say("Each of {} targets says whether its label applies", len(names))
    marks, labels = label_marks(source, names)
    counts = marks.sum(axis=1)
    numbers = say("{} labels, {:.2f} a row, {} rows without any.", len(labels), counts.mean(), int((counts == 0).sum()))
    return source, f"{how}: {numbers}"
