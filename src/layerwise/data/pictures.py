"""One picture file, on disk or in memory: what its header says, and its pixels as people see them.

Rotation tags are applied and palettes looked up; what values mean stands in `picture_colours`. A file is never decoded
before its size is known to be within the limit.
"""

from __future__ import annotations

import io
import math
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerwise.data.capture_time import capture_time
from layerwise.data.heif import is_heif, open_heif
from layerwise.data.picture_colours import (
    Colours,
    UnreadablePicture,
    colours_of,
    is_grey,
    mend_transparency,
    plain_colours,
)  # fmt: skip
from layerwise.language import say

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "LARGE",
    "MOST_PIXELS",
    "SUFFIXES",
    "Content",
    "Header",
    "UnreadablePicture",
    "decode_picture",
    "picture_of",
    "pixels_of",
    "quietly",
    "read_header",
]

MOST_PIXELS = 64 * 1024**2
"""Most pixels of one picture (64 Mpx)."""

SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".gif": "GIF", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".avif": "AVIF", ".ppm": "PPM", ".pgm": "PPM", ".pbm": "PPM",
    ".pnm": "PPM", ".heic": "HEIF", ".heif": "HEIF", ".hif": "HEIF",
}  # fmt: skip
"""Endings of picture files and the format each promises."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")
"""Formats that are opened; those that run other programs or hold drawings are not."""

Content = Path | bytes
"""A picture as it is stored: the file, or the bytes of one."""

LARGE = 16 * 1024**2
"""Pixels from which pictures are decoded one after another, so that several threads do not fill the memory."""

ROTATION_TAG = 0x0112
TURNED = (5, 6, 7, 8)
"""Rotation tags that swap width and height."""

UPRIGHT = ("TIFF", "HEIF")
"""Formats whose pictures are turned by what opens them, their size included."""

# What Pillow's readers are known to raise on damaged files, beside OSError.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError,
          AttributeError, NotImplementedError, MemoryError, struct.error)  # fmt: skip


_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Header:
    """What a file says of itself before any pixel is decoded.

    Args:
        format: Format of the content, whatever the ending says.
        width: Pixels across, after rotation.
        height: Pixels down, after rotation.
        grey: True where it has no colours.
        frames: Number of pictures in the file; the first is used.
        colours: What its values mean.
        taken: Seconds at which the photo was taken; NaN where it does not say.
    """

    format: str
    width: int
    height: int
    grey: bool
    frames: int
    colours: Colours
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
    with _read(content) as picture:
        return _header_of(picture, content)


@contextmanager
def _read(content: Content) -> Iterator[Image.Image]:
    """Open a picture, and say why it cannot be read where that goes wrong."""
    from PIL import Image

    try:
        with _open(content) as picture:
            yield picture
    except (*DAMAGE, Image.DecompressionBombError) as problem:
        raise UnreadablePicture(_why(content, problem)) from problem


def _header_of(picture: Image.Image, content: Content) -> Header:
    """Return what the header of an opened picture says."""
    colours, grey = colours_of(picture), is_grey(picture)
    tags = picture.getexif() if _may_have_tags(picture, content) else None
    turned = tags is not None and picture.format not in UPRIGHT and tags.get(ROTATION_TAG) in TURNED
    width, height = picture.size[::-1] if turned else picture.size
    # Counting the pages of a TIFF goes through all of them, and comes back.
    frames = getattr(picture, "n_frames", 1)
    _verify(picture, content)
    taken = capture_time(tags) if tags else math.nan
    return Header(picture.format or "", width, height, grey, frames, colours, taken)


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
    return pixels_of(picture_of(content, channels))


def picture_of(content: Content, channels: int) -> Image.Image:
    """Return a decoded picture as people see it: upright, grey or in red, green and blue.

    Args:
        content: A picture file, or its bytes.
        channels: 1 for grey, 3 for red, green and blue.

    Raises:
        UnreadablePicture: The file is damaged or cut short.
    """
    with _read(content) as picture, _alone(picture):
        return _plain(picture, content, channels)


def _plain(picture: Image.Image, content: Content, channels: int) -> Image.Image:
    """Decode an opened picture."""
    from PIL import ImageOps

    meaning = colours_of(picture)
    _check_values(picture, content)
    mend_transparency(picture)
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    plain, mode = plain_colours(picture, meaning), "L" if channels == 1 else "RGB"
    # Converted to what it is, a picture is copied.
    return plain if plain.mode == mode else plain.convert(mode)


def pixels_of(picture: Image.Image) -> np.ndarray:
    """Return the pixels of a decoded picture as `(channels, height, width)` bytes, which lie pixel by pixel."""
    pixels = np.asarray(picture, dtype=np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _open(content: Content) -> Image.Image:
    """Open a picture and check its size."""
    from PIL import Image

    if not (len(content) if isinstance(content, bytes) else content.stat().st_size):
        raise UnreadablePicture(say("the file is empty"))
    picture = open_heif(content) if is_heif(content) else Image.open(_readable(content), formats=FORMATS)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        picture.close()
        raise UnreadablePicture(say("{}x{} pixels, more than {} million", width, height, MOST_PIXELS // 1024**2))
    return picture


def _readable(content: Content) -> Path | io.BytesIO:
    """Return what Pillow reads a picture from."""
    return io.BytesIO(content) if isinstance(content, bytes) else content


def _may_have_tags(picture: Image.Image, content: Content) -> bool:
    """Say whether there may be tags; Pillow decodes a whole PNG to find them, so its bytes are asked first."""
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


def _check_values(picture: Image.Image, content: Content) -> None:
    """Refuse a PGM or PPM of bytes that go beyond the largest value it announces: Pillow would cut them off."""
    tiles = getattr(picture, "tile", None)
    tile = tiles[0] if tiles else None
    if picture.format != "PPM" or tile is None or tile[0] != "ppm":
        return
    largest = int(tile[3][-1] if isinstance(tile[3], tuple) else tile[3])
    raw = content if isinstance(content, bytes) else content.read_bytes()
    count = picture.size[0] * picture.size[1] * len(picture.getbands())
    kind = np.dtype(">u2" if largest > 255 else "u1")
    body = raw[tile[2] : tile[2] + count * kind.itemsize]
    values = np.frombuffer(body[: len(body) // kind.itemsize * kind.itemsize], dtype=kind)
    if values.size and values.max() > largest:
        raise UnreadablePicture(say("the value {}, although the largest is said to be {}", int(values.max()), largest))


def _alone(picture: Image.Image) -> AbstractContextManager[object]:
    """Return what keeps large pictures from being decoded beside each other."""
    return _one_at_a_time if picture.size[0] * picture.size[1] > LARGE else nullcontext()


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
