"""The files of an unpacked archive, and what is said of the members that were refused."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from layerwise.data.archive_faults import OUTSIDE, problem_of
from layerwise.data.archive_names import printable
from layerwise.data.source import Problem
from layerwise.language import say

__all__ = ["SUFFIXES", "ArchiveTree"]

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Endings of archives that are read."""


@dataclass(frozen=True)
class ArchiveTree:
    """The files of an archive, as `FileTree` has them.

    Args:
        path: The archive.
        pictures: The file in the cache that holds its pictures end to end.
        places: First byte and number of bytes of each picture there.
        children: Folders and files directly in each folder.
        refused: Members that are listed and cannot be had.
        notes: How their names were read.
    """

    path: Path
    pictures: Path
    places: Mapping[str, tuple[int, int]]
    children: Mapping[str, tuple[list[str], list[str]]]
    refused: Mapping[str, Problem]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        path: Path,
        pictures: Path,
        *,
        places: Mapping[str, tuple[int, int]],
        others: Sequence[str],
        folders: Sequence[str],
        refused: Sequence[tuple[str, str, str]],
        encodings: Mapping[str, int],
    ) -> ArchiveTree:
        """Put the entries of an index into folders."""
        problems: dict[str, Problem] = {}
        for name, fault, detail in refused:
            # A name may be refused several times; each is listed.
            key = name
            while key in problems or (fault == "repeated" and key == name):
                key += "\0"
            problems[key] = problem_of(path, name, fault, detail)
        inside = [name for name, fault, _ in refused if fault not in OUTSIDE]
        # A folder whose every member was refused is not empty: it does not stand for itself.
        spared = [folder for folder in folders if not any(name.startswith(folder + "/") for name, _, _ in refused)]
        return cls(path, pictures, places, _children({*places, *others, *inside}, spared), problems, _notes(encodings))

    @property
    def origin(self) -> str:
        """The path of the archive."""
        return str(self.path)

    @property
    def wrapper(self) -> str:
        """The name of the archive without its ending: packing a folder puts one of that name around its files."""
        return stem(self.path)

    def below(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files directly in a folder, each sorted."""
        return self.children.get(folder, ([], []))

    def names(self) -> list[str]:
        """Return every picture at any depth."""
        return sorted(self.places)

    def holds(self, name: str) -> bool:
        """Say whether there is a picture of that name."""
        return name in self.places

    def content(self, name: str) -> bytes:
        """Return the bytes of a picture."""
        start, count = self.places[name]
        with self.pictures.open("rb") as stream:
            stream.seek(start)
            return stream.read(count)

    def label(self, name: str) -> str:
        """Return what a member is called in a message."""
        return f"{self.path.name}: {printable(name)}"


def stem(path: Path) -> str:
    """Return the name of an archive without its ending.

    Example:
        >>> stem(Path("new photos.tar.gz")), stem(Path("a.b.zip"))
        ('new photos', 'a.b')
    """
    return re.sub(r"(\.tar)?\.[^.]+$", "", path.name, flags=re.IGNORECASE) or path.name


def _children(files: set[str], folders: Sequence[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Return the folders and files directly in each folder, each sorted."""
    below: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    known = set()

    def enter(folder: str) -> None:
        while folder and folder not in known:
            known.add(folder)
            above = folder.rpartition("/")[0]
            below[above][0].add(folder)
            folder = above

    for folder in folders:
        enter(folder)
    for name in files:
        above = name.rpartition("/")[0]
        enter(above)
        below[above][1].add(name)
    return {folder: (sorted(deeper), sorted(held)) for folder, (deeper, held) in below.items()}


def _notes(encodings: Mapping[str, int]) -> tuple[str, ...]:
    """Say how names were read that are no UTF-8."""
    return tuple(
        say("Names of members that are not in UTF-8 were read as {}: {}.", encoding.upper(), count)
        for encoding, count in encodings.items()
        if encoding != "utf-8"
    )
