"""Permutation importance: scikit-learn's figures with its own permutations, and intervals that hold."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.inspection import permutation_importance as peer
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from layerwise.evaluation.importance import mean_with_interval, permutation_importance
from layerwise.evaluation.row_losses import row_losses


def permutations_of_the_peer(rows, repeats, seed):
    """The orders of rows that scikit-learn draws: each shuffles the one before it."""
    first = np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1)
    drawn, places, order, found = np.random.RandomState(first), np.arange(rows), np.arange(rows), []
    for _ in range(repeats):
        drawn.shuffle(places)
        order = order[places]
        found.append(order)
    return np.array(found)


def test_accuracy_falls_as_it_does_in_scikit_learn():
    inputs, targets = load_iris(return_X_y=True)
    tree = DecisionTreeClassifier(random_state=0, max_depth=3).fit(inputs[::2], targets[::2])
    order = permutations_of_the_peer(75, 6, 5)
    theirs = peer(tree, inputs[1::2], targets[1::2], n_repeats=6, random_state=5, scoring="accuracy")
    ours = permutation_importance(
        inputs[1::2], {str(place): [place] for place in range(4)},
        lambda seen: row_losses(targets[1::2], tree.predict_proba(seen)), order,
    )  # fmt: skip
    assert {each.field: each.value for each in ours} == pytest.approx(
        {str(place): value for place, value in enumerate(theirs.importances_mean)}
    )
    assert max(theirs.importances_mean) > 0.2
    assert [each.value for each in ours] == sorted((each.value for each in ours), reverse=True)


def test_r2_falls_as_it_does_in_scikit_learn():
    inputs, targets = load_diabetes(return_X_y=True)
    line = LinearRegression().fit(inputs[:300], targets[:300])
    order = permutations_of_the_peer(142, 4, 1)
    theirs = peer(line, inputs[300:], targets[300:], n_repeats=4, random_state=1, scoring="r2")
    ours = permutation_importance(
        inputs[300:], {str(place): [place] for place in range(10)},
        lambda seen: row_losses(targets[300:, None], line.predict(seen)[:, None]) / targets[300:].var(), order,
    )  # fmt: skip
    assert {each.field: each.value for each in ours} == pytest.approx(
        {str(place): value for place, value in enumerate(theirs.importances_mean)}
    )


def test_the_inputs_of_one_field_move_together():
    codes = np.arange(60) % 3
    inputs = np.eye(3)[codes]
    order = np.stack([np.random.default_rng(seed).permutation(60) for seed in range(20)])
    seen_sums = []

    def losses(seen):
        seen_sums.append(seen.sum(axis=1))
        return (seen.argmax(axis=1) != codes).astype(float)

    (found,) = permutation_importance(inputs, {"colour": [0, 1, 2]}, losses, order)
    assert np.allclose(seen_sums, 1), "a row must keep one colour"
    # A permuted colour is right by chance in a third of the rows.
    assert found.value == pytest.approx(2 / 3, abs=0.05)


def test_the_interval_of_a_mean_is_that_of_students_and_counts_groups():
    from scipy import stats

    values = np.random.default_rng(0).normal(0.3, 1, 50)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_with_interval(values, None, 0.95) == pytest.approx((values.mean(), low, high))
    # Ten copies of each row are no more than the row itself where they are one group.
    copies = np.repeat(values, 10)
    assert mean_with_interval(copies, np.repeat(np.arange(50), 10), 0.95) == pytest.approx((values.mean(), low, high))
    assert mean_with_interval(copies, None, 0.95)[1] > low + 0.1


def test_a_field_that_is_not_used_is_worth_nothing():
    """100 simulated tables: the interval of a field that says nothing, but is used, holds 0 in at least 90."""
    drawn, held = np.random.default_rng(0), 0
    for _ in range(100):
        inputs = drawn.normal(size=(120, 2))
        targets = inputs[:, 0] + drawn.normal(size=120) > 0
        order = np.stack([drawn.permutation(120) for _ in range(5)])
        # It looks at the second field, too, and so errs no less and no more where that is dealt anew.
        found = permutation_importance(
            inputs, {"used": [0], "noise": [1]},
            lambda seen, wanted=targets: ((seen[:, 0] + 0.5 * seen[:, 1] > 0) != wanted).astype(float), order,
        )  # fmt: skip
        noise = next(each for each in found if each.field == "noise")
        held += noise.low <= 0 <= noise.high
        assert found[0].field == "used"
    assert held >= 90
