"""S01: the lecture's rule, and the stump that an exhaustive search finds."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.tree import DecisionTreeClassifier

from layerwise.models import build
from layerwise.tasks.contract import Examples


def test_the_lectures_rule_needs_nothing_to_learn():
    # Lecture 003: if hungry_blood_sugar > 125mg/dl then diabetes = yes else diabetes = no
    rule = build("threshold", 3, 2, {"feature": 1, "threshold": 125})
    rows = torch.tensor([[900.0, 125.0, 900.0], [0.0, 125.5, 0.0], [0.0, 126.0, 0.0]])
    assert rule(rows).argmax(1).tolist() == [0, 1, 1]
    other = build("threshold", 3, 2, {"feature": 1, "threshold": 125, "direction": "below"})
    assert other(rows).argmax(1).tolist() == [1, 0, 0]
    assert repr(rule) == "Threshold(feature=1, threshold=125)"


def test_a_rule_stands_whatever_the_examples_say_and_counts_how_often_it_was_right():
    rule = build("threshold", 1, 2, {"feature": 0, "threshold": 10.0})
    values = torch.tensor([[1.0], [2.0], [11.0], [12.0], [13.0]])
    rule.fit(Examples(values, torch.tensor([0, 0, 0, 0, 1]), ()))
    assert rule(values).argmax(1).tolist() == [0, 0, 1, 1, 1]
    assert rule.threshold.item() == 10.0
    # below: (2 + 1) / (2 + 2) right; above it was wrong more often than right, so that its answer is a bare half
    np.testing.assert_allclose(rule(values).exp()[[0, 4]], [[0.75, 0.25], [0.5, 0.5]], atol=2e-6)


def exhaustive(rows, targets, weights, classes):
    """Every input, every midpoint, every answer on both sides; the first of the best."""
    best = (np.inf,)
    for feature in range(rows.shape[1]):
        values = sorted(set(rows[:, feature]))
        for low, high in itertools.pairwise(values):
            above = rows[:, feature] > (low + high) / 2
            errors = 0.0
            for side in (above, ~above):
                errors += min(weights[side & (targets != answer)].sum() for answer in range(classes))
            if errors < best[0]:
                best = (errors, feature, (low + high) / 2)
    return best


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("classes", [2, 3])
def test_the_search_finds_what_every_midpoint_tried_finds(seed, classes):
    draw = np.random.default_rng(seed)
    # Few values, so that many thresholds are equally good.
    rows = draw.integers(0, 6, (25, 4)).astype(np.float64)
    targets = draw.integers(0, classes, 25)
    weights = draw.integers(1, 5, 25).astype(np.float64) if seed % 2 else np.ones(25)
    stump = build("threshold", 4, classes)
    given = torch.from_numpy(weights) if seed % 2 else None
    stump.fit(Examples(torch.from_numpy(rows), torch.from_numpy(targets), (), given))
    errors, feature, threshold = exhaustive(rows, targets, weights, classes)
    assert (stump.feature.item(), stump.threshold.item()) == (feature, threshold)
    wrong = stump(torch.from_numpy(rows)).argmax(1).numpy() != targets
    assert weights[wrong].sum() == errors


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
def test_no_stump_of_scikit_learn_makes_fewer_errors(load):
    inputs, targets = load(return_X_y=True)
    classes = int(targets.max()) + 1
    stump = build("threshold", inputs.shape[1], classes)
    stump.fit(Examples(torch.from_numpy(inputs), torch.from_numpy(targets), ()))
    right = (stump(torch.from_numpy(inputs)).argmax(1).numpy() == targets).mean()
    for criterion in ("gini", "entropy"):
        theirs = DecisionTreeClassifier(criterion=criterion, max_depth=1, random_state=0).fit(inputs, targets)
        assert right >= theirs.score(inputs, targets)
    # An impurity is not the number of errors; over all inputs one by one scikit-learn comes to the same.
    best = max(
        DecisionTreeClassifier(max_depth=1).fit(inputs[:, [place]], targets).score(inputs[:, [place]], targets)
        for place in range(inputs.shape[1])
    )
    assert right == pytest.approx(best, abs=0.01)


def test_neighbours_among_the_floats_are_parted():
    # The half between these two is rounded up to the upper one.
    low = np.nextafter(1.0, 2)
    high = np.nextafter(low, 2)
    assert low + (high - low) / 2 == high
    stump = build("threshold", 1, 2)
    rows = torch.tensor([[low], [high]], dtype=torch.float64)
    stump.fit(Examples(rows, torch.tensor([0, 1]), ()))
    assert stump(rows).argmax(1).tolist() == [0, 1]
