"""HOG and a linear machine stand beside pictures: right, cheap, honest about what they saw, and only in their place."""

import json

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from layerwise.cli.tables import result_lines, results_table
from layerwise.config import Experiment, Load, Model, experiment
from layerwise.data.builtin import builtin
from layerwise.language import use
from layerwise.models.hog_svm import GradientHistogramMachine
from layerwise.runs.folder import find_run
from layerwise.runs.opened import open_run
from layerwise.workflow import baselines
from layerwise.workflow.report import write_report
from layerwise.workflow.start import start

QUICK = {"resamples": 100, "threads": 1, "check_labels": "no"}


@pytest.fixture(autouse=True)
def below(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def learned(monkeypatch):
    """What edges were learned from, time after time: ids and size of the pictures."""
    seen, fit = [], GradientHistogramMachine.fit

    def watched(self, examples):
        seen.append((examples.ids, tuple(examples.inputs.shape[1:])))
        fit(self, examples)

    monkeypatch.setattr(GradientHistogramMachine, "fit", watched)
    return seen


def metrics_of(data, model="mlp", name="r", **settings):
    epochs = {"epochs": 1} if model in ("mlp", "lenet5") else {}
    named = {**QUICK, **epochs, **settings}
    whole = experiment(named, start=Experiment(load=Load("memory"), model=Model(model)))
    opened, _ = start(whole, named, data, run=f"runs/{name}")
    return opened.folder.read("metrics.json")


def pictures(shape, classes=2, each=20):
    """Stripes across or down; more classes are told apart by their width."""
    drawn = np.random.default_rng(0)
    targets = np.arange(classes * each) % classes
    inputs = np.zeros((len(targets), *shape), dtype=np.uint8)
    for picture, target in zip(inputs, targets, strict=True):
        waves = np.arange(shape[-1] if target % 2 else shape[-2]) // (2 + target // 2) % 2 * 120
        picture[:] = waves if target % 2 else waves[:, None]
        picture += drawn.integers(0, 60, shape).astype(np.uint8)
    return inputs, np.array([f"kind {target:03d}" for target in targets])


def test_its_figure_is_that_of_scikit_image_and_scikit_learn_on_the_rows_of_the_run():
    hog = pytest.importorskip("skimage.feature").hog
    found = metrics_of("digits")
    assert list(found["baselines"]) == ["majority", "knn", "hog-svm"]
    assert found["openings"] == 1
    assert found["baseline_notes"] == []
    split = json.loads((find_run("runs/r").path / "data.json").read_text(encoding="utf-8"))["split"]
    shown, names = load_digits(return_X_y=True)
    edges = np.array([hog(one.reshape(8, 8) / 16, 9, (2, 2), (2, 2), "L2-Hys") for one in shown])
    peer = SVC(C=1.0, kernel="linear").fit(edges[split["train"]], names[split["train"]])
    wanted = (peer.predict(edges[split["test"]]) == names[split["test"]]).mean()
    figure = found["baselines"]["hog-svm"]["accuracy"]
    assert figure["value"] == pytest.approx(wanted, abs=0.006)
    assert figure["n"] == len(split["test"])
    assert figure["low"] < figure["value"] < figure["high"]


def test_it_learns_from_the_training_rows_alone(learned):
    metrics_of("digits", "lenet5")
    assert len(learned) == 1
    names, shape = learned[0]
    split = json.loads((find_run("runs/r").path / "data.json").read_text(encoding="utf-8"))["split"]
    ids = builtin("digits").ids()
    assert names == tuple(ids[row] for row in split["train"])
    # The network is drawn for 32 by 32 pixels; what is blown up shows no more edges.
    assert shape == (1, 8, 8)


def test_of_many_pictures_a_sample_of_the_seed_is_learned_from_and_all_are_tested(learned, monkeypatch):
    monkeypatch.setattr(baselines, "MOST_LEARNED", 300)
    found = metrics_of("digits", "mlp", "a")
    metrics_of("digits", "mlp", "b")
    metrics_of("digits", "mlp", "c", seed=1, split_seed=0)
    first, again, other = (set(names) for names, _ in learned)
    assert len(first) == 300
    assert first == again
    assert len(other) == 300
    assert first != other
    assert found["baselines"]["hog-svm"]["accuracy"]["n"] == found["metrics"]["accuracy"]["n"]
    assert found["baselines"]["hog-svm"]["accuracy"]["value"] > 0.8
    (note,) = found["baseline_notes"]
    assert "learned from 300 training pictures, drawn at random" in note
    assert "--baselines majority hog-svm" in note
    asked = metrics_of("digits", "mlp", "d", baselines=("majority", "hog-svm"))
    assert list(asked["baselines"]) == ["majority", "hog-svm"]
    assert asked["baseline_notes"] == []
    assert len(learned[-1][0]) > 1000


@pytest.mark.parametrize(("shape", "size"), [((3, 90, 120), (3, 64, 85)), ((66, 200), (1, 64, 194))])
def test_large_pictures_are_scaled_down_in_their_own_shape(learned, shape, size):
    found = metrics_of(pictures(shape), "mlp")
    assert learned[0][1] == size
    assert found["baselines"]["hog-svm"]["accuracy"]["value"] == 1.0
    (note,) = found["baseline_notes"]
    assert "above 64 pixels were scaled down" in note


@pytest.mark.parametrize(
    ("data", "changed", "words"),
    [
        (pictures((3, 9)), {}, "pictures of 9x3 pixels are too small"),
        (pictures((8, 8), classes=4), {"MOST_CLASSES": 3}, "4 classes take long"),
        (pictures((8, 8)), {"MOST_PIXELS": 2000}, "pictures of 8x8 pixels take long"),
    ],
)
def test_where_it_would_cost_too_much_it_is_left_out_and_said(monkeypatch, data, changed, words):
    for name, value in changed.items():
        monkeypatch.setattr(baselines, name, value)
    found = metrics_of(data, "mlp")
    assert list(found["baselines"]) == ["majority", "knn"]
    (note,) = found["baseline_notes"]
    assert words in note
    assert ("--baselines majority hog-svm" in note) == bool(changed)


def test_the_smallest_pictures_that_hold_a_block_have_it():
    assert metrics_of(pictures((4, 4)), "mlp")["baselines"]["hog-svm"]["accuracy"]["value"] == 1.0


@pytest.mark.parametrize(
    ("data", "model", "settings"),
    [
        ("iris", "mlp", {}), ("digits", "hog-svm", {}), ("digits", "mlp", {"baselines": ("majority",)}),
        ((pictures((8, 8))[0], np.linspace(0.0, 1.0, 40)), "linear", {}), ("digits", "mlp", {"test": "none"}),
    ],
)  # fmt: skip
def test_it_stands_where_pictures_have_classes_and_a_network_beside(data, model, settings):
    found = metrics_of(data, model, **settings)
    assert "hog-svm" not in found["baselines"]
    assert found["baseline_notes"] == []


def test_folds_measure_it_on_the_same_rows(learned, monkeypatch):
    monkeypatch.setattr(baselines, "MOST_LEARNED", 400)
    found = metrics_of("digits", "mlp", folds=3)
    assert len(learned) == 3
    assert all(len(names) == 400 and shape == (1, 8, 8) for names, shape in learned)
    assert list(found["folds"]["baselines"]) == ["majority", "knn", "hog-svm"]
    assert found["baselines"]["hog-svm"]["accuracy"]["n"] == 1797
    assert found["folds"]["baselines"]["hog-svm"]["mean"]["accuracy"]["value"] > 0.85
    assert "learned from 400 training pictures" in found["baseline_notes"][0]
    assert found["openings"] == 0


def test_it_is_shown_with_its_interval_on_the_console_and_in_the_report(monkeypatch, capsys):
    monkeypatch.setattr(baselines, "MOST_LEARNED", 300)
    monkeypatch.setenv("COLUMNS", "112")
    found = metrics_of("digits", "mlp")
    figure = found["baselines"]["hog-svm"]["accuracy"]
    capsys.readouterr()
    results_table(found, 0.95)
    shown = capsys.readouterr().out
    assert "baseline hog-svm" in shown
    assert f"({figure['low']:.3f}–{figure['high']:.3f})" in shown
    assert all(len(line.rstrip()) <= 112 for line in shown.splitlines())
    assert found["baseline_notes"][0] in result_lines(found)
    opened = open_run(find_run("runs/r"))
    page = write_report(opened, "en", data="digits").read_text(encoding="utf-8")
    assert "HOG + linear SVM" in page
    assert found["baseline_notes"][0] in page
    page = write_report(opened, "ko", data="digits").read_text(encoding="utf-8")
    assert "HOG + 선형 SVM" in page
    assert "무작위로 뽑은 학습 그림 300장으로 배웠습니다" in page
    with use("ko"):
        assert any("학습 그림 300장" in line for line in result_lines(found))


def test_torchs_random_state_is_as_before():
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    metrics_of("digits", "mlp")
    assert torch.equal(torch.rand(3), wanted)
