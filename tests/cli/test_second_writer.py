"""A run that still learns, or was stopped, is not measured or written by anyone else; what is counted is not lost."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from layerwise.errors import LayerwiseError
from layerwise.locks import own
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import open_run
from layerwise.workflow import resume as resuming
from layerwise.workflow.remeasure import measure_again

WRITTEN = ("metrics.json", "predictions.csv", "tests.json", "report.html", "model.safetensors")

ASKED = (
    "evaluate flowers", "evaluate flowers flowers.csv", "report flowers", "report flowers --to page.html",
    "explain flowers --view unit-sum", "predict flowers flowers.csv",
)  # fmt: skip

COUNT = """
import sys
from pathlib import Path
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import open_run
from layerwise.workflow.remeasure import measure_again
opened = open_run(RunFolder(Path("runs/flowers")))
measure_again(opened)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(5):
    measure_again(opened)
"""


@pytest.fixture
def stopped(place):
    """The run as it is before its weights are written."""
    folder = place / "runs" / "flowers"
    for name in WRITTEN:
        (folder / name).unlink()
    return folder


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize("words", ASKED)
def test_while_a_run_learns_it_is_left_alone_and_its_learner_is_named(stopped, command, words):
    before = files(stopped)
    with own(stopped):
        answer = command(words)
        assert answer.code == 1, answer.out
        assert f"in use by process {os.getpid()} on " in answer.err
        assert "since 20" in answer.err
        assert len(answer.err.splitlines()) == 3
        assert files(stopped) == before
    assert not (stopped.parents[1] / "page.html").exists()


@pytest.mark.parametrize("words", [words for words in ASKED if "report" not in words])
def test_a_run_that_was_stopped_says_how_to_go_on(stopped, command, words):
    before = files(stopped)
    answer = command(words)
    assert answer.code == 1
    assert "'flowers' was interrupted" in answer.err
    assert "layerwise resume flowers" in answer.err
    assert "Errno" not in answer.err
    assert files(stopped) == before


def test_a_run_elsewhere_is_gone_on_with_by_its_path(stopped, command):
    elsewhere = shutil.move(stopped, stopped.parents[1] / "elsewhere")
    assert f"layerwise resume {elsewhere}" in command(f"evaluate {elsewhere}").err


def test_the_report_of_a_run_that_was_stopped_is_written(stopped, command):
    assert command("report flowers").code == 0
    assert (stopped / "report.html").exists()


def test_nothing_is_counted_before_the_weights_are_there(place, command):
    folder = place / "runs" / "flowers"
    before = (folder / "tests.json").read_bytes()
    weights = folder / "model.safetensors"
    for content in (weights.read_bytes()[:-1], None):
        weights.unlink()
        if content is not None:
            weights.write_bytes(content)
        answer = command("evaluate flowers")
        assert answer.code == 1
        assert answer.err.count("model.safetensors") == 1
        assert (folder / "tests.json").read_bytes() == before


def test_an_opening_is_counted_by_the_one_writer(place):
    opened = open_run(RunFolder(place / "runs" / "flowers"))
    with own(opened.folder.path), pytest.raises(LayerwiseError, match=f"in use by process {os.getpid()}"):
        measure_again(opened)
    assert len(opened.folder.openings()) == 1
    assert measure_again(opened)["openings"] == 2


def test_no_opening_is_lost_when_several_count_at_once(place):
    started = [
        subprocess.Popen([sys.executable, "-c", COUNT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        process.communicate(timeout=60)
    assert [process.returncode for process in started] == [0, 0, 0]
    openings = json.loads((place / "runs" / "flowers" / "tests.json").read_text(encoding="utf-8"))["openings"]
    assert len(openings) == 1 + 3 * 6


def test_a_run_that_another_process_finished_meanwhile_is_not_gone_on_with(place, monkeypatch):
    folder = RunFolder(place / "runs" / "flowers")
    metrics, plain = folder.read("metrics.json"), resuming.prepared_again
    (folder.path / "metrics.json").unlink()

    def finished_meanwhile(opened, data):
        folder.write("metrics.json", metrics)
        return plain(opened, data)

    monkeypatch.setattr(resuming, "prepared_again", finished_meanwhile)
    weights = (folder.path / "model.safetensors").read_bytes()
    with pytest.raises(LayerwiseError, match="'flowers' is finished"):
        resuming.resume(folder)
    assert (folder.path / "model.safetensors").read_bytes() == weights
    assert not (folder.path / "resumes.json").exists()
