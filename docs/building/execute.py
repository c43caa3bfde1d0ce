"""Execute a page: Python in one namespace, commands in one temporary folder, output kept as it came."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from building.page import Block, Page, PageError, caption, commands

LONGEST_COMMAND = 120
"""Seconds after which a command is given up."""


@dataclass(frozen=True)
class Output:
    """What one block of code gave.

    Args:
        text: What it printed.
        picture: The figure it left, as PNG.
        caption: What is to be seen in it.
    """

    text: str = ""
    picture: bytes = b""
    caption: str = ""


@dataclass(frozen=True)
class Executed:
    """A page with what its blocks gave, in order.

    Args:
        page: The source.
        outputs: One for each block; None for text.
        seconds: How long it took.
    """

    page: Page
    outputs: tuple[Output | None, ...]
    seconds: float


def execute(page: Page) -> Executed:
    """Execute every block of a page in an empty folder, top to bottom.

    Raises:
        PageError: A block raised, an assertion failed, or a command ended with another exit code than expected.
    """
    started = time.perf_counter()
    before = Path.cwd()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory(prefix="page-") as folder:
        os.chdir(folder)
        try:
            outputs = tuple(_run(page, block, namespace, folder) for block in page.blocks)
        finally:
            os.chdir(before)
    return Executed(page, outputs, time.perf_counter() - started)


def _run(page: Page, block: Block, namespace: dict[str, Any], folder: str) -> Output | None:
    if block.kind == "python":
        return _run_python(page, block, namespace)
    if block.kind == "console":
        return Output(
            "\n".join(_run_command(page, block, line, code, folder) for line, code in commands(block.content))
        )
    return None


def _run_python(page: Page, block: Block, namespace: dict[str, Any]) -> Output:
    from layerwise.language import use

    printed = io.StringIO()
    # blank lines in front make a traceback name the line of the page
    padded = "\n" * (block.line - 1) + block.content
    try:
        with use(page.language), contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(compile(padded, str(page.path), "exec"), namespace)
    except Exception as problem:  # noqa: BLE001 - whatever a page raises is a defect of that page, told with its line
        raise PageError(f"{page.path}: {''.join(traceback.format_exception(problem)[1:])}") from None
    drawn = namespace.get("figure")
    if not hasattr(drawn, "savefig"):
        return Output(printed.getvalue())
    del namespace["figure"]
    return Output(printed.getvalue(), _png(page, drawn), _caption(page, block))


def _png(page: Page, drawn: Any) -> bytes:
    from layerwise.explain.drawing import png
    from layerwise.language import use

    with use(page.language):
        return png(drawn)


def _caption(page: Page, block: Block) -> str:
    words = caption(block.content)
    if not words:
        raise PageError(f"{page.path}:{block.line}: a block that leaves a figure ends with '# caption: ...'")
    return words


def _run_command(page: Page, block: Block, line: str, expected: int, folder: str) -> str:
    """Run one command in the page's language; return it with what it printed."""
    words = shlex.split(line, comments=True)
    if words[0] == "layerwise":
        words[:1] = [sys.executable, "-m", "layerwise"]
    elif words[0] == "python":
        words[0] = sys.executable
    locale = {"ko": "ko_KR.UTF-8", "en": "C.UTF-8"}[page.language]
    settings = {"LC_ALL": locale, "PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1", "MPLBACKEND": "Agg"}
    try:
        done = subprocess.run(
            words, cwd=folder, env=os.environ | settings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", timeout=LONGEST_COMMAND, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise PageError(f"{page.path}:{block.line}: $ {line}: {problem}") from None
    if done.returncode != expected:
        raise PageError(
            f"{page.path}:{block.line}: $ {line}: exit code {done.returncode}, expected {expected}\n{done.stdout}"
        )
    shown = "\n".join(text.rstrip() for text in done.stdout.replace(folder + os.sep, "").splitlines())
    ending = f"   # exit code {expected}" if expected else ""
    return f"$ {line}{ending}\n{shown}\n"
