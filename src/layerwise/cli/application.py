"""The command `layerwise`: its commands by name, and how every mistake ends in one clear message."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError

from layerwise.catalog import entries
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
    "evaluate": "Measure a run again, or on other data.",
    "predict": "Ask a run about new files or rows.",
    "explain": "Open a network on one example; every number is checked.",
    "step": "Replay the first training step of a run by hand.",
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


def application() -> App:
    """Build the command line; a command's file is read when it is asked for."""
    app = App(
        name="layerwise", version=lambda: version("layerwise"), help_format="plaintext", result_action="return_value",
        help="From raw files to a trained, honestly evaluated, explained network.",
    )  # fmt: skip
    for name, line in COMMANDS.items():
        app.command(f"layerwise.cli.{name}:{name}", name=name, help=line)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 the work failed, 2 the command was wrong, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot print a character gets a question mark, never an exception.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    with use(_language(arguments)):
        if not arguments:
            print(FIRST_STEPS.strip())  # noqa: T201
            return 0
        SHOWN_MODEL.set(next((word for word in arguments[2:] if word in entries("model")), ""))
        try:
            code = application()(list(arguments), exit_on_error=False, print_error=False)
        except LayerwiseError as problem:
            return _fail(str(problem), problem.exit_code, debug="--debug" in arguments)
        except CycloptsError as problem:
            help_line = say("Help: layerwise {} --help", arguments[0] if arguments[0] in COMMANDS else "").replace(
                "  ", " "
            )
            return _fail(f"{problem}\n  {help_line}", 2, debug=False)
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
    print(message, file=sys.stderr)  # noqa: T201
    return code
