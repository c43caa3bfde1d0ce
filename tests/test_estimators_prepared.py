"""Estimators that select and cut inside their own fit: as scikit-learn's steps in a pipeline, with nothing leaked."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

from layerwise.config import Experiment, Model, experiment
from layerwise.errors import LayerwiseError
from layerwise.estimators import Classifier, Regressor
from layerwise.workflow.prepare import prepare_data


def test_folds_are_those_of_a_pipeline_of_scikit_learn():
    inputs, targets = load_breast_cancer(return_X_y=True)
    ours = Classifier("naive-bayes", select=("correlation=7",))
    peer = make_pipeline(SelectKBest(f_classif, k=7), StandardScaler(), GaussianNB())
    np.testing.assert_allclose(cross_val_score(ours, inputs, targets), cross_val_score(peer, inputs, targets))
    fitted, peer = ours.fit(inputs[::2], targets[::2]), peer.fit(inputs[::2], targets[::2])
    np.testing.assert_allclose(fitted.predict_proba(inputs), peer.predict_proba(inputs), atol=1e-7)
    assert fitted.n_features_in_ == 30
    assert fitted.mean_.shape == (7,)


def test_numbers_and_intervals_too():
    inputs, targets = load_diabetes(return_X_y=True)
    ours = Regressor("linear", select=("correlation=4",)).fit(inputs, targets)
    peer = make_pipeline(SelectKBest(f_regression, k=4), LinearRegression()).fit(inputs, targets)
    np.testing.assert_allclose(ours.predict(inputs), peer.predict(inputs), rtol=1e-4)
    flowers, kinds = load_iris(return_X_y=True)
    cut = Classifier("naive-bayes", discretise="equal-width", intervals=4).fit(flowers, kinds)
    binned = make_pipeline(KBinsDiscretizer(4, encode="onehot-dense", strategy="uniform"), GaussianNB())
    binned.fit(flowers, kinds)
    np.testing.assert_allclose(cut.predict_proba(flowers), binned.predict_proba(flowers), atol=1e-6)
    assert Classifier("knn", discretise="supervised").fit(flowers, kinds).score(flowers, kinds) > 0.9


def test_noise_scores_by_chance_and_the_number_kept_can_be_searched():
    drawn = np.random.default_rng(0)
    inputs, labels = drawn.normal(size=(120, 300)), np.arange(120) % 2
    model = Classifier("naive-bayes", select=("correlation=10",))
    assert 0.35 < cross_val_score(model, inputs, labels, cv=5).mean() < 0.65
    assert clone(model).get_params()["select"] == ("correlation=10",)
    inputs[:, 3] += 3 * labels
    search = GridSearchCV(model, {"select": [("correlation=1",), ("correlation=200",)]}, cv=3).fit(inputs, labels)
    assert search.best_params_ == {"select": ("correlation=1",)}


SOLVED = ("naive-bayes", "threshold")


class Recorded(torch.nn.Linear):
    """A network that keeps what it is asked about."""

    def forward(self, inputs):
        self.asked = inputs
        return super().forward(inputs)


@pytest.mark.parametrize(
    "settings",
    [{"discretise": "equal-width", "intervals": 4}, {"discretise": "equal-frequency", "intervals": 3},
     {"discretise": "supervised"}, {"select": ("correlation=2",)},
     {"discretise": "equal-width", "select": ("variance=0.1",)}, {}],
)  # fmt: skip
@pytest.mark.parametrize("model", ["mlp", "naive-bayes", "dbn", "threshold"])
def test_the_network_is_asked_about_the_inputs_it_gets_in_a_run(model, settings):
    inputs, targets = load_iris(return_X_y=True)
    ours = Classifier(model, epochs=None if model in SOLVED else 1, **settings).fit(inputs, targets)
    ours.network_ = Recorded(len(ours.mean_), 3, dtype=torch.float64)
    ours.predict(inputs)
    whole = experiment({"test": "none", **settings}, start=Experiment(model=Model(model)))
    run, _ = prepare_data(whole, (inputs, targets), {})
    given = run.examples["train"].inputs
    np.testing.assert_allclose(ours.network_.asked.numpy(), given.numpy(), rtol=1e-5, atol=1e-6)
    if settings.get("discretise"):
        assert set(np.unique(given.numpy())) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"select": ("correlation=9",)}, "there are 4 inputs"), ({"select": ("corelation=2",)}, "Did you mean"),
     ({"discretise": "equal"}, "discretise = 'equal'"), ({"discretise": "supervised", "intervals": 4}, "--intervals"),
     ({"intervals": 4}, "--intervals")],
)  # fmt: skip
def test_wrong_settings_are_refused_by_name(settings, words):
    inputs, targets = load_iris(return_X_y=True)
    with pytest.raises(LayerwiseError, match=words):
        Classifier("naive-bayes", **settings).fit(inputs, targets)
