"""Counts, ROC curve and area by hand: the numbers of scikit-learn, the table of the lecture, ties."""

import numpy as np
import pytest
from sklearn import metrics

from layerwise.byhand import ranking


@pytest.mark.parametrize("seed", range(5))
def test_curve_and_area_are_those_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    positives, scores = generator.random(60) < 0.4, generator.integers(0, 12, 60) / 10
    across, up = ranking.curve(positives, scores)
    wanted = metrics.roc_curve(positives, scores, drop_intermediate=False)
    assert (across, up) == (pytest.approx(wanted[0]), pytest.approx(wanted[1]))
    assert ranking.area(positives, scores) == pytest.approx(metrics.roc_auc_score(positives, scores), abs=1e-12)
    # The area under the curve, trapezium by trapezium, is the share of pairs in the right order.
    assert np.trapezoid(up, across) == pytest.approx(ranking.area(positives, scores), abs=1e-12)
    assert ranking.area(positives, -scores) == pytest.approx(1 - ranking.area(positives, scores), abs=1e-12)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 2.0])
def test_counts_are_laid_out_as_in_the_lecture(threshold):
    positives, scores = np.array([True, True, True, False, False]), np.array([0.9, 0.5, 0.1, 0.5, 0.2])
    table = ranking.counts(positives, scores, threshold)
    # scikit-learn: actual in rows, negative first
    peer = metrics.confusion_matrix(positives, scores >= threshold, labels=[False, True])
    assert table.tolist() == peer[::-1, ::-1].T.tolist()
    assert table[0].sum() == (scores >= threshold).sum()


def test_rates_of_an_absent_class_are_undefined():
    across, up = ranking.rates(np.array([[2, 0], [1, 0]]))
    assert np.isnan(across)
    assert up == pytest.approx(2 / 3)
