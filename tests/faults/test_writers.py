"""Many processes, one folder: each start has a folder of its own, each folder one writer, and no lock outlives it."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from layerwise.errors import LayerwiseError
from layerwise.files import unused_folder, write_text
from layerwise.locks import holder, own

START = """
import sys, os
from pathlib import Path
from layerwise.files import unused_folder
from layerwise.locks import own
print("ready", flush=True)
sys.stdin.readline()
for _ in range(25):
    folder = unused_folder(Path(sys.argv[1]), "iris")
    with own(folder):
        (folder / "owner").open("x").write(str(os.getpid()))
"""

HOLD = """
import sys
from pathlib import Path
from layerwise.errors import LayerwiseError
from layerwise.locks import own
print("ready", flush=True)
sys.stdin.readline()
try:
    with own(Path(sys.argv[1])):
        print("owned", flush=True)
        sys.stdin.readline()
except LayerwiseError as problem:
    print(problem.found, flush=True)
"""


def processes(script, folder, number):
    """Start some processes, and let them go at the same instant when all are ready."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(number)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    return started


def ended(process):
    process.communicate(timeout=60)
    return process.returncode


def test_eight_starts_of_one_name_have_a_folder_each(quick_path):
    runs = quick_path / "runs"
    started = processes(START, runs, 8)
    assert [ended(process) for process in started] == [0] * 8
    names = {folder.name for folder in runs.iterdir()}
    assert names == {"iris", *(f"iris-{number}" for number in range(2, 201))}
    owners = [int((folder / "owner").read_text()) for folder in runs.iterdir()]
    assert sorted(owners) == sorted(process.pid for process in started for _ in range(25))


def test_of_eight_writers_one_owns_the_folder_and_the_others_are_told_who(quick_path):
    for _ in range(3):
        started = processes(HOLD, quick_path, 8)
        said = [process.stdout.readline().strip() for process in started]
        owner = started[said.index("owned")]
        others = [sentence for sentence in said if sentence != "owned"]
        assert len(others) == 7
        for sentence in others:
            # Who asks in the very instant before the owner has written its name hears of "another process".
            named = re.search(r"in use by process (\d+) on \S+ since 20\d\d-\d\d-\d\dT[\d:]+\+00:00$", sentence)
            assert named is None or int(named[1]) == owner.pid
            assert named is not None or sentence.endswith("in use by another process")
        with pytest.raises(LayerwiseError, match=f"in use by process {owner.pid} on") as caught, own(quick_path):
            pass
        assert "--run" in caught.value.remedy
        assert [ended(process) for process in started] == [0] * 8


def test_who_holds_a_folder_is_told_and_nobody_when_it_is_free(quick_path):
    assert holder(quick_path) == ""
    first = processes(HOLD, quick_path, 1)[0]
    assert first.stdout.readline() == "owned\n"
    assert re.fullmatch(rf"process {first.pid} on \S+ since 20\d\d-\d\d-\d\dT[\d:]+\+00:00", holder(quick_path))
    assert ended(first) == 0
    assert holder(quick_path) == ""


def test_a_question_disturbs_neither_who_asks_nor_who_wants_to_write(quick_path):
    fcntl = pytest.importorskip("fcntl")
    (quick_path / ".lock").touch()
    with (quick_path / ".lock").open() as asked:
        fcntl.flock(asked, fcntl.LOCK_SH)
        # Another question at the same instant is not taken for a writer, ...
        assert holder(quick_path) == ""
        # ... and a writer waits until it has been answered.
        answered = threading.Timer(0.05, asked.close)
        answered.start()
        with own(quick_path):
            assert asked.closed
        answered.join()


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_lock_file_without_its_holder_blocks_nobody(quick_path):
    first = processes(HOLD, quick_path, 1)[0]
    assert first.stdout.readline() == "owned\n"
    (quick_path / ".metrics.json.tmp-0123abcd").write_text("half")
    first.send_signal(signal.SIGKILL)
    ended(first)
    assert json.loads((quick_path / ".lock").read_text())["process"] == first.pid
    with own(quick_path):
        assert json.loads((quick_path / ".lock").read_text())["process"] == os.getpid()
        assert [path.name for path in quick_path.iterdir()] == [".lock"]


@pytest.mark.parametrize("text", ["", "process 12", "{}", "[1]", "\x00\xff", '{"process": 1}', "null"])
def test_a_lock_file_of_any_content_is_no_obstacle(quick_path, text):
    (quick_path / ".lock").write_text(text, encoding="latin-1")
    with own(quick_path), pytest.raises(LayerwiseError, match=f"process {os.getpid()}"), own(quick_path):
        pass


def test_only_names_of_ours_are_tidied_away(quick_path):
    kept = ["a.tmp-0123abcd", ".a.tmp-xyz", ".a.tmp-0123abcd.txt", ".tmp-0123abcd", "report.html"]
    gone = [".a.tmp-0123abcd", ".step-3.tmp-deadbeef"]
    for name in (*kept, *gone):
        (quick_path / name).write_text("")
    (quick_path / "below").mkdir()
    (quick_path / "below" / ".b.tmp-01234567").mkdir()
    (quick_path / "below" / ".b.tmp-01234567" / "MANIFEST.json").write_text("")
    outside = quick_path.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "kept").write_text("")
    (quick_path / ".link.tmp-01234567").symlink_to(outside)
    with own(quick_path):
        assert sorted(path.name for path in quick_path.iterdir()) == sorted([".lock", "below", *kept])
        assert list((quick_path / "below").iterdir()) == []
    assert (outside / "kept").exists()
    (outside / "kept").unlink()
    outside.rmdir()


def test_where_locks_are_unknown_nothing_is_tidied_away(quick_path, monkeypatch):
    # Another process may be writing: without a lock nobody knows.
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (quick_path / ".a.tmp-0123abcd").write_text("")
    with own(quick_path), own(quick_path):
        assert (quick_path / ".a.tmp-0123abcd").exists()


def test_a_reader_sees_whole_files_alone_while_they_are_replaced(quick_path):
    path, done, seen = quick_path / "metrics.json", threading.Event(), set()
    write_text(path, "0" * 50_000)

    def read():
        while not done.is_set():
            content = path.read_text()
            seen.add((len(content), len(set(content))))

    reader = threading.Thread(target=read)
    reader.start()
    until = time.monotonic() + 0.5
    number = 0
    while time.monotonic() < until:
        number += 1
        write_text(path, str(number % 10) * 50_000)
    done.set()
    reader.join()
    assert seen == {(50_000, 1)}


def test_folders_above_are_made_once_and_all(quick_path):
    deep = quick_path / "a" / "b" / "c"
    made = []
    threads = [threading.Thread(target=lambda: made.append(unused_folder(deep, "run").name)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == sorted(["run", *(f"run-{number}" for number in range(2, 9))])
    assert Path(deep).is_dir()
