"""Execute a page: Python in one namespace, commands in one temporary folder, output kept as it came."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from building.console import Runner, console
from building.page import Block, Page, PageError, caption, commands


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
    ours = any(line.startswith("layerwise") for block in page.blocks for line, _ in _commands(block))
    with tempfile.TemporaryDirectory(prefix="page-") as folder, console(folder, page.language, forks=ours) as run:
        os.chdir(folder)
        try:
            outputs = tuple(_run(page, block, namespace, run) for block in page.blocks)
        finally:
            os.chdir(before)
    return Executed(page, outputs, time.perf_counter() - started)


def _commands(block: Block) -> list[tuple[str, int]]:
    return commands(block.content) if block.kind == "console" else []


def _run(page: Page, block: Block, namespace: dict[str, Any], run: Runner) -> Output | None:
    if block.kind == "python":
        return _run_python(page, block, namespace)
    if block.kind == "console":
        return Output("\n".join(_run_command(page, block, line, code, run) for line, code in _commands(block)))
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


def _run_command(page: Page, block: Block, line: str, expected: int, run: Runner) -> str:
    """Run one command; return it with what it printed."""
    code, output = run(line)
    if code != expected:
        raise PageError(f"{page.path}:{block.line}: $ {line}: exit code {code}, expected {expected}\n{output}")
    shown = "\n".join(text.rstrip() for text in output.replace(os.getcwd() + os.sep, "").splitlines())
    ending = f"   # exit code {expected}" if expected else ""
    return f"$ {line}{ending}\n{shown}\n"
