"""One experiment from its data to its run folder: what is written, what repeats, what is refused."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from layerwise.config import Experiment, read_experiment
from layerwise.data.builtin import builtin
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.runs.folder import find_run
from layerwise.runs.opened import open_run
from layerwise.workflow import finish
from layerwise.workflow.request import request
from layerwise.workflow.resume import resume
from layerwise.workflow.start import resolve, start

QUICK = {"epochs": 2, "resamples": 100}


@pytest.fixture(autouse=True)
def below(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(data="iris", model="mlp", *, name="", options=None, file=None, source=None, **settings):
    whole, named = request(data, model, settings, options or {}, {}, file)
    return start(whole, named, whole.load.data if source is None else source, run=name)


def table(rows=60, **columns):
    values = np.random.default_rng(0).normal(size=rows)
    held = {
        "x": Numbers(values),
        "z": Numbers(np.random.default_rng(1).normal(size=rows)),
        "y": Categories((values > 0).astype(np.int32), ("no", "yes")),
    } | columns
    fields = tuple(Field(name, "target" if name == "y" else "input") for name in held)
    return Source("table", "memory", fields, held)


def test_a_run_holds_every_file_that_is_promised():
    opened, outcome = run(**QUICK)
    names = {path.name for path in opened.folder.path.iterdir()} - {".lock"}
    assert names == {
        "run.toml", "data.json", "history.jsonl", "model.safetensors", "metrics.json", "predictions.csv",
        "tests.json", "environment.json",
    }  # fmt: skip
    assert outcome.reason in ("epochs", "validation")
    assert len(opened.folder.history()) == 2
    assert opened.folder.finished


def test_figures_can_be_recounted_from_the_predictions():
    opened, _ = run(**QUICK)
    with (opened.folder.path / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    test = [row for row in rows if row["part"] == "test"]
    metrics = opened.folder.read("metrics.json")
    assert (
        sum(row["target"] == row["prediction"] for row in test) / len(test) == metrics["metrics"]["accuracy"]["value"]
    )
    assert len(rows) == 150
    assert metrics["metrics"]["accuracy"]["n"] == len(test) == 50
    losses = [-np.log(float(row[row["target"]])) for row in test]
    assert metrics["metrics"]["log_loss"]["value"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert {"majority", "knn"} == set(metrics["baselines"])
    assert (metrics["openings"], len(opened.folder.read("tests.json")["openings"])) == (1, 1)


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    first, again, other = (run(**QUICK, seed=seed)[0].folder for seed in (1, 1, 2))
    files = ("model.safetensors", "predictions.csv")
    for name in files:
        assert (first.path / name).read_bytes() == (again.path / name).read_bytes()
        assert (first.path / name).read_bytes() != (other.path / name).read_bytes()


def test_a_run_repeats_from_its_own_file():
    first, _ = run(options={"hidden": (7,)}, seed=3, learning_rate=0.01, optimizer="momentum", **QUICK)
    again, _ = run("", "", file=first.folder.path / "run.toml")
    assert again.folder.experiment() == first.folder.experiment()
    weights = [(folder.path / "model.safetensors").read_bytes() for folder in (first.folder, again.folder)]
    assert weights[0] == weights[1]


def test_a_learner_that_refuses_its_data_leaves_no_run_behind():
    with pytest.raises(LayerwiseError, match="at least k training examples"):
        run(model="knn", options={"k": 500})
    assert not any(Path("runs").iterdir())


def test_what_has_learned_is_kept_when_measuring_it_fails(monkeypatch, tmp_path):
    def full(*_):
        raise LayerwiseError("A file can be written.", "the disk is full", "Make room.")

    with monkeypatch.context() as patched:
        patched.setattr(finish, "evaluate", full)
        with pytest.raises(LayerwiseError, match="the disk is full"):
            run("iris", "knn", name="kept")
    folder = find_run(str(tmp_path / "runs" / "kept"))
    assert load_file(folder.path / "model.safetensors")
    opened, _ = resume(folder)
    again, _ = run("iris", "knn", name="again")
    assert opened.folder.read("metrics.json")["metrics"] == again.folder.read("metrics.json")["metrics"]


def test_a_network_of_another_task_is_refused_as_such_also_where_folds_are_measured():
    with pytest.raises(LayerwiseError, match="A network must suit the task"):
        run("diabetes", "naive-bayes", folds=3, validation_fraction=0.3)


def test_a_run_of_a_model_solved_at_once_repeats_from_its_own_file():
    first, outcome = run(model="knn", resamples=100)
    again, _ = run("", "", file=first.folder.path / "run.toml")
    assert outcome.reason == "fit"
    assert (first.folder.path / "predictions.csv").read_bytes() == (again.folder.path / "predictions.csv").read_bytes()


def test_a_default_that_the_user_named_stands_when_the_run_is_repeated():
    # The perceptron suggests sgd; the run was told adam, which is the general default.
    first, _ = run("and", "perceptron", test="training", resamples=100, epochs=3, optimizer="adam", stopping="none")
    again, _ = run("", "", file=first.folder.path / "run.toml")
    assert again.folder.experiment() == first.folder.experiment()
    assert again.folder.experiment().train.optimizer == "adam"


def test_torchs_random_state_and_threads_are_as_before():
    torch.manual_seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    run(**QUICK)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_everything_is_resolved_and_saved():
    opened, _ = run(resamples=100)
    saved = read_experiment(opened.folder.path / "run.toml")
    assert (saved.train.batch_size, saved.model.name, saved.train.stopping) == (16, "mlp", "validation")
    assert 10 <= saved.train.epochs <= 300
    plan = opened.folder.plan()
    assert plan == {"device": plan["device"], "threads": 1, "resident": True, "precision": "float32",
                    "memory_format": "contiguous", "trials": []}  # fmt: skip


def test_what_the_model_suggests_stands_behind_what_the_user_says():
    opened, _ = run("and", "perceptron", test="training", resamples=100, epochs=3)
    assert (opened.folder.experiment().train.batch_size, opened.folder.experiment().train.optimizer) == (1, "sgd")
    opened, _ = run("and", "perceptron", test="training", resamples=100, epochs=3, batch_size=2, stopping="none")
    train = opened.folder.experiment().train
    assert (train.batch_size, train.optimizer, train.stopping) == (2, "sgd", "none")


def test_a_model_is_chosen_and_the_reason_said():
    opened, _ = run(model="", **QUICK)
    assert opened.folder.experiment().model.name == "mlp"
    assert any("Model: mlp" in reason for reason in opened.folder.read("data.json")["reasons"])


@pytest.mark.parametrize(("examples", "batch_size"), [(100, 16), (999, 16), (1000, 64), (60000, 64)])
def test_small_data_are_learned_from_in_small_batches(examples, batch_size):
    resolved = resolve(Experiment(), {}, examples, validation=10).train
    assert resolved.batch_size == batch_size
    assert resolved.epochs == max(10, min(300, round(3000 / -(-examples // batch_size))))
    assert resolve(Experiment(), {}, examples, validation=0).train.stopping == "none"


REFUSED = [
    ({"stopping": "validation", "validation_fraction": 0.0}, "Stopping by validation needs a validation part"),
    ({"augment": ("flip",)}, "Augmentation changes pictures"),
    ({"baselines": ("mlp",)}, "A baseline is learned in closed form"),
    ({"positive": "setos"}, "Did you mean 'setosa'"),
    ({"device": "cuda:99"}, "device 'cuda:99'"),
    ({"loss": "absolute-error"}, "loss 'absolute-error' for classification"),
]


@pytest.mark.parametrize(("settings", "words"), REFUSED, ids=[next(iter(case[0])) for case in REFUSED])
def test_a_setting_that_cannot_work_is_refused_before_a_run_begins(settings, words, tmp_path):
    with pytest.raises(LayerwiseError) as caught:
        run(**(QUICK | settings))
    assert words in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_a_model_solved_at_once_takes_no_settings_of_learning():
    with pytest.raises(LayerwiseError, match="--learning-rate"):
        run(model="knn", learning_rate=0.1)


def test_a_regression_cannot_stop_without_errors():
    with pytest.raises(LayerwiseError, match="Stopping without errors needs classes"):
        run("diabetes", stopping="no-errors", **QUICK)


def test_a_huge_test_row_changes_no_weight_of_the_trained_network():
    """System S05, second check, up to the trained network and on the whole path."""
    source = table(part=Categories((np.arange(60) >= 40).astype(np.int32), ("train", "test")))
    source = source.assign({"part": "part"})
    huge = source.columns["x"].values.copy()
    huge[45] = 1e30
    moved = replace(source, columns={**source.columns, "x": Numbers(huge)})
    folders = [run("memory", source=held, **QUICK)[0].folder for held in (source, moved)]
    assert len({(folder.path / "model.safetensors").read_bytes() for folder in folders}) == 1
    assert len({json.dumps(folder.read("data.json")["preprocessing"]) for folder in folders}) == 1
    assert len({(folder.path / "predictions.csv").read_bytes() for folder in folders}) == 2


def test_weights_of_rows_are_learned_with_and_refused_when_negative():
    source = table(w=Numbers(np.linspace(0, 2, 60))).assign({"w": "weight"})
    opened, _ = run("memory", source=source, **QUICK)
    plain, _ = run("memory", source=source.assign({"w": "unused"}), **QUICK)
    first, second = (load_file(some.folder.path / "model.safetensors") for some in (opened, plain))
    assert any(not torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(LayerwiseError, match="Weights are numbers of at least 0"):
        run("memory", source=replace(source, columns={**source.columns, "w": Numbers(np.linspace(-1, 2, 60))}), **QUICK)


def test_a_supplied_test_set_proceeds_and_reports_both_figures():
    source = table(part=Categories((np.arange(60) >= 40).astype(np.int32), ("train", "test"))).assign({"part": "part"})
    columns = dict(source.columns)
    for name in ("x", "z"):
        values = columns[name].values.copy()
        values[40:45] = values[:5]
        columns[name] = Numbers(values)
    opened, _ = run("memory", source=replace(source, columns=columns), **QUICK)
    metrics = opened.folder.read("metrics.json")
    assert metrics["unseen"]["seen"] == 5
    assert (metrics["metrics"]["accuracy"]["n"], metrics["unseen"]["metrics"]["accuracy"]["n"]) == (20, 15)


def test_missing_inputs_are_counted_in_the_folder():
    values = np.random.default_rng(0).normal(size=60)
    values[::7] = np.nan
    opened, _ = run("memory", source=table(z=Numbers(values)), **QUICK)
    parts = opened.folder.read("data.json")
    assert parts["imputed"]["z"] == int(np.isnan(values[parts["split"]["train"]]).sum())


def test_an_opened_run_answers_as_its_predictions_file_says():
    opened, _ = run(**QUICK)
    again = open_run(opened.folder).predict(builtin("iris").assign({"species": "unused"}))
    with (opened.folder.path / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["id"]: row["prediction"] for row in csv.DictReader(stream)}
    assert dict(zip(again.ids, again.labels, strict=True)) == rows


def test_a_network_starts_from_the_weights_its_seed_gives():
    opened, _ = run(**QUICK)
    first, second = opened.untrained(), opened.untrained()
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), second.parameters(), strict=True))


def test_the_unstandardised_target_of_a_regression_is_measured():
    opened, _ = run("diabetes", **QUICK)
    with (opened.folder.path / "predictions.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["part"] == "test"]
    errors = np.array([float(row["target"]) - float(row["prediction"]) for row in rows])
    figures = opened.folder.read("metrics.json")
    assert figures["metrics"]["rmse"]["value"] == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-4)
    assert set(figures["baselines"]) == {"mean", "linear"}
