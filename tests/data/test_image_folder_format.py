"""Folders of pictures: exact pixels of every mode, and every file loaded, reported or counted."""

import struct
import unicodedata
import zlib

import numpy as np
import pytest
from PIL import Image

from layerwise.data.open import open_source, sniff_format
from layerwise.errors import LayerwiseError


def save(path, picture, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


def grey(rows):
    return Image.fromarray(np.array(rows, dtype=np.uint8))


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "photos"
    save(folder / "cats" / "a.png", grey([[0, 255], [10, 20]]))
    save(folder / "cats" / "b.png", grey([[1, 2, 3]]))
    save(folder / "dogs" / "c.png", grey([[9]]))
    return folder


def pixels(source, place):
    return source.columns["image"][source.places.index(place)]


def test_class_folders(root):
    assert sniff_format(root) == "image-folder"
    source = open_source(root)
    assert source.places == ("cats/a.png", "cats/b.png", "dogs/c.png")
    assert source.columns["class"].counts() == {"cats": 2, "dogs": 1}
    assert source.columns["image"].sizes.tolist() == [[2, 2], [3, 1], [1, 1]]
    assert source.columns["image"].channels == 1
    assert pixels(source, "cats/a.png").tolist() == [[[0, 255], [10, 20]]]
    assert source.named("target") == ("class",)


@pytest.mark.parametrize("word", ["val", "valid", "validation", "검증"])
def test_a_level_of_parts(tmp_path, word):
    for part in ("train", word, "test"):
        for label in ("a", "b"):
            save(tmp_path / "set" / part / label / f"{part}.png", grey([[1]]))
    source = open_source(tmp_path / "set")
    assert source.columns["part"].counts() == {"train": 2, "validation": 2, "test": 2}
    assert source.columns["class"].names == ("a", "b")
    assert source.named("part") == ("part",)


def test_parts_beside_other_folders_are_refused(tmp_path):
    for part in ("train", "test", "extra"):
        save(tmp_path / "set" / part / "a" / "x.png", grey([[1]]))
    with pytest.raises(LayerwiseError, match="extra"):
        open_source(tmp_path / "set")


def test_a_folder_around_all_others_is_looked_through(tmp_path):
    for part in ("train", "test"):
        save(tmp_path / "set" / "photos" / "more" / part / "a" / "x.png", grey([[1]]))
    (tmp_path / "set" / "photos" / "README").write_text("x")
    assert sniff_format(tmp_path / "set" / "photos") == "image-folder"
    source = open_source(tmp_path / "set", format="image-folder")
    assert source.places == ("photos/more/test/a/x.png", "photos/more/train/a/x.png")
    assert source.columns["part"].counts() == {"train": 1, "test": 1}
    assert any("'photos/more'" in note for note in source.notes)
    assert any("photos/README" in note for note in source.notes)


def test_one_class_folder_alone_is_a_class(root):
    for path in (root / "dogs").iterdir():
        path.unlink()
    (root / "dogs").rmdir()
    assert open_source(root).columns["class"].names == ("cats",)


def test_what_lies_beside_parts_is_listed(tmp_path):
    for part in ("train", "test"):
        save(tmp_path / "set" / part / "a" / "x.png", grey([[1]]))
    save(tmp_path / "set" / "cover.png", grey([[1]]))
    (tmp_path / "set" / "README").write_text("x")
    source = open_source(tmp_path / "set", exclude_problems=True)
    assert [problem.where for problem in source.problems] == ["cover.png"]
    assert any("README" in note for note in source.notes)


def test_a_class_may_be_called_train(tmp_path):
    for label in ("train", "bus"):
        save(tmp_path / "set" / label / "x.png", grey([[1]]))
    assert open_source(tmp_path / "set").columns["class"].names == ("bus", "train")


def test_an_empty_class_folder_is_named(root):
    (root / "birds").mkdir()
    (root / "birds" / ".DS_Store").write_bytes(b"x")
    with pytest.raises(LayerwiseError, match=r"photos/birds' is empty|birds' is empty"):
        open_source(root)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_tags_are_applied(tmp_path, orientation):
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    # What a camera stores for each tag, so that the tag's turn gives the upright picture back (EXIF 2.3, tag 0x0112).
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: upright.T[::-1], 7: upright.T[::-1, ::-1], 8: upright.T[:, ::-1],
    }[orientation]  # fmt: skip
    picture = Image.fromarray(np.ascontiguousarray(stored))
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(tmp_path / "set" / "a" / "x.png", picture, exif=exif)
    source = open_source(tmp_path / "set")
    assert source.columns["image"].sizes.tolist() == [[3, 2]]
    assert source.columns["image"][0][0].tolist() == upright.tolist()


