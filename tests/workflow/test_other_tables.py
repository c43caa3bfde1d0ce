"""A network that learned from one table format answers to, and is measured on, another."""

import csv
import json
import random

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

import layerwise as lw
from layerwise.cli import application

NAMES = ["id", "age", "dose", "note", "ill"]


@pytest.fixture
def patients(tmp_path, monkeypatch):
    """Write the same 60 patients in four formats into an empty folder; the first one has an error in its note."""
    monkeypatch.chdir(tmp_path)
    noise = random.Random(0)
    rows = [
        [number, 20 + number % 50, noise.random(), "a", "yes" if number % 50 > 25 else "no"] for number in range(60)
    ]
    book = openpyxl.Workbook()
    for row in [NAMES, *rows]:
        book.active.append(row)
    book.active["D2"] = "#REF!"
    book.create_sheet("more").append(["x"])
    book.save("patients.xlsx")
    with open("patients.csv", "w", newline="") as file:
        csv.writer(file).writerows([NAMES, *rows])
    records = [dict(zip(NAMES, row, strict=True)) | {"note": [1, 2]} for row in rows]
    with open("patients.jsonl", "w") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    parquet.write_table(pa.Table.from_pylist(records), "patients.parquet")
    return rows


def learn(*arguments):
    return application.run(["train", *arguments, "--resamples", "100", "--quiet", "--run", "run"])


def test_from_a_sheet_to_every_other_format(patients, capsys):
    assert learn("patients.xlsx", "logistic", "--sheet", "1", "--drop", "note") == 0
    answers = {}
    for name in ("patients.csv", "patients.jsonl", "patients.parquet", "patients.xlsx"):
        capsys.readouterr()
        assert application.run(["predict", "run", name, "--json"]) == 0
        answers[name] = json.loads(capsys.readouterr().out)
        assert application.run(["evaluate", "run", name, "--json"]) == 0
    assert all(answer == answers["patients.csv"] for answer in answers.values())
    assert len(answers["patients.csv"]) > 0
    assert len(lw.load("run").predict("patients.parquet").labels) == len(patients)


def test_what_is_not_dropped_stops_learning_with_its_address(patients, capsys):
    assert learn("patients.xlsx", "logistic", "--sheet", "1") == 1
    assert "patients.xlsx, Sheet!D2: '#REF!'" in capsys.readouterr().err
    assert learn("patients.parquet", "logistic") == 1
    assert "'note' (list<element: int64>)" in capsys.readouterr().err
    assert learn("patients.jsonl", "logistic") == 1
    assert "line 1: key 'note' holds a list" in capsys.readouterr().err
