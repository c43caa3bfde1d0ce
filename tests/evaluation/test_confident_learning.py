"""Confident learning: against cleanlab, the software of the paper's authors, and against the definition by hand."""

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_normalized_margin_for_each_label

from layerwise.errors import LayerwiseError
from layerwise.evaluation.confident_learning import confident_joint, doubted_labels, doubted_targets, margins


def noisy(seed, items=600, classes=5, share=0.1):
    """Class probabilities around the true classes, and labels of which a share is wrong."""
    chance = np.random.default_rng(seed)
    truths = chance.integers(0, classes, items)
    scores = chance.normal(size=(items, classes)) + 2.5 * np.eye(classes)[truths]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    labels = np.where(chance.random(items) < share, chance.integers(0, classes, items), truths)
    labels[:classes] = np.arange(classes)
    return labels, probabilities


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_as_the_authors_software(seed, classes):
    labels, probabilities = noisy(seed, classes=classes)
    theirs = compute_confident_joint(labels, probabilities, calibrate=False)
    assert confident_joint(labels, probabilities).tolist() == theirs.tolist()
    # The margin of cleanlab is ours from -1..1 brought to 0..1.
    scaled = get_normalized_margin_for_each_label(labels, probabilities)
    assert np.allclose((margins(labels, probabilities) + 1) / 2, scaled, atol=1e-12)
    issues = find_label_issues(
        labels, probabilities, filter_by="confident_learning", return_indices_ranked_by="normalized_margin", n_jobs=1
    )
    found = doubted_labels(labels, probabilities)
    assert len(issues) > 10
    assert found.order[: found.doubted.sum()].tolist() == issues.tolist()


def test_the_definition_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    first = np.array([0.9, 0.8, 0.6, 0.1, 0.2, 0.3, 0.4, 0.95])
    probabilities = np.column_stack([first, 1 - first])
    # t_0 = (.9 + .8 + .6 + .1) / 4 = .6;  t_1 = (.8 + .7 + .6 + .05) / 4 = .5375
    # labelled 0: .9 .8 .6 reach t_0, the fourth reaches t_1 with .9; labelled 1: .8 .7 .6 reach t_1, the last t_0
    assert confident_joint(labels, probabilities).tolist() == [[3, 1], [1, 3]]
    found = doubted_labels(labels, probabilities)
    # margins: .1 - .9 = -.8 and .05 - .95 = -.9
    assert found.order[:2].tolist() == [7, 3]
    assert np.flatnonzero(found.doubted).tolist() == [3, 7]
    assert found.instead[[3, 7]].tolist() == [1, 0]
    assert np.allclose(found.margins[[3, 7]], [-0.8, -0.9])


def test_a_learner_that_knows_nothing_doubts_nothing():
    labels = np.array([0, 1, 0, 1])
    assert not doubted_labels(labels, np.full((4, 2), 0.5)).doubted.any()


def test_a_class_without_labels_is_nobodys():
    labels, probabilities = noisy(0, classes=3)
    wider = np.column_stack([probabilities * 0.5, np.full(len(labels), 0.5)])
    assert confident_joint(labels, wider)[:, 3].sum() == 0


def test_what_does_not_fit_is_refused():
    with pytest.raises(LayerwiseError, match="same items"):
        doubted_labels(np.array([0]), np.ones((2, 2)) / 2)
    with pytest.raises(LayerwiseError, match="between 0 and 1"):
        doubted_labels(np.array([0, 2]), np.ones((2, 2)) / 2)
    with pytest.raises(LayerwiseError, match="finite"):
        doubted_labels(np.array([0, 1]), np.full((2, 2), np.nan))


def test_targets_that_were_moved_are_unusual_and_few_others():
    chance = np.random.default_rng(0)
    expected = chance.normal(size=2000)
    targets = expected + 0.1 * chance.normal(size=2000)
    targets[[5, 70, 900]] += [3.0, -2.0, 1.0]
    found = doubted_targets(targets, expected)
    assert found.order[:3].tolist() == [5, 70, 900]
    assert np.flatnonzero(found.doubted).tolist() == [5, 70, 900]
    # z = r / spread: the error of 3 is 30 times the true spread of 0.1
    assert found.scores[5] == pytest.approx(30, rel=0.1)


def test_normal_errors_are_called_unusual_in_one_of_twenty_data_sets():
    chance = np.random.default_rng(1)
    alarms = sum(doubted_targets(chance.normal(size=300), np.zeros(300)).doubted.any() for _ in range(400))
    # Binomial(400, 0.05): 20 expected, at most 34 with chance 0.999; the estimated spread adds a little.
    assert 4 <= alarms <= 40


def test_predictions_that_are_exact_leave_nothing_unusual():
    targets = np.arange(100.0)
    assert not doubted_targets(targets, targets + 1e-12 * np.random.default_rng(0).normal(size=100)).doubted.any()
