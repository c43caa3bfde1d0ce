"""Files are written whole or not at all, folders have one writer, and paths are found as people spell them."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest

from layerwise.errors import LayerwiseError
from layerwise.files import append_line, existing, sha256, unused_folder, write_bytes, write_json, write_text
from layerwise.locks import own


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "below" / "a.bin"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.bin"]
    write_text(path, "한글")
    assert path.read_bytes() == "한글".encode()


@pytest.mark.parametrize(("name", "number"), [("write", errno.ENOSPC), ("fsync", errno.EIO), ("replace", errno.EACCES)])
def test_a_failure_leaves_the_older_file_and_no_other(tmp_path, monkeypatch, name, number):
    path = tmp_path / "a.json"
    write_text(path, "old")

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fail)
    with pytest.raises(LayerwiseError, match=r"a\.json") as caught:
        write_text(path, "new")
    assert caught.value.exit_code == 1
    assert ("are free" in caught.value.found) == (number == errno.ENOSPC)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_too_many_open_files_have_a_remedy_of_their_own(tmp_path, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(LayerwiseError, match="open files") as caught:
        write_text(tmp_path / "a.json", "new")
    assert "ulimit -n" in caught.value.remedy
    assert "permissions" not in caught.value.remedy


def test_a_killed_writer_leaves_the_older_or_the_newer_file(tmp_path):
    path = tmp_path / "a.bin"
    write_bytes(path, b"0" * 100_000)
    script = (
        "import sys; from pathlib import Path; from layerwise.files import write_bytes\n"
        "print('ready', flush=True); number = 0\n"
        "while True:\n    number += 1; write_bytes(Path(sys.argv[1]), (b'%d' % (number % 10)) * 100_000)\n"
    )
    for pause in (0.002, 0.013, 0.037):
        with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == 100_000
        assert len(set(content)) == 1


def test_a_linked_temporary_name_is_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_text("safe")
    monkeypatch.setattr("secrets.token_hex", lambda _: "0")
    (tmp_path / ".a.tmp-0").symlink_to(victim)
    with pytest.raises(LayerwiseError):
        write_text(tmp_path / "a", "new")
    assert victim.read_text() == "safe"


def test_json_has_no_word_for_nan(tmp_path):
    write_json(tmp_path / "a.json", {"이름": [1, None]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"이름": [1, None]}
    assert "이름" in (tmp_path / "a.json").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})


def test_a_line_is_at_the_operating_system_at_once(tmp_path):
    with (tmp_path / "history.jsonl").open("a", encoding="utf-8") as stream:
        append_line(stream, {"epoch": 1})
        assert (tmp_path / "history.jsonl").read_text() == '{"epoch": 1}\n'


def test_a_hash_is_that_of_the_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()


@pytest.mark.parametrize(("stored", "asked"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC")])
def test_a_hangul_name_is_found_in_either_spelling(tmp_path, stored, asked):
    (tmp_path / unicodedata.normalize(stored, "환자.csv")).write_text("a\n1\n")
    found = existing(tmp_path / unicodedata.normalize(asked, "환자.csv"))
    assert found.read_text() == "a\n1\n"


def test_a_missing_path_is_refused_with_the_nearest(tmp_path):
    (tmp_path / "patients.csv").touch()
    with pytest.raises(LayerwiseError, match=r"Did you mean 'patients\.csv'") as caught:
        existing(tmp_path / "patient.csv")
    assert caught.value.exit_code == 2
    with pytest.raises(LayerwiseError, match="Check the path"):
        existing(tmp_path / "no" / "such.csv")


def test_a_folder_is_never_used_twice(tmp_path):
    names = [unused_folder(tmp_path / "runs", "iris").name for _ in range(3)]
    assert names == ["iris", "iris-2", "iris-3"]


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(LayerwiseError, match="The place of a file must be writable"):
        unused_folder(tmp_path / "runs", "iris")


def test_a_second_writer_is_told_who_is_first(tmp_path):
    script = (
        "import sys; from pathlib import Path; from layerwise.locks import own\n"
        "with own(Path(sys.argv[1])):\n    print('owned', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout.readline() == b"owned\n"
        with pytest.raises(LayerwiseError, match=rf"process {first.pid} on .+ since 20\d\d-\d\d-\d\dT"), own(tmp_path):
            pass
        # A killed owner frees the folder: nothing stale is left.
        first.kill()
        first.wait()
        with own(tmp_path):
            pass


def test_a_folder_can_be_owned_again_and_again(tmp_path):
    for _ in range(2):
        with own(tmp_path):
            assert json.loads((tmp_path / ".lock").read_text())["process"] == os.getpid()
    assert (tmp_path / ".lock").read_text() == ""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(LayerwiseError, match="--run"):
        write_text(tmp_path / "a", "x")


def test_the_file_system_may_have_no_locks(tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with own(tmp_path):
        assert Path(tmp_path / ".lock").exists()
