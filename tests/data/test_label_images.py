"""Label images as a kind: what is missing, equal, shown and refused."""

import numpy as np
import pytest

from layerwise.data.label_images import IGNORE, LabelImages
from layerwise.errors import LayerwiseError
from layerwise.language import use

LABELS = np.array([[[0, 1, 1]], [[2, 255, 0]], [[255, 255, 255]]], dtype=np.uint8)
COLUMN = LabelImages(LABELS, ("ground", "circle", "star"))


def test_a_picture_without_any_label_is_missing():
    assert COLUMN.missing().tolist() == [False, False, True]
    assert LabelImages(LABELS[:0], COLUMN.names).missing().tolist() == []


def test_pixels_are_counted_and_ignored_ones_are_not():
    assert COLUMN.counts() == {"ground": 2, "circle": 2, "star": 1}
    assert COLUMN.show(1) == "3x1: ground, star"


def test_taking_keeps_names_and_order():
    taken = COLUMN.take(np.array([2, 0]))
    assert len(taken) == 2
    assert taken.names == COLUMN.names
    assert np.array_equal(taken[1], LABELS[0])


def test_equal_labels_have_equal_digests_and_others_have_not():
    digests = COLUMN.digests()
    assert len(set(digests)) == 3
    assert LabelImages(LABELS.copy(), COLUMN.names).digests() == digests
    turned = LabelImages(LABELS.transpose(0, 2, 1), COLUMN.names)
    assert turned.digests()[0] != digests[0], "a column is no row"


def test_label_images_of_files_are_decoded_when_asked():
    asked = []

    def decode(name):
        asked.append(name)
        return LABELS[int(name)]

    column = LabelImages(["0", "1", "2"], COLUMN.names, decode)
    assert not asked
    assert column.take(np.array([2, 1])).missing().tolist() == [True, False]
    assert asked == ["2", "1"]
    assert column.counts() == COLUMN.counts()


def test_a_label_without_a_class_is_refused_with_place_value_and_remedy():
    wrong = LABELS.copy()
    wrong[1, 0, 0] = 3
    with pytest.raises(LayerwiseError) as refusal:
        LabelImages(wrong, COLUMN.names).check(("a.png", "b.png", "c.png"))
    assert "b.png: label 3 in 1 pixels, and 3 classes (0 to 2)" in refusal.value.found
    assert str(IGNORE) in refusal.value.remedy
    COLUMN.check()


def test_the_message_stands_in_korean_too():
    with use("ko"), pytest.raises(LayerwiseError, match="레이블 이미지"):
        LabelImages(LABELS, ("ground",)).check()


def test_labels_of_another_size_than_their_picture_are_refused():
    COLUMN.check(sizes=np.array([[3, 1]] * 3))
    with pytest.raises(LayerwiseError, match="row 2: labels of 3x1, a picture of 1x3"):
        COLUMN.check(sizes=np.array([[3, 1], [1, 3], [3, 1]]))
