"""The idx format of the MNIST files: a magic number, the sizes of the axes, then the values.

Source: Y. LeCun, C. Cortes, C. Burges, the MNIST database, "file formats".
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from layerwise.catalog import register
from layerwise.data.kinds import Categories, Column, Images
from layerwise.data.memory import input_columns, without_infinite
from layerwise.data.roles import part_of
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["read", "read_array", "sniff"]

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
"""Type byte of the magic number, and the NumPy type it stands for."""

LARGEST = 8 * 1024**3
"""Most bytes of values that one file may announce."""

IMAGES = re.compile(r"(?P<before>.*)images(?P<middle>[-._])idx3(?P<after>[-._]ubyte(\.gz)?)", re.IGNORECASE)


def sniff(path: Path) -> bool:
    """Say whether a file starts like idx, or a folder holds files named as MNIST's."""
    if path.is_dir():
        return any(IMAGES.fullmatch(entry.name) for entry in path.iterdir())
    name = path.name.lower().removesuffix(".gz")
    if re.search(r"[-._](idx\d-ubyte|idx)$", name):
        return True
    try:
        start = _open(path, 4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES and 1 <= start[3] <= 4


@register("idx", suffixes=(".idx", ".idx.gz", "-ubyte", "-ubyte.gz"))
def read(path: Path, *, labels: str = "") -> Source:
    """Read one idx file with its labels, or a folder of image and label files with a part for each pair.

    Args:
        path: An idx or idx.gz file, or a folder that holds them.
        labels: File of the labels; found by its name (images-idx3 becomes labels-idx1) when left out.

    Raises:
        LayerwiseError: A file is cut short, damaged or of another format, or has no labels for every image.
    """
    if path.is_dir():
        return _read_folder(path)
    array = read_array(path)
    if not array.size:
        raise LayerwiseError(
            say("An idx file holds values."), say("'{}' holds {} of shape {}", path, array.dtype, array.shape),
            say("Fetch the file again, or leave it out."),
        )  # fmt: skip
    columns: dict[str, Column] = dict(input_columns(array))
    fields = [Field(name) for name in columns]
    partner = Path(labels) if labels else _labels_of(path)
    notes: tuple[str, ...] = ()
    if partner is not None and (labels or partner.exists()):
        columns["label"] = _categories([_labels(path, partner, len(array))])
        fields.append(Field("label", "target"))
        notes = (say("Labels from {}.", partner.name),)
    source = Source(path.name.split("-idx")[0].split(".")[0], str(path), tuple(fields), columns, notes=notes)
    return without_infinite(source, [array])


def _read_folder(path: Path) -> Source:
    """Read every pair of image and label file; a pair named train or test (t10k) becomes that part."""
    pairs = sorted(entry for entry in path.iterdir() if IMAGES.fullmatch(entry.name))
    # A file may lie there packed and unpacked: it is read once.
    pairs = [entry for entry in pairs if not (entry.suffix == ".gz" and entry.with_suffix("") in pairs)]
    pairs.sort(key=lambda entry: _part(entry) != "train")
    if not pairs:
        raise LayerwiseError(
            say("A folder of idx files holds pairs of image and label files."), say("'{}' holds none", path),
            say("Name the folder with train-images-idx3-ubyte and its like, or a single file."),
        )  # fmt: skip
    images, labels = [], []
    for entry in pairs:
        partner = _labels_of(entry)
        if partner is None or not partner.exists():
            raise LayerwiseError(
                say("Every image file has its label file beside it."), say("'{}' has none", entry),
                say("Put '{}' into the folder.", partner.name if partner else ""),
            )  # fmt: skip
        images.append(_pictures(entry))
        labels.append(_labels(entry, partner, len(images[-1])))
    if len({held.shape[1:] for held in images}) > 1:
        raise LayerwiseError(
            say("Image files of one folder hold pictures of one size."),
            ", ".join(
                f"{entry.name}: {held.shape[1]}x{held.shape[2]}" for entry, held in zip(pairs, images, strict=True)
            ),
            say("Put them into folders of their own."),
        )
    pixels = np.concatenate(images)[:, None]
    sizes = np.tile(np.array([pixels.shape[3], pixels.shape[2]]), (len(pixels), 1))
    columns: dict[str, Column] = {"image": Images(pixels, None, sizes, 1), "label": _categories(labels)}
    fields = [Field("image"), Field("label", "target")]
    parts = [_part(entry) for entry in pairs]
    if all(parts) and len(pairs) > 1:
        names = tuple(dict.fromkeys(parts))
        counts = [len(held) for held in images]
        columns["part"] = Categories(np.repeat([names.index(part) for part in parts], counts), names)
        fields.append(Field("part", "part"))
    notes = (say("Read from {}.", ", ".join(entry.name for entry in pairs)),)
    return Source(path.name, str(path), tuple(fields), columns, notes=notes)


def read_array(path: Path) -> np.ndarray:
    """Return the array of one idx or idx.gz file in the byte order of this machine.

    Raises:
        LayerwiseError: The magic number is another one, or the file holds fewer or more bytes than it announces.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a-labels-idx1-ubyte"
        >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
        >>> read_array(path).tolist()
        [7, 2, 1]
    """
    try:
        head = _open(path, 4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES or not 1 <= head[3] <= 8:
            raise LayerwiseError(
                say("An idx file starts with two zero bytes, a type and a number of axes."),
                say("'{}' starts with {}", path, head.hex(" ") or say("nothing")),
                say("Fetch the file again, or name its format with --format."),
            )
        dtype, axes = np.dtype(TYPES[head[2]]), head[3]
        start = _open(path, 4 + 4 * axes)
        if len(start) < 4 + 4 * axes:
            raise _short(path, 4 + 4 * axes, len(start))
        shape = struct.unpack(f">{axes}I", start[4:])
        expected = math.prod(shape) * dtype.itemsize + len(start)
        if expected > LARGEST:
            raise LayerwiseError(
                say("An idx file holds at most {} bytes.", LARGEST), say("'{}' announces {}", path, expected),
                say("Is it damaged? Fetch the file again."),
            )  # fmt: skip
        content = _open(path, expected + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise LayerwiseError(
            say("A packed file must be whole."), f"'{path}': {problem}", say("Fetch the file again.")
        ) from problem
    if len(content) != expected:
        raise _short(path, expected, len(content))
    values = np.frombuffer(content, dtype=dtype, offset=len(start)).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _open(path: Path, count: int) -> bytes:
    """Return up to so many first bytes, unpacked where the file is packed: a bomb is never unpacked further."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as stream:
        return stream.read(count)


def _short(path: Path, expected: int, found: int) -> LayerwiseError:
    """Say that a file holds fewer or more bytes than its sizes ask for."""
    more = say("more than {}", expected) if found > expected else str(found)
    return LayerwiseError(
        say("An idx file holds exactly as many bytes as its sizes say."),
        say("'{}': {} bytes expected, {} found", path, expected, more),
        say("Fetch the file again: it was cut short or damaged."),
    )


def _part(path: Path) -> str:
    """Return the part that a file name speaks of; t10k is MNIST's word for its test images."""
    words = re.split(r"[-._]", path.name.lower())
    return next((part_of(word) for word in words if part_of(word)), "test" if "t10k" in words else "")


def _labels_of(path: Path) -> Path | None:
    """Return the name of the label file that belongs to an image file, packed or not; None for other names."""
    match = IMAGES.fullmatch(path.name)
    if match is None:
        return None
    name = f"{match['before']}labels{match['middle']}idx1{match['after']}"
    other = name.removesuffix(".gz") if name.endswith(".gz") else name + ".gz"
    return (
        path.with_name(other)
        if not path.with_name(name).exists() and path.with_name(other).exists()
        else path.with_name(name)
    )


def _pictures(path: Path) -> np.ndarray:
    """Return the pictures of an image file."""
    array = read_array(path)
    if array.ndim != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise LayerwiseError(
            say("An image file holds bytes with three axes: items, height, width."),
            say("'{}' holds {} of shape {}", path, array.dtype, array.shape), say("Check the file name."),
        )  # fmt: skip
    return array


def _labels(path: Path, partner: Path, count: int) -> np.ndarray:
    """Return the labels of an image file, one a picture."""
    labels = read_array(partner)
    if labels.ndim != 1 or len(labels) != count:
        raise LayerwiseError(
            say("Every image has one label."),
            say("'{}' holds {} images, '{}' labels of shape {}", path.name, count, partner.name, labels.shape),
            say("Check that both files belong together."),
        )
    return labels


def _categories(labels: list[np.ndarray]) -> Categories:
    """Return labels as categories named by their numbers."""
    different, codes = np.unique(np.concatenate(labels), return_inverse=True)
    return Categories(codes.reshape(-1).astype(np.int64), tuple(str(value) for value in different.tolist()))
