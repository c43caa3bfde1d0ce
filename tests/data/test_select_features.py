"""Inputs are selected: scikit-learn's thresholds and counts, information by hand, wrong input."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.feature_selection import (
    SelectFromModel,
    SelectKBest,
    VarianceThreshold,
    f_classif,
    f_regression,
    mutual_info_classif,
    r_regression,
)
from sklearn.metrics import mutual_info_score
from sklearn.preprocessing import StandardScaler

from layerwise.byhand.information import mutual_information
from layerwise.config import Preprocess
from layerwise.data.fitted_words import fitted_lines
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.open import open_source
from layerwise.data.preprocess import Preprocessing, fit
from layerwise.data.select_features import information
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError


def table(inputs, target):
    return open_source((inputs, target))


def chosen(fitted):
    return list(fitted.selection.keep)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 5.0, 150.0])
def test_variance_is_that_of_the_field_itself_and_the_threshold_that_of_scikit_learn(threshold):
    wine = load_wine()
    inputs = np.column_stack([wine.data, np.full(len(wine.data), 0.1)])
    fitted = fit(table(inputs, wine.target), np.arange(0, 178, 2), Preprocess(select=(f"variance={threshold}",)))
    peer = VarianceThreshold(threshold).fit(inputs[::2])
    assert chosen(fitted) == peer.get_support(indices=True).tolist()
    np.testing.assert_allclose(fitted.selection.passes[0].scores, [*inputs[::2, :13].var(axis=0), 0], rtol=1e-12)
    whole = table(inputs, wine.target)
    np.testing.assert_allclose(
        fitted.apply(whole),
        StandardScaler().fit(inputs[::2]).transform(inputs)[:, chosen(fitted)], rtol=1e-5, atol=1e-5,
    )  # fmt: skip


def test_information_of_names_is_counted_as_by_hand_less_its_mean_under_chance():
    generator = np.random.default_rng(0)
    x, y = generator.integers(0, 6, 200), generator.integers(0, 3, 200)
    found = information(np.column_stack([x, y]).astype(float), y)
    assert found[0] == pytest.approx(mutual_information(x, y) - 5 * 2 / 400, abs=1e-12)
    assert found[1] == pytest.approx(mutual_info_score(y, y) - 2 * 2 / 400, abs=1e-12)


def test_information_of_noise_is_zero_on_average_whatever_the_number_of_groups():
    generator = np.random.default_rng(1)
    classes = generator.integers(0, 3, 300)
    amounts, halves = generator.normal(size=(300, 400)), generator.integers(0, 2, (300, 400)).astype(float)
    for inputs in (amounts, halves):
        found = information(inputs, classes)
        assert abs(found.mean()) < 4 * found.std() / 20
    # the broken variant without the second term puts ten groups above two, whatever they hold
    assert information(amounts, classes).mean() + 9 * 2 / 600 > 5 * (information(halves, classes).mean() + 2 / 600)


def test_information_of_a_number_comes_near_the_truth():
    # I = ln 2 where the classes do not overlap; of two normal classes one standard deviation apart, the integral below.
    generator = np.random.default_rng(2)
    classes = np.arange(20_000) % 2
    inputs = np.column_stack([classes + generator.uniform(0, 1, 20_000), classes + generator.normal(size=20_000)])
    found = information(inputs, classes)
    grid = np.linspace(-8, 9, 20_001)
    one, other = (np.exp(-((grid - mean) ** 2) / 2) / np.sqrt(2 * np.pi) for mean in (0, 1))
    both = (one + other) / 2
    truth = (0.5 * one * np.log(one / both) + 0.5 * other * np.log(other / both)).sum() * (grid[1] - grid[0])
    assert found[0] == pytest.approx(np.log(2), abs=1e-3)
    # ten groups lose a little of a smooth number
    assert truth * 0.93 < found[1] < truth * 1.02


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_number_that_is_nearly_always_the_same_is_not_taken_for_constant(share):
    generator = np.random.default_rng(3)
    rare = generator.random(3000) < 0.01
    values = np.where(rare, generator.uniform(0.1, 1, 3000), 0.0)
    inputs = values if share < 0.5 else 1 - values
    told = information(inputs[:, None], (rare ^ (generator.random(3000) < 0.001)).astype(np.int64))[0]
    assert told > 0.03


def test_the_best_inputs_are_nearly_those_of_the_nearest_neighbour_estimate():
    # Another estimator of the same quantity, by neighbours (Ross 2014): 20 of 30 inputs, at most two others.
    cancer = load_breast_cancer()
    fitted = fit(table(*load_breast_cancer(return_X_y=True)), np.arange(569), Preprocess(
        select=("mutual-information=20",)))  # fmt: skip
    peer = SelectKBest(lambda x, y: mutual_info_classif(x, y, random_state=0), k=20).fit(cancer.data, cancer.target)
    assert len(set(chosen(fitted)) - set(peer.get_support(indices=True).tolist())) <= 2


@pytest.mark.parametrize(("load", "measure"), [(load_wine, f_classif), (load_breast_cancer, f_classif),
                                               (load_diabetes, f_regression)])  # fmt: skip
@pytest.mark.parametrize("kept", [1, 4, 9])
def test_correlation_keeps_what_the_f_test_of_scikit_learn_keeps(load, measure, kept):
    inputs, target = load(return_X_y=True)
    fitted = fit(table(inputs, target), np.arange(0, len(inputs), 2), Preprocess(select=(f"correlation={kept}",)))
    peer = SelectKBest(measure, k=kept).fit(inputs[::2], target[::2])
    assert chosen(fitted) == peer.get_support(indices=True).tolist()
    if measure is f_regression:
        expected = np.abs(r_regression(inputs[::2], target[::2]))
    else:
        # F = (eta^2 / (c - 1)) / ((1 - eta^2) / (n - c))
        rows, classes = len(inputs[::2]), len(np.unique(target))
        expected = np.sqrt(1 / (1 + (rows - classes) / (peer.scores_ * (classes - 1))))
    np.testing.assert_allclose(fitted.selection.passes[0].scores, expected, rtol=1e-9)


@pytest.mark.parametrize(("load", "grow"), [(load_wine, ExtraTreesClassifier), (load_diabetes, ExtraTreesRegressor)])
def test_a_model_chooses_as_in_scikit_learn(load, grow):
    inputs, target = load(return_X_y=True)
    fitted = fit(table(inputs, target), np.arange(100), Preprocess(select=("model=4",)))
    scaled = StandardScaler().fit_transform(inputs[:100])
    peer = SelectFromModel(
        grow(100, max_features="sqrt", random_state=0), max_features=4, threshold=-np.inf
    ).fit(scaled, target[:100])  # fmt: skip
    assert chosen(fitted) == peer.get_support(indices=True).tolist()


def test_a_list_is_applied_in_its_order_and_says_what_it_did():
    inputs, target = load_wine(return_X_y=True)
    methods = ("variance=0.1", "mutual-information=5", "model=2")
    fitted = fit(table(inputs, target), np.arange(178), Preprocess(select=methods))
    first, second, third = fitted.selection.passes
    assert len(first.places) == 13
    assert len(second.places) == (inputs.var(axis=0) > 0.1).sum()
    assert len(third.places) == 5
    assert len(fitted.names) == fitted.input_shape == 2
    assert set(fitted.selection.keep) <= set(third.places) <= set(second.places)
    lines = fitted_lines(fitted)
    assert lines[1].startswith(f"--select mutual-information=5 keeps 5 of {len(second.places)} inputs: column ")
    # the other way round the number of inputs decides first
    turned = fit(table(inputs, target), np.arange(178), Preprocess(select=("model=2", "variance=0.1")))
    assert len(turned.names) <= 2


def test_selection_reaches_single_names_intervals_and_words():
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 3, 90)
    target = Categories((codes == 1).astype(np.int64), ("no", "yes"))
    columns = {
        "colour": Categories(codes, ("red", "green", "blue")), "n": Numbers(generator.normal(size=90)),
        "say": Texts(["grün ist es" if code == 1 else "etwas anderes" for code in codes]), "y": target,
    }  # fmt: skip
    fields = tuple(Field(name, "target" if name == "y" else "input") for name in columns)
    whole = Source("t", "memory", fields, columns)
    settings = Preprocess(select=("mutual-information=4",), texts="tf-idf", tokens="words", text_ngrams=(1, 1))
    fitted = fit(whole, np.arange(90), settings)
    assert fitted.names[0] == "colour=green"
    assert set(fitted.names[1:]) < {f'say "{word}"' for word in ("grün", "ist", "es", "etwas", "anderes")}
    # a field of which nothing was kept need not be in new data
    without = Source("t", "memory", fields[:1] + fields[2:3], {name: columns[name] for name in ("colour", "say")})
    assert fitted.apply(without).tolist() == fitted.apply(whole).tolist()
    again = Preprocessing.from_json(json.loads(json.dumps(fitted.to_json())))
    assert again == fitted
    assert again.apply(whole).tobytes() == fitted.apply(whole).tobytes()


@pytest.mark.parametrize("method", ["variance=0.5", "correlation=3", "mutual-information=3", "model=3"])
def test_a_huge_test_row_moves_no_score_by_a_bit(method):
    """System S05, second check."""
    generator = np.random.default_rng(5)
    inputs, target = generator.normal(size=(60, 8)), np.arange(60) % 2
    huge = np.where(np.arange(60)[:, None] >= 50, 1e30, inputs)
    settings, training = Preprocess(select=(method,)), np.arange(50)
    steps = json.dumps(fit(table(inputs, target), training, settings).to_json())
    assert json.dumps(fit(table(huge, target), training, settings).to_json()) == steps
    swapped = np.where(np.arange(60) >= 50, 1 - target, target)
    assert json.dumps(fit(table(inputs, swapped), training, settings).to_json()) == steps
    assert json.dumps(fit(table(huge, target), np.arange(60), settings).to_json()) != steps


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("mutual-information=9", "mutual-information=9, and there are 8 inputs"),
        ("model=99", "model=99, and there are 8 inputs"),
        ("mutual-informations=2", "Did you mean 'mutual-information'"),
        ("chi2=2", "Valid names: variance, correlation, mutual-information, model"),
        ("mutual-information", r"mutual-information=... takes 1, 2, 3"), ("model=0", "takes 1, 2, 3"),
        ("model=2.5", "takes 1, 2, 3"), ("variance=-1", r"variance=... takes 0"), ("variance=nan", "takes 0"),
        ("variance=1e9", "no input has a variance above 1e\\+09"), ("", "Valid names"),
    ],
)  # fmt: skip
def test_a_wrong_selection_is_refused_with_the_nearest_right_one(method, words):
    inputs = np.random.default_rng(0).normal(size=(20, 8))
    with pytest.raises(LayerwiseError, match=words) as caught:
        fit(table(inputs, np.arange(20) % 2), np.arange(20), Preprocess(select=(method,)))
    assert caught.value.exit_code == 2


def test_there_must_be_a_target_to_ask_and_a_table_to_select_from():
    inputs = np.random.default_rng(0).normal(size=(20, 4))
    with pytest.raises(LayerwiseError, match="there is no target"):
        fit(open_source(inputs), np.arange(20), Preprocess(select=("model=2",)))
    assert len(fit(open_source(inputs), np.arange(20), Preprocess(select=("variance=0",))).names) == 4
    pictures = open_source((np.zeros((20, 4, 4), np.uint8), np.arange(20) % 2))
    with pytest.raises(LayerwiseError, match="--select: the inputs are pictures"):
        fit(pictures, np.arange(20), Preprocess(select=("variance=0",)))
