"""Real files with real defects; they run where LAYERWISE_DATA lists a folder that holds them."""

import os
import time
from pathlib import Path

import numpy as np
import pandas
import pytest

from layerwise.data.inspect import inspect
from layerwise.data.open import open_source

SHELVES = [Path(part) for part in os.environ.get("LAYERWISE_DATA", "").split(os.pathsep) if part]


def real(name):
    for shelf in SHELVES:
        if (shelf / name).exists():
            return shelf / name
    pytest.skip(f"no {name} below a folder that LAYERWISE_DATA lists")


def test_mnist_within_a_second():
    real("mnist")
    begun = time.perf_counter()
    source = open_source("mnist")
    assert time.perf_counter() - begun < 1.5
    assert len(source) == 70_000
    # Class counts of the training part as published with the set.
    training = source.columns["part"].codes == source.columns["part"].names.index("train")
    counts = np.bincount(source.columns["label"].codes[training]).tolist()
    assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    # Mean and deviation that the literature standardises with: 0.1307, 0.3081.
    pixels = source.columns["image"].cells[:60_000] / np.float32(255)
    assert round(float(pixels.mean(dtype=np.float64)), 4) == 0.1307
    assert round(float(pixels.std(dtype=np.float64)), 4) == 0.3081


def test_a_cp949_table():
    source = open_source(real("korean_cp949/seoul.csv"))
    assert len(source) == 40_569
    assert source.columns["평균기온(℃)"].missing().sum() == 756
    assert source.columns["지점명"].names == ("서울",)
    assert source.columns["일시"].kind == "text"


def test_a_table_with_a_mark_and_dates():
    source = open_source(real("timeseries_regression/SeoulBikeData.csv"))
    assert len(source) == 8760
    assert next(iter(source.columns)) == "Date"
    assert source.columns["Seasons"].names == ("Autumn", "Spring", "Summer", "Winter")


def test_semicolons_decimal_commas_and_empty_rows():
    source = open_source(real("timeseries_regression/AirQualityUCI.csv"))
    assert len(source) == 9357
    assert len(source.columns) == 15
    assert source.columns["C6H6(GT)"].values[:2].tolist() == [11.9, 9.4]
    assert any("Empty rows: 114" in note for note in source.notes)
    assert any("left out: 2" in note for note in source.notes)
    assert any(finding.startswith("-200 may stand for missing") for finding in inspect(source).findings)
    named = open_source("air-quality")
    # The description of the set: 8,443 of 9,357 values of NMHC are missing.
    assert named.columns["NMHC(GT)"].missing().sum() == 8443


def test_a_table_named_data():
    source = open_source(real("timeseries_regression/parkinsons_updrs.data"))
    assert len(source) == 5875
    assert len(np.unique(source.columns["subject#"].values)) == 42


def test_a_workbook_with_empty_rows_columns_and_sheets():
    path = real("timeseries_regression/ENB2012_data.xlsx")
    source = open_source(path)
    # The description of the set counts them: 528 rows, 2 columns, 2 sheets.
    assert "Empty rows: 528, empty columns: 2; left out." in source.notes
    assert "Sheet 'Φύλλο1', the only one of 3 with cells." in source.notes
    frame = pandas.read_excel(path, sheet_name=0)
    assert (len(source), list(source.columns)) == (768, list(frame.columns))
    for name, column in source.columns.items():
        assert column.values.tolist() == frame[name].tolist()
    assert source.place(0) == "Φύλλο1, row 2"


def test_pima():
    real("tabular")
    source = open_source("pima")
    assert source.columns["class"].counts() == {"tested_negative": 500, "tested_positive": 268}
    assert inspect(source).command == "layerwise train pima mlp"


def test_photos_of_ants_and_bees():
    source = open_source(real("ants_bees"))
    assert len(source) + len(source.problems) == 398
    parts, classes = source.columns["part"], source.columns["class"]
    found = {(parts.show(row), classes.show(row)) for row in range(len(source))}
    assert found == {("train", "ants"), ("train", "bees"), ("validation", "ants"), ("validation", "bees")}


def test_lines_of_fairy_tales():
    found = inspect(open_source(real("fairy_tales/fairy_tales.tsv")))
    assert (found.rows, found.duplicates) == (60, 7)


def test_a_pickled_npz_is_refused_and_its_flat_copy_listed():
    from layerwise.errors import LayerwiseError

    with pytest.raises(LayerwiseError, match="Python objects"):
        open_source(real("strokes_kanji/short_kanji.npz"))
    with pytest.raises(LayerwiseError, match="train_points"):
        open_source(real("strokes_kanji/short_kanji_flat.npz"))
