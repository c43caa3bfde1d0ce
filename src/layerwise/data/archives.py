"""A zip or tar of pictures: unpacked once into the cache, then read as a folder is.

The cache holds the pictures of an archive end to end in one file, and a list of where each begins. No name of a member
ever becomes the name of a file, so that none can lead out of the cache, fall together with another, or be too long.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from layerwise.data.archive_faults import fault_of
from layerwise.data.archive_members import DAMAGE, Limits, Member, damaged, members
from layerwise.data.archive_names import decoded
from layerwise.data.archive_tree import ArchiveTree
from layerwise.data.file_trees import is_hidden
from layerwise.data.named import cache_folder
from layerwise.data.pictures import SUFFIXES
from layerwise.errors import LayerwiseError
from layerwise.files import remove_folder, remove_leftovers, sha256, write_folder
from layerwise.language import say

__all__ = ["archive_cache", "archive_tree"]

VERSION = 1
"""Of the cache; a change of what is written there begins a new one."""

NESTED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar")
"""Endings of archives inside an archive, which are listed and not opened."""

DAY = 24 * 3600.0
"""Seconds after which what another process left unfinished in the cache is taken for abandoned."""

PICTURES, INDEX = "pictures.bin", "index.json"


@dataclass
class _Index:
    """What stands in the cache of an archive."""

    places: list[tuple[str, int, int]] = field(default_factory=list)
    """Name, first byte and number of bytes of each picture."""
    others: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, fault and its details of each member that was not unpacked although it should."""
    encodings: Counter[str] = field(default_factory=Counter)
    size: int = 0


def archive_cache() -> Path:
    """Return the folder below which archives are unpacked."""
    return cache_folder().parent / "archives"


def archive_tree(path: Path, *, limits: Limits = Limits()) -> ArchiveTree:  # noqa: B008 - frozen
    """Return the files of an archive; its pictures are unpacked into the cache where they do not lie there yet.

    Args:
        path: A zip, or a tar, as it is or packed with gzip, bzip2 or xz.
        limits: How much it may hold.

    Raises:
        LayerwiseError: The archive is damaged or grows beyond the limits, or the cache cannot be written.
    """
    folder = archive_cache() / _key(path, limits)
    index = _read(folder)
    if index is None:
        _unpack(path, folder, limits)
        index = _read(folder)
    if index is None:
        raise LayerwiseError(
            say("An unpacked archive stays in the cache while it is read."), say("'{}' is gone or changed", folder),
            say("Run the command again."),
        )  # fmt: skip
    return ArchiveTree.of(
        path, folder / PICTURES,
        places={name: (start, count) for name, start, count in index["places"]}, others=index["others"],
        folders=index["folders"], refused=[tuple(fault) for fault in index["refused"]], encodings=index["encodings"],
    )  # fmt: skip


def _key(path: Path, limits: Limits) -> str:
    """Name an archive by its content, and by the rules after which it is unpacked."""
    rules = hashlib.sha256(repr((VERSION, limits, sorted(SUFFIXES), NESTED)).encode()).hexdigest()
    return f"{sha256(path)[:40]}-{rules[:8]}"


def _read(folder: Path) -> dict[str, Any] | None:
    """Return the index of an unpacked archive, or None where it is not there whole."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        whole = (folder / PICTURES).stat().st_size == index["size"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return index if whole else None


def _unpack(path: Path, folder: Path, limits: Limits) -> None:
    """Unpack the pictures of an archive; the folder is there whole, by one rename, or not at all."""
    if folder.exists():
        _discard(folder)
    remove_leftovers(folder.parent, age=DAY)
    index = _Index()
    remedy = say(
        "Make room or change the permissions there, or unpack '{}' yourself and name the folder.", path.name
    )  # fmt: skip
    try:
        with write_folder(folder, size=path.stat().st_size, remedy=remedy) as write:
            index.size, _ = write(PICTURES, _pictures(path, limits, index))
            write(INDEX, (json.dumps(vars(index), ensure_ascii=False).encode("utf-8"),))
    except LayerwiseError:
        # Another process may have unpacked the same archive meanwhile: theirs is as good.
        if _read(folder) is None:
            raise


def _discard(folder: Path) -> None:
    """Remove what lies in the cache and is not whole."""
    try:
        remove_folder(folder)
    except OSError as problem:
        raise LayerwiseError(
            say("The place of a file must be writable."), f"'{folder}': {problem.strerror or problem}",
            say("Remove the folder by hand."),
        ) from problem  # fmt: skip


def _pictures(path: Path, limits: Limits, index: _Index) -> Iterator[bytes]:
    """Go through an archive: give the bytes of every picture, and enter every member into the index."""
    seen: set[str] = set()
    place = 0
    for member in members(path, limits):
        name, encoding = decoded(member.raw)
        index.encodings[encoding] += 1
        fault = fault_of(name)
        name = name if fault else "/".join(part for part in name.split("/") if part not in ("", "."))
        if member.kind == "folder" and not fault:
            index.folders += [name] if name else []
            continue
        fault = fault or _fault(member, name, seen)
        detail, content = "", b""
        if not fault and _is_wanted(name):
            fault, detail, content = _content(path, member, limits)
        if fault:
            index.refused.append((name, fault, detail))
        elif _is_wanted(name):
            index.places.append((name, place, len(content)))
            place += len(content)
            yield content
        else:
            index.others.append(name)


def _fault(member: Member, name: str, seen: set[str]) -> str:
    """Say in one word why a member is refused before its bytes are looked at; empty where nothing speaks against it."""
    if _is_beside_notice(name):
        return ""
    if member.kind in ("link", "device", "sparse"):
        return member.kind
    if not name:
        return "absolute"
    if name in seen:
        return "repeated"
    seen.add(name)
    if name.lower().endswith(NESTED):
        return "nested"
    return member.kind if member.kind != "file" and _is_wanted(name) else ""


def _content(path: Path, member: Member, limits: Limits) -> tuple[str, str, bytes]:
    """Return the fault of a member, its details, and its bytes."""
    chunks, size = [], 0
    try:
        for chunk in member.chunks():
            size += len(chunk)
            chunks.append(chunk)
            if size > limits.member:
                return "large", str(limits.member), b""
    except DAMAGE as problem:
        if not member.alone:
            raise damaged(path, member.raw, problem) from problem
        return "damaged", str(problem) or type(problem).__name__, b""
    return "", "", b"".join(chunks)


def _is_wanted(name: str) -> bool:
    """Say whether a member is unpacked: a picture that no system left behind."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES and not _is_beside_notice(name)


def _is_beside_notice(name: str) -> bool:
    """Say whether a member lies in a folder, or is a file, that systems leave behind."""
    return any(map(is_hidden, name.split("/")))
