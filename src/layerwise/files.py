"""The one way to write a file, and to judge a path.

What was said to be written is there after a power cut, and a reader never sees half of it: a file, or a folder of
files, is written beside its target, flushed to disk, and renamed. The one exception is a file of lines that grows while
a run learns (`open_lines`): it is on disk once it was flushed (`flush_lines`); until then its last line may be cut off,
and whoever opens it next removes that.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = [
    "append_line", "existing", "flush_lines", "open_lines", "remove_folder", "remove_leftovers", "sha256",
    "unused_folder", "write_bytes", "write_chunks", "write_error", "write_folder", "write_json", "write_text",
]  # fmt: skip

PIECE = 16 * 1024**2
"""Most bytes handed to the operating system at once."""

SPARE = 1.05
"""Room that must be free for every byte to be written: the file system keeps books of its own."""

LEFTOVER = re.compile(r"\..+\.tmp-[0-9a-f]{8}")
"""Name of what a process that was killed left unfinished."""

Written = tuple[int, str]
"""Bytes of a file and their SHA-256 in hexadecimal."""


def write_chunks(path: Path, chunks: Iterable[bytes | memoryview], *, size: int) -> Written:
    """Write a file piece by piece, whole or not at all, and return its size and SHA-256.

    Args:
        path: Target; an older file of that name is replaced in one step.
        chunks: The content in order.
        size: Bytes to expect, for which room must be free.

    Raises:
        LayerwiseError: The folder cannot be written or the disk is full; the older file is untouched.
    """
    temporary = _beside(path)
    try:
        _make_folder(path.parent)
        _check_room(path.parent, size)
        written = _write_new(temporary, chunks)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise write_error(path, size, problem) from problem
    return written


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Args:
        path: Target; an older file of that name is replaced in one step.
        content: The bytes of the file.

    Raises:
        LayerwiseError: The folder cannot be written or the disk is full; the older file is untouched.
    """
    write_chunks(path, (content,), size=len(content))


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; NaN and infinity are refused, since JSON has no word for them."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


@contextlib.contextmanager
def write_folder(
    path: Path, *, size: int, remedy: str = ""
) -> Iterator[Callable[[str, Iterable[bytes | memoryview]], Written]]:
    """Write a new folder of files that is there whole, by one rename, when the `with` block ends, or not at all.

    Args:
        path: The folder; it must not exist.
        size: Bytes to expect of all files, for which room must be free.
        remedy: What the user can do where it cannot be written, if that is no matter of --run and --to.

    Yields:
        A function that writes one file: `(name, chunks) -> (size, sha256)`.

    Raises:
        LayerwiseError: The folder cannot be written or the disk is full; nothing is left of it.

    Example:
        >>> import tempfile
        >>> parent = Path(tempfile.mkdtemp())
        >>> with write_folder(parent / "pair", size=2) as write:
        ...     written = write("a", [b"1"]), write("b", [b"2"])
        ...     (parent / "pair").exists()
        False
        >>> sorted(entry.name for entry in (parent / "pair").iterdir())
        ['a', 'b']
    """
    temporary, whole = _beside(path), False
    try:
        _make_folder(path.parent)
        _check_room(path.parent, size)
        os.mkdir(temporary)
        yield lambda name, chunks: _write_new(temporary / name, chunks)
        _sync_folder(temporary)
        os.rename(temporary, path)
        whole = True
        _sync_folder(path.parent)
    except OSError as problem:
        raise write_error(path, size, problem, remedy=remedy) from problem
    finally:
        if not whole:
            with contextlib.suppress(OSError):
                _remove(temporary)


def remove_folder(path: Path) -> None:
    """Remove a folder of files: its name goes first, so that what is left of it can never be taken for a whole one.

    Raises:
        OSError: It cannot be renamed or removed; what remains is removed when the run folder is opened next.
    """
    temporary = _beside(path)
    os.rename(path, temporary)
    _remove(temporary)


def open_lines(path: Path) -> IO[bytes]:
    """Open a JSON-lines file to go on with `append_line`; a last line that a crash cut off is removed first.

    Raises:
        LayerwiseError: The file cannot be written.
    """
    try:
        stream = open(path, "ab+", buffering=0, opener=_open_no_link)  # noqa: SIM115 - handed on open
        stream.seek(0)
        content = stream.read()
        stream.truncate(content.rfind(b"\n") + 1)
        _sync_folder(path.parent)
    except OSError as problem:
        raise write_error(path, 0, problem) from problem
    return stream


