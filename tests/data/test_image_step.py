"""Where a picture lies among the pixels that a network sees, and what is white in it."""

import numpy as np
import pytest

from layerwise.config import Preprocess
from layerwise.data.image_step import ImageStep, Placed
from layerwise.data.kinds import Images
from layerwise.data.memory import from_arrays
from layerwise.data.picture_notes import picture_notes
from layerwise.data.preprocess import Preprocessing, fit


def step(*, fit="pad", size=(8, 8), picture=(0, 0), maximum=255.0, guessed=None):
    return ImageStep("image", 1, *size, fit, maximum, (0.0,), (1.0,), picture=picture, guessed=guessed)


def pictures(array, maximum=255.0, guessed=None):
    array = np.asarray(array)
    sizes = np.tile(np.array(array.shape[:1:-1]), (len(array), 1))
    return Images(array, None, sizes, array.shape[1], maximum, guessed=guessed)


@pytest.mark.parametrize(("prepared", "size", "place"), [
    # Scaled to the whole frame whatever its shape.
    (step(fit="resize"), (30, 20), Placed(30, 20, 0, 0, 8, 8)),
    # Training pictures of 6x4 lay in the middle of a frame of 8x8, and so do new ones.
    (step(picture=(4, 6)), (6, 4), Placed(6, 4, 1, 2, 6, 4)),
    (step(picture=(4, 6)), (60, 20), Placed(60, 20, 1, 2, 6, 4)),
    (step(picture=(4, 6)), (3, 2), Placed(3, 2, 1, 2, 6, 4)),
    # Training pictures of any size were framed: small ones stay, large ones shrink in their own shape.
    (step(), (5, 3), Placed(5, 3, 1, 2, 5, 3)),
    (step(), (32, 16), Placed(32, 16, 0, 2, 8, 4)),
    (step(), (4000, 3), Placed(4000, 3, 0, 3, 8, 1)),
])  # fmt: skip
def test_where_a_picture_lies(prepared, size, place):
    assert prepared.placed(*size) == place


def test_a_picture_of_another_size_is_one_that_training_did_not_have():
    assert not step(picture=(4, 6)).is_of_another_size(6, 4)
    assert step(picture=(4, 6)).is_of_another_size(4, 6)
    assert not step().is_of_another_size(5, 3)
    assert step().is_of_another_size(9, 3)
    assert not step(fit="resize").is_of_another_size(300, 3)


@pytest.mark.parametrize("as_files", [False, True])
def test_a_larger_picture_is_averaged_into_its_place(as_files):
    # Four fields of one colour, 16x16 in a frame of 8x8 whose training pictures were 4x4: each field becomes 2x2.
    large = np.kron(np.array([[10, 20], [30, 40]], np.uint8), np.ones((8, 8), np.uint8))
    column = pictures(large[None, None])
    if as_files:
        column = Images(["a"], lambda _: large[None], np.array([[16, 16]]), 1)
    found = step(picture=(4, 4)).sized(column)[0, 0]
    assert found[2:6, 2:6].sum() == pytest.approx(4 * (10 + 20 + 30 + 40))
    assert (found[2, 2], found[2, 5], found[5, 2], found[5, 5]) == pytest.approx((10, 20, 30, 40))
    found[2:6, 2:6] = 0
    assert not found.any()


def test_training_keeps_the_one_size_of_its_pictures_and_what_white_was_guessed_from():
    whole = from_arrays(np.zeros((3, 5, 7), np.uint8) + np.arange(3, dtype=np.uint8)[:, None, None])
    fitted = fit(whole, np.arange(3), Preprocess()).steps[0]
    assert (fitted.picture, fitted.guessed) == ((5, 7), None)
    assert Preprocessing.from_json(Preprocessing((fitted,)).to_json()).steps[0] == fitted
    guessed = fit(from_arrays(np.full((3, 5, 7), 16.0)), np.arange(3), Preprocess()).steps[0]
    assert (guessed.maximum, guessed.guessed) == (255.0, 16.0)
    column = Images(
        ["a", "b"], lambda name: np.full((1, 4, 4 + (name == "b")), 9, np.uint8), np.array([[4, 4], [5, 4]]), 1
    )
    mixed = from_arrays(np.zeros((2, 4, 4), np.uint8))
    mixed = type(mixed)(mixed.name, mixed.origin, mixed.fields, {"image": column})
    assert fit(mixed, np.arange(2), Preprocess()).steps[0].picture == (0, 0)


