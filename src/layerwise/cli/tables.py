"""Short tables on the console."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from layerwise.language import say
from layerwise.report.words import metric, number, retold, three_decimals

__all__ = ["doubtful", "figure", "main_figure", "print_lines", "print_table", "result_lines", "results_table"]


def print_lines(*lines: str) -> None:
    """Print sentences."""
    for line in lines:
        sys.stdout.write(line + "\n")


def doubtful(sentences: Sequence[str]) -> list[str]:
    """Return what about the data may have made figures too good as lines behind them; none where nothing is known."""
    return [say("Before you trust them:"), *(f"  {sentence}" for sentence in sentences), ""] if sentences else []


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a table as wide as the console; numbers to the right."""
    width = shutil.get_terminal_size((112, 24)).columns
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(header):
        table.add_column(name, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    Console(width=max(width, 60), highlight=False).print(table)


def figure(interval: Mapping[str, Any] | None, *, brief: bool = False) -> str:
    """Return a figure with its interval, `0.983 (0.970–0.991)`, or without it."""
    if not interval or interval["value"] is None:
        return say("undefined")
    small = abs(interval["value"]) <= 1 and abs(interval["high"] or 0.0) <= 10
    value, low, high = (
        "" if amount is None else (three_decimals(amount) if small else number(amount))
        for amount in (interval["value"], interval["low"], interval["high"])
    )
    if not low or brief:
        return value
    # A dash before a minus sign would be misread.
    return f"{value} ({low}–{high})" if not low.startswith("-") else f"{value} ({say('{} to {}', low, high)})"


def main_figure(metrics: Mapping[str, Any]) -> str:
    """Return the name of the figure that stands for a run: the one it names, else the first."""
    named = str(metrics.get("main", ""))
    return named if named in metrics["metrics"] else next(iter(metrics["metrics"]), "")


def results_table(metrics: Mapping[str, Any], confidence: float) -> None:
    """Print the figures of a run: test, training and each baseline side by side; of the main one every interval.

    Args:
        metrics: `metrics.json`.
        confidence: That of the intervals, between 0 and 1.
    """
    first = say("cross-validated") if metrics.get("folds") else say(metrics["part"])
    sides: dict[str, Mapping[str, Any]] = {first: metrics["metrics"]}
    if metrics["part"] != "train" and metrics["train"]:
        sides[say("train")] = metrics["train"]
    sides |= {say("baseline {}", name): values for name, values in metrics["baselines"].items()}
    wide, main = 24 + 22 * len(sides) <= shutil.get_terminal_size((112, 24)).columns, main_figure(metrics)
    rows = []
    for name in metrics["metrics"]:
        shown = [
            figure(side.get(name), brief=place > 0 and not wide and name != main)
            for place, side in enumerate(sides.values())
        ]
        # Where not all intervals fit, those of the main figure stand below it.
        rows.append([metric(name), *(shown if wide or name != main else [cell.replace(" (", "\n(") for cell in shown])])
    print_table(["", *sides], rows)
    print_lines(say("In brackets: {:g} % intervals.", 100 * confidence))


def folds_lines(metrics: Mapping[str, Any]) -> list[str]:
    """Say which rows the figures of folds are about, and how the folds differ; nothing for another run."""
    folds = metrics.get("folds")
    if not folds:
        return []
    name = main_figure(metrics)
    lines = [
        say("Folds: {} rows, each answered by a network that did not learn from it; the network that is kept learned "
            "from all rows.", folds["rows"]),
        say("{}, mean of {} folds: {} (the interval is corrected for the rows that folds share).", metric(name),
            folds["number"] * folds["repeats"], figure(folds["mean"][name])),
    ]  # fmt: skip
    if folds["repeats"] > 1:
        lines.append(say("The table shows the first of {} deals.", folds["repeats"]))
    return lines


def result_lines(metrics: Mapping[str, Any]) -> list[str]:
    """Say in sentences what a run is worth."""
    lines = [*folds_lines(metrics), *map(retold, metrics.get("baseline_notes", []))]
    expected = metrics["expectation_per_1000"]
    if expected and metrics["part"] != "train":
        # Of other data, only rows that were not learned from count for new ones.
        counted = metrics["unseen"].get("metrics") if metrics["part"] == "new data" and metrics["unseen"] else None
        lines.append(
            say("Of 1,000 new examples expect {} to {} wrong (measured on {}).",
                round(expected["low"]), round(expected["high"]), (counted or metrics["metrics"])["accuracy"]["n"])
        )  # fmt: skip
    if not metrics.get("overlap_known", True):
        lines.append(say("Whether the network learned from some of these rows is unknown: its training data are gone."))
    if metrics["unseen"]:
        lines.append(say("{} of these rows the network has learned from.", metrics["unseen"]["seen"]))
        name = main_figure(metrics)
        if name in metrics["unseen"]["metrics"]:
            lines.append(say("Without them: {} {}.", metric(name), figure(metrics["unseen"]["metrics"][name])))
    if metrics["openings"] == 1:
        lines.append(say("The test part was opened once, for this measurement."))
    if metrics["openings"] > 1:
        lines.append(say("The test part has now been opened {} times; each look makes its figure a little too good.",
                         metrics["openings"]))  # fmt: skip
    if metrics["part"] == "train":
        lines.append(say("Measured on the training part: this says nothing about new examples."))
    return lines
