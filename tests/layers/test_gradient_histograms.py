"""Histograms of oriented gradients: the numbers of the paper, scikit-image, and what turning a picture does."""

import numpy as np
import pytest
import torch

from layerwise.errors import LayerwiseError
from layerwise.layers.gradient_histograms import feature_count, gradient_histograms


def test_the_window_of_the_paper_has_3780_features():
    assert feature_count(128, 64) == 3780 == 7 * 15 * 4 * 9
    assert gradient_histograms(torch.rand(1, 1, 128, 64)).shape == (1, 3780)


@pytest.mark.parametrize(
    ("height", "width", "channels", "options"),
    [
        (32, 32, 1, {}),
        (40, 29, 1, {"cell": 4}),
        (28, 28, 1, {"cell": 4, "block": 3}),
        (33, 47, 3, {}),
        (24, 24, 3, {"cell": 6, "bins": 6}),
        (16, 16, 1, {"block": 1}),
    ],
)
def test_it_equals_scikit_image(height, width, channels, options):
    feature = pytest.importorskip("skimage.feature")
    drawn = np.random.default_rng(0).random((3, channels, height, width))
    own = gradient_histograms(torch.from_numpy(drawn), **options)
    cell, block, bins = options.get("cell", 8), options.get("block", 2), options.get("bins", 9)
    for picture, found in zip(drawn, own, strict=True):
        wanted = feature.hog(
            picture.transpose(1, 2, 0), orientations=bins, pixels_per_cell=(cell, cell),
            cells_per_block=(block, block), block_norm="L2-Hys", channel_axis=2,
        )  # fmt: skip
        # scikit-image counts the votes in float32.
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("bins", [2, 4, 8])
def test_a_quarter_turn_moves_every_direction_by_half_of_the_bins(bins):
    # One cell: turned about its centre it keeps its pixels, and every gradient turns with it.
    inner = torch.rand(5, 1, 8, 8, dtype=torch.float64)
    upright = torch.nn.functional.pad(inner, (4, 4, 4, 4))
    one = gradient_histograms(upright, cell=16, block=1, bins=bins)
    turned = gradient_histograms(upright.rot90(1, (2, 3)), cell=16, block=1, bins=bins)
    torch.testing.assert_close(turned, one.roll(bins // 2, dims=1), rtol=1e-6, atol=1e-9)


def test_a_ramp_has_one_direction_and_an_even_picture_none():
    rows = torch.arange(16.0).reshape(1, 1, 16, 1).expand(1, 1, 16, 16)
    found = gradient_histograms(rows, bins=4).reshape(4, 4)
    assert (found[:, 2] > 0.4).all()
    assert not found[:, [0, 1, 3]].any()
    assert not gradient_histograms(torch.full((1, 3, 16, 16), 7.0)).any()


def test_brightness_and_contrast_change_next_to_nothing():
    picture = torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(
        gradient_histograms(picture * 3 + 5), gradient_histograms(picture), rtol=1e-3, atol=1e-4
    )  # fmt: skip


def test_every_block_has_length_one_and_small_numbers_before():
    found = gradient_histograms(torch.rand(2, 1, 32, 32, dtype=torch.float64)).reshape(2, 9, 36)
    torch.testing.assert_close(found.norm(dim=2), torch.ones(2, 9, dtype=torch.float64), rtol=1e-6, atol=1e-6)


def test_a_picture_smaller_than_a_block_is_refused():
    with pytest.raises(LayerwiseError, match="at least one block"):
        gradient_histograms(torch.rand(1, 1, 15, 40))
