"""Pictures in archives: what is good is read as from a folder, what is hostile is named, nothing is written outside."""

import hashlib
import unicodedata

import pytest
from packing import KINDS, Item, encrypted, packed, picture, zipped

from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError

GOOD = (Item("cats/a.png", picture(1)), Item("dogs/b.png", picture(2)))
X = picture(9)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own; nothing but it may change."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "cache"


def tree_hash(root, leaving_out):
    """One hash over every path, and the content of every file, outside the cache."""
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if not path.is_relative_to(leaving_out):
            total.update(str(path).encode())
            total.update(path.read_bytes() if path.is_file() else b"")
    return total.hexdigest()


@pytest.fixture
def opened(tmp_path, cache):
    """Open an archive and see that nothing changed outside the cache, and in it only what belongs there."""

    def look(kind, items, name="photos", **settings):
        path = tmp_path / "here" / f"{name}.{kind}"
        path.write_bytes(items if isinstance(items, bytes) else packed(kind, items))
        before = tree_hash(tmp_path, cache)
        try:
            return open_source(path, **{"exclude_problems": True, **settings})
        finally:
            assert tree_hash(tmp_path, cache) == before
            held = {found.name for found in cache.rglob("*") if found.is_file()}
            assert held <= {"pictures.bin", "index.json"}

    return look


