import numpy as np
import pytest
from scipy import signal

from byhand.oracle import assert_close, refused
from layerwise.byhand.convolution import convolve2d, correlate2d
from layerwise.byhand.padding import output_size
from layerwise.byhand.sliding_window import convolve1d, convolve_image, correlate_image, window_at


@pytest.mark.parametrize("length", [5, 8, 12])
@pytest.mark.parametrize("cells", [1, 2, 3, 5])
def test_convolve1d_is_the_sum_over_all_indices(length, cells):
    draw = np.random.default_rng(length * 10 + cells)
    x, w = draw.normal(size=length), draw.normal(size=cells)
    assert_close(convolve1d(x, w), np.convolve(x, w, "full"))
    assert_close(convolve1d(x, w, padding="valid"), np.convolve(x, w, "valid"))
    if cells % 2:
        assert_close(convolve1d(x, w, padding="same"), np.convolve(x, w, "same"))
    # y[i] = sum_k x[i - k] w[k] with zeros outside, for every stride
    full = [sum(x[i - k] * w[k] for k in range(cells) if 0 <= i - k < length) for i in range(length + cells - 1)]
    for stride in (1, 2, 3):
        assert_close(convolve1d(x, w, stride=stride), np.array(full[::stride]))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("image", "kernel"), [((6, 9), (3, 5)), ((5, 5), (1, 3)), ((7, 4), (3, 3))])
def test_images_equal_scipy(mode, image, kernel):
    draw = np.random.default_rng(0)
    x, w = draw.normal(size=image), draw.normal(size=kernel)
    assert_close(convolve_image(x, w, padding=mode), signal.convolve2d(x, w, mode))
    assert_close(correlate_image(x, w, padding=mode), signal.correlate2d(x, w, mode))


@pytest.mark.parametrize("stride", [1, 2, (1, 3)])
@pytest.mark.parametrize("padding", [0, 1, (0, 2), "same", "full"])
def test_loops_equal_the_layer_and_each_window_is_shown(stride, padding):
    draw = np.random.default_rng(1)
    x, w = draw.normal(size=(6, 8)), draw.normal(size=(3, 2))
    plain = correlate_image(x, w, stride=stride, padding=padding)
    assert_close(plain, correlate2d(x[None, None], w[None, None], stride=stride, padding=padding)[0, 0])
    rotated = convolve_image(x, w, stride=stride, padding=padding)
    assert_close(rotated, convolve2d(x[None, None], w[None, None], stride=stride, padding=padding)[0, 0])
    for (i, j), value in np.ndenumerate(plain):
        window = window_at(x, w.shape, i, j, stride=stride, padding=padding)
        assert_close((window * w).sum(), value)


def test_window_outside_is_refused():
    for row, column in ((-1, 0), (0, 3), (3, 0)):
        with refused("count from 0"):
            window_at(np.zeros((4, 4)), (2, 2), row, column)


def test_shift_moves_the_maps_along():
    """S25: one pixel to the right moves the convolution's output by one pixel."""
    draw = np.random.default_rng(2)
    x, w = np.zeros((8, 8)), draw.normal(size=(3, 3))
    x[2:5, 2:5] = draw.normal(size=(3, 3))
    assert output_size(8, 3, 1, "same") == 8
    moved = correlate_image(np.roll(x, 1, axis=1), w, padding="same")
    assert_close(moved, np.roll(correlate_image(x, w, padding="same"), 1, axis=1))
