"""Boxes around objects as a kind of column: any number of them for each picture, none included."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from layerwise.data.source import Problem
from layerwise.language import say

__all__ = ["IGNORED", "Boxes", "box_problems"]

IGNORED = 1
"""Flag of a box that counts neither as a hit nor as a miss: a crowd in COCO, a difficult object in VOC."""

LEEWAY = 0.01
"""Pixels that a box may lie outside its picture: files round to hundredths."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of every picture, held end to end; a picture without any has none, which is not a missing value.

    Args:
        values: `(boxes, 5)` float64: class (a place in `names`), left, top, right, bottom in pixels from the upper left
            corner of the picture; right and bottom are edges, so that right - left is the width.
        starts: `(pictures + 1,)`: picture i has the boxes from `starts[i]` up to `starts[i + 1]`.
        names: Names of the classes.
        flags: `(boxes,)` uint8; `IGNORED` for boxes that are not measured.

    Example:
        >>> boxes = Boxes(np.array([[1, 2, 3, 8, 9.5]]), np.array([0, 0, 1]), ("cat", "dog"))
        >>> [boxes.show(row) for row in range(2)], boxes[1].tolist()
        (['none', '1 dog'], [[1.0, 2.0, 3.0, 8.0, 9.5]])
    """

    values: np.ndarray
    starts: np.ndarray
    names: tuple[str, ...]
    flags: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))
    kind: str = "boxes"

    def __post_init__(self) -> None:
        if not len(self.flags) and len(self.values):
            object.__setattr__(self, "flags", np.zeros(len(self.values), dtype=np.uint8))

    @classmethod
    def of(cls, pictures: Sequence[np.ndarray], names: tuple[str, ...]) -> Boxes:
        """Put the boxes of single pictures, each `(boxes, 5)`, end to end.

        Example:
            >>> len(Boxes.of([np.zeros((0, 5)), np.ones((2, 5))], ("cat", "dog")))
            2
        """
        held = [np.asarray(boxes, dtype=np.float64).reshape(-1, 5) for boxes in pictures]
        starts = np.cumsum([0, *(len(boxes) for boxes in held)])
        return cls(np.concatenate([*held, np.zeros((0, 5))]), starts, names)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> np.ndarray:
        return np.asarray(self.values[self.starts[row] : self.starts[row + 1]])

    def flags_of(self, row: int) -> np.ndarray:
        """Return the flags of the boxes of one picture."""
        return np.asarray(self.flags[self.starts[row] : self.starts[row + 1]])

    def take(self, rows: np.ndarray) -> Boxes:
        """Return the boxes of the chosen pictures; the names stay."""
        chosen = np.arange(len(self))[rows]
        places = [np.arange(self.starts[row], self.starts[row + 1]) for row in chosen]
        kept = np.concatenate([*places, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        starts = np.cumsum([0, *(len(place) for place in places)])
        return Boxes(self.values[kept], starts, self.names, self.flags[kept])

    def missing(self) -> np.ndarray:
        """Return False throughout: a picture without objects is an answer, not a gap."""
        return np.zeros(len(self), dtype=bool)

    def digests(self) -> list[bytes]:
        """Return a hash of the boxes of each picture, in any order, with the names of their classes."""
        return [self._digest(row) for row in range(len(self))]

    def _digest(self, row: int) -> bytes:
        """Hash the boxes of one picture."""
        cells = zip(self[row].tolist(), self.flags_of(row).tolist(), strict=True)
        lines = sorted(repr((self.names[int(box[0])], box[1:], flag)) for box, flag in cells)
        return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).digest()

    def show(self, row: int) -> str:
        """Return how many boxes of which class a picture has."""
        counted = np.bincount(self[row][:, 0].astype(np.int64), minlength=len(self.names))
        said = [f"{count} {name}" for name, count in zip(self.names, counted.tolist(), strict=True) if count]
        return ", ".join(said) or say("none")

    def counts(self) -> dict[str, int]:
        """Count the boxes of each class, in the order of `names`."""
        counted = np.bincount(self.values[:, 0].astype(np.int64), minlength=len(self.names))
        return {name: int(count) for name, count in zip(self.names, counted, strict=True)}


def box_problems(boxes: Boxes, sizes: np.ndarray, places: Sequence[str] = ()) -> tuple[Problem, ...]:
    """List the boxes that cannot be: outside their picture, without area, of no class, not finite.

    Args:
        boxes: The boxes of every picture.
        sizes: Width and height of every picture, `(pictures, 2)`.
        places: Where each picture stands in its file; its number where left out.

    Example:
        >>> wrong = Boxes.of([np.array([[0, 4, 4, 4, 9.0]]), np.array([[0, 90, 2, 99, 9.0]])], ("cat",))
        >>> for problem in box_problems(wrong, np.array([[96, 96], [96, 96]])):
        ...     print(problem.where, "-", problem.found)
        row 1, box 1 - from (4, 4) to (4, 9)
        row 2, box 1 - from (90, 2) to (99, 9) in a picture of 96x96
    """
    problems = []
    for row in range(len(boxes)):
        width, height = (int(side) for side in sizes[row])
        for place, box in enumerate(boxes[row]):
            wrong = _wrong(box, width, height, len(boxes.names))
            if wrong:
                where = say("{}, box {}", places[row] if len(places) else f"row {row + 1}", place + 1)
                problems.append(Problem(where, *wrong))
    return tuple(problems)


def _wrong(box: np.ndarray, width: int, height: int, classes: int) -> tuple[str, str, str] | None:
    """Return rule, found and remedy for a box that cannot be, else None."""
    kind, left, top, right, bottom = box.tolist()
    mend = say("Mend the box, or leave the picture out.")
    if not np.isfinite(box).all():
        return say("The edges of a box are finite numbers."), say("the edges {}", box[1:].tolist()), mend
    if kind % 1 or not 0 <= kind < classes:
        return say("The class of a box is one of the classes."), say("class {:g} of {}", kind, classes), mend
    said = say("from ({:g}, {:g}) to ({:g}, {:g})", left, top, right, bottom)
    if right <= left or bottom <= top:
        return say("A box is wider and higher than nothing: left < right and top < bottom."), said, mend
    if left < -LEEWAY or top < -LEEWAY or right > width + LEEWAY or bottom > height + LEEWAY:
        inside = say("A box lies within its picture.")
        return inside, say("{} in a picture of {}x{}", said, width, height), mend
    return None
