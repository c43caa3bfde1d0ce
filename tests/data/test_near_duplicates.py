"""Near-duplicates: planted copies are found and named, pictures and rows that are merely alike are not."""

import numpy as np
import pytest
from PIL import Image
from planted import KINDS, photo_like, write_folder
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from layerwise.data.kinds import Categories, Images, Numbers, Texts, picture_digest
from layerwise.data.memory import from_arrays
from layerwise.data.near_duplicates import near_duplicates
from layerwise.data.open import open_source
from layerwise.data.picture_hashes import hashes, sketch, sketch_of, sketches, turned
from layerwise.data.pictures import pixels_of
from layerwise.data.source import Field, Source
from layerwise.language import use

WAYS = {
    "stored again": {"stored again"}, "resized": {"resized"}, "mirrored": {"mirrored"}, "turned": {"turned"},
    "mirrored, smaller, stored again": {"mirrored"},
}  # fmt: skip


def pixels(pictures):
    return np.stack([np.asarray(picture).transpose(2, 0, 1) for picture in pictures])


def test_copies_of_every_kind_are_found_and_named_and_nothing_else(tmp_path):
    originals = photo_like(36, seed=1)
    generator = np.random.default_rng(2)
    kinds = [kind for kind in KINDS if kind != "copied"]
    copies = [KINDS[kinds[place % len(kinds)]](originals[place], generator) for place in range(30)]
    names = write_folder(tmp_path, [*originals, *copies])
    source = open_source(str(tmp_path))
    found = near_duplicates(source)
    rows = {place: row for row, place in enumerate(source.places)}
    planted = {
        tuple(sorted((rows[names[place]], rows[names[36 + place]]))): kinds[place % len(kinds)] for place in range(30)
    }
    # A resized copy of nearly the same size may keep it.
    assert {(pair.first, pair.second) for pair in found.pairs} == set(planted)
    assert all(pair.how in WAYS[planted[pair.first, pair.second]] for pair in found.pairs)
    assert (found.count, len(found.sets), found.complete) == (30, 30, True)
    assert all(pair.places == (source.place(pair.first), source.place(pair.second)) for pair in found.pairs)


def test_pictures_in_an_array_are_compared_as_those_of_files_are():
    originals = photo_like(12, seed=3, width=97, height=61)
    whole = pixels([*originals, *(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for picture in originals[:4])])
    assert np.abs(sketches(whole).astype(int) - [sketch(one) for one in whole]).max() <= 1
    found = near_duplicates(from_arrays(whole, np.arange(16) % 2))
    assert [(pair.first, pair.second, pair.how) for pair in found.pairs] == [
        (place, 12 + place, "mirrored") for place in range(4)
    ]


@pytest.mark.parametrize("turn", range(8))
def test_the_hash_and_the_sketch_of_a_turned_picture_need_no_picture(turn):
    whole = pixels(photo_like(6, seed=4, width=64, height=64))
    lying = np.rot90(whole[..., ::-1] if turn >= 4 else whole, turn % 4, axes=(2, 3))
    drawn = sketches(whole)
    differing = np.bitwise_count(hashes(sketches(lying))[0] ^ hashes(drawn)[turn])
    assert differing.max() <= 1
    assert np.abs(turned(drawn, turn).astype(int) - sketches(lying)).max() <= 1


def test_equal_pictures_are_exact_repeats_and_no_near_ones():
    whole = pixels([*photo_like(5, seed=5), *photo_like(2, seed=5)])
    found = near_duplicates(from_arrays(whole, np.arange(7) % 2))
    assert found.exact == ((0, 5), (1, 6))
    assert (found.pairs, found.count) == ((), 0)


def test_a_set_holds_every_copy_and_counts_those_beyond_the_first():
    one, other = photo_like(2, seed=6)
    mirrored = one.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    whole = pixels([one, other, mirrored, one.transpose(Image.Transpose.ROTATE_180), mirrored])
    found = near_duplicates(from_arrays(whole, np.array([0, 1, 0, 1, 0])))
    assert found.sets == ((0, 2, 3, 4),)
    # Row 4 is an exact repeat of row 2, which the exact ones count.
    assert (found.count, found.exact) == (2, ((2, 4),))


def test_crops_are_not_claimed():
    one = photo_like(1, seed=7)[0]
    cropped = one.crop((20, 15, 160, 120)).resize(one.size)
    assert near_duplicates(from_arrays(pixels([one, cropped]), np.arange(2))).pairs == ()


