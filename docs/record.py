"""Record what recipes reach, and write `docs/results.md` from the records.

python docs/record.py iris-mlp digits-lenet5     run these recipes and record them
python docs/record.py --table                    only write the page again
python docs/record.py --from FILE.json ...       record what `layerwise reproduce RECIPE --json` printed
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from choose import RULE

from layerwise.cli.reproduce import expectation
from layerwise.recipes import load_recipe

HERE = Path(__file__).parent
RECORDS = HERE / "results"
CHOICES = RECORDS / "choices"


def record(measured: dict[str, object], seconds: float | None) -> None:
    """Keep the figures of a recipe with what they depend on."""
    import torch

    import layerwise

    name = str(measured["recipe"])
    kept = {key: measured[key] for key in ("recipe", "metric", "expected", "reached", "ok", "seeds", "values")}
    first = measured["metrics"][0]
    kept |= {
        "first_seed": {"test": first["metrics"].get(kept["metric"]), "train": first["train"].get(kept["metric"])},
        "baselines": {key: value.get(kept["metric"]) for key, value in first["baselines"].items()},
        "command": f"layerwise reproduce {name}",
        "seconds": seconds,
        "date": datetime.now(UTC).date().isoformat(),
        "layerwise": layerwise.__version__,
        "torch": torch.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def run(name: str) -> None:
    """Run a recipe in a folder of its own and record it."""
    import tempfile

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "layerwise", "reproduce", name, "--json"],
            cwd=folder, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    record(json.loads(done.stdout), time.monotonic() - began)


def table() -> str:
    """Write the table of all records."""
    lines = [
        "# Results",
        "",
        "Written by `docs/record.py` from the records in `docs/results/`; every row is repeated by its command.",
        "",
        "| recipe | what it is | must reach | reached | each seed | baselines (first seed) | recorded | repeat |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for path in sorted(RECORDS.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        recipe = load_recipe(kept["recipe"])
        seeds = ", ".join(f"{value:.4f}" for value in kept["values"][:5])
        more = f" and {len(kept['values']) - 5} more" if len(kept["values"]) > 5 else ""
        baselines = ", ".join(
            f"{name} {value['value']:.3f}" for name, value in kept["baselines"].items() if value and value["value"]
        )
        mark = "" if kept["ok"] else " **(not reached)**"
        lines.append(
            f"| {kept['recipe']} | {recipe.about} | {expectation(recipe)} | {kept['reached']:.4g}{mark} "
            f"| {seeds}{more} | {baselines} | {kept['date']}, torch {kept['torch']} | `{kept['command']}` |"
        )
    return "\n".join(lines) + "\n"


def choices() -> str:
    """Write what every candidate reached where settings were chosen."""
    lines = [
        "",
        "## How the settings were chosen",
        "",
        "`docs/choose.py` measures a few candidates (`docs/choices/`) inside the training part of a recipe; the rows "
        "of the recipe's test part are taken away before, and it stops if one of them is touched. " + RULE,
        "",
        "Where every seed of a recipe divides the rows anew, a test row of one seed is a training row of another: no "
        "candidate was measured on a test row of its own seed, but all seeds together have seen every row.",
        "",
        "The candidates of digits-64-2-3 were listed after a wide search (some 100 settings, 125 networks each) over "
        "folds of the training parts of the splits 0 to 4, which hold test digits of each other; none got fewer than "
        "0.2 % of the left-out digits wrong. With a split a seed the best of them gets every test digit right with 4 "
        "of the seeds 0 to 4 and with 6 of the seeds 5 to 14, so the one split of the recipe stayed.",
        "",
        "xor-perceptron has the learning rate of and-perceptron: where nothing can succeed there is nothing to choose.",
        "",
        "| recipe | settings of the candidates | measured inside the training part | taken |",
        "|---|---|---|---|",
    ]  # fmt: skip
    notes = ["", "What was measured on, and how to repeat it:", ""]
    for path in sorted(CHOICES.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        for place, candidate in enumerate(kept["candidates"]):
            taken = "taken" if place == kept["taken"] else ""
            told = ", ".join(f"{key} = {json.dumps(value)}" for key, value in candidate["settings"].items())
            lines.append(f"| {kept['recipe']} | {told} | {candidate['mean']:.4f} | {taken} |")
        shortened = kept["shortened_to_epochs"]
        alike = f"; every candidate with {shortened} epochs instead of the recipe's" if shortened else ""
        notes.append(f"- {kept['recipe']}: {kept['about']}{alike} ({kept['date']}, `{kept['command']}`)")
    return "\n".join(lines + notes) + "\n"


def main(arguments: list[str]) -> None:
    """Record recipes and write the table."""
    if arguments[:1] == ["--from"]:
        for file in arguments[1:]:
            record(json.loads(Path(file).read_text(encoding="utf-8")), None)
    elif arguments != ["--table"]:
        for name in arguments:
            run(name)
    (HERE / "results.md").write_text(table() + choices(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
