"""What the kinds of cells answer: lengths, subsets, missing cells, hashes and texts for people."""

import numpy as np
import pytest

from layerwise.data.kinds import Categories, Column, Images, Numbers, Texts, picture_digest


def images(array):
    return Images(array, None, np.tile([array.shape[3], array.shape[2]], (len(array), 1)), array.shape[1])


COLUMNS = {
    "number": (Numbers(np.array([1.5, np.nan, -0.0, 0.0])), [False, True, False, False], (2, 3)),
    "category": (Categories(np.array([1, -1, 0, 0]), ("no", "yes")), [False, True, False, False], (2, 3)),
    "text": (Texts(["one", "", "셋", "셋"]), [False, True, False, False], (2, 3)),
    "image": (images(np.array([0, 1, 2, 2], dtype=np.uint8).reshape(4, 1, 1, 1)), [False] * 4, (2, 3)),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_kind_keeps_the_contract(kind):
    column, missing, (first, second) = COLUMNS[kind]
    held: Column = column
    assert (held.kind, len(held), held.missing().tolist()) == (kind, 4, missing)
    digests = held.digests()
    assert len(digests) == 4
    assert digests[first] == digests[second]
    assert len(set(digests)) == 3
    taken = held.take(np.array([3, 0]))
    assert (taken.kind, len(taken), taken.digests()) == (kind, 2, [digests[3], digests[0]])
    assert [taken.show(row) for row in range(2)] == [held.show(3), held.show(0)]


def test_a_missing_category_is_not_the_name_of_another():
    digests = Categories(np.array([-1, 0, 1]), ("", "a")).digests()
    assert len(set(digests)) == 3


def test_numbers_show_no_needless_fraction():
    column = Numbers(np.array([3.0, 0.1, 1e20, np.nan]))
    assert [column.show(row) for row in range(4)] == ["3", "0.1", "1e+20", ""]


def test_counts_follow_the_order_of_the_names_and_leave_missing_cells_out():
    assert Categories(np.array([2, 0, 2, -1]), ("a", "b", "c")).counts() == {"a": 1, "b": 0, "c": 2}


def test_a_long_text_is_cut_for_people_and_kept_for_learning():
    column = Texts(["가" * 200])
    assert len(column.show(0)) == 80
    assert len(column.values[0]) == 200


def test_pictures_of_equal_bytes_and_other_shape_differ():
    pixels = np.arange(6, dtype=np.uint8)
    assert picture_digest(pixels.reshape(1, 2, 3)) != picture_digest(pixels.reshape(1, 3, 2))
    assert picture_digest(pixels.reshape(1, 2, 3)) != picture_digest(pixels.reshape(1, 2, 3).astype(np.float32))


def test_pictures_of_files_are_decoded_when_they_are_asked_for():
    decoded = []

    def decode(name):
        decoded.append(name)
        return np.full((1, 2, 2), len(name), dtype=np.uint8)

    column = Images(["a", "bb", "ccc"], decode, np.full((3, 2), 2), 1)
    kept = column.take(np.array([2, 1]))
    assert decoded == []
    assert kept[0].tolist() == [[[3, 3], [3, 3]]]
    assert (decoded, kept.show(1)) == (["ccc"], "bb")


def test_a_picture_of_the_digits_counts_as_seen_when_its_pixels_are_equal():
    array = np.zeros((3, 1, 2, 2), dtype=np.uint8)
    array[1, 0, 0, 0] = 1
    first, second, third = images(array).digests()
    assert (first == third, first == second) == (True, False)
