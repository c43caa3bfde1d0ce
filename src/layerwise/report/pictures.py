"""Single rows of the data as the report shows them: pictures as small image files, tables as cells."""

from __future__ import annotations

import io

import numpy as np

from layerwise.data.kinds import Images
from layerwise.data.source import Source
from layerwise.report.contents import Mistake

__all__ = ["image_file", "mistake", "shown_fields"]

LARGEST_SIDE = 224
"""Pixels of the longer side of a picture in the report."""

MOST_FIELDS = 8


def shown_fields(source: Source) -> tuple[str, ...]:
    """Return the names of the inputs shown beside a row; pictures are shown as pictures."""
    names = [name for name in source.named("input") if not isinstance(source.columns[name], Images)]
    return tuple(names[:MOST_FIELDS])


def mistake(source: Source, row: int, place: int) -> Mistake:
    """Return one row with its picture or some of its inputs.

    Args:
        source: The data.
        row: The row in the data.
        place: Its place in its part.
    """
    cells = tuple(source.columns[name].show(row) for name in shown_fields(source))
    for name in source.named("input"):
        column = source.columns[name]
        if isinstance(column, Images):
            width, height = (int(side) for side in column.sizes[row])
            content, media = image_file(column[row], column.maximum)
            return Mistake(place, content, media, (width, height), cells)
    return Mistake(place, cells=cells)


def image_file(pixels: np.ndarray, maximum: float) -> tuple[bytes, str]:
    """Return a picture as a small file and its media type: PNG where it is tiny, else JPEG.

    Args:
        pixels: `(channels, height, width)`.
        maximum: The value of full white.

    Example:
        >>> content, media = image_file(np.zeros((1, 8, 8)), 16.0)
        >>> content[1:4], media
        (b'PNG', 'image/png')
    """
    from PIL import Image

    levels = np.clip(np.asarray(pixels, dtype=np.float64) * (255 / maximum), 0, 255).round().astype(np.uint8)
    image = Image.fromarray(levels[0] if len(levels) != 3 else np.moveaxis(levels, 0, 2))
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    tiny = max(image.size) <= 96
    buffer = io.BytesIO()
    if tiny:
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "JPEG", quality=86)
    return buffer.getvalue(), "image/png" if tiny else "image/jpeg"
