"""Choose the settings of recipes on a validation part, and record what every candidate reached.

python docs/choose.py iris-mlp digits-lenet5     measure the candidates of `docs/choices/` and record which is taken

What is measured on is never the recipe's test part. For each seed of a recipe its rows are divided as always, the test
rows are taken away, and the rest, its training part, is divided again into folds: a candidate learns from all folds but
one and is measured on that one. Recipes that learn every row there is (AND, XOR) have no such part: there the
candidates learn from other starting weights than those the recipe counts.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.config import Experiment, Split, experiment, setting_names
from layerwise.data.kinds import Categories
from layerwise.data.source import Field, Source
from layerwise.data.split import divide
from layerwise.recipes import Recipe, load_recipe

HERE = Path(__file__).parent
FIRST_START = 100
"""Seed of the first trial's starting weights; the recipes' own seeds lie below."""

RULE = (
    "The best mean is taken; where it leads another candidate by no more than one standard error of their difference "
    "over the trials (of one trial: of its figure), the one listed first is taken. Candidates are listed from the "
    "simpler and cheaper to the more elaborate. Where a recipe must solve neither none nor all of its starts, the best "
    "is the one nearest to the middle of what it may solve."
)


@dataclass(frozen=True)
class Trial:
    """What each candidate learns from and is measured on once.

    Args:
        start: Seed of the starting weights, of the order and of all noise.
        data: The rows of the recipe's training part, each marked; or the name of data that are learned as a whole.
        rows: Row numbers of those in the recipe's data.
        forbidden: Row numbers of the recipe's test part.
    """

    start: int
    data: Source | str
    rows: np.ndarray
    forbidden: np.ndarray


def trials(recipe: Recipe, plan: Mapping[str, Any]) -> Iterator[Trial]:
    """Make the trials of a recipe: starts, or every fold of the training part of every seed."""
    from layerwise.workflow.prepare import prepare_data

    none = np.zeros(0, dtype=np.int64)
    if recipe.experiment.split.test == "training":
        for number in range(plan["starts"]):
            yield Trial(FIRST_START + number, recipe.experiment.load.data, none, none)
        return
    start = FIRST_START
    for seed in plan.get("seeds", recipe.expected.seeds):
        whole = experiment({**recipe.settings, "seed": seed}, start=recipe.experiment)
        prepared, _ = prepare_data(whole, whole.load.data)
        rows = np.union1d(prepared.parts.train, prepared.parts.validation)
        learning = without_parts(prepared.source.take(rows))
        for number, fold in enumerate(folds(learning, plan["folds"], seed)):
            if number == plan.get("measured", plan["folds"]):
                break
            yield Trial(start, held_out(learning, fold), rows, prepared.parts.test)
            start += 1


def folds(source: Source, number: int, seed: int) -> Iterator[np.ndarray]:
    """Divide the rows into folds as the splits are made: stratified, equal rows together."""
    left = np.arange(len(source))
    for count in range(number, 1, -1):
        split = Split(test="split", test_fraction=1 / count, validation_fraction=0.0)
        chosen = left[divide(source.take(left), split, seed=seed).test]
        yield chosen
        left = np.setdiff1d(left, chosen)
    yield left


def without_parts(source: Source) -> Source:
    """Leave the data's own division out, since its test rows are already away."""
    return source.assign(dict.fromkeys(source.named("part"), "unused"))


def held_out(source: Source, fold: np.ndarray) -> Source:
    """Mark a fold as what is measured on and the other rows as what is learned from."""
    part = Categories(np.isin(np.arange(len(source)), fold).astype(np.int64), ("train", "test"))
    return replace(
        source, fields=(*source.fields, Field("fold", "part")), columns={**source.columns, "fold": part}
    )  # fmt: skip


def prepare(recipe: Recipe, candidate: Mapping[str, Any], plan: Mapping[str, Any]) -> tuple[Experiment, dict[str, Any]]:
    """Return the recipe's experiment with the settings and model options of a candidate."""
    named = {name: value for name, value in candidate.items() if name in setting_names()}
    options = {name: value for name, value in candidate.items() if name not in named}
    model = replace(recipe.experiment.model, options={**recipe.experiment.model.options, **options})
    beside = recipe.expected.beside
    quick = {"baselines": (beside,) if beside else (), "resamples": 100}
    short = {"epochs": plan["epochs"]} if "epochs" in plan else {}
    return replace(recipe.experiment, model=model), {**recipe.settings, **named, **quick, **short}


