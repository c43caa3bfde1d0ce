"""Write an executed page: as Markdown for the site, and as a notebook that runs again."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from building.execute import Executed, Output
from building.page import CAPTION, Block, Page

OTHER = {"en": "한국어", "ko": "English"}
NOTEBOOK = {"en": "This page as a notebook", "ko": "이 쪽을 노트북으로"}


def write_page(executed: Executed, target: Path, names: set[str]) -> None:
    """Write the Markdown of a page with its output and pictures.

    Args:
        executed: The page and what it gave.
        target: Folder of the site's sources.
        names: Every page below `docs/`, to know which has a translation.
    """
    page = executed.page
    place = target / page.path
    place.parent.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, (block, output) in enumerate(zip(page.blocks, executed.outputs, strict=True)):
        parts.append(_markdown(block, output))
        if output and output.picture:
            picture = f"{page.path.stem}-{number}.png"
            (place.parent / picture).write_bytes(output.picture)
            parts.append(f"![{output.caption}]({picture})\n*{output.caption}*{{: .caption }}")
    heading, _, rest = parts[0].partition("\n")
    place.write_text("\n\n".join([heading, _links(page, names), rest, *parts[1:]]).replace("\n\n\n\n", "\n\n") + "\n",
                     encoding="utf-8")  # fmt: skip


def _markdown(block: Block, output: Output | None) -> str:
    if block.kind == "text":
        return block.content
    if block.kind == "console" and output:
        return f"```console\n{output.text.rstrip()}\n```"
    lines = [line for line in block.content.rstrip().splitlines() if not CAPTION.match(line)]
    shown = "\n".join([f"```{block.language}", *lines, "```"])
    if output and output.text.strip():
        language = "python" if output.text.startswith(("def ", "class ", "@")) else "text"
        shown += f"\n\n``` {{.{language} .output}}\n{output.text.rstrip()}\n```"
    return shown


def _links(page: Page, names: set[str]) -> str:
    """Return the line below the heading: the other language and, where code runs, the notebook."""
    links = []
    other = page.path.with_name(Path(page.name).name + (".md" if page.language == "ko" else ".ko.md"))
    if other.as_posix() in names:
        links.append(f"[{OTHER[page.language]}]({other.name})")
    if page.executed:
        notebook = os.path.relpath(notebook_path(page), page.path.parent).replace(os.sep, "/")
        links.append(f"[{NOTEBOOK[page.language]}]({notebook})")
    return " · ".join(links) + "{: .links }" if links else ""


def notebook_path(page: Page) -> Path:
    """Return where the notebook of a page lies below the site."""
    return Path("notebooks") / page.path.with_suffix(".ipynb").name


def write_notebook(executed: Executed, target: Path) -> None:
    """Write a page as a notebook with its outputs."""
    cells = []
    for number, (block, output) in enumerate(zip(executed.page.blocks, executed.outputs, strict=True)):
        cells.append({"id": f"cell-{number}", **_cell(block, output)})
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "title": executed.page.title,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = target / notebook_path(executed.page)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _cell(block: Block, output: Output | None) -> dict[str, Any]:
    if output is None:
        fenced = block.content if block.kind == "text" else f"```{block.language}\n{block.content}```"
        return {"cell_type": "markdown", "metadata": {}, "source": _lines(fenced)}
    source = block.content
    if block.kind == "console":
        source = "\n".join("!" + line[2:] for line in block.content.splitlines() if line.startswith("$ "))
    elif output.picture:
        source = source.rstrip() + "\nfigure"
    outputs: list[dict[str, Any]] = []
    if output.text.strip():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(output.text)})
    if output.picture:
        picture = base64.b64encode(output.picture).decode("ascii")
        outputs.append({"output_type": "display_data", "metadata": {},
                        "data": {"image/png": picture, "text/plain": [output.caption]}})  # fmt: skip
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": outputs, "source": _lines(source)}


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").splitlines(keepends=True)
