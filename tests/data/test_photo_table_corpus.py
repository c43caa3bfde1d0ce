"""Odd tables beside folders of photos: every row has its photo or is listed with why, every photo a row or a note."""

import random
import unicodedata

import pytest
from damage import flipped, listed, outcome, refusal
from packing import Item, packed, picture

from layerwise.data.open import open_source

WHOLE = {"a.png": 10, "b.png": 20, "sub/c.png": 30, "사진.png": 40, "two/same.png": 50, "three/same.png": 60}
"""The grey of each photo; two of them share a name."""

RIGHT = {
    "plain": ("file,y\na.png,1\nb.png,2\n", [10, 20]),
    "without ending": ("file,y\na,1\nb,2\n", [10, 20]), "another ending": ("file,y\na.jpg,1\nb.jpeg,2\n", [10, 20]),
    "ending in capitals": ("file,y\na.PNG,1\nb.Png,2\n", [10, 20]), "in capitals": ("file,y\nA.PNG,1\nB,2\n", [10, 20]),
    "with its folder": ("file,y\nsub/c.png,1\na.png,2\n", [30, 10]),
    "without its folder": ("file,y\nc.png,1\na.png,2\n", [30, 10]),
    "a folder that is not there": ("file,y\nold/a.png,1\nb.png,2\n", [10, 20]),
    "a dot before": ("file,y\n./a.png,1\n./sub/c.png,2\n", [10, 30]),
    "a path of windows": ("file,y\nC:\\photos\\a.png,1\nsub\\c.png,2\n", [10, 30]),
    "a path of linux": ("file,y\n/home/kim/a.png,1\n/data/sub/c.png,2\n", [10, 30]),
    "korean": ("파일,y\n사진.png,1\na.png,2\n", [40, 10]),
    "taken apart": (f"file,y\n{unicodedata.normalize('NFD', '사진')}.png,1\na.png,2\n", [40, 10]),
    "CP949": ("파일,y\n사진.png,1\na.png,2\n".encode("cp949"), [40, 10]),
    "UTF-16": ("파일,y\n사진.png,1\na.png,2\n".encode("utf-16"), [40, 10]),
    "a mark": ("file,y\na.png,1\nb.png,2\n".encode("utf-8-sig"), [10, 20]),
    "semicolons": ("file;y\na.png;1,5\nb.png;2\n", [10, 20]), "tabs": ("file\ty\na.png\t1\nb.png\t2\n", [10, 20]),
    "names behind": ("y,file\n1,a.png\n2,b.png\n", [10, 20]), "quoted": ('file,y\n"a.png",1\n"b.png",2\n', [10, 20]),
    "windows line ends": ("file,y\r\na.png,1\r\nb.png,2\r\n", [10, 20]),
    "blanks": ("file,y\n a.png ,1\n b.png ,2\n", [10, 20]),
    "the same photo twice": ("file,y\na.png,1\na.png,2\nb.png,1\n", [10, 10, 20]),
    "two of one name with their folders": ("file,y\ntwo/same.png,1\nthree/same.png,2\n", [50, 60]),
    "a number, a class and words": ("file,n,c,t\na.png,1.5,x,hello\nb.png,2.5,y,there\n", [10, 20]),
    "another table of names": ("file,y\na.png,z.png\nb.png,z.png\n", [10, 20]),
}  # fmt: skip

BEHIND = "file,y\na.png,1\nb.png,2\n"

