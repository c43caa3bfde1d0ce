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


def test_groups_of_new_data_widen_what_is_said_of_them(tmp_path):
    rows = [
        f"{number},{number * 7 % 11},p{number // 6},{'yes' if (number // 6) % 3 else 'no'}" for number in range(180)
    ]
    header = "a,b,patient,answer"
    (tmp_path / "old.csv").write_text("\n".join([header, *rows[:120]]) + "\n", encoding="utf-8")
    run = train(
        str(tmp_path / "old.csv"), "knn", target="answer", group="patient", run=str(tmp_path / "run"), resamples=100
    )
    (tmp_path / "new.csv").write_text("\n".join([header, *rows[120:]]) + "\n", encoding="utf-8")
    lines = [line.replace(",p", ",alone") for line in rows[120:]]
    apart = [line.replace("alone", f"alone{place}-") for place, line in enumerate(lines)]
    (tmp_path / "apart.csv").write_text("\n".join([header, *apart]) + "\n", encoding="utf-8")
    together = measure_on(run.opened, str(tmp_path / "new.csv"), {}, exclude_problems=False)
    single = measure_on(run.opened, str(tmp_path / "apart.csv"), {}, exclude_problems=False)
    assert together["metrics"]["accuracy"]["value"] == single["metrics"]["accuracy"]["value"]
    for figure in (lambda found: found["metrics"]["accuracy"], lambda found: found["expectation_per_1000"]):
        wide, narrow = figure(together), figure(single)
        # Ten patients who are answered alike count as ten facts, not sixty.
        assert wide["high"] - wide["low"] > 1.5 * (narrow["high"] - narrow["low"])
