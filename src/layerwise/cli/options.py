"""Options of the command line, composed from where they are defined: the stages of an experiment and the catalogue."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from layerwise.catalog import Option, entries
from layerwise.config import stages
from layerwise.config.stages import STAGES, setting_names
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = [
    "SHOWN_MODEL", "Common", "annotation_type", "given", "part_options", "print_json", "setting_options",
    "settings_type",
]  # fmt: skip

SHOWN_MODEL: ContextVar[str] = ContextVar("shown_model", default="")
"""The model named on the command line, whose options its help lists."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """Options that mean the same for every command."""

    json: Annotated[bool, Parameter(negative="")] = False
    """Print the result as JSON and nothing else."""
    quiet: Annotated[bool, Parameter(negative="")] = False
    """Print nothing but the result."""
    language: Literal["en", "ko"] | None = None
    """Language of sentences and reports; the locale's when left out."""
    debug: Annotated[bool, Parameter(negative="")] = False
    """Show where in the program a mistake was found."""


def print_json(value: Mapping[str, Any]) -> None:
    """Print a result for machines."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


@cache
def helps() -> dict[tuple[str, str], str]:
    """Return the help of every setting: the docstring below its definition."""
    texts = {}
    for node in ast.parse(inspect.getsource(stages)).body:
        if isinstance(node, ast.ClassDef):
            for statement, following in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(statement, ast.AnnAssign)
                    and isinstance(statement.target, ast.Name)
                    and isinstance(following, ast.Expr)
                    and isinstance(following.value, ast.Constant)
                ):
                    texts[node.name, statement.target.id] = str(following.value.value)
    return texts


@cache
def settings_type(left_out: tuple[str, ...] = ()) -> type:
    """Compose one flat set of options from all stages; an option that is left out is None.

    Args:
        left_out: Settings that the command has options of its own for.
    """
    parts: list[tuple[str, Any, Any]] = []
    for order, (stage, kind) in enumerate(STAGES.items()):
        group = Group(stage.capitalize(), sort_key=order + 1)
        hints = typing.get_type_hints(kind)
        defaults = kind()
        for part in dataclasses.fields(kind):
            if setting_names().get(part.name) == stage and part.name not in ("language", *left_out):
                text = helps()[kind.__name__, part.name]
                default = getattr(defaults, part.name)
                parts.append(_option(part.name, hints[part.name], text, default, group))
    return _dataclass("Settings", parts)


@cache
def part_options(kind: str, shown: str = "", *, all_shown: bool = False) -> type:
    """Compose the options of all parts of a kind; those of one part, or of all, appear in the help.

    Args:
        kind: `model`, `format` or `view`.
        shown: Name of the part whose options the help lists.
        all_shown: Whether the help lists the options of every part.
    """
    parts: dict[str, tuple[str, Any, Any]] = {}
    for entry in entries(kind).values():
        group = Group(f"Options of {entry.name}", sort_key=50)
        for option in entry.options:
            if option.name not in parts or entry.name == shown:
                composed = _option(
                    option.name, annotation_type(option.annotation), option.help, option.default, group,
                    show=all_shown or entry.name == shown,
                )  # fmt: skip
                parts[option.name] = composed
    return _dataclass(f"{kind.capitalize()}Options", list(parts.values()))


def _dataclass(name: str, parts: list[tuple[str, Any, Any]]) -> type:
    """Make a dataclass that spreads its fields over the command line."""
    made = dataclasses.make_dataclass(name, parts, kw_only=True)
    made.__module__ = __name__
    return made


def _option(name: str, hint: Any, text: str, default: Any, group: Group, *, show: bool = True) -> tuple[str, Any, Any]:
    """Describe one option: its type, or None when it is left out."""
    shown = " ".join(map(_brief, default)) if isinstance(default, tuple) else _brief(default)
    told = f"{text} [default: {shown}]" if shown not in ("", "()") and default is not False else text
    many = typing.get_origin(hint) is tuple
    if typing.get_origin(hint) is types.UnionType:
        # A name, or the option again for each further one: what follows a name may be the next argument.
        hint = typing.get_args(hint)[-1]
    if typing.get_origin(hint) is Literal:
        # An empty text is what an option is that was left out; nobody types it.
        hint = Literal[tuple(choice for choice in typing.get_args(hint) if choice != "")]
    parameter = Parameter(
        group=group, help=told, show=show, consume_multiple=many, show_default=False,
        negative=None if hint is bool and default is True else "",
    )  # fmt: skip
    return name, Annotated[hint | None, parameter], None


def _brief(default: Any) -> str:
    """Write one default value as short as it can be understood."""
    return f"{default:.3g}" if isinstance(default, float) else str(default)


def annotation_type(text: str) -> Any:
    """Return the type that an option's annotation names.

    Example:
        >>> annotation_type("tuple[int, ...]")
        tuple[int, ...]
        >>> annotation_type("Literal['a', 'b']")
        typing.Literal['a', 'b']
    """
    return _read_type(ast.parse(text, mode="eval").body)


def _read_type(node: ast.expr) -> Any:
    """Read one type; only the few that an option may have exist."""
    plain: dict[str, Any] = {"int": int, "float": float, "str": str, "bool": bool}
    if isinstance(node, ast.Name) and node.id in plain:
        return plain[node.id]
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        if node.value.id == "Literal":
            return Literal[ast.literal_eval(node.slice)]
        if node.value.id == "tuple" and isinstance(node.slice, ast.Tuple):
            return types.GenericAlias(tuple, (_read_type(node.slice.elts[0]), ...))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _read_type(node.left) | _read_type(node.right)
    message = f"an option cannot have the type {ast.unparse(node)}"
    raise RuntimeError(message)


def given(options: Any) -> dict[str, Any]:
    """Return the options that were named."""
    if options is None:
        return {}
    named = {part.name: getattr(options, part.name) for part in dataclasses.fields(options)}
    return {name: value for name, value in named.items() if value is not None}


def setting_options(options: Any, kind: str, name: str) -> dict[str, Any]:
    """Return the named options of a part, refusing those that another part has.

    Raises:
        LayerwiseError: The part has no such option.
    """
    named = given(options)
    known: Sequence[Option] = entries(kind)[name].options if name in entries(kind) else ()
    names = [option.name for option in known]
    for wrong in named:
        if name in entries(kind) and wrong not in names:
            shown = [part.replace("_", "-") for part in names]
            remedy = nearest(wrong.replace("_", "-"), shown) if shown else say("'{}' has no options.", name)
            rule = say("An option must belong to the {} it is given to.", say(kind))
            raise LayerwiseError(rule, f"--{wrong.replace('_', '-')} ({name})", remedy, usage=True)
    return named
