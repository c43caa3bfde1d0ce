"""A power cut at any instant of a whole run: what is left fits together, and a finished run has every epoch."""

import json
import os
import shutil

import pytest

from faults.calls import System, through
from faults.disk import Folder, crash_states, lay_out
from layerwise.config import Assign, Experiment, Load, Model, Train
from layerwise.errors import LayerwiseError
from layerwise.files import append_line, flush_lines, open_lines
from layerwise.runs.checkpoints import newest_whole
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import open_run
from layerwise.workflow.start import start

EPOCHS = 3
ROWS = "a,b,answer\n" + "".join(f"{row % 7},{row % 5},{'yes' if row % 3 else 'no'}\n" for row in range(48))


def recorded(quick_path, monkeypatch, seconds):
    """Return every call with which a run of three epochs writes its folder, as if it had been made below `before`."""
    (quick_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    after, before = quick_path / "after", quick_path / "before"
    after.mkdir()
    before.mkdir()
    whole = Experiment(Load(str(quick_path / "rows.csv")), Assign("answer"), model=Model("mlp", {"hidden": (3,)}),
                       train=Train(epochs=EPOCHS, batch_size=16, stopping="none", threads=1, device="cpu"))  # fmt: skip
    with monkeypatch.context() as patch:
        system = through(patch, System())
        start(whole, {"resamples": 100, "checkpoint_seconds": seconds}, whole.load.data, run=str(after / "run"))
    calls = [tuple(str(value).replace(str(after), str(before)) if isinstance(value, str) else value for value in call)
             for call in system.calls]  # fmt: skip
    return before, calls


def epochs(run: Folder) -> list[int]:
    """Return the epochs that the history of a state holds; a last line that was cut off is none."""
    content = run.entries["history.jsonl"].data if "history.jsonl" in run.entries else b""
    found = []
    for line in content.split(b"\n")[:-1]:
        try:
            found.append(json.loads(line)["epoch"])
        except ValueError:
            break
    return found


@pytest.mark.parametrize("seconds", [0.0, 1e6], ids=["a checkpoint after every update", "no checkpoint"])
def test_no_power_cut_leaves_a_checkpoint_or_a_finished_run_without_its_epochs(quick_path, monkeypatch, seconds):
    before, calls = recorded(quick_path, monkeypatch, seconds)
    place, finished, behind, points = quick_path / "state", 0, set(), 0
    for told, state in crash_states(before, [*calls, ("saved",)]):
        run = state.entries.get("run", Folder())
        kept, points = epochs(run), points + 1
        if "metrics.json" in run.entries:
            finished += 1
            assert kept == [1, 2, 3], "a finished run has a shorter history"
            assert json.loads(run.entries["metrics.json"].data)["learning"]["epochs"] == EPOCHS
        assert not told or "metrics.json" in run.entries
        if not run.entries.get("checkpoints", Folder()).entries:
            continue
        shutil.rmtree(place, ignore_errors=True)
        lay_out(run, place)
        try:
            _, tree, damaged = newest_whole(place)
        except LayerwiseError:
            assert not list((place / "checkpoints").glob("step-*"))
            continue
        assert damaged == []
        known = [epoch["epoch"] for epoch in tree["history"]["epochs"]]
        assert kept[: len(known)] == known, "a checkpoint knows epochs that the history does not"
        behind.add(len(kept) - len(known))
        if "metrics.json" in run.entries:
            open_run(RunFolder(place))
            assert [record["epoch"] for record in RunFolder(place).history()] == [1, 2, 3]
    assert points > (40 if seconds else 300)
    assert finished >= 2
    # The line of an epoch is there before the checkpoint that knows of it.
    assert behind == (set() if seconds else {0, 1})


def test_lines_are_on_disk_once_they_were_flushed_and_not_before(quick_path, monkeypatch):
    after, before = quick_path / "after", quick_path / "before"
    after.mkdir()
    before.mkdir()
    with monkeypatch.context() as patch:
        system = through(patch, System())
        with open_lines(after / "history.jsonl") as lines:
            append_line(lines, {"epoch": 1})
            append_line(lines, {"epoch": 2})
            written = len(system.calls)
            flush_lines(lines)
    calls = [tuple(str(value).replace(str(after), str(before)) if isinstance(value, str) else value for value in call)
             for call in system.calls]  # fmt: skip

    def left(some):
        return {bytes(state.entries["history.jsonl"].data) for told, state in crash_states(before, some) if told}

    whole = b'{"epoch": 1}\n{"epoch": 2}\n'
    assert b"" in left([*calls[:written], ("saved",)])
    assert left([*calls, ("saved",)]) == {whole}


def test_a_line_file_is_not_followed_to_somewhere_else(quick_path):
    (quick_path / "victim").write_text("safe")
    os.symlink(quick_path / "victim", quick_path / "history.jsonl")
    with pytest.raises(LayerwiseError, match=r"history\.jsonl"):
        open_lines(quick_path / "history.jsonl")
    assert (quick_path / "victim").read_text() == "safe"


@pytest.mark.parametrize("seconds", [1e6, 0.0])
def test_learning_flushes_for_checkpoints_and_for_the_end_alone(tmp_path, monkeypatch, seconds):
    import layerwise.workflow.learn as learning
    import layerwise.workflow.stages as stages

    flushed = []
    for module in (learning, stages):
        monkeypatch.setattr(module, "flush_lines", lambda stream: flushed.append(stream.name))
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    whole = Experiment(Load(str(tmp_path / "rows.csv")), Assign("answer"), model=Model("mlp", {"hidden": (3,)}))
    settings = {"epochs": EPOCHS, "batch_size": 16, "stopping": "none", "resamples": 100, "threads": 1,
                "checkpoint_seconds": seconds}  # fmt: skip
    opened, outcome = start(whole, settings, whole.load.data, run=str(tmp_path / "run"))
    updates = outcome.epochs[-1].step
    assert len(flushed) == (1 if seconds else updates + 1)
    assert opened.folder.finished
