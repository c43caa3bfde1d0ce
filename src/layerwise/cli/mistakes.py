"""A command line that cannot be understood, told like every other mistake: the rule, what was found, what to do."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Sequence
from typing import Any

from cyclopts import (
    ArgumentCollection,
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["retold"]

KINDS = {int: "a whole number", float: "a number", bool: "nothing behind it"}
"""What an option of each type takes, in words."""


def retold(problem: CycloptsError, command: str, commands: Iterable[str]) -> LayerwiseError:
    """Return what the parser of the command line found as a message with a rule and a remedy.

    Args:
        problem: The parser's own error.
        command: The command that was named, or an empty text.
        commands: Names of all commands.
    """
    rule, found, remedy = _told(problem, list(commands))
    help_line = say("Help: {}", f"layerwise {command} --help".replace("  ", " "))
    return LayerwiseError(rule, found, f"{remedy} {help_line}".strip(), usage=True)


def _told(problem: CycloptsError, commands: Sequence[str]) -> tuple[str, str, str]:
    """Return rule, what was found, and the remedy."""
    unused = problem.unused_tokens or [""]
    if isinstance(problem, UnknownOptionError):
        option = problem.token.keyword or problem.token.value
        names = _names(problem.argument_collection)
        return say("An option is one of its command's."), say("no option '{}'", option), nearest(option, names)
    if isinstance(problem, UnknownCommandError):
        return say("A command is one of the list."), say("no command '{}'", unused[0]), nearest(unused[0], commands)
    if isinstance(problem, UnusedCliTokensError):
        words = " ".join(f"'{word}'" for word in unused)
        return say("Every word of a command has a meaning."), say("one word too many: {}", words), say("Leave it out.")
    if isinstance(problem, RepeatArgumentError):
        option = problem.token.keyword or problem.token.value
        return say("An option is named once."), say("'{}' stands there twice", option), say("Leave one out.")
    name = problem.argument.name if problem.argument else ""
    if isinstance(problem, MissingArgumentError):
        behind = say("nothing behind {}", name)
        if problem.argument and problem.argument.index is not None and not problem.keyword:
            behind = say("no {}", name.lstrip("-").upper())
        return say("A command needs all of its words."), behind, say("Add it.")
    if isinstance(problem, CoercionError):
        value = problem.token.value if problem.token else ""
        hint = problem.argument.hint if problem.argument else problem.target_type
        return say("An option must have a value that it can use."), f"{name} {value}".strip(), _allowed(hint, value)
    return say("A command is written as its help shows."), str(problem), ""


def _names(arguments: ArgumentCollection) -> list[str]:
    """Return the names of all options of a command."""
    return [name for argument in arguments for name in argument.names if name.startswith("--")]


def _allowed(hint: Any, value: str) -> str:
    """Name what an option takes: its choices, or its kind of value in words."""
    parts = [part for part in (hint, *typing.get_args(hint)) if part is not type(None)]
    for part in parts:
        if typing.get_origin(part) is typing.Literal:
            choices = [str(choice) for choice in typing.get_args(part) if choice]
            return nearest(value, choices)
    kinds = [say(KINDS[part]) for part in parts if part in KINDS]
    return say("It takes {}.", kinds[0]) if kinds else ""
