"""Networks as scikit-learn estimators: its own checks, pipelines, searches, weights and honest seeds."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from layerwise.errors import LayerwiseError
from layerwise.estimators import Classifier, Regressor, spread

IRIS = load_iris(return_X_y=True)
QUICK = {"epochs": 30, "batch_size": 1000, "learning_rate": 0.05}


@pytest.mark.parametrize("estimator", [Classifier("mlp", **QUICK), Regressor("mlp", **QUICK)], ids=["class", "number"])
def test_an_estimator_passes_every_check_of_scikit_learn(estimator):
    # Few updates on whole batches, for speed; the check of weights against repeated rows needs whole batches.
    results = check_estimator(estimator, on_skip=None)
    skipped = {result["check_name"] for result in results if result["status"] == "skipped"}
    assert skipped <= {"check_array_api_input"}
    assert len(results) > 50
    assert any(result["check_name"] == "check_sample_weight_equivalence_on_dense_data" for result in results)


def test_classes_keep_their_own_names():
    inputs, targets = IRIS
    names = np.array(["setosa", "versicolor", "virginica"])[targets]
    model = Classifier("mlp", epochs=20, learning_rate=0.01).fit(inputs, names)
    assert set(model.predict(inputs)) <= set(names)
    assert model.score(inputs, names) > 0.9
    np.testing.assert_allclose(model.predict_proba(inputs).sum(1), 1)


def test_it_works_in_a_pipeline_and_a_search():
    inputs, targets = IRIS
    chain = make_pipeline(StandardScaler(), Classifier("mlp", epochs=10, learning_rate=0.01))
    search = GridSearchCV(
        chain, {"classifier__options": [{"hidden": (4,)}, {"hidden": (16,)}], "classifier__learning_rate": [0.01]}, cv=3
    )
    assert search.fit(inputs, targets).best_score_ > 0.8
    assert search.best_params_["classifier__options"]["hidden"] in ((4,), (16,))


def test_a_regressor_learns_in_the_units_of_its_target():
    inputs, targets = load_diabetes(return_X_y=True)
    scores = cross_val_score(Regressor("mlp", epochs=10, options={"hidden": (10,)}), inputs, targets, cv=3)
    assert scores.mean() > 0.3
    shifted = Regressor("mlp", epochs=10, options={"hidden": (10,)}).fit(inputs, 1000 + 5 * targets).predict(inputs)
    plain = Regressor("mlp", epochs=10, options={"hidden": (10,)}).fit(inputs, targets).predict(inputs)
    np.testing.assert_allclose(shifted, 1000 + 5 * plain, rtol=1e-4)


@pytest.mark.parametrize("name", ["knn", "logistic", "majority", "perceptron"])
def test_other_networks_of_the_catalogue_fit_too(name):
    inputs, targets = IRIS
    model = Classifier(name, epochs=None if name != "perceptron" else 20).fit(inputs, targets)
    assert model.score(inputs, targets) >= (1 / 3 if name == "majority" else 0.85)


def test_the_same_seed_repeats_and_another_differs():
    inputs, targets = IRIS
    first, again, other = (
        Classifier("mlp", epochs=3, random_state=seed).fit(inputs, targets).predict_proba(inputs) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_seed_that_is_no_number_is_refused():
    with pytest.raises(LayerwiseError, match="random_state = None"):
        Classifier("mlp", random_state=None).fit(*IRIS)


def test_numpys_whole_numbers_are_settings():
    inputs = IRIS[0]
    plain, numpy = (
        Classifier("mlp", epochs=number(1), learning_rate=0.01, random_state=number(3)).fit(*IRIS).predict_proba(inputs)
        for number in (int, np.int64)
    )
    assert np.array_equal(plain, numpy)


def test_an_unknown_network_option_or_rule_is_refused_with_the_nearest():
    for wrong in (
        Classifier("mpl"), Classifier("mlp", options={"hiden": (3,)}), Classifier("mlp", optimizer="adan"),
        Classifier("mlp", epochs=-1),
    ):  # fmt: skip
        with pytest.raises(LayerwiseError):
            wrong.fit(*IRIS)


def test_float32_rows_are_answered_in_float32_arithmetic():
    inputs, targets = IRIS
    model = Classifier("mlp", epochs=2).fit(inputs.astype(np.float32), targets)
    assert next(model.network_.parameters()).dtype.is_floating_point
    assert str(next(model.network_.parameters()).dtype) == "torch.float32"
    assert str(next(Classifier("mlp", epochs=2).fit(inputs, targets).network_.parameters()).dtype) == "torch.float64"


def test_a_constant_column_is_no_trouble():
    inputs, targets = IRIS
    constant = np.column_stack([inputs, np.full(len(inputs), 0.1)])
    model = Classifier("mlp", epochs=5).fit(constant, targets)
    moved = constant.copy()
    moved[:, 4] = 0.2
    assert np.isfinite(model.predict_proba(moved)).all()
    mean, deviation = spread(constant, None)
    assert (mean[4], deviation[4]) == (0.1, 1.0)


def test_weights_that_are_all_zero_are_refused():
    with pytest.raises(ValueError, match=r"(?i)sample weights"):
        Classifier("mlp", **QUICK).fit(*IRIS, sample_weight=np.zeros(150))


def test_clones_have_the_same_settings():
    model = Classifier("lenet5", options={"form": "modern"}, epochs=3, weight_decay=0.1, random_state=4)
    assert clone(model).get_params() == model.get_params()
