"""What was found in pictures the last time, kept in the user's cache: a picture that has not changed is not read again.

A picture counts as unchanged where size, both times and place on the disk are as they were; one from an archive where
its bytes are. What was changed less than two seconds before it was read is not kept, since a clock of files may stand
still so long. A memory that is damaged, or of another version, is empty.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.data.kinds import picture_digest
from layerwise.data.named import cache_folder
from layerwise.data.picture_colours import Colours
from layerwise.data.picture_hashes import sketch_of
from layerwise.data.picture_processes import FEWEST_FOR_PROCESSES, looked_at
from layerwise.data.pictures import MOST_PIXELS, Content, Header, picture_of, pixels_of, read_header
from layerwise.errors import LayerwiseError
from layerwise.files import write_bytes

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["FEWEST", "Look", "PictureMemory", "memory_folder", "own_channels", "plain_header", "stamp_of", "written"]

Look = tuple[bytes, np.ndarray]
"""The hash of the pixels of a picture, and its sketch."""

VERSION = 5
"""Of what is kept; a change of how pictures are read or decoded begins a new one."""

FEWEST = 200
"""Pictures from which it pays to keep what was found."""

SETTLED = 2.0
"""Seconds for which a file must have been left alone: some file systems tell times no finer."""


def memory_folder() -> Path:
    """Return the folder in which is kept what was found in pictures."""
    return cache_folder().parent / "pictures"


def stamp_of(content: Content) -> str:
    """Return what changes when a picture does: size, times and place of a file, the hash of bytes."""
    if isinstance(content, bytes):
        return hashlib.blake2b(content, digest_size=16).hexdigest()
    found = content.stat()
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


@dataclass
class _Known:
    """What was found in one picture: its hash and its sketch for each number of channels it was decoded to."""

    stamp: str
    header: Header
    looks: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class PictureMemory:
    """What is known of the pictures of one folder or archive.

    Args:
        path: The file in the cache.
        known: What was found in each picture, by name.
    """

    path: Path
    known: dict[str, _Known]
    changed: bool = False
    spared: int = 0
    """Pictures that did not have to be decoded."""
    met: dict[str, tuple[str, Header]] = field(default_factory=dict)
    """The stamp and header of each picture that was read now."""
    waiting: dict[tuple[str, int], Look] = field(default_factory=dict)
    """What was seen of it, by name and channels, until it is asked for."""

    @classmethod
    def of(cls, origin: str) -> PictureMemory:
        """Return what is known of the pictures of a folder or archive."""
        rules = (VERSION, MOST_PIXELS, *_decoders(), str(Path(origin).resolve()))
        name = hashlib.sha256(repr(rules).encode("utf-8", "surrogateescape")).hexdigest()[:40]
        path = memory_folder() / f"{name}.json"
        return cls(path, _read(path))

    def header(self, name: str, content: Content) -> Header:
        """Return what the header of a picture says."""
        stamp, settled = stamp_of(content), _is_settled(content)
        known = self.known.get(name)
        if known is not None and known.stamp == stamp:
            return known.header
        found = read_header(content)
        self.known.pop(name, None)
        if settled:
            self.known[name] = _Known(stamp, found)
            self.changed = True
        return found

    def meet_many(self, paths: Mapping[str, Path]) -> None:
        """Look at pictures that are not known in several processes, where they are many; what fails is left to `meet`.

        Args:
            paths: Pictures on disk, by name.
        """
        stamps = {}
        for name, path in paths.items():
            # A picture that is not there is a problem, which its own reader names.
            with contextlib.suppress(OSError):
                stamp = stamp_of(path)
                if not self._is_known(name, stamp):
                    stamps[name] = stamp, _is_settled(path)
        new = {name: paths[name] for name in stamps}
        if len(new) < FEWEST_FOR_PROCESSES or not sys.executable or (os.cpu_count() or 1) < 2:
            return
        for name, (header, digest, sketched) in looked_at(new).items():
            self._remember(name, *stamps[name], _header(header), _look((digest, sketched)))

    def meet(self, name: str, content: Content) -> Header:
        """Return what the header of a picture says; one that is not known is decoded at once, as it is.

        What is seen of its pixels waits for `look`, which is asked when it is clear in how many channels.
        """
        stamp = stamp_of(content)
        if name in self.met and self.met[name][0] == stamp:
            return self.met[name][1]
        if self._is_known(name, stamp):
            return self.known[name].header
        settled = _is_settled(content)
        header = read_header(content)
        self._remember(name, stamp, settled, header, _look_of(picture_of(content, own_channels(header))))
        return header

    def look(self, name: str, content: Content, channels: int) -> Look:
        """Return the hash of the pixels of a picture and its sketch; it is decoded where they are not known."""
        waiting = self.waiting.pop((name, channels), None)
        if waiting is not None:
            return waiting
        stamp, known = stamp_of(content), self.known.get(name)
        if known is not None and known.stamp == stamp and str(channels) in known.looks:
            self.spared += 1
            return _look(known.looks[str(channels)])
        found = _look_of(picture_of(content, channels))
        if known is not None and known.stamp == stamp:
            known.looks[str(channels)] = written(found)
            self.changed = True
        return found

    def _is_known(self, name: str, stamp: str) -> bool:
        """Say whether a picture is as it was when it was last read."""
        return name in self.known and self.known[name].stamp == stamp

    def _remember(self, name: str, stamp: str, settled: bool, header: Header, look: Look) -> None:
        """Take down what was seen of a picture that was not known."""
        channels = own_channels(header)
        self.known.pop(name, None)
        self.met[name], self.waiting[name, channels] = (stamp, header), look
        if settled:
            self.known[name] = _Known(stamp, header, {str(channels): written(look)})
            self.changed = True

    def forget(self, names: Iterable[str]) -> None:
        """Leave out pictures that are no longer there."""
        for name in list(names):
            del self.known[name]
            self.changed = True

    def keep(self) -> None:
        """Write down what is known, where there is something new; a cache that cannot be written is done without."""
        if not self.changed:
            return
        entries = [[name, one.stamp, plain_header(one.header), one.looks] for name, one in self.known.items()]
        content = json.dumps(entries, ensure_ascii=True, separators=(",", ":")).encode()
        with contextlib.suppress(LayerwiseError):
            write_bytes(self.path, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)


def own_channels(header: Header) -> int:
    """Return the channels in which a picture is decoded that no other one has a say in: 1 where it is grey, else 3."""
    return 1 if header.grey else 3


def _look_of(picture: Image.Image) -> Look:
    """Return what is kept of a decoded picture: the hash of its pixels, and its sketch."""
    return picture_digest(pixels_of(picture)), sketch_of(picture)


def plain_header(header: Header) -> dict[str, Any]:
    """Return a header as plain values; `asdict` takes a tenth of the time of decoding a small photo."""
    return {**vars(header), "colours": vars(header.colours)}


def written(look: Look) -> tuple[str, str]:
    """Return what was seen of a picture as text."""
    return base64.b64encode(look[0]).decode(), base64.b64encode(look[1].tobytes()).decode()


def _look(written: Sequence[Any]) -> Look:
    """Return what was seen of a picture, from text."""
    digest, drawn = map(base64.b64decode, written)
    return digest, np.frombuffer(drawn, dtype=np.uint8)


def _decoders() -> tuple[str, ...]:
    """Return the versions of what decodes pictures: another one may round otherwise."""
    import PIL

    try:
        return PIL.__version__, importlib.metadata.version("pillow-heif")
    except importlib.metadata.PackageNotFoundError:
        return (PIL.__version__,)


def _is_settled(content: Content) -> bool:
    """Say whether a file was last changed so long ago that a change to come will have another time."""
    if isinstance(content, bytes):
        return True
    found = content.stat()
    return time.time() - max(found.st_mtime, found.st_ctime) > SETTLED


def _read(path: Path) -> dict[str, _Known]:
    """Return what was kept; nothing where a byte of it is not as it was written."""
    try:
        total, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if hashlib.sha256(content).hexdigest().encode() != total:
        return {}
    return {name: _Known(stamp, _header(held), looks) for name, stamp, held, looks in json.loads(content)}


def _header(held: Mapping[str, Any]) -> Header:
    """Return a header as it was kept."""
    return Header(**{**held, "colours": Colours(**held["colours"])})
