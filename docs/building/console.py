"""Run the commands of a page as a reader would type them, and keep what they print.

A `layerwise` command costs seconds of imports. Where the system can fork, it therefore runs in a copy of a process that
has the libraries in memory and has executed nothing else; elsewhere, as every other command, in a new process.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import shlex
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

LONGEST = 240
"""Seconds after which a command is given up."""

LOCALES = {"ko": "ko_KR.UTF-8", "en": "C.UTF-8"}

Runner = Callable[[str], tuple[int, str]]
"""Runs one command line and returns its exit code and what it printed."""


@contextmanager
def console(folder: str, language: str, *, forks: bool) -> Iterator[Runner]:
    """Open a console in a folder; it speaks the language of its page.

    Args:
        folder: Where the commands run.
        language: `en` or `ko`.
        forks: Whether `layerwise` commands come, for which a process is kept ready.
    """
    settings = {
        "LC_ALL": LOCALES[language],
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "MPLBACKEND": "Agg",
    }
    if not (forks and "fork" in multiprocessing.get_all_start_methods()):
        yield lambda line: in_new_process(line, folder, settings)
        return
    ours, theirs = multiprocessing.Pipe()
    ready = multiprocessing.get_context("fork").Process(target=serve, args=(theirs, folder, settings), daemon=True)
    ready.start()

    def run(line: str) -> tuple[int, str]:
        words = shlex.split(line, comments=True)
        if words[0] != "layerwise":
            return in_new_process(line, folder, settings)
        ours.send(words[1:])
        if not ours.poll(LONGEST):
            return 124, f"no end after {LONGEST} seconds"
        return ours.recv()

    try:
        yield run
    finally:
        ready.terminate()
        ready.join()


def serve(requests: Connection, folder: str, settings: dict[str, str]) -> None:
    """Answer each command with its exit code and output; every one runs in a fresh copy of this process."""
    os.chdir(folder)
    os.environ.update(settings)
    while True:
        arguments = requests.recv()
        with tempfile.TemporaryFile() as output:
            child = os.fork()
            if child == 0:
                become(arguments, output.fileno())
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            output.seek(0)
            requests.send((code, output.read().decode("utf-8")))


def become(arguments: list[str], output: int) -> None:
    """Be the command `layerwise`: its input empty, its output in a file; end with its exit code."""
    code = 1
    try:
        with open(os.devnull, encoding="utf-8") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", write_through=True)
        from layerwise.cli.application import run

        code = run(arguments)
    except Exception:  # noqa: BLE001 - Python would print it and end with 1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def in_new_process(line: str, folder: str, settings: dict[str, str]) -> tuple[int, str]:
    """Run one command line in a process of its own."""
    words = shlex.split(line, comments=True)
    if words[0] == "layerwise":
        words[:1] = [sys.executable, "-m", "layerwise"]
    elif words[0] == "python":
        words[0] = sys.executable
    try:
        done = subprocess.run(
            words, cwd=folder, env=os.environ | settings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", timeout=LONGEST, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as problem:
        return 124, str(problem)
    return done.returncode, done.stdout
