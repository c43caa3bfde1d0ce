"""Arrays and frames that are already in memory become a source: NumPy arrays, torch tensors, pandas frames.

Tensors and frames are known by what they can do, so that neither torch nor pandas is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from layerwise.data.cells import categories, type_cells
from layerwise.data.kinds import Categories, Column, Images, Numbers, Texts
from layerwise.data.roles import looks_like_id, part_column
from layerwise.data.source import Field, Problem, Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["from_arrays", "from_frame", "input_columns", "is_frame", "target_columns", "to_array", "without_infinite"]

MOST_CLASSES = 1000
"""Whole-number targets with more different values than this are amounts, not classes."""


def to_array(value: Any) -> np.ndarray:
    """Return an array, tensor or nested list as a NumPy array.

    Raises:
        LayerwiseError: The value is ragged, or holds something else than numbers or words.

    Example:
        >>> to_array([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as problem:
        raise _unfit(str(problem)) from problem
    if array.dtype.kind == "O" and array.size and all(isinstance(item, str) for item in array.flat):
        array = array.astype(str)
    if array.dtype.kind not in "biufU":
        raise _unfit(say("an array of type {}", array.dtype))
    return array


def _unfit(found: str) -> LayerwiseError:
    """Say what an array must be."""
    return LayerwiseError(
        say("An array holds numbers (or words, as targets) in a regular shape."), found,
        say("Turn it into one NumPy array of numbers first."),
    )  # fmt: skip


def from_arrays(
    inputs: Any,
    targets: Any = None,
    *,
    parts: Categories | None = None,
    name: str = "arrays",
    origin: str = "memory",
) -> Source:
    """Build a source from inputs and, where there are any, targets; rows with infinite values are reported.

    Args:
        inputs: `(items,)` or `(items, features)` numbers, `(items, height, width)` grey pictures, or pictures with
            channels first or last.
        targets: `(items,)` classes (whole numbers, truth values, words) or numbers, or `(items, targets)` numbers.
        parts: The part of each item, where the data come divided.
        name: Name of the source.
        origin: Where it came from.

    Raises:
        LayerwiseError: The shapes do not fit each other, or an array is not regular.

    Example:
        >>> source = from_arrays([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], name="xor")
        >>> [(part.name, part.role) for part in source.fields]
        [('column 1', 'input'), ('column 2', 'input'), ('target', 'target')]
    """
    given = to_array(inputs)
    if given.ndim == 0 or not len(given):
        raise _unfit(say("an array of shape {}", given.shape))
    columns: dict[str, Column] = dict(input_columns(given))
    fields = [Field(part) for part in columns]
    arrays = [given]
    if targets is not None:
        wanted = to_array(targets)
        if wanted.ndim == 0 or len(wanted) != len(given):
            raise LayerwiseError(
                say("Every input has its target."),
                say("{} inputs, targets of shape {}", len(given), wanted.shape),
                say("Give arrays with the same number of items."),
            )
        held = target_columns(wanted)
        columns |= held
        fields += [Field(part, "target") for part in held]
        arrays.append(wanted)
    if parts is not None:
        columns["part"] = parts
        fields.append(Field("part", "part"))
    source = Source(name, origin, tuple(fields), columns)
    return without_infinite(source, arrays)


def input_columns(array: np.ndarray) -> dict[str, Column]:
    """Return the columns of an array: one picture column, or one number column a feature."""
    if array.dtype.kind == "U":
        if array.ndim != 1:
            raise _unfit(say("an array of type {}", array.dtype))
        return {"column 1": type_cells([str(cell).strip() for cell in array]).column}
    if array.ndim <= 2:
        table = array.reshape(len(array), -1).astype(np.float64)
        return {
            f"column {place + 1}": Numbers(np.ascontiguousarray(table[:, place])) for place in range(table.shape[1])
        }
    return {"image": _images(array)}


def _images(array: np.ndarray) -> Images:
    """Return an array of pictures with channels first."""
    if array.ndim == 3:
        array = array[:, None]
    elif array.ndim == 4 and array.shape[1] not in (1, 3) and array.shape[3] in (1, 3):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in (1, 3) or 0 in array.shape:
        raise LayerwiseError(
            say("Pictures have 1 or 3 channels, before or after height and width."),
            say("an array of shape {}", array.shape),
            say("Reshape it to (items, channels, height, width)."),
        )
    items, channels, height, width = array.shape
    sizes = np.tile(np.array([width, height]), (items, 1))
    low, high = float(np.nanmin(array)), float(np.nanmax(array))
    if array.dtype.kind in "bui" and low >= 0 and high <= 255:
        whole = array.astype(np.uint8, copy=False)
        # Truth values and bytes say themselves what is white; other whole numbers do not.
        guessed = None if array.dtype in (np.bool_, np.uint8) else high
        return Images(whole, None, sizes, channels, 1.0 if array.dtype.kind == "b" else 255.0, guessed=guessed)
    maximum = 1.0 if high <= 1.0 else 255.0 if high <= 255.0 else high
    return Images(array.astype(np.float32), None, sizes, channels, maximum, guessed=high)


def target_columns(array: np.ndarray) -> dict[str, Column]:
    """Return targets as one class column, one number column, or several number columns."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and array.dtype.kind != "U":
        return {f"target {place + 1}": Numbers(array[:, place].astype(np.float64)) for place in range(array.shape[1])}
    if array.ndim != 1:
        raise _unfit(say("targets of shape {}", array.shape))
    if array.dtype.kind == "U":
        return {"target": categories([str(cell).strip() for cell in array])}
    different, codes = np.unique(array, return_inverse=True)
    if array.dtype.kind in "bui" and len(different) <= MOST_CLASSES:
        names = tuple(str(value) for value in different.tolist())
        return {"target": Categories(codes.reshape(-1).astype(np.int64), names)}
    return {"target": Numbers(array.astype(np.float64))}


def without_infinite(source: Source, arrays: Sequence[np.ndarray]) -> Source:
    """Report rows that hold an infinite number, and pictures or targets that hold NaN."""
    bad = np.zeros(len(source), dtype=bool)
    for array in arrays:
        if array.dtype.kind == "f":
            wrong = ~np.isfinite(array) if array.ndim > 2 else np.isinf(array)
            bad |= wrong.reshape(len(array), -1).any(axis=1)
    if not bad.any():
        return source
    problems = tuple(
        Problem(
            f"row {row + 1}", say("Numbers are finite."), say("an infinite or undefined value"),
            say("Mend the row, or leave it out with --exclude-problems."),
        )
        for row in np.flatnonzero(bad)
    )  # fmt: skip
    return replace(source.take(np.flatnonzero(~bad)), problems=problems)


def is_frame(value: Any) -> bool:
    """Say whether a value is a table with named columns, as pandas makes them."""
    return hasattr(value, "columns") and hasattr(value, "dtypes") and hasattr(value, "__getitem__")


def from_frame(frame: Any, *, name: str = "frame") -> Source:
    """Build a source from a pandas frame: numbers stay numbers, truth values and categories become categories.

    Args:
        frame: A table with `columns` and `to_numpy` on each.
        name: Name of the source.

    Raises:
        LayerwiseError: Two columns share a name, or the frame has no rows.
    """
    names = [str(column) for column in frame.columns]
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice or not len(frame) or not names:
        raise LayerwiseError(
            say("Every column has its own name."),
            say("twice or more: {}", ", ".join(f"'{column}'" for column in twice)) if twice else say("an empty table"),
            say("Rename the columns, or add rows."),
        )
    columns: dict[str, Column] = {}
    fields, notes = [], []
    for column, label in zip(names, frame.columns, strict=True):
        columns[column], role, told = _frame_column(column, frame[label])
        fields.append(Field(column, role))
        notes += [f"'{column}': {note}" for note in told]
    source = Source(name, "memory", tuple(fields), columns, notes=tuple(notes))
    numbers = [column.values for column in columns.values() if isinstance(column, Numbers)]
    return without_infinite(source, numbers)


def _frame_column(name: str, series: Any) -> tuple[Column, str, tuple[str, ...]]:
    """Return one column of a frame, its role, and what was assumed."""
    missing = np.asarray(series.isna().to_numpy(), dtype=bool)
    kind = getattr(series.dtype, "kind", "O")
    if kind in "iuf":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        if kind != "f" and looks_like_id(name, map(str, series.tolist())):
            return Texts([str(value) for value in series.tolist()]), "id", ()
        return Numbers(values), "input", ()
    cells = ["" if empty else str(value).strip() for value, empty in zip(series.tolist(), missing, strict=True)]
    if looks_like_id(name, cells):
        return Texts(cells), "id", ()
    if kind == "b" or str(series.dtype) == "category":
        column: Column = categories(cells)
        notes: tuple[str, ...] = ()
    else:
        typed = type_cells(cells, missing_words=("",))
        column, notes = (typed.column, typed.notes) if not typed.bad else (categories(cells), typed.notes)
    parts = part_column(name, column)
    return (parts, "part", notes) if parts is not None else (column, "input", notes)
