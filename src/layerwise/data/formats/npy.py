"""NumPy's own files: one array (npy) or several named ones (npz), never with pickled objects."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np

from layerwise.catalog import register
from layerwise.data.kinds import Categories
from layerwise.data.memory import from_arrays
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["read", "sniff"]

LARGEST = 8 * 1024**3
"""Most bytes that the arrays of one file may take unpacked."""

PAIRS = (
    ("inputs", "targets"),
    ("x", "y"),
    ("X", "y"),
    ("data", "target"),
    ("images", "labels"),
    ("features", "labels"),
)
"""Names under which inputs and targets are looked for, with `_train`, `_val`, `_test` before or behind or without."""

PARTS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}


def sniff(path: Path) -> bool:
    """Say whether a file starts like npy, or is a zip of npy files."""
    if not path.is_file():
        return False
    if path.suffix.lower() in (".npy", ".npz"):
        return True
    with path.open("rb") as stream:
        return stream.read(6) == b"\x93NUMPY"


@register("npy", suffixes=(".npy", ".npz"))
def read(path: Path, *, inputs_name: str = "", targets_name: str = "") -> Source:
    """Read the arrays of an npy or npz file.

    Args:
        path: An npy file of inputs, or an npz file of inputs and targets, each alone or for every part.
        inputs_name: Name of the array of inputs in an npz file; found among the usual names when left out.
        targets_name: Name of the array of targets in an npz file; found among the usual names when left out.

    Raises:
        LayerwiseError: The file is damaged, holds pickled objects, or names its arrays in another way.
    """
    arrays = _arrays(path)
    if list(arrays) == [""]:
        return from_arrays(arrays[""], name=path.stem, origin=str(path))
    if inputs_name or targets_name:
        for name in filter(None, (inputs_name, targets_name)):
            if name not in arrays:
                raise _unknown(path, arrays, name)
        if not inputs_name:
            raise _unknown(path, arrays, "")
        targets = arrays[targets_name] if targets_name else None
        return from_arrays(arrays[inputs_name], targets, name=path.stem, origin=str(path))
    found = _pairs(arrays)
    if not found:
        if len(arrays) == 1:
            return from_arrays(next(iter(arrays.values())), name=path.stem, origin=str(path))
        raise _unknown(path, arrays, "")
    used = {name for pair in found.values() for name in pair if name}
    notes = tuple(say("Array '{}' is not used.", name) for name in arrays if name not in used)
    return replace(_joined(path, arrays, found), notes=notes)


def _pairs(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[str, str]]:
    """Return the names of inputs and targets by part; the part is empty where the names speak of none."""
    for inputs, targets in PAIRS:
        found = {}
        for word, part in (("", ""), *PARTS.items()):
            for first, second in _spellings(inputs, targets, word):
                if first in arrays and part not in found:
                    found[part] = (first, second if second in arrays else "")
        if found:
            return found
    return {}


def _spellings(inputs: str, targets: str, word: str) -> tuple[tuple[str, str], ...]:
    """Return the ways in which a part may be named: x_train, train_x, xtrain."""
    if not word:
        return ((inputs, targets),)
    return (
        (f"{inputs}_{word}", f"{targets}_{word}"), (f"{word}_{inputs}", f"{word}_{targets}"),
        (f"{inputs}{word}", f"{targets}{word}"),
    )  # fmt: skip


def _joined(path: Path, arrays: Mapping[str, np.ndarray], found: Mapping[str, tuple[str, str]]) -> Source:
    """Join the parts into one source with a part field."""
    if len(found) == 1:
        inputs, targets = next(iter(found.values()))
        return from_arrays(arrays[inputs], arrays[targets] if targets else None, name=path.stem, origin=str(path))
    if any(bool(targets) != bool(next(iter(found.values()))[1]) for _, targets in found.values()):
        raise LayerwiseError(
            say("Every input has its target."), say("'{}' holds targets for some parts only", path),
            say("Add the missing arrays, or choose one pair with --inputs-name and --targets-name."),
        )  # fmt: skip
    pieces = [[arrays[name] for name in names if name] for names in found.values()]
    for together in zip(*pieces, strict=True):
        if len({piece.shape[1:] for piece in together}) > 1:
            raise LayerwiseError(
                say("The arrays of all parts have the same shape but for their length."),
                ", ".join(str(piece.shape) for piece in together), say("Check how the file was written."),
            )  # fmt: skip
    columns = [np.concatenate(together) for together in zip(*pieces, strict=True)]
    names = tuple(found)
    codes = np.repeat(np.arange(len(names)), [len(piece[0]) for piece in pieces])
    joined = columns[1] if len(columns) > 1 else None
    return from_arrays(columns[0], joined, parts=Categories(codes, names), name=path.stem, origin=str(path))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file by name; the one of an npy file has an empty name."""
    with path.open("rb") as stream:
        if stream.read(6) == b"\x93NUMPY":
            stream.seek(0)
            return {"": _array(stream, path.stat().st_size, str(path))}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            total = sum(member.file_size for member in members)
            if total > LARGEST:
                raise LayerwiseError(
                    say("The arrays of a file take at most {} bytes.", LARGEST), say("'{}' announces {}", path, total),
                    say("Divide it into several files."),
                )  # fmt: skip
            found = {}
            for member in members:
                with archive.open(member) as stream:
                    found[member.filename[:-4]] = _array(stream, member.file_size, f"{path}: {member.filename}")
            if not found:
                raise LayerwiseError(
                    say("An npz file holds npy arrays."), say("'{}' holds none", path),
                    say("Write it with numpy.savez."),
                )  # fmt: skip
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
        # An encrypted member raises RuntimeError, an unknown packing NotImplementedError.
        raise _damaged(str(path), str(problem)) from problem


def _array(stream: IO[bytes], size: int, place: str) -> np.ndarray:
    """Read one array, refusing objects and sizes that the file does not hold before any memory is taken."""
    header = io.BytesIO(stream.read(16 * 1024))
    try:
        version = np.lib.format.read_magic(header)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = reader(header)
    except (ValueError, SyntaxError, TypeError, KeyError, TokenError, RecursionError, MemoryError) as problem:
        raise _damaged(place, str(problem).partition("\n")[0][:200] or type(problem).__name__) from problem
    if dtype.hasobject:
        raise LayerwiseError(
            say("Arrays hold numbers; pickled objects can run code and are never read."),
            say("'{}' holds Python objects", place),
            say("Load it where you trust it, and save plain arrays: numpy.savez(file, inputs=..., targets=...)."),
        )
    expected = math.prod(shape) * dtype.itemsize + header.tell()
    if expected != size:
        raise _damaged(place, say("{} bytes expected, {} found", expected, size))
    content = header.getvalue() + stream.read()
    if len(content) != size:
        raise _damaged(place, say("{} bytes expected, {} found", size, len(content)))
    array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    return array


def _damaged(place: str, found: str) -> LayerwiseError:
    """Say that a file is not what its name says."""
    return LayerwiseError(
        say("A NumPy file must be whole."), f"'{place}': {found}", say("Write or fetch the file again.")
    )


def _unknown(path: Path, arrays: Mapping[str, np.ndarray], name: str) -> LayerwiseError:
    """Say that no array has the name asked for, or that the usual names are missing."""
    held = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
    remedy = nearest(name, arrays) if name else say("Name them: --inputs-name NAME --targets-name NAME")
    return LayerwiseError(
        say("An npz file names its arrays inputs and targets (or x and y, x_train ...)."),
        say("'{}' holds {}", path, held), remedy, usage=True,
    )  # fmt: skip
