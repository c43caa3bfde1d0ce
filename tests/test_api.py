"""The commands as Python: train, load, list, inspect, show; runs that show themselves; arrays, tensors and frames."""

import numpy as np
import pandas
import pytest
import torch

import layerwise as lw
from layerwise.catalog import entries
from layerwise.errors import LayerwiseError

QUICK = {"epochs": 3, "resamples": 100}


@pytest.fixture(autouse=True)
def below(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    """Return a run that several tests look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("iris"))
        return lw.load(lw.train("iris", "mlp", model_options={"hidden": (8,)}, **QUICK).folder.path.absolute())


def test_public_names_are_there_and_no_others():
    assert {"train", "load", "inspect", "show", "list_models", "list_runs", "Classifier", "Run"} <= set(dir(lw))
    for name in lw.__all__:
        assert getattr(lw, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        lw.trian  # noqa: B018


def test_a_run_shows_its_figures_history_and_settings(iris):
    assert set(iris.metrics["accuracy"]) >= {"value", "low", "high", "n"}
    assert iris.metrics["accuracy"]["n"] == 50
    assert len(iris.history) == 3
    assert iris.experiment.train.epochs == 3
    assert iris.results["baselines"]["knn"]["accuracy"]["value"] > 0.8
    assert (iris.folder.path / "report.html").is_file()
    assert "accuracy" in repr(iris)


def test_a_run_is_a_table_in_a_notebook_with_names_made_harmless(iris):
    text = iris._repr_html_()
    assert text.startswith("<table>")
    assert text.count("<tr>") == len(iris.metrics) + 1  # and the header
    assert "<script" not in text


def test_predictions_of_arrays_frames_and_rows(iris):
    inputs = [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]]
    frame = pandas.DataFrame(inputs, columns=list(iris.opened.preprocessing.names))
    said = iris.predict(frame)
    assert (len(said.labels), said.scores.shape) == (2, (2, 3))
    assert set(said.columns) == {"setosa", "versicolor", "virginica"}
    means = np.array([step.shift for step in iris.opened.preprocessing.steps])
    scales = np.array([step.scale for step in iris.opened.preprocessing.steps])
    with torch.inference_mode():
        outputs = iris.model(torch.from_numpy(((inputs - means) / scales).astype(np.float32)))
    np.testing.assert_allclose(said.scores, outputs.softmax(1), rtol=1e-5)
    mixed = iris.predict(frame[frame.columns[::-1]].assign(extra=1))
    assert mixed.scores.tolist() == said.scores.tolist()


def test_a_frame_that_lacks_a_column_is_refused_with_its_name(iris):
    frame = pandas.DataFrame({"sepal length (cm)": [5.0]})
    with pytest.raises(LayerwiseError, match="lacks"):
        iris.predict(frame)


@pytest.mark.parametrize("form", ["arrays", "tensors", "frame"])
def test_data_in_memory_are_data_too(form):
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(60, 3))
    targets = (inputs[:, 0] > 0).astype(int)
    data = {
        "arrays": (inputs, targets),
        "tensors": (torch.from_numpy(inputs), torch.from_numpy(targets)),
        "frame": pandas.DataFrame(inputs, columns=["a", "b", "c"]).assign(outcome=targets),
    }[form]
    run = lw.train(data, "mlp", learning_rate=0.05, **QUICK)
    assert run.metrics["accuracy"]["value"] > 0.6
    assert run.predict(inputs[:4] if form != "frame" else data.iloc[:4]).scores.shape == (4, 2)


def test_runs_are_loaded_by_name_path_or_age():
    first = lw.train("iris", "mlp", **QUICK)
    second = lw.train("iris", "knn", resamples=100)
    assert [run.name for run in lw.list_runs()] == [second.name, first.name]
    assert lw.load().name == second.name
    assert lw.load("iris-mlp").metrics == first.metrics
    assert lw.load(first.folder.path).metrics == first.metrics
    with pytest.raises(LayerwiseError, match="Did you mean"):
        lw.load("iris-mpl")


def test_an_unknown_setting_is_refused_with_the_nearest():
    with pytest.raises(LayerwiseError, match="Did you mean 'epochs'"):
        lw.train("iris", "mlp", epoch=3)
    with pytest.raises(LayerwiseError, match="Did you mean 'hidden'"):
        lw.train("iris", "mlp", model_options={"hiden": (3,)})


def test_models_are_listed_by_task():
    assert "linear" in lw.list_models("regress")
    assert "lenet5" not in lw.list_models("regress")
    assert set().union(*(lw.list_models(task) for task in entries("task"))) == set(lw.list_models())


def test_data_are_looked_at_before_they_are_learned_from():
    found = lw.inspect(pandas.DataFrame({"a": [1.0, 2, 2, None], "label": ["x", "y", "y", "x"]}))
    assert (found.rows, found.target, found.task, found.duplicates) == (4, "label", "classify", 1)


def test_the_layer_table_is_that_of_the_lecture():
    rows = lw.show("lenet5", (1, 32, 32))
    assert sum(row.parameters for row in rows) == 61706
    own = lw.show(torch.nn.Sequential(torch.nn.Linear(4, 3)), 4)
    assert sum(row.parameters for row in own) == 15
