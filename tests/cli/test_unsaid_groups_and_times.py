"""A user who does not know of groups and time is told before the figures are believed."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def visits(tmp_path: Path) -> str:
    """A table of visits: five of each patient, who have each a level of their own."""
    generator = np.random.default_rng(1)
    level = np.repeat(generator.normal(size=24), 5)
    noise = 0.1 * generator.normal(size=(len(level), 2))
    lines = [
        f"{row // 5},{value + mark:.3f},{value + score:.3f}"
        for row, (value, (mark, score)) in enumerate(zip(level, noise, strict=True))
    ]
    (tmp_path / "visits.csv").write_text("\n".join(["patient_id,mark,score", *lines]) + "\n")
    return "visits.csv"


@pytest.fixture
def days(tmp_path: Path) -> str:
    """A table of days in a row."""
    generator = np.random.default_rng(1)
    lines = [f"{np.datetime64('2024-01-01') + row},{generator.normal():.3f},{row + generator.normal():.3f}"
             for row in range(120)]  # fmt: skip
    (tmp_path / "days.csv").write_text("\n".join(["day,mark,score", *lines]) + "\n")
    return "days.csv"


def test_data_prints_the_command_that_keeps_groups_together(typed, visits):
    code, shown = typed(f"data {visits}")
    command = shown.out.strip().splitlines()[-1]
    assert code == 0
    assert shlex.split(command) == f"layerwise train {visits} mlp --group patient_id --target score".split()
    code, shown = typed(command.strip().removeprefix("layerwise ") + " --epochs 2")
    assert code == 0
    assert "Before you trust them" not in shown.out


@pytest.mark.parametrize("options", ["", " --drop patient_id", " --folds 4"])
def test_train_says_what_random_parts_do(typed, visits, options):
    code, shown = typed(f"train {visits} linear --target score{options}")
    assert code == 0
    assert "Before you trust them:\n  'patient_id' seems to name what the rows belong to: 24 of them" in shown.out
    report = next(Path("runs").iterdir()).joinpath("report.html").read_text(encoding="utf-8")
    findings = report.partition('<dl class="findings">')[2]
    # What may have made the figures too good comes before what they are set beside.
    assert 0 < findings.index("seems to name what the rows belong to") < findings.index("baseline")


def test_a_series_is_told_from_other_rows(typed, days):
    code, shown = typed(f"data {days}")
    assert code == 0
    assert shown.out.strip().endswith(f"layerwise train {days} mlp --time day --target score")
    code, shown = typed(f"train {days} linear --target score")
    assert code == 1
    assert "--time day tests on the last of them." in shown.err
    code, shown = typed(f"train {days} linear --target score --drop day")
    assert code == 0
    assert "The rows follow one another in time by 'day'." in shown.out
    code, shown = typed(f"train {days} linear --target score --time day")
    assert code == 0
    assert "Before you trust them" not in shown.out


def test_compare_says_so_too(typed, visits):
    line = f"compare {visits} linear tree --target score --folds 4"
    code, shown = typed(line)
    assert code == 0
    assert "Before you trust them:\n  'patient_id' seems to name what the rows belong to" in shown.out
    code, shown = typed(line + " --group patient_id")
    assert code == 0
    assert "Before you trust them" not in shown.out


def test_nothing_is_said_where_no_group_was_separated(typed, tmp_path):
    # Rows of one patient have the same inputs, and equal rows stay in one part anyway.
    level = np.random.default_rng(1).normal(size=24)
    lines = [f"{row // 5},{level[row // 5]:.3f},{level[row // 5] + row / 1000:.3f}" for row in range(120)]
    (tmp_path / "equal.csv").write_text("\n".join(["patient_id,mark,score", *lines]) + "\n")
    code, shown = typed("train equal.csv linear --target score")
    assert code == 0
    assert "seems to name" not in shown.out
