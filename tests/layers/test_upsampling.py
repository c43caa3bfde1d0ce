"""The layer that begins as bilinear interpolation."""

import pytest
import torch
from torch.nn import functional

from layerwise.layers.pixel_losses import pixel_cross_entropy
from layerwise.layers.upsampling import BilinearUpsampling2d


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_it_begins_as_interpolation_away_from_the_border(factor):
    maps = torch.randn(2, 3, 6, 7, dtype=torch.float64)
    found = BilinearUpsampling2d(3, factor).double()(maps)
    expected = functional.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)
    inner = (..., slice(factor, -factor), slice(factor, -factor))
    assert found.shape == expected.shape
    torch.testing.assert_close(found[inner], expected[inner], rtol=0, atol=1e-6)
    assert not torch.allclose(found, expected), "the border differs"


@pytest.mark.parametrize("size", [(11, 14), (12, 13)])
def test_odd_sizes_are_cut_to_what_was_halved(size):
    layer = BilinearUpsampling2d(2, 2)
    maps = torch.randn(1, 2, -(-size[0] // 2), -(-size[1] // 2))
    assert layer(maps, size).shape[2:] == size
    assert torch.equal(layer(maps, size), layer(maps)[:, :, : size[0], : size[1]])


def test_it_learns_only_where_it_is_told_to():
    assert [tuple(part.shape) for part in BilinearUpsampling2d(5, 2).parameters()] == [(5, 5, 4, 4)]
    fixed = BilinearUpsampling2d(21, 32, learned=False)
    assert not list(fixed.parameters())
    assert fixed.weight.numel() == 1_806_336, "S68: the fixed kernels of FCN-32s"


def test_a_batch_without_a_counted_pixel_has_a_loss_of_0_and_no_gradient():
    logits = torch.randn(2, 3, 4, 4, requires_grad=True)
    total, count = pixel_cross_entropy(logits, torch.full((2, 4, 4), 255, dtype=torch.uint8), ignore=255)
    loss = total / count
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_weights_of_pictures_weigh_their_pixels():
    logits, labels = torch.randn(3, 4, 2, 5), torch.randint(4, (3, 2, 5))
    labels[0, 0, :3] = 255
    weights = torch.tensor([1.0, 0.0, 2.0])
    total, count = pixel_cross_entropy(logits, labels, weights, ignore=255)
    parts = [pixel_cross_entropy(logits[[row]], labels[[row]], ignore=255) for row in range(3)]
    assert total.item() == pytest.approx(
        sum(w * part.item() for w, (part, _) in zip((1, 0, 2), parts, strict=True)), rel=1e-5
    )
    assert count.item() == 7 + 20
