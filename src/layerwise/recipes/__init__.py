"""Recipes: one TOML file per reproducible result, with the result it must reach and where that figure comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerwise.config import Experiment, from_tables
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["Expected", "Recipe", "load_recipe", "recipe_names"]


@dataclass(frozen=True)
class Expected:
    """What a recipe must reach.

    Args:
        metric: Name in metrics.json, or `learning.reason`.
        least: The figure, as a mean over the seeds; None where another rule holds.
        seeds: Seeds to run.
        rule: In words: what is checked, where it is not a mean.
        source: Where the figure comes from.
    """

    metric: str
    least: float | None
    seeds: tuple[int, ...]
    rule: str
    source: str
    solved: tuple[int, int] | None = None
    """How many of the seeds must reach `least` each: at least and at most."""
    beside: str = ""
    """Baseline whose figure is subtracted before the comparison."""
    most: float | None = None
    """The figure it must stay below, as a mean over the seeds, where less is better."""


@dataclass(frozen=True)
class Recipe:
    """One reproducible result."""

    name: str
    about: str
    cost: str
    experiment: Experiment
    settings: Mapping[str, Any]
    expected: Expected


def recipe_names() -> list[str]:
    """Return the name of every recipe."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """Read a recipe.

    Raises:
        LayerwiseError: There is none of that name.

    Example:
        >>> load_recipe("iris-mlp").experiment.load.data
        'iris'
    """
    path = Path(__file__).parent / f"{name}.toml"
    if name not in recipe_names():
        rule = say("A recipe is named as in the list.")
        raise LayerwiseError(rule, say("no recipe '{}'", name), nearest(name, recipe_names()), usage=True)
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    about, expected = tables.pop("recipe"), tables.pop("expected")
    solved = expected.get("solved")
    settings = {
        key: tuple(value) if isinstance(value, list) else value
        for stage, table in tables.items() if stage not in ("load", "model") for key, value in table.items()
    }  # fmt: skip
    wanted = Expected(
        expected["metric"], expected.get("least"), tuple(expected["seeds"]), expected.get("rule", ""),
        expected["source"], (solved[0], solved[1]) if solved else None, expected.get("beside", ""),
        expected.get("most"),
    )  # fmt: skip
    return Recipe(name, about["about"], about["cost"], from_tables(tables, str(path)), settings, wanted)