def test_known_whites_are_brought_together():
    """8 of 16 is as bright as 127.5 of 255."""
    prepared = step(size=(1, 1), picture=(1, 1), maximum=16.0)
    assert prepared.apply(pictures([[[[8.0]]]], 16.0)).item() == 0.5
    assert prepared.apply(pictures([[[[127.5]]]])).item() == 0.5
    assert prepared.apply(pictures([[[[127.5]]]], 255.0, guessed=127.5)).item() == 0.5


def test_two_guesses_that_are_the_largest_value_are_one_range():
    """Whoever learned from values up to 1,000 asks about values up to 900 in the same units."""
    prepared = step(size=(1, 1), picture=(1, 1), maximum=1000.0, guessed=1000.0)
    assert prepared.apply(pictures([[[[900.0]]]], 900.0, guessed=900.0)).item() == pytest.approx(0.9)
    assert prepared.apply(pictures([[[[0.9]]]], 1.0, guessed=0.9)).item() == pytest.approx(0.9)


@pytest.mark.parametrize(("old", "new", "said"), [
    ((16.0, None), (16.0, None), ""),
    ((16.0, None), (255.0, None), "White is 255 in the new pictures and was 16 in training: they were brought"),
    ((255.0, None), (255.0, 254.0), "White was guessed to be 255 in the new pictures, whose largest value is 254;"),
    ((255.0, 16.0), (255.0, None), "White was guessed to be 255 in training, where the largest value was 16,"),
    ((255.0, 255.0), (255.0, 100.0), ""),
    ((255.0, 16.0), (255.0, 255.0), "The largest value is 255 in the new pictures and was 16 in training;"),
    ((255.0, 255.0), (1.0, 1.0), "The largest value is 1 in the new pictures and was 255 in training;"),
    ((1000.0, 1000.0), (900.0, 900.0), ""),
    ((1000.0, 1000.0), (100.0, 100.0), "The largest value is 100 in the new pictures and was 1000 in training;"),
    ((255.0, 200.0), (300.0, 300.0), "The largest value is 300 in the new pictures and was 200 in training;"),
])  # fmt: skip
def test_what_is_said_of_white(old, new, said):
    column = pictures(np.zeros((2, 1, 8, 8), np.uint8), new[0], new[1])
    notes = picture_notes(step(picture=(8, 8), maximum=old[0], guessed=old[1]), [column, column], own_pixels=False)
    assert len(notes) == bool(said)
    assert "".join(notes).startswith(said)


def test_what_is_said_of_sizes_counts_over_all_that_was_asked():
    columns = [pictures(np.zeros((number, 1, 20, 30), np.uint8)) for number in (1, 2)]
    columns.append(pictures(np.zeros((1, 1, 8, 8), np.uint8)))
    said = picture_notes(step(picture=(8, 8)), columns, own_pixels=True)
    assert said == ["Pictures of another size were scaled to 8x8 for the network (3 in all); answers are in their own pixels."]
    said = picture_notes(step(size=(12, 10), picture=(8, 8)), columns, own_pixels=False)
    assert said == ["Pictures of another size were scaled to 8x8 for the network (3 in all)."]
    assert picture_notes(step(fit="resize"), columns, own_pixels=False) == []


@pytest.mark.parametrize(("array", "maximum", "guessed"), [
    (np.full((1, 2, 2), 16, np.uint8), 255.0, None),
    (np.ones((1, 2, 2), np.bool_), 1.0, None),
    (np.full((1, 2, 2), 16), 255.0, 16.0),
    (np.full((1, 2, 2), 0.5), 1.0, 0.5),
    (np.full((1, 2, 2), 16.0), 255.0, 16.0),
    (np.full((1, 2, 2), 300, np.uint16), 300.0, 300.0),
])  # fmt: skip
def test_what_is_white_in_an_array(array, maximum, guessed):
    column = from_arrays(array).columns["image"]
    assert (column.maximum, column.guessed) == (maximum, guessed)
    assert column.take(np.array([0])).guessed == guessed
