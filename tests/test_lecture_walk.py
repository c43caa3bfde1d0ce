"""The walk of a newcomer: the demo as typed, the commands of the README, and the lectures' networks on their data."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEMO_LIMIT = 180
"""Seconds the demo may take after installation (issue 3)."""


def typed(words, place, *, limit=DEMO_LIMIT):
    """Type one command line as a newcomer does; returns what it prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "layerwise", *words], cwd=place, capture_output=True, text=True, timeout=limit,
        env={**environment, "LC_ALL": "C.UTF-8", "COLUMNS": "150"}, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo, whole and unshortened: what it printed, the seconds it took, and where."""
    place = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    printed = typed(["demo"], place)
    return printed, time.monotonic() - began, place


def test_demo_is_over_in_three_minutes(demo):
    assert demo[1] <= DEMO_LIMIT


def test_demo_shows_the_lectures_numbers_by_hand_and_by_torch(demo):
    printed = demo[0]
    for number in ("97", "4,608", "1,520", "61,706", "255 125 170 | 255 150 150 | 70 200 95"):
        assert re.search(rf"{re.escape(number)} .*{re.escape(number)} .*=", printed), number
    assert "DIFFERENT" not in printed
    assert all(slip in printed for slip in ("E01", "E02", "E05", "E24", "E25"))


def test_demo_s_network_reaches_its_figure_beside_one_nearest_neighbour(demo):
    metrics = json.loads((demo[2] / "runs" / "demo" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["metrics"]["accuracy"]["n"] == 599
    # Issue 3: 0.990 as a mean of three seeds; this is one.
    assert metrics["metrics"]["accuracy"]["value"] >= 0.985
    # The issue gives 0.985 for 1-NN on a stratified third.
    assert metrics["baselines"]["knn"]["accuracy"]["value"] == pytest.approx(0.985, abs=0.006)
    assert "1-NN, which only remembers the examples," in demo[0]
    assert "train " in demo[0]
    assert "Of 1,000 new examples expect" in demo[0]


def test_demo_opens_one_digit_down_to_the_sum_of_one_window(demo):
    section = demo[0].partition("3. One digit")[2].partition("4. Its first")[0]
    lines = section.splitlines()
    title = next(place for place, line in enumerate(lines) if "pixels x" in line)
    rows = [[float(word) for word in line.split()] for line in lines[title + 1 : title + 6]]
    assert all(len(row) == 15 for row in rows)
    for row in rows:
        assert row[10:] == pytest.approx([x * w for x, w in zip(row[:5], row[5:10], strict=True)], abs=0.02)
    shown = re.search(r"^  0 +(-?[\d.]+)$", section, re.MULTILINE)
    assert sum(sum(row[10:]) for row in rows) == pytest.approx(float(shown[1]), abs=0.13)
    assert "agrees" in section
    assert (demo[2] / "runs" / "demo" / "window.png").read_bytes().startswith(b"\x89PNG")


def test_demo_replays_one_step_that_agrees_on_every_parameter(demo):
    section = demo[0].partition("4. Its first")[2]
    assert len(re.findall(r"  agrees$", section, re.MULTILINE)) == 10
    assert "agree on all 10 parameters" in section
    assert "DISAGREES" not in section


def test_demo_ends_with_the_report_and_a_command_that_works(demo):
    printed, _, place = demo
    report = re.search(r"^Report: (.+)$", printed, re.MULTILINE)[1]
    assert (place / report).stat().st_size > 50_000
    command = re.search(r"layerwise (explain demo --view .+)$", printed, re.MULTILINE)[1]
    assert "agrees" in typed(shlex.split(command), place)


def test_after_the_demo_the_newest_run_answers_without_its_name(demo):
    assert "convolution-window" in typed(["explain"], demo[2])
    assert "agree on all 10 parameters" in typed(["step", "--by-hand"], demo[2])
    assert "demo" in typed(["runs"], demo[2])
    assert len(json.loads(typed(["predict", "digits", "--json"], demo[2]))["predictions"]) == 1797


def test_each_next_command_is_the_one_that_was_shown(tmp_path):
    """From data to a trained and opened network by typing only what the last command proposed."""
    looked = typed(["data", "iris"], tmp_path)
    train = looked.rpartition("  layerwise ")[2].split()
    assert train[0] == "train"
    trained = typed(train, tmp_path)
    explain = re.search(r"^Next: layerwise (.+)$", trained, re.MULTILINE)[1].split()
    listed = typed(explain, tmp_path)
    views = re.findall(r"^  layerwise (explain .+)$", listed, re.MULTILINE)
    assert len(views) >= 3
    # Every view is opened by its contract test; here the command is what counts.
    for view in views[:3]:
        assert "agrees" in typed(view.split(), tmp_path), view


def readme_commands():
    """The lines of the README that start with `layerwise` and stand in a shell block, without those that need files."""
    path = ROOT / "README.md"
    if not path.is_file():
        return []
    blocks = re.findall(r"^```(?:sh|bash|shell|console)\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line.partition("  #")[0].strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("layerwise ")]


def test_commands_of_the_readme_are_understood(tmp_path):
    """Each parses: its command, options and values exist; those on data at hand are run by the tests above."""
    commands = readme_commands()
    if not commands:
        pytest.skip("the README is not there yet, or shows no command")
    from layerwise.cli.application import application

    for line in commands:
        words = shlex.split(line)[1:]
        application(words[0]).parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("LAYERWISE_DATA"), reason="LAYERWISE_DATA does not name the shared data")
def test_lenet5_on_mnist_in_one_epoch(tmp_path):
    printed = typed(
        shlex.split("train mnist lenet5 --epochs 1 --stopping none --baselines majority --json"), tmp_path, limit=280
    )
    metrics = json.loads(printed)["metrics"]
    assert metrics["accuracy"]["n"] == 10_000
    assert metrics["accuracy"]["value"] >= 0.97
