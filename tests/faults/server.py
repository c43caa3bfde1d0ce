"""Run `layerwise` commands, each in a process of its own that begins with everything already imported.

A line on standard input is one command: {"folder", "words", "output", "kill"}. Answers are two lines: the number of
the new process, and how it ended. `kill` names a call to be killed in: ["os:fsync", 7] kills before the seventh
`os.fsync`. How many calls there were is written beside the output when the command ends.
"""

import importlib
import json
import os
import signal
import sys
import tempfile
from contextlib import redirect_stdout, suppress


def main() -> None:
    warm_up()
    print("ready", flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        process = os.fork()
        if process == 0:
            work(**command)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def warm_up() -> None:
    """Import what commands import on their way, by one small run; reports are left out, which take most of the time."""
    import torch

    from layerwise.cli import application
    from layerwise.cli.resume import resume  # noqa: F401
    from layerwise.workflow import report

    torch.set_num_threads(1)
    report.write_report = lambda opened, language="": opened.folder.path / "report.html"
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        os.chdir(folder)
        application.run(["train", "digits", "mlp", "--epochs", "1", "--threads", "1", "--quiet", "--resamples", "100"])
        os.chdir("/")


def work(folder: str, words: list[str], output: str, kill: tuple[str, int] | None) -> None:
    """Run one command and leave."""
    from layerwise.cli import application

    # A signal is meant for the command, not for what surrounds it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(folder)
    sys.stdin.close()
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    calls = watch(*(kill or ("os:fsync", 0)))
    code = 130
    with suppress(KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = application.run(words)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(f"{output}.calls", "w") as stream:
        stream.write(str(len(calls)))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def watch(place: str, number: int) -> list[int]:
    """Count the calls of a function, and let the process be killed before one of them, from 1."""
    module, _, name = place.partition(":")
    holder = importlib.import_module(module)
    plain, calls = getattr(holder, name), []

    def watched(*values, **named):
        calls.append(1)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*values, **named)

    setattr(holder, name, watched)
    return calls


if __name__ == "__main__":
    main()
