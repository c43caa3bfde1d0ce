"""One picture file, on disk or in memory: what its header says, and its pixels as people see them.

Rotation tags are applied, palettes looked up, transparent pixels laid over white, 16 bits scaled to 8. A file is never
decoded before its size is known to be within the limit.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerwise.data.capture_time import capture_time
from layerwise.language import say

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "MOST_PIXELS",
    "SUFFIXES",
    "Content",
    "Header",
    "UnreadablePicture",
    "decode_picture",
    "quietly",
    "read_header",
]

MOST_PIXELS = 64 * 1024**2
"""Most pixels of one picture (64 Mpx)."""

SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".gif": "GIF", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".avif": "AVIF", ".ppm": "PPM", ".pgm": "PPM", ".pbm": "PPM",
    ".pnm": "PPM",
}  # fmt: skip
"""Endings of picture files and the format each promises."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")
"""Formats that are opened; those that run other programs or hold drawings are not."""

Content = Path | bytes
"""A picture as it is stored: the file, or the bytes of one."""

GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
ROTATION_TAG = 0x0112
TURNED = (5, 6, 7, 8)
"""Rotation tags that swap width and height."""

# What Pillow's readers are known to raise on damaged files, beside OSError.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError,
          AttributeError, NotImplementedError, MemoryError, struct.error)  # fmt: skip


class UnreadablePicture(Exception):
    """A file that is no picture, or not a whole one; its message says why in one phrase."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself before any pixel is decoded.

    Args:
        format: Format of the content, whatever the ending says.
        width: Pixels across, after rotation.
        height: Pixels down, after rotation.
        grey: True where it has no colours.
        frames: Number of pictures in the file; the first is used.
        alpha: True where pixels may be transparent.
        bits: 16 where values are scaled down to 8 bits.
        taken: Seconds at which the photo was taken; NaN where it does not say.
    """

    format: str
    width: int
    height: int
    grey: bool
    frames: int
    alpha: bool
    bits: int
    taken: float = math.nan


@contextmanager
def quietly() -> Iterator[None]:
    """Silence Pillow: its limit of size is above the one here, and tags it skips change no pixel."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def read_header(content: Content) -> Header:
    """Return what the header of a picture says.

    Raises:
        UnreadablePicture: The file is empty, no picture, of an unknown kind, or too large.
    """
    from PIL import Image

    try:
        with _open(content) as picture:
            tags = picture.getexif() if _may_be_turned(picture, content) else None
            turned = tags is not None and tags.get(ROTATION_TAG) in TURNED
            width, height = picture.size[::-1] if turned else picture.size
            if picture.mode == "F" or picture.mode.startswith("RGB;"):
                raise UnreadablePicture(say("values of mode {} have no known white", picture.mode))
            frames = 1 if picture.format in ("MPO", "TIFF") else getattr(picture, "n_frames", 1)
            alpha = picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info
            bits = 16 if picture.mode.startswith("I") else 8
            _verify(picture, content)
            taken = capture_time(tags) if tags else math.nan
            return Header(picture.format or "", width, height, picture.mode in GREY, frames, alpha, bits, taken)
    except (*DAMAGE, Image.DecompressionBombError) as problem:
        raise UnreadablePicture(_why(content, problem)) from problem


def decode_picture(content: Content, channels: int) -> np.ndarray:
    """Return the pixels of a picture as `(channels, height, width)` bytes.

    Args:
        content: A picture file, or its bytes.
        channels: 1 for grey, 3 for red, green and blue.

    Raises:
        UnreadablePicture: The file is damaged or cut short.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "half.png"
        >>> Image.new("RGBA", (2, 1), (255, 0, 0, 0)).save(path)
        >>> decode_picture(path, 3)[:, 0, 0].tolist()
        [255, 255, 255]
    """
    from PIL import Image, ImageOps

    try:
        with _open(content) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            flat = _flat(upright)
            grey = flat.convert("L" if channels == 1 else "RGB")
            pixels = np.asarray(grey, dtype=np.uint8)
    except (*DAMAGE, Image.DecompressionBombError) as problem:
        raise UnreadablePicture(_why(content, problem)) from problem
    return pixels[None] if channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _open(content: Content) -> Image.Image:
    """Open a picture and check its size."""
    from PIL import Image

    if not (len(content) if isinstance(content, bytes) else content.stat().st_size):
        raise UnreadablePicture(say("the file is empty"))
    picture = Image.open(_readable(content), formats=FORMATS)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        picture.close()
        raise UnreadablePicture(say("{}x{} pixels, more than {} million", width, height, MOST_PIXELS // 1024**2))
    return picture


def _readable(content: Content) -> Path | io.BytesIO:
    """Return what Pillow reads a picture from."""
    return io.BytesIO(content) if isinstance(content, bytes) else content


def _may_be_turned(picture: Image.Image, content: Content) -> bool:
    """Say whether a rotation tag is possible; Pillow decodes a whole PNG to find one, so its bytes are asked first."""
    if picture.format != "PNG":
        return True
    raw = content if isinstance(content, bytes) else content.read_bytes()
    return any(word in raw for word in (b"eXIf", b"exif", b"Orientation"))


def _verify(picture: Image.Image, content: Content) -> None:
    """Check the sums that a PNG keeps of its parts: one cut short after its last pixel decodes without complaint."""
    from PIL import Image

    if picture.format == "PNG":
        with Image.open(_readable(content), formats=("PNG",)) as again:
            again.verify()


def _flat(picture: Image.Image) -> Image.Image:
    """Return a picture of 8 bits without transparency: 16 bits scaled, alpha over white."""
    from PIL import Image

    if picture.mode.startswith("I"):
        values = np.asarray(picture).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise UnreadablePicture(say("whole numbers beyond 16 bits have no known white"))
        # 65535 = 257 * 255, so that full white stays full white.
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        white = Image.new("RGBA", over.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, over).convert("RGB")
    return picture


def _why(content: Content, problem: BaseException) -> str:
    """Say in one phrase why a picture cannot be read."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(problem, UnidentifiedImageError):
        with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
            start = stream.read(8)
        return say("the content is no picture (it starts with {})", repr(start)[2:-1])
    if isinstance(problem, Image.DecompressionBombError):
        return say("more than {} million pixels", MOST_PIXELS // 1024**2)
    return say("damaged: {}", str(problem) or type(problem).__name__)
