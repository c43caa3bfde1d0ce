"""`layerwise predict` about pictures: boxes, label images, other sizes, another white, and where they are written."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import layerwise as lw
from layerwise.data.shapes import draw_shapes, shapes
from layerwise.language import use
from layerwise.tasks.detect import Detect
from layerwise.tasks.segment import Segment

FOUND = np.array([[2, 24, 24, 48, 72, 0.75], [0, 0, 0, 96, 96, 0.0625]])
"""What the detector is made to answer, in the 96x96 pixels that it sees."""


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A detector and a segmenter that saw a few pictures, and pictures of three sizes."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        settings = {"epochs": 1, "threads": 1, "resamples": 100, "checkpoint_seconds": 0.0}
        lw.train(shapes(24, 8), "grid-detector", run="boxes", target="boxes", **settings)
        lw.train(shapes(24, 8), "fcn-small", run="masks", target="labels", **settings)
        picture = Image.fromarray(draw_shapes("test", 1).images[0].transpose(1, 2, 0))
        for name, size in (("same", (96, 96)), ("wide", (192, 96)), ("small", (48, 24))):
            (place / name).mkdir()
            picture.resize(size).save(place / name / "one.png")
    return place


@pytest.fixture
def work(trained, tmp_path, monkeypatch):
    """A copy of that folder, with answers that are known beforehand."""
    copy = tmp_path / "work"
    shutil.copytree(trained, copy, copy_function=shutil.copy2)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(Detect, "answer", lambda task, model, examples: _objects([FOUND] * len(examples)))
    halves = np.repeat([[0, 4]], [48, 48], axis=1).repeat(96, axis=0).astype(np.uint8)
    monkeypatch.setattr(Segment, "answer", lambda task, model, examples: np.stack([halves] * len(examples)))
    return copy


def _objects(items):
    found = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        found[place] = item
    return found


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


THREE = ("same/one.png", "wide/one.png", "small/one.png")
NOTE = "Pictures of another size were scaled to 96x96 for the network (2 in all); answers are in their own pixels."


def test_boxes_are_written_in_the_pixels_of_each_picture(work, command):
    answer = command("predict", "boxes", *THREE, "--to", "found/boxes.csv")
    assert answer.code == 0, answer.err
    assert NOTE in answer.out
    assert "1 triangle" in answer.out
    assert rows_of(work / "found" / "boxes.csv") == [
        ["id", "class", "left", "top", "right", "bottom", "score"],
        ["same/one.png", "triangle", "24", "24", "48", "72", "0.75"],
        ["same/one.png", "circle", "0", "0", "96", "96", "0.0625"],
        ["wide/one.png", "triangle", "48", "24", "96", "72", "0.75"],
        ["wide/one.png", "circle", "0", "0", "192", "96", "0.0625"],
        ["small/one.png", "triangle", "12", "6", "24", "18", "0.75"],
        ["small/one.png", "circle", "0", "0", "48", "24", "0.0625"],
    ]


def test_the_coco_file_is_read_by_a_program_of_coco(work, command):
    assert command("predict", "boxes", *THREE, "--to", "boxes.json").code == 0
    program = pytest.importorskip("faster_coco_eval", reason="the extra [detection] is not installed")
    known = program.COCO(str(work / "boxes.json"))
    assert {image["file_name"]: (image["width"], image["height"]) for image in known.loadImgs(known.getImgIds())} == {
        "same/one.png": (96, 96), "wide/one.png": (192, 96), "small/one.png": (48, 24),
    }  # fmt: skip
    wide = known.loadAnns(known.getAnnIds(imgIds=[2], catIds=known.getCatIds(catNms=["triangle"])))
    assert [(found["bbox"], found["score"]) for found in wide] == [([48, 24, 48, 48], 0.75)]


def test_json_holds_the_boxes_and_the_notes(work, command):
    told = command("predict", "boxes", *THREE, "--json").json
    assert NOTE in told["notes"]
    assert told["predictions"][1]["boxes"][0] == {
        "class": "triangle", "left": 48, "top": 24, "right": 96, "bottom": 72, "score": 0.75,
    }  # fmt: skip


@pytest.mark.parametrize("to", ["labels", "labels/", "deep/labels"])
def test_label_images_have_the_size_of_their_pictures(work, command, to):
    answer = command("predict", "masks", *THREE, "--to", to)
    assert answer.code == 0, answer.err
    assert NOTE in answer.out
    folder = work / to
    assert (folder / "classes.txt").read_text().split() == ["background", "circle", "square", "triangle", "star"]
    listed = rows_of(folder / "pictures.csv")
    assert listed[1:] == [["one.png", "same/one.png"], ["one-2.png", "wide/one.png"], ["one-3.png", "small/one.png"]]
    for (name, _), (width, height) in zip(listed[1:], ((96, 96), (192, 96), (48, 24)), strict=True):
        with Image.open(folder / name) as picture:
            assert (picture.mode, picture.size) == ("P", (width, height))
            labels = np.asarray(picture)
            assert (labels[:, : width // 2] == 0).all()
            assert (labels[:, width // 2 :] == 4).all()
            # Class 4 of PASCAL VOC is dark blue.
            assert picture.convert("RGB").getpixel((width - 1, 0)) == (0, 0, 128)


def test_pixels_of_each_class_are_counted(work, command):
    assert command("predict masks wide/one.png --to counts.csv").code == 0
    assert rows_of(work / "counts.csv") == [
        ["id", "class", "pixels", "share"], ["one.png", "background", "9216", "0.5"], ["one.png", "circle", "0", "0"],
        ["one.png", "square", "0", "0"], ["one.png", "triangle", "0", "0"], ["one.png", "star", "9216", "0.5"],
    ]  # fmt: skip
    assert command("predict masks wide/one.png --to counts.json").code == 0
    told = json.loads((work / "counts.json").read_text(encoding="utf-8"))
    assert told == command("predict masks wide/one.png --json").json
    assert told["predictions"][0]["pixels"] == {
        "background": 9216,
        "circle": 0,
        "square": 0,
        "triangle": 0,
        "star": 9216,
    }


@pytest.mark.parametrize(("words", "possible"), [
    ("predict boxes same/one.png --to labels/", "Possible: --to FILE.csv, --to FILE.json."),
    ("predict masks same/one.png --to labels.png", "Possible: --to FILE.csv, --to FILE.json, --to FOLDER/."),
    ("predict masks same/one.png --to same", "Choose another name, or remove it."),
])  # fmt: skip
def test_a_target_that_makes_no_sense_is_refused_before_the_network_is_asked(
    work, command, monkeypatch, words, possible
):
    for task in (Detect, Segment):
        monkeypatch.setattr(task, "answer", lambda *_: pytest.fail("the network was asked"))
    before = sorted(work.iterdir())
    answer = command(words)
    assert (answer.code, answer.out) == (2, "")
    assert possible in answer.err
    assert "Traceback" not in answer.err
    assert sorted(work.iterdir()) == before


def test_python_has_the_answers_and_writes_them(work):
    said = lw.load("boxes").predict(list(THREE))
    assert said.notes[-1] == NOTE
    assert [answer[0, 1] for answer in said.answers] == [24, 48, 12]
    said.write("boxes.csv")
    assert len(rows_of(work / "boxes.csv")) == 7
    said = lw.load("masks").predict("wide")
    assert said.answers[0].shape == (96, 192)
    said.write(work / "labels")
    assert (work / "labels" / "one.png").is_file()


def test_the_note_is_there_in_korean(work, command):
    with use("ko"):
        said = lw.load("boxes").predict(list(THREE)).notes
    assert "크기가 다른 그림 2개를 신경망에 맞게 96x96 크기로 바꾸었습니다." in said[-1]


def test_an_untouched_network_is_asked_about_pictures_of_any_size(trained, command, monkeypatch):
    monkeypatch.chdir(trained)
    for words in ("boxes", "masks"):
        for file in THREE:
            assert command("predict", words, file).code == 0


def test_a_picture_of_another_white_is_brought_to_that_of_training(place, command):
    """The digits are drawn with 0 to 16; as PNG files they have 0 to 255."""
    from sklearn.datasets import load_digits

    (place / "png").mkdir()
    for row in range(20):
        Image.fromarray((load_digits().images[row] / 16 * 255).round().astype(np.uint8)).save(f"png/{row:02}.png")
    told = command("predict digits png --json").json
    assert (
        "White is 255 in the new pictures and was 16 in training: they were brought to the range of training."
        in told["notes"]
    )
    whole = command("predict digits digits --json").json["predictions"][:20]
    for found, expected in zip(told["predictions"], whole, strict=True):
        assert found["scores"] == pytest.approx(expected["scores"], abs=0.02)
    Image.fromarray((load_digits().images[0] / 16 * 255).round().astype(np.uint8)).resize((300, 200)).save("large.png")
    said = command("predict digits large.png")
    assert said.code == 0, said.err
    assert "Pictures of another size were scaled to 32x32 for the network (1 in all)." in said.out


def test_a_guessed_white_is_said(tmp_path, monkeypatch):
    """Arrays of numbers do not say what is white; their largest value may be 16 or 255."""
    from sklearn.datasets import load_digits

    monkeypatch.chdir(tmp_path)
    digits = load_digits()
    made = lw.train((digits.images[:200], digits.target[:200]), "logistic", run="arrays", resamples=100)
    assert made.predict(digits.images[:3]).notes[1:] == ()
    assert (
        "The largest value is 255 in the new pictures and was 16"
        in made.predict(digits.images[:3] / 16 * 255).notes[-1]
    )
    assert "White was guessed to be 255 in training" in made.predict(digits.images[:3].astype(np.uint8)).notes[-1]
