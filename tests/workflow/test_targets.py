"""Whole runs with several targets, label sets and unequal classes: figures, answers, reports, and what is refused."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

import layerwise as lw
from layerwise.cli.application import run as command
from layerwise.config import Assign, Experiment, Load, Model
from layerwise.data.split import fold_parts
from layerwise.errors import LayerwiseError
from layerwise.workflow.explain import prepared_again
from layerwise.workflow.fold import learn_fold
from layerwise.workflow.prepare import load_data

SETTINGS = {"resamples": 100}


def table(path, columns):
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return str(path)


def read(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def numbers(tmp_path, rows=90):
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(rows, 3))
    targets = inputs @ [[1.0, 50], [0.5, 0], [0, 20]] + draw.normal(size=(rows, 2)) * [0.2, 30] + [0, 1000]
    columns = {name: inputs[:, place].round(6) for place, name in enumerate("abc")}
    return table(tmp_path / "two.csv", columns | {"y": targets[:, 0].round(6), "z": targets[:, 1].round(6)})


def labels(tmp_path, rows=200):
    draw = np.random.default_rng(1)
    inputs = draw.normal(size=(rows, 4))
    marks = inputs @ draw.normal(size=(4, 3)) + 0.3 * draw.normal(size=(rows, 3)) > 0.3
    sets = [";".join(name for name, on in zip(("cat", "dog", "bird"), row, strict=True) if on) for row in marks]
    return table(tmp_path / "pets.csv", {f"x{place}": inputs[:, place].round(5) for place in range(4)} | {"tags": sets})


def rare(tmp_path, rows=600, share=20, seed=0):
    draw = np.random.default_rng(seed)
    classes = (np.arange(rows) % share == 0).astype(int)
    inputs = draw.normal(size=(rows, 3)) + classes[:, None]
    columns = {f"x{place}": inputs[:, place].round(6) for place in range(3)}
    return table(tmp_path / f"rare{seed}.csv", columns | {"ill": np.where(classes, "yes", "no")})


def test_a_run_of_two_targets_is_recounted_from_its_predictions(tmp_path):
    run = lw.train(numbers(tmp_path), "linear", target=["y", "z"], run=str(tmp_path / "run"), **SETTINGS)
    assert run.experiment.assign.target == ("y", "z")
    lines = [row for row in read(run.folder.path / "predictions.csv") if row["part"] == "test"]
    truths = np.array([[float(value) for value in row["target"].split("; ")] for row in lines])
    answers = np.array([[float(row["y"]), float(row["z"])] for row in lines])
    assert run.metrics["r2"]["value"] == pytest.approx(r2_score(truths, answers), abs=1e-6)
    assert run.results["main"] == "r2"
    assert list(run.metrics) == ["r2"]
    for place, name in enumerate(("y", "z")):
        own = run.results["classes"][name]
        assert own["mae"]["value"] == pytest.approx(np.abs(truths - answers)[:, place].mean(), rel=1e-6)
        assert own["r2"]["low"] < own["r2"]["value"] < own["r2"]["high"]
    assert run.results["baselines"]["linear"]["r2"]["value"] == pytest.approx(run.metrics["r2"]["value"])
    prepared = prepared_again(run.opened)
    rows, columns = prepared.parts.train, prepared.source.columns
    inputs, wanted = (np.stack([columns[name].values for name in names], 1) for names in ("abc", "yz"))
    fitted = LinearRegression().fit(inputs[rows], wanted[rows]).predict(inputs[prepared.parts.test])
    np.testing.assert_allclose(answers, fitted, rtol=1e-4)
    page = (run.folder.path / "report.html").read_text(encoding="utf-8")
    assert "expect predictions to be off by about: &#x27;y&#x27;" in page
    assert page.count('<div class="pair">') == 2
    found = run.predict(numbers(tmp_path))
    assert (found.columns, found.labels[0].count("; ")) == (("y", "z"), 1)
    assert run.predict(numbers(tmp_path)).scores.shape == (90, 2)


def test_two_targets_on_the_command_line_repeat_from_the_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    numbers(tmp_path)
    asked = ["train", "two.csv", "mean", "--target", "y", "--target", "z", "--resamples", "100", "--run", "one"]
    assert command([*asked, "--quiet"]) == 0
    assert "--target y --target z" in (tmp_path / "runs/one/report.html").read_text(encoding="utf-8")
    assert command(["evaluate", "one", "two.csv", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.split("\n{\n", 1)[-1].join(["{\n", ""]))
    assert set(shown["classes"]) == {"y", "z"}


def test_label_sets_from_a_table_to_answers_about_new_rows(tmp_path):
    data = labels(tmp_path)
    run = lw.train(data, "logistic", run=str(tmp_path / "run"))
    assert run.opened.task.classes == ("bird", "cat", "dog")
    base = run.results["baselines"]
    assert run.metrics["micro_f1"]["low"] > max(base[name]["micro_f1"]["high"] for name in ("label-frequency", "knn"))
    assert set(run.results["classes"]["cat"]) == {"f1", "precision", "recall", "average_precision"}
    page = (run.folder.path / "report.html").read_text(encoding="utf-8")
    assert "Each label" in page
    assert 'id="confusion"' not in page
    assert set(run.predict(data).labels[0].split(";")) <= {"cat", "dog", "bird", ""}
    assert run.explain("unit-sum").fragment()
    assert command(["evaluate", str(run.folder.path), data, "--quiet"]) == 0


def test_labels_as_columns_of_0_and_1_learn_alike(tmp_path):
    lines = read(labels(tmp_path))
    columns = {name: [row[name] for row in lines] for name in lines[0] if name != "tags"}
    columns |= {name: [int(name in row["tags"].split(";")) for row in lines] for name in ("bird", "cat", "dog")}
    data = table(tmp_path / "columns.csv", columns)
    chosen = {"target": ("bird", "cat", "dog"), "task": "tag", "model_options": {"hidden": (8,)}}
    run = lw.train(data, "mlp", run=str(tmp_path / "run"), epochs=30, learning_rate=0.01, **chosen)
    assert run.metrics["micro_f1"]["value"] > 0.7
    assert command(["evaluate", str(run.folder.path), data, "--quiet"]) == 0


def test_pictures_with_label_sets(tmp_path):
    from PIL import Image

    draw, rows = np.random.default_rng(0), []
    for number in range(60):
        top, left = draw.random(2) < 0.5
        pixels = draw.integers(0, 60, (12, 12)).astype(np.uint8)
        pixels[:6] += np.uint8(180 * top)
        pixels[:, :6] //= np.uint8(1 + 3 * left)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        rows.append((f"{number}.png", "|".join(name for name, on in (("top", top), ("left", left)) if on)))
    data = table(tmp_path / "labels.csv", {"file": [row[0] for row in rows], "labels": [row[1] for row in rows]})
    options = {"maps": (4,), "kernel": 3, "hidden_units": 8}
    run = lw.train(data, "cnn", images=str(tmp_path), run=str(tmp_path / "run"), epochs=15, learning_rate=0.02,
                   model_options=options)  # fmt: skip
    assert run.opened.task.name == "tag"
    assert run.metrics["micro_f1"]["value"] > 0.8


def test_the_threshold_comes_from_validation_rows_and_no_test_row_moves_it(tmp_path):
    data = rare(tmp_path)
    chosen = {"decision_threshold": "validation", "validation_fraction": 0.4, **SETTINGS}
    run = lw.train(data, "logistic", run=str(tmp_path / "run"), **chosen)
    task, prepared = run.opened.task, prepared_again(run.opened)
    validation = prepared.examples["validation"]
    again = task.undecided().decided(validation.truths, task.answer(run.model, validation), run.experiment.evaluate)
    assert (task, task.positive) == (again, "yes")
    assert any("Threshold: 'yes'" in line for line in run.folder.read("data.json")["reasons"])
    lines = read(run.folder.path / "predictions.csv")
    assert all((row["prediction"] == "yes") == (float(row["yes"]) >= task.threshold) for row in lines)
    # The same rows, those of the test part with other inputs and the other class.
    rows = read(data)
    for row in prepared.parts.test:
        rows[row] |= {"x0": f"{9 + row}.5", "ill": "no"}
    parts = np.full(len(rows), "train", dtype=object)
    parts[prepared.parts.validation], parts[prepared.parts.test] = "validation", "test"
    columns = {name: [row[name] for row in rows] for name in rows[0]} | {"part": parts}
    other = lw.train(table(tmp_path / "other.csv", columns), "logistic", run=str(tmp_path / "two"), **chosen)
    assert other.opened.task.threshold == task.threshold
    assert other.metrics["sensitivity"]["value"] != run.metrics["sensitivity"]["value"]


def test_baselines_keep_their_own_answers(tmp_path):
    runs = [
        lw.train(rare(tmp_path), "logistic", run=str(tmp_path / f"run{number}"), **settings, **SETTINGS)
        for number, settings in enumerate(({}, {"decision_threshold": "validation"}, {"class_weights": "balanced"}))
    ]
    assert runs[0].results["baselines"] == runs[1].results["baselines"] == runs[2].results["baselines"]
    assert runs[0].metrics["accuracy"] != runs[2].metrics["accuracy"]


REFUSED = [
    ("mlp", {"class_weights": "balanced"}, "two.csv", "the task regress has no class of an example"),
    ("mlp", {"class_sampling": "balanced"}, "two.csv", "the task regress has no class of an example"),
    ("mlp", {"decision_threshold": "validation"}, "two.csv", "the task regress with 0 classes"),
    ("mlp", {"class_weights": "balanced"}, "pets.csv", "the task tag has no class of an example"),
    ("mlp", {"positive": "cat"}, "pets.csv", "the task tag has no class of an example"),
    ("knn", {"class_weights": "balanced"}, "rare0.csv", "'knn' answers alike whatever its classes weigh"),
    ("svm", {"class_sampling": "balanced"}, "rare0.csv", "'svm' is solved at once"),
    ("mlp", {"class_sampling": "balanced", "class_weights": "balanced"}, "rare0.csv", "in one way"),
    ("mlp", {"decision_threshold": "validation", "validation_fraction": 0.0}, "rare0.csv", "0 validation rows"),
    ("mlp", {"threshold_for": "f1"}, "rare0.csv", "no threshold is chosen"),
    ("mlp", {"decision_threshold": "validation"}, "iris", "the task classify with 3 classes"),
    ("mlp", {"task": "classify", "target": ("y", "z")}, "two.csv", "Several targets are for numbers or labels"),
    ("knn", {"target": ("y", "z")}, "two.csv", "the task is regress"),
]


@pytest.mark.parametrize(("model", "settings", "data", "found"), REFUSED)
def test_what_has_no_effect_is_refused_by_name_before_a_folder_is_made(tmp_path, model, settings, data, found):
    for make in (numbers, labels, rare):
        make(tmp_path)
    path = data if data == "iris" else str(tmp_path / data)
    with pytest.raises(LayerwiseError, match=found) as caught:
        lw.train(path, model, run=str(tmp_path / "run"), **settings)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_a_comparison_refuses_them_too(tmp_path):
    with pytest.raises(LayerwiseError, match="changes nothing in a comparison"):
        lw.compare(rare(tmp_path), ["logistic"], folds=3, decision_threshold="validation")
    with pytest.raises(LayerwiseError, match="has no class of an example"):
        lw.compare(numbers(tmp_path), ["linear"], folds=3, target="y", class_weights="balanced")
    with pytest.raises(LayerwiseError, match="'knn' answers alike"):
        lw.compare(rare(tmp_path), ["logistic", "knn"], folds=3, class_weights="balanced")


def test_a_comparison_of_label_sets_and_of_several_targets(tmp_path):
    found = lw.compare(labels(tmp_path), ["logistic", ("knn", {"k": 3})], folds=3)
    assert (found.metric, [one.label for one in found.scores]) == (
        "micro_f1",
        ["logistic", "knn k=3", "label-frequency"],
    )
    assert found.scores[0].pooled["micro_f1"]["value"] > found.scores[2].pooled["micro_f1"]["value"]
    two = lw.compare(numbers(tmp_path), ["linear"], folds=3, target=("y", "z"))
    assert two.metric == "r2"


ENB = Path(os.environ.get("LAYERWISE_DATA", "")) / "timeseries_regression" / "ENB2012_data.xlsx"


@pytest.mark.skipif(not ENB.is_file(), reason="LAYERWISE_DATA does not hold the buildings")
def test_least_squares_of_the_buildings_has_the_errors_that_are_recorded():
    """data/README.md of the project: linear, 10-fold, mean absolute errors 2.09 and 2.26."""
    whole = Experiment(load=Load(str(ENB)), assign=Assign(target=("Y1", "Y2")))
    found = load_data(whole, str(ENB))
    tested = [
        learn_fold(whole, Model("linear"), {}, found, parts, seed=0) for parts in fold_parts(found.source, 10, seed=0)
    ]
    errors = np.concatenate([np.abs(fold.truths - fold.answers) for fold in tested]).mean(axis=0)
    np.testing.assert_allclose(errors, [2.09, 2.26], atol=0.02)


def test_the_report_of_label_sets_in_folds_does_not_speak_of_a_test_part(tmp_path):
    run = lw.train(labels(tmp_path), "logistic", folds=3, run=str(tmp_path / "folds"))
    told = run.report().read_text(encoding="utf-8")
    assert "measured by cross-validation" in told
    assert "measured on the test part" not in told
