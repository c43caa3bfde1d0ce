"""What was found in pictures is kept, and never believed where a picture may have changed."""

import json
import os
import time

import numpy as np
import pytest
from packing import Item, packed
from packing import picture as packed_picture
from PIL import Image

from layerwise.data import picture_memory
from layerwise.data.open import open_source
from layerwise.data.pictures import picture_of

COUNT = 12


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Twelve photos that have been left alone for a minute, where so few are kept in mind."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("layerwise.data.picture_column.FEWEST", 2)
    monkeypatch.setattr("layerwise.data.picture_memory.time.time", lambda: time.time_ns() / 1e9 + 60)
    for place in range(COUNT):
        draw(tmp_path / "photos" / "ab"[place % 2] / f"{place}.png", place)
    return tmp_path / "photos"


@pytest.fixture
def decoded(monkeypatch):
    """Count the pictures that are decoded."""
    names = []

    def counting(content, channels):
        names.append(getattr(content, "name", "bytes"))
        return picture_of(content, channels)

    monkeypatch.setattr(picture_memory, "picture_of", counting)
    return names


def draw(path, value, side=6):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((side, side, 3), value, np.uint8)).save(path, compress_level=0)


def kept():
    (file,) = picture_memory.memory_folder().iterdir()
    return file


def test_the_second_time_nothing_is_decoded_and_all_is_the_same(photos, decoded):
    first = open_source(photos)
    assert len(decoded) == COUNT
    second = open_source(photos)
    assert len(decoded) == COUNT
    assert second.fingerprint() == first.fingerprint()
    assert second.places == first.places
    assert (second.columns["image"].sizes == first.columns["image"].sizes).all()
    assert second.notes[:-1] == first.notes
    assert f"not decoded again: {COUNT} (kept in {kept()})" in second.notes[-1]


def test_what_was_kept_before_times_were_read_of_every_format_is_not_believed(photos, decoded, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(picture_memory, "VERSION", 2)
        open_source(photos)
    open_source(photos)
    assert len(decoded) == 2 * COUNT


def test_a_changed_picture_is_read_again_even_with_size_and_time_as_they_were(photos, decoded):
    before = open_source(photos)
    path = photos / "a" / "0.png"
    old = path.stat()
    # Another grey in as many bytes, and the clock of the file turned back.
    draw(path, 200)
    assert path.stat().st_size == old.st_size
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    decoded.clear()
    after = open_source(photos)
    assert decoded == ["0.png"]
    assert after.fingerprint() != before.fingerprint()
    assert after.columns["image"].digests()[0] != before.columns["image"].digests()[0]


def test_a_picture_that_was_just_written_is_not_kept(photos, decoded, monkeypatch):
    monkeypatch.setattr("layerwise.data.picture_memory.time.time", lambda: time.time_ns() / 1e9)
    open_source(photos)
    open_source(photos)
    assert len(decoded) == 2 * COUNT


def test_a_damaged_picture_is_a_problem_each_time(photos, decoded):
    (photos / "a" / "0.png").write_bytes(b"no picture")
    for _ in range(2):
        source = open_source(photos, exclude_problems=True)
        assert [problem.where for problem in source.problems] == ["a/0.png"]
    # One that was whole and is not any more is met as well.
    (photos / "b" / "1.png").write_bytes(b"no picture")
    assert len(open_source(photos, exclude_problems=True).problems) == 2


@pytest.mark.parametrize("place", [0, 1, 5, 64, 65, 66, 70, 200, 400, -3, -1])
def test_a_damaged_memory_is_no_memory(photos, decoded, place):
    before = open_source(photos).fingerprint()
    raw = bytearray(kept().read_bytes())
    raw[place] ^= 1
    kept().write_bytes(bytes(raw))
    decoded.clear()
    assert open_source(photos).fingerprint() == before
    assert len(decoded) == COUNT
    # It is written anew and holds again.
    open_source(photos)
    assert len(decoded) == COUNT


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 100, b"\xff\xfe\n[]"])
def test_something_else_in_its_place_is_no_memory(photos, decoded, content):
    open_source(photos)
    kept().write_bytes(content)
    open_source(photos)
    assert len(decoded) == 2 * COUNT


def test_a_cache_that_cannot_be_written_is_done_without(photos, tmp_path, decoded):
    (tmp_path / "cache").write_bytes(b"a file where a folder should be")
    assert len(open_source(photos)) == COUNT
    assert len(open_source(photos)) == COUNT
    assert len(decoded) == 2 * COUNT


def test_new_and_removed_pictures(photos, decoded):
    open_source(photos)
    draw(photos / "a" / "new.png", 77)
    (photos / "a" / "0.png").unlink()
    decoded.clear()
    assert len(open_source(photos)) == COUNT
    assert decoded == ["new.png"]
    # What is gone is not kept for ever; what is there and was not asked for is.
    assert b'"a/0.png"' not in kept().read_bytes()
    some = photos.parent / "some.csv"
    some.write_text("file,y\n" + "".join(f"a/{place}.png,{place % 4}\n" for place in (2, 4, 6, 8)), encoding="utf-8")
    (photos / "b" / "1.png").unlink()
    assert len(open_source(some, images=str(photos))) == 4
    assert b'"b/1.png"' not in kept().read_bytes()
    assert all(f'"b/{place}.png"'.encode() in kept().read_bytes() for place in (3, 5, 7, 9, 11))


def test_grey_pictures_that_meet_a_colour_are_decoded_to_three_channels(photos, decoded):
    for path in photos.rglob("*.png"):
        Image.open(path).convert("L").save(path)
    assert open_source(photos).columns["image"].channels == 1
    draw(photos / "a" / "colour.png", 77)
    decoded.clear()
    source = open_source(photos)
    assert source.columns["image"].channels == 3
    assert len(decoded) == COUNT + 1
    fresh = open_source(photos, options={"check_pixels": False})
    assert source.columns["image"].digests() == fresh.columns["image"].digests()


def test_pictures_of_an_archive_are_known_by_their_bytes(photos, tmp_path, decoded):
    archive = tmp_path / "photos.zip"
    archive.write_bytes(packed("zip", [Item(f"c/{place}.png", packed_picture(place)) for place in range(4)]))
    before = open_source(archive)
    assert open_source(archive).fingerprint() == before.fingerprint()
    assert len(decoded) == 4


def test_what_is_kept_is_plain(photos):
    open_source(photos)
    total, _, content = kept().read_bytes().partition(b"\n")
    assert len(total) == 64
    assert {name for name, *_ in json.loads(content)} == {f"{'ab'[place % 2]}/{place}.png" for place in range(COUNT)}
