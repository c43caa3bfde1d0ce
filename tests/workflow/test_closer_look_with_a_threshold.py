"""What a network uses and where it is weak are told of the answers it gives: by its threshold, if one was chosen."""

import json

import numpy as np
import pytest

import layerwise as lw


def test_slices_and_the_accuracy_of_the_run_count_the_same_wrong_answers(tmp_path):
    generator = np.random.default_rng(0)
    values = generator.normal(size=(400, 2))
    rare = values[:, 0] + generator.normal(size=400) > 1.6
    rows = [
        f"{first:.4f},{second:.4f},{'yes' if known else 'no'}"
        for (first, second), known in zip(values, rare, strict=True)
    ]
    (tmp_path / "rare.csv").write_text("\n".join(["first,second,ill", *rows]) + "\n")
    settings = {"target": "ill", "decision_threshold": "validation", "run": str(tmp_path / "run")}
    run = lw.train(str(tmp_path / "rare.csv"), "logistic", **settings)
    assert run.opened.task.threshold < 0.4
    found = json.loads((run.opened.folder.path / "metrics.json").read_text())["slices"]
    assert found["loss"] == pytest.approx(1 - run.metrics["accuracy"]["value"])