def test_other_colours_of_the_same_grey_are_another_picture():
    one = 100 + pixels(photo_like(1, seed=8)).astype(float) * 0.3
    # 0.299 * 36 = 0.114 * 94.4: the grey stays.
    other = one + np.array([36, 0, -94.4])[None, :, None, None]
    both = np.rint(np.concatenate([one, other])).astype(np.uint8)
    assert near_duplicates(from_arrays(both, np.arange(2))).pairs == ()


def test_a_stretched_picture_is_another_one():
    one = photo_like(1, seed=26)[0]
    stretched = pixels([one.resize((160, 60))])
    column = Images([*pixels([one]), *stretched], lambda cell: cell, np.array([[160, 120], [160, 60]]), 3)
    assert near_duplicates(Source("p", "memory", (Field("image"),), {"image": column})).pairs == ()


def test_empty_pages_are_not_taken_for_each_other():
    # Paper in the same light, with a speck somewhere else on each sheet.
    light = np.rint(240 + np.add.outer(np.linspace(0, 6, 64), np.linspace(0, 4, 64)))
    pages = np.repeat(light[None, None], 20, axis=0).astype(np.uint8)
    pages[np.arange(20), 0, 3 * np.arange(20), 2 * np.arange(20)] -= 10
    assert near_duplicates(from_arrays(pages, np.arange(20) % 2)).pairs == ()


def test_small_pictures_are_found_where_they_mirror_another_pixel_for_pixel():
    digits = load_digits().images.astype(np.uint8)[:200]
    planted = np.concatenate([digits, digits[:3, :, ::-1], digits[3:5, ::-1], np.rot90(digits[5:7], axes=(1, 2))])
    found = near_duplicates(from_arrays(planted[:, None], np.arange(207) % 2))
    assert [(pair.first, pair.second, pair.how) for pair in found.pairs] == [
        *((place, 200 + place, "mirrored") for place in range(5)), (5, 205, "turned"), (6, 206, "turned"),
    ]  # fmt: skip
    # Nothing less is claimed of them.
    planted[200:, 0, 0] += 1
    assert near_duplicates(from_arrays(planted[:, None], np.arange(207) % 2)).pairs == ()


def test_patterns_of_dots_mirror_each_other_by_nature():
    found = near_duplicates(open_source("bars-and-stripes"))
    assert (found.pairs, found.exact) == ((), ())


def test_the_same_picture_in_two_rows_belongs_together_whatever_else_they_say():
    pictures = pixels([*photo_like(3, seed=10), photo_like(1, seed=10)[0]])
    columns = {
        "image": Images(pictures, None, np.full((4, 2), (160, 120)), 3), "weight": Numbers(np.arange(4.0)),
        "y": Categories(np.arange(4) % 2, ("a", "b")),
    }  # fmt: skip
    source = Source("m", "memory", (Field("image"), Field("weight"), Field("y", "target")), columns)
    found = near_duplicates(source)
    assert [(pair.first, pair.second, pair.how) for pair in found.pairs] == [(0, 3, "same picture")]
    assert found.exact == ()


def table(values, **texts):
    columns = {f"x{place}": Numbers(column) for place, column in enumerate(np.asarray(values, dtype=float).T)}
    columns |= {name: Texts(list(cells)) for name, cells in texts.items()}
    return Source("t", "memory", tuple(Field(name) for name in columns), columns)


ROUNDINGS = {
    "decimals": (lambda row: np.round(row, 2), np.ones(5)),
    "digits": (lambda row: np.array([float(f"{value:.4g}") for value in row]), np.array([1e-3, 1, 50, 1e4, 7])),
    "32 bits": (lambda row: row.astype(np.float32).astype(float), np.array([1e-3, 1, 50, 1e4, 7])),
    "computed again": (lambda row: row * (1 + 2e-7), np.array([1e-3, 1, 50, 1e4, 7])),
}


@pytest.mark.parametrize(("write", "scale"), ROUNDINGS.values(), ids=ROUNDINGS)
def test_rows_that_were_rounded_are_found(write, scale):
    values = np.random.default_rng(11).normal(size=(400, 5)) * scale
    copied = [3, 77, 200, 399]
    found = near_duplicates(table(np.vstack([values, [write(values[row]) for row in copied]])))
    assert [(pair.first, pair.second, pair.how) for pair in found.pairs] == [
        (row, 400 + place, "rounded") for place, row in enumerate(copied)
    ]


def test_rows_that_differ_in_letter_case_spaces_or_unicode_form_are_found():
    values = np.arange(12.0).reshape(6, 2)
    values[3:] = values[:3]
    names = ["Seoul Station", "caf\u00e9", "부산", "seoul  station ", "cafe\u0301", "대구"]
    found = near_duplicates(table(values, place=names))
    assert [(pair.first, pair.second, pair.how) for pair in found.pairs] == [
        (0, 3, "written otherwise"), (1, 4, "written otherwise")
    ]  # fmt: skip


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
def test_coarse_tables_hold_no_rows_that_are_one_by_chance(load):
    inputs, targets = load(return_X_y=True)
    assert near_duplicates(from_arrays(inputs, targets)).pairs == ()


