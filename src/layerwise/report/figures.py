"""The section of figures: everything measured, with intervals, for the network and its baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.html import Cell, Raw, details, paragraph, section, table, text
from layerwise.report.words import bounds, learner, metric, retold, value

__all__ = ["figures", "measured"]


def figures(data: ReportData) -> str:
    """Return every figure with its interval, for the network on each part and for the baselines."""
    network = data.experiment.model.name
    sides = {f"{network}, {data.part_words}": data.metrics["metrics"]}
    if data.folds:
        sides[f"{network}, {say('mean of folds')}"] = data.folds["mean"]
    if data.part == "test":
        sides[f"{network}, {say('train')}"] = data.metrics["train"]
    if data.metrics["validation"]:
        sides[f"{network}, {say('validation')}"] = data.metrics["validation"]
    if data.metrics["unseen"].get("metrics"):
        sides[f"{network}, {say('test, never seen')}"] = data.metrics["unseen"]["metrics"]
    sides |= {learner(name): found for name, found in data.metrics["baselines"].items()}
    first = next(iter(sides.values()))
    rows: list[list[Cell]] = [[metric(name), *(measured(side.get(name)) for side in sides.values())] for name in first]
    header: list[Cell] = [say("figure"), *(_side(name, found) for name, found in sides.items())]
    whole = table(say("Figures with their {} % intervals", data.percent), header, rows,
                  right=range(1, 1 + len(sides)), style="figures sides")  # fmt: skip
    told = (
        say("Networks of the folds answered rows that they did not learn from; baselines learned and answered the same "
            "folds. In the columns of training and validation stands the network that is kept.")
        if data.folds
        else say("Baselines learned from the same training part and answered the same test part.")
    )  # fmt: skip
    reasons: dict[str, list[str]] = {}
    for name, side in sides.items():
        for reason in dict.fromkeys(retold(found["reason"]) for found in side.values() if found["reason"]):
            reasons.setdefault(reason, []).append(name)
    methods = [[metric(name), say(found["method"]), f"{found['n']:,}"] for name, found in first.items()]
    how = table(say("How each interval was found"), [say("figure"), say("method"), "n"], methods, right=(2,))
    return section(
        "figures", say("What was measured"), paragraph(told) if data.metrics["baselines"] or data.folds else "", whole,
        *(paragraph(retold(note)) for note in data.metrics.get("baseline_notes", [])), each_fold(data),
        *(paragraph(f"{', '.join(names)}: {reason}", "quiet") for reason, names in sorted(reasons.items())),
        details(say("How each interval was found"), how),
    )  # fmt: skip


def each_fold(data: ReportData) -> str:
    """Return the main figure of every fold, of the network and of the baselines; nothing without folds."""
    if not data.folds:
        return ""
    main = data.task.main
    sides = {data.experiment.model.name: data.folds, **data.folds["baselines"]}
    rows: list[list[Cell]] = [
        [_fold(deal, place), *(_plain(side["each"][main][deal][place]) for side in sides.values())]
        for deal in range(data.folds["repeats"])
        for place in range(data.folds["number"])
    ]
    header: list[Cell] = [say("fold"), *(learner(name) for name in sides)]
    title = say("{} of every fold", metric(main))
    return details(title, table(title, header, rows, right=range(1, 1 + len(sides))))


def _fold(deal: int, place: int) -> str:
    """Name a fold for people, of several deals with its deal."""
    return say("deal {} fold {}", deal + 1, place + 1) if deal else say("fold {}", place + 1)


def _plain(amount: float | None) -> str:
    """Return a figure of a fold; a dash where it is undefined."""
    return "–" if amount is None else value({"value": amount})


def _side(name: str, found: Mapping[str, Any]) -> Cell:
    """Return the heading of one side with the number of items behind it."""
    counts = [interval["n"] for interval in found.values()]
    return Raw(f"{text(name)}<small>n = {max(counts, default=0):,}</small>")


def measured(interval: Mapping[str, Any] | None) -> Cell:
    """Return a figure above its interval."""
    return Raw(f"{text(value(interval))}<small>{text(bounds(interval))}</small>") if interval else "–"
