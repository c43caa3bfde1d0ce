"""Photos as iPhones store them: HEIC, read by an extra; without it they are named and never skipped."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from layerwise.data.picture_colours import UnreadablePicture
from layerwise.language import say

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["is_heif", "open_heif"]

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
SHARED = (b"mif1", b"msf1")
"""Brands that say how a file is built and not how its pixels are packed; AVIF has them too."""

START = 64
"""First bytes that are looked at."""


def is_heif(content: Path | bytes) -> bool:
    """Say whether a file starts as HEIC does: AVIF, which is built alike, does not.

    Example:
        >>> is_heif(bytes(4) + b"ftypheic"), is_heif(bytes(4) + b"ftypavif"), is_heif(b"GIF89a")
        (True, False, False)
    """
    if isinstance(content, bytes):
        start = content[:START]
    else:
        with content.open("rb") as stream:
            start = stream.read(START)
    return start[4:8] == b"ftyp" and (start[8:12] in BRANDS or (start[8:12] in SHARED and b"avi" not in start))


def open_heif(content: Path | bytes) -> Image.Image:
    """Open a HEIC picture; pixels are decoded later, as with other formats, and are upright already.

    Raises:
        UnreadablePicture: The extra is not installed.
    """
    try:
        from pillow_heif import register_heif_opener
    except ImportError as problem:
        raise UnreadablePicture(
            say("HEIC is read by an extra, which is not installed"), "pip install 'layerwise[heic]'"
        ) from problem
    from PIL import Image

    register_heif_opener()
    return Image.open(io.BytesIO(content) if isinstance(content, bytes) else content, formats=("HEIF",))
