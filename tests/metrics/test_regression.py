"""Measures of predicted numbers against scikit-learn and the lecture's equation."""

import numpy as np
import pytest
import sklearn.metrics as oracle

from layerwise.errors import LayerwiseError
from layerwise.metrics import half_squared_error, mae, mse, r2, rmse


@pytest.mark.parametrize("shape", [(80,), (80, 1), (80, 3)])
def test_every_measure_equals_scikit_learn(shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    targets = generator.normal(5, 2, size=shape)
    predictions = targets + generator.normal(size=shape)
    assert mse(targets, predictions) == pytest.approx(oracle.mean_squared_error(targets, predictions), abs=1e-12)
    assert mae(targets, predictions) == pytest.approx(oracle.mean_absolute_error(targets, predictions), abs=1e-12)
    assert r2(targets, predictions) == pytest.approx(oracle.r2_score(targets, predictions), abs=1e-12)
    # scikit-learn averages the roots of the outputs, the lecture takes the root of the mean
    assert rmse(targets, predictions) ** 2 == pytest.approx(mse(targets, predictions), abs=1e-12)
    if shape == (80,):
        expected = oracle.root_mean_squared_error(targets, predictions)
        assert rmse(targets, predictions) == pytest.approx(expected, abs=1e-12)


def test_half_squared_error_of_one_item_is_the_lectures() -> None:
    # 1/2 ((1 - 0.5)^2 + (0 - 1)^2 + (2 - 2)^2) = 0.625
    assert half_squared_error(np.array([[1.0, 0.0, 2.0]]), np.array([[0.5, 1.0, 2.0]])) == 0.625
    # and over two items its mean: (0.5 * 4 + 0.5 * 16) / 2
    assert half_squared_error(np.array([2.0, 0.0]), np.array([0.0, 4.0])) == 5.0


def test_r2_of_the_mean_is_zero_and_of_constant_targets_undefined() -> None:
    targets = np.array([0.1, 0.2, 0.6])
    assert r2(targets, np.full(3, targets.mean())) == pytest.approx(0, abs=1e-15)
    # 0.1 three times has a mean that is not exactly 0.1
    assert np.isnan(r2(np.full(3, 0.1), targets))


def test_float32_is_measured_in_float64() -> None:
    targets = np.full(1000, 1e4, dtype=np.float32)
    assert mse(targets, targets + np.float32(0.5)) == 0.25


def test_shapes_that_would_broadcast_are_refused() -> None:
    with pytest.raises(LayerwiseError, match="same shape"):
        mse(np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(LayerwiseError, match="1 of 3 items are not finite, the first is item 2"):
        mae(np.zeros(3), np.array([0.0, 1.0, np.nan]))
