"""Random changes of pictures: each against its definition, drawn by seed, epoch and example alone."""

import math

import pytest
import torch

from layerwise.errors import LayerwiseError
from layerwise.tasks.contract import Batch
from layerwise.training.augment import CHANGES, augmentation

SHAPE = (2, 9, 7)


def pictures(count=40):
    return torch.rand((count, *SHAPE), generator=torch.Generator().manual_seed(0))


def change(*changes, seed=0, examples=40, black=(0.0, 0.0), unit=(1.0, 1.0)):
    return augmentation(changes, seed=seed, examples=examples, black=black, unit=unit)


def changed(augment, inputs, rows, epoch):
    return augment(Batch(inputs, torch.zeros(len(rows)), rows), epoch).inputs


def apply(augment, inputs=None, *, epoch=0):
    inputs = pictures() if inputs is None else inputs
    return changed(augment, inputs, torch.arange(len(inputs)), epoch)


@pytest.mark.parametrize("name", CHANGES)
def test_a_picture_changes_alike_in_any_batch_and_any_order(name):
    augment, inputs = change(name), pictures()
    whole = apply(augment, inputs)
    rows = torch.tensor([31, 2, 17])
    assert torch.equal(changed(augment, inputs[rows], rows, 0), whole[rows])
    assert torch.equal(changed(augment, inputs[:1], torch.tensor([0]), 0), whole[:1])
    assert whole.shape == inputs.shape


@pytest.mark.parametrize("name", CHANGES)
def test_epoch_and_seed_draw_anew_and_repeat(name):
    first = apply(change(name))
    assert not torch.equal(first, pictures())
    assert torch.equal(first, apply(change(name)))
    assert not torch.equal(first, apply(change(name), epoch=1))
    assert not torch.equal(first, apply(change(name, seed=1)))


def test_going_back_to_an_epoch_repeats_its_draws():
    augment = change("shift=2")
    first = apply(augment, epoch=3)
    apply(augment, epoch=4)
    assert torch.equal(apply(augment, epoch=3), first)


def test_torchs_own_random_state_is_not_touched():
    state = torch.get_rng_state()
    apply(change(*CHANGES))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_shift_moves_by_whole_pixels_and_fills_with_black():
    inputs = pictures(400)
    moved = apply(change("shift=2", examples=400, black=(-0.5, 0.25)), inputs)
    found = set()
    for before, after in zip(inputs, moved, strict=True):
        fits = []
        for down in range(-2, 3):
            for right in range(-2, 3):
                expected = torch.stack([torch.full(SHAPE[1:], -0.5), torch.full(SHAPE[1:], 0.25)])
                rows, columns = SHAPE[1:]
                expected[:, max(down, 0) : rows + min(down, 0), max(right, 0) : columns + min(right, 0)] = before[
                    :, max(-down, 0) : rows + min(-down, 0), max(-right, 0) : columns + min(-right, 0)
                ]
                if torch.allclose(after, expected, atol=1e-6):
                    fits.append((down, right))
        assert len(fits) == 1
        found.add(fits[0])
    assert len(found) == 25


def test_a_flip_mirrors_left_and_right_with_its_probability():
    inputs = pictures(1000)
    flipped = apply(change("flip=0.3", examples=1000), inputs)
    mirrored = torch.tensor([torch.equal(after, before.flip(2)) for before, after in zip(inputs, flipped, strict=True)])
    same = torch.tensor([torch.equal(after, before) for before, after in zip(inputs, flipped, strict=True)])
    assert bool((mirrored ^ same).all())
    # Within four standard deviations of 0.3.
    assert abs(mirrored.float().mean().item() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 1000)


def test_a_quarter_turn_is_that_of_rot90():
    inputs = torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    augment = change("rotate=90", examples=60, black=(0.0,), unit=(1.0,))
    draws = augment._draws(0, 0, inputs)
    draws[:, 0] = torch.tensor([0.0, 0.5, 1.0]).repeat(20)
    turned = apply(augment, inputs)
    torch.testing.assert_close(turned[1::3], inputs[1::3], atol=1e-5, rtol=0)
    one_way, other_way = torch.rot90(inputs[::3], 1, (2, 3)), torch.rot90(inputs[::3], -1, (2, 3))
    ways = [torch.allclose(turned[::3], way, atol=1e-4) for way in (one_way, other_way)]
    assert sorted(ways) == [False, True]
    back = torch.rot90(inputs[2::3], -1 if ways[0] else 1, (2, 3))
    torch.testing.assert_close(turned[2::3], back, atol=1e-4, rtol=0)


def test_a_turn_keeps_the_shape_of_a_picture_that_is_not_square():
    # A disc in the middle of a wide picture stays a disc at any angle.
    rows, columns = torch.meshgrid(torch.arange(21.0) - 10, torch.arange(41.0) - 20, indexing="ij")
    disc = (rows**2 + columns**2 < 49).float()[None, None].repeat(30, 1, 1, 1)
    turned = apply(change("rotate=80", examples=30, black=(0.0,), unit=(1.0,)), disc)
    assert float((turned - disc).abs().mean()) < 0.02
    bar = torch.zeros(30, 1, 21, 41)
    bar[:, :, 10, :] = 1
    assert float((apply(change("rotate=80", examples=30, black=(0.0,), unit=(1.0,)), bar) - bar).abs().mean()) > 0.02


