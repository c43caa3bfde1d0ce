"""The guide's table of disturbed saves is the one that was measured."""

import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "checkpoint_faults.py"


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("checkpoint_faults", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_page_shows_the_record(script):
    record = json.loads(script.RECORD.read_text(encoding="utf-8"))
    assert script.table(record) in script.PAGE.read_text(encoding="utf-8")


def test_the_page_says_how_many_errors_each_call_fails_with(script):
    from faults.harness import ERRORS

    page = " ".join(script.PAGE.read_text(encoding="utf-8").split())
    numbers = {2: "two", 5: "five"}
    assert f"lets each call fail with {numbers[len(ERRORS)]} errors" in page
    assert f"each call fails with {numbers[len(script.ERRORS)]} of the {numbers[len(ERRORS)]}" in page
    assert all(f"({error})" in page for error in script.ERRORS)
    assert set(script.ERRORS) < set(ERRORS)
    for row in json.loads(script.RECORD.read_text(encoding="utf-8"))["rows"]:
        assert row["error"]["points"] == len(script.ERRORS) * row["kill"]["points"]


def test_nothing_of_ours_was_lost(script):
    rows = json.loads(script.RECORD.read_text(encoding="utf-8"))["rows"]
    ours = [row for row in rows if row["name"].startswith("layerwise")]
    assert len(ours) == 2
    for row in ours:
        for kind in ("kill", "error", "power"):
            assert row[kind]["points"] >= 7
            assert (row[kind]["lost"], row[kind]["unsaid"]) == (0, 0)
