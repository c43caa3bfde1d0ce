"""Seoul's bikes by time: the same error as a linear regression written from the raw file, on the last fifth of it."""

import csv
import os
from datetime import datetime

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder

import layerwise as lw
from layerwise.data.named import locate

pytestmark = pytest.mark.skipif(
    not os.environ.get("LAYERWISE_DATA") or not locate("seoul-bike"), reason="LAYERWISE_DATA lacks it"
)


def test_the_last_fifth_of_the_year_is_answered_as_scikit_learn_does(tmp_path):
    with (locate("seoul-bike") / "SeoulBikeData.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    days = [datetime.strptime(row["Date"], "%d/%m/%Y") for row in rows]
    assert days == sorted(days)
    first = next(row for row in range(len(rows) * 4 // 5, len(rows)) if days[row] != days[row - 1])
    bikes = np.array([float(row["Rented Bike Count"]) for row in rows])
    names = [name for name in rows[0] if name not in ("Date", "Rented Bike Count")]
    words = ("Hour", "Seasons", "Holiday", "Functioning Day")
    numbers = np.array([[float(row[name]) for name in names if name not in words] for row in rows])
    named = OneHotEncoder(sparse_output=False).fit_transform([[row[name] for name in words] for row in rows])
    inputs = np.hstack([numbers, named])
    error = LinearRegression().fit(inputs[:first], bikes[:first]).predict(inputs[first:]) - bikes[first:]
    run = lw.train("seoul-bike", "linear", run=str(tmp_path / "bikes"), category=("Hour",), test_fraction=0.2,
                   validation_fraction=0.0, resamples=100)  # fmt: skip
    assert run.experiment.split.split_by == "time"
    split = run.folder.read("data.json")["split"]
    assert split["test"] == list(range(first, len(rows)))
    assert split["train"] == list(range(first))
    assert run.metrics["rmse"]["value"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-4)
    # The value of data/README, and that of the answer of 24 hours before.
    assert run.metrics["rmse"]["value"] == pytest.approx(342, abs=0.5)
    assert np.sqrt(np.mean((bikes[first:] - bikes[first - 24 : -24]) ** 2)) == pytest.approx(651, abs=0.5)
