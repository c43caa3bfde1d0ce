"""An example of a run is found whatever its classes are called, also like the columns of predictions.csv."""

import csv

import numpy as np
import pytest

import layerwise as lw
from layerwise.runs.folder import find_run
from layerwise.runs.opened import open_run
from layerwise.workflow.explain import choose_example


@pytest.mark.parametrize("names", [("part", "whole"), ("id", "target"), ("yes", "no")])
def test_the_surest_mistake_on_test_rows_is_chosen(tmp_path, names):
    drawn = np.random.default_rng(0)
    inputs = drawn.normal(size=(200, 2))
    targets = np.array(names)[(inputs[:, 0] + drawn.normal(size=200) > 0).astype(int)]
    lw.train((inputs, targets), "logistic", run=str(tmp_path / "r"), resamples=100)
    with (tmp_path / "r" / "predictions.csv").open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    places = {name: 4 + place for place, name in enumerate(header[4:])}
    wrong = [row for row in rows if row[1] == "test" and row[2] != row[3]]
    surest = max(wrong, key=lambda row: float(row[places[row[3]]]))
    opened = open_run(find_run(str(tmp_path / "r")))
    chosen = choose_example(opened)
    assert (chosen.id, chosen.part, chosen.target, chosen.prediction) == tuple(surest[:4])
    assert [row[0] for row in rows if row[1] == "test"][chosen.place] == chosen.id
    assert choose_example(opened, rows[3][0]).id == rows[3][0]
