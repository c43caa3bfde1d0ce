"""scikit-learn's own checks of estimators, for every learner of the catalogue that takes tables."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from layerwise.catalog import entries
from layerwise.estimators import Classifier, Regressor, spread, usual_scale
from layerwise.models import build
from layerwise.tasks.contract import ClosedForm

OTHERS = {"cnn", "lenet5", "hog-svm", "polynomial"}
"""Learners that take pictures alone, or tables of one column."""

WHOLE = {"epochs": 30, "batch_size": 1000, "learning_rate": 0.05}
"""Few updates on whole batches: a check holds weights against repeated rows, which only whole batches make equal."""

SETTINGS = {
    "64-2-3": {"epochs": 150, "batch_size": 1000, "learning_rate": 0.5, "options": {"hidden_units": 8}},
    "sigmoid-unit": {"epochs": 150, "batch_size": 1000, "learning_rate": 5.0},
    # Its weights begin near zero for 784 pixels; two columns need larger ones.
    "dbn": {"epochs": 200, "batch_size": 1000, "learning_rate": 1.0,
            "options": {"weight_deviation": 0.5, "hidden": (16,), "pretraining_epochs": 5}},
}  # fmt: skip
"""Of those that need others than WHOLE."""

EXPECTED = {
    "svm": {"check_sample_weight_equivalence_on_dense_data":
            "probabilities come from folds, in which repeated rows lie elsewhere than rows of weight 2; "
            "scikit-learn's own SVC is excused for the same"},
    "dbn": {"check_sample_weight_equivalence_on_dense_data":
            "its pre-training draws states at random for each row, other ones for a row that stands twice"},
    "switched-logistic": {"check_fit2d_1feature": "its switches divide the columns into groups: one column makes none"},
}  # fmt: skip
"""Checks that cannot hold, and why."""

LONG = {"64-2-3", "sigmoid-unit", "dbn", "mlp", "boosting", "perceptron", "switched-logistic"}
"""Learners whose checks take more than a second and a half; those of mlp run quickly in `test_estimators.py`."""


def learners(task):
    known = {name for name, part in entries("model").items() if task in part.facts["task"].split()}
    return sorted(known - OTHERS)


CASES = [
    pytest.param(kind, name, id=f"{kind.__name__}-{name}", marks=[pytest.mark.long] if name in LONG else [])
    for kind, task in ((Classifier, "classify"), (Regressor, "regress"))
    for name in learners(task)
]


def test_no_learner_of_tables_is_left_out():
    assert {"logistic", "mlp", "knn", "svm", "tree", "boosting", "naive-bayes", "threshold", "perceptron"} <= set(
        learners("classify")
    )
    assert {"linear", "mlp", "tree", "boosting"} <= set(learners("regress"))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_learner_passes_the_checks_of_scikit_learn(kind, name):
    solved = isinstance(build(name, 2, 2), ClosedForm)
    estimator = kind(name, **({} if solved else SETTINGS.get(name, WHOLE)))
    results = check_estimator(estimator, on_skip=None, expected_failed_checks=EXPECTED.get(name, {}))
    assert {one["check_name"] for one in results if one["status"] == "skipped"} <= {"check_array_api_input"}
    # A check that is excused and holds all the same has no business in the list.
    assert {one["check_name"] for one in results if one["status"] == "xfail"} == set(EXPECTED.get(name, {}))
    assert len(results) > 50


@pytest.mark.parametrize("name", ["majority", "threshold"])
def test_only_the_simplest_rules_are_excused_from_learning_well(name):
    assert Classifier(name).__sklearn_tags__().classifier_tags.poor_score
    assert not Classifier("tree").__sklearn_tags__().classifier_tags.poor_score
    assert Regressor("mean").__sklearn_tags__().regressor_tags.poor_score
    assert not Regressor("linear").__sklearn_tags__().regressor_tags.poor_score


GRIDS = {
    "svm": {"classifier__options": [{"kernel_function": "linear"}, {"kernel_function": "rbf"}]},
    "mlp": {"classifier__options": [{"hidden": (8,)}], "classifier__learning_rate": [0.01, 0.05]},
}


@pytest.mark.parametrize("name", GRIDS)
def test_pipelines_folds_and_searches(name):
    inputs, targets = load_iris(return_X_y=True)
    settings = {"epochs": 15} if name == "mlp" else {}
    chain = make_pipeline(MinMaxScaler(), Classifier(name, **settings))
    search = GridSearchCV(chain, GRIDS[name], cv=3).fit(inputs, targets)
    assert len(search.cv_results_["params"]) == 2
    assert search.best_score_ > 0.85
    assert cross_val_score(search.best_estimator_, inputs, targets, cv=3).mean() > 0.85
    assert is_classifier(search.best_estimator_[-1])


def test_a_machine_of_support_vectors_answers_as_scikit_learn_does():
    inputs, targets = load_iris(return_X_y=True)
    ours = Classifier("svm", options={"calibration_folds": 0}).fit(inputs[::2], targets[::2]).predict(inputs[1::2])
    scaled = (inputs - inputs[::2].mean(axis=0)) / inputs[::2].std(axis=0)
    theirs = SVC(kernel="linear").fit(scaled[::2], targets[::2]).predict(scaled[1::2])
    assert (ours == theirs).all()


def test_regressors_stand_in_folds_too():
    inputs, targets = load_diabetes(return_X_y=True)
    assert cross_val_score(Regressor("tree"), inputs, targets, cv=3).shape == (3,)
    assert cross_val_score(Regressor("linear"), inputs, targets, cv=3).mean() > 0.4


def test_inputs_are_scaled_as_the_catalogue_asks():
    values = np.array([[1.0, 5.0], [3.0, 5.0]])
    assert [usual_scale(Classifier(name)) for name in ("dbn", "threshold", "knn")] == ["min-max", "none", "auto"]
    assert [part.tolist() for part in spread(values, None, "min-max")] == [[1, 5], [2, 1]]
    assert [part.tolist() for part in spread(values, None, "none")] == [[0, 0], [1, 1]]
    assert [part.tolist() for part in spread(values, None)] == [[2, 5], [1, 1]]
    # The threshold is one of the units of the table.
    rows = np.array([[100.0], [120.0], [130.0], [150.0]])
    rule = Classifier("threshold").fit(rows, [0, 0, 1, 1])
    assert rule.predict([[124.0], [126.0]]).tolist() == [0, 1]
    assert rule.deviation_.tolist() == [1]
