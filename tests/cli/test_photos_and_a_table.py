"""Own photos and a table: from files to a prediction in three commands, the second one as the first prints it."""

import shlex
import unicodedata

import numpy as np
import pytest
from PIL import Image

from layerwise.cli.application import run
from layerwise.language import use

PHOTOS = 30


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Photos of stripes with Korean names taken apart, as some systems store them, and a table of their classes."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "photos").mkdir()
    (folder / "new photos").mkdir()
    drawn = np.random.default_rng(0)
    rows = ["사진,무늬,weight"]
    for number in range(PHOTOS):
        pixels = drawn.normal(110, 20, (20, 24))
        pixels[(slice(None), slice(None, None, 4)) if number % 2 else slice(None, None, 4)] += 90
        picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        picture.save(folder / "photos" / unicodedata.normalize("NFD", f"사진{number}.PNG"))
        picture.save(folder / "new photos" / f"{number}.png")
        rows.append(f"사진{number}.png,{'세로' if number % 2 else '가로'},{number * 1.5}")
    (folder / "labels.csv").write_text("\n".join([*rows, "없음.png,가로,3"]) + "\n", encoding="cp949")
    return folder


@pytest.fixture
def command(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def typed(line):
        with use("en"):
            code = run(shlex.split(line)[1:])
        return code, capsys.readouterr()

    return typed


def test_three_commands_lead_from_photos_and_a_table_to_a_prediction(command):
    code, looked = command("layerwise data labels.csv --images photos --target 무늬")
    assert code == 0
    assert "another Unicode form (composed or taken apart): 30" in looked.out
    assert "line 32: no picture '없음.png' in 'photos'" in looked.out
    following = next(line for line in looked.out.splitlines() if line.strip().startswith("layerwise train"))
    assert "--images photos" in following
    assert "--drop weight" in following
    code, learned = command(f"{following.strip()} --epochs 2 --threads 1 --resamples 100 --quiet --run own")
    assert code == 0, learned.err
    code, asked = command("layerwise predict own 'new photos'")
    assert code == 0, asked.err
    assert asked.out.count(".png") == 20
    assert "... and 10 more" in asked.out


def test_a_table_of_new_photos_is_asked_and_measured_with_its_folder(command):
    code, missing = command("layerwise predict own labels.csv")
    assert code == 1
    assert "'labels.csv' lacks 'image'" in missing.err
    assert "--images FOLDER" in missing.err
    code, asked = command("layerwise predict own labels.csv --images photos --exclude-problems")
    assert code == 0, asked.err
    code, measured = command("layerwise evaluate own labels.csv --images photos --exclude-problems")
    assert code == 0, measured.err
    assert "accuracy" in measured.out


def test_training_stops_once_at_a_row_without_a_photo(command):
    code, stopped = command("layerwise train labels.csv lenet5 --images photos --target 무늬 --drop weight --run stop")
    assert code == 1
    assert "line 32: no picture '없음.png' in 'photos'" in stopped.err
    assert "--exclude-problems" in stopped.err
