"""Zip and tar archives of pictures: the folders inside are read as those on disk are."""

from __future__ import annotations

import shlex
import tarfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

from layerwise.catalog import register
from layerwise.data.archive_members import DAMAGE, ZIP, unpacked
from layerwise.data.archive_tree import SUFFIXES, ArchiveTree, stem
from layerwise.data.archives import archive_tree
from layerwise.data.labelled_pictures import labelled_pictures
from layerwise.data.picture_folders import Listing, list_pictures
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "sniff"]

OTHERS = (".npz", ".xlsx", ".xlsm", ".docx", ".pptx", ".ods", ".odt", ".odp", ".epub", ".jar", ".whl", ".apk")
"""Endings of files that are zips inside and mean something else."""

TABLES = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xls")
"""Endings of files beside the pictures that may say what these are."""


def sniff(path: Path) -> bool:
    """Say whether a file is named as an archive, or starts like a zip or, unpacked, like a tar."""
    if not path.is_file() or path.suffix.lower() in OTHERS:
        return False
    if path.name.lower().endswith(SUFFIXES):
        return True
    try:
        with path.open("rb") as stream:
            if stream.read(4) in ZIP:
                return True
        with unpacked(path) as stream:
            block = stream.read(tarfile.BLOCKSIZE)
        return bool(tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape").name)
    except DAMAGE:
        return False


@register("archive", suffixes=(".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"))
def read(path: Path, *, check_pixels: bool = True) -> Source:
    """Read the pictures of an archive as those of a folder; a member that is refused is listed among the problems.

    The pictures are unpacked once into the cache. Members that lead out of the archive, links, devices, encrypted and
    damaged ones are refused by name; an archive that grows out of all measure is refused whole.

    Args:
        path: A zip, or a tar, as it is or packed with gzip, bzip2 or xz.
        check_pixels: Decode every picture once while reading, so that damaged ones are found now and not in training.

    Raises:
        LayerwiseError: The archive is damaged, too large, or holds no pictures, or they lie in no order of classes.
    """
    tree = archive_tree(path)
    listing = list_pictures(tree)
    if not tree.places and not tree.refused:
        raise _without_pictures(tree, listing)
    source = labelled_pictures(tree, listing, name=stem(path), origin=str(path), check_pixels=check_pixels)
    return replace(source, notes=(*tree.notes, *source.notes, *_table(tree, listing)))


def _without_pictures(tree: ArchiveTree, listing: Listing) -> LayerwiseError:
    """Say what an archive holds instead of pictures."""
    names = [*listing.others, *(problem.where.partition(": ")[2] for problem in listing.problems)]
    shown = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
    found = say("'{}' holds none; it holds: {}", tree.path, shown) if names else say("'{}' holds none", tree.path)
    return LayerwiseError(
        say("An archive that is read holds pictures."), found,
        say("Unpack it, and name the file or folder inside that holds the data."),
    )  # fmt: skip


def _table(tree: ArchiveTree, listing: Listing) -> list[str]:
    """Say how a table beside the pictures is used, since it is not read by itself."""
    tables = [name for name in listing.others if PurePosixPath(name).suffix.lower() in TABLES]
    tables = [name for name in tables if not PurePosixPath(name).stem.lower().startswith(("readme", "license"))]
    if len(tables) != 1:
        return []
    unpacked_table = PurePosixPath(tables[0]).name
    command = shlex.join(["layerwise", "data", unpacked_table, "--images", str(tree.path)])
    return [say("The table '{}' was not read. If it names the pictures, unpack it and type: {}", tables[0], command)]
