"""Label images as files: PNG pictures with a palette, as PASCAL VOC has them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from layerwise.data.pictures import SUFFIXES

__all__ = ["label_png", "picture_file_names", "voc_colours"]

LONGEST = 230
"""Bytes of a file name that stand for its picture; a file system takes 255 of them with number and ending."""


def voc_colours() -> np.ndarray:
    """Return the colour of each of 256 labels, `(256, 3)` uint8, as PASCAL VOC draws them.

    Bits 0, 1 and 2 of a label are the highest bits of red, green and blue; bits 3, 4 and 5 the next ones; and so on.

    Source: Everingham and others (2010), The PASCAL Visual Object Classes Challenge; `VOClabelcolormap.m` of its kit.

    Example:
        >>> voc_colours()[[0, 1, 15, 255]].tolist()
        [[0, 0, 0], [128, 0, 0], [192, 128, 128], [224, 224, 192]]
    """
    labels = np.arange(256)
    colours = np.zeros((256, 3), dtype=np.int64)
    for place in range(8):
        for channel in range(3):
            # c = sum over j of bit (3 j + channel) of the label, at bit 7 - j
            colours[:, channel] |= (labels >> (3 * place + channel) & 1) << (7 - place)
    return colours.astype(np.uint8)


def label_png(labels: np.ndarray) -> bytes:
    """Return a label image as a PNG whose pixels are the labels and whose palette is that of PASCAL VOC.

    Args:
        labels: The label of each pixel, `(height, width)` uint8.

    Example:
        >>> from PIL import Image
        >>> picture = Image.open(io.BytesIO(label_png(np.array([[0, 1], [2, 255]], np.uint8))))
        >>> picture.mode, np.asarray(picture).tolist(), picture.convert("RGB").getpixel((1, 0))
        ('P', [[0, 1], [2, 255]], (128, 0, 0))
    """
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(labels, dtype=np.uint8))
    picture.putpalette(voc_colours().tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def picture_file_names(ids: Sequence[str], suffix: str) -> tuple[str, ...]:
    """Return one file name for each picture, none of them twice even where capitals do not count.

    The name is that of the picture without its folders and its ending; a name that is taken already gets a number.

    Args:
        ids: Names of the pictures.
        suffix: Ending of the files.

    Example:
        >>> picture_file_names(["a/cat.jpg", "b/Cat.png", "row 1", "../x:y.png"], ".png")
        ('cat.png', 'Cat-2.png', 'row 1.png', 'x_y.png')
    """
    names: list[str] = []
    taken: set[str] = set()
    for id in ids:
        path = PurePosixPath(id.replace("\\", "/"))
        stem = path.stem if path.suffix.lower() in SUFFIXES else path.name
        stem = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", stem).encode(errors="replace")[:LONGEST].decode(errors="ignore")
        stem = stem.strip(" .") or "picture"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        names.append(name + suffix)
    return tuple(names)
