"""Folders of pictures: one folder a class, below folders of parts where there are any."""

from __future__ import annotations

from pathlib import Path

from layerwise.catalog import register
from layerwise.data.file_trees import Folder, is_hidden
from layerwise.data.labelled_pictures import labelled_pictures
from layerwise.data.picture_folders import Listing, list_pictures
from layerwise.data.pictures import SUFFIXES
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "sniff"]

LEVELS = 4
"""Levels on which pictures are looked for: one folder that holds all others, parts, classes, pictures."""


def sniff(path: Path) -> bool:
    """Say whether a path is a picture, or a folder with pictures in it or in its folders."""
    if path.is_file():
        return path.suffix.lower() in SUFFIXES
    if not path.is_dir():
        return False
    folders = [path]
    for _ in range(LEVELS):
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


@register("image-folder", suffixes=("/", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".webp", ".pgm", ".heic"))
def read(path: Path, *, check_pixels: bool = True) -> Source:
    """Read a folder of pictures; every file is loaded, listed among the problems, or counted in the notes.

    Rotation tags are applied; transparent pixels lie over white; 16 bits are scaled to 8; colours become sRGB by the
    profile of the file; inks (CMYK) become red, green and blue; the first picture of an animation is used. Each is said
    in a note. Pictures are decoded when they are asked for.

    Args:
        path: A folder of class folders, below train, val and test where there are parts; or pictures without classes.
        check_pixels: Decode every picture once while reading, so that damaged ones are found now and not in training.

    Raises:
        LayerwiseError: A class folder is empty, folders of parts and of classes are mixed, or nothing can be read.
    """
    tree = Folder(path if path.is_dir() else path.parent)
    listing = list_pictures(tree) if path.is_dir() else Listing(pictures=[(path.name, "", "")])
    if not listing.pictures and not listing.problems:
        raise LayerwiseError(
            say("A folder of pictures holds pictures."), say("'{}' holds none", path), say("Check the path.")
        )
    name = path.stem if path.is_file() else path.resolve().name
    return labelled_pictures(tree, listing, name=name, origin=str(path), check_pixels=check_pixels)
