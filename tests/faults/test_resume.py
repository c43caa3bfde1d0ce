"""A run that was stopped anywhere, however often, ends like the run that never was: the same bits in every file.

A line in `SYSTEMS` adds a system. The quick tests stop each a few times; `make faults` stops each 38 times.
"""

import random
import signal
import sys

import pytest

from faults.stops import STOPPED, Server, result, rows
from layerwise.catalog import entries

NET = '''
from torch import nn

def net(inputs, outputs):
    """Convolution, batch normalisation and dropout: everything that remembers or draws."""
    return nn.Sequential(
        nn.Conv2d(inputs[0], 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.2),
        nn.Flatten(), nn.LazyLinear(outputs) if False else nn.Linear(6 * 9, outputs),
    )
'''
BOOK = "".join(f"the {adjective} {noun} saw {number} birds; " for number in range(9)
               for adjective in ("old", "new", "red", "tall") for noun in ("king", "cat", "ship", "tree", "town"))  # fmt: skip

SYSTEMS = {
    "mlp": "digits mlp --hidden 24 --dropout 0.3 --schedule plateau --optimizer adam --epochs 4",
    "convolutions": "digits net.py:net --augment shift=1 rotate=10 --schedule cosine --optimizer momentum --epochs 4",
    "char-lstm": "book.txt char-lstm --hidden-units 12 --dropout 0.2 --sequence-length 20 --batch-size 4 --epochs 4"
                 " --schedule exponential --step-epochs 1",
    "seq2seq": "reversal seq2seq --hidden-units 8 --embedding 6 --dropout 0.1 --epochs 1 --batch-size 100",
    "rbm": "bars-and-stripes rbm --hidden-units 8 --sampling persistent --epochs 120 --batch-size 4",
    "dbn": "digits dbn --hidden 16 12 --pretraining-epochs 1 --epochs 2",
    "dqn": "catch dqn --epochs 2",
    "grid-detector": "shapes grid-detector --epochs 1 --batch-size 64",
    "fcn-small": "shapes fcn-small --maps 4 6 8 --epochs 1 --batch-size 64",
}  # fmt: skip
"""What is trained; every run is told `--threads 1 --run victim` and to save as often as a test says."""

MEASURING = ("layerwise.workflow.learn:measure", 1)
"""The call that measures the validation loss at the end of an epoch."""


@pytest.fixture(scope="module")
def server():
    if sys.platform != "linux":
        pytest.skip("needs fork and /proc")
    server = Server()
    yield server
    server.close()


class Stopped:
    """A run of one system that is stopped and gone on with until it is finished, beside one that never was."""

    def __init__(self, server, folder, system, seconds):
        self.server, self.folder = server, folder
        folder.mkdir()
        (folder / "net.py").write_text(NET)
        (folder / "book.txt").write_text(BOOK)
        self.words = ["train", *SYSTEMS[system].split(), "--threads", "1", "--quiet", "--resamples", "100"]
        self.words += ["--checkpoint-seconds", str(seconds)]
        self.run = folder / "runs" / "victim"

    def whole(self, name="whole"):
        assert self.server.run(self.folder, [*self.words, "--run", name]) == 0, self.output()
        return self.folder / "runs" / name

    def next_words(self):
        """Return how to begin, or to go on."""
        begun = (self.run / "environment.json").exists()
        return ["resume", "victim", "--quiet"] if begun else [*self.words, "--run", "victim"]

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
        return int((self.folder / "calls").read_text())

    def output(self):
        return (self.folder / "output.txt").read_text()


def same(one, other):
    """Compare two results part by part, so that a difference names where it is."""
    assert one.keys() == other.keys()
    for name in one:
        assert one[name] == other[name], name


@pytest.fixture
def stopped(server, quick_path, request):
    system = request.param
    model = SYSTEMS[system].split()[1]
    if ".py:" not in model and model not in entries("model"):
        pytest.skip(f"no model {model} in the catalogue yet")
    return Stopped(server, quick_path / "work", system, 0)


each_system = pytest.mark.parametrize("stopped", SYSTEMS, indirect=True)


@each_system
def test_stopped_at_several_places_it_ends_like_one_that_never_was(stopped):
    expected = result(stopped.whole())
    flushes = stopped.calls()
    draw = random.Random(5)
    # Inside the first saves, inside the measuring of an epoch, inside later saves, and inside the writing of the end.
    for place in [("os:fsync", draw.randint(12, 20)), MEASURING, ("os:fsync", draw.randint(flushes // 4, flushes // 2)),
                  ("os:fsync", draw.randint(10, 60)), MEASURING]:  # fmt: skip
        if stopped.go_on(place) == 0:
            break
    same(expected, result(stopped.finish()))
    stopped.forget()
    for back in (7, 3):
        assert stopped.go_on(("os:fsync", flushes - back)) == STOPPED
        same(expected, result(stopped.finish()))
        stopped.forget()


@each_system
def test_checkpoints_change_nothing(stopped):
    expected = result(stopped.whole(), checkpoints=False)
    stopped.words[-1] = "1000000"
    without = stopped.whole("without")
    assert not (without / "checkpoints").exists()
    same(expected, result(without, checkpoints=False))


@pytest.mark.parametrize("stopped", ["mlp"], indirect=True)
def test_without_any_checkpoint_it_begins_again(stopped):
    expected = result(stopped.whole(), checkpoints=False)
    stopped.words[-1] = "1000000"
    assert stopped.go_on((MEASURING[0], 3)) == STOPPED
    assert len(rows(stopped.run)) == 2
    same(expected, result(stopped.finish(), checkpoints=False))


@pytest.mark.parametrize("stopped", ["mlp"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_asked_to_stop_it_saves_and_says_how_to_go_on(stopped, number):
    expected = result(stopped.whole())
    stopped.words[-1] = "1000000"
    process = stopped.server.begin(stopped.folder, stopped.next_words())
    wait_for_epochs(stopped.run, 1)
    import os

    os.kill(process, number)
    assert stopped.server.ended() == 130
    assert "layerwise resume victim" in stopped.output()
    assert len(list((stopped.run / "checkpoints").iterdir())) == 1
    assert not (stopped.run / "metrics.json").exists()
    stopped.finish()
    same({**expected, "state": None}, {**result(stopped.run), "state": None})


def wait_for_epochs(run, number):
    import time

    until = time.monotonic() + 60
    while not (run / "history.jsonl").exists() or len(rows(run)) < number:
        assert time.monotonic() < until
        time.sleep(0.002)
