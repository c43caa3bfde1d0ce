"""When a photo was taken, as its camera wrote it down."""

from __future__ import annotations

import math
import struct
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["capture_time"]

PHOTO, TAKEN, FRACTION = 0x8769, 0x9003, 0x9291
"""Tags of EXIF: what is known of the photo, DateTimeOriginal, and SubSecTimeOriginal."""


def capture_time(tags: Image.Exif) -> float:
    """Return the seconds from the year 1 to the moment of a photo; NaN where its tags do not say it, or say nonsense.

    The camera's clock is taken as it is, without a time zone: only differences are of use.

    Args:
        tags: The tags of a picture.

    Source: CIPA DC-008-2019, Exif 2.32, section 4.6.5 F.

    Example:
        >>> from PIL import Image
        >>> tags = Image.Exif()
        >>> tags.get_ifd(PHOTO).update({TAKEN: "2024:05:01 12:00:03", FRACTION: "25"})
        >>> capture_time(tags) % 60
        3.25
    """
    try:
        known = tags.get_ifd(PHOTO)
        moment = datetime.strptime(str(known.get(TAKEN, "")).strip("\0 "), "%Y:%m:%d %H:%M:%S")
        digits = str(known.get(FRACTION, "")).strip("\0 ")
    except (ValueError, KeyError, TypeError, SyntaxError, struct.error, OSError):
        return math.nan
    fraction = int(digits) / 10 ** len(digits) if digits.isascii() and digits.isdigit() else 0.0
    return (moment - datetime(1, 1, 1)).total_seconds() + fraction
