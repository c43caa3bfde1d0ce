"""The section of learning curves: loss by epoch, and why learning stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from layerwise.explain.drawing import font_note, svg
from layerwise.language import say
from layerwise.report import plots
from layerwise.report.contents import ReportData
from layerwise.report.html import paragraph, picture, section, table
from layerwise.report.words import number
from layerwise.training.history import part_name

__all__ = ["curves"]

MOST_EPOCHS = 60


def curves(data: ReportData) -> str:
    """Return the learning curves, or why there are none."""
    title = say("How it learned")
    if not data.history:
        told = say("This network is solved at once, without epochs.") if data.metrics else say("No epoch was finished.")
        return section("curves", title, paragraph(told))
    learning = data.metrics.get("learning", {}) if data.metrics else {}
    chosen = int(learning.get("best_epoch", 0))
    words = say("Loss of the training and the validation part by epoch.")
    drawn = plots.learning_curves(data.history, chosen, apart=data.losses_apart)
    told = say("Here the two are different figures: the validation one is what the weights are chosen by.")
    both = data.losses_apart and any(record["validation_loss"] is not None for record in data.history)
    return section(
        "curves", title, paragraph(_how_it_ended(data, learning)), paragraph(told if both else ""),
        picture(svg(drawn), "image/svg+xml", words + " " + _ends(data.history), words, _epochs(data.history, chosen)),
        paragraph(font_note(), "quiet"),
    )  # fmt: skip


def _how_it_ended(data: ReportData, learning: Mapping[str, Any]) -> str:
    """Say how long it learned and why it stopped."""
    if not learning:
        return say("It was interrupted. Epochs finished: {}.", len(data.history))
    reasons = {
        "epochs": say("all epochs were done"), "validation": say("the validation loss no longer fell"),
        "no-errors": say("no training example was wrong"),
    }  # fmt: skip
    stages = plots.by_stage(data.history)
    ended = say(
        "Epochs: {}, in {} seconds. It stopped because {}; the weights are those of epoch {}.",
        learning["epochs"], f"{learning['seconds']:.1f}", reasons.get(learning["reason"], learning["reason"]),
        learning["best_epoch"],
    )  # fmt: skip
    if len(stages) == 1:
        return ended
    each = ", ".join(f"{some[0]['stage']} ({len(some)})" for some in stages)
    return ended + " " + say("It learned in {} stages, whose epochs are: {}. The last is meant.", len(stages), each)


def _ends(history: Sequence[Mapping[str, Any]]) -> str:
    """Say where the curve of the last stage begins and ends."""
    stage = plots.by_stage(history)[-1]
    first, last = stage[0]["train_loss"], stage[-1]["train_loss"]
    if first is None or last is None:
        return ""
    return say("The training loss goes from {} to {}.", number(first), number(last))


def _epochs(history: Sequence[Mapping[str, Any]], chosen: int) -> str:
    """Return losses and their parts as a table, thinned out where the epochs are many."""
    stages = plots.by_stage(history)
    many, parts = len(stages) > 1, list(stages[-1][0].get("parts") or {})
    rows: list[list[str]] = []
    for stage in stages:
        kept_here = chosen if stage is stages[-1] else 0
        for record in _some(stage, max(2, MOST_EPOCHS // len(stages)), kept_here):
            star = " ★" if record["epoch"] == kept_here else ""
            amounts = [record["train_loss"], record["validation_loss"], *map((record.get("parts") or {}).get, parts)]
            rows.append([*([record["stage"]] if many else []), f"{record['epoch']}{star}", *map(_loss, amounts),
                         number(record["learning_rate"])])  # fmt: skip
    shown = [part_name(part) for part in parts]
    header = [*([say("stage")] if many else []), say("epoch"), say("training"), say("validation"), *shown,
              say("learning rate")]  # fmt: skip
    return table(say("Loss by epoch; ★ marks the epoch whose weights were kept"), header, rows,
                 right=range(many, len(header)))  # fmt: skip


def _some(stage: Sequence[Mapping[str, Any]], most: int, chosen: int) -> list[Mapping[str, Any]]:
    """Return evenly spread epochs of a stage, and the one that was kept."""
    places = np.unique(np.linspace(0, len(stage) - 1, min(len(stage), most)).round().astype(int))
    kept = {int(place) for place in places} | ({chosen - 1} if 0 < chosen <= len(stage) else set())
    return [stage[place] for place in sorted(kept)]


def _loss(amount: float | None) -> str:
    return "–" if amount is None else number(amount)
