"""Names in a table and the files they mean."""

import unicodedata

import pytest

from layerwise.data.file_names import FileNames, Found

SUFFIXES = {".jpg", ".jpeg", ".png"}


def apart(text):
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize(
    ("name", "file", "differs"),
    [
        ("a.jpg", "a.jpg", ()),
        (" a.jpg ", "a.jpg", ()),
        ("./cats/a.jpg", "cats/a.jpg", ()),
        ("cats\\a.jpg", "cats/a.jpg", ()),
        ("a.JPG", "a.jpg", ("letter case",)),
        ("A.jpg", "a.jpg", ("letter case",)),
        ("a", "a.jpg", ("ending",)),
        ("a.png", "a.jpg", ("ending",)),
        ("a.jpg", "cats/a.jpg", ("folder",)),
        ("C:\\photos\\cats\\a.jpg", "cats/a.jpg", ("folder",)),
        ("cats/a.jpg", "a.jpg", ("folder",)),
        ("Cats/a", "cats/a.JPG", ("ending", "letter case")),
        ("img.v1", "img.v1.jpg", ("ending",)),
        ("7", "7.png", ("ending",)),
        ("나비.jpg", apart("나비.jpg"), ("Unicode form",)),
        (apart("나비.jpg"), "나비.jpg", ("Unicode form",)),
        ("é.jpg", apart("É.JPG"), ("letter case", "Unicode form")),
        ("고양이/나비", apart("고양이/나비.jpg"), ("ending", "Unicode form")),
    ],
)
def test_a_name_finds_its_file_and_says_in_what_they_differ(name, file, differs):
    others = ["other.jpg", "cats/other.png", "dogs/b.jpg", "img.jpg"]
    assert FileNames([*others, file], SUFFIXES).find(name) == Found((file,), differs)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.jpg", ("cats/a.jpg", "dogs/a.jpg")),
        ("a", ("a.jpg", "a.png")),
        ("a.jpg", ("A.jpg", "a.JPG")),
        ("나비", (apart("나비") + ".png", apart("나비") + ".jpg")),
    ],
)
def test_a_name_that_fits_several_files_alike_is_not_decided(name, files):
    assert FileNames(["other.jpg", *files], SUFFIXES).find(name) == Found(files)


@pytest.mark.parametrize(
    ("name", "file", "other"),
    [
        ("a.jpg", "a.jpg", "cats/a.jpg"),
        ("a.jpg", "a.jpg", "a.png"),
        ("a.jpg", "cats/a.jpg", "a.png"),
        ("cats/a.jpg", "cats/a.jpg", "dogs/a.jpg"),
        ("x/cats/a.jpg", "cats/a.jpg", "a.jpg"),
        ("a.jpg", "a.jpg", "A.jpg"),
        ("a.JPG", "A.JPG", "A.png"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_of_several_files_the_one_that_differs_least_is_meant(name, file, other, turned):
    files = [other, file] if turned else [file, other]
    assert FileNames(files, SUFFIXES).find(name).files == (file,)


@pytest.mark.parametrize("name", ["", " ", "/", "b.jpg", "cats/a.jpg", "a.jpg.txt", "a.tar", "dogs", "aa.jpg"])
def test_a_name_that_fits_nothing_finds_nothing(name):
    assert FileNames(["dogs/a.jpg", "c.jpg"], SUFFIXES).find(name) == Found(())
