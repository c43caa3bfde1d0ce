"""Pictures of a folder or archive as one column: headers read and pixels checked in threads, damaged ones listed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from layerwise.data.file_trees import FileTree
from layerwise.data.kinds import Images, picture_digest
from layerwise.data.picture_hashes import sketch
from layerwise.data.pictures import SUFFIXES, Content, Header, UnreadablePicture, decode_picture, quietly, read_header
from layerwise.data.source import Problem
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["PictureColumn", "picture_column"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class PictureColumn:
    """The pictures that can be read, in their order, and what was found on the way.

    Args:
        column: The pictures.
        problems: Those that cannot be read, by name.
        notes: What is done to pictures that are not plain 8-bit ones.
    """

    column: Images
    problems: Mapping[str, Problem]
    notes: tuple[str, ...]


def picture_column(tree: FileTree, names: Sequence[str], *, check_pixels: bool = True) -> PictureColumn:
    """Read what is known of some pictures; they are decoded when they are asked for.

    Args:
        tree: A folder or an archive.
        names: Path of each picture in it; a name may stand there several times.
        check_pixels: Decode every picture once, so that damaged ones are found now and not in training.
    """
    problems: dict[str, Problem] = {}
    with quietly():
        headers = _each(tree, read_header, names, problems)
        good = [name for name in names if name in headers]
        channels = 1 if all(headers[name].grey for name in good) else 3
        seen: dict[str, tuple[bytes, np.ndarray]] = {}
        if check_pixels:
            seen = _each(tree, partial(_look, channels), good, problems)
            good = [name for name in good if name in seen]
    sizes = np.array([(headers[name].width, headers[name].height) for name in good]).reshape(-1, 2)
    column = Images(
        good, _Decode(tree, channels), sizes, channels, known_digests=tuple(seen[name][0] for name in good if seen),
        sketches=np.stack([seen[name][1] for name in good]) if seen else None,
        taken=np.array([headers[name].taken for name in good]),
    )  # fmt: skip
    return PictureColumn(column, problems, tuple(_notes({name: headers[name] for name in good})))


@dataclass(frozen=True)
class _Decode:
    """Turn the name of a picture into pixels; a class and not a closure, so that other processes can take it."""

    tree: FileTree
    channels: int

    def __call__(self, name: str) -> np.ndarray:
        try:
            return decode_picture(self.tree.content(name), self.channels)
        except (UnreadablePicture, OSError) as problem:
            raise LayerwiseError(
                say("A picture stays readable while it is used."), f"'{self.tree.origin}': {name}: {problem}",
                say("Was it changed? Run the command again."),
            ) from problem  # fmt: skip


def _look(channels: int, content: Content) -> tuple[bytes, np.ndarray]:
    """Decode one picture and return a hash of its pixels, and the sketch by which it is known when stored again."""
    pixels = decode_picture(content, channels)
    return picture_digest(pixels), sketch(pixels)


def _each(
    tree: FileTree, work: Callable[[Content], Result], names: Sequence[str], problems: dict[str, Problem]
) -> dict[str, Result]:
    """Do something with every picture once, in threads; a picture that fails becomes a problem."""

    def attempt(name: str) -> Result | Problem:
        try:
            return work(tree.content(name))
        except (UnreadablePicture, OSError) as problem:
            return Problem(
                tree.label(name), say("A file in a class folder is a whole picture."), str(problem),
                say("Replace or remove the file, or leave it out with --exclude-problems."),
            )  # fmt: skip

    different = list(dict.fromkeys(names))
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        results = dict(zip(different, pool.map(attempt, different), strict=True))
    problems |= {name: result for name, result in results.items() if isinstance(result, Problem)}
    return {name: result for name, result in results.items() if not isinstance(result, Problem)}


def _notes(headers: Mapping[str, Header]) -> list[str]:
    """Say what is done to pictures that are not plain 8-bit ones, and which are not what their endings say."""
    counts = Counter(
        sentence
        for header in headers.values()
        for sentence, holds in (
            ("transparent pixels laid over white", header.alpha),
            ("16 bits scaled to 8", header.bits == 16),
            ("the first picture of several used", header.frames > 1),
        )
        if holds
    )
    notes = [f"{say(sentence)}: {count}" for sentence, count in counts.items()]
    grey = sum(header.grey for header in headers.values())
    if 0 < grey < len(headers):
        notes.append(say("grey pictures given three equal channels: {}", grey))
    wrong = [
        f"{name} ({header.format})"
        for name, header in headers.items()
        if SUFFIXES.get(Path(name).suffix.lower()) != header.format and header.format != "MPO"
    ]
    if wrong:
        notes.append(say("read by content, not by ending: {} ({})", len(wrong), ", ".join(wrong[:3])))
    return notes
