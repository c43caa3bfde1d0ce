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
    drawn = plots.learning_curves(data.history, chosen)
    return section(
        "curves", title, paragraph(_how_it_ended(data, learning)),
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
    return say(
        "Epochs: {}, in {} seconds. It stopped because {}; the weights are those of epoch {}.",
        learning["epochs"], f"{learning['seconds']:.1f}", reasons.get(learning["reason"], learning["reason"]),
        learning["best_epoch"],
    )  # fmt: skip


def _ends(history: Sequence[Mapping[str, Any]]) -> str:
    """Say where the curves begin and end."""
    first, last = history[0]["train_loss"], history[-1]["train_loss"]
    if first is None or last is None:
        return ""
    return say("The training loss goes from {} to {}.", number(first), number(last))


def _epochs(history: Sequence[Mapping[str, Any]], chosen: int) -> str:
    """Return the losses as a table, thinned out where the epochs are many."""
    places = np.unique(np.linspace(0, len(history) - 1, min(len(history), MOST_EPOCHS)).round().astype(int))
    kept = {int(place) for place in places} | ({chosen - 1} if 0 < chosen <= len(history) else set())
    rows = [
        [str(record["epoch"]) + (" ★" if record["epoch"] == chosen else ""), _loss(record["train_loss"]),
         _loss(record["validation_loss"]), number(record["learning_rate"])]
        for record in (history[place] for place in sorted(kept))
    ]  # fmt: skip
    header = [say("epoch"), say("training"), say("validation"), say("learning rate")]
    return table(say("Loss by epoch; ★ marks the epoch whose weights were kept"), header, rows, right=range(4))


def _loss(amount: float | None) -> str:
    return "–" if amount is None else number(amount)
