"""Generated pictures of circles, squares, triangles and stars, with boxes and label images: data to learn detection on.

Objects hide each other, leave the picture at its edge and differ in size by 1:4; bars, crosses, rings and crescents
in the same colours are no objects, so that colour alone finds little. Everything is drawn with whole numbers from a
fixed seed, so that the pictures are the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from layerwise.data.boxes import Boxes
from layerwise.data.kinds import Categories, Column, Images, Texts
from layerwise.data.label_images import LabelImages
from layerwise.data.source import Field, Source
from layerwise.language import say

__all__ = ["CLASSES", "SHAPES", "SIDE", "Shapes", "draw_shapes", "shapes"]

CLASSES = ("circle", "square", "triangle", "star")
"""What is looked for; place k of this tuple is k + 1 in label images, where 0 is the background."""

SHAPES = {
    "shapes": (4000, 1000, "5,000 pictures of circles, squares, triangles and stars, with boxes and label images"),
    "shapes-small": (480, 120, "600 of the pictures of shapes, for tests and first steps"),
}
"""Training pictures, test pictures and summary of each built-in set."""

SIDE = 96
SEED = 20240811
PARTS = {"train": 1, "test": 2}
"""Each part has a seed of its own."""

MOST_OBJECTS, MOST_DISTRACTORS = 5, 4
TRIES = 8
"""Places that are tried for an item before it is left out."""

DISTRACTORS = ("bar", "cross", "ring", "crescent")
DIAMETERS = np.rint(14 * 4.0 ** (np.arange(33) / 32)).astype(np.int64)
"""Diameters of the circle around an item: 14 to 56 pixels, each doubling as likely as the other."""

PALETTE = np.array(
    [(214, 48, 49), (39, 174, 96), (41, 98, 217), (241, 196, 15), (155, 62, 186), (230, 126, 34), (20, 180, 190)]
)
TURNS, UNIT = 240, 4096
# Rounded to whole numbers, so that the last bit of a cosine, which differs between machines, moves no pixel.
COSINE = np.rint(UNIT * np.cos(2 * np.pi * np.arange(TURNS) / TURNS)).astype(np.int64)
SINE = np.rint(UNIT * np.sin(2 * np.pi * np.arange(TURNS) / TURNS)).astype(np.int64)

COARSE = 16
"""Pixels between two points of the uneven light behind the items."""


@dataclass(frozen=True)
class Shapes:
    """Drawn pictures and the truth about them.

    Args:
        images: `(pictures, 3, 96, 96)` uint8.
        labels: `(pictures, 96, 96)` uint8: k + 1 for a visible pixel of class k; 0 for background and distractors.
        boxes: `(boxes, 5)` float64: class, left, top, right, bottom of the visible pixels; right and bottom are edges,
            so that right - left is a width.
        starts: `(pictures + 1,)`: picture i has the boxes from `starts[i]` up to `starts[i + 1]`.
    """

    images: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class _Item:
    """One shape on the canvas: the window it lies in, its pixels there, and how many it would have if all were seen."""

    window: tuple[slice, slice]
    inside: np.ndarray
    area: int


@cache
def draw_shapes(part: str, pictures: int) -> Shapes:
    """Draw the first so many pictures of a part; fewer pictures are the beginning of more.

    Args:
        part: `train` or `test`.
        pictures: How many, 1 or more.

    Example:
        >>> drawn = draw_shapes("train", 3)
        >>> drawn.images.shape, np.diff(drawn.starts).tolist()
        ((3, 3, 96, 96), [2, 2, 5])
    """
    images = np.empty((pictures, 3, SIDE, SIDE), dtype=np.uint8)
    labels = np.empty((pictures, SIDE, SIDE), dtype=np.uint8)
    boxes: list[np.ndarray] = []
    for picture in range(pictures):
        generator = np.random.Generator(np.random.PCG64([SEED, PARTS[part], picture]))
        images[picture], labels[picture], found = _draw(generator)
        boxes.append(found)
    starts = np.cumsum([0, *(len(found) for found in boxes)])
    return Shapes(images, labels, np.concatenate(boxes), starts)


def shapes(training_pictures: int = 4000, test_pictures: int = 1000, *, name: str = "shapes") -> Source:
    """Return the drawn pictures as a source: image, boxes, label image, and the part each belongs to.

    Args:
        training_pictures: Pictures of the training part, 1 or more.
        test_pictures: Pictures of the test part, which has a seed of its own; 1 or more.
        name: Name of the source.

    Example:
        >>> source = shapes(30, 10)
        >>> len(source), source.columns["boxes"].show(0), source.columns["part"].counts()
        (40, '1 square, 1 star', {'train': 30, 'test': 10})
    """
    drawn = [draw_shapes("train", training_pictures), draw_shapes("test", test_pictures)]
    starts = np.concatenate([drawn[0].starts, drawn[0].starts[-1] + drawn[1].starts[1:]])
    pixels = np.concatenate([part.images for part in drawn])
    counts = (training_pictures, test_pictures)
    names = [f"{part}-{number + 1}" for part, total in zip(PARTS, counts, strict=True) for number in range(total)]
    columns: dict[str, Column] = {
        "picture": Texts(names),
        "image": Images(pixels, None, np.full((len(pixels), 2), SIDE), channels=3),
        "boxes": Boxes(np.concatenate([part.boxes for part in drawn]), starts, CLASSES),
        "labels": LabelImages(np.concatenate([part.labels for part in drawn]), ("background", *CLASSES)),
        "part": Categories(np.repeat([0, 1], counts), tuple(PARTS)),
    }
    roles = {"picture": "id", "image": "input", "boxes": "target", "labels": "target", "part": "part"}
    fields = tuple(Field(column, role) for column, role in roles.items())
    note = say("Boxes hold the visible pixels of an object; half of every object is in sight, or more.")
    return Source(name, "built-in", fields, columns, notes=(note,), licence="made by formula; free of rights")


def _draw(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one picture: its pixels, its label image and its boxes."""
    base = generator.integers(40, 216, 3)
    pixels = _background(generator, base)
    # owner: which item a pixel shows, 0 for the background; kinds: the class of each, -1 where it is no object.
    owner = np.zeros((SIDE, SIDE), dtype=np.int64)
    kinds, areas = [-1], [1]
    counts = generator.integers(0, (MOST_OBJECTS + 1, MOST_DISTRACTORS + 1))
    for is_object in generator.permutation(np.repeat([True, False], counts)):
        for _ in range(TRIES):
            kind, size, turn, across, down = generator.integers(0, (4, len(DIAMETERS), TURNS, SIDE, SIDE)).tolist()
            name = CLASSES[kind] if is_object else DISTRACTORS[kind]
            item = _outline(name, int(DIAMETERS[size]), turn, across, down)
            if not _leaves_enough(owner, item, kinds, areas):
                continue
            owner[item.window][item.inside] = len(kinds)
            kinds.append(kind if is_object else -1)
            areas.append(item.area)
            pixels[(slice(None), *item.window)][:, item.inside] = _paint(generator, base, item)
            break
    noise = generator.integers(0, 256, pixels.shape, dtype=np.uint8)
    # Two throws of 0 to 15 less 15: triangular noise of -15 to 15.
    pixels += (noise & 15).astype(np.int64) + (noise >> 4) - 15
    labels = (np.array(kinds) + 1)[owner]
    return np.clip(pixels, 0, 255).astype(np.uint8), labels.astype(np.uint8), _boxes(owner, kinds)


