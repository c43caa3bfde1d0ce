"""Small pieces of HTML: every text is escaped here, and nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from layerwise.language import say

__all__ = ["Cell", "Raw", "details", "embedded", "items", "paragraph", "picture", "section", "table", "text"]


@dataclass(frozen=True)
class Raw:
    """HTML that is already safe: its texts were escaped when it was made.

    Args:
        html: The content of a cell or paragraph.
        style: Names of classes of the cell, if any.
    """

    html: str
    style: str = ""


Cell = str | Raw


def text(content: Cell) -> str:
    """Return a text as HTML; a percent sign stays with its number.

    Example:
        >>> text("<b>"), text(Raw("<b>bold</b>")), text("95 %")
        ('&lt;b&gt;', '<b>bold</b>', '95&nbsp;%')
    """
    return content.html if isinstance(content, Raw) else escape(content).replace(" %", "&nbsp;%")


def section(name: str, title: str, *parts: str) -> str:
    """Return a section with its heading; parts that are empty leave no trace."""
    body = "\n".join(part for part in parts if part)
    return f'<section id="{name}"><h2>{escape(title)}</h2>\n{body}\n</section>' if body else ""


def paragraph(content: Cell, style: str = "") -> str:
    """Return a paragraph, or nothing for an empty text."""
    inside = text(content)
    return f"<p{_style(style)}>{inside}</p>" if inside else ""


def items(sentences: Sequence[Cell]) -> str:
    """Return sentences as a list, or nothing where there are none."""
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in sentences) + "</ul>" if sentences else ""


def details(summary: str, body: str, *, opened: bool = False) -> str:
    """Return something that is shown when asked for."""
    return f"<details{' open' if opened else ''}><summary>{escape(summary)}</summary>{body}</details>"


def table(
    caption: str, header: Sequence[Cell], rows: Sequence[Sequence[Cell]], *,
    right: Sequence[int] = (), style: str = "",
) -> str:  # fmt: skip
    """Return a table whose first cell names each row.

    Args:
        caption: What the table holds.
        header: One name a column.
        rows: The cells.
        right: Places of columns of numbers.
        style: Names of classes of the table.
    """
    head = "".join(
        f'<th scope="col"{_style(_joined(cell, "num" if place in right else ""))}>{text(cell)}</th>'
        for place, cell in enumerate(header)
    )
    lines = "".join(
        f"<tr>{''.join(_cell(cell, place, right) for place, cell in enumerate(row))}</tr>\n" for row in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table{_style(style)}>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>\n{lines}</tbody></table></div>"
    )


def _cell(cell: Cell, place: int, right: Sequence[int]) -> str:
    """Return one cell; the first of a row is its heading."""
    style = _style(_joined(cell, "num" if place in right else ""))
    return f'<th scope="row"{style}>{text(cell)}</th>' if place == 0 else f"<td{style}>{text(cell)}</td>"


def _joined(cell: Cell, style: str) -> str:
    return " ".join(part for part in (style, cell.style if isinstance(cell, Raw) else "") if part)


def _style(style: str) -> str:
    return f' class="{style}"' if style else ""


def picture(content: bytes, media: str, words: str, caption: str, numbers: str) -> str:
    """Return a figure with words for readers who cannot see it, and its numbers below.

    Args:
        content: The image file.
        media: Its media type.
        words: What is to be seen.
        caption: What it is, shown below.
        numbers: A table of what it shows, as HTML.
    """
    return (
        f'<figure class="plot">{embedded(content, media, words)}<figcaption>{escape(caption)}</figcaption>'
        f"{details(say('Show as table'), numbers) if numbers else ''}</figure>"
    )


def embedded(content: bytes, media: str, words: str, style: str = "", size: tuple[int, int] | None = None) -> str:
    """Return an image that carries its own bytes."""
    shape = f' width="{size[0]}" height="{size[1]}"' if size else ""
    data = base64.b64encode(content).decode("ascii")
    return f'<img{_style(style)} alt="{escape(words)}"{shape} src="data:{media};base64,{data}">'
