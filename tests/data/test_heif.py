"""Photos in HEIC: read where the extra is there, named with its line of installation where it is not."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from layerwise.data.open import open_source, sniff_format
from layerwise.data.pictures import decode_picture, read_header

heif = pytest.importorskip("pillow_heif")


def packed(picture, **options):
    buffer = io.BytesIO()
    heif.from_pillow(picture).save(buffer, quality=-1, **options)
    return buffer.getvalue()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name, content in {
        "cats/a.HEIC": packed(Image.new("RGB", (64, 48), (200, 100, 50))),
        "cats/b.heif": packed(Image.new("RGB", (32, 32), (10, 20, 30))), "dogs/c.png": None,
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            Image.new("RGB", (8, 8)).save(folder / name)
        else:
            (folder / name).write_bytes(content)
    return folder


def test_heic_files_are_read_as_other_pictures(photos):
    assert sniff_format(photos / "cats" / "a.HEIC") == "image-folder"
    source = open_source(photos)
    assert source.places == ("cats/a.HEIC", "cats/b.heif", "dogs/c.png")
    assert source.columns["image"].sizes.tolist() == [[64, 48], [32, 32], [8, 8]]
    # Lossless, but by way of YCbCr: a level or two of rounding.
    assert np.abs(source.columns["image"][0][:, 20, 20].astype(int) - [200, 100, 50]).max() <= 3
    assert not source.problems


def test_without_the_extra_they_are_problems_with_its_line(photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    source = open_source(photos, exclude_problems=True)
    assert len(source) == 1
    assert [problem.where for problem in source.problems] == ["cats/a.HEIC", "cats/b.heif"]
    assert all("HEIC is read by an extra" in problem.found for problem in source.problems)
    assert all(problem.remedy == "pip install 'layerwise[heic]'" for problem in source.problems)


def test_a_folder_of_heic_alone_is_never_an_empty_one(photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(Exception, match=r"pip install 'layerwise\[heic\]'"):
        open_source(photos / "cats")


def test_a_renamed_one_is_read_by_its_content(photos):
    (photos / "cats" / "a.HEIC").rename(photos / "cats" / "a.jpg")
    assert any("cats/a.jpg (HEIF)" in note for note in open_source(photos).notes)


def test_transparency_several_pictures_and_more_bits_are_said(tmp_path):
    folder = tmp_path / "set" / "a"
    folder.mkdir(parents=True)
    (folder / "through.heic").write_bytes(packed(Image.new("RGBA", (16, 16), (255, 0, 0, 0))))
    several = heif.from_pillow(Image.new("RGB", (16, 16)))
    several.add_from_pillow(Image.new("RGB", (16, 16), "red"))
    several.save(folder / "several.heic")
    deep = heif.from_bytes(mode="RGB;16", size=(16, 16), data=np.full((16, 16, 3), 65535, np.uint16).tobytes())
    deep.save(folder / "deep.heic")
    source = open_source(tmp_path / "set")
    said = " ".join(source.notes)
    for words in ("over white: 1", "first picture of several used: 1", "10 or 12 bits scaled to 8: 1"):
        assert words in said
    assert source.columns["image"][source.places.index("a/through.heic")].min() >= 254
    assert source.columns["image"][source.places.index("a/deep.heic")].min() >= 254


def test_a_turned_photo_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:16] = 255
    content = packed(Image.fromarray(pixels), exif=exif.tobytes())
    header, picture = read_header(content), decode_picture(content, 3)
    assert (header.width, header.height) == (32, 64)
    assert picture.shape == (3, 64, 32)
    # A quarter to the right brings what was above, the white half, to the right.
    assert picture[:, :, :14].max() < 5
    assert picture[:, :, 18:].min() > 250


@pytest.mark.parametrize("cut", [20, 100, 300, -20])
def test_damaged_ones_are_problems(photos, cut):
    path = photos / "cats" / "a.HEIC"
    path.write_bytes(path.read_bytes()[:cut])
    source = open_source(photos, exclude_problems=True)
    assert len(source) + len(source.problems) == 3
    assert [problem.where for problem in source.problems] == ["cats/a.HEIC"]
