"""Fetch the files of a named data set, each checked before it is kept."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from layerwise.data.named import cache_folder, named_set
from layerwise.errors import LayerwiseError
from layerwise.files import sha256, write_bytes
from layerwise.language import say

__all__ = ["fetch"]

LARGEST = 512 * 1024**2
"""Most bytes of one fetched file."""

CHUNK = 1024 * 1024
TIMEOUT = 30.0
"""Seconds without an answer after which a server counts as silent."""


def fetch(name: str, url_base: str = "", *, folder: Path | None = None, largest: int = LARGEST) -> Path:
    """Fetch every file of a named set that is not there yet, and return their folder.

    A file is kept only when its SHA-256 is the recorded one; it is written whole or not at all.

    Args:
        name: A named set with recorded checksums.
        url_base: Address of the folder on the web; the set's own home when left out.
        folder: Where the files go; the user's cache when left out.
        largest: Most bytes accepted for one file.

    Raises:
        LayerwiseError: The set has no home, the server cannot be reached, or a file arrives cut short or changed.
    """
    wanted = named_set(name)
    base = url_base or wanted.home
    if not base or not wanted.checksums:
        raise LayerwiseError(
            say("A data set is fetched from its home on the web."), say("'{}' has none that is known", name),
            say("Put it into a folder '{}' below a folder that LAYERWISE_DATA lists.", wanted.folder),
        )  # fmt: skip
    target = folder or cache_folder() / wanted.folder
    for file, expected in wanted.checksums.items():
        path = target / file
        if path.is_file() and sha256(path) == expected:
            continue
        address = base.rstrip("/") + "/" + urllib.parse.quote(file)
        content = _get(address, largest)
        found = hashlib.sha256(content).hexdigest()
        if found != expected:
            raise LayerwiseError(
                say("A fetched file has the recorded checksum."),
                say("{}: SHA-256 {}..., expected {}...", address, found[:16], expected[:16]),
                say("Nothing was kept. Try again later, or get the file elsewhere."),
            )
        write_bytes(path, content)
    return target


def _get(address: str, largest: int) -> bytes:
    """Return what stands at an address, refusing answers that are too long or cut short."""
    scheme = urllib.parse.urlsplit(address).scheme
    if scheme not in ("http", "https"):
        raise LayerwiseError(
            say("Data are fetched over http or https."), say("the address '{}'", address), say("Check the address."),
            usage=True,
        )  # fmt: skip
    pieces: list[bytes] = []
    size = 0
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            announced = answer.headers.get("Content-Length")
            while piece := answer.read(CHUNK):
                pieces.append(piece)
                size += len(piece)
                if size > largest:
                    raise _too_long(address, largest)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
        raise LayerwiseError(
            say("A data set is fetched from its home on the web."), f"{address}: {problem}",
            say("Check the connection and try again; nothing was kept."),
        ) from problem  # fmt: skip
    if announced is not None and announced.isdigit() and int(announced) != size:
        raise LayerwiseError(
            say("A fetched file arrives whole."), say("{}: {} of {} bytes arrived", address, size, announced),
            say("Try again; nothing was kept."),
        )  # fmt: skip
    return b"".join(pieces)


def _too_long(address: str, largest: int) -> LayerwiseError:
    """Say that an answer is longer than anything expected."""
    return LayerwiseError(
        say("A fetched file has at most {} bytes.", largest), say("{} sends more", address), say("Nothing was kept.")
    )
