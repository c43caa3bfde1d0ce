"""Every measure of a classifier against scikit-learn, and by hand where something is undefined."""

import warnings

import numpy as np
import pytest
import sklearn.metrics as oracle

from layerwise.errors import LayerwiseError
from layerwise.metrics import (
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    error_rate,
    f1_per_class,
    log_loss,
    macro_f1,
    negative_log_likelihoods,
    precision_per_class,
    recall_per_class,
    sensitivity,
    specificity,
)
from layerwise.metrics.margins import kappa, margins_of


@pytest.mark.parametrize(("classes", "items", "seed"), [(2, 40, 0), (3, 50, 1), (10, 400, 2), (10, 12, 3)])
def test_every_measure_equals_scikit_learn(classes: int, items: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    targets = generator.integers(classes, size=items)
    predictions = np.where(generator.random(items) < 0.6, targets, generator.integers(classes, size=items))
    matrix = confusion_matrix(targets, predictions, classes)
    labels = np.arange(classes)
    np.testing.assert_array_equal(matrix, oracle.confusion_matrix(targets, predictions, labels=labels))
    assert accuracy(matrix) == pytest.approx(oracle.accuracy_score(targets, predictions), abs=1e-12)
    assert error_rate(matrix) == pytest.approx(oracle.zero_one_loss(targets, predictions), abs=1e-12)
    assert cohen_kappa(matrix) == pytest.approx(oracle.cohen_kappa_score(targets, predictions), abs=1e-12)
    with warnings.catch_warnings():
        # it warns of a class that occurs in the predictions only, which is ignored by both of us
        warnings.simplefilter("ignore")
        expected = oracle.balanced_accuracy_score(targets, predictions)
    assert balanced_accuracy(matrix) == pytest.approx(expected, abs=1e-12)
    present = np.union1d(targets, predictions)
    assert macro_f1(matrix) == pytest.approx(
        oracle.f1_score(targets, predictions, labels=present, average="macro"), abs=1e-12
    )
    per_class = oracle.precision_recall_fscore_support(targets, predictions, labels=labels, zero_division=np.nan)
    found = (precision_per_class(matrix), recall_per_class(matrix), f1_per_class(matrix))
    for ours, theirs in zip(found, per_class[:3], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_what_is_undefined_is_never_a_silent_zero() -> None:
    matrix = np.array([[3, 1, 0, 0], [0, 0, 0, 2], [0, 0, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(precision_per_class(matrix), [1.0, 0.0, np.nan, 0.0])
    np.testing.assert_array_equal(recall_per_class(matrix), [0.75, 0.0, np.nan, np.nan])
    # class 2 neither occurs nor is predicted; class 3 is predicted wrongly and counts as 0
    np.testing.assert_allclose(f1_per_class(matrix), [6 / 7, 0.0, np.nan, 0.0], atol=1e-15)
    assert balanced_accuracy(matrix) == 0.375
    assert macro_f1(matrix) == pytest.approx(2 / 7, abs=1e-15)
    assert np.isnan(cohen_kappa(np.array([[7, 0], [0, 0]])))
    assert np.isnan(accuracy(np.zeros((2, 2))))


def test_measures_of_a_stack_equal_those_of_each_matrix() -> None:
    stack = np.random.default_rng(4).integers(0, 20, size=(6, 4, 4))
    np.testing.assert_array_equal(kappa(margins_of(stack)), [cohen_kappa(matrix) for matrix in stack])


def test_sensitivity_and_specificity_follow_the_named_positive_class() -> None:
    # 45 true negatives, 15 false positives, 5 false negatives, 35 true positives
    matrix = np.array([[45, 15], [5, 35]])
    assert (sensitivity(matrix, positive=1), specificity(matrix, positive=1)) == (35 / 40, 45 / 60)
    assert (sensitivity(matrix, positive=0), specificity(matrix, positive=0)) == (45 / 60, 35 / 40)


@pytest.mark.parametrize(("shape", "positive"), [((3, 3), 1), ((2, 2), 2)])
def test_sensitivity_refuses_what_has_no_positive_class(shape: tuple[int, int], positive: int) -> None:
    with pytest.raises(LayerwiseError, match="two classes"):
        specificity(np.ones(shape, dtype=int), positive=positive)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_log_loss_equals_scikit_learn(precision: type) -> None:
    generator = np.random.default_rng(5)
    probabilities = generator.dirichlet(np.ones(5), size=200).astype(precision)
    targets = generator.integers(5, size=200)
    tolerance = 1e-12 if precision is np.float64 else 1e-6
    expected = oracle.log_loss(targets, probabilities, labels=np.arange(5))
    assert log_loss(targets, probabilities) == pytest.approx(expected, abs=tolerance)
    assert negative_log_likelihoods(targets, probabilities).dtype == np.float64


def test_log_loss_is_infinite_where_the_truth_was_ruled_out() -> None:
    assert log_loss(np.array([1]), np.array([[1.0, 0.0]])) == np.inf
    assert log_loss(np.array([0]), np.array([[1.0, 0.0]])) == 0.0


@pytest.mark.parametrize("row", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [3.0, -1.0]])
def test_log_loss_refuses_rows_that_are_no_distribution(row: list[float]) -> None:
    with pytest.raises(LayerwiseError, match="softmax"):
        log_loss(np.array([0, 0]), np.array([[0.5, 0.5], row]))


def test_impossible_arrays_are_refused_with_what_was_found() -> None:
    with pytest.raises(LayerwiseError, match="3 targets and 2 predictions"):
        confusion_matrix(np.array([0, 1, 0]), np.array([0, 1]), 2)
    with pytest.raises(LayerwiseError, match="at least one item"):
        confusion_matrix(np.array([], dtype=int), np.array([], dtype=int), 2)
    with pytest.raises(LayerwiseError, match="2 at item 1"):
        confusion_matrix(np.array([0, 1]), np.array([0, 2]), 2)
    with pytest.raises(LayerwiseError, match="-1 at item 0"):
        confusion_matrix(np.array([-1, 1]), np.array([0, 1]), 2)
