"""Rules, neighbours, support vectors, trees, folds and measures: each beside a weaker or broken variant that fails."""

import numpy as np
import pytest
import torch
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

import layerwise as lw
from layerwise.metrics.classification import confusion_matrix, log_loss
from layerwise.metrics.information import mutual_information
from layerwise.metrics.ranking import auc
from layerwise.models import build
from layerwise.tasks.contract import Examples


def accuracy(data, model, *, options=None, folds=5, **settings):
    """Mean accuracy over five folds."""
    found = lw.compare(data, [(model, options or {})], folds=folds, **settings)
    return float(found.scores[0].figures["accuracy"].mean())


def test_a_rule_does_not_move_to_another_quantity_and_a_stump_finds_its_threshold():
    fasting = np.array([78, 85, 92, 97, 104, 110, 118, 124, 131, 140, 162.0, 171])
    ill = fasting > 125
    after_two_hours = fasting + np.where(ill, 95.0, 22.0)
    given, searched = build("threshold", 1, 2, {"feature": 0, "threshold": 125.0}), build("threshold", 1, 2)
    rows, classes = torch.tensor(after_two_hours)[:, None], torch.tensor(ill.astype(int))
    searched.fit(Examples(rows, classes, ()))
    assert (searched(rows).argmax(1) == classes).all()
    # The lecture's 125 mg/dl holds for fasting blood sugar.
    assert (given(torch.tensor(fasting)[:, None]).argmax(1) == classes).all()
    assert (given(rows).argmax(1) != classes).sum() >= 3


def test_neighbours_need_features_of_one_scale():
    assert accuracy("wine", "knn") >= 0.92
    assert accuracy("wine", "knn", scale="none") <= 0.80


def test_a_ring_needs_a_bent_border():
    assert accuracy("rings", "svm", options={"kernel_function": "rbf"}) >= 0.95
    assert accuracy("rings", "svm") <= 0.70


def test_two_questions_tell_what_one_cannot():
    drawn = np.random.default_rng(3).uniform(-1, 1, (300, 2))
    quadrants = (drawn[:, 0] > 0) ^ (drawn[:, 1] > 0)
    assert accuracy((drawn, quadrants), "tree") >= 0.90
    assert accuracy((drawn, quadrants), "threshold") <= 0.65


def test_far_points_pull_least_squares_off_the_border_and_not_logistic_regression():
    near, far = np.arange(20.0), np.arange(60.0, 75.0)
    rows = torch.tensor(np.concatenate([near, far]))[:, None]
    classes = torch.tensor(np.concatenate([near >= 10, np.ones(15)]).astype(int))
    odds, line = build("logistic", 1, 2, {}), build("linear", 1, 1, {})
    odds.fit(Examples(rows, classes, ()))
    line.fit(Examples(rows, classes.double()[:, None], ()))
    assert (odds(rows.float()).argmax(1) == classes).all()
    assert ((line(rows.float())[:, 0] > 0.5) != classes).sum() >= 3


def test_a_line_does_not_bend():
    drawn = np.random.default_rng(7)
    across = drawn.uniform(-1, 1, 200)
    straight, bent = (truth + drawn.normal(0, 0.1, 200) for truth in (2 * across, across**2))

    def explained(target, model, **options):
        found = lw.compare((across[:, None], target), [(model, options)], folds=5, task="regress")
        return float(found.scores[0].figures["r2"].mean())

    assert explained(straight, "linear") >= 0.95
    assert explained(bent, "linear") <= 0.10
    assert explained(bent, "polynomial", degree=2) >= 0.80


def test_folds_keep_equal_rows_together_and_others_see_through_their_own_test():
    drawn = np.random.default_rng(5)
    rows = np.repeat(drawn.normal(size=(100, 6)), 2, axis=0)
    # Nothing is to be learned: every pair of equal rows has a label of its own, by the toss of a coin.
    labels = np.repeat(drawn.permutation(np.repeat([0, 1], 50)), 2)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    assert cross_val_score(KNeighborsClassifier(1), rows, labels, cv=folds).mean() >= 0.85
    assert 0.35 <= accuracy((rows, labels), "knn") <= 0.65


def test_what_accuracy_cannot_see_the_log_loss_and_the_mutual_information_do():
    rain = np.array([1, 0, 0, 1, 0, 1, 0, 0, 1, 0])
    careful = np.array([0.8, 0.3, 0.2, 0.7, 0.4, 0.4, 0.1, 0.3, 0.9, 0.2])
    certain = np.where(careful > 0.5, 0.999, 0.001)
    scores = [np.stack([1 - chance, chance], axis=1) for chance in (careful, certain)]
    assert (scores[0].argmax(1) == scores[1].argmax(1)).all()
    assert log_loss(rain, scores[1]) > 2 * log_loss(rain, scores[0])
    broken = np.repeat([0, 1], [998, 2])
    always_fine = confusion_matrix(broken, np.zeros(1000, dtype=int), 2)
    assert np.trace(always_fine) == 998
    assert mutual_information(always_fine) == 0.0


def one_by_one(positives, scores):
    """The broken way: equal scores are taken in as they stand in the file."""
    order = np.argsort(-scores, kind="stable")
    up = np.append(0, np.cumsum(positives[order])) / positives.sum()
    across = np.append(0, np.cumsum(~positives[order])) / (~positives).sum()
    return float(np.trapezoid(up, across))


def test_the_area_under_the_curve_does_not_depend_on_the_order_of_equal_scores():
    scores = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1])
    positives = np.array([True, True, True, False, False, False])
    turned = np.array([True, False, False, True, True, False])
    assert auc(positives, scores) == auc(turned, scores) == pytest.approx(7 / 9)
    assert one_by_one(positives, scores) == pytest.approx(1.0)
    assert one_by_one(turned, scores) == pytest.approx(5 / 9)
