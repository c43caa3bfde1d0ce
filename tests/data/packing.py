"""Make archives as others make them, hostile ones too: a member is a raw name, its bytes, and what it claims to be."""

import io
import stat
import struct
import tarfile
import zipfile
from dataclasses import dataclass

import numpy as np
from PIL import Image

KINDS = ("zip", "tar", "tar.gz")
TYPES = {
    "file": (stat.S_IFREG, tarfile.REGTYPE), "folder": (stat.S_IFDIR, tarfile.DIRTYPE),
    "link": (stat.S_IFLNK, tarfile.SYMTYPE), "hard link": (stat.S_IFLNK, tarfile.LNKTYPE),
    "character device": (stat.S_IFCHR, tarfile.CHRTYPE), "block device": (stat.S_IFBLK, tarfile.BLKTYPE),
    "pipe": (stat.S_IFIFO, tarfile.FIFOTYPE),
}  # fmt: skip


@dataclass
class Item:
    name: bytes | str
    content: bytes = b""
    kind: str = "file"

    @property
    def raw(self):
        return self.name.encode() if isinstance(self.name, str) else self.name


def picture(value, side=2, suffix="PNG"):
    """A picture of one grey, as the bytes of its file."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((side, side), value, np.uint8)).save(buffer, suffix)
    return buffer.getvalue()


def packed(kind, items):
    """Return the bytes of an archive."""
    return zipped(items) if kind == "zip" else tarred(items, kind.partition(".")[2])


def tarred(items, packing=""):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{packing}", format=tarfile.GNU_FORMAT) as archive:
        for item in items:
            info = tarfile.TarInfo(item.raw.decode("utf-8", "surrogateescape"))
            info.type = TYPES[item.kind][1]
            info.linkname = "/etc/passwd" if "link" in item.kind else ""
            info.size = len(item.content) if item.kind == "file" else 0
            archive.addfile(info, io.BytesIO(item.content) if item.kind == "file" else None)
    return buffer.getvalue()


def zipped(items):
    """Zip with names as they are: the library gets one of equal length, and its bytes are exchanged afterwards."""
    buffer = io.BytesIO()
    stood_in = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, item in enumerate(items):
            raw = item.raw + b"/" if item.kind == "folder" else item.raw
            stand_in = f"~{number:03d}".ljust(len(raw), "~")[: max(len(raw), 4)]
            assert len(stand_in) == len(raw), "a name has at least four bytes"
            stood_in.append((stand_in.encode(), raw))
            info = zipfile.ZipInfo(stand_in)
            info.external_attr = (TYPES[item.kind][0] | 0o644) << 16
            archive.writestr(info, b"/etc/passwd" if "link" in item.kind else item.content, zipfile.ZIP_DEFLATED)
    whole = buffer.getvalue()
    for stand_in, raw in stood_in:
        for header, fixed in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
            place = -1
            while (place := whole.find(header, place + 1)) >= 0:
                start = place + fixed
                if whole[start : start + len(stand_in)] == stand_in:
                    whole = whole[:start] + raw + whole[start + len(raw) :]
    return whole


def encrypted(whole, name):
    """Set the flag of encryption on one member of a zip."""
    raw = bytearray(whole)
    for header, flags, fixed in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        place = -1
        while (place := raw.find(header, place + 1)) >= 0:
            if raw[place + fixed : place + fixed + len(name)] == name:
                struct.pack_into("<H", raw, place + flags, 1)
    return bytes(raw)