def test_brightness_adds_the_same_share_of_the_range_to_every_pixel():
    brighter = apply(change("brightness=0.2", unit=(2.0, 4.0))) - pictures()
    first, second = brighter[:, 0], brighter[:, 1]
    assert float((first - first[:, :1, :1]).abs().max()) < 1e-6
    torch.testing.assert_close(second, 2 * first, rtol=1e-4, atol=1e-5)
    assert 0.3 < float(first.abs().max()) <= 0.4


def test_contrast_keeps_the_mean_and_stretches_about_it():
    inputs = pictures()
    stretched = apply(change("contrast=0.5"))
    mean = inputs.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(stretched.mean((1, 2, 3), keepdim=True), mean, rtol=1e-5, atol=1e-6)
    factor = (stretched - mean) / (inputs - mean)
    middle = factor.flatten(1).median(1).values
    torch.testing.assert_close(factor, middle[:, None, None, None].expand_as(factor), rtol=1e-2, atol=1e-3)
    assert 0.5 <= float(middle.min()) < 0.7 < 1.3 < float(middle.max()) <= 1.5


def test_cutout_blackens_one_square_that_may_reach_over_the_border():
    inputs = torch.ones(300, 1, 12, 12)
    cut = apply(change("cutout=4", examples=300, black=(-1.0,), unit=(1.0,)), inputs)
    areas = (cut[:, 0] == -1).sum((1, 2))
    assert set(cut.unique().tolist()) == {-1.0, 1.0}
    assert int(areas.max()) == 16
    assert int(areas.min()) < 16
    for picture in (cut[:, 0] == -1)[:50]:
        rows, columns = picture.any(1).nonzero().flatten(), picture.any(0).nonzero().flatten()
        assert picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()
        assert int(picture.sum()) == len(rows) * len(columns)


def test_changes_are_made_in_the_order_given():
    names = ("shift=1", "flip=1.0", "brightness=0.1")
    augment = change(*names)
    assert [name for name, _ in augment.changes] == ["shift", "flip", "brightness"]
    shifted = apply(change("shift=1"))
    assert torch.equal(apply(change("shift=1", "flip=1.0")), shifted.flip(3))


def test_no_changes_are_no_augmentation():
    assert augmentation((), seed=0, examples=1, black=(0.0,), unit=(1.0,)) is None


def test_an_unknown_change_is_refused_with_the_nearest():
    with pytest.raises(LayerwiseError, match="Did you mean 'rotate'"):
        change("rotat=3")


def test_a_strength_that_is_no_number_is_refused_with_an_example():
    with pytest.raises(LayerwiseError, match="--augment shift=2"):
        change("shift=far")


@pytest.mark.parametrize("wrong", ["shift=-1", "flip=1.5", "cutout=nan", "brightness=inf", "shift=0.5"])
def test_a_strength_outside_its_range_is_refused(wrong):
    with pytest.raises(LayerwiseError, match=wrong.partition("=")[0]):
        change(wrong)


class Corners:
    """Targets that are places in a picture: `(batch, points, 2)` from -1 to 1, moved as the picture is."""

    def moved(self, targets, matrices, size):
        # x_old = A x_new + t, so x_new = A^-1 (x_old - t)
        return (targets - matrices[:, None, :, 2]) @ torch.linalg.inv(matrices[:, :, :2]).transpose(1, 2)


@pytest.mark.parametrize("names", [*([name] for name in ("shift=2", "flip", "crop", "zoom=0.5", "rotate=90")),
                                   ["shift=2", "flip", "zoom", "rotate=30"]])  # fmt: skip
def test_targets_move_as_their_pictures_do(names):
    height, width = 41, 31
    augment = augmentation(tuple(names), seed=3, examples=30, black=(0.0,), unit=(1.0,), moves=Corners())
    dots = torch.zeros(30, 1, height, width)
    dots[:, 0, 16:19, 12:15] = 1.0
    place = torch.tensor([(2 * 13 + 1) / width - 1, (2 * 17 + 1) / height - 1])
    moved = augment(Batch(dots, place.expand(30, 1, 2).clone(), torch.arange(30)), 0)
    across = (torch.arange(width) * 2 + 1) / width - 1
    down = (torch.arange(height) * 2 + 1) / height - 1
    mass = moved.inputs.sum(dim=(1, 2, 3))
    found = torch.stack([(moved.inputs.sum((1, 2)) * across).sum(1), (moved.inputs.sum((1, 3)) * down).sum(1)], 1)
    torch.testing.assert_close(found / mass[:, None], moved.targets[:, 0], rtol=0, atol=0.02)
    assert float((moved.targets[:, 0] - place).abs().max()) > 0.04