WRONG = {
    "absent": (f"{BEHIND}gone.png,3\n", "line 4", "no picture 'gone.png'"),
    "empty": (f"{BEHIND},3\n", "line 4", "is empty"),
    "missing": (f"{BEHIND}NA,3\n", "line 4", "is empty"), "two fit": (f"{BEHIND}same.png,3\n", "line 4", "could be"),
    "in another folder": (f"{BEHIND}old/c.png,3\n", "line 4", "no picture"),
    "damaged": (f"{BEHIND}broken.png,3\n", "line 4: broken.png", ""),
    "of no bytes": (f"{BEHIND}nothing.png,3\n", "line 4: nothing.png", "empty"),
    "a text": (f"{BEHIND}text.png,3\n", "line 4: text.png", "no picture"),
    "too large": (f"{BEHIND}large.png,3\n", "line 4: large.png", "million"),
    "outside": (f"{BEHIND}../outside.png,3\n", "line 4", "no picture"),
    "too few cells": (f"{BEHIND}a.png\n", "line 4", "1 cells"),
    "too many cells": (f"{BEHIND}a.png,1,2\n", "line 4", "3 cells"),
    "a folder": (f"{BEHIND}sub,3\n", "line 4", "no picture 'sub'"),
    "a sign that matches all": (f"{BEHIND}*.png,3\n", "line 4", "no picture"),
    "an address": (f"{BEHIND}http://x.y/z.png,3\n", "line 4", "no picture"),
    "a very long name": (f"{BEHIND}{'x' * 300}.png,3\n", "line 4", "no picture"),
    "a dot": (f"{BEHIND}.,3\n", "line 4", "no picture"),
    "two dots": (f"{BEHIND}..,3\n", "line 4", "no picture"), "a slash": (f"{BEHIND}/,3\n", "line 4", "no picture"),
    "hidden": (f"{BEHIND}.hidden.png,3\n", "line 4", "no picture"),
    "something else": (f"{BEHIND}notes.txt,3\n", "line 4", "no picture"),
}  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "photos"
    contents = {name: picture(grey) for name, grey in WHOLE.items()} | {
        "broken.png": picture(1)[:-15], "nothing.png": b"", "text.png": b"hello there", "notes.txt": b"x",
        ".hidden.png": picture(9), "large.png": b"P5 30000 30000 255 ", "../outside.png": picture(9),
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "labels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def greys(source):
    return [int(source.columns["image"][row].mean()) for row in range(len(source))]


def test_the_corpus_is_large_enough():
    assert len(RIGHT) + len(WRONG) >= 40


@pytest.mark.parametrize("name", RIGHT)
def test_every_row_has_its_photo(write, photos, name):
    content, expected = RIGHT[name]
    source = open_source(write(content), images=str(photos))
    assert greys(source) == expected
    assert any(note.startswith("Pictures that no row names") for note in source.notes)


@pytest.mark.parametrize("name", WRONG)
def test_rows_without_a_photo_are_named(write, photos, name):
    content, where, found = WRONG[name]
    source = outcome(write(content), images=str(photos))
    (problem,) = source.problems
    assert problem.where.removeprefix("labels.csv, ") == where
    assert found in problem.found
    assert greys(source) == [10, 20]


@pytest.mark.parametrize("content", ["y,z\n1,2\n3,4\n", "file,y\ngone.png,1\nlost.png,2\n"])
def test_a_table_that_names_no_photo(write, photos, content):
    assert "no name fits" in str(refusal(write(content), images=str(photos)))


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_photos_in_an_archive(write, photos, tmp_path, monkeypatch, kind):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    archive = tmp_path / f"photos.{kind}"
    archive.write_bytes(packed(kind, [Item(name, picture(grey)) for name, grey in WHOLE.items()]))
    content, expected = RIGHT["korean"]
    assert greys(open_source(write(content), images=str(archive))) == expected


TABLE = "파일,분류,n\n" + "".join(f"{name},{'가' if grey > 30 else '나'},{grey}.5\n" for name, grey in WHOLE.items())


@pytest.mark.parametrize("seeds", [range(50), pytest.param(range(50, 500), marks=pytest.mark.long)])
def test_mutated_tables_lose_no_row_and_swap_no_photo(write, photos, seeds):
    loaded = refused = 0
    for seed in seeds:
        noise = random.Random(seed)
        encoding = noise.choice(["utf-8", "cp949"])
        content = flipped(TABLE.encode(encoding), noise)
        path = write(content)
        table = outcome(path, "csv", {"header": "yes", "delimiter": "comma"})
        source = outcome(path, "csv", {"header": "yes", "delimiter": "comma"}, images=str(photos))
        if source is None:
            refused += table is None
            # What is read as a table is refused with photos only where no cell names one any more.
            cells = (
                set() if table is None else {one.show(row) for one in table.columns.values() for row in range(len(one))}
            )
            assert not WHOLE.keys() & cells, content
            continue
        loaded += 1
        assert listed(source) == listed(table)
        named = next((part.name for part in source.fields if part.name == "파일"), "")
        for row, grey in enumerate(greys(source)):
            if named and source.columns[named].show(row) in WHOLE:
                assert grey == WHOLE[source.columns[named].show(row)]
    assert loaded > len(seeds) // 3
    assert refused
