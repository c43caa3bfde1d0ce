"""A page's source: text and fenced code, and which other pages belong to it."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r"^#\s*(?:caption|그림):\s*(.+)$")
EXIT_CODE = re.compile(r"\s+#\s*exit (\d+)\s*$")


class PageError(Exception):
    """A page that cannot be built, with the place of the mistake."""


@dataclass(frozen=True)
class Block:
    """A stretch of a page.

    Args:
        kind: Text as it stands, code to execute, commands to run, or code that is only shown.
        content: The text, or what stands between the fences.
        line: Line of the page on which the content begins, from 1.
        language: Word after the opening fence.
    """

    kind: Literal["text", "python", "console", "shown"]
    content: str
    line: int
    language: str = ""


@dataclass(frozen=True)
class Page:
    """A page's source.

    Args:
        path: Where it stands below `docs/`: `course/22-convolution.ko.md`.
        blocks: Its stretches in order.
    """

    path: Path
    blocks: tuple[Block, ...]

    @property
    def language(self) -> str:
        """Language of the page, `en` or `ko`."""
        return "ko" if self.path.name.endswith(".ko.md") else "en"

    @property
    def name(self) -> str:
        """Path without its endings, the same in both languages: `course/22-convolution`."""
        return self.path.as_posix().removesuffix(".md").removesuffix(".ko")

    @property
    def title(self) -> str:
        """Text of the first heading."""
        first = self.blocks[0].content if self.blocks else ""
        heading = re.search(r"^# (.+)$", first, re.MULTILINE)
        if not heading:
            raise PageError(f"{self.path}: a page begins with one heading '# ...'")
        return heading.group(1).strip()

    @property
    def executed(self) -> bool:
        """Whether the page holds anything to execute."""
        return any(block.kind in ("python", "console") for block in self.blocks)


def read_page(root: Path, path: Path) -> Page:
    """Read one page.

    Args:
        root: The folder `docs/`.
        path: The page below it.
    """
    source = (root / path).read_text(encoding="utf-8")
    blocks: list[Block] = []
    end = 0
    for fence in FENCE.finditer(source):
        blocks += _text(source, end, fence.start())
        language = fence.group(1)
        kind = language if language in ("python", "console") else "shown"
        blocks.append(Block(kind, fence.group(2), source.count("\n", 0, fence.start()) + 2, language))
        end = fence.end()
    return Page(path, tuple(blocks + _text(source, end, len(source))))


def _text(source: str, start: int, end: int) -> list[Block]:
    """Return the text between two places as one block, or none where it is empty."""
    text = source[start:end]
    blank = len(text) - len(text.lstrip("\n"))
    return [Block("text", text.strip("\n"), source.count("\n", 0, start + blank) + 1)] if text.strip() else []


def find_pages(root: Path) -> list[Page]:
    """Read every page below `docs/`: the home page, the guide, then the course by number and its errata."""
    paths = [*root.glob("*.md"), *root.glob("guide/*.md"), *root.glob("course/*.md")]
    return [
        read_page(root, path.relative_to(root)) for path in sorted(paths, key=lambda path: reading_order(root, path))
    ]


def reading_order(root: Path, path: Path) -> tuple[int, int, str]:
    """Return where a page stands: home, guide, course, and inside each by the number its name begins with."""
    place = path.relative_to(root)
    folder = {".": 0, "guide": 1, "course": 2}[place.parent.as_posix()]
    number = re.match(r"\d+", place.name)
    first = -1 if place.name.startswith("index") else 1000
    return folder, int(number.group()) if number else first, place.name


def caption(code: str) -> str:
    """Return the caption on the last comment line of a block of code, or an empty text."""
    for line in reversed(code.strip().splitlines()):
        found = CAPTION.match(line.strip())
        if found:
            return found.group(1).strip()
    return ""


def commands(content: str) -> list[tuple[str, int]]:
    """Return each `$ ...` command of a console block with the exit code it must have (`# exit 2`, else 0)."""
    found = []
    for line in content.splitlines():
        if line.startswith("$ "):
            code = EXIT_CODE.search(line)
            found.append((EXIT_CODE.sub("", line[2:]), int(code.group(1)) if code else 0))
    return found


def without_words(code: str) -> list[str]:
    """Return the tokens of code without comments and texts, to compare a page with its translation.

    Texts of other length are wrapped otherwise, so commas before a closing bracket and texts cut in two do not count.
    """
    skipped = {tokenize.COMMENT, tokenize.NL, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    found: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        word = "''" if token.type == tokenize.STRING else token.string
        if token.type in skipped or (word == "''" and found[-1:] == ["''"]):
            continue
        if word in (")", "]", "}") and found[-1:] == [","]:
            found.pop()
        found.append(word)
    return found
