"""A run that is measured by folds: whose answers these are, what is kept, and what can be asked of the run."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.datasets import load_iris

import layerwise as lw
from layerwise.config import Experiment, Load, Model, Split
from layerwise.errors import LayerwiseError
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import open_run
from layerwise.workflow import cross_validation
from layerwise.workflow.compare import compare
from layerwise.workflow.measured_by import refuse_folds
from layerwise.workflow.request import request
from layerwise.workflow.resume import resume
from layerwise.workflow.start import start

IRIS = load_iris(return_X_y=True)


def run(tmp_path, data, model, options=None, name="run", **settings):
    whole = Experiment(load=Load(data=data if isinstance(data, str) else "memory"), model=Model(model, options or {}))
    opened, outcome = start(whole, settings, data, run=str(tmp_path / name))
    return opened, outcome


def rows_of(opened):
    with (opened.folder.path / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("model", "options", "settings"),
    [("knn", {"k": 3}, {}), ("mlp", {"hidden": (8,)}, {"epochs": 6, "batch_size": 16, "threads": 1})],
)
def test_the_answers_are_those_of_a_comparison_with_the_same_seed(tmp_path, model, options, settings):
    opened, _ = run(tmp_path, "iris", model, options, folds=4, repeats=2, seed=5, **settings)
    found = compare(Experiment(), [Model(model, options)], {"seed": 5, **settings}, "iris", folds=4, repeats=2)
    answered = rows_of(opened)
    for deal in range(2):
        before = f"deal {deal + 1} " if deal else ""
        own = [row for row in answered if re.fullmatch(rf"{before}fold \d+", row["part"])]
        assert [row["part"] for row in own] == [f"{before}fold {fold + 1}" for fold in found.dealt[deal]]
        assert [row["prediction"] for row in own] == list(found.scores[0].predictions[deal])
        assert [row["id"] for row in own] == list(found.ids)
    folds = opened.folder.read("metrics.json")["folds"]
    assert folds["each"]["accuracy"] == found.scores[0].figures["accuracy"].tolist()
    assert folds["mean"]["accuracy"]["value"] == pytest.approx(found.interval(found.scores[0])[0])
    assert folds["baselines"]["majority"]["each"]["accuracy"] == found.scores[1].figures["accuracy"].tolist()


def test_a_memoriser_of_random_answers_stays_at_chance(tmp_path):
    drawn = np.random.default_rng(0)
    data = drawn.normal(size=(300, 4)), drawn.integers(0, 2, 300)
    opened, _ = run(tmp_path, data, "knn", folds=10)
    metrics = opened.folder.read("metrics.json")
    assert abs(metrics["metrics"]["accuracy"]["value"] - 0.5) < 0.09
    # The network that is kept remembers every row: its own answers must not be the ones that count.
    assert metrics["train"]["accuracy"]["value"] == 1.0
    assert metrics["train"]["accuracy"]["n"] == metrics["metrics"]["accuracy"]["n"] == 300


def test_figures_can_be_recounted_from_the_answers(tmp_path):
    opened, _ = run(tmp_path, "iris", "knn", {"k": 5}, folds=7)
    rows = [row for row in rows_of(opened) if row["part"].startswith("fold")]
    metrics = opened.folder.read("metrics.json")
    right = np.array([row["target"] == row["prediction"] for row in rows])
    assert metrics["metrics"]["accuracy"]["value"] == pytest.approx(right.mean())
    parts = np.array([row["part"] for row in rows])
    each = [right[parts == f"fold {fold}"].mean() for fold in range(1, 8)]
    assert metrics["folds"]["each"]["accuracy"][0] == pytest.approx(each)
    assert metrics["folds"]["mean"]["accuracy"]["value"] == pytest.approx(np.mean(each))
    # The folds are of unequal size, so that the two means differ.
    assert metrics["folds"]["mean"]["accuracy"]["value"] != pytest.approx(right.mean(), abs=1e-12)
    split = opened.folder.read("data.json")["split"]
    assert sorted(row for fold in split["folds"][0] for row in fold) == list(range(150))


@pytest.mark.parametrize(
    ("model", "settings"),
    [("logistic", {}), ("mlp", {"epochs": 5, "batch_size": 16, "threads": 1, "stopping": "none"})],
)
def test_the_network_that_is_kept_learned_from_every_row(tmp_path, model, settings):
    shares = {"validation_fraction": 0.0} if settings else {}
    folded, _ = run(tmp_path, "iris", model, name="folded", folds=3, **settings, **shares)
    trained, _ = run(tmp_path, "iris", model, name="trained", test="training", **settings)
    first, second = (load_file(opened.folder.path / "model.safetensors") for opened in (folded, trained))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    halved, _ = run(tmp_path, "iris", model, name="halved", test="split", test_fraction=0.5, **settings)
    other = load_file(halved.folder.path / "model.safetensors")
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_a_network_that_stops_in_time_keeps_validation_rows_of_its_own(tmp_path):
    opened, _ = run(tmp_path, "iris", "mlp", folds=3, epochs=3, threads=1)
    split = opened.folder.read("data.json")["split"]
    assert sorted(split["train"] + split["validation"]) == list(range(150))
    assert 15 <= len(split["validation"]) <= 30


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folds") / "iris"
    return lw.train("iris", "knn", run=str(folder), model_options={"k": 5}, folds=5, repeats=2)


def test_the_report_says_first_what_the_figures_are_about(finished):
    page = re.sub(r"<[^>]*>", " ", (Path(finished.folder.path) / "report.html").read_text(encoding="utf-8"))
    foreseen = finished.results["expectation_per_1000"]
    assert f"Of 1,000 new examples expect {round(foreseen['low'])} to {round(foreseen['high'])} wrong." in page
    assert "measured by cross-validation on 150 examples" in page
    assert "Each row was answered by a network that had not seen it (5 folds)" in page
    assert "The rows were dealt 2 times; this is the first." in page
    assert "150 test examples" not in page
    assert "Opened once" not in page
    assert "deal 2 fold 5" in page


def test_such_a_run_predicts_and_is_opened_but_not_measured_again(finished):
    assert finished.predict("iris").labels[:3] == ("setosa",) * 3
    shown = finished.explain()
    assert shown.title
    assert "mean of folds" in Path(finished.report("en")).read_text(encoding="utf-8")
    from layerwise.workflow.remeasure import measure_again, measure_on

    with pytest.raises(LayerwiseError, match="has not seen") as problem:
        measure_again(finished.opened)
    assert "layerwise evaluate iris DATA" in problem.value.remedy
    again = measure_on(finished.opened, "iris", {}, exclude_problems=False)
    assert again["unseen"]["seen"] == 150


def test_the_run_repeats_from_its_own_file(tmp_path):
    opened, _ = run(tmp_path, "iris", "mlp", {"hidden": (4,)}, folds=2, threads=1, batch_size=75)
    whole, named = request("", "", {}, {}, {}, opened.folder.path / "run.toml")
    again, _ = start(whole, named, "iris", run=str(tmp_path / "again"))
    first, second = ((one.folder.path / "predictions.csv").read_text() for one in (opened, again))
    assert first == second


def test_a_run_that_is_stopped_inside_its_folds_goes_on(tmp_path, monkeypatch):
    whole, _ = run(tmp_path, "iris", "mlp", {"hidden": (4,)}, name="whole", folds=4, epochs=4, threads=1)
    learn_fold, calls = cross_validation.learn_fold, []

    def stopped(*arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return learn_fold(*arguments, **options)

    monkeypatch.setattr(cross_validation, "learn_fold", stopped)
    opened, outcome = run(tmp_path, "iris", "mlp", {"hidden": (4,)}, name="cut", folds=4, epochs=4, threads=1)
    assert outcome.reason == "interrupted"
    assert not opened.folder.finished
    monkeypatch.undo()
    told = []
    resumed, outcome = resume(opened.folder, witness=lambda begun, step, notes: told.extend(notes))
    assert outcome.reason == "epochs"
    assert "Its folds are learned from the first one on." in told
    for file in ("predictions.csv", "model.safetensors"):
        assert (resumed.folder.path / file).read_bytes() == (whole.folder.path / file).read_bytes()


def test_an_interrupted_fold_is_no_fold(monkeypatch):
    """Half-learned networks say nothing: a comparison that is stopped inside a fold ends there."""
    from layerwise.workflow import fold
    from layerwise.workflow.learn import Outcome

    monkeypatch.setattr(fold, "learn", lambda *_: Outcome((), 0, "interrupted"))
    with pytest.raises(KeyboardInterrupt):
        compare(Experiment(), [Model("mlp")], {"epochs": 2, "threads": 1}, "iris", folds=2)


def test_folds_forward_in_time_test_later_rows_only(tmp_path):
    when = np.random.default_rng(0).permutation(200)
    path = tmp_path / "sales.csv"
    lines = [f"{2000 + day // 365}-01-{1 + day % 28:02d},{value},{value * 2 + 1}" for day, value in enumerate(when)]
    path.write_text("\n".join(["day,x,sold", *lines]) + "\n", encoding="utf-8")
    opened, _ = run(tmp_path, str(path), "linear", target="sold", time="day", folds=4)
    assert opened.folder.experiment().split.split_by == "time"
    split = opened.folder.read("data.json")["split"]
    assert len(split["folds"][0]) == 4
    assert len(split["train"]) == 200
    assert sorted(row for fold in split["folds"][0] for row in fold) == split["test"]
    assert len(split["test"]) < 200
    assert any("Divided by time" in reason for reason in opened.folder.read("data.json")["reasons"])
    assert "day" not in [step.field for step in opened.preprocessing.steps]


def test_repeated_folds_in_time_are_refused(tmp_path):
    with pytest.raises(LayerwiseError, match="must have an effect") as problem:
        lw.train("iris", "knn", run=str(tmp_path / "r"), folds=3, repeats=2, split_by="time",
                 time="petal length (cm)")  # fmt: skip
    assert "--repeats" in problem.value.found
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        ({"folds": 5, "test": "split"}, "--test:"), ({"folds": 5, "test": "training"}, "--test:"),
        ({"folds": 5, "test_fraction": 0.34}, "--test-fraction:"), ({"folds": 5, "test_data": "iris"}, "--test-data:"),
        ({"folds": 5, "split_by": "order"}, "--split-by:"), ({"repeats": 2}, "--repeats:"),
        ({"test": "training", "test_fraction": 0.4}, "--test-fraction:"),
        ({"test": "none", "test_data": "iris"}, "--test-data:"),
        ({"test": "split", "test_data": "iris"}, "--test-data:"),
        ({"test_data": "iris", "test_fraction": 0.4}, "--test-fraction:"),
        ({"test": "training", "split_by": "time"}, "--split-by:"),
        ({"time": "petal length (cm)", "stratify": True}, "--stratify:"),
        ({"folds": 5, "validation_fraction": 0.3}, "has no validation_fraction"),
    ],
)  # fmt: skip
def test_settings_that_contradict_each_other_are_refused_by_name(tmp_path, settings, flag):
    with pytest.raises(LayerwiseError, match="must have an effect") as problem:
        lw.train("iris", "knn", run=str(tmp_path / "r"), **settings)
    assert flag in problem.value.found
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("task", ["segment", "detect", "language", "play"])
def test_folds_of_another_task_are_refused(task):
    with pytest.raises(LayerwiseError, match="classes, labels and numbers"):
        refuse_folds(Experiment(split=Split(folds=3)), task)


def test_the_four_options_measure_what_they_say(tmp_path):
    """WEKA's four: the training set, a supplied test set, a percentage, folds."""
    data = tmp_path / "flowers.csv"
    lines = [",".join(map(str, [*row, f"c{target}"])) for row, target in zip(*IRIS, strict=True)]
    data.write_text("\n".join(["a,b,c,d,kind", *lines]) + "\n", encoding="utf-8")
    counts = {}
    for name, settings in {
        "training": {"test": "training"}, "supplied": {"test_data": str(data)},
        "percentage": {"test": "split", "test_fraction": 0.34}, "folds": {"folds": 10},
    }.items():  # fmt: skip
        opened, _ = run(tmp_path, str(data), "knn", name=name, target="kind", **settings)
        metrics = opened.folder.read("metrics.json")
        counts[name] = (metrics["part"], metrics["metrics"]["accuracy"]["n"], metrics["openings"])
    assert counts == {
        "training": ("train", 150, 0), "supplied": ("test", 150, 1), "percentage": ("test", 51, 1),
        "folds": ("test", 150, 0),
    }  # fmt: skip


def test_an_unfinished_run_says_that_its_folds_were_not_finished(tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cross_validation, "learn_fold", stopped)
    opened, _ = run(tmp_path, "iris", "knn", name="cut", folds=4)
    from layerwise.workflow.report import write_report

    page = write_report(open_run(RunFolder(opened.folder.path)), "en").read_text(encoding="utf-8")
    assert "They were not finished." in page
