"""How an explanation is shown: as text for a console, as static HTML for a page, a notebook or the report."""

from __future__ import annotations

import base64
import unicodedata
from html import escape
from typing import TYPE_CHECKING

from layerwise.explain.drawing import font_note, png
from layerwise.language import current

if TYPE_CHECKING:
    from layerwise.explain.explanation import Cell, Explanation, Picture, Table

__all__ = ["STYLE", "fragment", "html_table", "page", "shown", "text", "text_table"]

STYLE = """
.layerwise{font:15px/1.55 system-ui,-apple-system,"Segoe UI","Noto Sans KR","Malgun Gothic","NanumGothic",sans-serif;
color:#1b2733;max-width:60rem;margin:0 auto;padding:.5rem 1rem 2rem}
.layerwise h2{font-size:1.35rem;margin:.4rem 0 .2rem}
.layerwise h3,.layerwise summary{font-size:1rem;font-weight:600;margin:1.1rem 0 .35rem}
.layerwise summary{cursor:pointer}
.layerwise .facts{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:.3rem 0;padding:0}
.layerwise .facts div{display:flex;gap:.4rem}.layerwise .facts dt{color:#6b7785}.layerwise .facts dd{margin:0}
.layerwise .badge{display:inline-block;border-radius:1rem;padding:.1rem .8rem;font-size:.88rem}
.layerwise .badge{background:#e3f1ea;color:#0b5d3b}
.layerwise .badge.wrong{background:#fbe4d6;color:#8a2f00}
.layerwise .scroll{overflow-x:auto}
.layerwise table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
.layerwise th{color:#6b7785;font-weight:600;text-align:right;border-bottom:1px solid #c9d1d9;padding:.15rem .7rem}
.layerwise td{text-align:right;padding:.12rem .7rem;border-bottom:1px solid #eef1f4;white-space:nowrap}
.layerwise td.word,.layerwise th.word{text-align:left}
.layerwise tr.marked td{background:#eaf3fa;font-weight:600}
.layerwise figure{margin:.8rem 0}.layerwise img{max-width:100%;height:auto}
.layerwise figcaption,.layerwise .note{color:#4a5663;font-size:.88rem;margin:.15rem 0}
"""


def shown(cell: Cell) -> str:
    """Return a cell as it is read: floats to four figures, everything else whole.

    Example:
        >>> shown(0.123456), shown(61706), shown("C1"), shown(-0.0)
        ('0.1235', '61,706', 'C1', '0')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell + 0.0:.4g}"


def page(title: str, body: str) -> str:
    """Return a whole HTML page around a body; it holds no script and fetches nothing."""
    return (
        f'<!doctype html>\n<html lang="{current()}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>body{{margin:0;background:#fff}}{STYLE}</style></head><body>{body}</body></html>\n"
    )


def fragment(explanation: Explanation) -> str:
    """Return an explanation as static HTML: facts, badge, pictures, tables, notes."""
    badge = explanation.badge()
    right = all(check.ok for check in explanation.verify())
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in explanation.facts)
    parts = [
        f'<section class="layerwise"><h2>{escape(explanation.title)}</h2>',
        f'<dl class="facts">{facts}</dl>' if facts else "",
        f'<p class="badge{"" if right else " wrong"}">{escape(badge)}</p>' if badge else "",
        *(_html_picture(picture) for picture in explanation.pictures),
        *(f'<p class="note">{escape(note)}</p>' for note in explanation.notes),
        f'<p class="note">{escape(font_note())}</p>' if explanation.pictures and font_note() else "",
        *(html_table(table) for table in explanation.tables),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _html_picture(picture: Picture) -> str:
    content = base64.b64encode(png(picture.draw())).decode("ascii")
    caption = escape(picture.caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{content}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def html_table(table: Table) -> str:
    """Return a table whose cells carry their unrounded value as `data-value` and as the tooltip."""
    words = [all(isinstance(row[place], str) for row in table.rows) for place in range(len(table.header))]
    head = "".join(
        f'<th scope="col"{_word(word)}>{escape(name)}</th>' for name, word in zip(table.header, words, strict=True)
    )
    rows = []
    for number, row in enumerate(table.rows):
        cells = "".join(_html_cell(cell, word) for cell, word in zip(row, words, strict=True))
        rows.append(f'<tr class="marked">{cells}</tr>' if number in table.marked else f"<tr>{cells}</tr>")
    body = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    if table.folded:
        return f"<details><summary>{escape(table.title)}</summary>{body}</details>"
    return f"<h3>{escape(table.title)}</h3>{body}" if table.title else body


def _word(word: bool) -> str:
    return ' class="word"' if word else ""


def _html_cell(cell: Cell, word: bool) -> str:
    if isinstance(cell, str):
        return f"<td{_word(word)}>{escape(cell)}</td>"
    value = repr(cell)
    return f'<td data-value="{value}" title="{value}">{shown(cell)}</td>'


def text(explanation: Explanation) -> str:
    """Return an explanation as text for a console."""
    facts = [f"{name}: {value}" for name, value in explanation.facts]
    tables = [text_table(table) for table in explanation.tables if not table.folded]
    badge = explanation.badge()
    blocks = ["\n".join([explanation.title, *facts]), *tables, "\n".join(explanation.notes), badge]
    return "\n\n".join(block for block in blocks if block)


def text_table(table: Table) -> str:
    """Return a table in aligned columns; a Hangul sign takes two places."""
    lines = [table.header, *(tuple(shown(cell) for cell in row) for row in table.rows)]
    widths = [max(_width(line[place]) for line in lines) for place in range(len(table.header))]
    words = [all(isinstance(row[place], str) for row in table.rows) for place in range(len(table.header))]
    out = [table.title] if table.title else []
    for number, line in enumerate(lines):
        cells = (_aligned(cell, width, word) for cell, width, word in zip(line, widths, words, strict=True))
        mark = "> " if number - 1 in table.marked else "  "
        out.append((mark + "  ".join(cells)).rstrip())
    return "\n".join(out)


def _aligned(cell: str, width: int, word: bool) -> str:
    gap = " " * (width - _width(cell))
    return cell + gap if word else gap + cell


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in cell)
