import numpy as np
import pytest
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand import linear


@pytest.mark.parametrize("batch", [(5,), (1,), (2, 3)])
@pytest.mark.parametrize(("features", "units"), [(1, 4), (7, 1), (6, 5)])
def test_forward_and_backward_equal_torch(batch, features, units):
    draw = np.random.default_rng(features + units)
    x, w, b = draw.normal(size=(*batch, features)), draw.normal(size=(units, features)), draw.normal(size=units)
    gradient = draw.normal(size=(*batch, units))
    value, slopes = in_torch(F.linear, (x, w, b), gradient)
    assert_close(linear.forward(x, w, b), value)
    for found, expected in zip(linear.backward(gradient, x, w), slopes, strict=True):
        assert_close(found, expected)


def test_no_bias_and_wrong_width():
    x, w = np.ones((2, 3)), np.ones((4, 3))
    assert_close(linear.forward(x, w), np.full((2, 4), 3.0))
    with refused("got 3 and 4"):
        linear.forward(x, w.T)


def test_float32_stays_float32():
    x, w, b = np.ones((2, 3), np.float32), np.ones((4, 3), np.float32), np.ones(4, np.float32)
    assert linear.forward(x, w, b).dtype == np.float32
    assert {part.dtype for part in linear.backward(np.ones((2, 4), np.float32), x, w)} == {np.dtype(np.float32)}
