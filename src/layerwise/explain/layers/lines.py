"""A layer table as text: the columns of the lecture's tables, or every column."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from layerwise.explain.layers.table import LayerRow
from layerwise.language import say

__all__ = ["table_cells", "table_lines"]

NOTHING = "–"


def table_cells(rows: Sequence[LayerRow], style: Literal["lecture", "full"] = "full") -> list[tuple[str, ...]]:
    """Return a header and the cells of every row.

    Args:
        rows: From `layer_table`.
        style: `lecture` has the columns of Table 13-1 and its order, the output first; `full` every column, the input
            first, and the total last.

    Source: lecture 002, Table 13-1.
    """
    header: tuple[str, ...]
    if style == "lecture":
        header = (say("Layer"), say("Type"), say("Maps"), say("Size"), say("Kernel size"), say("Stride"),
                  say("Activation"))  # fmt: skip
        return [header, *(_lecture_cells(row) for row in reversed(rows))]
    header = (say("Layer"), say("Type"), say("Output"), say("Kernel size"), say("Stride"), say("Activation"),
              say("Parameters"), say("Multiply-adds"), say("Memory"), say("Receptive field"))  # fmt: skip
    parameters, products, memory = (
        sum(getattr(row, name) for row in rows) for name in ("parameters", "multiply_adds", "output_bytes")
    )
    total = (say("Total"), "", "", "", "", "", f"{parameters:,}", f"{products:,}", _memory(memory), "")
    return [header, *(_full_cells(row) for row in rows), total]


def table_lines(rows: Sequence[LayerRow], style: Literal["lecture", "full"] = "full") -> list[str]:
    """Return the table as lines of aligned columns, followed by the notes of its rows.

    Args:
        rows: From `layer_table`.
        style: `lecture` or `full`, as for `table_cells`.

    Example:
        >>> from torch import nn
        >>> from layerwise.explain.layers.table import layer_table
        >>> rows = layer_table(nn.Sequential(nn.Linear(64, 2), nn.Sigmoid(), nn.Linear(2, 3), nn.Sigmoid()), (64,))
        >>> for line in table_lines(rows, style="lecture"):
        ...     print(line)
        Layer  Type             Maps  Size  Kernel size  Stride  Activation
        2      Fully Connected  –     3     –            –       sigmoid
        0      Fully Connected  –     2     –            –       sigmoid
        In     Input            –     64    –            –       –
    """
    cells = table_cells(rows, style)
    widths = [max(_width(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return lines + [f"{row.name}: {say(row.note)}" for row in rows if row.note]


def _lecture_cells(row: LayerRow) -> tuple[str, ...]:
    """Return the cells of Table 13-1."""
    maps = NOTHING if row.maps is None else str(row.maps)
    return (row.name, say(row.type), maps, _times(row.size), _times(row.kernel), _stride(row.stride),
            row.activation or NOTHING)  # fmt: skip


def _full_cells(row: LayerRow) -> tuple[str, ...]:
    """Return every cell."""
    return (
        row.name, say(row.type), _times(row.shape), _times(row.kernel), _stride(row.stride), row.activation or NOTHING,
        f"{row.parameters:,}", f"{row.multiply_adds:,}", _memory(row.output_bytes), _times(row.receptive_field),
    )  # fmt: skip


def _times(sizes: tuple[int, ...] | None) -> str:
    """Write sizes as 28×28."""
    return "×".join(map(str, sizes)) if sizes else NOTHING


def _stride(stride: tuple[int, ...] | None) -> str:
    """Write a stride as one number where it is the same in all directions."""
    return str(stride[0]) if stride and len(set(stride)) == 1 else _times(stride)


def _memory(count: int) -> str:
    """Write a number of bytes in the unit that suits it."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _width(text: str) -> int:
    """Return how many places a text takes in a terminal: Hangul takes two each."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
