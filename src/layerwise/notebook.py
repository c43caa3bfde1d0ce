"""How results show themselves in a notebook: plain tables that need no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_lines", "html_table"]


def html_table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with its caption; the first column names the row.

    Example:
        >>> html_table("2 < 3", ["id"], [["a"]])
        '<table><caption>2 &lt; 3</caption><tr><th scope="col">id</th></tr><tr><th scope="row">a</th></tr></table>'
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in others) + "</tr>"
        for first, *others in rows
    )
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table>"


def html_lines(lines: Iterable[str]) -> str:
    """Return lines of text as they would stand on a console.

    Example:
        >>> html_lines(["a < b"])
        '<pre>a &lt; b</pre>'
    """
    return f"<pre>{escape(chr(10).join(lines))}</pre>"
