"""Mutual information and KL against scikit-learn, SciPy and their limits."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from layerwise.errors import LayerwiseError
from layerwise.metrics import kl_divergence, mutual_information


def test_mutual_information_equals_scikit_learn() -> None:
    counts = np.random.default_rng(0).integers(0, 9, size=(4, 6))
    expected = mutual_info_score(None, None, contingency=counts)
    assert mutual_information(counts) == pytest.approx(expected, abs=1e-12)
    assert mutual_information(counts, unit="bits") == pytest.approx(expected / np.log(2), abs=1e-12)


def test_mutual_information_of_a_copy_is_the_entropy_and_of_independence_zero() -> None:
    assert mutual_information(np.eye(8), unit="bits") == pytest.approx(3.0, abs=1e-15)
    assert mutual_information(np.outer([1, 2, 3], [4, 5])) == pytest.approx(0.0, abs=1e-15)


def test_kl_equals_scipy() -> None:
    p, q = np.random.default_rng(1).dirichlet(np.ones(6), size=2)
    assert kl_divergence(p, q) == pytest.approx(entropy(p, q), abs=1e-12)
    assert kl_divergence(p, q, unit="bits") == pytest.approx(entropy(p, q, base=2), abs=1e-12)


def test_kl_at_its_limits() -> None:
    p = np.array([0.5, 0.5, 0.0])
    assert kl_divergence(p, p) == 0.0
    assert kl_divergence(p, np.array([1.0, 0.0, 0.0])) == np.inf
    assert kl_divergence(np.array([1.0, 0.0, 0.0]), p) == pytest.approx(np.log(2), abs=1e-15)


def test_what_is_no_distribution_is_refused() -> None:
    with pytest.raises(LayerwiseError, match="sum to 1"):
        kl_divergence(np.array([0.5, 0.6]), np.array([0.5, 0.5]))
    with pytest.raises(LayerwiseError, match="same shape"):
        kl_divergence(np.array([0.5, 0.5]), np.array([1.0]))
    with pytest.raises(LayerwiseError, match="smallest count -1"):
        mutual_information(np.array([[1, -1]]))
    with pytest.raises(LayerwiseError, match="bits"):
        mutual_information(np.eye(2), unit="bit")  # type: ignore[arg-type]