def append_line(stream: IO[Any], value: Mapping[str, Any]) -> None:
    """Append one record to an open JSON-lines file and hand it to the operating system.

    Raises:
        LayerwiseError: The disk is full or broken.
    """
    line = (json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    try:
        # Past Python's buffer, which would try a failed line once more when it closes.
        _write_all(stream.fileno(), memoryview(line))
    except OSError as problem:
        raise write_error(Path(stream.name), len(line), problem) from problem


def flush_lines(stream: IO[Any]) -> None:
    """Flush an open JSON-lines file to disk: when this returns, its lines survive a power cut.

    Raises:
        LayerwiseError: The disk is full or broken.
    """
    try:
        os.fsync(stream.fileno())
    except OSError as problem:
        raise write_error(Path(stream.name), 0, problem) from problem


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
        _make_folder(parent)
        number = 1
        while True:
            candidate = parent / (name if number == 1 else f"{name}-{number}")
            try:
                os.mkdir(candidate)
                _sync_folder(parent)
                return candidate
            except FileExistsError:
                number += 1
    except OSError as problem:
        raise write_error(parent / name, 0, problem) from problem


def _beside(path: Path) -> Path:
    """Return a name in the folder of the target that nothing else has."""
    return path.with_name(f".{path.name}.tmp-{secrets.token_hex(4)}")


def _check_room(folder: Path, size: int) -> None:
    """Refuse to begin what cannot be finished; a file system that does not say its size is taken at its word later."""
    disk = shutil.disk_usage(folder)
    if disk.total and disk.free < size * SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _write_new(path: Path, chunks: Iterable[bytes | memoryview]) -> Written:
    """Write a file that did not exist and flush it to disk, hashing on the way; an error of closing counts."""
    digest, size = hashlib.sha256(), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor, flushed = os.open(path, flags, 0o666), False
    try:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            _write_all(descriptor, memoryview(chunk))
        os.fsync(descriptor)
        flushed = True
    finally:
        # A fault of closing is a fault of writing, unless another one is on its way already.
        with contextlib.suppress(*(() if flushed else (OSError,))):
            os.close(descriptor)
    return size, digest.hexdigest()


def _open_no_link(path: str, flags: int) -> int:
    """Open a file that goes on, but not through a link to somewhere else."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _write_all(descriptor: int, rest: memoryview) -> None:
    """Write bytes that the operating system may take in several pieces."""
    while rest:
        rest = rest[os.write(descriptor, rest[:PIECE]) :]


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durable in the one above."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    _sync_folder(folder.parent)


def _remove(folder: Path) -> None:
    """Remove a folder that holds files alone."""
    for entry in os.listdir(folder):
        os.unlink(folder / entry)
    os.rmdir(folder)


def remove_leftovers(folder: Path, *, age: float = 0.0) -> None:
    """Remove what a killed writer of this folder left unfinished; what cannot be removed does no harm.

    Args:
        folder: Where to look, at any depth.
        age: Seconds since it was begun; more than 0 where other writers may be at work.
    """
    for path in sorted(folder.rglob(".*.tmp-*")):
        if LEFTOVER.fullmatch(path.name):
            with contextlib.suppress(OSError):
                if age and time.time() - path.stat().st_mtime < age:
                    continue
                _remove(path) if path.is_dir() and not path.is_symlink() else os.unlink(path)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as problem:
        # Some network file systems know no such call for folders; any other answer is a real fault.
        if problem.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def write_error(path: Path, size: int, problem: OSError, *, remedy: str = "") -> LayerwiseError:
    """Say why a file could not be written and what frees the way; a remedy that is given goes before the usual one."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        parent = next(folder for folder in path.absolute().parents if folder.exists())
        free = shutil.disk_usage(parent).free
        found = say("'{}' needs {} bytes, {} are free", path, size, free)
        return LayerwiseError(
            say("The disk needs room for every file."),
            found,
            remedy or say("Free some space, or choose another place (--run, --to)."),
        )
    if problem.errno == errno.EIO:
        usual = say("The disk reports a fault: check it, or choose another (--run, --to).")
    elif problem.errno in (errno.EMFILE, errno.ENFILE):
        usual = say("Close what holds many files open, or raise the limit: ulimit -n")
    else:
        usual = say("Choose another place (--run, --to), or change its permissions.")
    return LayerwiseError(
        say("The place of a file must be writable."), f"'{path}': {problem.strerror}", remedy or usual
    )