def measure(recipe: Recipe, whole: Experiment, settings: Mapping[str, Any], trial: Trial) -> tuple[float, float]:
    """Let a candidate learn once; returns its figure and the standard error of that.

    Raises:
        RuntimeError: A row of the recipe's test part was touched.
    """
    from layerwise.workflow.reproduce import figure
    from layerwise.workflow.start import start

    if not isinstance(trial.data, str):
        # The fold is marked in the data; a split seed of the recipe is for its own division.
        settings = {**settings, "test": "auto", "split_seed": trial.start}
    with tempfile.TemporaryDirectory() as folder:
        opened, _ = start(whole, {**settings, "seed": trial.start}, trial.data, run=f"{folder}/run")
        metrics, data = opened.folder.read("metrics.json"), opened.folder.read("data.json")
    if not isinstance(trial.data, str):
        used = trial.rows[np.concatenate([data["split"][part] for part in ("train", "validation", "test")]).astype(int)]
        if data["rows"] != len(trial.rows) or np.isin(used, trial.forbidden).any():
            message = f"{recipe.name}: a row of the test part was touched"
            raise RuntimeError(message)
    value, interval = figure(recipe, metrics), metrics["metrics"][recipe.expected.metric]
    if isinstance(trial.data, str):
        value = float(value >= (recipe.expected.least or 0.0))
    return value, (interval["high"] - interval["low"]) / (2 * 1.96)


def aim(recipe: Recipe) -> float | None:
    """Return the middle of the share of starts a recipe may solve, where it may be neither none nor all."""
    solved, seeds = recipe.expected.solved, len(recipe.expected.seeds)
    return sum(solved) / 2 / seeds if solved and solved[0] > 0 and solved[1] < seeds else None


def take(values: Sequence[Sequence[float]], *, error: float | None = None, middle: float | None = None) -> int:
    """Return the place of the candidate that the rule takes.

    Args:
        values: For each candidate the figure of each trial; trials stand in the same order.
        error: Standard error of a figure, where there is one trial alone.
        middle: What the mean should be near to; as high as it can be when left out.
    """
    table = np.array(values)
    scores = table.mean(axis=1) if middle is None else -np.abs(table.mean(axis=1) - middle)
    leads = table[scores.argmax()] - table
    count = table.shape[1]
    errors = leads.std(axis=1, ddof=1) / math.sqrt(count) if error is None else np.full(len(table), error)
    # The best one ties with itself; rounding must not break a tie of equal means.
    return int(np.flatnonzero(scores.max() - scores <= errors + 1e-12)[0])


def choose(name: str) -> dict[str, Any]:
    """Measure every candidate of a recipe and say which is taken."""
    import torch

    import layerwise

    plan = tomllib.loads((HERE / "choices" / f"{name}.toml").read_text(encoding="utf-8"))
    recipe, candidates = load_recipe(name), plan["candidate"]
    if len({frozenset(candidate) for candidate in candidates}) > 1:
        message = f"{name}: every candidate names the same settings"
        raise ValueError(message)
    tried, errors = list(trials(recipe, plan)), []
    records: list[dict[str, Any]] = []
    for candidate in candidates:
        named = {key: tuple(value) if isinstance(value, list) else value for key, value in candidate.items()}
        whole, settings = prepare(recipe, named, plan)
        began = time.monotonic()
        found = [measure(recipe, whole, settings, trial) for trial in tried]
        seconds = (time.monotonic() - began) / len(tried)
        values = [value for value, _ in found]
        errors.append(found[0][1])
        records.append({"settings": candidate, "mean": float(np.mean(values)), "values": values})
        print(f"{name}: {records[-1]['mean']:.5f}  {seconds:5.1f} s a trial  {candidate}", flush=True)
    middle = aim(recipe)
    error = max(errors) if len(tried) == 1 else None
    taken = take([record["values"] for record in records], error=error, middle=middle)
    print(f"{name}: taken is candidate {taken + 1}", flush=True)
    return {
        "recipe": name, "metric": recipe.expected.metric, "about": plan["about"], "trials": len(tried),
        "shortened_to_epochs": plan.get("epochs"), "aim": middle, "error": error, "candidates": records, "taken": taken,
        "command": f"python docs/choose.py {name}", "date": datetime.now(UTC).date().isoformat(),
        "layerwise": layerwise.__version__, "torch": torch.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }  # fmt: skip


def main(names: list[str]) -> None:
    """Choose for the named recipes and record it."""
    records = HERE / "results" / "choices"
    records.mkdir(parents=True, exist_ok=True)
    for name in names:
        text = json.dumps(choose(name), indent=1, ensure_ascii=False) + "\n"
        (records / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
