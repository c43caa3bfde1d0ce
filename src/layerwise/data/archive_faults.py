"""What speaks against a member of an archive, and the sentences that say so."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from layerwise.data.archive_names import printable
from layerwise.data.source import Problem
from layerwise.language import say

__all__ = ["OUTSIDE", "fault_of", "problem_of"]

OUTSIDE = ("parent", "absolute", "backslash", "control", "long")
"""Faults of names that have no place among the folders of their archive."""

LONGEST_PART, LONGEST = 255, 4096
"""Most bytes of a file name, and of a path, that the usual file systems take."""

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs that turn the direction of writing, and with it what an ending seems to be."""


def fault_of(name: str) -> str:
    r"""Say in one word why a member of this name is refused; empty where nothing speaks against it.

    Example:
        >>> fault_of("cats/a.png"), fault_of("cats/../../a.png"), fault_of("C:a.png"), fault_of(r"cats\a.png")
        ('', 'parent', 'absolute', 'backslash')
    """
    parts = name.split("/")
    if any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") or sign in TURNING for sign in name):
        return "control"
    if "\\" in name:
        return "backslash"
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        return "absolute"
    if ".." in parts:
        return "parent"
    if len(name.encode()) > LONGEST or any(len(part.encode()) > LONGEST_PART for part in parts):
        return "long"
    return ""


def problem_of(path: Path, name: str, fault: str, detail: str) -> Problem:
    """Return the problem of a member that was not unpacked.

    Args:
        path: The archive.
        name: The member.
        fault: What speaks against it, in one word.
        detail: The words of the library, or a number of bytes.

    Example:
        >>> problem_of(Path("photos.zip"), "cats/../../a.png", "parent", "").found
        "a path that leads out with '..'"
    """
    rule, remedy = _rule_and_remedy(fault)
    found = {
        "parent": say("a path that leads out with '..'"),
        "absolute": say("a path from the root, or with a drive letter"),
        "backslash": say("a path with backslashes"),
        "control": say("signs in the name that are not printed"),
        "long": say("a name of {} bytes", len(name.encode())),
        "link": say("a link"),
        "device": say("a device, a pipe or another special file"),
        "sparse": say("a file with holes"),
        "encrypted": say("a password is needed"),
        "method": say("a method of packing that is not known here"),
        "damaged": say("damaged: {}", detail),
        "large": say("more than {} bytes", detail),
        "nested": say("an archive inside the archive"),
        "repeated": say("a member before it has this name"),
    }[fault]
    return Problem(f"{path.name}: {printable(name)}", rule, found, remedy)


def _rule_and_remedy(fault: str) -> tuple[str, str]:
    """Return what must hold of a member, and what can be done where it does not."""
    anew = say("Pack the archive anew without it, or leave it out with --exclude-problems.")
    unpack = say("Unpack the archive yourself and name the folder, or leave it out with --exclude-problems.")
    if fault in OUTSIDE:
        return say("A member of an archive lies inside it, under a plain name."), anew
    if fault in ("link", "device", "sparse"):
        return say("A member of an archive is a plain file or a folder."), anew
    if fault == "nested":
        return say("An archive holds pictures, not other archives."), unpack
    if fault == "repeated":
        return say("Every member of an archive has a name of its own."), anew
    return say("A member of an archive can be unpacked."), unpack if fault in ("encrypted", "method") else anew
