"""A disk that fills up, or can no longer be written, in the middle of a run: one message, and the run goes on later."""

import os
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
    assert "Free some space, or use --run." in said(run)
    os.truncate(run.folder / "output.txt", 0)
    # Nothing has changed: the same message, and still nothing is lost.
    assert run.server.run(run.folder, run.next_words()) == 1
    (small_disk / "filler").unlink()
    same(expected, result(run.finish()))
    assert not [path for path in run.run.rglob("*") if ".tmp-" in path.name]


def test_a_disk_that_cannot_be_written_any_more_is_said_and_the_run_goes_on_when_it_can(learning, small_disk, tmp_path):
    expected, run = learning
    output = tmp_path / "output.txt"
    run.folder.joinpath("output.txt").symlink_to(output)
    run.begin()
    run.wait_for_epochs(1)
    tried = mount("-o", "remount,ro", str(small_disk))
    if tried.returncode:
        # Linux refuses while a file is open for writing, as the history and the lock of a run are.
        run.server.ended()
        pytest.skip("a file system in use cannot be made read-only here: " + tried.stderr.strip())
    assert run.server.ended() == 1, output.read_text()
    mount("-o", "remount,rw", str(small_disk))
    assert "Read-only file system" in " ".join(output.read_text().split())
    same(expected, result(run.finish()))


def test_a_run_that_finds_no_room_at_all_says_so(server, small_disk):
    run = Stopped(server, small_disk / "work", "mlp")
    fill(small_disk)
    assert run.server.run(run.folder, run.next_words()) == 1
    (small_disk / "filler").unlink()
    assert run.server.run(run.folder, run.next_words()) == 0, run.output()
