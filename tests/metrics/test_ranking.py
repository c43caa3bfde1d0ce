"""ROC and AUC against every pair counted one by one, and against scikit-learn."""

from fractions import Fraction

import numpy as np
import pytest
import sklearn.metrics as oracle

from layerwise.errors import LayerwiseError
from layerwise.metrics import auc, one_vs_rest_auc, roc_curve


def some_scores(seed: int, *, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positives and scores on a few levels, so that many are tied."""
    generator = np.random.default_rng(seed)
    positives = generator.random(150) < 0.3
    return positives, generator.integers(levels, size=150) / levels + 0.3 * positives.astype(np.float64)


@pytest.mark.parametrize(("seed", "levels"), [(0, 3), (1, 10), (2, 100_000)])
def test_auc_equals_all_pairs_counted_one_by_one(seed: int, levels: int) -> None:
    positives, scores = some_scores(seed, levels=levels)
    total = Fraction(0)
    for chosen in scores[positives]:
        for other in scores[~positives]:
            total += Fraction(int(chosen > other)) + Fraction(int(chosen == other), 2)
    pairs = int(positives.sum()) * int((~positives).sum())
    assert auc(positives, scores) == float(total / pairs)
    assert auc(positives, scores) == pytest.approx(oracle.roc_auc_score(positives, scores), abs=1e-12)


@pytest.mark.parametrize(("seed", "levels"), [(0, 3), (1, 10), (2, 100_000)])
def test_roc_curve_equals_scikit_learn_point_by_point(seed: int, levels: int) -> None:
    positives, scores = some_scores(seed, levels=levels)
    curve = roc_curve(positives, scores)
    false_rate, true_rate, thresholds = oracle.roc_curve(positives, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, false_rate, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.true_positive_rate, true_rate, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
    assert auc(positives, scores) == pytest.approx(area, abs=1e-12)


def test_tied_scores_move_diagonally_as_one_step() -> None:
    curve = roc_curve(np.array([True, False, True, False]), np.ones(4))
    assert (curve.false_positive_rate.tolist(), curve.true_positive_rate.tolist()) == ([0.0, 1.0], [0.0, 1.0])
    assert auc(np.array([True, False, True, False]), np.ones(4)) == 0.5


def test_inverting_the_scores_mirrors_the_area() -> None:
    positives, scores = some_scores(3, levels=7)
    assert auc(positives, -scores) == pytest.approx(1 - auc(positives, scores), abs=1e-15)
    assert auc(~positives, scores) == pytest.approx(1 - auc(positives, scores), abs=1e-15)


def test_one_class_only_has_no_area() -> None:
    assert np.isnan(auc(np.array([True, True]), np.array([0.1, 0.2])))
    curve = roc_curve(np.array([True, True]), np.array([0.1, 0.2]))
    assert np.isnan(curve.false_positive_rate[1:]).all()
    assert curve.true_positive_rate.tolist() == [0.0, 0.5, 1.0]


def test_one_against_the_rest_equals_scikit_learn() -> None:
    generator = np.random.default_rng(6)
    targets = generator.integers(4, size=120)
    scores = generator.dirichlet(np.ones(4), size=120)
    expected = oracle.roc_auc_score(targets, scores, multi_class="ovr", average=None)
    np.testing.assert_allclose(one_vs_rest_auc(targets, scores), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(broken: float) -> None:
    with pytest.raises(LayerwiseError, match="first is item 1"):
        auc(np.array([True, False]), np.array([0.0, broken]))
