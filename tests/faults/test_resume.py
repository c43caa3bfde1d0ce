"""A run that was stopped anywhere, however often, ends like the run that never was: the same bits in every file.

A line in `stops.SYSTEMS` adds a system. The quick tests stop each a few times; `make faults` stops each 38 times.
"""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from faults.stops import SLOW, STOPPED, SYSTEMS, Stopped, result, rows, same
from layerwise.catalog import entries


@pytest.fixture
def stopped(server, quick_path, request):
    model = SYSTEMS[request.param].split()[1]
    if ".py:" not in model and model not in entries("model"):
        pytest.skip(f"no model {model} in the catalogue yet")
    return Stopped(server, quick_path / "work", request.param)


each_system = pytest.mark.parametrize(
    "stopped",
    [pytest.param(name, marks=pytest.mark.long if name in SLOW else ()) for name in SYSTEMS],
    indirect=True,
)
one_system = pytest.mark.parametrize("stopped", ["mlp"], indirect=True)


@each_system
def test_stopped_at_several_places_it_ends_like_one_that_never_was(stopped):
    expected = result(stopped.whole())
    flushes = stopped.calls()
    draw = random.Random(5)
    # Inside the first saves, inside the measuring of an epoch, inside later saves, and inside the writing of the end.
    places = [
        ("os:fsync", draw.randint(12, 20)),
        (stopped.measuring, 1),
        ("os:fsync", draw.randint(flushes // 4, flushes // 2)),
        ("os:fsync", draw.randint(10, 60)),
        (stopped.measuring, 1),
    ]
    for place in places:
        if stopped.go_on(place) == 0:
            break
    same(expected, result(stopped.finish()))
    stopped.forget()
    assert stopped.go_on(("os:fsync", flushes - draw.randint(2, 8))) == STOPPED
    same(expected, result(stopped.finish()))
    # Keeping checkpoints changes nothing.
    stopped.seldom()
    without = stopped.whole("without")
    assert not (without / "checkpoints").exists()
    del expected["state"]
    same(expected, result(without, checkpoints=False))


@one_system
def test_without_any_checkpoint_it_begins_again(stopped):
    stopped.seldom()
    expected = result(stopped.whole(), checkpoints=False)
    assert stopped.go_on((stopped.measuring, 3)) == STOPPED
    assert len(rows(stopped.run)) == 2
    same(expected, result(stopped.finish(), checkpoints=False))


@one_system
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_asked_to_stop_it_saves_and_says_how_to_go_on(stopped, number):
    expected = result(stopped.whole(), checkpoints=False)
    stopped.seldom()
    process = stopped.begin()
    stopped.wait_for_epochs(1)
    os.kill(process, number)
    assert stopped.server.ended() == 130
    assert "layerwise resume victim" in stopped.output()
    assert "Traceback" not in stopped.output()
    assert len(list((stopped.run / "checkpoints").iterdir())) == 1
    assert not (stopped.run / "metrics.json").exists()
    same(expected, result(stopped.finish(), checkpoints=False))


@one_system
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_gone_on_from(stopped):
    expected = result(stopped.whole(), checkpoints=False)
    assert stopped.go_on(("os:fsync", 150)) == STOPPED
    newest = max((stopped.run / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
    content = bytearray((newest / "tensors.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (newest / "tensors.safetensors").write_bytes(content)
    stopped.loud = True
    same(expected, result(stopped.finish(), checkpoints=False))
    assert f"{newest.name}/tensors.safetensors" in stopped.output().replace("\n", "")


STOPS = {"kill": 20, "in a save": 5, "in validation": 5, "SIGTERM": 5, "Ctrl-C twice": 3}


def stop_once(stopped, kind, draw, seconds, flushes):
    """Stop a run in one way, and return how it ended."""
    if kind == "in a save":
        return stopped.go_on(("os:fsync", draw.randint(8, max(9, flushes))))
    if kind == "in validation":
        return stopped.go_on((stopped.measuring, draw.randint(1, 2)))
    wait = draw.uniform(0.05, seconds)
    signals = {
        "kill": [(wait, signal.SIGKILL)], "SIGTERM": [(wait, signal.SIGTERM)],
        "Ctrl-C twice": [(wait, signal.SIGINT), (draw.uniform(0, 0.02), signal.SIGINT)],
    }[kind]  # fmt: skip
    return stopped.server.stop(stopped.folder, stopped.next_words(), *signals)


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_system
def test_stopped_thirty_eight_times_it_ends_like_one_that_never_was(stopped):
    began = time.monotonic()
    expected = result(stopped.whole())
    seconds, flushes = time.monotonic() - began, stopped.calls()
    draw = random.Random(7)
    waiting = [kind for kind, number in STOPS.items() for _ in range(number)]
    draw.shuffle(waiting)
    finished = 0
    for _ in range(4 * len(waiting)):
        if not waiting:
            break
        code = stop_once(stopped, waiting[-1], draw, seconds, flushes)
        assert "Traceback" not in stopped.output()
        assert code in (0, 130, STOPPED, -signal.SIGTERM), stopped.output()
        if code:
            waiting.pop()
        # Killed after its last file was written, a run is finished all the same.
        if (stopped.run / "metrics.json").exists():
            same(expected, result(stopped.run))
            stopped.forget()
            finished += 1
    assert waiting == []
    same(expected, result(stopped.finish()))
    print(f"{sum(STOPS.values())} stops, {finished + 1} runs finished, each to the bit")


@pytest.mark.long
@one_system
def test_a_run_that_is_held_is_not_gone_on_with_twice(stopped):
    stopped.words[stopped.words.index("--epochs") + 1] = "100000"
    stopped.words += ["--stopping", "none"]
    process = stopped.begin()
    stopped.wait_for_epochs(2)
    second = subprocess.run(
        [sys.executable, "-m", "layerwise", "resume", "victim"], cwd=stopped.folder, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    os.kill(process, signal.SIGKILL)
    assert stopped.server.ended() == STOPPED
    assert second.returncode == 1
    assert f"in use by process {process} on" in " ".join(second.stderr.split())
