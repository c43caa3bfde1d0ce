"""Every kind of bad input ends in one clear message: the rule, what was found, what to do; no traceback."""

import contextlib
import errno
import fcntl
import gzip
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

GOOD = "".join(f"{row},{row % 5},{'yes' if row % 2 else 'no'}\n" for row in range(30))


def told(answer, code, *words):
    """Assert that a command failed with one message of rule, found and remedy that holds some words."""
    assert answer.code == code, answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err
    lines = answer.err.rstrip().splitlines()
    assert not lines[0].startswith(" ")
    assert sum(line.startswith("  found:  ") for line in lines) == 1
    assert sum(line.startswith("  remedy: ") for line in lines) == 1
    for word in words:
        assert word in answer.err, f"{word!r} is not in:\n{answer.err}"


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


@pytest.mark.parametrize(
    ("table", "options", "code", "words"),
    [
        ("a,b,label\n" + GOOD + "7,8\n", "", 1, ("line 32", "2 cells, expected 3", "--exclude-problems")),
        ("a,b,label\n" + GOOD, "--target outcome", 2, ("no field 'outcome'", "label")),
        ("a,b,label\n" + GOOD.replace("yes", "no"), "", 1, ("every row of 'label' is 'no'", "--target")),
        ("a,b,label\n" + GOOD + "7,8,maybe\n", "", 1, ("class 'maybe' of 'label' has 1", "--no-stratify")),
        ("a,b,label\n" + GOOD + ",8,yes\n", "--missing refuse", 1, ("'a' lacks 1", "line 32", "--missing impute")),
        ("a,b,label\n" + GOOD + "7,8,\n", "", 1, ("'label' is missing in 1 rows: line 32", "--exclude-problems")),
        ("a,b,label\n" + GOOD.replace("1,1,", "some words here and more,1,"), "", 1, ("--drop a",)),
        ("a,a,label\n" + GOOD, "", 1, ("line 1", "'a'")),
        ("a,b,label\n", "", 1, ("table.csv",)),
        ("", "", 1, ("'table.csv' is empty",)),
        ("a,b,label\n" + GOOD, "--part label", 1, ("'no'", "--drop label")),
        ("a,b,label\n" + GOOD, "--drop b c", 2, ("no field 'c'",)),
        ("a,b,label\n" + GOOD, "--weight label", 1, ("'label' holds others",)),
        ("a,b,label\n" + GOOD, "--target label --drop a b", 1, ("no input field",)),
        ("a,b,label\n" + GOOD, "--classes yes nope", 2, ("no class 'nope'",)),
    ],
)
def test_tables(work, command, table, options, code, words):
    (work / "table.csv").write_text(table, encoding="utf-8")
    told(command(f"train table.csv mlp --epochs 1 --threads 1 {options}"), code, *words)
    assert not (work / "runs").exists()


def test_rows_and_classes_left_out_as_the_messages_say(work, command):
    (work / "ragged.csv").write_text("a,b,label\n" + GOOD + "7,8\n", encoding="utf-8")
    answer = command("train ragged.csv knn --exclude-problems")
    assert answer.code == 0
    assert "Items that could not be read and were left out: 1." in answer.out
    (work / "holes.csv").write_text("a,b,label\n" + GOOD + "7,8,\n", encoding="utf-8")
    answer = command("train holes.csv knn --exclude-problems")
    assert answer.code == 0
    assert "Rows without 'label' that were left out: 1." in answer.out
    (work / "lonely.csv").write_text("a,b,label\n" + GOOD + "7,8,maybe\n", encoding="utf-8")
    assert command("train lonely.csv knn --classes yes no").code == 0
    assert command("train lonely.csv knn --no-stratify").code == 0


def test_bytes_that_are_no_text(work, command):
    (work / "table.csv").write_bytes(b"a,b,label\n1,2,\xff\xfe\x81\n")
    told(command("train table.csv"), 1, "table.csv", "--encoding")


