"""Own photos and a table: from files to a prediction in three commands, the second one as the first prints it."""

import os
import shlex
import shutil
import subprocess
import sys
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
    rows = ["사진,무늬,weight,값(원),찍은 날"]
    for number in range(PHOTOS):
        pixels = drawn.normal(110, 20, (20, 24))
        pixels[(slice(None), slice(None, None, 4)) if number % 2 else slice(None, None, 4)] += 90
        picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        picture.save(folder / "photos" / unicodedata.normalize("NFD", f"사진{number}.PNG"))
        picture.save(folder / "new photos" / f"{number}.png")
        pattern = "세로" if number % 2 else "가로"
        price = f"{number + 1},{number * 7 % 1000:03d}"
        rows.append(f'사진{number}.png,{pattern},{number * 1.5},"{price}",{number + 1}/3/2024')
    rows.append('없음.png,가로,3,"1,500",1/4/2024')
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="cp949")
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
    assert "--drop weight '값(원)' '찍은 날'" in following
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
    code, stopped = command(
        "layerwise train labels.csv lenet5 --images photos --target 무늬 --drop weight '값(원)' '찍은 날' --run stop"
    )
    assert code == 1
    assert "line 32: no picture '없음.png' in 'photos'" in stopped.err
    assert "--exclude-problems" in stopped.err


SAID = {
    "ko": ("일이 월보다 먼저", "정확도"),
    "en": ("another Unicode form (composed or taken apart): 30", "the day stands before the month", "accuracy"),
}
"""What must be read on a console of CP949 in either language."""


def typed_on_a_console(folder, language, *lines):
    """Type commands in one fresh process on a console of CP949, as Windows in Korea has; returns what it printed."""
    script = "import sys\nfrom layerwise.cli.application import run\n" + "".join(
        f"assert run({[*shlex.split(line)[1:], '--language', language]!r}) == 0\n" for line in lines
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONIO"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=folder, capture_output=True, timeout=200, check=False,
        env=clean | {"PYTHONIOENCODING": "cp949", "LC_ALL": "ko_KR.CP949", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    errors = done.stderr.decode("cp949")
    assert done.returncode == 0, errors
    assert "Traceback" not in errors
    return done.stdout.decode("cp949")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_walk_of_a_practitioner_on_a_console_of_korea(place, tmp_path, language):
    """Own photos and a table, the line that is printed, and new photos, where only CP949 can be printed."""
    folder = shutil.copytree(place, tmp_path / "내 자료")
    looked = typed_on_a_console(folder, language, "layerwise data labels.csv --images photos --target 무늬")
    assert "값(원)" in looked
    assert "없음.png" in looked
    following = next(line for line in looked.splitlines() if line.strip().startswith("layerwise train"))
    learned = typed_on_a_console(
        folder, language, f"{following.strip()} --epochs 2 --threads 1 --resamples 100 --run 무늬모형",
        "layerwise predict 무늬모형 'new photos'",
    )  # fmt: skip
    assert learned.count(".png") >= 20
    assert "세로" in learned
    assert (folder / "무늬모형" / "report.html").exists() or list(folder.rglob("report.html"))
    for words in SAID[language]:
        assert words in looked + learned
