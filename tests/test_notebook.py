"""Objects show themselves in a notebook: a table or lines, no script, hostile names as text."""

import numpy as np

import layerwise as lw
from layerwise.runs.opened import Predictions

HOSTILE = "<script>alert(1)</script>"


def test_answers_show_the_first_twenty_and_their_number():
    answers = Predictions(
        tuple(f"row {number}" for number in range(30)), ("no",) * 30, np.full((30, 2), 0.5), ("no", HOSTILE)
    )
    page = answers._repr_html_()
    assert page.count("<tr>") == 21
    assert "20 of 30" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_data_and_runs_show_themselves(tmp_path):
    assert "Rows loaded: 150" in lw.inspect("iris")._repr_html_()
    run = lw.train("iris", "knn", run=str(tmp_path / "iris"), resamples=100)
    page = run._repr_html_()
    assert "accuracy" in page
    assert f"{run.metrics['accuracy']['value']:.4g}" in page
