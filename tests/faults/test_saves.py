"""Whatever call of a save fails, is cut off or loses power: the checkpoint before it stays, or the new one is whole."""

import contextlib
import errno
import os
import shutil

import pytest
import torch

from faults.calls import Killed, System, through
from faults.disk import crash_states, lay_out
from layerwise.errors import LayerwiseError
from layerwise.files import append_line, open_lines, write_folder, write_json
from layerwise.locks import own
from layerwise.runs.checkpoints import complete, latest, newest_whole, save

ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EMFILE)
STEPS = (10, 20, 30)
"""Checkpoints before the save under test; two are kept beside the new one's best, so that it removes one."""

REMOVAL = ("rename", "listdir", "unlink", "rmdir")


def tree(step):
    generator = torch.Generator().manual_seed(step)
    weights = torch.randn(40, 7, generator=generator)
    return {"model": {"weight": weights, "seen": torch.tensor(step)}, "position": (step, [0.5, float("inf")])}


def saved(run, step):
    return save(run, step, tree(step), {"epoch": step // 10, "validation_loss": 1 / step}, keep=2)


def same(one, other):
    return one["position"] == other["position"] and all(
        torch.equal(one["model"][name], other["model"][name]) for name in other["model"]
    )


def begun(quick_path):
    run = quick_path / "run"
    for step in STEPS:
        saved(run, step)
    assert [point.step for point in complete(run)] == [20, 30]
    return run


def leftovers(folder):
    return [path.name for path in folder.rglob("*") if ".tmp-" in path.name]


def check_nothing_lost(run):
    """The newest checkpoint is the one before or the new one, whole; the next start tidies up and goes on."""
    point, found, damaged = newest_whole(run)
    assert point.step in (30, 40)
    assert same(found, tree(point.step))
    assert damaged == []
    assert len(complete(run)) >= 2
    with own(run):
        assert leftovers(run) == []
        saved(run, 50)
    assert latest(run).step == 50
    assert same(newest_whole(run)[1], tree(50))
    return point.step


def fail_everywhere(quick_path, monkeypatch, failure, expected, *, short=False):
    """Save with the first call failing, then with the second, until none fails; return what was found each time."""
    origin, found, names = begun(quick_path), [], []
    while True:
        run, said = quick_path / f"run-{len(found)}", ""
        shutil.copytree(origin, run)
        with monkeypatch.context() as patch:
            system = through(patch, System(len(found), failure, short=short))
            try:
                saved(run, 40)
            except expected as problem:
                said = str(problem)
        if not system.failed:
            return found, names
        # A fault of the removal of old ones is no fault of the save.
        assert isinstance(failure, Killed) or str(run / "checkpoints") in said or system.failed in REMOVAL
        found.append(check_nothing_lost(run))
        names.append(system.failed)
        shutil.rmtree(run)


@pytest.mark.parametrize("number", ERRORS, ids=[errno.errorcode[number] for number in ERRORS])
@pytest.mark.parametrize("short", [False, True], ids=["at once", "half written"])
def test_an_error_of_any_call_keeps_the_checkpoint_before(quick_path, monkeypatch, number, short):
    found, names = fail_everywhere(
        quick_path, monkeypatch, OSError(number, os.strerror(number)), LayerwiseError, short=short
    )
    # Three files, each opened, written, flushed and closed; two folders flushed; one made, one renamed; one removed.
    assert len(found) == 29
    assert {"open", "write", "fsync", "close", "mkdir", "rename", "unlink", "rmdir"} <= set(names)
    # Before the rename it is the older one, after it the new one: never anything between.
    assert found == sorted(found)
    assert found[names.index("rename")] == 30


def test_a_kill_before_any_call_keeps_the_checkpoint_before(quick_path, monkeypatch):
    found, _ = fail_everywhere(quick_path, monkeypatch, Killed(), Killed)
    assert len(found) == 29
    assert found == sorted(found)
    assert set(found) == {30, 40}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_with_its_figures(quick_path, monkeypatch, number):
    run = begun(quick_path)
    through(monkeypatch, System(3, OSError(number, os.strerror(number))))
    with pytest.raises(LayerwiseError, match=r"needs \d+ bytes, \d+ are free") as caught:
        saved(run, 40)
    assert "step-40" in caught.value.found
    assert caught.value.exit_code == 1
    assert caught.value.remedy == "Free some space, or choose another place (--run, --to)."


def test_nothing_is_begun_that_cannot_be_finished(quick_path, monkeypatch):
    run = begun(quick_path)
    system = through(monkeypatch, System())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 900, 900))
    with pytest.raises(LayerwiseError, match=r"needs \d+ bytes, 900 are free"):
        saved(run, 40)
    assert [name for name, *_ in system.calls if name != "open"] == []
    assert latest(run).step == 30


