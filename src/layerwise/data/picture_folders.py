"""The pictures of a folder or archive: which part and class each belongs to, and which files are no pictures at all."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from layerwise.data.file_trees import FileTree, is_hidden
from layerwise.data.pictures import SUFFIXES
from layerwise.data.roles import part_of
from layerwise.data.source import Problem
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Listing", "list_pictures"]


@dataclass
class Listing:
    """Every file of a folder, each in exactly one list."""

    pictures: list[tuple[str, str, str]] = field(default_factory=list)
    """Path below the root, part and class of each picture file."""
    problems: list[Problem] = field(default_factory=list)
    hidden: int = 0
    others: list[str] = field(default_factory=list)
    """Files beside the class folders that are no pictures: a read-me, a list of labels."""
    wrapper: str = ""
    """The one folder at the top that holds all others, where there is one."""
    met: set[str] = field(default_factory=set)
    """Refused files that are among the problems."""

    def refuse(self, tree: FileTree, name: str) -> bool:
        """Put a file that cannot be had among the problems; say whether it is one."""
        if name in tree.refused and name not in self.met:
            self.met.add(name)
            self.problems.append(tree.refused[name])
        return name in tree.refused


def list_pictures(tree: FileTree) -> Listing:
    """List every file of a folder or archive and judge its place: parts, then classes, then pictures.

    A folder at the top that only holds the others is looked through.

    Args:
        tree: A folder or an archive.

    Raises:
        LayerwiseError: A class folder is empty, or folders of parts and of other things stand beside each other.
    """
    listing = Listing()
    top = _top(tree, listing)
    folders = _folders(tree, top, listing)
    parts = [folder for folder in folders if part_of(_last(folder))]
    if parts and len(parts) == len(folders):
        _list_beside(tree, top, listing)
        for folder in folders:
            _list_classes(tree, folder, part_of(_last(folder)), listing, _folders(tree, folder, listing))
    elif len(parts) > 1:
        others = [_last(folder) for folder in folders if folder not in parts]
        raise LayerwiseError(
            say("Folders beside each other are all parts (train, val, test) or all classes."),
            say("'{}' holds parts and others: {}", tree.origin, ", ".join(others[:5])),
            say("Move the others away."),
        )
    else:
        _list_classes(tree, top, "", listing, folders)
    for name in tree.refused:
        listing.refuse(tree, name)
    return listing


def _top(tree: FileTree, listing: Listing) -> str:
    """Go down through folders that only wrap others; what lies beside them is listed."""
    top = ""
    while True:
        folders, files = ([name for name in names if not is_hidden(name)] for names in tree.below(top))
        if len(folders) != 1 or part_of(_last(folders[0])) or any(map(_is_picture, files)):
            return top
        deeper, pictures = tree.below(folders[0])
        wraps = any(not is_hidden(name) for name in deeper) and not any(
            _is_picture(name) for name in pictures if not is_hidden(name)
        )
        if not wraps and (top or _composed(_last(folders[0])) != _composed(tree.wrapper)):
            return top
        _folders(tree, top, listing)
        _list_beside(tree, top, listing)
        top = listing.wrapper = folders[0]


def _list_beside(tree: FileTree, level: str, listing: Listing) -> None:
    """List the files beside folders of parts, or beside the one folder that wraps all others."""
    for name in tree.below(level)[1]:
        if is_hidden(name) or listing.refuse(tree, name):
            continue
        if _is_picture(name):
            listing.problems.append(_stray(tree, name))
        else:
            listing.others.append(name)


def _list_classes(tree: FileTree, level: str, part: str, listing: Listing, folders: list[str]) -> None:
    """List the pictures of every class folder; a level without folders holds pictures without classes."""
    for name in tree.below(level)[1]:
        if is_hidden(name) or listing.refuse(tree, name):
            continue
        if not _is_picture(name):
            listing.others.append(name)
        elif folders:
            listing.problems.append(_stray(tree, name))
        else:
            listing.pictures.append((name, part, ""))
    for folder in folders:
        before = len(listing.pictures) + len(listing.problems)
        _list_class(tree, folder, part, listing)
        if len(listing.pictures) + len(listing.problems) == before:
            raise LayerwiseError(
                say("Every class folder holds pictures."),
                say("class folder '{}' is empty", tree.label(folder)),
                say("Add pictures, or remove the folder."),
            )


def _list_class(tree: FileTree, folder: str, part: str, listing: Listing) -> None:
    """List the files of one class folder; folders below it and other files are problems."""
    # A Hangul name may be stored composed or taken apart: both are one class.
    name_of_class = _composed(_last(folder))
    folders, files = tree.below(folder)
    for name in sorted((*folders, *files)):
        if is_hidden(name):
            listing.hidden += 1
        elif name in folders:
            listing.problems.append(
                Problem(
                    tree.label(name) + "/", say("A class folder holds pictures and no folders."), say("a folder"),
                    say("Move its pictures one level up, or leave it out with --exclude-problems."),
                )
            )  # fmt: skip
        elif listing.refuse(tree, name):
            continue
        elif not _is_picture(name):
            listing.problems.append(
                Problem(
                    tree.label(name), say("A file in a class folder is a picture: {}.", " ".join(SUFFIXES)),
                    say("ending '{}'", PurePosixPath(name).suffix),
                    say("Convert it to PNG, or leave it out with --exclude-problems."),
                )
            )  # fmt: skip
        else:
            listing.pictures.append((name, part, name_of_class))


def _stray(tree: FileTree, name: str) -> Problem:
    """Return the problem of a picture that lies in no class folder."""
    return Problem(
        tree.label(name), say("Every picture lies in the folder of its class."), say("a picture beside class folders"),
        say("Move it into a class folder, or leave it out with --exclude-problems."),
    )  # fmt: skip


def _folders(tree: FileTree, level: str, listing: Listing) -> list[str]:
    """Return the folders directly below a level; its hidden entries are counted."""
    folders, files = tree.below(level)
    listing.hidden += sum(map(is_hidden, (*folders, *files)))
    return [folder for folder in folders if not is_hidden(folder)]


def _is_picture(name: str) -> bool:
    """Say whether a file is named as a picture."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _last(name: str) -> str:
    """Return the last part of a path."""
    return name.rpartition("/")[2]


def _composed(name: str) -> str:
    """Return a name with its letters and accents, or the parts of a Hangul syllable, as one sign."""
    return unicodedata.normalize("NFC", name)