def test_transparent_pixels_lie_over_white(tmp_path):
    picture = Image.new("RGBA", (3, 1))
    picture.putpixel((0, 0), (200, 0, 0, 255))
    picture.putpixel((1, 0), (200, 0, 0, 0))
    picture.putpixel((2, 0), (0, 0, 0, 51))
    save(tmp_path / "set" / "a" / "x.png", picture)
    source = open_source(tmp_path / "set")
    # Over white: c alpha + 255 (1 - alpha); alpha = 51/255 gives 204.
    assert source.columns["image"][0][:, 0].T.tolist() == [[200, 0, 0], [255, 255, 255], [204, 204, 204]]
    assert any("over white: 1" in note for note in source.notes)


def test_grey_with_alpha_stays_grey(tmp_path):
    picture = Image.new("LA", (2, 1), (100, 255))
    picture.putpixel((1, 0), (100, 0))
    save(tmp_path / "set" / "a" / "x.png", picture)
    source = open_source(tmp_path / "set")
    assert source.columns["image"][0].tolist() == [[[100, 255]]]


def test_palettes_are_looked_up(tmp_path):
    picture = Image.new("P", (3, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.putdata([2, 0, 1])
    save(tmp_path / "set" / "a" / "x.png", picture)
    save(tmp_path / "set" / "a" / "y.png", picture, transparency=0)
    source = open_source(tmp_path / "set")
    assert source.columns["image"][0][:, 0].T.tolist() == [[70, 80, 90], [10, 20, 30], [40, 50, 60]]
    assert source.columns["image"][1][:, 0].T.tolist() == [[70, 80, 90], [255, 255, 255], [40, 50, 60]]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, suffix):
    values = np.array([[0, 128, 129, 257, 25700, 32767, 65535]], dtype=np.uint16)
    save(tmp_path / "set" / "a" / f"x.{suffix}", Image.fromarray(values))
    source = open_source(tmp_path / "set")
    # v * 255 / 65535, rounded.
    assert source.columns["image"][0][0, 0].tolist() == [0, 0, 1, 1, 100, 127, 255]
    assert any("16 bits" in note for note in source.notes)


def test_two_levels_and_cmyk(tmp_path):
    save(tmp_path / "set" / "a" / "x.png", Image.fromarray(np.array([[False, True]])))
    assert open_source(tmp_path / "set").columns["image"][0].tolist() == [[[0, 255]]]
    save(tmp_path / "set" / "a" / "y.tif", Image.new("CMYK", (1, 1), (255, 0, 0, 0)))
    source = open_source(tmp_path / "set")
    assert source.columns["image"].channels == 3
    assert pixels(source, "a/y.tif")[:, 0, 0].tolist() == [0, 255, 255]
    assert pixels(source, "a/x.png")[:, 0, 1].tolist() == [255, 255, 255]


def test_the_first_picture_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "blue", "green")]
    save(tmp_path / "set" / "a" / "x.gif", frames[0], save_all=True, append_images=frames[1:])
    source = open_source(tmp_path / "set")
    assert source.columns["image"][0][:, 0, 0].tolist() == [255, 0, 0]
    assert any("first picture of several used: 1" in note for note in source.notes)


def test_every_bad_file_is_a_problem(root):
    cats = root / "cats"
    save(cats / "whole.jpg", Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)))
    (cats / "cut.jpg").write_bytes((cats / "whole.jpg").read_bytes()[:1500])
    (cats / "cut.png").write_bytes((cats / "a.png").read_bytes()[:50])
    (cats / "empty.png").write_bytes(b"")
    (cats / "text.jpg").write_text("not a picture")
    (cats / "notes.docx").write_text("x")
    (cats / "deeper").mkdir()
    save(root / "stray.png", grey([[1]]))
    source = open_source(root, exclude_problems=True)
    found = {problem.where: problem.found for problem in source.problems}
    assert set(found) == {
        "cats/cut.jpg", "cats/cut.png", "cats/empty.png", "cats/text.jpg", "cats/notes.docx", "cats/deeper/",
        "stray.png",
    }  # fmt: skip
    assert found["cats/empty.png"] == "the file is empty"
    assert "not a pi" in found["cats/text.jpg"]
    assert len(source) == 4
    with pytest.raises(LayerwiseError) as caught:
        open_source(root)
    assert "7 of 11 items" in str(caught.value)
    assert "--exclude-problems" in str(caught.value)


