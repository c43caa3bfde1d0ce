"""Named sets whose names say which rows are the test part."""

import os

import numpy as np
import pytest

from layerwise.data.kinds import Numbers
from layerwise.data.named import NAMED, locate, open_named, with_part
from layerwise.data.source import Field, Source


def test_rows_are_told_apart_by_where_they_stand():
    places = tuple(f"orl_faces/s{person}/{number}.pgm" for person in (1, 16) for number in (1, 5, 6, 9, 10))
    source = Source("t", "memory", (Field("x"),), {"x": Numbers(np.arange(10.0))}, places=places)
    parts = with_part(source, NAMED["orl-faces"].tested)
    assert [parts.columns["part"].show(row) for row in range(5)] == ["train", "train", "test", "test", "test"]
    assert [parts.columns["part"].show(row) for row in range(5, 10)] == ["train", "train", "test", "test", "test"]
    assert parts.named("part") == ("part",)
    assert with_part(source, "") is source


@pytest.mark.skipif(not os.environ.get("LAYERWISE_DATA") or not locate("orl-faces"), reason="LAYERWISE_DATA lacks it")
def test_half_of_each_face_is_tested():
    faces = open_named("orl-faces")
    tested = faces.columns["part"].codes == 1
    assert len(faces) == 400
    assert set(np.bincount(faces.columns["class"].codes[tested])) == {5}
