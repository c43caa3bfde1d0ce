"""A table whose column names picture files: each row gets its picture, and what fits nowhere is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np

from layerwise.data.archive_tree import ArchiveTree
from layerwise.data.archives import archive_tree
from layerwise.data.file_names import FileNames, Found
from layerwise.data.file_trees import FileTree, Folder
from layerwise.data.kinds import Column, Images, Texts
from layerwise.data.picture_column import picture_column
from layerwise.data.pictures import SUFFIXES
from layerwise.data.source import Field, Problem, Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["with_pictures"]

SHOWN = 5
"""Names that a note or message lists before it counts the others."""

ASKED = 200
"""Different cells of a column that are looked up to tell whether it names pictures."""

LONGEST = 120
"""Signs of a name that a message shows."""

IMAGE = "image"
"""Name of the new field: that of pictures in folders, so that a network learned from either answers about both."""


@dataclass
class _Match:
    """Which file each row means."""

    rows: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problems: dict[int, Problem] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    differs: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def with_pictures(source: Source, folder: Path, *, column: str = "", check_pixels: bool = True) -> Source:
    """Return a table with the pictures that one of its columns names as a field `image`.

    Names may differ from the files in ending, letter case, Unicode form and folder; how many do is said in a note. A
    row without a picture, with a damaged one, or with a name that fits several files is listed among the problems;
    files that no row names are listed in a note.

    Args:
        source: A table.
        folder: The folder or archive with the pictures, at any depth.
        column: Column that names the files; the one whose cells name the most when left out.
        check_pixels: Decode every picture once.

    Raises:
        LayerwiseError: The folder holds no picture, no column names any, or the table holds pictures already.
    """
    if any(isinstance(held, Images) for held in source.columns.values()):
        raise LayerwiseError(
            say("--images belongs to a table that names pictures."), say("'{}' holds pictures itself", source.origin),
            say("Leave --images out."), usage=True,
        )  # fmt: skip
    tree = archive_tree(folder) if folder.is_file() else Folder(folder)
    files = _files(tree, folder)
    if not len(source):
        # Every row has a problem of its own; what there is to say of pictures comes after that.
        return source
    names = FileNames(files, SUFFIXES)
    chosen = column or _naming_column(source, names, folder, files)
    if chosen not in source.columns:
        raise LayerwiseError(
            say("A field must be in the data."), say("no field '{}' in '{}'", chosen, source.name),
            nearest(chosen, source.columns), usage=True,
        )  # fmt: skip
    match = _matched(source, chosen, names, tree)
    if not match.rows:
        raise _nothing_found(source, chosen, folder, files)
    read = picture_column(tree, match.files, check_pixels=check_pixels)
    for row, name in zip(match.rows, match.files, strict=True):
        if name in read.problems:
            match.problems[row] = replace(
                read.problems[name], where=f"{source.place(row)}: {read.problems[name].where}",
                rule=say("The picture of a row is whole and can be read."),
            )  # fmt: skip
    kept = [row for row in match.rows if row not in match.problems]
    return _joined(source, chosen, np.array(kept, dtype=np.int64), read.column, match, (
        say("Pictures: '{}' names files in '{}'.", chosen, folder), *_differing(match),
        *read.notes, *_unnamed(files, match.files), *_repeated(match.files), *_of_archive(tree, match),
    ))  # fmt: skip


def _files(tree: FileTree, folder: Path) -> list[str]:
    """Return every picture file of a folder or archive, with those of an archive that were refused."""
    if not folder.exists():
        raise LayerwiseError(
            say("--images names the folder or archive with the pictures."), say("nothing at '{}'", folder),
            say("Check the path."), usage=True,
        )  # fmt: skip
    found = [name for name in (*tree.names(), *tree.refused) if PurePosixPath(name).suffix.lower() in SUFFIXES]
    if not found:
        raise LayerwiseError(
            say("A folder of pictures holds pictures."), say("'{}' holds none", folder), say("Check the path.")
        )
    return found


def _naming_column(source: Source, names: FileNames, folder: Path, files: Sequence[str]) -> str:
    """Return the column most of whose cells name a file."""
    shares = {name: _share(held, names) for name, held in source.columns.items()}
    best = max(shares, key=lambda name: shares[name], default="")
    if not best or not shares[best]:
        shown = next((name for name, held in source.columns.items() if held.kind != "number"), best)
        raise _nothing_found(source, shown, folder, files)
    return best


def _share(column: Column, names: FileNames) -> float:
    """Return the share of a column's different cells that name a file; of a long column, of the first ones."""
    present = np.flatnonzero(~column.missing())
    cells = list(dict.fromkeys(_cell(column, int(row)) for row in present[: ASKED * 5]))[:ASKED]
    return sum(bool(names.find(cell).files) for cell in cells) / len(cells) if cells else 0.0


