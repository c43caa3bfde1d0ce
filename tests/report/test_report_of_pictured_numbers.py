"""Pictures whose target is a number: the worst ones are shown with what is true and what was answered."""

import csv
import re

import numpy as np
import pytest

import layerwise as lw


@pytest.mark.parametrize("targets", [1, 2])
def test_the_worst_pictures_stand_with_their_numbers(tmp_path, targets):
    drawn = np.random.default_rng(0)
    inputs = drawn.integers(0, 255, (40, 8, 8)).astype(np.uint8)
    wanted = drawn.normal(size=(40, targets)).round(3)
    lw.train((inputs, wanted), "linear", run=str(tmp_path / "r"), resamples=100)
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    cards = re.findall(r"true: ([^<]*)<br><small>row (\d+)</small>", page)
    assert cards
    with (tmp_path / "r" / "predictions.csv").open(encoding="utf-8", newline="") as lines:
        rows = {row["id"]: row for row in csv.DictReader(lines) if row["part"] == "test"}
    for true, row in cards:
        assert f"row {row}" in rows
        truths = [float(number) for number in true.split(", ")]
        np.testing.assert_allclose(truths, wanted[int(row) - 1], rtol=1e-3)
