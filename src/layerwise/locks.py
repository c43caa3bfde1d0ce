"""The one way to own a folder: a lock that goes with its process, and a file that says who holds it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from layerwise.errors import LayerwiseError
from layerwise.files import remove_leftovers, write_error
from layerwise.language import say

__all__ = ["holder", "own"]

PATIENCE, PAUSE = 0.25, 0.01
"""Seconds to try for a folder, since who only asks holds its lock for an instant; and seconds between two tries."""


@contextlib.contextmanager
def own(folder: Path) -> Iterator[None]:
    """Hold a folder as its only writer; the operating system frees it however the process ends.

    What a killed writer left unfinished is removed.

    Raises:
        LayerwiseError: Another process writes there; it is named, and since when.
    """
    path = folder / ".lock"
    try:
        stream = path.open("a+", encoding="utf-8")
    except OSError as problem:
        raise write_error(path, 0, problem) from problem
    with stream:
        held = _lock(stream, patience=PATIENCE)
        if held is False:
            raise LayerwiseError(
                say("Only one process may write a run folder."),
                say("'{}' is in use by {}", folder, _holder(stream)),
                say("Wait for it to end, or give this run another name with --run."),
            )
        if held:
            remove_leftovers(folder)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            stream.truncate(0)
            stream.write(json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": since}))
            stream.flush()
        except OSError as problem:
            raise write_error(path, 0, problem) from problem
        try:
            yield
        finally:
            # The lock goes with the open file; its text is for people alone.
            with contextlib.suppress(OSError):
                stream.truncate(0)


def holder(folder: Path) -> str:
    """Say who writes in a folder, and since when; empty where nobody does, or where there are no locks to tell.

    Asking disturbs nobody: the lock of the question is shared with others who ask, and who wants to own the folder
    waits for the instant that it takes.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with own(folder):
        ...     held = holder(folder)
        >>> held.startswith("process"), holder(folder)
        (True, '')
    """
    try:
        with (folder / ".lock").open(encoding="utf-8") as stream:
            return _holder(stream) if _lock(stream, shared=True) is False else ""
    except OSError:
        return ""


def _holder(stream: IO[str]) -> str:
    """Say who wrote a lock file."""
    stream.seek(0)
    try:
        written = json.loads(stream.read())
        return say("process {} on {} since {}", written["process"], written["host"], written["since"])
    except (ValueError, KeyError, TypeError):
        return say("another process")


def _lock(stream: IO[str], *, shared: bool = False, patience: float = 0.0) -> bool | None:
    """Take a lock: False when another process holds it, None where there are no locks.

    Args:
        stream: The open lock file.
        shared: Whether it is one of those who only ask.
        patience: Seconds to try for.
    """
    until = time.monotonic() + patience
    while True:
        try:
            _take(stream, shared=shared)
            return True
        except OSError as problem:
            # A network file system without locks answers ENOLCK or ENOTSUP: work goes on there without one.
            if problem.errno in (errno.ENOLCK, errno.ENOTSUP):
                return None
        if time.monotonic() >= until:
            return False
        time.sleep(PAUSE)


def _take(stream: IO[str], *, shared: bool) -> None:
    """Take a lock without waiting; it goes when the file is closed."""
    if sys.platform == "win32":
        import msvcrt

        # Windows locks bytes, and nobody can read a locked one: lock one that no text reaches. It shares no locks.
        os.lseek(stream.fileno(), 1 << 30, os.SEEK_SET)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(stream.fileno(), (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
