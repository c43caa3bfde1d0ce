"""S07: mutual information and Kullback-Leibler divergence by hand, and Fayyad and Irani's cuts by their definition."""

import math

import numpy as np
import pytest
from scipy.stats import entropy as kullback_leibler
from sklearn.datasets import load_iris
from sklearn.metrics import mutual_info_score

from layerwise.byhand.information import cut_points, kl_divergence, least_gain, mutual_information
from layerwise.byhand.trees import information_gain


def drawn(seed, size=60):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 4, size), generator.integers(0, 3, size)


@pytest.mark.parametrize("seed", range(4))
def test_mutual_information_is_that_of_scikit_learn_and_the_gain_of_a_question(seed):
    x, y = drawn(seed)
    assert mutual_information(x, y) == pytest.approx(mutual_info_score(x, y), abs=1e-12)
    assert mutual_information(x, y, base=2.0) == pytest.approx(information_gain(x, y), abs=1e-12)
    assert mutual_information(x, y) == pytest.approx(mutual_information(y, x), abs=1e-12)


def test_a_noisy_channel():
    # Cover and Thomas 2006, section 7.1.4: a binary symmetric channel carries 1 - H(p) bits; here p = 1/4
    sent, received = np.array([0] * 4 + [1] * 4), np.array([0, 0, 0, 1, 1, 1, 1, 0])
    assert mutual_information(sent, received, base=2.0) == pytest.approx(1 - 0.8112781, abs=1e-7)


def test_divergence_is_that_of_scipy_and_of_the_book():
    p, q = np.array([0.5, 0.5]), np.array([0.75, 0.25])
    # Cover and Thomas 2006, example 2.3.1 with r = 1/2, s = 1/4
    assert kl_divergence(p, q, base=2.0) == pytest.approx(0.2075, abs=5e-5)
    assert kl_divergence(q, p, base=2.0) == pytest.approx(0.1887, abs=5e-5)
    for seed in range(3):
        one, other = np.random.default_rng(seed).dirichlet(np.ones(5), size=2)
        assert kl_divergence(one, other) == pytest.approx(kullback_leibler(one, other), abs=1e-12)
        assert kl_divergence(one, one) == 0
    assert kl_divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == math.inf


def test_information_is_the_divergence_from_independence():
    x, y = drawn(7)
    joint = np.array([[((x == i) & (y == j)).mean() for j in range(3)] for i in range(4)])
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    assert mutual_information(x, y) == pytest.approx(kl_divergence(joint.ravel(), apart.ravel()), abs=1e-12)


def test_what_a_cut_must_gain_by_hand():
    # n = 4, k = 2, both sides pure: (log2 3 + log2(3^2 - 2) - 2 * 1) / 4 = (1.58496 + 2.80735 - 2) / 4
    assert least_gain(np.array(["a", "a"]), np.array(["b", "b"])) == pytest.approx(0.598079, abs=1e-6)
    # a mixed side costs its entropy: below {a, b}, above {b, b}: H(all) = 0.811278, H(below) = 1
    # (1.58496 + 2.80735 - (2 * 0.811278 - 2 * 1 - 1 * 0)) / 4
    assert least_gain(np.array(["a", "b"]), np.array(["b", "b"])) == pytest.approx(1.192440, abs=1e-6)


PUBLISHED = {
    "sepal length": [5.55, 6.15], "sepal width": [2.95, 3.35], "petal length": [2.45, 4.75], "petal width": [0.8, 1.75],
}  # fmt: skip
"""WEKA's filter supervised.attribute.Discretize on its iris.arff: '(-inf-2.45]', '(2.45-4.75]', '(4.75-inf)' ..."""


def test_the_cuts_of_iris_are_those_that_weka_prints():
    iris = load_iris()
    found = [cut_points(values, iris.target) for values in iris.data.T]
    np.testing.assert_allclose(np.array(found), np.array(list(PUBLISHED.values())), atol=1e-12)


def test_labels_that_have_nothing_to_do_with_a_number_are_not_worth_a_cut():
    generator = np.random.default_rng(0)
    assert cut_points(generator.normal(size=80), generator.integers(0, 2, 80)) == []
    assert cut_points(np.ones(5), np.array([0, 1, 0, 1, 1])) == []
