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

    def __init__(self, output: Path) -> None:
        self.output = output
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
        self._process = subprocess.Popen(
            [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stdout.readline() == "ready\n"

    def begin(self, folder: Path, words: list[str], kill: tuple[str, int] | None = None) -> int:
        """Begin a command, and return the number of its process."""
        command = {"folder": str(folder), "words": words, "output": str(self.output), "kill": kill}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def ended(self) -> int:
        """Wait for the command, and return its exit code; negative is the signal that ended it."""
        return int(self._process.stdout.readline())

    def run(self, folder: Path, words: list[str], kill: tuple[str, int] | None = None) -> int:
        """Run a command to its end, or to a kill."""
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

NET = '''
from torch import nn

def net(inputs, outputs):
    """Convolution, batch normalisation and dropout: everything that remembers or draws."""
    return nn.Sequential(
        nn.Conv2d(inputs[0], 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.2),
        nn.Flatten(), nn.Linear(6 * 9, outputs),
    )
'''
BOOK = "".join(
    f"the {adjective} {noun} saw {number} birds; "
    for number in range(9)
    for adjective in ("old", "new", "red", "tall")
    for noun in ("king", "cat", "ship", "tree", "town")
)

WORDS = [f"{first}{second}{third}" for first in "abcd" for second in "abcdef" for third in ("a", "ef", "cba", "dddd")]
PAIRS = "word,backwards\n" + "".join(f"{word},{word[::-1]}\n" for word in WORDS)

SYSTEMS = {
    "mlp": "digits mlp --hidden 24 --dropout 0.3 --schedule plateau --optimizer adam --epochs 4",
    "convolutions": "digits net.py:net --augment shift=1 rotate=10 --schedule cosine --optimizer momentum"
                    " --learning-rate 0.05 --epochs 4",
    "char-lstm": "book.txt char-lstm --hidden-units 12 --dropout 0.2 --sequence-length 20 --batch-size 4 --epochs 4"
                 " --schedule exponential --step-epochs 1",
    "seq2seq": "pairs.csv seq2seq --hidden-units 8 --embedding 6 --dropout 0.1 --epochs 6 --batch-size 20",
    "rbm": "bars-and-stripes rbm --hidden-units 8 --sampling persistent --epochs 30 --batch-size 4",
    "dbn": "digits dbn --hidden 16 12 --pretraining-epochs 1 --epochs 2",
    "dqn": "catch dqn --hidden-units 8 --memory 300 --minibatch 16 --epochs 1",
    "grid-detector": "shapes-small grid-detector --width 4 --epochs 2 --batch-size 32 --augment flip",
    "fcn-small": "shapes-small fcn-small --maps 4 6 8 --epochs 2 --batch-size 32 --augment flip",
}  # fmt: skip
"""What is trained; every run is told `--threads 1 --run victim` and to save as often as a test says."""

SLOW = ("grid-detector", "fcn-small")
"""Systems whose figures take so long to measure that they are stopped by `make faults` alone."""

MEASURING = "layerwise.workflow.learn:measure"
"""The call that measures the validation loss at the end of an epoch."""

MEASURED_OTHERWISE = {"dqn": "layerwise.workflow.learn:close"}
"""Games are played, not measured by a loss: the call that closes an epoch stands just before."""


class Stopped:
    """A run of one system that is stopped and gone on with until it is finished, beside one that never was."""

    def __init__(self, server, folder, system):
        self.server, self.folder, self.loud = server, folder, False
        self.measuring = MEASURED_OTHERWISE.get(system, MEASURING)
        folder.mkdir()
        server.output.write_text("")
        (folder / "net.py").write_text(NET)
        (folder / "book.txt").write_text(BOOK)
        (folder / "pairs.csv").write_text(PAIRS)
        self.words = ["train", *SYSTEMS[system].split(), "--threads", "1", "--quiet", "--resamples", "100"]
        # After every update.
        self.words += ["--checkpoint-seconds", "0"]
        self.run = folder / "runs" / "victim"

    def whole(self, name="whole"):
        assert self.server.run(self.folder, [*self.words, "--run", name]) == 0, self.output()
        return self.folder / "runs" / name

    def next_words(self):
        """Return how to begin, or to go on."""
        begun = (self.run / "environment.json").exists()
        if not begun:
            # Stopped while its folder was being laid out, it has nothing to go on from.
            self.forget()
        quiet = [] if self.loud else ["--quiet"]
        return ["resume", "victim", *quiet] if begun else [*self.words, "--run", "victim"]

    def seldom(self):
        """Keep no checkpoint but when the run is asked to stop."""
        self.words[self.words.index("--checkpoint-seconds") + 1] = "1000000"

    def begin(self):
        """Begin, or go on, without waiting; return the number of the process."""
        return self.server.begin(self.folder, self.next_words())

    def wait_for_epochs(self, number):
        until = time.monotonic() + 60
        while not (self.run / "history.jsonl").exists() or len(rows(self.run)) < number:
            assert time.monotonic() < until, self.output()
            time.sleep(0.002)

    def forget(self):
        """Let the next start be a new run."""
        if self.run.exists():
            self.run.rename(self.run.with_name(f"finished-{len(list(self.run.parent.iterdir()))}"))

    def go_on(self, place=None):
        """Begin or go on until the end or a kill; return 0 or `STOPPED`."""
        code = self.server.run(self.folder, self.next_words(), place)
        assert code in (0, STOPPED), self.output()
        return code

    def finish(self):
        assert (self.run / "metrics.json").exists() or self.go_on() == 0
        return self.run

    def calls(self):
        """Return how often the last command that ended flushed a file."""
        return int(Path(f"{self.server.output}.calls").read_text())

    def output(self):
        """Return everything that commands have printed since the run of this test began."""
        return self.server.output.read_text(errors="replace")


def same(one, other):
    """Compare two results part by part, so that a difference names where it is."""
    assert one.keys() == other.keys()
    for name in one:
        assert one[name] == other[name], name
