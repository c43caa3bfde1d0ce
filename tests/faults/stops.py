"""Start, stop and go on with runs in a folder, and read what they left."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SERVER = Path(__file__).with_name("server.py")


class Server:
    """The process in which commands begin."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stdout.readline() == "ready\n"

    def begin(self, folder: Path, words: list[str], kill: tuple[str, int] | None = None) -> int:
        """Begin a command, and return the number of its process."""
        output = str(folder / "output.txt")
        command = {"folder": str(folder), "words": words, "output": output, "kill": kill}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def ended(self) -> int:
        """Wait for the command, and return its exit code; negative is the signal that ended it."""
        return int(self._process.stdout.readline())

    def run(self, folder: Path, words: list[str], kill: tuple[str, int] | None = None) -> int:
        self.begin(folder, words, kill)
        return self.ended()

    def stop(self, folder: Path, words: list[str], *signals: tuple[float, int]) -> int:
        """Begin a command and send it signals, each so many seconds after the one before; return its exit code."""
        process = self.begin(folder, words)
        for seconds, number in signals:
            time.sleep(seconds)
            # It may have ended by then; its number is not used again while nobody has waited for it.
            if not running(process):
                break
            os.kill(process, number)
        return self.ended()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def running(process: int) -> bool:
    """Say whether a process of the server still runs; one that ended is gone or waits to be read."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def rows(run: Path) -> list[dict]:
    """Return the history without what a clock says."""
    lines = (run / "history.jsonl").read_text(encoding="utf-8").splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "seconds"} for line in lines]


def figures(run: Path) -> dict:
    """Return the figures without what a clock says, and without how often the test part was opened."""
    found = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    found["learning"].pop("seconds")
    return {name: value for name, value in found.items() if name not in ("evaluation_seconds", "openings")}


def predictions(run: Path) -> list[list[str]]:
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def last_state(run: Path) -> tuple[bytes, object]:
    """Return what the last checkpoint holds: the tensors to the bit, and the rest without what a clock says."""
    folders = (run / "checkpoints").glob("step-*")
    newest = max(folders, key=lambda path: [int(part) for part in path.name.split("-")[1:]])
    tree = json.loads((newest / "state.json").read_text())
    return (newest / "tensors.safetensors").read_bytes(), without_clock(tree)


def without_clock(tree: object) -> object:
    if isinstance(tree, list):
        return [without_clock(part) for part in tree if not (isinstance(part, list) and part[:1] == ["seconds"])]
    if isinstance(tree, dict):
        return {name: without_clock(part) for name, part in tree.items()}
    return tree


def result(run: Path, *, checkpoints: bool = True) -> dict:
    """Return everything of a finished run that must not depend on where it was stopped."""
    found = {
        "weights": (run / "model.safetensors").read_bytes(), "history": rows(run), "figures": figures(run),
        "predictions": predictions(run),
    }  # fmt: skip
    return found | ({"state": last_state(run)} if checkpoints else {})


STOPPED = -signal.SIGKILL
