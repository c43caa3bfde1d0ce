"""Label images: the class of every pixel of a picture, and the value that says which pixels do not count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.data.kinds import picture_digest
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["IGNORE", "LabelImages"]

IGNORE = 255
"""The label of pixels that nobody asks about: the borders of objects in PASCAL VOC, what was cut out, what is new."""


@dataclass(frozen=True)
class LabelImages:
    """One class a pixel, as its place in `names`; 255 where no class is given.

    Args:
        cells: An array `(items, height, width)` of uint8, or one cell a picture to decode.
        names: Name of each class, at most 255 of them; the first is the background.
        decode: How to turn a cell into an array `(height, width)` of uint8; None for arrays.

    Example:
        >>> column = LabelImages(np.array([[[0, 1], [1, 255]], [[255, 255], [255, 255]]], np.uint8), ("sky", "bird"))
        >>> column.missing().tolist(), column.counts(), column.show(0)
        ([False, True], {'sky': 1, 'bird': 2}, '2x2: sky, bird')
    """

    cells: Any
    names: tuple[str, ...]
    decode: Callable[[Any], np.ndarray] | None = None
    kind: str = "mask"

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, row: int) -> np.ndarray:
        return np.asarray(self.cells[row] if self.decode is None else self.decode(self.cells[row]))

    def take(self, rows: np.ndarray) -> LabelImages:
        """Return the chosen label images, still undecoded; the names stay."""
        cells = self.cells[rows] if isinstance(self.cells, np.ndarray) else [self.cells[row] for row in rows]
        return LabelImages(cells, self.names, self.decode)

    def missing(self) -> np.ndarray:
        """Return True for each picture without a single labelled pixel."""
        if isinstance(self.cells, np.ndarray) and self.decode is None:
            return np.asarray((self.cells == IGNORE).all(axis=(1, 2)))
        return np.array([bool((self[row] == IGNORE).all()) for row in range(len(self))], dtype=bool)

    def digests(self) -> list[bytes]:
        """Return a hash of the shape and the labels of each picture."""
        return [picture_digest(self[row]) for row in range(len(self))]

    def show(self, row: int) -> str:
        """Return the size of one picture and the classes in it."""
        labels = self[row]
        found = [self.names[label] for label in np.unique(labels) if label < len(self.names)]
        return f"{labels.shape[1]}x{labels.shape[0]}: {', '.join(found)}"

    def counts(self) -> dict[str, int]:
        """Count the pixels of each class, in the order of `names`."""
        total = np.zeros(256, dtype=np.int64)
        for row in range(len(self)):
            total += np.bincount(self[row].ravel(), minlength=256)
        return {name: int(count) for name, count in zip(self.names, total, strict=False)}

    def check(self, places: Sequence[str] = (), sizes: np.ndarray | None = None) -> None:
        """Refuse labels that no class has, and label images that do not lie on their pictures.

        Args:
            places: Where each row stands in its file, for the message; its number when left out.
            sizes: Width and height of the picture of each row, `(items, 2)`; None to leave them unchecked.

        Raises:
            LayerwiseError: A label is above the number of classes and not 255, or the sizes differ.

        Example:
            >>> LabelImages(np.full((1, 2, 2), 7, np.uint8), ("sky", "bird")).check()
            Traceback (most recent call last):
                ...
            layerwise.errors.LayerwiseError: Every pixel of a label image holds the number of a class, or 255 to ignore it.
              found:  row 1: label 7 in 4 pixels, and 2 classes (0 to 1)
              remedy: Name a class for it, or write 255 into these pixels.
        """  # noqa: E501
        for row in range(len(self)):
            place, labels = places[row] if places else say("row {}", row + 1), self[row]
            wrong = (labels >= len(self.names)) & (labels != IGNORE)
            if wrong.any():
                label = int(labels[wrong][0])
                raise LayerwiseError(
                    say("Every pixel of a label image holds the number of a class, or {} to ignore it.", IGNORE),
                    say("{}: label {} in {} pixels, and {} classes (0 to {})", place, label,
                        int((labels == label).sum()), len(self.names), len(self.names) - 1),
                    say("Name a class for it, or write {} into these pixels.", IGNORE),
                )  # fmt: skip
            if sizes is not None and labels.shape != (sizes[row][1], sizes[row][0]):
                raise LayerwiseError(
                    say("A label image has the size of its picture."),
                    say("{}: labels of {}x{}, a picture of {}x{}", place, labels.shape[1], labels.shape[0],
                        sizes[row][0], sizes[row][1]),
                    say("Scale both alike; labels by the nearest neighbour."),
                )  # fmt: skip
