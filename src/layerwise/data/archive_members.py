"""The members of a zip or tar archive, one after the other, each with what it is and its bytes as a stream.

Nothing is taken at its word: bytes are counted as they come out of the archive, whatever sizes it declares.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["DAMAGE", "PACKED", "ZIP", "Limits", "Member", "damaged", "members", "unpacked"]

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""First bytes of a zip: of its first member, of the end of an empty one, of the first of several pieces."""

PACKED: dict[bytes, Callable[[Path], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
"""First bytes of a packed file, and what unpacks it."""

CHUNK = 256 * 1024
LARGEST_HEADER = 1024 * 1024
"""Most bytes of one header of a tar: a long name, a list of attributes."""

LARGEST_DIRECTORY = 96 * 1024**2
"""Most bytes of the list of members of a zip, which is read at once; 500,000 long names take less."""

# What the readers of the standard library are known to raise on damaged archives, beside OSError.
DAMAGE = (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, ValueError,
          IndexError, KeyError, TypeError, AttributeError, OverflowError, NotImplementedError, RuntimeError,
          MemoryError)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold.

    Args:
        members: Most members of any kind.
        member: Most bytes of one member, unpacked.
        total: Most bytes of all, unpacked.
        ratio: Most bytes of all for each byte of the archive; pictures are packed already and hardly shrink.
        free: Bytes that may come out of the smallest archive.
    """

    members: int = 500_000
    member: int = 256 * 1024**2
    total: int = 64 * 1024**3
    ratio: int = 100
    free: int = 128 * 1024**2

    def allowed(self, size: int) -> int:
        """Return how many bytes may come out of an archive of some size."""
        return min(self.total, max(self.free, self.ratio * size))


@dataclass(frozen=True)
class Member:
    """One entry of an archive.

    Args:
        raw: Its name as it is stored.
        kind: `file` or `folder`; else what speaks against it: `link`, `device`, `sparse`, `encrypted`, `method`.
        chunks: Its bytes; to be read before the next member is asked for.
        alone: Whether the others can still be read where this one is damaged, as in a zip.
    """

    raw: bytes
    kind: str
    chunks: Callable[[], Iterator[bytes]]
    alone: bool


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """Go through the members of an archive in their order.

    Args:
        path: A zip, or a tar, as it is or packed with gzip, bzip2 or xz.
        limits: How much it may hold.

    Raises:
        LayerwiseError: The archive is damaged or cut short, or holds more than the limits allow.
    """
    budget = _Budget(path, limits)
    try:
        with path.open("rb") as stream:
            start = stream.read(6)
        walk = _zip_members if start.startswith(ZIP) else _tar_members
        for number, member in enumerate(walk(path, budget)):
            budget.count(number + 1)
            budget.last = member.raw
            yield member
    except DAMAGE as problem:
        raise damaged(path, budget.last, problem) from problem


def damaged(path: Path, last: bytes, problem: BaseException | str) -> LayerwiseError:
    """Say that an archive cannot be read to its end, and the member up to which it can."""
    from layerwise.data.archive_names import decoded, printable

    why = str(problem) or type(problem).__name__
    found = say("'{}' at '{}': {}", path, printable(decoded(last)[0]), why) if last else f"'{path}': {why}"
    return LayerwiseError(
        say("An archive is whole: zip or tar."), found, say("Copy or fetch it again, or pack the folder anew.")
    )


class _Budget:
    """Counts the members of an archive and the bytes that come out of it."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._members = limits.members
        self._allowed = limits.allowed(path.stat().st_size)
        self._spent = 0
        self.last = b""

    def count(self, members: int) -> None:
        """Refuse more members than an archive may have."""
        if members > self._members:
            raise LayerwiseError(
                say("An archive holds at most {} members.", self._members),
                say("'{}' holds more", self._path),
                say("Unpack it yourself if you trust it, and name the folder."),
            )

    def spend(self, count: int) -> None:
        """Count some bytes, and refuse what is more than an honest archive holds."""
        self._spent += count
        if self._spent > self._allowed:
            raise LayerwiseError(
                say("An archive of pictures does not grow much when it is unpacked."),
                say("'{}': more than {} bytes come out of {}", self._path, self._allowed, self._path.stat().st_size),
                say("Unpack it yourself if you trust it, and name the folder."),
            )


class _Bounded:
    """A zip whose list of members, which the library reads at once, is looked at before objects are made of it."""

    def __init__(self, stream: IO[bytes], budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close

    def seekable(self) -> bool:
        """Say that any place can be gone to."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read some bytes."""
        if size > LARGEST_DIRECTORY:
            raise zipfile.BadZipFile(f"a list of members of {size} bytes")
        read = self._stream.read(size)
        if size > CHUNK:
            self._budget.count(read.count(b"PK\x01\x02"))
        return read


def _zip_members(path: Path, budget: _Budget) -> Iterator[Member]:
    """Go through a zip in the order of its list of members."""
    with path.open("rb") as stream, zipfile.ZipFile(_Bounded(stream, budget)) as archive:  # type: ignore[arg-type, call-overload]
        for info in archive.infolist():
            # Without the flag for UTF-8 the library read the bytes as CP437, which can be undone.
            raw = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")

            def chunks(info: zipfile.ZipInfo = info) -> Iterator[bytes]:
                with archive.open(info) as opened:
                    while chunk := opened.read(CHUNK):
                        budget.spend(len(chunk))
                        yield chunk

            yield Member(raw, _zip_kind(info), chunks, alone=True)


def _zip_kind(info: zipfile.ZipInfo) -> str:
    """Say what an entry of a zip is; systems with links keep the kind in the upper half of the attributes."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "device"
    if info.orig_filename.endswith("/"):
        return "folder"
    if info.flag_bits & 0x1:
        return "encrypted"
    known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    return "file" if info.compress_type in known else "method"


class _Forward:
    """An unpacked tar that is read once from its start to its end, every byte counted."""

    def __init__(self, stream: io.BufferedIOBase, budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._place = 0
        self.last = b""

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._place

    def read(self, size: int) -> bytes:
        """Read some bytes, fewer only at the end."""
        if not 0 <= size <= LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        self.last = self._stream.read(size)
        self._place += len(self.last)
        self._budget.spend(len(self.last))
        return self.last

    def seek(self, place: int) -> None:
        """Go forward."""
        if place < self._place:
            raise tarfile.ReadError("a member that begins before the end of another")
        while self._place < place:
            if not self.read(min(CHUNK, place - self._place)):
                raise tarfile.ReadError("the archive is cut short")


def _tar_members(path: Path, budget: _Budget) -> Iterator[Member]:
    """Go through a tar in its order, and on to the last byte, where gzip and xz keep their sums."""
    with unpacked(path) as stream:
        forward = _Forward(stream, budget)
        archive = tarfile.TarFile(fileobj=forward, mode="r")  # type: ignore[arg-type]
        while (info := archive.next()) is not None:
            # The list that the library keeps is not needed, and long.
            archive.members.clear()  # type: ignore[attr-defined]

            def chunks(info: tarfile.TarInfo = info) -> Iterator[bytes]:
                forward.seek(info.offset_data)
                left = info.size
                while left:
                    chunk = forward.read(min(CHUNK, left))
                    if not chunk:
                        raise tarfile.ReadError("the archive is cut short")
                    left -= len(chunk)
                    yield chunk

            yield Member(info.name.encode("utf-8", "surrogateescape"), _tar_kind(info), chunks, alone=False)
        # The library ends in silence at the end of the file and at a broken header; an archive ends with zeros.
        if not forward.last:
            raise tarfile.ReadError("the archive is cut short")
        while forward.last:
            if forward.last.strip(b"\0"):
                raise tarfile.ReadError("a broken header, or something behind the end of the archive")
            forward.read(CHUNK)


def unpacked(path: Path) -> io.BufferedIOBase:
    """Open a tar, unpacked on the way where it is packed."""
    with path.open("rb") as stream:
        start = stream.read(6)
    for mark, opened in PACKED.items():
        if start.startswith(mark):
            return opened(path)
    return path.open("rb")


def _tar_kind(info: tarfile.TarInfo) -> str:
    """Say what an entry of a tar is."""
    if info.isdir():
        return "folder"
    if info.issym() or info.islnk():
        return "link"
    if info.issparse():
        return "sparse"
    return "file" if info.isreg() else "device"
