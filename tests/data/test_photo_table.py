"""A table and a folder of pictures: every row has its picture or is listed, every picture a row or a note."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from layerwise.data.file_names import FileNames
from layerwise.data.inspect import inspect
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def draw(folder, name, value=100, mode="L"):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    Image.new(mode, (6, 4), value if mode == "L" else (value, 0, 0)).save(path)


def table(tmp_path, *rows, header="file,label", encoding="utf-8"):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
    return path


def read(path, photos, **options):
    return open_source(path, images=str(photos), exclude_problems=True, **options)


def test_each_row_gets_its_picture(tmp_path, photos):
    for place, name in enumerate("abc"):
        draw(photos, f"{name}.png", 10 * place)
    source = read(table(tmp_path, "c.png,x", "a.png,y", "b.png,x"), photos)
    assert [int(source.columns["image"][row][0, 0, 0]) for row in range(3)] == [20, 0, 10]
    assert source.columns["image"].channels == 1
    assert source.named("input") == ("image", "label")
    assert source.named("id") == ("file",)
    assert source.ids() == ["c.png", "a.png", "b.png"]
    assert not source.problems


def test_a_name_longer_than_what_is_shown_of_a_text_is_found(tmp_path, photos):
    names = ["a" * 120 + f"{number}.png" for number in range(3)]
    for number, name in enumerate(names):
        draw(photos, name, number)
    source = read(table(tmp_path, *(f"{name},{'xy'[place % 2]}" for place, name in enumerate(names))), photos)
    assert [int(source.columns["image"][row][0, 0, 0]) for row in range(3)] == [0, 1, 2]


def test_numbers_name_pictures_too(tmp_path, photos):
    for name in ("1", "2", "10"):
        draw(photos, f"{name}.png", int(name))
    source = read(table(tmp_path, "10,x,5", "1,y,7", "2,x,1", header="id,label,age"), photos)
    assert [int(source.columns["image"][row][0, 0, 0]) for row in range(3)] == [10, 1, 2]


def test_nothing_is_dropped_silently(tmp_path, photos):
    for name in ("a.png", "two/same.png", "three/same.png", "extra.png", "extra2.png"):
        draw(photos, name)
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (photos / ".DS_Store").write_bytes(b"x")
    (photos / "readme.txt").write_text("hello")
    rows = ["a.png,x", "gone.png,y", ",x", "same.png,y", "broken.png,x"]
    source = read(table(tmp_path, *rows), photos)
    assert len(source) + len(source.problems) == len(rows)
    found = {problem.where: problem.found for problem in source.problems}
    assert list(found) == ["line 3", "line 4", "line 5", "line 6: broken.png"]
    assert "gone.png" in found["line 3"]
    assert "'file' is empty" in found["line 4"]
    assert "three/same.png or two/same.png" in found["line 5"]
    assert any("Pictures that no row names: 4 (extra.png, extra2.png, three/same.png" in note for note in source.notes)


def test_without_the_flag_problems_stop_with_their_places(tmp_path, photos):
    draw(photos, "a.png")
    with pytest.raises(LayerwiseError, match=r"line 3: no picture 'b.png' in"):
        open_source(table(tmp_path, "a.png,x", "b.png,y"), images=str(photos))


def test_a_korean_table_in_cp949_finds_names_that_are_taken_apart(tmp_path, photos):
    for name in ("고양이.png", "강아지.png"):
        draw(photos, unicodedata.normalize("NFD", name))
    path = table(tmp_path, "고양이.png,네", "강아지.PNG,아니요", header="사진,분류", encoding="cp949")
    source = read(path, photos)
    assert len(source) == 2
    notes = " ".join(source.notes)
    assert "another Unicode form (composed or taken apart): 2" in notes
    assert "another letter case: 1" in notes


def test_a_picture_that_several_rows_name_is_said_and_rows_have_other_ids(tmp_path, photos):
    draw(photos, "a.png")
    draw(photos, "b.png", 7)
    source = read(table(tmp_path, "a.png,x", "a.png,y", "b.png,x"), photos)
    assert any("Pictures that several rows name: 1 (a.png)" in note for note in source.notes)
    assert source.ids() == ["line 2", "line 3", "line 4"]
    assert source.row_digests("input") != []
    assert inspect(source, target="label").conflicts == 2


def test_grey_and_colour_pictures_stand_together(tmp_path, photos):
    draw(photos, "a.png")
    draw(photos, "b.png", mode="RGB")
    source = read(table(tmp_path, "a.png,x", "b.png,y"), photos)
    assert source.columns["image"][0].shape == (3, 4, 6)
    assert "grey pictures given three equal channels: 1" in source.notes


def test_the_column_that_names_the_most_is_taken_and_another_can_be_named(tmp_path, photos):
    for name in ("a.png", "b.png", "c.png"):
        draw(photos, name)
    path = table(tmp_path, "x,a.png,b.png", "y,b.png,gone", "x,c.png,gone", header="label,first,second")
    assert len(read(path, photos)) == 3
    named = open_source(path, images=str(photos), image_column="second", exclude_problems=True)
    assert len(named) == 1
    assert named.columns["image"].cells == ["b.png"]


def test_a_column_called_image_makes_room(tmp_path, photos):
    draw(photos, "a.png")
    draw(photos, "b.png")
    source = read(table(tmp_path, "a.png,x", "b.png,y", header="image,label"), photos)
    assert source.columns["image"].kind == "image"
    assert source.named("id") == ("image_name",)
    assert source.ids() == ["a.png", "b.png"]
    assert "The column 'image' of the table is called 'image_name' here." in source.notes


def test_the_next_command_reads_the_pictures_and_drops_what_stands_beside_them(tmp_path, photos):
    draw(photos, "a.png")
    draw(photos, "b.png")
    path = table(tmp_path, "a.png,x,3", "b.png,y,4", header="file,label,age in years")
    found = inspect(read(path, photos), target="label", reading={"images": str(photos)})
    assert f"--images {photos} --target label --drop 'age in years'" in found.command


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (["x.png,1"], {}, "no name fits: e.g. 'x.png' in 'file'"),
        (["a.png,1"], {"image_column": "fil"}, "Did you mean 'file'"),
    ],
)
def test_a_table_and_a_folder_that_do_not_belong_together(tmp_path, photos, rows, options, words):
    draw(photos, "a.png")
    with pytest.raises(LayerwiseError) as told:
        read(table(tmp_path, *rows), photos, **options)
    assert words in str(told.value)


def test_wrong_uses_are_refused(tmp_path, photos):
    path = table(tmp_path, "a.png,x")
    with pytest.raises(LayerwiseError, match="holds none"):
        read(path, photos)
    with pytest.raises(LayerwiseError, match="nothing at"):
        read(path, tmp_path / "nowhere")
    draw(photos, "cats/a.png")
    draw(photos, "dogs/b.png")
    with pytest.raises(LayerwiseError, match="holds pictures itself"):
        read(photos, photos)
    with pytest.raises(LayerwiseError, match="belongs to --images"):
        open_source(path, image_column="file")


def test_the_fingerprint_holds_the_pixels(tmp_path, photos):
    draw(photos, "a.png")
    draw(photos, "b.png", 9)
    path = table(tmp_path, "a.png,x", "b.png,y")
    before = read(path, photos).fingerprint()
    assert before == read(path, photos).fingerprint()
    draw(photos, "a.png", 101)
    assert before != read(path, photos).fingerprint()


def test_a_hundred_thousand_names_are_told_apart():
    files = [f"folder {place % 100}/photo {place}.jpg" for place in range(100_000)]
    names = FileNames(files, {".jpg"})
    found = [names.find(f"PHOTO {place}") for place in range(0, 100_000, 10)]
    assert all(len(one.files) == 1 for one in found)
    assert np.unique([one.files[0] for one in found]).size == len(found)
