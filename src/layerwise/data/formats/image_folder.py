"""Folders of pictures: one folder a class, below folders of parts where there are any."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from layerwise.catalog import register
from layerwise.data.cells import categories
from layerwise.data.kinds import Column, Images, picture_digest
from layerwise.data.picture_folders import Listing, is_hidden, list_pictures
from layerwise.data.pictures import SUFFIXES, Header, UnreadablePicture, decode_picture, quietly, read_header
from layerwise.data.roles import part_column
from layerwise.data.source import Field, Problem, Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "sniff"]

Result = TypeVar("Result")


def sniff(path: Path) -> bool:
    """Say whether a path is a picture, or a folder with pictures in it or in its folders."""
    if path.is_file():
        return path.suffix.lower() in SUFFIXES
    if not path.is_dir():
        return False
    folders = [path]
    for _ in range(3):
        below: list[Path] = []
        for folder in folders[:1000]:
            for entry in sorted(folder.iterdir()):
                if is_hidden(entry.name):
                    continue
                if entry.suffix.lower() in SUFFIXES:
                    return True
                if entry.is_dir():
                    below.append(entry)
        folders = below
    return False


@register("image-folder", suffixes=("/", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".webp", ".pgm"))
def read(path: Path, *, check_pixels: bool = True) -> Source:
    """Read a folder of pictures; every file is loaded, listed among the problems, or counted in the notes.

    Rotation tags are applied; transparent pixels lie over white; 16 bits are scaled to 8; the first picture of an
    animation is used. Pictures are decoded when they are asked for.

    Args:
        path: A folder of class folders, below train, val and test where there are parts; or pictures without classes.
        check_pixels: Decode every picture once while reading, so that damaged ones are found now and not in training.

    Raises:
        LayerwiseError: A class folder is empty, folders of parts and of classes are mixed, or nothing can be read.
    """
    root = path if path.is_dir() else path.parent
    listing = list_pictures(path) if path.is_dir() else Listing(pictures=[(path.name, "", "")])
    if not listing.pictures and not listing.problems:
        raise LayerwiseError(
            say("A folder of pictures holds pictures."), say("'{}' holds none", path), say("Check the path.")
        )
    with quietly():
        headers = _each(partial(_header, root), [name for name, _, _ in listing.pictures], listing.problems)
        listed = [item for item in listing.pictures if item[0] in headers]
        channels = 1 if all(headers[name].grey for name, _, _ in listed) else 3
        digests = {}
        if check_pixels:
            digests = _each(partial(_digest, root, channels), [name for name, _, _ in listed], listing.problems)
            listed = [item for item in listed if item[0] in digests]
    if not listed:
        first = listing.problems[0]
        raise LayerwiseError(
            say("At least one picture can be read."),
            say(
                "'{}': {} files, none readable; the first: {}: {}",
                path,
                len(listing.problems),
                first.where,
                first.found,
            ),
            first.remedy,
        )
    sizes = np.array([(headers[name].width, headers[name].height) for name, _, _ in listed])
    known = tuple(digests[name] for name, _, _ in listed) if check_pixels else ()
    names = [name for name, _, _ in listed]
    pictures = Images(names, _Decode(root, channels), sizes, channels, known_digests=known)
    return _source(path, listing, listed, pictures, [headers[name] for name in names])


@dataclass(frozen=True)
class _Decode:
    """Turn a path below the root into pixels; a class and not a closure, so that other processes can take it."""

    root: Path
    channels: int

    def __call__(self, name: str) -> np.ndarray:
        try:
            return decode_picture(self.root / name, self.channels)
        except UnreadablePicture as problem:
            raise LayerwiseError(
                say("A picture stays readable while it is used."), f"'{self.root / name}': {problem}",
                say("Was it changed? Run the command again."),
            ) from problem  # fmt: skip


def _header(root: Path, name: str) -> Header:
    """Return the header of one picture."""
    return read_header(root / name)


def _digest(root: Path, channels: int, name: str) -> bytes:
    """Decode one picture and return a hash of its pixels."""
    return picture_digest(decode_picture(root / name, channels))


def _each(work: Callable[[str], Result], names: Sequence[str], problems: list[Problem]) -> dict[str, Result]:
    """Do something with every picture in threads; a picture that fails becomes a problem."""

    def attempt(name: str) -> Result | Problem:
        try:
            return work(name)
        except UnreadablePicture as problem:
            return Problem(
                name, say("A file in a class folder is a whole picture."), str(problem),
                say("Replace or remove the file, or leave it out with --exclude-problems."),
            )  # fmt: skip

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        results = dict(zip(names, pool.map(attempt, names), strict=True))
    problems += [result for result in results.values() if isinstance(result, Problem)]
    return {name: result for name, result in results.items() if not isinstance(result, Problem)}


def _source(
    path: Path, listing: Listing, listed: list[tuple[str, str, str]], pictures: Images, headers: list[Header]
) -> Source:
    """Put pictures, classes and parts together."""
    columns: dict[str, Column] = {"image": pictures}
    fields = [Field("image")]
    classes = [name_of_class for _, _, name_of_class in listed]
    if any(classes):
        columns["class"] = categories(classes)
        fields.append(Field("class", "target"))
    parts = [part for _, part, _ in listed]
    if any(parts):
        column = part_column("part", categories(parts))
        if column is not None:
            columns["part"] = column
            fields.append(Field("part", "part"))
    return Source(
        name=path.stem if path.is_file() else path.resolve().name,
        origin=str(path),
        fields=tuple(fields),
        columns=columns,
        problems=tuple(listing.problems),
        notes=tuple(_notes(listing, headers, [name for name, _, _ in listed])),
        places=tuple(name for name, _, _ in listed),
    )


def _notes(listing: Listing, headers: list[Header], names: list[str]) -> list[str]:
    """Say what was done to pictures that are not plain 8-bit ones, and what was not looked at."""
    notes = []
    if listing.hidden:
        notes.append(say("Hidden files of the system, not looked at: {}.", listing.hidden))
    if listing.others:
        shown = ", ".join(listing.others[:3])
        notes.append(say("Files beside the class folders, not looked at: {} ({}).", len(listing.others), shown))
    counts = Counter(
        sentence
        for header in headers
        for sentence, holds in (
            ("transparent pixels laid over white", header.alpha),
            ("16 bits scaled to 8", header.bits == 16),
            ("the first picture of several used", header.frames > 1),
        )
        if holds
    )
    notes += [f"{say(sentence)}: {count}" for sentence, count in counts.items()]
    if not all(header.grey for header in headers) and any(header.grey for header in headers):
        notes.append(say("grey pictures given three equal channels: {}", sum(header.grey for header in headers)))
    wrong = [
        f"{name} ({header.format})"
        for name, header in zip(names, headers, strict=True)
        if SUFFIXES.get(Path(name).suffix.lower()) != header.format and header.format != "MPO"
    ]
    if wrong:
        notes.append(say("read by content, not by ending: {} ({})", len(wrong), ", ".join(wrong[:3])))
    return notes
