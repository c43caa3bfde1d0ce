"""Bad input of texts, sequences, games, boxes and label images, and of runs that go on: one clear message each."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from cli.test_bad_input import told
from layerwise.errors import LayerwiseError
from layerwise.language import use
from layerwise.locks import own

TEXT = "the cat sat on the mat and the dog ran to the sea. " * 130

SORTED = "a,b,label\n" + "".join(f"{row % 7},{row % 5},{'yes' if row < 40 else 'no'}\n" for row in range(60))
"""Rows that stand class by class, as photos in folders do."""

PAIRS = "german,english\n" + "".join(f"{'ab'[row % 2]}{'cdefgh'[row % 6]},{'xy'[row % 2]}z\n" for row in range(40))


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with a text, a table and pairs of sequences."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    (tmp_path / "book.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "sorted.csv").write_text(SORTED, encoding="utf-8")
    (tmp_path / "pairs.csv").write_text(PAIRS, encoding="utf-8")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    (tmp_path / "short.txt").write_text("ab", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        # Data that do not suit.
        ("train empty.txt", 1, ("'empty.txt' has 0", "one to foretell")),
        ("train short.txt", 1, ("a text of 1 pieces", "Give a longer text")),
        ("train catch mlp", 2, ("the task is play", "models --task play")),
        ("train book.txt mlp", 2, ("the task is language", "models --task language")),
        ("train shapes-small mlp", 2, ("the task is detect", "models --task detect")),
        ("train iris rbm --scale none", 2, ("from 0 to 1", "the first is", "--scale min-max")),
        ("train digits char-lstm", 2, ("takes one text field", "'image'", "Give it a text file")),
        ("train iris dqn", 2, ("'iris' holds something else", "layerwise train catch")),
        ("train iris seq2seq", 2, ("no field of kind text", "--target")),
        ("train digits grid-detector", 2, ("no field of kind boxes", "--target")),
        ("train iris fcn-small", 2, ("no field of kind mask", "--target")),
        ("train shapes-small fcn-small --image-size 48 48", 1, ("96x96", "pictures of 48x48")),
        ("train shapes-small grid-detector --image-size 48 48", 1, ("a picture of 96x96, a network for 48x48",)),
        ("train sorted.csv mlp --split-by order", 1, ("hold no 'no' of 'label'", "--split-by order")),
        # Settings that would change nothing.
        ("train iris mlp --sequence-length 20", 2, ("must have an effect", "no running text", "--sequence-length out")),
        ("train iris mlp --momentum 0.5", 2, ("must have an effect", "the optimiser is adam", "--momentum out")),
        ("train iris mlp --step-epochs 3", 2, ("must have an effect", "the schedule is constant", "--step-epochs out")),
        ("train iris mlp --stopping none --patience 3", 2, ("must have an effect", "--patience out")),
        ("train reversal seq2seq --sequence-length 20", 2, ("no running text", "--sequence-length out")),
        ("train iris mlp --tokens words", 2, ("the data hold no text", "--tokens out")),
        ("train iris mlp --image-size 8 8", 2, ("the inputs are no pictures", "--image-size out")),
        ("train book.txt char-lstm --scale min-max", 2, ("neither numbers nor pictures", "--scale out")),
        ("train book.txt char-lstm --augment flip", 2, ("the inputs are a text", "--augment out")),
        ("train catch dqn --augment flip", 2, ("makes its own data", "--augment out")),
        ("train catch dqn --classes left", 2, ("no classes to choose", "--classes out")),
        ("train book.txt char-lstm --positive e", 2, ("language has no class of an example", "--positive out")),
        ("train iris knn --precision float16", 2, ("'knn' is solved at once", "--precision out")),
        (
            "train bars-and-stripes independent-units --scale min-max --accumulate 2",
            2,
            ("is solved at once", "--accumulate out"),
        ),
        ("train book.txt char-lstm --stopping no-errors", 2, ("needs classes", "the task is language")),
        # Settings out of range, names that do not exist.
        ("train book.txt char-lstm --sequence-length 0", 2, ("sequence_length = 0", "1 to 10000")),
        ("train book.txt char-lstm --sequence-length 1000000000", 2, ("sequence_length = 1000000000", "1 to 10000")),
        ("train book.txt char-lstm --accumulate 0", 2, ("accumulate = 0",)),
        ("train book.txt char-lstm --loss hinge", 2, ("loss 'hinge'", "cross-entropy")),
        ("train shapes-small grid-detector --loss hinge", 2, ("loss 'hinge'",)),
        ("train bars-and-stripes rbm --loss cross-entropy", 2, ("the network brings its own",)),
        ("train book.txt char-lstm --baselines knn", 2, ("'knn' learns classify",)),
        ("models --task translation", 2, ("translat",)),
    ],
)
def test_refused_before_anything_is_learned(work, command, words, code, expected):
    told(command(words), code, *expected)
    assert not (work / "runs").exists()


@pytest.mark.parametrize(
    ("german", "expected"),
    [("a" * 2000, ("at most", "has 2000", "--tokens words")), ("", ("line 42", "'german' is empty"))],
)
def test_sequences_that_are_too_long_or_empty(work, command, german, expected):
    with (work / "pairs.csv").open("a", encoding="utf-8") as stream:
        stream.write(f"{german},xz\n")
    answer = command("train pairs.csv seq2seq --target english --epochs 1 --threads 1")
    told(answer, answer.code or 1, *expected[:2])


def test_fewer_examples_than_processes(work, command, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "500")
    monkeypatch.setenv("RANK", "0")
    told(command("train iris mlp --epochs 1 --threads 1"), 2, "examples for 500 processes", "--nproc-per-node")
    assert not (work / "runs").exists()


def test_boxes_and_labels_that_cannot_be():
    from layerwise.data.boxes import Boxes, box_problems
    from layerwise.data.label_images import LabelImages

    sizes = np.array([[8, 8]])
    good = [0.0, 1.0, 1.0, 5.0, 6.0]
    assert not box_problems(Boxes.of([np.array([good])], ("cat",)), sizes)
    for place, value in ((3, 9.0), (3, 1.0), (0, 3.0), (2, np.nan)):
        wrong = [*good[:place], value, *good[place + 1 :]]
        (problem,) = box_problems(Boxes.of([np.array([wrong])], ("cat",)), sizes, ("photo.png",))
        assert "photo.png" in problem.where
        assert f"{value:g}" in problem.found
        assert problem.remedy
    with pytest.raises(LayerwiseError, match="label 7"):
        LabelImages(np.full((1, 8, 8), 7, np.uint8), ("sky", "bird")).check(("photo.png",), sizes)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder with one finished run of a text and one that was interrupted, with its checkpoint."""
    from layerwise.cli.application import run

    place = tmp_path_factory.mktemp("begun")
    (place / "book.txt").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, use("en"):
        patch.chdir(place)
        patch.setenv("LC_ALL", "C.UTF-8")
        words = "train book.txt char-lstm --hidden-units 4 --layers 1 --sequence-length 10 --threads 1 --quiet"
        assert run([*words.split(), "--epochs", "1", "--run", "done"]) == 0
        assert run([*words.split(), "--epochs", "2", "--run", "cut", "--checkpoint-seconds", "0"]) == 0
    (place / "runs" / "cut" / "metrics.json").unlink()
    return place


