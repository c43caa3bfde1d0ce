"""The command that a report prints for a learning curve is one that `layerwise compare` accepts."""

import html
import re

import numpy as np
import pytest

DRAWN = np.random.default_rng(0)
CLASSES = [f"{one:.3f},{other:.3f},{'yes' if one > other else 'no'}" for one, other in DRAWN.normal(size=(60, 2))]
PEOPLE = [f"{row},p{place % 6}" for place, row in enumerate(CLASSES)]
DAYS = [f"{row},2024-{1 + place // 28:02}-{1 + place % 28:02}" for place, row in enumerate(CLASSES)]
NUMBERS = [f"{one:.3f},{one + other:.3f},{1000 * other:.1f}" for one, other in DRAWN.normal(size=(60, 2))]
MIXED = [f"{one:.3f},{'a;b' if one > 0 else 'b'}" for one in DRAWN.normal(size=60)]

RUNS = {
    "what is looked at in one run alone":
        ("a,b,ill", CLASSES, "--check-labels yes --decision-threshold validation --threshold-for f1 --positive yes "
                             "--baselines knn --checkpoint-seconds 5 --confidence 0.9"),
    "test rows from elsewhere": ("a,b,ill", CLASSES, "--test-data other.csv"),
    "rows that are tested as learned": ("a,b,ill", CLASSES, "--test training"),
    "another share": ("a,b,ill", CLASSES, "--test split --test-fraction 0.5 --validation-fraction 0.2"),
    "the last rows": ("a,b,ill", CLASSES, "--split-by order"),
    "few people": ("a,b,ill,person", PEOPLE, "--group person --target ill"),
    "time": ("a,b,ill,day", DAYS, "--time day --target ill"),
    "time left aside": ("a,b,ill,day", DAYS, "--time day --target ill --split-by random"),
    "several targets": ("a,kilograms,metres", NUMBERS, "--target kilograms --target metres"),
}  # fmt: skip


def printed(tmp_path) -> str:
    """The line of the report, or nothing."""
    page = html.unescape((tmp_path / "runs" / "run" / "report.html").read_text(encoding="utf-8"))
    found = re.search(r"layerwise compare [^<]*--learning-curve", page)
    return found.group() if found else ""


def write(tmp_path, header, rows):
    for name in ("rows.csv", "other.csv"):
        (tmp_path / name).write_text("\n".join([header, *(rows if name == "rows.csv" else rows[::-1][:30])]) + "\n")


@pytest.mark.parametrize("kind", RUNS)
def test_the_printed_command_runs(kind, typed, tmp_path):
    header, rows, settings = RUNS[kind]
    write(tmp_path, header, rows)
    code, said = typed(f"train rows.csv mlp --hidden 2 --epochs 1 {settings} --run run --quiet")
    assert code == 0, said.err
    line = printed(tmp_path)
    assert line, "the report names a command"
    code, said = typed(line.removeprefix("layerwise ") + " --quiet")
    assert code == 0, f"{line}\n{said.err}"
    assert ("--split-by random" in line) == (kind == "time left aside")
    assert ("--folds 5" in line) == (kind == "few people")


def test_none_is_printed_where_none_can_be(typed, tmp_path):
    write(tmp_path, "a,marks", MIXED)
    assert typed("train rows.csv mlp --hidden 2 --epochs 1 --target marks --task tag --run run --quiet")[0] == 0
    assert printed(tmp_path) == ""


def test_rows_that_no_fold_can_be_made_of_are_said_so(typed, tmp_path):
    # one height for all: in some fold nothing varies, and no share of a variance is explained
    rows = [f"{place / 7:.3f},{150 if place else 190}" for place in range(60)]
    write(tmp_path, "a,height", rows)
    code, said = typed("train rows.csv mlp --hidden 2 --epochs 1 --target height --task regress --run run --quiet")
    assert code == 0, said.err
    assert printed(tmp_path) == ""
    assert "cannot be measured: the rows are too few" in (tmp_path / "runs" / "run" / "report.html").read_text(
        encoding="utf-8"
    )
