import itertools
import time

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import signal

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand.convolution import convolve2d, convolve2d_backward, correlate2d, correlate2d_backward

SETTINGS = list(itertools.product((1, 2, 3), (0, 1, 2), (1, 2), (1, 2)))


def draw_case(seed, groups):
    draw = np.random.default_rng(seed)
    channels, outputs = groups * int(draw.integers(1, 4)), groups * int(draw.integers(1, 4))
    kernel = tuple(int(size) for size in draw.integers(1, 4, 2))
    size = tuple(int(size) for size in draw.integers(6, 11, 2))
    x = draw.normal(size=(int(draw.integers(1, 4)), channels, *size))
    return x, draw.normal(size=(outputs, channels // groups, *kernel)), draw.normal(size=outputs), draw


@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), SETTINGS)
def test_forward_and_backward_equal_torch(stride, padding, dilation, groups):
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    for seed in range(6):
        x, w, b, draw = draw_case(seed + 100 * stride + 1000 * padding, groups)
        outputs = correlate2d(x, w, b, **options)
        gradient = draw.normal(size=outputs.shape)
        value, slopes = in_torch(lambda x, w, b: F.conv2d(x, w, b, **options), (x, w, b), gradient)
        assert_close(outputs, value)
        for found, expected in zip(correlate2d_backward(gradient, x, w, **options), slopes, strict=True):
            assert_close(found, expected)


@pytest.mark.parametrize("groups", [1, 2])
def test_unequal_pairs_and_the_rotated_kernel_equal_torch(groups):
    options = {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2), "groups": groups}
    for seed in range(10):
        x, w, b, draw = draw_case(seed, groups)
        outputs = convolve2d(x, w, b, **options)
        gradient = draw.normal(size=outputs.shape)
        value, slopes = in_torch(lambda x, w, b: F.conv2d(x, w.flip(2, 3), b, **options), (x, w, b), gradient)
        assert_close(outputs, value)
        for found, expected in zip(convolve2d_backward(gradient, x, w, **options), slopes, strict=True):
            assert_close(found, expected)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_modes_equal_scipy(mode):
    draw = np.random.default_rng(3)
    x, w = draw.normal(size=(7, 9)), draw.normal(size=(3, 5))
    assert_close(convolve2d(x[None, None], w[None, None], padding=mode)[0, 0], signal.convolve2d(x, w, mode))
    assert_close(correlate2d(x[None, None], w[None, None], padding=mode)[0, 0], signal.correlate2d(x, w, mode))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("kernel", [(1, 2), (3, 4), (5, 2)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_equals_torch_same(kernel, dilation):
    draw = np.random.default_rng(4)
    x, w = draw.normal(size=(2, 3, 11, 12)), draw.normal(size=(2, 3, *kernel))
    expected = F.conv2d(torch.tensor(x), torch.tensor(w), padding="same", dilation=dilation).numpy()
    assert_close(correlate2d(x, w, padding="same", dilation=dilation), expected)


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("size", [9, 10, 11])
def test_strided_same_equals_padding_first(stride, size):
    """S23: TensorFlow's rule, the odd cell at the end; torch refuses it, so pad and convolve."""
    draw = np.random.default_rng(5)
    x, w = draw.normal(size=(1, 2, size, size)), draw.normal(size=(3, 2, 4, 4))
    total = max((-(-size // stride) - 1) * stride + 4 - size, 0)
    sides = (total // 2, total - total // 2)
    gradient = draw.normal(size=(1, 3, -(-size // stride), -(-size // stride)))
    value, slopes = in_torch(lambda x, w: F.conv2d(F.pad(x, sides * 2), w, stride=stride), (x, w), gradient)
    assert_close(correlate2d(x, w, stride=stride, padding="same"), value)
    found = correlate2d_backward(gradient, x, w, stride=stride, padding="same")
    assert_close(found[0], slopes[0])
    assert_close(found[1], slopes[1])


def test_one_dense_pass_equals_every_crop():
    """S22: a stack of valid convolutions run on each crop gives the cells of one pass over the whole image."""
    draw = np.random.default_rng(6)
    x, first, second = (draw.normal(size=size) for size in ((1, 1, 9, 9), (4, 1, 3, 3), (2, 4, 3, 3)))
    dense = correlate2d(np.maximum(correlate2d(x, first), 0), second)
    for i, j in itertools.product(range(5), range(5)):
        crop = x[:, :, i : i + 5, j : j + 5]
        assert_close(correlate2d(np.maximum(correlate2d(crop, first), 0), second)[0, :, 0, 0], dense[0, :, i, j])


@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (3, 2, 3, 3), (4, 1, 3, 3)])
def test_weights_of_another_shape_are_refused(shape):
    with refused("multiple of groups"):
        correlate2d(np.ones((1, 4, 5, 5)), np.ones(shape), groups=2)


def test_float32_stays_float32():
    x, w, b = (np.ones(shape, np.float32) for shape in ((1, 2, 5, 5), (3, 2, 3, 3), (3,)))
    outputs = correlate2d(x, w, b, padding=1)
    assert outputs.dtype == np.float32
    assert {part.dtype for part in correlate2d_backward(outputs, x, w, padding=1)} == {np.dtype(np.float32)}


def test_lenet_sized_step_takes_well_under_a_second():
    draw = np.random.default_rng(7)
    layers = [((64, 1, 32, 32), (6, 1, 5, 5)), ((64, 6, 14, 14), (16, 6, 5, 5)), ((64, 16, 5, 5), (120, 16, 5, 5))]
    began = time.perf_counter()
    for inputs, weight in layers:
        x, w = draw.normal(size=inputs), draw.normal(size=weight)
        correlate2d_backward(correlate2d(x, w), x, w)
    assert time.perf_counter() - began < 2
