"""Estimators learn what a run learns: every stage, with no setting left unused, and never half of it."""

import signal

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_iris

from layerwise.config import Experiment, Model, experiment
from layerwise.errors import LayerwiseError
from layerwise.estimators import Classifier, Regressor
from layerwise.training import loop
from layerwise.workflow import learn as learning
from layerwise.workflow.start import start

FLOWERS = load_iris(return_X_y=True)


@pytest.mark.parametrize(("name", "options"), [("dbn", {"hidden": (8,), "pretraining_epochs": 3}), ("mlp", {})])
def test_the_weights_are_those_of_a_run_on_the_same_rows(tmp_path, name, options):
    """The separation: pre-training was left out, and only the last stage was learned."""
    inputs, targets = FLOWERS
    settings = {"epochs": 3, "batch_size": 50, "learning_rate": 0.1, "optimizer": "sgd"}
    ours = Classifier(name, options=options, **settings).fit(inputs.astype(np.float32), targets)
    whole = experiment({"test": "none", "threads": 1, **settings}, start=Experiment(model=Model(name, options)))
    opened, _ = start(whole, settings, (inputs, targets), run=str(tmp_path / "run"))
    run = opened.model.state_dict()
    for part, values in ours.network_.state_dict().items():
        torch.testing.assert_close(values, run[part], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (Classifier("linear"), "'linear' learns regress, the task is classify"),
        (Classifier("rbm"), "the task is classify"), (Classifier("char-lstm"), "the task is classify"),
        (Classifier("knn", epochs=5), "'knn' is solved at once and has no epochs"),
        (Classifier("svm", weight_decay=0.1), "has no weight_decay"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_or_has_no_effect_is_refused_by_name(estimator, words):
    with pytest.raises(LayerwiseError, match=words):
        estimator.fit(*FLOWERS)
    with pytest.raises(LayerwiseError, match="the task is regress"):
        Regressor("naive-bayes").fit(*load_diabetes(return_X_y=True))


def test_a_fit_that_is_stopped_is_no_fit(monkeypatch):
    steps = loop.train

    def stopped(state):
        for step in steps(state):
            signal.raise_signal(signal.SIGINT)
            yield step

    monkeypatch.setattr(learning, "train", stopped)
    estimator = Classifier("mlp", epochs=5)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(*FLOWERS)
    assert not hasattr(estimator, "network_")
