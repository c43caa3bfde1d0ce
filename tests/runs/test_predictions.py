"""Answers and their forms: what a file name asks for, and what a task without forms of its own writes."""

import csv
import json

import numpy as np
import pytest

from layerwise.data.image_step import Placed
from layerwise.errors import LayerwiseError
from layerwise.runs.predictions import OwnPixels, Predictions, form_of
from layerwise.tasks.classify import Classify
from layerwise.tasks.detect import Detect
from layerwise.tasks.segment import Segment

CLASSES = Classify(("no", "yes"))
BOXES = Detect(("cat", "dog"), 4.0, (8, 8))
LABELS = Segment(("ground", "cat"))
SAID = Predictions(("a", "b"), ("yes", "no"), np.array([[0.25, 0.75], [1 - 1e-9, 1e-9]]), ("no", "yes"), run="runs/x")


@pytest.mark.parametrize(("task", "to", "form"), [
    (CLASSES, "x.csv", ".csv"), (CLASSES, "x.JSON", ".json"), (BOXES, "x.csv", ".csv"), (BOXES, "x.json", ".json"),
    (LABELS, "x.csv", ".csv"), (LABELS, "x.json", ".json"), (LABELS, "x", "/"), (LABELS, "x/", "/"),
    (LABELS, "x.csv/", "/"), (LABELS, "new/deep/x", "/"),
])  # fmt: skip
def test_a_name_asks_for_a_form(task, to, form):
    assert form_of(to, task) == form


@pytest.mark.parametrize(("task", "to", "possible"), [
    (CLASSES, "x", "Possible: --to FILE.csv, --to FILE.json."), (BOXES, "x/", "--to FILE.csv, --to FILE.json."),
    (BOXES, "x.png", "--to FILE.csv, --to FILE.json."), (LABELS, "x.png", "FILE.csv, --to FILE.json, --to FOLDER/."),
])  # fmt: skip
def test_a_form_that_a_task_has_not_is_refused_with_those_it_has(task, to, possible):
    with pytest.raises(LayerwiseError, match=possible) as refusal:
        form_of(to, task)
    assert refusal.value.exit_code == 2


def test_a_folder_is_a_new_or_an_empty_one(tmp_path):
    assert form_of(str(tmp_path), LABELS) == "/"
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    for there in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(LayerwiseError):
            form_of(f"{there}/", LABELS)


def test_scores_as_a_table_and_as_json(tmp_path):
    SAID.write(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["id", "prediction", "no", "yes"],
        ["a", "yes", "0.25", "0.75"],
        ["b", "no", "0.999999999", "1e-09"],
    ]
    SAID.write(str(tmp_path / "x.json"))
    told = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert told == SAID.document()
    assert told["predictions"][0] == {"id": "a", "prediction": "yes", "scores": {"no": 0.25, "yes": 0.75}}


def test_notes_stand_in_the_notebook():
    noted = Predictions(("a",), ("yes",), np.array([[0.25, 0.75]]), ("no", "yes"), notes=("white < black",))
    assert "white &lt; black" in noted._repr_html_()


def test_answers_are_brought_back_one_by_one_and_in_slices():
    places = (Placed(4, 4, 0, 0, 2, 2), Placed(2, 2, 0, 0, 2, 2))
    answers = OwnPixels(LABELS, (np.array([[0, 1], [1, 0]], np.uint8),) * 2, places)
    assert [answer.shape for answer in answers] == [(4, 4), (2, 2)]
    assert answers[-1].tolist() == [[0, 1], [1, 0]]
    assert answers[0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]]
    assert len(answers[1:]) == 1
    assert answers[1:][0].shape == (2, 2)
