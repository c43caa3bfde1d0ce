"""The description of a picture by hand is that of scikit-image and that of the network's layer."""

import numpy as np
import pytest
import torch

from layerwise.byhand import gradient_histograms as byhand
from layerwise.layers.gradient_histograms import gradient_histograms


@pytest.mark.parametrize(("channels", "options"), [(1, {}), (3, {"cell": 4}), (1, {"cell": 5, "block": 1, "bins": 7})])
def test_it_equals_the_layer_and_scikit_image(channels, options):
    feature = pytest.importorskip("skimage.feature")
    picture = np.random.default_rng(1).random((channels, 26, 33))
    found = byhand.describe(picture, **options)
    np.testing.assert_allclose(found, gradient_histograms(torch.tensor(picture)[None], **options)[0], atol=1e-12)
    cell, block, bins = options.get("cell", 8), options.get("block", 2), options.get("bins", 9)
    wanted = feature.hog(
        picture.transpose(1, 2, 0), orientations=bins, pixels_per_cell=(cell, cell), cells_per_block=(block, block),
        block_norm="L2-Hys", channel_axis=2,
    )  # fmt: skip
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)


def test_an_upright_edge_votes_for_direction_0_with_its_height():
    picture = np.zeros((1, 4, 4))
    picture[..., 2:] = 3.0
    across, down = byhand.gradients(picture)
    # columns 1 and 2 see the edge; the border has none
    assert across.tolist() == [[0.0, 3.0, 3.0, 0.0]] * 4
    assert not down.any()
    assert byhand.cell_histogram(np.hypot(across, down), byhand.directions(across, down, 9), 9)[0] == 8 * 3 / 16


def test_of_a_coloured_picture_the_steepest_channel_counts():
    picture = np.zeros((3, 3, 3))
    picture[1, :, 2] = 5.0
    picture[2, 2] = -7.0
    across, down = byhand.gradients(picture)
    assert (across[1, 1], down[1, 1]) == (0.0, -7.0)
    assert across[0, 1] == 5.0


def test_a_block_has_length_1_and_none_of_its_votes_stays_above_the_clip_of_the_first_round():
    votes = np.array([10.0, 1.0, 1.0, 1.0])
    found = byhand.normalised(votes)
    assert found @ found == pytest.approx(1.0)
    once = np.minimum(votes / np.sqrt(votes @ votes), 0.2)
    assert found == pytest.approx(once / np.linalg.norm(once), abs=1e-4)
    assert not byhand.normalised(np.zeros(4)).any()
