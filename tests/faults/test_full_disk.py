"""A disk that fills up in the middle of a run: one message, and the run goes on later.

That a disk can no longer be written at all is tested call by call: `test_saves.py` and `test_system_calls.py`.
"""

import shutil
import subprocess
import sys

import pytest

from faults.stops import Stopped, result, same

pytestmark = pytest.mark.long


def mount(*words):
    return subprocess.run(["mount", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 6 MB that is all ours."""
    folder = tmp_path / "small"
    folder.mkdir()
    if sys.platform != "linux" or shutil.which("mount") is None:
        pytest.skip("needs Linux")
    if mount("-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)).returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def said(run):
    """Return what the last command printed, on one line."""
    return " ".join(run.output().split())


@pytest.fixture
def learning(server, small_disk, tmp_path):
    """Return what a run must reach, and one that learns for long on the small disk."""
    apart = Stopped(server, tmp_path / "apart", "mlp")
    expected = result(apart.whole())
    run = Stopped(server, small_disk / "work", "mlp")
    return expected, run


def fill(folder):
    """Take all the room there is."""
    with open(folder / "filler", "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return


def test_a_disk_that_is_full_in_mid_run_is_said_and_the_run_goes_on_when_there_is_room(learning, small_disk):
    expected, run = learning
    run.begin()
    run.wait_for_epochs(1)
    fill(small_disk)
    assert run.server.ended() == 1, run.output()
    assert "Traceback" not in run.output()
    assert "bytes, 0 are free" in said(run)
    assert "Free some space, or choose another place (--run, --to)." in said(run)
    # Nothing has changed: the same message, and still nothing is lost.
    assert run.server.run(run.folder, run.next_words()) == 1
    (small_disk / "filler").unlink()
    same(expected, result(run.finish()))
    assert not [path for path in run.run.rglob("*") if ".tmp-" in path.name]


def test_a_run_that_finds_no_room_at_all_says_so(server, small_disk):
    run = Stopped(server, small_disk / "work", "mlp")
    fill(small_disk)
    assert run.server.run(run.folder, run.next_words()) == 1
    (small_disk / "filler").unlink()
    assert run.server.run(run.folder, run.next_words()) == 0, run.output()
