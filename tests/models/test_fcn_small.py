"""The small fully convolutional network: sizes, skips, and the baseline beside it."""

import pytest
import torch

from layerwise.errors import LayerwiseError
from layerwise.models.fcn_small import fcn_small
from layerwise.models.pixel_majority import pixel_majority
from layerwise.tasks.contract import Examples


@pytest.mark.parametrize("size", [(96, 96), (95, 97), (57, 40), (8, 9), (1, 1)])
def test_the_output_has_the_size_of_the_input(size):
    network = fcn_small((3, *size), 5, maps=(4, 6, 8)).eval()
    assert network(torch.randn(2, 3, *size)).shape == (2, 5, *size)


def test_the_parameters_are_those_of_the_formula():
    """Six kernels of 3 x 3, two numbers a map of each norm, scores with a bias, three kernels of 5 x 5 x 4 x 4."""
    half, quarter, eighth = 32, 64, 128
    convolutions = 9 * (3 * half + half**2 + half * quarter + quarter**2 + quarter * eighth + eighth**2)
    norms, scores = 4 * (half + quarter + eighth), 5 * (half + quarter + eighth + 3)
    expected = convolutions + norms + scores + 3 * 4 * 4 * 5 * 5
    assert sum(part.numel() for part in fcn_small((3, 96, 96), 5).parameters()) == expected


def test_a_picture_moved_by_eight_pixels_moves_its_answer():
    """S66: fully convolutional: away from the border the answer moves with the picture."""
    torch.manual_seed(0)
    network = fcn_small((1, 96, 96), 3, maps=(4, 6, 8)).eval()
    picture = torch.randn(1, 1, 96, 96)
    with torch.inference_mode():
        here, there = network(picture), network(picture.roll((8, 16), (2, 3)))
    torch.testing.assert_close(here[:, :, 40:56, 40:56], there[:, :, 48:64, 56:72], rtol=1e-4, atol=1e-5)


def test_without_skips_one_score_layer_is_left():
    names = {name.split(".")[0] for name, _ in fcn_small((3, 16, 16), 2, skips=False).named_parameters()}
    assert "score8" in names
    assert not names & {"score4", "score2"}


def test_every_pixel_can_be_learned():
    """A class that is told from a pixel's own colour alone, on a chessboard of single pixels, needs the finest skip."""
    torch.manual_seed(1)
    board = (torch.arange(16)[:, None] + torch.arange(16)) % 2
    network = fcn_small((1, 16, 16), 2, maps=(8, 8, 8))
    pictures = (2.0 * board - 1)[None, None].expand(4, -1, -1, -1) + 0.1 * torch.randn(4, 1, 16, 16)
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    for _ in range(150):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(pictures), board.expand(4, -1, -1))
        loss.backward()
        optimizer.step()
    assert (network(pictures).argmax(1) == board).float().mean() > 0.95


@pytest.mark.parametrize(("build", "options"), [(fcn_small, {}), (fcn_small, {"maps": (3, 4)}), (pixel_majority, {})])
def test_what_is_no_picture_or_no_three_levels_is_refused(build, options):
    with pytest.raises(LayerwiseError) as refusal:
        build((3, 8, 8) if options else 12, 2, **options)
    assert refusal.value.exit_code == 2


def test_the_baseline_counts_each_place_and_leaves_ignored_pixels_out():
    labels = torch.tensor([[[0, 1, 255]], [[0, 1, 1]], [[1, 1, 255]]], dtype=torch.uint8)
    network = pixel_majority((3, 1, 3), 2)
    network.fit(Examples(torch.zeros(3, 3, 1, 3), labels, ("a", "b", "c")))
    shares = network(torch.zeros(5, 3, 1, 3)).exp()
    assert shares.shape == (5, 2, 1, 3)
    assert shares[4, 1, 0].tolist() == pytest.approx([2 / 5, 4 / 5, 2 / 3])
