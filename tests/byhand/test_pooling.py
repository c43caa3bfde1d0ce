import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand import pooling
from layerwise.byhand.convolution import correlate2d

SETTINGS = [
    (kernel, stride, padding, ceil_mode)
    for kernel, stride, padding, ceil_mode in itertools.product(
        (2, 3, (3, 2)), (None, 1, 2, (3, 2)), (0, 1), (False, True)
    )
]


def draw_maps(seed):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(2, 3, int(draw.integers(5, 11)), int(draw.integers(5, 11)))), draw


@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil_mode"), SETTINGS)
def test_max_equals_torch_winners_included(kernel, stride, padding, ceil_mode):
    for seed in range(5):
        x, draw = draw_maps(seed)
        x = x.round(int(seed % 2))  # rounded values tie, and then the first wins
        outputs, winners = pooling.max_pool(x, kernel, stride=stride, padding=padding, ceil_mode=ceil_mode)
        gradient = draw.normal(size=outputs.shape)
        places = {}

        def in_frame(x, places=places):
            value, places["at"] = F.max_pool2d(
                x, kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, return_indices=True
            )
            return value

        value, (slope,) = in_torch(in_frame, (x,), gradient)
        np.testing.assert_array_equal(outputs, value)
        np.testing.assert_array_equal(winners, places["at"].numpy())
        assert_close(pooling.max_pool_backward(gradient, winners, x.shape[2:]), slope)


@pytest.mark.parametrize("count_padding", [True, False])
@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil_mode"), SETTINGS)
def test_average_equals_torch(kernel, stride, padding, ceil_mode, count_padding):
    options = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    for seed in range(5):
        x, draw = draw_maps(seed)
        outputs = pooling.average_pool(x, kernel, **options, count_padding=count_padding)
        gradient = draw.normal(size=outputs.shape)
        value, (slope,) = in_torch(
            lambda x: F.avg_pool2d(x, kernel, **options, count_include_pad=count_padding), (x,), gradient
        )
        assert_close(outputs, value)
        found = pooling.average_pool_backward(gradient, x.shape[2:], kernel, **options, count_padding=count_padding)
        assert_close(found, slope)


@pytest.mark.parametrize("kernel", [2, 3, (3, 2)])
@pytest.mark.parametrize("stride", [None, 1, (3, 2)])
def test_l2_equals_torch(kernel, stride):
    for seed in range(5):
        x, draw = draw_maps(seed)
        outputs = pooling.l2_pool(x, kernel, stride=stride)
        gradient = draw.normal(size=outputs.shape)
        value, (slope,) = in_torch(lambda x: F.lp_pool2d(x, 2, kernel, stride=stride), (x,), gradient)
        assert_close(outputs, value)
        assert_close(pooling.l2_pool_backward(gradient, x, kernel, stride=stride), slope)


@pytest.mark.parametrize(("scale", "power"), [("sum", 0.0), ("mean", 0.5), ("lecture", 1.0)])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_l2_scales_divide_by_the_cells_of_the_window(scale, power, ceil_mode):
    """E05, with incomplete windows: torch's sum of squares and its count of cells, by average pooling of ones."""
    x, draw = draw_maps(11)
    options = {"kernel_size": 3, "stride": 2, "ceil_mode": ceil_mode, "divisor_override": 1}
    cells = F.avg_pool2d(torch.ones(x.shape, dtype=torch.float64), **options)
    outputs = pooling.l2_pool(x, 3, stride=2, ceil_mode=ceil_mode, scale=scale)
    gradient = draw.normal(size=outputs.shape)
    value, (slope,) = in_torch(lambda x: F.avg_pool2d(x**2, **options).sqrt() / cells**power, (x,), gradient)
    assert_close(outputs, value)
    assert_close(pooling.l2_pool_backward(gradient, x, 3, stride=2, ceil_mode=ceil_mode, scale=scale), slope)


def test_l2_of_zeros_has_no_gradient():
    zeros = np.zeros((1, 1, 2, 2))
    assert_close(pooling.l2_pool_backward(np.ones((1, 1, 1, 1)), zeros, 2), zeros)


def test_a_shift_inside_the_window_changes_no_maximum():
    """S25: the maximum moves by a pixel inside its window; max pooling does not notice, convolution does."""
    x = np.zeros((1, 1, 8, 8))
    x[0, 0, 2, 4] = 5.0
    moved = np.roll(x, 1, axis=3)
    np.testing.assert_array_equal(pooling.max_pool(x, 2)[0], pooling.max_pool(moved, 2)[0])
    kernel = np.arange(9.0).reshape(1, 1, 3, 3)
    before, after = correlate2d(x, kernel, padding="same"), correlate2d(moved, kernel, padding="same")
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(np.roll(before, 1, axis=3), after)
    # but a shift across the border of a window is noticed
    assert not np.array_equal(pooling.max_pool(x, 2)[0], pooling.max_pool(np.roll(x, 2, axis=3), 2)[0])


def test_caffe_rounds_up_and_torch_down():
    """S25: 28 x 28 with 3/2 gives 13 rounded down and 14 rounded up."""
    x = np.zeros((1, 1, 28, 28))
    assert pooling.max_pool(x, 3, stride=2)[0].shape[2:] == (13, 13)
    assert pooling.max_pool(x, 3, stride=2, ceil_mode=True)[0].shape[2:] == (14, 14)


def test_wrong_sizes_are_refused():
    x = np.zeros((1, 1, 4, 4))
    with refused("at most half the kernel"):
        pooling.max_pool(x, 2, padding=2)
    with refused("must fit"):
        pooling.average_pool(x, 5)
    with refused("sum, mean, lecture"):
        pooling.l2_pool(x, 2, scale="rms")


def test_float32_stays_float32():
    x = np.ones((1, 1, 4, 4), np.float32)
    for scale in ("sum", "mean", "lecture"):
        assert pooling.l2_pool(x, 2, scale=scale).dtype == np.float32
        assert pooling.l2_pool_backward(x[:, :, :2, :2], x, 2, scale=scale).dtype == np.float32
    assert pooling.average_pool(x, 2).dtype == np.float32
    assert pooling.average_pool_backward(x[:, :, :2, :2], (4, 4), 2).dtype == np.float32
    assert pooling.max_pool(x, 2)[0].dtype == np.float32