@pytest.fixture
def there(begun, tmp_path, monkeypatch):
    """A copy of that folder that a test may change."""
    copy = tmp_path / "begun"
    shutil.copytree(begun, copy)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return copy


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("generate", "done", "--prompt", "été"), 2, ("unknown: 'é'", "known are")),
        (("generate", "done", "--length", "0"), 2, ("length = 0",)),
        (("generate", "done", "--temperature", "-1"), 2, ("temperature = -1",)),
        (("resume", "done"), 2, ("'done' is finished", "--epochs")),
        (("explain", "cut"), 1, ("'cut' was interrupted",)),
        (("generate", "nobody"), 2, ("no run 'nobody'",)),
    ],
)
def test_runs_that_cannot_answer(there, command, words, code, expected):
    told(command(*words), code, *expected)


def test_a_classifier_does_not_write_texts(here, command):
    told(command("generate flowers"), 2, "the run 'flowers' has the task classify", "char-lstm")


def test_a_run_whose_data_changed_does_not_go_on(there, command):
    (there / "book.txt").write_text(TEXT.replace("cat", "cow"), encoding="utf-8")
    told(command("resume cut"), 1, "'book.txt' has changed since")
    assert not (there / "runs" / "cut" / "metrics.json").exists()


def test_a_checkpoint_of_a_newer_version_is_left_alone(there, command):
    newest = max((there / "runs" / "cut" / "checkpoints").iterdir(), key=lambda path: int(path.name.split("-")[1]))
    path = newest / "MANIFEST.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    newer = {name: value for name, value in manifest.items() if name != "sha256"} | {"version": 99}
    seal = hashlib.sha256(json.dumps(newer).encode("ascii")).hexdigest()
    path.write_text(json.dumps({**newer, "sha256": seal}, indent=1) + "\n", encoding="ascii")
    told(command("resume cut"), 1, "has layout 99", "Update layerwise")


def test_a_run_folder_in_use_names_who_holds_it_and_is_listed_as_learning(there, command):
    with own(there / "runs" / "cut"):
        told(command("resume cut"), 1, "is in use by process", "since 20")
        assert "still learning" in command("runs").out
        assert command("runs", "--json").json["runs"][0]["state"] in ("running", "finished")
    assert "interrupted" in command("runs").out


def test_a_run_repeats_from_its_own_file_although_it_names_every_setting(there, command):
    answer = command("train", "--experiment", "runs/done/run.toml", "--run", "again", "--quiet")
    assert answer.code == 0, answer.err
    from layerwise.config import read_experiment

    first, again = (read_experiment(there / "runs" / name / "run.toml") for name in ("done", "again"))
    assert replace(again, load=first.load) == first
