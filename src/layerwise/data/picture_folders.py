"""The files of a folder of pictures: which part and class each belongs to, and which are no pictures at all."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from layerwise.data.pictures import SUFFIXES
from layerwise.data.roles import part_of
from layerwise.data.source import Problem
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Listing", "is_hidden", "list_pictures"]

IGNORED = ("thumbs.db", "desktop.ini", "__macosx")
"""Files that systems leave behind, beside those whose name starts with a dot."""


@dataclass
class Listing:
    """Every file of a folder, each in exactly one list."""

    pictures: list[tuple[str, str, str]] = field(default_factory=list)
    """Path below the root, part and class of each picture file."""
    problems: list[Problem] = field(default_factory=list)
    hidden: int = 0
    others: list[str] = field(default_factory=list)
    """Files beside the class folders that are no pictures: a read-me, a list of labels."""


def list_pictures(path: Path) -> Listing:
    """List every file below a folder and judge its place: parts, then classes, then pictures.

    Args:
        path: A folder.

    Raises:
        LayerwiseError: A class folder is empty, or folders of parts and of other things stand beside each other.
    """
    listing = Listing()
    folders = _folders(path, listing)
    parts = [folder for folder in folders if part_of(folder.name)]
    if parts and len(parts) == len(folders):
        for folder in folders:
            _list_classes(path, folder, part_of(folder.name), listing)
    elif len(parts) > 1:
        others = [folder.name for folder in folders if folder not in parts]
        raise LayerwiseError(
            say("Folders beside each other are all parts (train, val, test) or all classes."),
            say("'{}' holds parts and others: {}", path, ", ".join(others[:5])),
            say("Move the others away."),
        )
    else:
        _list_classes(path, path, "", listing)
    return listing


def _list_classes(root: Path, level: Path, part: str, listing: Listing) -> None:
    """List the pictures of every class folder; a level without folders holds pictures without classes."""
    folders = _folders(level, None)
    files = [entry for entry in sorted(level.iterdir()) if entry.is_file() and not is_hidden(entry.name)]
    if level != root:
        listing.hidden += sum(1 for entry in level.iterdir() if is_hidden(entry.name))
    for entry in files:
        name = entry.relative_to(root).as_posix()
        if entry.suffix.lower() not in SUFFIXES:
            listing.others.append(name)
        elif folders:
            listing.problems.append(
                Problem(
                    name, say("Every picture lies in the folder of its class."), say("a picture beside class folders"),
                    say("Move it into a class folder, or leave it out with --exclude-problems."),
                )
            )  # fmt: skip
        else:
            listing.pictures.append((name, part, ""))
    for folder in folders:
        before = len(listing.pictures) + len(listing.problems)
        _list_class(root, folder, part, listing)
        if len(listing.pictures) + len(listing.problems) == before:
            raise LayerwiseError(
                say("Every class folder holds pictures."),
                say("class folder '{}' is empty", folder),
                say("Add pictures, or remove the folder."),
            )


def _list_class(root: Path, folder: Path, part: str, listing: Listing) -> None:
    """List the files of one class folder; folders below it and other files are problems."""
    name_of_class = unicodedata.normalize("NFC", folder.name)
    for entry in sorted(folder.iterdir()):
        name = entry.relative_to(root).as_posix()
        if is_hidden(entry.name):
            listing.hidden += 1
        elif entry.is_dir():
            listing.problems.append(
                Problem(
                    name + "/", say("A class folder holds pictures and no folders."), say("a folder"),
                    say("Move its pictures one level up, or leave it out with --exclude-problems."),
                )
            )  # fmt: skip
        elif entry.suffix.lower() not in SUFFIXES:
            listing.problems.append(
                Problem(
                    name, say("A file in a class folder is a picture: {}.", " ".join(SUFFIXES)),
                    say("ending '{}'", entry.suffix),
                    say("Convert it to PNG, or leave it out with --exclude-problems."),
                )
            )  # fmt: skip
        else:
            listing.pictures.append((name, part, name_of_class))


def _folders(path: Path, listing: Listing | None) -> list[Path]:
    """Return the folders directly below a path; hidden entries are counted."""
    entries = sorted(path.iterdir())
    if listing is not None:
        listing.hidden += sum(1 for entry in entries if is_hidden(entry.name))
    return [entry for entry in entries if entry.is_dir() and not is_hidden(entry.name)]


def is_hidden(name: str) -> bool:
    """Say whether a file is one that systems leave behind and people do not see."""
    return name.startswith(".") or name.lower() in IGNORED
