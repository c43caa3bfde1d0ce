"""Read our docstrings as they are meant: formulas as they stand, examples as code, sources in italics.

Used by mkdocstrings as an extension of griffe (see `mkdocs.yml`).
"""

from __future__ import annotations

import re
from typing import Any

import griffe

SECTIONS = ("Args:", "Raises:", "Returns:", "Yields:", "Attributes:")


class Docstrings(griffe.Extension):
    """Rewrite each docstring before it is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring:
            obj.docstring.value = rewritten(obj.docstring.value, fields=is_named_tuple(obj))


def is_named_tuple(obj: griffe.Object) -> bool:
    """Whether the arguments of a class are the fields of a named tuple, which griffe does not know as parameters."""
    return obj.is_class and any(str(base).endswith("NamedTuple") for base in obj.bases)


def rewritten(text: str, *, fields: bool) -> str:
    """Return a docstring whose every paragraph Markdown shows as it is written."""
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(_paragraph(paragraph, fields=fields) for paragraph in paragraphs)


def _paragraph(paragraph: str, *, fields: bool) -> str:
    first = paragraph.lstrip().split("\n", 1)[0]
    if first == "Example:":
        return paragraph.replace("Example:", "Examples:", 1)
    if paragraph.lstrip().startswith(">>>") or first.startswith("- "):
        return paragraph
    if first in SECTIONS:
        lines = (paragraph.replace("Args:", "Attributes:", 1) if fields else paragraph).splitlines()
        return "\n".join(_item(line) for line in lines)
    if first.startswith("Source: "):
        return "*Source:* " + _escaped(paragraph.removeprefix("Source: "))
    if " = " in paragraph and not paragraph.rstrip().endswith("."):
        return "\n".join("    " + line for line in paragraph.splitlines())
    return _escaped(paragraph)


def _item(line: str) -> str:
    """Leave the name before the colon alone: griffe looks for it in the signature."""
    name, colon, words = line.partition(":")
    return name + colon + _escaped(words) if re.fullmatch(r"\s*\w+", name) else _escaped(line)


def _escaped(text: str) -> str:
    """Escape what Markdown would read as emphasis, a link or HTML, outside `code`."""
    parts = re.split(r"(`[^`]*`)", text)
    special = r"(?<!\w)_|_(?!\w)|[*\[\]<]"
    return "".join(part if part.startswith("`") else re.sub(special, r"\\\g<0>", part) for part in parts)
