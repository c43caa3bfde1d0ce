"""Equations for readers without a network: `$...$` and `$$...$$` become MathML, which browsers draw themselves.

Used by MkDocs as a hook (see `mkdocs.yml`); it also marks Korean pages as Korean.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert
from latex2mathml.exceptions import NoAvailableTokensError
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

log = logging.getLogger("mkdocs.hooks.equations")

DISPLAY = r"\$\$(.+?)\$\$"
INLINE = r"(?<![\\$A-Za-z0-9])\$(?![\s$])([^$\n]+?)(?<!\s)\$(?![A-Za-z0-9$])"


class Equation(InlineProcessor):
    """Turn one equation into MathML that no other rule of Markdown touches any more."""

    def __init__(self, pattern: str, markdown: Markdown, *, display: str) -> None:
        super().__init__(pattern, markdown)
        self.compiled_re = re.compile(pattern, re.DOTALL)
        self.display = display

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element | str, int, int]:
        """Convert one equation; one that cannot be read is a warning, and so an error of a strict build."""
        latex = " ".join(m.group(1).split())
        try:
            mathml = convert(latex, display=self.display)
        except (NoAvailableTokensError, ValueError, KeyError, IndexError) as problem:
            log.warning("the equation %s cannot be read: %r", latex, problem)
            mathml = latex
        return self.md.htmlStash.store(mathml), m.start(0), m.end(0)


class Equations(Extension):
    """Equations in Markdown, between code (190) and escapes (180) in priority."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register both forms."""
        md.inlinePatterns.register(Equation(DISPLAY, md, display="block"), "display-equation", 188)
        md.inlinePatterns.register(Equation(INLINE, md, display="inline"), "inline-equation", 187)


def on_config(config: Any) -> Any:
    """Add the extension to MkDocs' Markdown."""
    config["markdown_extensions"].append(Equations())
    return config


def on_post_page(output: str, *, page: Any, config: Any) -> str:
    """Name the language of a Korean page, for browsers and screen readers."""
    return output.replace('lang="en"', 'lang="ko"', 1) if page.file.src_uri.endswith(".ko.md") else output
