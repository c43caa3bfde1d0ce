"""Every recipe reaches what it must: the quick ones with every test run, the others with `make long`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerwise.cli.reproduce import expectation
from layerwise.data.named import NAMED, locate
from layerwise.recipes import load_recipe, recipe_names
from layerwise.workflow.reproduce import reproduce

RECORDS = Path(__file__).parents[2] / "docs" / "results"

QUICK = 9.0
"""Seconds that all seeds of a recipe took when it was recorded, up to which it runs with every test run."""


def _recorded(name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _parameters() -> list[object]:
    """Return every recipe, those that take long with their mark."""
    marks = [pytest.mark.long, pytest.mark.timeout(3600)]
    seconds = {name: _recorded(name)["seconds"] for name in recipe_names()}
    return [
        pytest.param(name, marks=[] if isinstance(taken, float) and taken <= QUICK else marks)
        for name, taken in seconds.items()
    ]


@pytest.mark.parametrize("name", recipe_names())
def test_what_was_recorded_is_what_the_recipe_asks_for(name: str) -> None:
    found = _recorded(name)
    assert found["expected"] == expectation(load_recipe(name))
    assert found["ok"]


@pytest.mark.parametrize("name", _parameters())
def test_a_recipe_reaches_what_it_must(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe(name)
    if recipe.experiment.load.data in NAMED and locate(recipe.experiment.load.data) is None:
        pytest.skip(f"{recipe.experiment.load.data} is in no folder of LAYERWISE_DATA")
    monkeypatch.chdir(tmp_path)
    found = reproduce(recipe, listener=None, told=lambda seed, value: None)
    assert found.ok, f"{expectation(recipe)}; reached {found.reached}"
