"""Naive Bayes against scikit-learn's and against the equation written out."""

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.naive_bayes import GaussianNB

from layerwise.models import build
from layerwise.tasks.contract import Examples


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer, load_digits])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [1e-9, 0.01])
def test_probabilities_are_scikit_learns(load, weighted, smoothing):
    inputs, targets = load(return_X_y=True)
    weights = np.random.default_rng(0).uniform(0.1, 2, len(targets)) if weighted else None
    classes = int(targets.max()) + 1
    model = build("naive-bayes", inputs.shape[1], classes, {"variance_smoothing": smoothing})
    given = None if weights is None else torch.from_numpy(weights)
    model.fit(Examples(torch.from_numpy(inputs), torch.from_numpy(targets), (), given))
    theirs = GaussianNB(var_smoothing=smoothing).fit(inputs, targets, weights)
    found = model(torch.from_numpy(inputs))
    np.testing.assert_allclose(found.exp(), theirs.predict_proba(inputs), atol=1e-9)
    assert found.argmax(1).tolist() == theirs.predict(inputs).tolist()


def test_two_classes_by_hand():
    model = build("naive-bayes", 1, 2, {"variance_smoothing": 0.0})
    model.fit(Examples(torch.tensor([[-1.0], [1.0], [2.0], [6.0], [7.0], [3.0]]), torch.tensor([0, 0, 1, 1, 1, 1]), ()))

    # class 0: share 1/3, mean 0, variance 1; class 1: share 2/3, mean 4.5, variance 17/4
    def density(x, mean, variance):
        return math.exp(-((x - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)

    first, second = density(1.5, 0, 1) / 3, 2 * density(1.5, 4.5, 17 / 4) / 3
    assert model(torch.tensor([[1.5]])).exp()[0, 0].item() == pytest.approx(first / (first + second), abs=1e-12)


def test_a_row_of_each_class_and_no_smoothing_goes_to_the_nearest_without_infinities():
    model = build("naive-bayes", 2, 2, {"variance_smoothing": 0.0})
    model.fit(Examples(torch.tensor([[0.0, 1.0], [4.0, 1.0]]), torch.tensor([0, 1]), ()))
    found = model(torch.tensor([[1.0, 1.0], [3.0, 1.0], [100.0, -50.0]]))
    assert found.argmax(1).tolist() == [0, 1, 1]
    assert torch.isfinite(found).all()
