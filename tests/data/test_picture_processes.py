"""Pictures that processes of their own look at are seen as they are here; a process that ends loses none."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerwise.data import picture_memory, picture_processes, picture_worker
from layerwise.data.open import open_source
from layerwise.data.picture_processes import looked_at


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ninety pictures of several kinds, one of them cut short, one empty, one with a Korean name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("layerwise.data.picture_column.FEWEST", 2)
    drawn = np.random.default_rng(0)
    for place in range(90):
        grey, suffix = place % 3 == 0, ("jpg", "png", "webp")[place % 3 - (place % 2)]
        shape = (40 + place % 7, 60) if grey else (40, 60 + place % 5, 3)
        path = tmp_path / "photos" / "ab"[place % 2] / f"사진 {place}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn.integers(0, 256, shape, np.uint8)).save(path)
    whole = io.BytesIO()
    Image.fromarray(drawn.integers(0, 256, (80, 80, 3), np.uint8)).save(whole, "JPEG")
    (tmp_path / "photos" / "a" / "cut.jpg").write_bytes(whole.getvalue()[:-900])
    (tmp_path / "photos" / "b" / "empty.png").touch()
    return tmp_path / "photos"


def _all_of(photos: Path) -> tuple[object, ...]:
    source = open_source(photos, exclude_problems=True)
    column = source.columns["image"]
    return (
        source.places, column.digests(), column.sketches.tobytes(), column.sizes.tolist(), column.channels,
        source.notes, [(one.where, one.found) for one in source.problems],
    )  # fmt: skip


def _in_threads(photos: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[object, ...]:
    monkeypatch.setattr(picture_memory, "FEWEST_FOR_PROCESSES", 10**9)
    found = _all_of(photos)
    for kept in picture_memory.memory_folder().glob("*.json"):
        kept.unlink()
    monkeypatch.setattr(picture_memory, "FEWEST_FOR_PROCESSES", 1)
    monkeypatch.setattr("layerwise.data.picture_memory.os.cpu_count", lambda: 2)
    return found


def test_processes_see_what_threads_see(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _in_threads(photos, monkeypatch)
    asked = []

    def counting(paths):
        found = looked_at(paths, processes=2)
        asked.append((len(paths), len(found)))
        return found

    monkeypatch.setattr(picture_memory, "looked_at", counting)
    assert _all_of(photos) == expected
    # All but the two that cannot be read, which are looked at here and named.
    assert asked == [(92, 90)]
    assert len(expected[-1]) == 2


@pytest.mark.parametrize(
    "command",
    [
        ("-c", "import sys; sys.exit(3)"),
        ("-c", "import sys; sys.stdin.readline()"),
        ("-c", "import sys; sys.stdin.readline(); sys.stdout.write('[[')"),
        ("-m", "layerwise.data.no_such_worker"),
    ],
)
def test_a_process_that_ends_loses_no_picture(
    command: tuple[str, ...], photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _in_threads(photos, monkeypatch)
    monkeypatch.setattr(picture_processes, "COMMAND", command)
    assert looked_at({path.name: path for path in photos.glob("a/*")}, processes=2) == {}
    assert _all_of(photos) == expected


def test_nothing_is_started_without_an_interpreter(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _in_threads(photos, monkeypatch)
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(picture_memory, "looked_at", None)
    assert _all_of(photos) == expected


def test_very_large_pictures_are_left_to_whoever_asks(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # There they are decoded one after another; in processes, several of them would fill the memory at once.
    path = next(photos.glob("a/*.png"))
    assert None not in picture_worker.seen([path, path])
    monkeypatch.setattr(picture_worker, "LARGE", 40 * 60 - 1)
    assert picture_worker.seen([path]) == [None]
