"""S69: the three ways of unpooling, each against torch and against the transposed convolution that it is."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand.pooling import max_pool
from layerwise.byhand.transposed_convolution import transposed_convolve2d
from layerwise.byhand.unpooling import (
    max_unpool,
    max_unpool_backward,
    nails_unpool,
    nails_unpool_backward,
    nearest_unpool,
    nearest_unpool_backward,
)


def drawn(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("factor", [2, 3])
def test_nearest_is_a_transposed_convolution_with_ones(factor):
    x = drawn((2, 1, 3, 4))
    outputs = nearest_unpool(x, factor)
    assert np.array_equal(outputs, transposed_convolve2d(x, np.ones((1, 1, factor, factor)), stride=factor))
    gradient = drawn(outputs.shape, 1)
    value, (slope,) = in_torch(lambda x: F.interpolate(x, scale_factor=factor, mode="nearest"), (x,), gradient)
    assert np.array_equal(outputs, value)
    assert_close(nearest_unpool_backward(gradient, factor), slope)


@pytest.mark.parametrize("factor", [2, 3])
def test_a_bed_of_nails_is_a_transposed_convolution_with_one_nail(factor):
    """The kernel is [[1, 0], [0, 0]] for windows of 2 x 2."""
    x, nail = drawn((2, 1, 3, 4)), np.zeros((1, 1, factor, factor))
    nail[0, 0, 0, 0] = 1
    outputs = nails_unpool(x, factor)
    assert np.array_equal(outputs, transposed_convolve2d(x, nail, stride=factor))
    gradient = drawn(outputs.shape, 1)
    value, slopes = in_torch(lambda x, w: F.conv_transpose2d(x, w, stride=factor), (x, nail), gradient)
    assert np.array_equal(outputs, value)
    assert np.array_equal(nails_unpool_backward(gradient, factor), slopes[0])


@pytest.mark.parametrize("size", [(6, 8), (7, 9)])
def test_max_unpooling_keeps_the_maxima_and_nothing_else(size):
    x = drawn((2, 3, *size))
    pooled, winners = max_pool(x, 2)
    outputs = max_unpool(pooled, winners, size)
    gradient = drawn(outputs.shape, 1)

    def there_and_back(pooled):
        return F.max_unpool2d(pooled, F.max_pool2d(torch.tensor(x), 2, return_indices=True)[1], 2, output_size=size)

    value, (slope,) = in_torch(there_and_back, (pooled,), gradient)
    assert np.array_equal(outputs, value)
    assert np.array_equal(max_unpool_backward(gradient, winners), slope)
    kept = outputs != 0
    assert np.array_equal(outputs[kept], x[kept])
    assert kept.sum() == pooled.size


def test_pooling_what_was_unpooled_returns_the_pooled_map():
    """True of values that are not negative: a negative maximum loses to the zeros around it."""
    x = np.abs(drawn((1, 2, 8, 8)))
    pooled, winners = max_pool(x, 2)
    assert np.array_equal(max_pool(max_unpool(pooled, winners, (8, 8)), 2)[0], pooled)
    below, places = max_pool(-x, 2)
    assert np.array_equal(max_pool(max_unpool(below, places, (8, 8)), 2)[0], np.zeros_like(below))


def test_winners_of_another_layer_are_refused():
    pooled, winners = max_pool(drawn((1, 1, 8, 8)), 2)
    with refused("inside the map"):
        max_unpool(pooled, winners, (4, 4))
    with refused("inside the map"):
        max_unpool(pooled[:, :, :2], winners, (8, 8))
