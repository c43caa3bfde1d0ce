"""Why a file of a run cannot be read: it is damaged, or a newer version of layerwise made it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["damaged", "known_here", "newer", "or_newer", "strange", "words"]

UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, csv.Error, LayerwiseError,
)  # fmt: skip
"""What taking a file apart raises where it does not hold what it should."""


def damaged(path: Path, problem: Exception | str) -> LayerwiseError:
    """Say that a file of a run cannot be read."""
    return LayerwiseError(
        say("The files of a run must be whole."), f"{path}: {words(problem)}", say("Restore the file, or train again."),
    )  # fmt: skip


def newer(folder: Path, detail: str) -> LayerwiseError | None:
    """Say that a newer version of layerwise made a run, where its `environment.json` says so.

    Args:
        folder: The run folder.
        detail: What is unknown here, and in which file.
    """
    made, here = made_by(folder), version("layerwise")
    if release(made) <= release(here):
        return None
    return LayerwiseError(
        say("A run is read by the version of layerwise that made it, or a later one."),
        say("made by layerwise {}, this is {} ({})", made, here, detail),
        say("Update layerwise: pip install --upgrade layerwise"),
    )


def strange(path: Path, problem: Exception | str) -> LayerwiseError:
    """Say that a file of a run holds what is unknown here: a newer version wrote it, or it is damaged."""
    return newer(path.parent, f"{path}: {words(problem)}") or damaged(path, problem)


@contextmanager
def known_here(path: Path) -> Iterator[None]:
    """Take a file of a run apart inside a `with` block; what is unknown there is said with the name of the file.

    Raises:
        LayerwiseError: The file does not hold what it should.

    Example:
        >>> with known_here(Path("runs/iris/data.json")):
        ...     {}["task"]
        Traceback (most recent call last):
        layerwise.errors.LayerwiseError: The files of a run must be whole.
          found:  runs/iris/data.json: 'task' is missing or unknown
          remedy: Restore the file, or train again.
    """
    try:
        yield
    except UNREADABLE as problem:
        raise strange(path, problem) from problem


@contextmanager
def or_newer(folder: Path) -> Iterator[None]:
    """Use the settings of a run inside a `with` block; what is refused there may be what a newer version knows."""
    try:
        yield
    except LayerwiseError as problem:
        later = newer(folder, problem.found)
        if later:
            raise later from problem
        raise


def made_by(folder: Path) -> str:
    """Return the version of layerwise that made a run; empty where nothing says it."""
    try:
        return str(json.loads((folder / "environment.json").read_text(encoding="utf-8"))["layerwise"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def release(named: str) -> tuple[int, ...]:
    """Return the numbers of a version, to compare; none where there are none.

    Example:
        >>> release("0.10.1") > release("0.9"), release("0.2.0rc1"), release("")
        (True, (0, 2, 0), ())
    """
    found = re.match(r"\d{1,9}(?:\.\d{1,9})*", named)
    return tuple(map(int, found[0].split("."))) if found else ()


def words(problem: Exception | str) -> str:
    """Return what went wrong, without the path that the message names anyway."""
    if isinstance(problem, LayerwiseError):
        return problem.found
    if isinstance(problem, OSError):
        return problem.strerror or str(problem)
    return say("'{}' is missing or unknown", problem.args[0]) if isinstance(problem, KeyError) else str(problem)