def test_idx_files_that_were_cut(work, command):
    pictures = struct.pack(">IIII", 0x803, 20, 8, 8) + bytes(20 * 64)
    labels = struct.pack(">II", 0x801, 20) + bytes(row % 2 for row in range(20))
    (work / "train-labels-idx1-ubyte").write_bytes(labels)
    (work / "train-images-idx3-ubyte").write_bytes(pictures[:-100])
    told(command("train train-images-idx3-ubyte lenet5"), 1, "train-images-idx3-ubyte")
    (work / "train-images-idx3-ubyte").unlink()
    (work / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(pictures)[:-20])
    told(command("train train-images-idx3-ubyte.gz lenet5"), 1, "train-images-idx3-ubyte.gz")


@pytest.fixture
def photos(work):
    generator = np.random.default_rng(0)
    for row in range(24):
        path = work / "photos" / ("cat" if row % 2 else "dog") / f"{row:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 255, (16, 16), dtype=np.uint8)).save(path)
    return work / "photos"


def cut(photos):
    whole = (photos / "cat" / "01.png").read_bytes()
    (photos / "cat" / "01.png").write_bytes(whole[: len(whole) // 2])
    return "01.png"


def zero_bytes(photos):
    (photos / "dog" / "00.png").write_bytes(b"")
    return "00.png"


def mislabelled(photos):
    (photos / "dog" / "02.png").write_bytes(b"%PDF-1.4 this is no picture")
    return "02.png"


def empty_class(photos):
    (photos / "horse").mkdir()
    return "horse"


@pytest.mark.parametrize("damage", [cut, zero_bytes, mislabelled, empty_class])
def test_pictures(photos, command, damage):
    name = damage(photos)
    told(command("train photos lenet5 --epochs 1 --threads 1"), 1, name)
    looked = command("data photos")
    assert looked.code in (0, 1)
    assert name in looked.out + looked.err
    assert "Traceback" not in looked.out + looked.err


def test_a_picture_beyond_the_size_limit(photos, command):
    # A PNG that says it is 60,000 x 60,000: a decompression bomb in a few bytes.
    whole = bytearray((photos / "cat" / "01.png").read_bytes())
    import zlib

    whole[16:24] = struct.pack(">II", 60_000, 60_000)
    whole[29:33] = struct.pack(">I", zlib.crc32(bytes(whole[12:29])))
    (photos / "cat" / "01.png").write_bytes(whole)
    told(command("train photos lenet5 --epochs 1"), 1, "01.png")


@pytest.mark.parametrize(
    ("words", "code", "found"),
    [
        ("train nothing.csv", 2, "nothing at 'nothing.csv'"),
        ("train irsi", 2, "Did you mean 'iris'"),
        ("train iris lenet", 2, "Did you mean 'lenet5'"),
        ("train iris mlp --hiden 3", 2, "'--hidden'"),
        ("train iris mlp --epoch 3", 2, "'--epochs'"),
        ("train iris mlp --k 3", 2, "--k (mlp)"),
        ("train iris mlp --epochs many", 2, "a whole number"),
        ("train iris mlp --epochs -1", 2, "epochs"),
        ("train iris mlp --learning-rate 0", 2, "learning_rate"),
        ("train iris mlp --optimizer adm", 2, "'adam'"),
        ("train iris mlp --seed 1 --seed 2", 2, "'--seed'"),
        ("train iris mlp extra", 2, "'extra'"),
        ("train --experiment nothing.toml", 2, "nothing.toml"),
        ("train", 2, "layerwise train iris"),
        ("trian iris", 2, "'train'"),
        ("data", 2, "no PATH"),
        ("show", 2, "no MODEL"),
        ("show mlp --input five", 2, "--input 'five'"),
        ("models resnet", 2, "unknown model 'resnet'"),
        ("models --task clasify", 2, "'classify'"),
        ("predict", 2, "no runs"),
        ("predict nothing.csv", 2, "no runs"),
        ("explain", 2, "layerwise train"),
        ("explain nothing", 2, "no run 'nothing'"),
        ("evaluate nothing", 2, "no run 'nothing'"),
        ("report nothing", 2, "no run 'nothing'"),
        ("step", 2, "--by-hand"),
        ("step --by-hand", 2, "layerwise train"),
        ("reproduce iris", 2, "'iris-mlp'"),
        ("data iris --language fr", 2, "en, ko"),
        ("data iris --delimiter ;", 2, "built-in set 'iris'"),
    ],
)
def test_words(work, command, words, code, found):
    told(command(words), code, found)


def test_an_experiment_file_with_slips(work, command):
    (work / "broken.toml").write_text("[train\nepochs = 3", encoding="utf-8")
    told(command("train iris --experiment broken.toml"), 2, "broken.toml", "line 1")
    (work / "unknown.toml").write_text("[train]\nepoch = 3", encoding="utf-8")
    told(command("train iris --experiment unknown.toml"), 2, "epoch", "'epochs'")
    (work / "stage.toml").write_text("[training]\nepochs = 3", encoding="utf-8")
    told(command("train iris --experiment stage.toml"), 2, "[training]", "'train'")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_a_run_folder_that_cannot_be_written(work, command):
    (work / "runs").write_text("a file where the folder should be", encoding="utf-8")
    told(command("train iris knn"), 1, "runs")
    told(command("train iris knn --run /dev/null/place"), 1, "/dev/null")


def test_a_disk_that_is_full(work, command, monkeypatch):
    real = os.open

    def full(path, flags, *rest, **named):
        if "model.safetensors" in str(path) and flags & os.O_WRONLY:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", full)
    answer = command("train iris knn --quiet")
    told(answer, 1, "model.safetensors", "Free some space")


@contextlib.contextmanager
def small_disk(place: Path):
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_small_disk_that_runs_full(work, command):
    with small_disk(work / "disk"):
        told(command("train digits lenet5 --epochs 1 --threads 1 --quiet --run disk/digits"), 1, "bytes")
        leftovers = [path.name for path in (work / "disk" / "digits").iterdir() if "tmp-" in path.name]
        assert leftovers == []


def test_two_writers(work, command, monkeypatch):
    import layerwise.workflow.start as module

    create = module.create

    def taken(*arguments):
        folder = create(*arguments)
        stream = (folder.path / ".lock").open("a+", encoding="utf-8")
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append(stream)
        return folder

    held: list = []
    monkeypatch.setattr(module, "create", taken)
    told(command("train iris knn"), 1, "in use", "--run")
    for stream in held:
        stream.close()


def not_ours(path):
    path.write_bytes(b"PK\x03\x04" + b"a zip archive, as torch.save writes" * 10)


def renamed_pickle(path):
    import pickle

    path.write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))