def test_rounding_that_makes_rows_equal_by_chance_tells_nothing():
    # Halves from 0 to 5: a row of whole numbers is what some other one becomes by rounding.
    values = np.unique(np.random.default_rng(27).integers(0, 11, size=(300, 3)), axis=0) / 2
    assert near_duplicates(table(values)).pairs == ()


def test_whole_numbers_and_single_fields_of_numbers_must_be_equal():
    seconds = 1_700_000_000 + 60.0 * np.arange(50)
    readings = np.repeat([[1.5, 2.25]], 50, axis=0)
    assert near_duplicates(table(np.column_stack([seconds, readings]))).pairs == ()
    dense = np.sort(np.random.default_rng(12).uniform(size=20_000))[:, None]
    assert near_duplicates(table(dense)).pairs == ()


def burst_folder(folder, moments):
    """Write photos that move by a few pixels from one to the next, each with its moment."""
    scene = photo_like(1, seed=13, width=220, height=150)[0]
    for place, (moment, fraction) in enumerate(moments):
        tags = Image.Exif()
        tags.get_ifd(0x8769).update({0x9003: moment} | ({0x9291: fraction} if fraction else {}))
        photo = scene.crop((4 * place, 3 * place, 4 * place + 160, 3 * place + 120))
        (folder / "a").mkdir(exist_ok=True)
        photo.save(folder / "a" / f"{place}.jpg", quality=95, exif=tags)
    (folder / "b").mkdir()
    for place, photo in enumerate(photo_like(3, seed=14)):
        photo.save(folder / "b" / f"{place}.jpg", exif=tags)


def test_photos_of_one_burst_are_one_set(tmp_path):
    burst_folder(tmp_path, [("2024:05:01 12:00:00", "20"), ("2024:05:01 12:00:00", "90"), ("2024:05:01 12:00:02", "")])
    found = near_duplicates(open_source(str(tmp_path)))
    assert found.sets == ((0, 1, 2),)
    assert set(found.ways) == {"burst"}


def test_the_same_view_an_hour_later_is_no_burst_and_a_spoilt_time_is_none(tmp_path):
    burst_folder(tmp_path, [("2024:05:01 12:00:00", ""), ("2024:05:01 13:00:00", ""), ("0000:00:00 00:00:00", "")])
    source = open_source(str(tmp_path))
    assert not source.problems
    assert np.isnan(source.columns["image"].taken[2])
    assert near_duplicates(source).pairs == ()


def test_what_was_found_is_told_in_both_languages_and_as_plain_values():
    whole = pixels([*photo_like(3, seed=15), photo_like(1, seed=15)[0].transpose(Image.Transpose.FLIP_LEFT_RIGHT)])
    found = near_duplicates(from_arrays(whole, np.arange(4) % 2))
    assert found.lines() == [
        "Near-duplicates: 1 rows nearly repeat another one (mirrored 1).", "  row 1 and row 4: mirrored"
    ]  # fmt: skip
    with use("ko"):
        assert found.lines()[0] == "거의 같은 행: 1개가 다른 행과 거의 같습니다(뒤집힘 1)."
    assert found.to_json() == {
        "count": 1, "sets": 1, "ways": {"mirrored": 1}, "complete": True,
        "pairs": [{"rows": [0, 3], "how": "mirrored", "places": ["row 1", "row 4"]}],
    }  # fmt: skip
    assert near_duplicates(from_arrays(whole[:3], np.arange(3) % 2)).lines() == ["Near-duplicates: none found."]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sketch_is_the_same_however_the_bytes_lie(channels):
    drawn = np.random.default_rng(0).integers(0, 256, (75, 110, channels), np.uint8)
    planes = np.ascontiguousarray(drawn.transpose(2, 0, 1))
    beside = sketch(drawn.transpose(2, 0, 1))
    np.testing.assert_array_equal(beside, sketch(planes))
    stored = Image.fromarray(drawn[..., 0] if channels == 1 else drawn)
    np.testing.assert_array_equal(pixels_of(stored), planes)
    np.testing.assert_array_equal(sketch_of(stored), beside)
    small = Image.fromarray(planes[0]).resize((32, 32), Image.Resampling.BILINEAR)
    if channels == 1:
        np.testing.assert_array_equal(beside[:1024].reshape(32, 32), np.asarray(small))
    assert picture_digest(drawn.transpose(2, 0, 1)) == picture_digest(planes)
