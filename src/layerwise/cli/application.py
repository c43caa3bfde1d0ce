"""The command `layerwise`: its commands by name, and how every mistake ends in one clear message."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from itertools import takewhile

from cyclopts import App, CycloptsError, Parameter

from layerwise.catalog import entries
from layerwise.cli.mistakes import retold
from layerwise.cli.options import SHOWN_MODEL
from layerwise.errors import LayerwiseError
from layerwise.language import LANGUAGES, say, system_language, use

__all__ = ["COMMANDS", "application", "run"]

COMMANDS = {
    "demo": "Train LeNet-5 on handwritten digits, measure it, and open it; nothing is needed.",
    "data": "Look at data: what is there, what is wrong with it, which task it suits.",
    "models": "List the networks, or describe one.",
    "show": "Print the layer table of a network.",
    "train": "Train a network, evaluate it, and write the run folder with its report.",
    "compare": "Compare networks by cross-validation; says which differences are real.",
    "evaluate": "Measure a run again, or on other data.",
    "predict": "Ask a run about new files or rows.",
    "generate": "Let a language model write.",
    "explain": "Open a network on one example; every number is checked.",
    "step": "Replay a training step of a run by hand.",
    "resume": "Go on with a run that was interrupted, to the bit.",
    "report": "Write the report of a run.",
    "runs": "List the runs of this folder.",
    "reproduce": "Repeat a recorded result and check it.",
    "doctor": "Check this installation and machine.",
}
"""Every command in the order of the scheme, with its one line of help; each is the file of its name in `cli/`."""

FIRST_STEPS = """
Start here:
  layerwise demo                   the whole path on data that come with it
  layerwise data iris              look at data: a file, a folder, or a built-in name
  layerwise train iris             train on it; a network is chosen and the reason said
  layerwise explain                open the newest run on one example
"""


def application(asked: str = "") -> App:
    """Build the command line; a command's file is read when it is asked for.

    Args:
        asked: The command that is named: its help has its examples, every other one has its line.
    """
    app = App(
        name="layerwise", version=lambda: version("layerwise"), help_format="plaintext", result_action="return_value",
        help=say("From raw files to a trained, honestly evaluated, explained network."),
        # Most defaults are an empty text or False, which say nothing; the others stand in the texts.
        default_parameter=Parameter(show_default=False), suppress_keyboard_interrupt=False,
    )  # fmt: skip
    for order, (name, line) in enumerate(COMMANDS.items()):
        place = f"layerwise.cli.{name}"
        if name == asked:
            command = getattr(importlib.import_module(place), name)
            app.command(command, name=name, sort_key=order, help_epilogue=examples(command.__doc__ or ""))
        else:
            app.command(f"{place}:{name}", name=name, help=say(line), sort_key=order)
    return app


def examples(docstring: str) -> str:
    r"""Return the examples of a command's docstring, as the last lines of its help.

    Example:
        >>> examples("Look.\n\nExamples:\n    layerwise data iris\n\nArgs:\n    path: A file.")
        'Examples:\n  layerwise data iris'
    """
    _, _, rest = inspect.cleandoc(docstring).partition("Examples:\n")
    indented = takewhile(lambda line: not line or line.startswith("    "), rest.splitlines())
    return "\n".join([say("Examples:"), *(f"  {line.strip()}" for line in indented if line)])


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 the work failed, 2 the command was wrong, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot print a character gets a question mark, never an exception.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    with use(_language(arguments)):
        if not arguments or arguments[0].startswith("--language"):
            print(say(FIRST_STEPS).strip())  # noqa: T201
            return 0
        SHOWN_MODEL.set(next((word for word in arguments[1:] if word in entries("model")), ""))
        try:
            code = application(arguments[0])(list(arguments), exit_on_error=False, print_error=False)
        except LayerwiseError as problem:
            return _fail(str(problem), problem.exit_code, debug="--debug" in arguments)
        except CycloptsError as problem:
            command = arguments[0] if arguments[0] in COMMANDS else ""
            return _fail(str(retold(problem, command, COMMANDS)), 2, debug="--debug" in arguments)
        except KeyboardInterrupt:
            return _fail(say("Interrupted."), 130, debug=False)
        except BrokenPipeError:
            # The reader of a pipe (`| head`) has left; there is nobody to tell.
            sys.stderr.close()
            return 1
    return code if isinstance(code, int) else 0


def _language(arguments: Sequence[str]) -> str:
    """Return the language asked for with `--language`, else the locale's."""
    for place, word in enumerate(arguments):
        value = word.partition("=")[2] or (arguments[place + 1] if place + 1 < len(arguments) else "")
        if word.split("=")[0] == "--language" and value in LANGUAGES:
            return value
    return system_language()


def _fail(message: str, code: int, *, debug: bool) -> int:
    """Print what went wrong on the error stream and return the exit code."""
    if debug:
        traceback.print_exc()
    # Of several processes that learn together, the first one speaks for all.
    if os.environ.get("RANK", "0") == "0":
        print(message, file=sys.stderr)  # noqa: T201
    return code