def test_no_power_cut_loses_a_checkpoint(quick_path, monkeypatch):
    run = begun(quick_path)
    before = quick_path / "before"
    shutil.copytree(run, before)
    with monkeypatch.context() as patch:
        system = through(patch, System())
        saved(run, 40)
    calls = [(name, *[str(value).replace(str(run), str(before)) if isinstance(value, str) else value for value in rest])
             for name, *rest in system.calls]  # fmt: skip
    counts = {30: 0, 40: 0}
    for told, state in crash_states(before, [*calls, ("saved",)]):
        place = quick_path / "state"
        lay_out(state, place)
        point, found, damaged = newest_whole(place)
        assert point.step in (30, 40)
        assert same(found, tree(point.step))
        assert damaged == []
        assert point.step == 40 or not told, "what was said to be saved is gone"
        counts[point.step] += 1
        shutil.rmtree(place)
    assert counts[30] >= 15
    assert counts[40] >= 5


def test_the_model_of_the_disk_would_notice(quick_path):
    # The same save without its flushes: the search must find states that lost the older file or broke the new one.
    (quick_path / "a.json").write_bytes(b"old!")
    path = str(quick_path / "a.json")
    in_place = [("open", path, os.O_WRONLY | os.O_TRUNC, 3), ("write", 3, b"new!"), ("close", 3), ("saved",)]
    found = [state.entries["a.json"].data for _, state in crash_states(quick_path, in_place)]
    assert b"" in found
    assert b"ne" in found
    beside = str(quick_path / "b")
    renamed = [("open", beside, os.O_WRONLY | os.O_CREAT, 3), ("write", 3, b"new!"), ("rename", beside, path)]
    found = [(told, state.entries["a.json"].data) for told, state in crash_states(quick_path, [*renamed, ("saved",)])]
    assert (False, b"") in found
    assert (True, b"old!") in found
    flushed = [*renamed[:2], ("flush", 3), renamed[2], ("open", str(quick_path), 0, 4), ("flush", 4), ("saved",)]
    found = [(told, state.entries["a.json"].data) for told, state in crash_states(quick_path, flushed)]
    assert {data for _, data in found} == {b"old!", b"new!"}
    assert (True, b"old!") not in found


@pytest.mark.parametrize("failure", [OSError(errno.EIO, "I/O error"), Killed()], ids=["EIO", "kill"])
def test_a_single_file_is_the_old_one_or_the_new_one(quick_path, monkeypatch, failure):
    path = quick_path / "metrics.json"
    found = []
    while True:
        path.unlink(missing_ok=True)
        write_json(path, {"value": "old"})
        with monkeypatch.context() as patch:
            system = through(patch, System(len(found), failure))
            with contextlib.suppress(LayerwiseError, Killed):
                write_json(path, {"value": "new"})
        if not system.failed:
            break
        found.append(path.read_text())
        with own(quick_path):
            assert leftovers(quick_path) == []
    assert len(found) == 8
    assert set(found) == {'{\n  "value": "old"\n}\n', '{\n  "value": "new"\n}\n'}
    assert found == sorted(found, reverse=True)


def test_a_folder_that_knows_no_flush_is_written_all_the_same(quick_path, monkeypatch):
    # Some network file systems answer EINVAL to the flush of a folder.
    plain = os.fsync

    def refuse(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        plain(descriptor)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc to tell a folder from a file")
    monkeypatch.setattr(os, "fsync", refuse)
    saved(quick_path, 10)
    assert latest(quick_path).step == 10


def test_what_fails_inside_leaves_no_folder(quick_path):
    def half():
        yield b"1"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), write_folder(quick_path / "a", size=1) as write:
        write("one", half())
    assert list(quick_path.iterdir()) == []


def test_a_line_that_was_cut_off_is_removed_when_the_file_is_opened_again(quick_path):
    path = quick_path / "history.jsonl"
    with open_lines(path) as stream:
        append_line(stream, {"epoch": 1})
    path.write_bytes(path.read_bytes() + b'{"epoch": 2, "lo')
    with open_lines(path) as stream:
        append_line(stream, {"epoch": 2})
    assert path.read_text() == '{"epoch": 1}\n{"epoch": 2}\n'


def test_a_line_for_which_there_is_no_room_is_one_clear_message(quick_path, monkeypatch):
    stream = open_lines(quick_path / "history.jsonl")
    append_line(stream, {"epoch": 1})
    with monkeypatch.context() as patch:
        through(patch, System(0, OSError(errno.ENOSPC, "No space left on device"), short=True))
        with pytest.raises(LayerwiseError, match=r"history\.jsonl' needs 13 bytes"):
            append_line(stream, {"epoch": 2})
    stream.close()
    with open_lines(quick_path / "history.jsonl"):
        assert (quick_path / "history.jsonl").read_text() == '{"epoch": 1}\n'
