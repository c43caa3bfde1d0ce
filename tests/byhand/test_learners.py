"""Neighbours, support vectors and the way through a tree, by hand and by scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from layerwise.byhand import neighbours, support_vectors, trees

ROWS, CLASSES = load_iris(return_X_y=True)
ASKED = ROWS[::7] + 0.05


def test_distances_and_neighbours_are_those_of_scikit_learn():
    found, places = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(ROWS).kneighbors(ASKED)
    for row, wanted, near in zip(ASKED, found, places, strict=True):
        assert np.sort(neighbours.distances(row, ROWS))[:5] == pytest.approx(wanted, abs=1e-7)
        assert neighbours.distances(row, ROWS[near]) == pytest.approx(wanted, abs=1e-7)


def test_the_votes_of_the_nearest_are_the_answer_of_scikit_learn():
    peer = KNeighborsClassifier(5, algorithm="brute").fit(ROWS, CLASSES)
    for row, shares in zip(ASKED, peer.predict_proba(ASKED), strict=True):
        near = neighbours.nearest(row, ROWS, 5)
        voted = neighbours.votes(np.ones(5), CLASSES[near], 3)
        assert voted.sum() == 5
        assert voted.argmax() == shares.argmax()


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"kernel": "linear"}, {}),
        ({"kernel": "rbf", "gamma": 0.4}, {"function": "rbf", "gamma": 0.4}),
        (
            {"kernel": "poly", "gamma": 0.2, "degree": 2, "coef0": 1.5},
            {"function": "polynomial", "gamma": 0.2, "degree": 2, "offset": 1.5},
        ),
    ],
)
def test_the_decision_between_two_classes_is_that_of_scikit_learn(options, settings):
    two = CLASSES > 0
    rows, labels = ROWS[two], CLASSES[two]
    peer = SVC(C=1.0, **options).fit(rows, labels)
    own = [
        float(support_vectors.decision(row, peer.support_vectors_, peer.dual_coef_[0], peer.intercept_[0], **settings))
        for row in rows
    ]
    assert own == pytest.approx(peer.decision_function(rows).tolist(), abs=1e-9)


def test_the_way_through_a_tree_is_that_of_scikit_learn():
    peer = DecisionTreeClassifier(random_state=0).fit(ROWS, CLASSES)
    grown = peer.tree_
    nodes = np.arange(grown.node_count)
    sides = (grown.children_left, grown.children_right)
    # scikit-learn's own type of whole numbers has another name than int64.
    left, right = (np.where(side < 0, nodes, side).astype(np.int64) for side in sides)
    asked = ASKED.astype(np.float32)
    for row, leaf, passed in zip(asked, peer.apply(asked), peer.decision_path(asked).toarray(), strict=True):
        path = trees.walk(row.astype(np.float64), grown.feature.astype(np.int64), grown.threshold, left, right)
        assert path[-1] == leaf
        assert sorted(path) == np.flatnonzero(passed).tolist()
