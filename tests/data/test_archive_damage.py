"""Archives that are damaged, cut short, or grow out of all measure: one error, or a problem by name."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile

import pytest
from packing import KINDS, Item, packed, picture, tarred, zipped

from layerwise.data.archive_members import Limits
from layerwise.data.archives import archive_cache, archive_tree
from layerwise.data.open import open_source, sniff_format
from layerwise.errors import LayerwiseError

GOOD = [Item(f"{label}/{number}.png", picture(number)) for label in ("cats", "dogs") for number in range(3)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path / "cache"


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "bin"])
def test_an_archive_is_known_by_its_content_and_by_its_name(tmp_path, kind):
    plain = tarred(GOOD)
    packings = {"tar": plain, "tar.gz": gzip.compress(plain), "tgz": gzip.compress(plain),
                "tar.bz2": bz2.compress(plain), "tar.xz": lzma.compress(plain)}  # fmt: skip
    content = packings.get(kind) or zipped(GOOD)
    for name in (f"photos.{kind}", "photos"):
        path = written(tmp_path, name, content)
        assert sniff_format(path) == "archive"
        assert len(open_source(path)) == 6
    path = written(tmp_path, f"empty.{kind}", b"")
    with pytest.raises(LayerwiseError, match=f"empty.{kind}"):
        open_source(path)


@pytest.mark.parametrize("name", ["photos.7z", "photos.rar"])
def test_other_archives_are_refused_with_a_way_on(tmp_path, name):
    path = written(tmp_path, name, b"7z\xbc\xaf\x27\x1c" + bytes(50))
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    assert "pack it as .zip" in caught.value.remedy


@pytest.mark.parametrize("name", ["book.xlsx", "arrays.npz"])
def test_a_zip_that_means_something_else_is_no_archive(tmp_path, name):
    path = written(tmp_path, name, zipped(GOOD))
    with pytest.raises(LayerwiseError) as caught:
        open_source(path)
    assert "--exclude-problems" not in caught.value.remedy


def test_a_damaged_member_of_a_zip_is_named_and_the_others_are_read(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for item in GOOD:
            archive.writestr(item.name, item.content)
    raw = bytearray(buffer.getvalue())
    raw[raw.find(b"IDAT") + 5] ^= 1
    source = open_source(written(tmp_path, "photos.zip", bytes(raw)), exclude_problems=True)
    (problem,) = source.problems
    assert (problem.where, problem.found.startswith("damaged: Bad CRC-32")) == ("photos.zip: cats/0.png", True)
    assert len(source) == 5


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_is_cut_short_is_one_error(tmp_path, kind, share):
    whole = packed(kind, [Item(item.name, item.content + random.Random(0).randbytes(3000)) for item in GOOD])
    last = len(whole) if kind != "tar" else len(GOOD) * (512 + 3072)
    with pytest.raises(LayerwiseError, match=rf"photos\.{kind}") as caught:
        open_source(written(tmp_path, f"photos.{kind}", whole[: int(last * share)]), exclude_problems=True)
    assert caught.value.exit_code == 1
    if kind != "zip" and share > 0.2:
        assert ".png" in caught.value.found, "the member up to which it can be read is named"
    assert not list(archive_cache().glob("*")), "nothing half unpacked is left"


def test_a_tar_cut_between_two_members_is_not_taken_for_a_whole_one(tmp_path):
    whole = tarred(GOOD)
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        place = archive.getmembers()[3].offset
    path = written(tmp_path, "photos.tar", whole[:place])
    with tarfile.open(path) as archive:
        assert len(archive.getnames()) == 3, "the library says nothing"
    with pytest.raises(LayerwiseError, match="cut short"):
        open_source(path)


@pytest.mark.parametrize("packing", ["", "gz"])
def test_a_broken_header_and_a_second_tar_behind_the_first_are_not_silent(tmp_path, packing):
    whole = tarred(GOOD)
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        place = archive.getmembers()[3].offset
    for raw in (whole[:place] + b"\xff" + whole[place + 1 :], whole + whole):
        path = written(tmp_path, "photos.tar", gzip.compress(raw) if packing else raw)
        with pytest.raises(LayerwiseError, match="broken header, or something behind"):
            open_source(path)


def test_the_sum_at_the_end_of_a_packed_tar_is_looked_at(tmp_path):
    raw = bytearray(gzip.compress(tarred(GOOD)))
    raw[-6] ^= 1
    with pytest.raises(LayerwiseError, match="CRC"):
        open_source(written(tmp_path, "photos.tar.gz", bytes(raw)))


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_are_counted_as_bytes_come_out(tmp_path, kind):
    path = written(tmp_path, f"photos.{kind}", packed(kind, [*GOOD, Item("cats/big.png", bytes(50_000))]))
    tree = archive_tree(path, limits=Limits(member=10_000))
    (problem,) = tree.refused.values()
    assert (problem.where, problem.found) == (f"photos.{kind}: cats/big.png", "more than 10000 bytes")
    assert len(tree.names()) == 6
    with pytest.raises(LayerwiseError, match="at most 6 members"):
        archive_tree(path, limits=Limits(members=6))
    assert len(archive_tree(path, limits=Limits(members=7)).names()) == 7
    with pytest.raises(LayerwiseError, match="more than 40000 bytes come out"):
        archive_tree(path, limits=Limits(total=40_000))
    assert Limits().allowed(path.stat().st_size) == Limits().free
    if kind != "tar":
        with pytest.raises(LayerwiseError, match=r"more than .* bytes come out"):
            archive_tree(path, limits=Limits(ratio=1, free=1))


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb_is_stopped_on_its_way(tmp_path, kind):
    bomb = packed(kind, [Item(f"cats/{number}.bmp", bytes(4_000_000)) for number in range(12)])
    assert len(bomb) < 100_000
    path = written(tmp_path, f"bomb.{kind}", bomb)
    with pytest.raises(LayerwiseError, match="come out"):
        archive_tree(path, limits=Limits(free=8 * 1024**2, ratio=100))
    assert not list(archive_cache().glob("*"))


def test_what_a_zip_says_of_sizes_is_not_believed(tmp_path):
    raw = bytearray(zipped([*GOOD, Item("cats/liar.png", bytes(1_000_000))]))
    for header, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = raw.rfind(header)
        raw[place + size : place + size + 4] = (10).to_bytes(4, "little")
    source = open_source(written(tmp_path, "photos.zip", bytes(raw)), exclude_problems=True)
    assert [problem.where for problem in source.problems] == ["photos.zip: cats/liar.png"]
    assert (len(source), sum(path.stat().st_size for path in archive_cache().rglob("*.bin")) < 10_000) == (6, True)


def test_a_list_of_too_many_members_is_refused_before_they_are_made(tmp_path, monkeypatch):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5000):
            archive.writestr(f"cats/{number}.png", b"")
    monkeypatch.setattr(zipfile, "ZipInfo", None)
    with pytest.raises(LayerwiseError, match="at most 4000 members"):
        archive_tree(path, limits=Limits(members=4000))


def test_headers_that_go_on_for_ever_and_holes_are_refused(tmp_path):
    huge = tarfile.TarInfo("././@LongLink")
    huge.type, huge.size = tarfile.GNUTYPE_LONGNAME, 2 * 1024**2
    chain = tarfile.TarInfo("././@LongLink")
    chain.type, chain.size = tarfile.GNUTYPE_LONGNAME, 8
    backwards = bytearray(tarfile.TarInfo("cats/b.txt").tobuf(tarfile.GNU_FORMAT))
    backwards[124:136] = b"\xff" * 8 + (-1024).to_bytes(4, "big", signed=True)
    backwards[148:156] = b"%06o\0 " % (sum(backwards[:148]) + sum(backwards[156:]) + 8 * 32)
    for raw, found in (
        (huge.tobuf() + bytes(huge.size), "a header of 2097152 bytes"),
        ((chain.tobuf() + b"x".ljust(512, b"\0")) * 3000, "recursion"),
        (bytes(backwards), "begins before the end"),
    ):
        path = written(tmp_path, "photos.tar", tarred(GOOD)[: 512 * 2] + raw + bytes(1024))
        with pytest.raises(LayerwiseError, match=found):
            open_source(path)
    holes = tarfile.TarInfo("cats/holes.png")
    holes.type = tarfile.GNUTYPE_SPARSE
    raw = bytearray(holes.tobuf(tarfile.GNU_FORMAT))
    raw[483:495] = b"77777777777\0"
    raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + sum(raw[156:]) + 8 * 32)
    source = open_source(
        written(tmp_path, "photos.tar", bytes(raw) + tarred(GOOD)), exclude_problems=True
    )  # fmt: skip
    assert [problem.found for problem in source.problems] == ["a file with holes"]
    assert len(source) == 6


def mutated(whole, drawn):
    """Change some bytes, cut, leave out, or repeat a piece."""
    raw = bytearray(whole)
    kind = drawn.choice(("bytes", "bytes", "bytes", "cut", "hole", "echo"))
    if kind == "bytes":
        for _ in range(drawn.randint(1, 6)):
            raw[drawn.randrange(len(raw))] = drawn.randrange(256)
        return bytes(raw)
    start, count = drawn.randrange(len(raw)), drawn.randint(1, 200)
    if kind == "cut":
        return bytes(raw[:start])
    piece = raw[start : start + count]
    return bytes(raw[:start] + (piece * 2 if kind == "echo" else b"") + raw[start + count :])


@pytest.mark.parametrize("kind", KINDS)
def test_no_change_of_bytes_brings_anything_but_pictures_problems_or_one_error(tmp_path, cache, kind):
    drawn = random.Random(kind)
    whole = packed(kind, [*GOOD, Item("cats/notes.txt", b"x" * 100)])
    refused = read = 0
    folder = tmp_path / "here"
    folder.mkdir()
    for number in range(200):
        # The sums of gzip find every change, so that half of them are made before it packs.
        inside = kind == "tar.gz" and number % 2
        raw = gzip.compress(mutated(gzip.decompress(whole), drawn)) if inside else mutated(whole, drawn)
        path = written(folder, f"photos.{kind}", raw)
        try:
            source = open_source(path, format="archive", exclude_problems=True)
            read += 1
            for problem in source.problems:
                assert problem.where.startswith(f"photos.{kind}: ")
            if kind == "zip":
                assert len(source) + len(source.problems) <= 7
        except LayerwiseError as problem:
            refused += f"photos.{kind}" in problem.found
    assert read + refused == 200
    assert min(read, refused) >= 20
    assert [path.name for path in folder.iterdir()] == [f"photos.{kind}"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "here"]
    assert {path.name for path in cache.rglob("*") if path.is_file()} == {"index.json", "pictures.bin"}
