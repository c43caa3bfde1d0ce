"""Names of the members of an archive: how their bytes are read, and how they are printed."""

from __future__ import annotations

__all__ = ["decoded", "printable"]


def decoded(raw: bytes) -> tuple[str, str]:
    r"""Return a name and its encoding: UTF-8 where the bytes are, else CP949 as Korean Windows writes it, else CP437.

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


def printable(name: str) -> str:
    r"""Return a name as it can be printed: signs that steer a terminal are written out, and a long one is cut.

    Example:
        >>> printable("a\x1b[2J.png")
        'a\\x1b[2J.png'
    """
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)
    return shown if len(shown) <= 120 else shown[:60] + "..." + shown[-57:]
