"""Figures of folds by hand: scikit-learn's scores, and the corrected error of Nadeau and Bengio."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import PredefinedSplit, cross_val_score
from sklearn.tree import DecisionTreeClassifier

from layerwise.byhand import cross_validation
from layerwise.evaluation.paired import corrected_interval


def test_fold_means_are_the_scores_of_scikit_learn():
    rows, classes = load_iris(return_X_y=True)
    folds = np.random.default_rng(0).permutation(np.arange(150) % 7)
    right = np.empty(150)
    for number in range(7):
        test = folds == number
        tree = DecisionTreeClassifier(random_state=0).fit(rows[~test], classes[~test])
        right[test] = tree.predict(rows[test]) == classes[test]
    wanted = cross_val_score(DecisionTreeClassifier(random_state=0), rows, classes, cv=PredefinedSplit(folds))
    assert cross_validation.fold_means(folds, right) == pytest.approx(wanted)


def test_the_corrected_error_is_that_of_the_interval():
    figures = np.random.default_rng(1).normal(0.8, 0.1, 20)
    mean, low, high = corrected_interval(figures, tested=10.0, learned=90.0)
    half = cross_validation.corrected_error(figures, tested=10.0, learned=90.0) * 2.0930240544
    assert (mean - low, high - mean) == (pytest.approx(half), pytest.approx(half))