def _background(generator: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """Return one colour in uneven light: random points 16 pixels apart, joined bilinearly."""
    points = generator.integers(-50, 51, (3, SIDE // COARSE + 1, SIDE // COARSE + 1))
    place = np.arange(SIDE)
    spread = np.zeros((SIDE, SIDE // COARSE + 1), dtype=np.int64)
    spread[place, place // COARSE] = COARSE - place % COARSE
    spread[place, place // COARSE + 1] = place % COARSE
    return np.asarray(base[:, None, None] + (spread @ points @ spread.T) // COARSE**2)


def _outline(name: str, diameter: int, turn: int, across: int, down: int) -> _Item:
    """Return a shape about a centre, turned by a number of 240ths of a circle."""
    reach = diameter // 2 + 1
    rows = slice(max(down - reach, 0), min(down + reach + 1, SIDE))
    columns = slice(max(across - reach, 0), min(across + reach + 1, SIDE))
    whole = np.arange(-reach, reach + 1)
    # Half pixels times 4096: u = dx cos + dy sin, v = dy cos - dx sin.
    dx, dy = 2 * whole[None, :], 2 * whole[:, None]
    u, v = dx * COSINE[turn] + dy * SINE[turn], dy * COSINE[turn] - dx * SINE[turn]
    filled = _filled(name, u, v, diameter * UNIT)
    top, left = rows.start - (down - reach), columns.start - (across - reach)
    inside = filled[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start]
    return _Item((rows, columns), inside, int(filled.sum()))


def _filled(name: str, u: np.ndarray, v: np.ndarray, radius: int) -> Any:
    """Say which points belong to a shape that fits into a circle of a radius."""
    if name in ("circle", "ring", "crescent"):
        disc = u**2 + v**2 <= radius**2
        if name == "ring":
            return disc & (u**2 + v**2 > (radius * 5 // 8) ** 2)
        bitten = (u - radius * 5 // 8) ** 2 + v**2 > radius**2
        return disc & bitten if name == "crescent" else disc
    if name == "square":
        return (abs(u) <= radius * 3 // 4) & (abs(v) <= radius * 3 // 4)
    upright, level = (abs(u) <= radius // 5), (abs(v) <= radius // 5)
    if name == "bar":
        return level & (abs(u) <= radius)
    if name == "cross":
        return (upright & (abs(v) <= radius)) | (level & (abs(u) <= radius))
    # A triangle lies on the inner side of three lines; a star is where at most one of five lines is crossed.
    corners, apart, allowed = (3, radius // 2, 3) if name == "triangle" else (5, radius * 309 // 1000, 4)
    sides = np.arange(corners) * (TURNS // corners)
    inner = [(u * COSINE[side] + v * SINE[side]) // UNIT <= apart for side in sides]
    return (abs(u) <= radius) & (np.sum(inner, axis=0) >= allowed)


def _leaves_enough(owner: np.ndarray, item: _Item, kinds: list[int], areas: list[int]) -> bool:
    """Say whether half of every object stays in sight, and two thirds of the new item are within the picture."""
    if 3 * item.inside.sum() < 2 * item.area:
        return False
    hidden = np.bincount(owner[item.window][item.inside], minlength=len(kinds))
    if not hidden[1:].any():
        return True
    seen = np.bincount(owner.ravel(), minlength=len(kinds)) - hidden
    return all(bool(2 * seen[place] >= areas[place]) for place in range(1, len(kinds)) if kinds[place] >= 0)


def _paint(generator: np.random.Generator, base: np.ndarray, item: _Item) -> np.ndarray:
    """Return the colours of an item's pixels, `(3, pixels)`: a colour unlike the background's, plain or striped."""
    choice, stripes = generator.integers(0, (len(PALETTE), 4))
    order = np.roll(PALETTE, -choice, axis=0)
    colour = order[np.argmax(abs(order - base).sum(axis=1) >= 150)] + generator.integers(-25, 26, 3)
    rows, columns = np.nonzero(item.inside)
    # Stripes four pixels wide: none, across, down, or aslant.
    along = np.stack([np.zeros_like(rows), rows, columns, rows + columns])[stripes]
    return np.asarray(colour[:, None] - 45 * ((along // 4) % 2))


def _boxes(owner: np.ndarray, kinds: list[int]) -> np.ndarray:
    """Return class, left, top, right and bottom of the visible pixels of every object."""
    found = []
    for place, kind in enumerate(kinds):
        if kind >= 0:
            rows, columns = np.nonzero(owner == place)
            found.append((kind, columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    return np.array(found, dtype=np.float64).reshape(-1, 5)
