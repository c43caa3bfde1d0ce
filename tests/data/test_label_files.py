"""Label images as files: the colours of PASCAL VOC, labels that come back, names that do not collide."""

import io

import numpy as np
from PIL import Image

from layerwise.data.label_files import label_png, picture_file_names, voc_colours

VOC = [
    (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128), (128, 128, 128),
    (64, 0, 0), (192, 0, 0), (64, 128, 0), (192, 128, 0), (64, 0, 128), (192, 0, 128), (64, 128, 128), (192, 128, 128),
    (0, 64, 0), (128, 64, 0), (0, 192, 0), (128, 192, 0), (0, 64, 128),
]  # fmt: skip
"""Background, aeroplane ... tv/monitor, as they stand in the files of the VOC challenge."""


def test_the_colours_are_those_of_voc():
    assert [tuple(colour) for colour in voc_colours()[:21].tolist()] == VOC
    assert voc_colours()[255].tolist() == [224, 224, 192]
    assert len({tuple(colour) for colour in voc_colours().tolist()}) == 256


def test_every_label_comes_back_and_shows_its_colour():
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with Image.open(io.BytesIO(label_png(labels))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "P", (16, 16))
        assert np.array_equal(np.asarray(picture), labels)
        assert np.array_equal(np.asarray(picture.convert("RGB")).reshape(256, 3), voc_colours())


def test_a_label_image_keeps_its_shape():
    with Image.open(io.BytesIO(label_png(np.array([[0, 1, 2], [3, 4, 5]], np.uint8)[:, ::-1]))) as picture:
        assert np.asarray(picture).tolist() == [[2, 1, 0], [5, 4, 3]]


def test_no_two_pictures_share_a_file():
    ids = [
        "a.png",
        "b/a.jpg",
        "A.png",
        "a-2.png",
        "a.b.png",
        "row 1",
        "1.5",
        "..",
        "",
        "../../etc/x",
        "x" * 300,
        "고양이.jpg",
    ]
    assert picture_file_names(("B.jpg", "b.jpg"), ".png") == ("B.png", "b-2.png")
    # No syllable of three bytes is cut in half: 76 of them are 228 bytes.
    assert picture_file_names(("고" * 90,), ".png") == ("고" * 76 + ".png",)
    names = picture_file_names(ids, ".png")
    assert names == (
        "a.png", "a-2.png", "A-3.png", "a-2-2.png", "a.b.png", "row 1.png", "1.5.png", "picture.png", "picture-2.png",
        "x.png", "x" * 230 + ".png", "고양이.png",
    )  # fmt: skip
