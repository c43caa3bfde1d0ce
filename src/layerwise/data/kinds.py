"""What one cell of data can be: a number, a category, a text or an image.

A column holds the cells of one field. Every kind answers the same questions, so that reading, checking, splitting
and reporting never ask which kind they have: how many cells, which are missing, a subset, a digest of each cell
(equal digests mean equal cells), and one cell as text for people. No kind needs torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

__all__ = ["Categories", "Column", "Images", "Numbers", "Texts", "picture_digest"]


class Column(Protocol):
    """The cells of one field."""

    @property
    def kind(self) -> str:
        """Name of the kind: number, category, text, image."""

    def __len__(self) -> int:
        """Count the cells."""

    def take(self, rows: np.ndarray) -> Column:
        """Return the chosen cells as a column of the same kind."""

    def missing(self) -> np.ndarray:
        """Return True for each cell without a value."""

    def digests(self) -> list[bytes]:
        """Return one short hash a cell; equal cells have equal hashes."""

    def show(self, row: int) -> str:
        """Return one cell as text for people."""


@dataclass(frozen=True)
class Numbers:
    """Real numbers; NaN stands for a missing one.

    Example:
        >>> Numbers(np.array([1.5, np.nan])).missing().tolist()
        [False, True]
    """

    values: np.ndarray
    kind: str = "number"

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> Numbers:
        """Return the chosen cells."""
        return Numbers(self.values[rows])

    def missing(self) -> np.ndarray:
        """Return True for each NaN."""
        return np.asarray(np.isnan(self.values))

    def digests(self) -> list[bytes]:
        """Return the eight bytes of each number; minus zero counts as zero."""
        return [value.tobytes() for value in self.values.astype(np.float64) + 0.0]

    def show(self, row: int) -> str:
        """Return one number without a needless fraction."""
        value = float(self.values[row])
        return "" if np.isnan(value) else f"{value:.12g}"


@dataclass(frozen=True)
class Categories:
    """One of a few names, stored as its place in `names`; -1 stands for a missing one.

    Example:
        >>> Categories(np.array([1, 0]), ("no", "yes")).show(0)
        'yes'
    """

    codes: np.ndarray
    names: tuple[str, ...]
    kind: str = "category"

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray) -> Categories:
        """Return the chosen cells; the names stay."""
        return Categories(self.codes[rows], self.names)

    def missing(self) -> np.ndarray:
        """Return True for each -1."""
        return np.asarray(self.codes < 0)

    def digests(self) -> list[bytes]:
        """Return the name of each cell in bytes."""
        names = [*(name.encode() for name in self.names), b"\0"]
        return [names[code] for code in self.codes]

    def show(self, row: int) -> str:
        """Return one name."""
        return self.names[self.codes[row]] if self.codes[row] >= 0 else ""

    def counts(self) -> dict[str, int]:
        """Count the cells of each name, in the order of `names`."""
        counted = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        return {name: int(count) for name, count in zip(self.names, counted, strict=True)}


@dataclass(frozen=True)
class Texts:
    """Free text; the empty text stands for a missing one.

    Args:
        values: The texts.
        unit: What one symbol of them is: `characters`, or `words`.
    """

    values: Sequence[str]
    kind: str = "text"
    unit: str = "characters"

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> Texts:
        """Return the chosen cells."""
        return Texts([self.values[row] for row in rows], unit=self.unit)

    def missing(self) -> np.ndarray:
        """Return True for each empty text."""
        return np.array([not value for value in self.values], dtype=bool)

    def digests(self) -> list[bytes]:
        """Return a hash of each text."""
        return [hashlib.blake2b(value.encode(), digest_size=16).digest() for value in self.values]

    def show(self, row: int) -> str:
        """Return one text, cut after 80 characters."""
        value = self.values[row]
        return value if len(value) <= 80 else value[:79] + "…"


@dataclass(frozen=True)
class Images:
    """Pictures of 8-bit channels, each decoded when it is asked for or all held in one array.

    Args:
        cells: An array `(items, channels, height, width)`, or one file name a picture.
        decode: How to turn a cell into an array `(channels, height, width)` of uint8 or float32; None for arrays.
        sizes: Width and height of each picture, `(items, 2)`; they differ where files differ.
        channels: 1 for grey, 3 for colour.
        maximum: The value of full white: 255 for 8-bit files, 16 for the UCI digits.
        known_digests: The hash of each picture, where reading already took it; empty to take it when asked.
        guessed: The largest value, where `maximum` was guessed from it; None where it is known what is white.
        sketches: A small sketch of each picture, where reading took them: `layerwise.data.picture_hashes`.
        taken: Seconds at which each photo was taken, NaN where it does not say; None where none was asked.
    """

    cells: Any
    decode: Callable[[Any], np.ndarray] | None
    sizes: np.ndarray
    channels: int
    maximum: float = 255.0
    known_digests: tuple[bytes, ...] = ()
    kind: str = "image"
    guessed: float | None = None
    sketches: np.ndarray | None = None
    taken: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, row: int) -> np.ndarray:
        return np.asarray(self.cells[row] if self.decode is None else self.decode(self.cells[row]))

    def take(self, rows: np.ndarray) -> Images:
        """Return the chosen pictures, still undecoded."""
        cells = self.cells[rows] if isinstance(self.cells, np.ndarray) else [self.cells[row] for row in rows]
        digests = tuple(self.known_digests[row] for row in rows) if self.known_digests else ()
        sketches, taken = (None if known is None else known[rows] for known in (self.sketches, self.taken))
        return replace(
            self, cells=cells, sizes=self.sizes[rows], known_digests=digests, sketches=sketches, taken=taken
        )  # fmt: skip

    def missing(self) -> np.ndarray:
        """Return False throughout: a picture that cannot be read is a problem of its source, not a cell."""
        return np.zeros(len(self), dtype=bool)

    def digests(self) -> list[bytes]:
        """Return a hash of the shape and the pixels of each picture."""
        return list(self.known_digests) or [picture_digest(self[row]) for row in range(len(self))]

    def show(self, row: int) -> str:
        """Return the file name, else the size, of one picture."""
        if self.decode is not None:
            return str(self.cells[row])
        width, height = self.sizes[row]
        return f"{width}x{height}"


def picture_digest(pixels: np.ndarray) -> bytes:
    """Return a hash of the shape and the pixels of a picture, or of the labels of its pixels.

    Args:
        pixels: `(channels, height, width)`, or `(height, width)`.
    """
    # Pixel by pixel, as decoded pictures lie in memory: no copy. Processors have instructions for this hash.
    beside = np.ascontiguousarray(pixels.transpose(1, 2, 0) if pixels.ndim == 3 else pixels)
    total = hashlib.sha256(repr((pixels.shape, pixels.dtype.str)).encode())
    total.update(beside.data)
    return total.digest()[:16]
