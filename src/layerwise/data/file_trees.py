"""Files below a folder, or in an archive, by the names that people know them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from layerwise.data.source import Problem

__all__ = ["IGNORED", "FileTree", "Folder", "is_hidden"]

IGNORED = ("thumbs.db", "desktop.ini", "__macosx")
"""Files that systems leave behind, beside those whose name starts with a dot."""


class FileTree(Protocol):
    """Files in folders; a name is a path below the root with `/`, the root itself the empty text."""

    @property
    def origin(self) -> str:
        """The path of the folder or archive, as the user wrote it."""

    @property
    def wrapper(self) -> str:
        """Name of a top folder that only wraps all others: that of the archive itself; empty where none can be."""

    @property
    def refused(self) -> Mapping[str, Problem]:
        """Files that are listed and cannot be had, by name."""

    def below(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files directly in a folder, each sorted."""

    def names(self) -> list[str]:
        """Return every file at any depth, without those that systems leave behind."""

    def holds(self, name: str) -> bool:
        """Say whether there is a file of that name."""

    def content(self, name: str) -> Path | bytes:
        """Return a file that can be read, or its bytes."""

    def label(self, name: str) -> str:
        """Return what a file is called in a message."""


@dataclass(frozen=True)
class Folder:
    """The files of a folder on disk.

    Args:
        root: The folder.
    """

    root: Path
    wrapper: str = ""
    refused: Mapping[str, Problem] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The path of the folder."""
        return str(self.root)

    def below(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files directly in a folder, each sorted."""
        folders: list[str] = []
        files: list[str] = []
        for entry in sorted((self.root / folder).iterdir()):
            (folders if entry.is_dir() else files).append(entry.name)
        start = f"{folder}/" if folder else ""
        return [start + name for name in folders], [start + name for name in files]

    def names(self) -> list[str]:
        """Return every file at any depth that no system left behind; links to folders are not followed."""
        below = ((path, path.relative_to(self.root)) for path in sorted(self.root.rglob("*")))
        return [name.as_posix() for path, name in below if path.is_file() and not any(map(is_hidden, name.parts))]

    def holds(self, name: str) -> bool:
        """Say whether there is a file of that name."""
        return (self.root / name).is_file()

    def content(self, name: str) -> Path:
        """Return the path of a file."""
        return self.root / name

    def label(self, name: str) -> str:
        """Return the name below the folder."""
        return name


def is_hidden(name: str) -> bool:
    """Say whether a file is one that systems leave behind and people do not see.

    Example:
        >>> is_hidden("cats/.DS_Store"), is_hidden("__MACOSX"), is_hidden("cats/a.png")
        (True, True, False)
    """
    last = name.rpartition("/")[2]
    return last.startswith(".") or last.lower() in IGNORED