HOSTILE = {
    "a way out": (Item("cats/../../evil.png", X), "leads out"),
    "a way out at once": (Item("../evil.png", X), "leads out"),
    "a way out and in again": (Item("../here/cats/evil.png", X), "leads out"),
    "a folder outside": (Item("../evil", kind="folder"), "leads out"),
    "a path from the root": (Item("/tmp/evil.png", X), "from the root"),
    "a path of a server": (Item("//server/share/evil.png", X), "from the root"),
    "a drive": (Item("C:/evil.png", X), "drive letter"),
    "a drive and no slash": (Item("c:evil.png", X), "drive letter"),
    "backslashes": (Item("cats\\evil.png", X), "backslashes"),
    "backslashes that lead out": (Item("..\\..\\evil.png", X), "backslashes"),
    "a link": (Item("cats/link.png", kind="link"), "a link"),
    "a link named as none": (Item("evil", kind="link"), "a link"),
    "a hard link": (Item("cats/hard.png", kind="hard link"), "a link"),
    "a character device": (Item("cats/null.png", kind="character device"), "special file"),
    "a block device": (Item("cats/disk.png", kind="block device"), "special file"),
    "a pipe": (Item("cats/pipe.png", kind="pipe"), "special file"),
    "an archive in a class": (Item("cats/more.zip", b"PK"), "archive inside"),
    "an archive beside classes": (Item("more.tar.gz", b"x"), "archive inside"),
    "a name twice": (Item("cats/a.png", X), "before it has this name"),
    "a name twice, written otherwise": (Item("./cats/.//a.png", X), "before it has this name"),
    "signs that steer a terminal": (Item("cats/\x1b[2J.png", X), "not printed"),
    "a line break": (Item("cats/a\nb.png", X), "not printed"),
    "an ending turned round": (Item("cats/\u202egnp.exe.png", X), "not printed"),
    "a long name": (Item("cats/" + "x" * 300 + ".png", X), "a name of 309 bytes"),
    "a long path": (Item("cats/" + "x/" * 3000 + ".png", X), "a name of"),
    "an empty file": (Item("cats/empty.png"), "the file is empty"),
    "a text named as a picture": (Item("cats/text.png", b"hello"), "no picture"),
    "a file of another kind": (Item("cats/notes.docx", b"x"), "ending '.docx'"),
    "a folder in a class": (Item("cats/deeper/c.png", X), "a folder"),
    "a picture beside classes": (Item("cover.png", X), "beside class folders"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_member_is_a_problem_and_the_others_are_read(opened, kind, case):
    item, found = HOSTILE[case]
    source = opened(kind, [*GOOD, item])
    assert source.places == ("cats/a.png", "dogs/b.png")
    assert [int(source.columns["image"][row][0, 0, 0]) for row in range(2)] == [1, 2]
    (problem,) = source.problems
    assert found in problem.found
    assert problem.where.startswith(f"photos.{kind}: ")
    assert problem.where.isprintable()
    assert problem.remedy
    with pytest.raises(LayerwiseError, match=r"1 of 3 items"):
        opened(kind, [*GOOD, item], exclude_problems=False)


FRIENDLY = {
    "names of Windows": [Item("cats/CON.png", X), Item("cats/dot..png", X), Item("cats/a:b*?.png", X)],
    "names that differ in capitals": [Item("cats/A.png", X), Item("cats/a.PNG", X)],
    "folders as members": [Item("././", kind="folder"), Item("cats", kind="folder"), Item("./cats/c.png", X)],
    "a file and a folder of one name": [Item("cats/c.png", X), Item("birds", b"x"), Item("birds/c.png", X)],
    "a name in Korean": [Item("cats/고양이.png", X)],
    "several formats": [Item("cats/c.jpg", picture(9, suffix="JPEG")), Item("cats/c.gif", picture(9, suffix="GIF"))],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", FRIENDLY)
def test_what_is_only_unusual_is_read(opened, kind, case):
    added = [item for item in FRIENDLY[case] if item.content not in (b"", b"x")]
    source = opened(kind, [*GOOD, *FRIENDLY[case]], exclude_problems=False)
    assert set(source.places) == {"cats/a.png", "dogs/b.png", *(str(item.name).removeprefix("./") for item in added)}
    assert sorted(int(source.columns["image"][row][0, 0, 0]) for row in range(len(source))) == [1, 2, *[9] * len(added)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_systems_leave_behind_is_counted(opened, kind):
    left = [Item(".DS_Store", X), Item("__MACOSX/cats/._a.png", X), Item("cats/Thumbs.db", X), Item("dogs/._b.png", X)]
    source = opened(kind, [*GOOD, *left, Item("README.txt", b"hello")], exclude_problems=False)
    assert len(source) == 2
    assert any(note.startswith("Hidden") and note.endswith(": 4.") for note in source.notes)
    assert any("README.txt" in note for note in source.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_read_as_its_folder_is(opened, tmp_path, kind):
    items = [
        Item(f"{part}/{label}/{number}.png", picture(10 * number + len(part), side=number + 1))
        for part in ("train", "test") for label in ("a", "b") for number in range(3)
    ]  # fmt: skip
    for item in items:
        path = tmp_path / "here" / "folder" / item.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.content)
    folder, archive = open_source(tmp_path / "here" / "folder"), opened(kind, items)
    assert archive.fingerprint() == folder.fingerprint()
    assert archive.places == folder.places
    assert archive.columns["part"].counts() == {"train": 6, "test": 6}
    assert archive.name == "photos"
    assert archive.origin.endswith(f"photos.{kind}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrapper", ["photos", "another", "photos/pictures"])
def test_a_folder_around_all_others_is_looked_through(opened, kind, wrapper):
    source = opened(kind, [Item(f"{wrapper}/{item.name}", item.content) for item in GOOD] + [Item("README", b"x")])
    assert source.columns["class"].counts() == {"cats": 1, "dogs": 1}
    assert source.places[0] == f"{wrapper}/cats/a.png"
    assert any(f"'{wrapper}'" in note for note in source.notes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("folder", "classes"), [("", ()), ("photos/", ()), ("cats/", ("cats",))])
def test_pictures_without_classes(opened, kind, folder, classes):
    source = opened(kind, [Item(f"{folder}{number}.png", X) for number in range(3)], exclude_problems=False)
    assert len(source) == 3
    assert (source.columns["class"].names if classes else source.named("target")) == classes


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_korean_windows_and_of_dos(opened, kind):
    items = [Item("고양이/야옹.png".encode("cp949"), X), Item(b"dogs/caf\x82.png", X), *GOOD]
    source = opened(kind, items, exclude_problems=False)
    assert set(source.places) == {"고양이/야옹.png", "dogs/café.png", "cats/a.png", "dogs/b.png"}
    assert [note for note in source.notes if "UTF-8" in note] == [
        "Names of members that are not in UTF-8 were read as CP949: 1.",
        "Names of members that are not in UTF-8 were read as CP437: 1.",
    ]


@pytest.mark.parametrize("kind", [*KINDS, "folder"])
def test_class_folders_in_two_unicode_forms_are_one_class(opened, tmp_path, kind):
    names = [unicodedata.normalize(form, "고양이") + "/a.png" for form in ("NFC", "NFD")]
    items = [Item(name, picture(number)) for number, name in enumerate(names)]
    if kind == "folder":
        for item in items:
            path = tmp_path / "two" / item.name
            path.parent.mkdir(parents=True)
            path.write_bytes(item.content)
        source = open_source(tmp_path / "two")
    else:
        source = opened(kind, items, exclude_problems=False)
    assert source.columns["class"].names == ("고양이",)
    assert set(source.places) == set(names)


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_of_refused_members_alone_stops_nobody(opened, kind):
    items = [*GOOD, Item("birds", kind="folder"), Item("birds/../../x.png", X), Item("fish/l.png", kind="link")]
    assert len(opened(kind, items).problems) == 2
    with pytest.raises(LayerwiseError, match="birds' is empty"):
        opened(kind, [*GOOD, Item("birds", kind="folder")])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("items", [[], [Item("some/text.txt", b"x"), Item("more.csv", b"a,b\n")]])
def test_an_archive_without_pictures_is_refused_with_what_it_holds(opened, kind, items):
    with pytest.raises(LayerwiseError, match=r"text\.txt" if items else "holds none") as caught:
        opened(kind, items)
    assert f"photos.{kind}" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_beside_the_pictures_is_named_with_the_way_to_use_it(opened, kind):
    items = [Item("set/labels.csv", b"file,class\n"), Item("set/images/a.png", X), Item("set/images/b.png", X)]
    source = opened(kind, items, name="my set")
    (note,) = [note for note in source.notes if "labels.csv' was not read" in note]
    assert note.endswith(f"layerwise data labels.csv --images '{source.origin}'")


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_a_table_lie_in_an_archive(opened, tmp_path, kind):
    (tmp_path / "here" / f"p.{kind}").write_bytes(
        packed(kind, [*GOOD, Item("cats/link.png", kind="link"), Item("../out.png", X), Item("dogs/bad.png", b"no")])
    )
    (tmp_path / "here" / "t.csv").write_text("file,kind\na,x\nB.PNG,y\nlink.png,x\nbad.png,y\nlost.png,x\n")
    source = open_source("t.csv", images=f"p.{kind}", exclude_problems=True)
    assert [int(source.columns["image"][row][0, 0, 0]) for row in range(2)] == [1, 2]
    assert [(problem.where, problem.found.split(" (")[0]) for problem in source.problems] == [
        (f"line 4: p.{kind}: cats/link.png", "a link"),
        (f"line 5: p.{kind}: dogs/bad.png", "the content is no picture"),
        ("line 6", f"no picture 'lost.png' in 'p.{kind}'"),
    ]
    assert any("no row names: 1" in note and "out.png" in note for note in source.notes)


def test_what_only_a_zip_can_hold(opened):
    locked = encrypted(zipped([*GOOD, Item("cats/locked.png", X)]), b"cats/locked.png")
    (problem,) = opened("zip", locked).problems
    assert "password" in problem.found
    assert "Unpack the archive yourself" in problem.remedy
    (problem,) = opened("zip", zipped([*GOOD, Item(b"cats/a\0b.png", X)]), name="zero").problems[:1]
    assert "not printed" in problem.found
