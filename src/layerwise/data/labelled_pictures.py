"""Pictures in folders of parts and classes, on disk or in an archive, as a source."""

from __future__ import annotations

from layerwise.data.cells import categories
from layerwise.data.file_trees import FileTree
from layerwise.data.kinds import Column
from layerwise.data.picture_column import PictureColumn, picture_column
from layerwise.data.picture_folders import Listing
from layerwise.data.roles import part_column
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["labelled_pictures"]


def labelled_pictures(tree: FileTree, listing: Listing, *, name: str, origin: str, check_pixels: bool) -> Source:
    """Return listed pictures with their classes and parts; every file is loaded, a problem, or counted in the notes.

    Args:
        tree: A folder or an archive.
        listing: Its files; none of them may be a picture where others are problems.
        name: Short name of the source.
        origin: Its path, as the user wrote it.
        check_pixels: Decode every picture once.

    Raises:
        LayerwiseError: No picture can be read.
    """
    found = picture_column(tree, [picture for picture, _, _ in listing.pictures], check_pixels=check_pixels)
    listing.problems += found.problems.values()
    listed = [item for item in listing.pictures if item[0] not in found.problems]
    if not listed:
        first = listing.problems[0]
        raise LayerwiseError(
            say("At least one picture can be read."),
            say(
                "'{}': {} files, none readable; the first: {}: {}",
                origin,
                len(listing.problems),
                first.where,
                first.found,
            ),
            first.remedy,
        )
    columns, fields = _columns(listed, found)
    return Source(
        name=name,
        origin=origin,
        fields=fields,
        columns=columns,
        problems=tuple(listing.problems),
        notes=(*_notes(listing), *found.notes),
        places=tuple(picture for picture, _, _ in listed),
    )


def _columns(listed: list[tuple[str, str, str]], found: PictureColumn) -> tuple[dict[str, Column], tuple[Field, ...]]:
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
    return columns, tuple(fields)


def _notes(listing: Listing) -> list[str]:
    """Say what was looked through, and what was not looked at."""
    notes = []
    if listing.wrapper:
        notes.append(say("Everything lies in the folder '{}', which was looked through.", listing.wrapper))
    if listing.hidden:
        notes.append(say("Hidden files of the system, not looked at: {}.", listing.hidden))
    if listing.others:
        shown = ", ".join(listing.others[:3])
        notes.append(say("Files beside the class folders, not looked at: {} ({}).", len(listing.others), shown))
    return notes
