"""The cache of unpacked archives: whole or not there, made once, shared by processes, mended where it is changed."""

import os
import signal
import subprocess
import sys
import time

import pytest
from packing import Item, packed, picture

from layerwise.data import archives
from layerwise.data.archives import archive_cache, archive_tree
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError

ITEMS = [Item(f"{label}/{number}.png", picture(number)) for label in ("cats", "dogs") for number in range(3)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path / "cache" / "layerwise" / "archives"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "photos.zip"
    path.write_bytes(packed("zip", ITEMS))
    return path


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_an_archive_is_unpacked_once_wherever_it_lies(archive, cache, tmp_path, monkeypatch):
    assert archive_cache() == cache
    first = open_source(archive)
    moved = tmp_path / "elsewhere.zip"
    archive.rename(moved)
    monkeypatch.setattr(archives, "members", None)
    again = open_source(moved)
    assert again.fingerprint() == first.fingerprint()
    assert (again.name, first.name) == ("elsewhere", "photos")
    assert files_in(cache) == ["index.json", "pictures.bin"]


def test_a_changed_archive_of_the_same_name_size_and_time_is_unpacked_anew(tmp_path):
    archive = tmp_path / "photos.tar"
    archive.write_bytes(packed("tar", ITEMS))
    open_source(archive)
    times = archive.stat()
    archive.write_bytes(packed("tar", [Item(item.name, picture(7)) for item in ITEMS]))
    assert archive.stat().st_size == times.st_size
    os.utime(archive, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert int(open_source(archive).columns["image"][0][0, 0, 0]) == 7


@pytest.mark.parametrize("harm", ["cut", "gone", "no index", "index of nothing"])
def test_what_was_changed_in_the_cache_is_unpacked_anew(archive, cache, harm):
    first = open_source(archive)
    (folder,) = cache.iterdir()
    pictures, index = folder / "pictures.bin", folder / "index.json"
    if harm == "cut":
        pictures.write_bytes(pictures.read_bytes()[:-60])
    elif harm == "gone":
        pictures.unlink()
    else:
        index.write_text("[]" if harm == "index of nothing" else "{")
    assert open_source(archive).fingerprint() == first.fingerprint()
    assert files_in(cache) == ["index.json", "pictures.bin"]


def test_a_picture_that_vanishes_from_the_cache_names_archive_and_member(archive, cache):
    source = open_source(archive)
    (folder,) = cache.iterdir()
    (folder / "pictures.bin").unlink()
    with pytest.raises(LayerwiseError) as caught:
        source.columns["image"][0]
    assert "photos.zip" in caught.value.found
    assert "cats/0.png" in caught.value.found


def test_another_process_that_was_faster_is_as_good(archive, cache, monkeypatch):
    plain, inside = archives.members, []

    def slow(path, limits):
        if not inside:
            inside.append(True)
            archive_tree(path)
        yield from plain(path, limits)

    monkeypatch.setattr(archives, "members", slow)
    assert len(open_source(archive)) == 6
    assert files_in(cache) == ["index.json", "pictures.bin"]


SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from layerwise import files
from layerwise.data.open import open_source
path, when, until = sys.argv[1:]
def killed(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
if when == "rename":
    files.os.rename = killed
elif when == "sync":
    files.os.fsync = killed
while time.time() < float(until):
    time.sleep(0.001)
print(open_source(path).fingerprint())
"""


def other_process(path, when="", until=0.0):
    command = [sys.executable, "-c", SCRIPT, str(path), when, str(until)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_process_that_is_killed_leaves_nothing_that_is_taken_for_whole(archive, cache):
    for when in ("rename", "sync"):
        process = other_process(archive, when)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    left = list(cache.iterdir())
    assert len(left) == 2
    assert all(".tmp-" in path.name for path in left)
    old = time.time() - 2 * archives.DAY
    os.utime(left[0], (old, old))
    assert len(open_source(archive)) == 6
    # What is older than a day is abandoned; what is younger may be another process at work.
    assert sorted(".tmp-" in path.name for path in cache.iterdir()) == [False, True]
    assert left[1].exists()


def test_processes_that_begin_at_one_instant_read_the_same(archive, cache):
    until = time.time() + 2.5
    running = [other_process(archive, until=until) for _ in range(3)]
    answers = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert answers == {open_source(archive).fingerprint()}
    assert files_in(cache) == ["index.json", "pictures.bin"]


def test_a_cache_that_cannot_be_written_says_how_to_go_on(archive, cache):
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    with pytest.raises(LayerwiseError) as caught:
        open_source(archive)
    assert "unpack 'photos.zip' yourself" in caught.value.remedy
