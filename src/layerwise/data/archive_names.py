"""Names of the members of an archive: their encoding, and which of them are never followed."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["decoded", "fault_of", "printable"]

LONGEST_PART, LONGEST = 255, 4096
"""Most bytes of a file name, and of a path, that the usual file systems take."""

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs that turn the direction of writing, and with it what an ending seems to be."""


def decoded(raw: bytes) -> tuple[str, str]:
    """Return a name and its encoding: UTF-8 where the bytes are, else CP949 as Korean Windows writes it, else CP437.

    Example:
        >>> decoded("고양이".encode("cp949")), decoded(b"caf\x82.png")
        (('고양이', 'cp949'), ('café.png', 'cp437'))
    """
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    # Every byte has a sign in the code page that the description of zip names (APPNOTE, appendix D).
    return raw.decode("cp437"), "cp437"


def fault_of(name: str) -> str:
    """Say in one word why a member of this name is refused; empty where nothing speaks against it.

    Example:
        >>> fault_of("cats/a.png"), fault_of("cats/../../a.png"), fault_of("C:a.png"), fault_of("cats\\\\a.png")
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


def printable(name: str) -> str:
    """Return a name as it can be printed: signs that steer a terminal are written out, and a long one is cut.

    Example:
        >>> printable("a\\x1b[2J.png")
        'a\\\\x1b[2J.png'
    """
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)
    return shown if len(shown) <= 120 else shown[:60] + "..." + shown[-57:]
