"""A workbook before it is opened: a zip of XML that may be damaged, locked, oversized, or no workbook at all."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from xml.etree import ElementTree

from layerwise.errors import LayerwiseError
from layerwise.language import say

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["DAMAGED", "OLD", "Marks", "check_archive", "damaged", "foreign", "marks_of", "sheet_members"]

LARGEST = 2 * 1024**3
"""Most bytes that a workbook may take unpacked."""

DENSEST = 400
"""A large part that packs better than this is a bomb: real sheets pack 5 to 50 times."""

LARGE = 64 * 1024**2

CHUNK = 1 << 20
OVERLAP = 64

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Start of the compound files that .xls is, and that a workbook with a password is wrapped in."""

LOCKED = "EncryptedPackage".encode("utf-16-le")

DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
MARKED = re.compile(rb"<(\w+:)?(f|mergeCell)[\s/>]")
FAR = re.compile(rb"""\sr=["']([A-Za-z]{4,}\d*|[A-Za-z]*\d{8,})["']""")
"""Addresses beyond XFD and beyond seven digits of rows, which no sheet has."""

# What the parsers of zip and XML, and openpyxl on top of them, raise over parts that are not what they should be.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError,
    NotImplementedError, RuntimeError, SyntaxError, OSError,
)  # fmt: skip


@dataclass(frozen=True)
class Marks:
    """What a sheet says of its cells beside their values.

    Args:
        unsaved: Addresses of formulas without a saved value.
        merged: Ranges of merged cells.
    """

    unsaved: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()


def damaged(path: Path, found: str) -> LayerwiseError:
    """Say that a file is not the workbook that its name promises."""
    return LayerwiseError(
        say("A workbook is a whole zip of sheets."), f"'{path}': {found}",
        say("Save it again as .xlsx, or fetch it again."),
    )  # fmt: skip


def foreign(path: Path) -> LayerwiseError | None:
    """Name a spreadsheet of another kind: .xls, .ods, .xlsb, or one behind a password.

    Args:
        path: A file.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
        if start == OLD:
            rest = stream.read(LARGE)
            return _unread(path, say("a workbook behind a password") if LOCKED in rest else say("an old .xls file"))
    if path.suffix.lower() in (".ods", ".xlsb", ".xls"):
        return _unread(path, say("a {} file", path.suffix.lower()))
    return None


def _unread(path: Path, found: str) -> LayerwiseError:
    """Say which spreadsheets are read, and how to get there."""
    return LayerwiseError(
        say("A spreadsheet is read as .xlsx or .xlsm without a password."), say("'{}' is {}", path, found),
        say("Open it in a spreadsheet program, and save it as .xlsx without a password, or as CSV."),
    )  # fmt: skip


def check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse a zip that is no workbook, that would unpack without bounds, or whose XML declares entities.

    Raises:
        LayerwiseError: One of these.
    """
    members = archive.infolist()
    names = {member.filename for member in members}
    if "mimetype" in names and "content.xml" in names:
        raise _unread(path, say("a {} file", ".ods"))
    if "xl/workbook.bin" in names:
        raise _unread(path, say("a {} file", ".xlsb"))
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise damaged(path, say("a zip without a workbook in it"))
    total = sum(member.file_size for member in members)
    dense = [
        member.filename for member in members
        if member.file_size > LARGE and member.file_size > DENSEST * max(member.compress_size, 1)
    ]  # fmt: skip
    if total > LARGEST or dense:
        raise LayerwiseError(
            say("A workbook unpacks to at most {} bytes, and packs at most {} times.", LARGEST, DENSEST),
            say("'{}' announces {}", path, total), say("Save the sheet as CSV."),
        )  # fmt: skip
    for member in members:
        if member.flag_bits & 1:
            raise _unread(path, say("a workbook behind a password"))
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as stream:
                _check_xml(path, member.filename, stream)


def _check_xml(path: Path, name: str, stream: IO[bytes]) -> None:
    """Refuse XML that declares a document type, or that is in 16 bits, where such a thing could hide."""
    sheet = name.startswith("xl/worksheets/")
    for chunk in _chunks(stream):
        if DOCTYPE.search(chunk):
            raise damaged(path, say("'{}' declares XML entities, which no workbook does", name))
        if b"\0" in chunk:
            raise damaged(path, say("'{}' holds NUL bytes", name))
        far = FAR.search(chunk) if sheet else None
        if far:
            raise damaged(path, say("'{}' names a cell {}, beyond the last one of any sheet", name, _word(far[1])))


def _word(raw: bytes) -> str:
    """Return a piece of XML as a short text."""
    return raw[:40].decode("latin-1")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Return a stream in pieces that overlap, so that no mark is cut in two."""
    rest = b""
    while block := stream.read(CHUNK):
        yield rest + block
        rest = (rest + block)[-OVERLAP:]


def sheet_members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the member of the zip that holds each sheet, by the name of the sheet.

    Args:
        archive: A workbook that `check_archive` let pass.
    """
    # The book names its sheets by relation, and the relations name the members.
    root = ElementTree.fromstring(archive.read("_rels/.rels"))
    book = next(
        (_member("", part) for part in root.iter() if part.get("Type", "").endswith("/officeDocument")),
        "xl/workbook.xml",
    )
    folder, _, file = book.rpartition("/")
    related = ElementTree.fromstring(archive.read(f"{folder}/_rels/{file}.rels"))
    targets = {part.get("Id"): _member(folder, part) for part in related}
    found = {}
    for sheet in ElementTree.fromstring(archive.read(book)).iter():
        if _local(sheet) == "sheet":
            relation = next((value for key, value in sheet.items() if key.endswith("}id")), "")
            found[sheet.get("name", "")] = targets.get(relation, "")
    return found


def _member(folder: str, relation: Element) -> str:
    """Return the member that a relation points at: from the root of the zip, or from its own folder."""
    target = relation.get("Target", "")
    return target.lstrip("/") if target.startswith("/") or not folder else f"{folder}/{target}"


def _local(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def marks_of(archive: zipfile.ZipFile, member: str) -> Marks:
    """Find formulas whose value was never saved, and merged cells; openpyxl's fast reader tells neither.

    Args:
        archive: A workbook that `check_archive` let pass.
        member: Member of the zip that holds a sheet.
    """
    with archive.open(member) as stream:
        if not any(MARKED.search(chunk) for chunk in _chunks(stream)):
            return Marks()
    unsaved: list[str] = []
    merged: list[str] = []
    with archive.open(member) as stream:
        for _, element in ElementTree.iterparse(stream):
            name = _local(element)
            if name == "c" and _unsaved(element):
                unsaved.append(element.get("r", ""))
            elif name == "mergeCell":
                merged.append(element.get("ref", ""))
            if name == "row":
                element.clear()
    return Marks(tuple(unsaved), tuple(merged))


def _unsaved(cell: Element) -> bool:
    """Say whether a cell holds a formula and no value; an empty text is a value."""
    parts = {_local(part): part for part in cell}
    return "f" in parts and cell.get("t") != "str" and not ("v" in parts and parts["v"].text)
