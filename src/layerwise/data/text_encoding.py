"""Read a text file, packed or not, in the encoding it was written in, or show the first byte that none explains."""

from __future__ import annotations

import codecs
import gzip
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["Text", "read_text"]

LARGEST_TEXT = 2 * 1024**3
"""Bytes of the largest text file that is read."""

PACKED = b"\x1f\x8b"
"""How a file packed by gzip starts."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks; the 32-bit ones come first, since the little one starts like its 16-bit sister."""


@dataclass(frozen=True)
class Text:
    """The text of a file.

    Args:
        encoding: What it was written in.
        note: A sentence where that was a choice.
        raw: Its bytes where it was written in UTF-8, else none.
        decoded: The text; of plain ASCII it is spelled out when it is asked for, since a large table is not.
    """

    encoding: str
    note: str = ""
    raw: bytes = b""
    decoded: str | None = None

    @cached_property
    def content(self) -> str:
        """The text."""
        return self.raw.decode("ascii") if self.decoded is None else self.decoded

    def start(self, length: int) -> str:
        """Return the first signs of the text, at most so many."""
        return self.raw[:length].decode("ascii") if self.decoded is None else self.decoded[:length]

    def is_blank(self) -> bool:
        """Say whether nothing stands in it but blanks and line ends."""
        written = self.raw if self.decoded is None else self.decoded
        return not written or written.isspace()


def read_text(path: Path, encoding: str = "") -> Text:
    r"""Decode a file strictly: by its mark, else as UTF-8, else as CP949 (the Windows code page of Korea).

    Args:
        path: A text file of at most 2 GiB; one packed by gzip is unpacked.
        encoding: A forced encoding, by any name Python knows; empty for the order above.

    Raises:
        LayerwiseError: The encoding has no such name, a byte does not fit, the text holds NUL characters, or a packed
            file is damaged.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "seoul.csv"
        >>> _ = path.write_bytes("지점,기온\n서울,13.5\n".encode("cp949"))
        >>> read_text(path).encoding
        'cp949'
    """
    raw = _bytes(path)
    text = _forced(path, raw, encoding) if encoding else _detected(path, raw)
    place = raw.find(b"\0") if text.decoded is None else text.decoded.find("\0")
    if place >= 0:
        raise LayerwiseError(
            say("A text file holds no NUL characters."),
            say("'{}', line {}: a NUL character", path, _line(text.content[:place])),
            say("Is it a table? If it is UTF-16 without a mark, force it: --encoding utf-16-le"),
        )
    return text


def _bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked where it is packed; a bomb is never unpacked beyond the limit."""
    size = path.stat().st_size
    if size <= LARGEST_TEXT:
        raw = path.read_bytes()
        if not raw.startswith(PACKED):
            return raw
        try:
            with gzip.open(path, "rb") as stream:
                raw = stream.read(LARGEST_TEXT + 1)
        except (OSError, EOFError, zlib.error) as problem:
            raise LayerwiseError(
                say("A packed file must be whole."), f"'{path}': {problem}", say("Fetch the file again.")
            ) from problem
        if len(raw) <= LARGEST_TEXT:
            return raw
        size = len(raw)
    raise LayerwiseError(
        say("A text file holds at most {} bytes.", LARGEST_TEXT),
        say("'{}' has {} bytes", path, size),
        say("Divide it into several files."),
    )


def _forced(path: Path, raw: bytes, encoding: str) -> Text:
    """Decode as the user says, strictly."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError as problem:
        raise LayerwiseError(
            say("An encoding has a name that Python knows."),
            say("unknown encoding '{}'", encoding),
            say("Common names: {}.", "utf-8, cp949, euc-kr, utf-16, cp1252, latin-1"),
            usage=True,
        ) from problem
    if name == "utf-8":
        name = "utf-8-sig"
    try:
        return Text(name, decoded=raw.decode(name))
    except UnicodeDecodeError as problem:
        raise _undecodable(path, raw, [problem]) from problem


def _detected(path: Path, raw: bytes) -> Text:
    """Decode by mark, then UTF-8, then CP949."""
    for mark, name in MARKS:
        if raw.startswith(mark):
            try:
                return Text(name, say("Encoding {}, from the mark at its start.", name), decoded=raw.decode(name))
            except UnicodeDecodeError as problem:
                raise _undecodable(path, raw, [problem]) from problem
    if raw.isascii():
        return Text("utf-8", raw=raw)
    try:
        return Text("utf-8", raw=raw, decoded=raw.decode("utf-8"))
    except UnicodeDecodeError as problem:
        as_utf8 = problem
    if _mostly_utf8(raw):
        raise _undecodable(path, raw, [as_utf8]) from as_utf8
    try:
        text = raw.decode("cp949")
    except UnicodeDecodeError as problem:
        raise _undecodable(path, raw, [as_utf8, problem]) from problem
    western = _western(raw, text)
    return western or Text("cp949", say("Encoding CP949: the bytes are not UTF-8 but fit CP949."), decoded=text)


def _western(raw: bytes, korean: str) -> Text | None:
    """Return the text as CP1252 where CP949 finds nothing but syllables that Korean hardly uses.

    A degree sign before a C, or a micro sign before a g, makes one of the 8,822 syllables that CP949 has beside the
    2,350 of KS X 1001; a Korean text has some of the latter.
    """
    foreign = [sign for sign in korean if ord(sign) > 127]
    if any(_usual(sign) for sign in set(foreign)):
        return None
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return None
    shown = next(sign for sign in text if ord(sign) > 127)
    return Text(
        "cp1252",
        say("Encoding CP1252: as CP949 the bytes would read '{}' for '{}' (--encoding cp949 reads them so).",
            foreign[0], shown),
        decoded=text,
    )  # fmt: skip


def _usual(sign: str) -> bool:
    """Say whether a sign stands in KS X 1001, the standard under CP949."""
    try:
        # Python writes the other syllables in eight bytes, by their letters.
        return len(sign.encode("euc_kr")) == 2
    except UnicodeEncodeError:
        return False


def _mostly_utf8(raw: bytes) -> bool:
    """Say whether this is UTF-8 with a few damaged bytes: three-byte signs hardly arise by chance in CP949."""
    text = raw.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    whole = sum(1 for sign in text if sign > "\u07ff") - damaged
    return whole >= damaged


def _undecodable(path: Path, raw: bytes, problems: list[UnicodeDecodeError]) -> LayerwiseError:
    """Show the first byte that does not fit, where it stands, and how to force an encoding."""
    tried = []
    for problem in problems:
        line = _line(raw[: problem.start].decode("latin-1"))
        byte = f"0x{raw[problem.start]:02x}"
        tried.append(say("not {}: byte {} at place {} (line {})", problem.encoding, byte, problem.start, line))
    return LayerwiseError(
        say("A text file has one encoding throughout."),
        f"'{path}': " + "; ".join(tried),
        say("Mend that byte, or force an encoding: --encoding NAME (utf-8, cp949, utf-16, cp1252 ...)"),
    )


def _line(before: str) -> int:
    """Return the number of the line after some text; line ends are CR LF, LF or CR."""
    return before.count("\n") + before.replace("\r\n", "\n").count("\r") + 1
