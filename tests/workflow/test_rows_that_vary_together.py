"""Rows that say the same fact several times count once: groups, and pictures of one burst."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import layerwise as lw
from layerwise.data.kinds import Images, Numbers
from layerwise.data.source import Field, Source
from layerwise.workflow.evaluate import groups_of


def _photos(shots: int) -> tuple[np.ndarray, np.ndarray]:
    """Sixty scenes of two kinds that cannot be told apart, each stored so often."""
    generator = np.random.default_rng(0)
    scenes = generator.integers(0, 256, size=(60, 1, 8, 8)).astype(np.uint8)
    return scenes.repeat(shots, axis=0), generator.integers(0, 2, size=60).repeat(shots)


def _pictures(count: int) -> Images:
    return Images(np.zeros((count, 1, 2, 2), dtype=np.uint8), None, np.full((count, 2), 2), 1)


def test_shots_of_one_scene_do_not_narrow_the_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = {}
    for shots in (1, 5):
        run = lw.train(_photos(shots), "knn", resamples=200, seed=3)
        found[shots] = run.metrics["accuracy"]
    assert found[5]["n"] == 5 * found[1]["n"]
    widths = {shots: one["high"] - one["low"] for shots, one in found.items()}
    # Five times the rows, and not one more scene: were they so many facts, it would be 1 / sqrt 5 = 0.45 as wide.
    assert widths[5] > 0.8 * widths[1]


def test_equal_rows_of_a_table_may_be_so_many_persons() -> None:
    source = Source("s", "memory", (Field("age", "input"), Field("ill", "target")),
                    {"age": Numbers(np.zeros(4)), "ill": Numbers(np.arange(4.0))})  # fmt: skip
    assert groups_of(source, np.arange(4), np.zeros(4, dtype=np.int64)) is None


def test_groups_and_bursts_join() -> None:
    source = Source("s", "memory", (Field("image", "input"), Field("who", "group")),
                    {"image": _pictures(5), "who": Numbers(np.array([1, np.nan, 1, 2, 3.0]))})  # fmt: skip
    unit = np.array([0, 1, 2, 1, 4])
    found = groups_of(source, np.arange(5), unit)
    assert found is not None
    assert found.tolist() == [0, 1, 0, 1, 4]
    alone = groups_of(source, np.arange(5))
    assert alone is not None
    assert alone.tolist() == [0, 1, 0, 3, 4]


@pytest.mark.parametrize("rows", [[0, 1], [2, 4]])
def test_pictures_without_a_like_among_the_rows_stand_for_themselves(rows: list[int]) -> None:
    source = Source("s", "memory", (Field("image", "input"),), {"image": _pictures(5)})
    assert groups_of(source, np.array(rows), np.array([0, 1, 0, 1, 4])) is None
