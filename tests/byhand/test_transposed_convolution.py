"""S70 and W05: three forms of one layer, torch in float64, and the bilinear kernel of S68."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand.convolution import correlate2d
from layerwise.byhand.transposed_convolution import (
    bilinear_kernel,
    convolution_matrix,
    interleave_zeros,
    transposed_by_zeros,
    transposed_convolve2d,
    transposed_convolve2d_backward,
    transposed_size,
)

SETTINGS = [
    (stride, padding, extra, dilation, groups)
    for stride, padding, extra, dilation, groups in itertools.product((1, 2, 3), (0, 1, 2), (0, 1), (1, 2), (1, 2))
    if extra < max(stride, dilation)
]
ROW, KERNEL = np.array([[[[7.0, 11.0]]]]), np.array([[[[2.0, 3.0, 5.0]]]])


def test_w05_the_lecture_matrix_and_its_transpose():
    """(0, a, b, c, d, 0) gives (ay + bz, bx + cy + dz); (a, b) gives (ax, ay, az + bx, by, bz, 0)."""
    matrix = convolution_matrix(np.array([2.0, 3.0, 5.0]), 6, stride=2)
    assert (matrix @ np.array([0, 7.0, 11.0, 13.0, 17.0, 0])).tolist() == [76, 146]
    assert (matrix.T @ np.array([7.0, 11.0])).tolist() == [14, 21, 57, 33, 55, 0]


@pytest.mark.parametrize(
    ("padding", "output_padding", "expected"),
    [(0, 0, [14, 21, 57, 33, 55]), (1, 0, [21, 57, 33]), (1, 1, [21, 57, 33, 55])],
)
def test_w05_with_padding(padding, output_padding, expected):
    options = {"stride": (1, 2), "padding": (0, padding), "output_padding": (0, output_padding)}
    assert transposed_convolve2d(ROW, KERNEL, **options).ravel().tolist() == expected
    assert transposed_by_zeros(ROW, KERNEL, **options).ravel().tolist() == expected
    assert transposed_size(2, 3, 2, padding, output_padding=output_padding) == len(expected)


def draw_case(seed, groups):
    draw = np.random.default_rng(seed)
    channels, outputs = groups * int(draw.integers(1, 4)), int(draw.integers(1, 4))
    kernel = tuple(int(size) for size in draw.integers(2, 5, 2))
    size = tuple(int(size) for size in draw.integers(4, 7, 2))
    x = draw.normal(size=(int(draw.integers(1, 4)), channels, *size))
    return x, draw.normal(size=(channels, outputs, *kernel)), draw.normal(size=outputs * groups), draw


@pytest.mark.parametrize(("stride", "padding", "output_padding", "dilation", "groups"), SETTINGS)
def test_forward_and_backward_equal_torch(stride, padding, output_padding, dilation, groups):
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    for seed in range(4):
        x, w, b, draw = draw_case(seed + 100 * stride + 1000 * padding, groups)
        outputs = transposed_convolve2d(x, w, b, output_padding=output_padding, **options)
        gradient = draw.normal(size=outputs.shape)
        value, slopes = in_torch(
            lambda x, w, b: F.conv_transpose2d(x, w, b, output_padding=output_padding, **options), (x, w, b), gradient
        )
        assert_close(outputs, value)
        for found, expected in zip(transposed_convolve2d_backward(gradient, x, w, **options), slopes, strict=True):
            assert_close(found, expected)


@pytest.mark.parametrize("seed", range(40))
def test_adjoint(seed):
    """<conv(x), y> = <x, conv_T(y)> for random strides, paddings, dilations and sizes."""
    draw = np.random.default_rng(seed)
    kernel, channels, maps = draw.integers(1, 5, 2), *draw.integers(1, 4, 2)
    stride, dilation = (tuple(int(each) for each in draw.integers(1, 4, 2)) for _ in range(2))
    padding = tuple(int(draw.integers(0, size)) for size in kernel)
    x = draw.normal(size=(2, channels, *draw.integers(14, 20, 2)))
    w = draw.normal(size=(maps, channels, *kernel))
    forward = correlate2d(x, w, stride=stride, padding=padding, dilation=dilation)
    y = draw.normal(size=forward.shape)
    # several sizes have one convolution; output_padding says by how many cells x is longer than the shortest
    extra = tuple(
        int(n - ((o - 1) * s - 2 * p + d * (m - 1) + 1))
        for n, o, s, p, d, m in zip(x.shape[2:], y.shape[2:], stride, padding, dilation, kernel, strict=True)
    )
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    back = transposed_convolve2d(y, w, output_padding=extra, **options)
    assert abs((forward * y).sum() - (x * back).sum()) <= 1e-12 * np.abs(forward * y).sum()
    # and the gradient of the transpose with respect to its input is the convolution itself
    assert_close(transposed_convolve2d_backward(x, y, w, **options)[0], forward)


@pytest.mark.parametrize(
    ("stride", "padding", "output_padding"), [(1, 0, 0), (1, 1, 0), *itertools.product((2, 3), (0, 1), (0, 1))]
)
def test_equals_zeros_between_and_the_turned_kernel(stride, padding, output_padding):
    x, w, _, _ = draw_case(17 + stride, 1)
    options = {"stride": stride, "padding": padding, "output_padding": output_padding}
    assert_close(transposed_by_zeros(x, w, **options), transposed_convolve2d(x, w, **options))


def test_interleaving_is_undone_by_taking_every_other():
    x = np.random.default_rng(0).normal(size=(1, 2, 3, 4))
    assert interleave_zeros(x, (2, 3)).shape == (1, 2, 5, 10)
    assert np.array_equal(interleave_zeros(x, (2, 3))[:, :, ::2, ::3], x)
    assert interleave_zeros(x, (2, 3)).sum() == pytest.approx(x.sum())


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 8])
def test_bilinear_kernel_equals_interpolation_away_from_the_border(factor):
    """S68: kernel 2f - f % 2, stride f, padding f // 2; the border differs."""
    x = np.random.default_rng(factor).normal(size=(1, 1, 7, 9))
    kernel = bilinear_kernel(factor)
    assert kernel.shape == (2 * factor - factor % 2,) * 2
    found = transposed_convolve2d(x, kernel[None, None], stride=factor, padding=factor // 2)
    expected = F.interpolate(torch.tensor(x), scale_factor=factor, mode="bilinear", align_corners=False).numpy()
    assert found.shape == expected.shape
    inner = (slice(None), slice(None), slice(factor, -factor), slice(factor, -factor))
    assert_close(found[inner], expected[inner])
    assert np.abs(found - expected).max() > 0.01


def test_a_kernel_that_the_stride_does_not_divide_leaves_a_checkerboard():
    """S70: with ones everywhere, 3 x 3 stamps at stride 2 add up to 1, 2 and 4; 4 x 4 stamps to 4 alone."""
    ones = np.ones((1, 1, 5, 5))
    uneven = transposed_convolve2d(ones, np.ones((1, 1, 3, 3)), stride=2)[0, 0, 2:-2, 2:-2]
    even = transposed_convolve2d(ones, np.ones((1, 1, 4, 4)), stride=2)[0, 0, 2:-2, 2:-2]
    assert sorted(set(uneven.ravel())) == [1, 2, 4]
    assert set(even.ravel()) == {4}


def test_what_does_not_fit_is_refused():
    with refused("output_padding must be below"):
        transposed_convolve2d(ROW, KERNEL, stride=2, output_padding=2)
    with refused("must leave something"):
        transposed_convolve2d(ROW, KERNEL, padding=(0, 5))
    with refused("channels a multiple of groups"):
        transposed_convolve2d(ROW, np.ones((2, 1, 1, 3)))
    with refused("kernel must fit"):
        convolution_matrix(np.ones(4), 3)
    with refused("at least 1"):
        bilinear_kernel(0)


def test_float32_stays_float32():
    x, w, b = (np.ones(shape, np.float32) for shape in ((1, 2, 3, 3), (2, 3, 4, 4), (3,)))
    outputs = transposed_convolve2d(x, w, b, stride=2, padding=1)
    assert outputs.dtype == np.float32
    parts = transposed_convolve2d_backward(outputs, x, w, stride=2, padding=1)
    assert {part.dtype for part in parts} == {np.dtype(np.float32)}