def _cell(column: Column, row: int) -> str:
    """Return a cell as it is written; what is shown of a long text is cut."""
    return column.values[row] if isinstance(column, Texts) else column.show(row)


def _short(name: str) -> str:
    """Return a name, cut where a cell holds a whole page."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _matched(source: Source, column: str, names: FileNames, tree: FileTree) -> _Match:
    """Look the file of every row up."""
    match, held, known = _Match(), source.columns[column], dict[str, Found]()
    missing = held.missing()
    for row in range(len(source)):
        name = _cell(held, row)
        if name not in known:
            known[name] = Found(()) if missing[row] else names.find(name)
        found = known[name]
        if len(found.files) == 1 and found.files[0] in tree.refused:
            refused = tree.refused[found.files[0]]
            match.problems[row] = replace(refused, where=f"{source.place(row)}: {refused.where}")
            match.refused.add(found.files[0])
            continue
        if len(found.files) == 1:
            match.rows.append(row)
            match.files.append(found.files[0])
            for kind in found.differs:
                match.differs[kind] += 1
                match.examples.setdefault(kind, f"{name} -> {found.files[0]}")
            continue
        if missing[row]:
            problem = say("'{}' is empty", column)
        elif found.files:
            problem = say("'{}' could be {}", _short(name), say(" or ").join(found.files[:3]))
        else:
            problem = say("no picture '{}' in '{}'", _short(name), tree.origin)
        match.problems[row] = Problem(
            source.place(row), say("Every row names one picture."), problem,
            say("Add the picture or mend the name, or leave the row out with --exclude-problems."),
        )  # fmt: skip
    return match


def _joined(
    source: Source, column: str, rows: np.ndarray, pictures: Images, match: _Match, notes: Sequence[str]
) -> Source:
    """Return the rows that have a picture, the picture first; the names tell the rows apart where all differ."""
    table = source.take(rows)
    names = [_cell(table.columns[column], row) for row in range(len(table))]
    alone = len(set(names)) == len(names) and not source.named("id")
    roles = {part.name: part.role for part in table.fields}
    roles[column] = "id" if alone or roles[column] == "id" else "unused"
    other = IMAGE
    while other in table.columns:
        other += "_name" if other == IMAGE else "_"
    called = {name: other if name == IMAGE else name for name in table.columns}
    renamed = [say("The column '{}' of the table is called '{}' here.", IMAGE, other)] if other != IMAGE else []
    return replace(
        table,
        fields=(Field(IMAGE), *(Field(called[name], role) for name, role in roles.items())),
        columns={IMAGE: pictures, **{called[name]: held for name, held in table.columns.items()}},
        notes=(*source.notes, *notes, *renamed),
        problems=(*source.problems, *(match.problems[row] for row in sorted(match.problems))),
    )


def _differing(match: _Match) -> list[str]:
    """Say in what names and files differ, each with its first example."""
    sentences: Mapping[str, str] = {
        "ending": say("another ending"), "letter case": say("another letter case"),
        "Unicode form": say("another Unicode form (composed or taken apart)"), "folder": say("another folder"),
    }  # fmt: skip
    return [
        say("Names found although the file has {}: {} (first: {}).", sentences[kind], count, match.examples[kind])
        for kind, count in match.differs.items()
    ]


def _unnamed(files: Sequence[str], named: Sequence[str]) -> list[str]:
    """List the files that no row names."""
    known = set(named)
    others = [file for file in files if file not in known]
    if not others:
        return []
    shown = ", ".join(others[:SHOWN]) + (" ..." if len(others) > SHOWN else "")
    return [say("Pictures that no row names: {} ({}).", len(others), shown)]


def _repeated(named: Sequence[str]) -> list[str]:
    """List the files that several rows name."""
    often = [name for name, count in Counter(named).items() if count > 1]
    if not often:
        return []
    shown = ", ".join(often[:SHOWN]) + (" ..." if len(often) > SHOWN else "")
    return [say("Pictures that several rows name: {} ({}); they stay in one part.", len(often), shown)]


def _of_archive(tree: FileTree, match: _Match) -> list[str]:
    """Say how names in an archive were read, and list its refused members that no row names."""
    others = [problem for name, problem in tree.refused.items() if name not in match.refused]
    notes = list(tree.notes) if isinstance(tree, ArchiveTree) else []
    if others:
        shown = f"{others[0].where}: {others[0].found}"
        notes.append(say("Refused members of the archive that no row names: {} (first: {}).", len(others), shown))
    return notes


def _nothing_found(source: Source, column: str, folder: Path, files: Sequence[str]) -> LayerwiseError:
    """Say that a table and a folder do not belong together, with an example of both."""
    cell = _short(source.columns[column].show(0)) if column else ""
    return LayerwiseError(
        say("A column of the table names the picture files."),
        say("no name fits: e.g. '{}' in '{}' of '{}', '{}' in '{}'", cell, column, source.origin, files[0], folder),
        say("Check the folder, or name the column with --image-column."),
    )