def cut_weights(path):
    path.write_bytes(path.read_bytes()[:-64])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def gone(path):
    path.unlink()


@pytest.mark.parametrize("damage", [not_ours, renamed_pickle, cut_weights, flipped, gone])
@pytest.mark.parametrize(
    "words", ["predict flowers flowers.csv", "explain flowers --view unit-sum", "evaluate flowers"]
)
def test_a_model_file_that_is_damaged_or_not_ours(place, command, damage, words):
    damage(place / "runs" / "flowers" / "model.safetensors")
    told(command(words), 1, "model.safetensors")


def test_weights_of_another_network(place, command):
    shutil.copy(place / "runs" / "own" / "model.safetensors", place / "runs" / "flowers" / "model.safetensors")
    told(command("predict flowers flowers.csv"), 1, "model.safetensors")


@pytest.mark.parametrize("name", ["run.toml", "data.json", "metrics.json"])
@pytest.mark.parametrize("content", ["", "{", "[1, 2]"])
def test_a_run_whose_files_are_damaged(place, command, name, content):
    (place / "runs" / "flowers" / name).write_text(content, encoding="utf-8")
    words = {"run.toml": "explain flowers --view unit-sum", "data.json": "predict flowers flowers.csv",
             "metrics.json": "report flowers"}[name]  # fmt: skip
    answer = command(words)
    assert answer.code in (1, 2)
    assert "Traceback" not in answer.out + answer.err
    assert name in answer.err or "[1, 2]" in content
    listed = command("runs")
    assert "Traceback" not in listed.out + listed.err


def test_data_that_changed_since(place, command):
    with (place / "flowers.csv").open("a", encoding="utf-8") as stream:
        stream.write("1,2,red,rose\n")
    told(command("explain flowers --view unit-sum"), 1, "has changed since")


def test_debug_shows_where_a_mistake_was_found(work, command):
    assert "Traceback" in command("train irsi --debug").err


def test_the_message_is_not_printed_into_json(work, command):
    answer = command("train irsi --json")
    assert answer.out == ""
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.err)
