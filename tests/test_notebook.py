"""Objects show themselves in a notebook: a table or lines, no script, hostile names as text."""

from pathlib import Path

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


def test_a_run_and_a_comparison_say_what_may_have_flattered_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    level = np.repeat(np.random.default_rng(0).normal(size=20), 4)
    lines = [f"{row // 4},{value + row / 100:.3f},{value:.3f}" for row, value in enumerate(level)]
    Path("visits.csv").write_text("\n".join(["patient,mark,score", *lines]) + "\n")
    run = lw.train("visits.csv", "linear", target="score")
    assert [said for said in run.warnings if said.startswith("'patient' seems to name")]
    assert repr(run).endswith(f", warnings: {len(run.warnings)})")
    assert "&#x27;patient&#x27; seems to name" in run._repr_html_()
    assert "'patient' seems to name" in str(lw.compare("visits.csv", ["linear"], target="score", folds=4))
    # Grouped, nothing of that is said any more.
    kept = lw.train("visits.csv", "linear", target="score", group="patient", run="kept")
    assert not [said for said in kept.warnings if "seems to name" in said]