def test_a_bomb_is_not_decoded(root):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    for label, side in (("bomb", 12_000), ("worse", 60_000)):
        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        content = (
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
        )
        (root / "cats" / f"{label}.png").write_bytes(content)
    source = open_source(root, exclude_problems=True)
    assert sorted(problem.where for problem in source.problems) == ["cats/bomb.png", "cats/worse.png"]
    assert all("million" in problem.found for problem in source.problems)


def test_hidden_and_neighbouring_files_are_counted(root):
    (root / ".DS_Store").write_bytes(b"x")
    (root / "cats" / "._a.png").write_bytes(b"x")
    (root / "cats" / "Thumbs.db").write_bytes(b"x")
    (root / "README.txt").write_text("hello")
    source = open_source(root)
    assert any(note.endswith(": 3.") and "Hidden" in note for note in source.notes)
    assert any("README.txt" in note for note in source.notes)


def test_a_png_named_jpg_is_read_and_said(root):
    save(root / "dogs" / "d.jpg", grey([[5]]), format="PNG")
    source = open_source(root)
    assert pixels(source, "dogs/d.jpg").tolist() == [[[5]]]
    assert any("dogs/d.jpg (PNG)" in note for note in source.notes)


def test_hangul_names_in_both_spellings_are_one_class(tmp_path):
    for part, form in (("train", "NFC"), ("test", "NFD")):
        save(tmp_path / "set" / part / unicodedata.normalize(form, "고양이") / "x.png", grey([[1]]))
    source = open_source(tmp_path / "set")
    assert source.columns["class"].names == ("고양이",)
    assert len(source) == 2


def test_classes_named_by_numbers_stand_in_order(tmp_path):
    for label in ("10", "9", "1"):
        save(tmp_path / "set" / label / "x.png", grey([[1]]))
    assert open_source(tmp_path / "set").columns["class"].names == ("1", "9", "10")


def test_pictures_without_classes_and_one_picture(root):
    flat = open_source(root / "cats")
    assert len(flat) == 2
    assert flat.named("target") == ()
    single = open_source(root / "dogs" / "c.png")
    assert single.columns["image"][0].tolist() == [[[9]]]


def test_equal_pictures_have_equal_digests(root):
    save(root / "dogs" / "copy.png", grey([[1, 2, 3]]), optimize=True)
    column = open_source(root).columns["image"]
    assert len(set(column.digests())) == 3
    assert column.digests() == open_source(root, options={"check_pixels": False}).columns["image"].digests()


def test_a_picture_that_vanishes_later_is_named(root):
    source = open_source(root)
    (root / "cats" / "a.png").write_bytes(b"changed")
    with pytest.raises(LayerwiseError, match=r"cats/a\.png"):
        source.columns["image"][0]


def test_damaged_bytes_never_escape(tmp_path):
    generator = np.random.default_rng(1)
    folder = tmp_path / "set" / "a"
    folder.mkdir(parents=True)
    colours = Image.fromarray(generator.integers(0, 255, (24, 24, 3), np.uint8))
    for suffix in ("png", "jpg", "gif", "bmp", "tif", "webp", "ppm"):
        colours.save(tmp_path / f"whole.{suffix}")
        whole = (tmp_path / f"whole.{suffix}").read_bytes()
        for number in range(40):
            raw = bytearray(whole)
            for place in generator.integers(0, min(len(raw), 200), 4):
                raw[place] = generator.integers(0, 256)
            (folder / f"{number}.{suffix}").write_bytes(bytes(raw[: len(raw) - number % 3 * 50]))
    source = open_source(tmp_path / "set", exclude_problems=True)
    assert len(source) + len(source.problems) == 280
    assert source.problems
