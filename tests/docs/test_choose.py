"""Choosing settings: the rule, the folds inside the training part, and recipes that have what was taken."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from choose import aim, folds, held_out, measure, prepare, take, trials

from layerwise.config import setting_names
from layerwise.data.builtin import builtin
from layerwise.recipes import load_recipe

DOCS = Path(__file__).parents[2] / "docs"
CHOSEN = sorted(path.stem for path in (DOCS / "results/choices").glob("*.json"))


def test_the_best_mean_is_taken():
    assert take([[0.5, 0.5, 0.6], [0.9, 0.9, 0.8], [0.7, 0.7, 0.7]]) == 1


def test_a_lead_within_one_standard_error_goes_to_the_first_listed():
    # Leads 0.3, -0.1, -0.1: mean 0.0333, deviation 0.2309, standard error 0.2309 / sqrt(3) = 0.1333.
    assert take([[0.6, 0.9, 0.9], [0.9, 0.8, 0.8]]) == 0
    # Leads 0.1, 0.1, 0.09: mean 0.0967, standard error 0.0033.
    assert take([[0.7, 0.7, 0.71], [0.8, 0.8, 0.8]]) == 1


def test_one_trial_is_compared_with_the_error_of_its_figure():
    assert take([[0.990], [0.9905]], error=0.001) == 0
    assert take([[0.988], [0.9905]], error=0.001) == 1


def test_a_recipe_that_solves_some_starts_wants_the_middle():
    assert aim(load_recipe("xor-mlp")) == 0.5
    assert aim(load_recipe("xor-mlp-wide")) is None
    assert aim(load_recipe("iris-mlp")) is None
    assert take([[1.0] * 20, [1.0] * 9 + [0.0] * 11], middle=0.5) == 1


def test_folds_hold_every_row_once_with_equal_shares_of_the_classes():
    iris = builtin("iris")
    found = list(folds(iris, 5, seed=3))
    assert np.array_equal(np.sort(np.concatenate(found)), np.arange(150))
    classes = iris.columns["species"].codes
    for fold in found:
        assert np.abs(np.bincount(classes[fold], minlength=3) - 10).max() <= 1


def test_a_trial_holds_the_training_part_and_nothing_of_the_test_part():
    recipe = load_recipe("iris-mlp")
    made = list(trials(recipe, {"folds": 5, "measured": 2}))
    assert len(made) == 2 * len(recipe.expected.seeds)
    assert len({trial.start for trial in made}) == len(made)
    for trial in made:
        assert not np.intersect1d(trial.rows, trial.forbidden).size
        assert len(trial.rows) + len(trial.forbidden) == 150
        assert trial.data.ids() == [f"row {row + 1}" for row in trial.rows]
        assert trial.data.columns["fold"].counts()["test"] == pytest.approx(len(trial.rows) / 5, abs=2)


def test_a_touched_test_row_stops_everything():
    recipe = load_recipe("iris-mlp")
    trial = next(trials(recipe, {"folds": 5}))
    whole, settings = prepare(recipe, {"hidden": (4,), "epochs": 2, "learning_rate": 0.01}, {})
    value, error = measure(recipe, whole, settings, trial)
    assert 0 <= value <= 1
    assert 0 < error < 0.5
    with pytest.raises(RuntimeError, match="test part"):
        measure(recipe, whole, settings, replace(trial, forbidden=trial.rows[:1]))


def test_a_division_of_the_data_s_own_is_replaced_by_the_fold():
    iris = builtin("iris")
    marked = held_out(iris, np.array([1, 149]))
    assert marked.named("part") == ("fold",)
    assert marked.columns["fold"].counts() == {"train": 148, "test": 2}


def test_every_list_of_candidates_was_measured():
    assert {path.stem for path in (DOCS / "choices").glob("*.toml")} == set(CHOSEN)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_recipe_has_the_settings_that_were_taken(name):
    recipe, kept = load_recipe(name), json.loads((DOCS / "results/choices" / f"{name}.json").read_text("utf-8"))
    plan = tomllib.loads((DOCS / "choices" / f"{name}.toml").read_text("utf-8"))
    assert [candidate["settings"] for candidate in kept["candidates"]] == plan["candidate"]
    figures = [candidate["values"] for candidate in kept["candidates"]]
    assert take(figures, error=kept["error"], middle=kept["aim"]) == kept["taken"]
    whole = recipe.experiment
    for setting, value in plan["candidate"][kept["taken"]].items():
        stage = setting_names().get(setting)
        found = getattr(getattr(whole, stage), setting) if stage else whole.model.options[setting]
        assert found == (tuple(value) if isinstance(value, list) else value), setting
