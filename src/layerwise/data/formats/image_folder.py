"""Folders of pictures: one folder a class, below folders of parts where there are any."""

from __future__ import annotations

from pathlib import Path

from layerwise.catalog import register
from layerwise.data.cells import categories
from layerwise.data.kinds import Column
from layerwise.data.picture_column import PictureColumn, picture_column
from layerwise.data.picture_folders import Listing, is_hidden, list_pictures
from layerwise.data.pictures import SUFFIXES
from layerwise.data.roles import part_column
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "sniff"]


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
    found = picture_column(root, [name for name, _, _ in listing.pictures], check_pixels=check_pixels)
    listing.problems += found.problems.values()
    listed = [item for item in listing.pictures if item[0] not in found.problems]
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
    return _source(path, listing, listed, found)


def _source(path: Path, listing: Listing, listed: list[tuple[str, str, str]], found: PictureColumn) -> Source:
    """Put pictures, classes and parts together."""
    columns: dict[str, Column] = {"image": found.column}
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
        notes=(*_notes(listing), *found.notes),
        places=tuple(name for name, _, _ in listed),
    )


def _notes(listing: Listing) -> list[str]:
    """Say what was not looked at."""
    notes = []
    if listing.hidden:
        notes.append(say("Hidden files of the system, not looked at: {}.", listing.hidden))
    if listing.others:
        shown = ", ".join(listing.others[:3])
        notes.append(say("Files beside the class folders, not looked at: {} ({}).", len(listing.others), shown))
    return notes
