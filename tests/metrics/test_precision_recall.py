"""Precision-recall and gain curves: against scikit-learn, by counting, and at their limits."""

import numpy as np
import pytest
import sklearn.metrics as oracle

from layerwise.errors import LayerwiseError
from layerwise.metrics import average_precision, gain_curve, lift, precision_recall_curve


@pytest.mark.parametrize("digits", [8, 1, 0])  # 0: nearly everything is tied
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_curve_and_its_mean_equal_scikit_learn(digits: int, share: float) -> None:
    generator = np.random.default_rng(digits)
    positives = generator.random(300) < share
    scores = (generator.normal(size=300) + positives).round(digits)
    curve = precision_recall_curve(positives, scores)
    precision, recall, thresholds = oracle.precision_recall_curve(positives, scores, drop_intermediate=False)
    # scikit-learn goes the other way and adds the point (0, 1)
    assert curve.thresholds == pytest.approx(thresholds[::-1], abs=0)
    assert curve.precision == pytest.approx(precision[:-1][::-1], abs=1e-15)
    assert curve.recall == pytest.approx(recall[:-1][::-1], abs=1e-15)
    assert average_precision(positives, scores) == pytest.approx(
        oracle.average_precision_score(positives, scores), abs=1e-14
    )


def test_scores_that_are_all_equal_find_the_share_of_positives() -> None:
    positives = np.arange(10) < 3
    assert average_precision(positives, np.ones(10)) == 0.3
    assert lift(positives, np.ones(10), 0.1) == pytest.approx(1.0, abs=1e-15)


def test_the_order_of_tied_items_changes_nothing() -> None:
    positives, scores = np.array([True, False, False, True, False]), np.array([0.5, 0.5, 0.5, 0.5, 0.1])
    for order in ([0, 1, 2, 3, 4], [1, 2, 0, 3, 4], [4, 3, 2, 1, 0]):
        assert average_precision(positives[order], scores[order]) == 0.5


def test_without_positives_nothing_is_a_number() -> None:
    none, scores = np.zeros(4, dtype=bool), np.arange(4.0)
    assert np.isnan(average_precision(none, scores))
    assert np.isnan(lift(none, scores, 0.5))


def test_gain_and_lift_are_counted() -> None:
    generator = np.random.default_rng(3)
    scores = generator.permutation(200) / 200
    positives = generator.random(200) < scores
    curve = gain_curve(positives, scores)
    for share in (0.1, 0.25, 1.0):
        looked_at = np.argsort(-scores)[: int(200 * share)]
        found = positives[looked_at].sum() / positives.sum()
        assert curve.found[np.isclose(curve.taken, share)] == pytest.approx([found], abs=1e-15)
        assert lift(positives, scores, share) == pytest.approx(found / share, abs=1e-12)


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(LayerwiseError, match="1 of 2 items are not finite"):
        average_precision(np.array([True, False]), np.array([np.nan, 0.0]))
    with pytest.raises(LayerwiseError, match="2 targets and 3 predictions"):
        precision_recall_curve(np.array([True, False]), np.zeros(3))
