"""Photos as they arrive, in archives: looked at, learned from, named by a table, and asked about."""

import io
import json
import shlex
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from layerwise.cli.application import run
from layerwise.language import use

PHOTOS = 15


def photo(number, down):
    """Stripes across or down as the bytes of a PNG."""
    pixels = np.random.default_rng(number).normal(110, 20, (20, 24))
    pixels[(slice(None), slice(None, None, 4)) if down else slice(None, None, 4)] += 90
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An archive of class folders as Korean Windows makes it, one of new photos, and one for a table."""
    folder = tmp_path_factory.mktemp("archives")
    rows = ["file,stripes"]
    with (
        tarfile.open(folder / "photos.tar.gz", "w:gz") as photos,
        zipfile.ZipFile(folder / "new photos.zip", "w") as new,
        zipfile.ZipFile(folder / "all.zip", "w") as all_photos,
    ):
        for number in range(2 * PHOTOS):
            down = number % 2
            content = photo(number, down)
            info = tarfile.TarInfo(f"photos/{'세로' if down else '가로'}/{number}.png")
            info.size = len(content)
            photos.addfile(info, io.BytesIO(content))
            new.writestr(f"new photos/{number}.png", photo(number + 100, down))
            all_photos.writestr(f"{number}.png", content)
            rows.append(f"{number},{'down' if down else 'across'}")
        photos.addfile(tarfile.TarInfo("../outside.png"), io.BytesIO())
    (folder / "more.zip").write_bytes((folder / "all.zip").read_bytes())
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def command(place, monkeypatch, capsys, tmp_path_factory):
    monkeypatch.chdir(place)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))

    def typed(line, language="en"):
        with use(language):
            code = run([*shlex.split(line)[1:], "--language", language])
        return code, capsys.readouterr()

    return typed


def following(text):
    """The next command as the screen shows it."""
    return next(line.strip() for line in text.splitlines() if line.strip().startswith("layerwise train"))


def test_class_folders_in_an_archive_are_learned_and_new_photos_in_another_are_asked_about(command, place):
    before = {path.name for path in place.parent.iterdir()}
    code, looked = command("layerwise data photos.tar.gz")
    assert code == 0
    assert "photos.tar.gz: ../outside.png: a path that leads out with '..'" in looked.out
    assert "Everything lies in the folder 'photos'" in looked.out
    code, refused = command("layerwise train photos.tar.gz lenet5")
    assert code == 1
    assert "1 of 31 items have a problem" in refused.err
    line = following(looked.out)
    assert line.startswith("layerwise train photos.tar.gz")
    assert "--exclude-problems" in line
    code, learned = command(f"{line} --epochs 2 --threads 1 --resamples 100 --quiet --run own")
    assert code == 0, learned.err
    code, asked = command("layerwise predict own 'new photos.zip' --json")
    assert code == 0, asked.err
    answers = json.loads(asked.out)["predictions"]
    assert len(answers) == 2 * PHOTOS
    assert {answer["prediction"] for answer in answers} <= {"가로", "세로"}
    # Photos of one name are told apart by their archives.
    code, asked = command("layerwise predict own all.zip more.zip --json")
    assert code == 0, asked.err
    names = [answer["id"] for answer in json.loads(asked.out)["predictions"]]
    assert names[0] == "all.zip/0.png"
    assert len(set(names)) == len(names) == 4 * PHOTOS
    code, again = command("layerwise evaluate own photos.tar.gz --exclude-problems")
    assert code == 0, again.err
    assert {path.name for path in place.parent.iterdir()} == before


def test_a_table_names_the_photos_of_an_archive(command):
    code, looked = command("layerwise data labels.csv --images all.zip")
    assert code == 0, looked.err
    assert f"Rows loaded: {2 * PHOTOS}; could not be read: 0" in looked.out
    line = following(looked.out)
    assert "--images all.zip" in line
    code, learned = command(f"{line} --epochs 1 --threads 1 --resamples 100 --quiet --run table")
    assert code == 0, learned.err


def test_what_is_said_of_archives_is_said_in_korean(command):
    code, looked = command("layerwise data photos.tar.gz", "ko")
    assert code == 0
    assert "'..'로 바깥을 가리키는 경로" in looked.out
