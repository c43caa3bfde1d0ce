"""Repeat a recipe for each of its seeds and hold the result against what it must reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from layerwise.recipes import Recipe
from layerwise.workflow.cross_validation import Progress
from layerwise.workflow.learn import Listener
from layerwise.workflow.start import start

__all__ = ["Reproduced", "reproduce"]


@dataclass(frozen=True)
class Reproduced:
    """What a recipe reached.

    Args:
        values: The figure of each seed.
        reached: The mean of the figures, or the number of seeds that reached it where the recipe counts those.
        ok: Whether that is what the recipe must reach.
        runs: The run folder of each seed.
        metrics: `metrics.json` of each seed.
    """

    values: tuple[float, ...]
    reached: float
    ok: bool
    runs: tuple[str, ...]
    metrics: tuple[dict[str, Any], ...]


def reproduce(
    recipe: Recipe, *, listener: Callable[[], Listener] | None, told: Callable[[int, float], None],
    progress: Progress | None = None,
) -> Reproduced:  # fmt: skip
    """Run a recipe with each of its seeds.

    Args:
        recipe: What to repeat.
        listener: Makes who is told how learning goes on, for each seed.
        told: Hears the figure of each seed.
        progress: Who is told how the folds go on, where a recipe is measured by folds.

    Raises:
        KeyboardInterrupt: The user stopped one of the runs.
    """
    values, runs, everything = [], [], []
    for seed in recipe.expected.seeds:
        settings = {**recipe.settings, "seed": seed}
        opened, outcome = start(
            recipe.experiment, settings, recipe.experiment.load.data, run=f"{recipe.name}-seed{seed}",
            listener=listener() if listener else None, progress=progress,
        )  # fmt: skip
        if outcome.reason == "interrupted":
            # A second Ctrl-C would end the program here, so the first one ends the recipe.
            raise KeyboardInterrupt
        metrics = opened.folder.read("metrics.json")
        value = figure(recipe, metrics)
        told(seed, value)
        values.append(value)
        runs.append(str(opened.folder.path))
        everything.append(metrics)
    reached, ok = judge(recipe, values)
    return Reproduced(tuple(values), reached, ok, tuple(runs), tuple(everything))


def figure(recipe: Recipe, metrics: dict[str, Any]) -> float:
    """Return the figure of one run, of folds their mean, less that of the baseline the recipe names."""
    folds = metrics.get("folds")
    own = folds["mean"] if folds else metrics["metrics"]
    value = float(own[recipe.expected.metric]["value"])
    if recipe.expected.beside:
        others = folds["baselines"] if folds else metrics["baselines"]
        beside = others[recipe.expected.beside]
        value -= float((beside["mean"] if folds else beside)[recipe.expected.metric]["value"])
    return value


def judge(recipe: Recipe, values: list[float]) -> tuple[float, bool]:
    """Return what was reached, and whether it is enough."""
    expected = recipe.expected
    least = expected.least if expected.least is not None else 0.0
    if expected.solved:
        count = sum(value >= least for value in values)
        return float(count), expected.solved[0] <= count <= expected.solved[1]
    mean = sum(values) / len(values)
    return mean, mean >= least if expected.most is None else mean <= expected.most
