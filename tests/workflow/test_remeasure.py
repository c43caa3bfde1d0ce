"""A trained network measured on other data: what it learned from does not count for what is new."""

import pytest

from layerwise.api import train
from layerwise.workflow.remeasure import measure_on

ROWS = [f"{number},{number * 7 % 11},{'yes' if number % 3 else 'no'}" for number in range(90)]


def write(path, rows):
    path.write_text("\n".join(["a,b,answer", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def opened(tmp_path):
    data = write(tmp_path / "old.csv", ROWS[:60])
    run = train(str(data), "knn", target="answer", run=str(tmp_path / "run"), resamples=100)
    return run.opened


def test_the_expectation_is_that_of_the_rows_it_never_saw(opened, tmp_path):
    both = measure_on(opened, str(write(tmp_path / "both.csv", ROWS)), {}, exclude_problems=False)
    fresh = measure_on(opened, str(write(tmp_path / "fresh.csv", ROWS[60:])), {}, exclude_problems=False)
    learned = len(opened.folder.read("data.json")["split"]["train"]) + len(
        opened.folder.read("data.json")["split"]["validation"]
    )
    assert both["unseen"]["seen"] == learned
    assert both["unseen"]["metrics"]["accuracy"]["n"] == 90 - learned
    assert fresh["unseen"] == {}
    assert fresh["overlap_known"]
    # 1-NN is perfect on what it remembers; the expectation must not profit from that.
    unseen = both["unseen"]["metrics"]["accuracy"]["value"]
    assert both["metrics"]["accuracy"]["value"] > unseen
    assert both["expectation_per_1000"]["value"] == pytest.approx(1000 * (1 - unseen), rel=0.1)


def test_training_data_that_are_gone_do_not_stop_a_measurement(opened, tmp_path):
    (tmp_path / "old.csv").unlink()
    found = measure_on(opened, str(write(tmp_path / "fresh.csv", ROWS[60:])), {}, exclude_problems=False)
    assert not found["overlap_known"]
    assert found["metrics"]["accuracy"]["n"] == 30
