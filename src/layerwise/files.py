"""The one way to write a file, to own a folder, and to judge a path.

A file that was said to be written is there after a power cut, and a reader never sees half of one: it is written
beside its target, flushed to disk, and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["append_line", "existing", "own", "sha256", "unused_folder", "write_bytes", "write_json", "write_text"]


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Args:
        path: Target; an older file of that name is replaced in one step.
        content: The bytes of the file.

    Raises:
        LayerwiseError: The folder cannot be written or the disk is full; the older file is untouched.
    """
    temporary = path.with_name(f".{path.name}.tmp-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _write_error(path, len(content), problem) from problem


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; NaN and infinity are refused, since JSON has no word for them."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def append_line(stream: IO[str], value: Mapping[str, Any]) -> None:
    """Append one record to an open JSON-lines file and hand it to the operating system."""
    stream.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    stream.flush()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in chunks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def existing(path: Path) -> Path:
    """Return the path as it is spelled on disk, or explain that nothing is there.

    A Hangul name may be stored composed (NFC) or decomposed (NFD, as macOS does); both spellings find it.

    Raises:
        LayerwiseError: Nothing exists under either spelling.
    """
    for spelling in (str(path), unicodedata.normalize("NFC", str(path)), unicodedata.normalize("NFD", str(path))):
        if Path(spelling).exists():
            return Path(spelling)
    neighbours = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    close = get_close_matches(path.name, neighbours, n=2, cutoff=0.55)
    remedy = nearest(path.name, close) if close else say("Check the path; nothing of a similar name is there.")
    raise LayerwiseError(say("A path must exist."), say("nothing at '{}'", path), remedy, usage=True)


def unused_folder(parent: Path, name: str) -> Path:
    """Create a folder that no run has used: `name`, else `name-2`, `name-3` and so on.

    Raises:
        LayerwiseError: The parent cannot be written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            candidate = parent / (name if number == 1 else f"{name}-{number}")
            try:
                candidate.mkdir()
                return candidate
            except FileExistsError:
                number += 1
    except OSError as problem:
        raise _write_error(parent / name, 0, problem) from problem


@contextlib.contextmanager
def own(folder: Path) -> Iterator[None]:
    """Hold a folder as its only writer; the operating system frees it however the process ends.

    Raises:
        LayerwiseError: Another process writes there.
    """
    path = folder / ".lock"
    try:
        stream = path.open("a+", encoding="utf-8")
    except OSError as problem:
        raise _write_error(path, 0, problem) from problem
    with stream:
        if not _lock(stream):
            stream.seek(0)
            raise LayerwiseError(
                say("Only one process may write a run folder."),
                say("'{}' is in use by {}", folder, stream.read().strip() or say("another process")),
                say("Wait for it to end, or give this run another name with --run."),
            )
        stream.truncate(0)
        stream.write(say("process {}", os.getpid()))
        stream.flush()
        try:
            yield
        finally:
            stream.truncate(0)


def _lock(stream: IO[str]) -> bool:
    """Take an exclusive lock without waiting; False when another process holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        # A network file system without locks answers ENOLCK or ENOTSUP: work goes on there without one.
        return problem.errno in (errno.ENOLCK, errno.ENOTSUP)
    return True


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_error(path: Path, size: int, problem: OSError) -> LayerwiseError:
    """Say why a file could not be written and what frees the way."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        parent = next(folder for folder in path.absolute().parents if folder.exists())
        free = shutil.disk_usage(parent).free
        found = say("'{}' needs {} bytes, {} are free", path, size, free)
        return LayerwiseError(
            say("The disk needs room for every file of a run."), found, say("Free some space, or use --run.")
        )
    return LayerwiseError(
        say("A run folder must be writable."),
        f"'{path}': {problem.strerror}",
        say("Choose another folder with --run, or change its permissions."),
    )
