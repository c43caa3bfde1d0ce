"""The tests of differences: against SciPy, against numbers worked out by hand, and by how often they are wrong."""

import numpy as np
import pytest
from scipy import stats

from layerwise.evaluation.paired import adjusted, corrected_interval, corrected_test


def test_without_shared_rows_the_test_is_the_plain_one():
    differences = np.random.default_rng(0).normal(0.3, 1, size=12)
    found = corrected_test(differences, tested=1e-12, learned=1.0)
    plain = stats.ttest_1samp(differences, 0)
    assert found.p == pytest.approx(plain.pvalue, rel=1e-6)
    assert (found.low, found.high) == pytest.approx(tuple(plain.confidence_interval(0.95)), rel=1e-6)


def test_the_correction_is_that_of_the_paper():
    # m = 0.02, s^2 = 0.001 / 4 = 0.00025; (1/5 + 1/9) s^2 = 0.0000777..., its root 0.0088192; t = 2.2678.
    differences = np.array([0.0, 0.01, 0.02, 0.03, 0.04])
    found = corrected_test(differences, tested=10, learned=90)
    assert found.mean == pytest.approx(0.02)
    deviation = (0.00025 * (1 / 5 + 1 / 9)) ** 0.5
    assert found.p == pytest.approx(2 * stats.t.sf(0.02 / deviation, 4))
    assert found.high - found.mean == pytest.approx(2.7764451 * deviation)


def test_equal_figures_differ_in_nothing():
    found = corrected_test(np.zeros(10), tested=1, learned=9)
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)
    same = corrected_test(np.full(10, 0.1) + np.linspace(0, 1e-16, 10), tested=1, learned=9)
    # no difference is certain: ten of one sign, as ten throws of a coin
    assert same.p == pytest.approx(2 * 0.5**10)
    assert same.low == same.high == pytest.approx(0.1)


def folds_of_equal_methods(simulations, rows=100, folds=10, seed=0):
    """Cross-validate, on new data each time, two methods that are alike by symmetry: each sees one of two features."""
    drawn = np.random.default_rng(seed)
    size = rows // folds
    for _ in range(simulations):
        classes = np.tile([0, 1], rows // 2)
        features = drawn.normal(size=(2, rows)) + classes * 1.0
        found = np.zeros(folds)
        for fold in range(folds):
            test = slice(fold * size, (fold + 1) * size)
            train = np.delete(np.arange(rows), test)
            means = np.array([features[:, train[classes[train] == name]].mean(axis=1) for name in (0, 1)])
            answers = np.abs(features[:, test] - means[1][:, None]) < np.abs(features[:, test] - means[0][:, None])
            right = (answers == classes[test]).mean(axis=1)
            found[fold] = right[0] - right[1]
        yield found


def test_of_a_thousand_equal_pairs_few_are_told_apart():
    corrected, plain = 0, 0
    for differences in folds_of_equal_methods(1000):
        corrected += corrected_test(differences, tested=10, learned=90).p < 0.05
        plain += differences.std() > 0 and stats.ttest_1samp(differences, 0).pvalue < 0.05
    assert corrected <= 70
    assert corrected < plain


def test_a_large_difference_is_told():
    differences = 0.1 + np.random.default_rng(0).normal(0, 0.02, size=10)
    assert corrected_test(differences, tested=10, learned=90).p < 0.001


def test_holm_on_numbers_worked_out_by_hand():
    # 5 x 0.01, 4 x 0.02, 3 x 0.03, then never less than before.
    assert adjusted([0.05, 0.01, 0.04, 0.02, 0.03]) == pytest.approx([0.09, 0.05, 0.09, 0.08, 0.09])
    assert adjusted([0.5, 0.9]) == [1.0, 1.0]
    assert adjusted([0.2]) == [0.2]
    assert adjusted([]) == []


def test_the_interval_is_the_same_as_that_of_a_difference_to_nothing():
    values = np.random.default_rng(0).random(10)
    mean, low, high = corrected_interval(values, tested=1, learned=9)
    found = corrected_test(values, tested=1, learned=9)
    assert (mean, low, high) == (found.mean, found.low, found.high)
