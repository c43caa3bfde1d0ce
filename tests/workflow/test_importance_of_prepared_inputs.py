"""What a network uses is told by field, whatever its inputs became: kept, cut into intervals, or texts as numbers."""

import json

import pytest

import layerwise as lw


def fields(run):
    """Names of the fields whose importance was measured."""
    found = json.loads((run.opened.folder.path / "metrics.json").read_text())["importance"]
    return {each["field"] for each in found["fields"]}


def test_only_fields_that_a_selection_kept_are_told(tmp_path):
    run = lw.train("wine", "logistic", select=("correlation=4",), run=str(tmp_path / "run"))
    assert len(fields(run)) == 4
    assert fields(run) == {step.field for step, _ in run.opened.preprocessing.used}


def test_intervals_of_a_field_are_one_field(tmp_path):
    run = lw.train("iris", "logistic", discretise="supervised", run=str(tmp_path / "run"))
    assert len(fields(run)) == 4


def test_a_text_is_one_field(tmp_path):
    rows = [
        f"{word} day number {place},{place % 7},{word == 'good'}" for place in range(40) for word in ("good", "bad")
    ]
    (tmp_path / "days.csv").write_text("\n".join(["said,number,fine", *rows]) + "\n")
    settings = {"texts": "tf-idf", "tokens": "words", "target": "fine", "run": str(tmp_path / "run")}
    run = lw.train(str(tmp_path / "days.csv"), "logistic", **settings)
    assert fields(run) == {"said", "number"}
    assert run.metrics["accuracy"]["value"] == pytest.approx(1.0)
