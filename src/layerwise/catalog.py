"""What the house holds: models, tasks, formats and views, found by name.

A part announces itself with `@register(...)` above its function. The list of all parts is read from the source text,
so that listing ninety networks imports none of them; the part itself is imported when it is asked for. A part stays
an ordinary function: `from layerwise.models.lenet import lenet5` needs no catalogue. Other packages add parts through
the entry-point group `layerwise`, each naming a module to read in the same way.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["KINDS", "Entry", "Option", "entries", "entry", "find", "register"]

KINDS = {
    "model": "models",
    "task": "tasks",
    "format": "data/formats",
    "view": "explain/views",
}
"""Each kind of part and the folder whose files hold it."""

Part = TypeVar("Part", bound=Callable[..., Any])


@dataclass(frozen=True)
class Option:
    """One keyword-only parameter of a part: an option of the command line, a key in TOML, a field in the studio."""

    name: str
    annotation: str
    default: Any
    help: str


@dataclass(frozen=True)
class Entry:
    """One registered part as its source text describes it."""

    kind: str
    name: str
    module: str
    function: str
    summary: str
    facts: Mapping[str, Any]
    options: tuple[Option, ...]


def register(
    name: str,
    *,
    task: str = "",
    source: str = "",
    lecture: str = "",
    small: Mapping[str, Any] | None = None,
    image: tuple[int, int, int] | None = None,
    train: Mapping[str, Any] | None = None,
    suffixes: tuple[str, ...] = (),
    target: str = "",
    inputs: str = "",
    model: str = "",
    split: str = "",
    opens: str = "",
    class_weights: bool = False,
) -> Callable[[Part], Part]:
    """Announce a part to the catalogue; every argument is a literal, since the list is read without importing.

    Args:
        name: What users type.
        task: Of a model: the task it learns, or `classify regress` for both. Of a view: the one whose answers it opens,
            where it comes first.
        source: The paper: `arXiv:1409.1556`, a DOI, or author, title and year.
        lecture: Where the lectures show it.
        small: For the contract tests. Of a model: `inputs`, `outputs` and options of a small form; of a task: what it
            is made with beside its loss.
        image: Of a model: the picture it is drawn for, as channels, height and width; data are fitted to it.
        train: Of a model: training settings that suit it better than the general ones; the user's own go first.
        suffixes: Of a format: the endings of its files.
        target: Of a task: the kind of the field it predicts (category, number, labels, text, boxes, mask), or
            `none`.
        inputs: Of a task: `text` where it reads texts; tables and pictures where left out.
        model: Of a task: the network that is taken when none is named.
        split: Of a task: `order` where the last rows are held out, not random ones.
        class_weights: Of a model that is solved at once: whether weights of the classes change what it learns.
        opens: Of a view: what it opens, `layer`, `answer`, `learning` or the whole `network`, in this order.
    """

    def announce(part: Part) -> Part:
        return part

    return announce


@cache
def entries(kind: str) -> Mapping[str, Entry]:
    """Return every part of a kind by name, read from source without importing it."""
    found: dict[str, Entry] = {}
    root = Path(__file__).parent
    for path in sorted((root / KINDS[kind]).glob("*.py")):
        module = ".".join(("layerwise", *path.relative_to(root).with_suffix("").parts))
        for part in _read(kind, module, path):
            if part.name in found:
                message = f"{part.module} and {found[part.name].module} both register the {kind} '{part.name}'"
                raise RuntimeError(message)
            found[part.name] = part
    for point in importlib.metadata.entry_points(group="layerwise"):
        if point.name.partition(".")[0] == kind:
            specification = importlib.util.find_spec(point.value)
            if specification and specification.origin:
                found |= {part.name: part for part in _read(kind, point.value, Path(specification.origin))}
    return dict(sorted(found.items()))


def entry(kind: str, name: str) -> Entry:
    """Return one part's description.

    Raises:
        LayerwiseError: No part has that name; the nearest one is named.
    """
    known = entries(kind)
    if name not in known:
        raise LayerwiseError(
            say("A {} is named as in the catalogue.", say(kind)),
            say("unknown {} '{}'", say(kind), name),
            nearest(name, known),
            usage=True,
        )
    return known[name]


def find(kind: str, name: str) -> Any:
    """Import one part and return its function or class.

    Raises:
        LayerwiseError: No part has that name.
    """
    part = entry(kind, name)
    return getattr(importlib.import_module(part.module), part.function)


def _read(kind: str, module: str, path: Path) -> list[Entry]:
    """Read the registered functions and classes of one file."""
    parts = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "register":
                facts = {word.arg: ast.literal_eval(word.value) for word in decorator.keywords if word.arg}
                name = ast.literal_eval(decorator.args[0])
                text = ast.get_docstring(node) or ""
                options = _options(node, text) if isinstance(node, ast.FunctionDef) else ()
                summary = text.partition("\n")[0]
                parts.append(Entry(kind, name, module, node.name, summary, facts, options))
    return parts


def _options(node: ast.FunctionDef, docstring: str) -> tuple[Option, ...]:
    """Read the keyword-only parameters of a function: name, type, default, and its line under `Args:`."""
    helps = _argument_texts(docstring)
    options = []
    for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if default is None:
            message = f"the option '{argument.arg}' of {node.name} needs a default"
            raise RuntimeError(message)
        annotation = ast.unparse(argument.annotation) if argument.annotation else "str"
        options.append(Option(argument.arg, annotation, ast.literal_eval(default), helps.get(argument.arg, "")))
    return tuple(options)


def _argument_texts(docstring: str) -> dict[str, str]:
    """Return the text of each argument under `Args:` of a Google-style docstring."""
    _, _, rest = docstring.partition("Args:\n")
    texts: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        if not line.strip() or not line.startswith("    "):
            break
        if line.startswith("     "):
            texts[name] += " " + line.strip()
        else:
            name, _, text = line.strip().partition(": ")
            texts[name] = text
    return texts
