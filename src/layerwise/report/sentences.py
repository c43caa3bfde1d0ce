"""The first screen: what a run is worth and what must be known about it, in plain sentences before any figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.data_sentences import data_sentences, misleading
from layerwise.report.finding import Finding
from layerwise.report.importance import most_used
from layerwise.report.more_data import more_rows
from layerwise.report.slices import weakest_slice
from layerwise.report.words import cut, learner, number, percent, spoken_ends, spoken_figure, value
from layerwise.tasks.contract import AnswersWithSets

__all__ = ["findings"]


def findings(data: ReportData) -> list[Finding]:
    """Return what must be known, in the order of what it may change."""
    found = misleading(data)
    if data.metrics:
        found += [*_baseline(data), *_explained(data), *_weakest(data)]
        found += [*weakest_slice(data), *more_rows(data), *most_used(data)]
    return [*found, *data_sentences(data)]


def _baseline(data: ReportData) -> list[Finding]:
    """Set the network beside the best simple learner, and say plainly when that does as well."""
    main = data.task.main
    own = data.metrics["metrics"][main]
    # A learner is no baseline of itself, but it is one of the same learner with other options.
    model = data.experiment.model
    itself = "" if model.options else model.name
    known = {name: figures[main] for name, figures in data.metrics["baselines"].items() if name != itself}
    known = {name: figure for name, figure in known.items() if figure["value"] is not None}
    if not known or own["value"] is None:
        return []
    sign = -1 if data.task.lower_is_better else 1
    name, best = max(known.items(), key=lambda pair: sign * float(pair[1]["value"]))
    sides = (learner(name), spoken_figure(main, best), spoken_figure(main, own), data.percent, spoken_ends(main, own))
    lost = own["low"] is not None and sign * best["value"] > max(sign * own["low"], sign * own["high"])
    if lost:
        sentence = say(
            "A simple baseline does better on these data: {} reaches {}, the network {} ({} % interval {}).", *sides
        )
        return [Finding(say("Baseline"), sentence, warning=True)]
    if own["low"] is None or sign * best["value"] >= min(sign * own["low"], sign * own["high"]):
        sentence = say(
            "A simple baseline does about as well on these data: {} reaches {}, the network {} ({} % interval {}).",
            *sides,
        )
        return [Finding(say("Baseline"), sentence, warning=True)]
    sentence = say("The best simple baseline stays behind: {} reaches {}, the network {} ({} % interval {}).", *sides)
    return [Finding(say("Baseline"), sentence)]


def _explained(data: ReportData) -> list[Finding]:
    """Say how much of the target's variance is explained; for regression."""
    if not data.numbers or not data.unseen:
        return []
    figure = data.metrics["metrics"]["r2"]
    if figure["value"] is None:
        return []
    if len(data.number_targets) > 1:
        return [_explained_each(data, figure)]
    low, high = float(data.measured.targets.min()), float(data.measured.targets.max())
    sentence = say(
        "The network explains {} of the variance of '{}' (R² {}, {} % interval {}); true values of the measured rows "
        "run from {} to {}.",
        percent(max(figure["value"], 0.0)), cut(data.target), value(figure), data.percent, spoken_ends("r2", figure),
        number(low), number(high),
    )  # fmt: skip
    return [Finding(say("Target"), sentence)]


def _explained_each(data: ReportData, figure: Mapping[str, Any]) -> Finding:
    """Say how much of the variance of several targets is explained, and of which the least."""
    known = {name: held["r2"] for name, held in data.metrics["classes"].items() if held["r2"]["value"] is not None}
    least = min(known, key=lambda name: float(known[name]["value"]))
    sentence = say(
        "The network explains {} of the variance of {} targets on average (R² {}, {} % interval {}); the least of '{}' "
        "({}).", percent(max(figure["value"], 0.0)), len(data.number_targets), value(figure), data.percent,
        spoken_ends("r2", figure), cut(least), percent(max(known[least]["value"], 0.0)),
    )  # fmt: skip
    return Finding(say("Target"), sentence)


def _weakest(data: ReportData) -> list[Finding]:
    """Name the class that is recognised worst, and what it is taken for."""
    if data.numbers:
        return []
    if not data.class_names:
        return _lowest(data)
    matrix = np.array(data.metrics["confusion"])
    rows = matrix.sum(axis=1)
    right = np.diag(matrix)
    if (right == rows).all():
        return [Finding(say("Weakest class"), say("None: every row that was measured was answered correctly."))]
    place = int(np.argmin(np.where(rows > 0, right / np.maximum(rows, 1), np.inf)))
    names = data.class_names
    others = matrix[place].copy()
    others[place] = -1
    taken = int(others.argmax())
    recall = data.metrics["classes"][names[place]]["recall"]
    sentence = say(
        "'{}': {:,} of {:,} recognised ({}, {} % interval {}); most often taken for '{}' ({:,}).",
        cut(names[place]), int(right[place]), int(rows[place]), percent(right[place] / rows[place]), data.percent,
        spoken_ends("recall", recall), cut(names[taken]), int(others[taken]),
    )  # fmt: skip
    return [Finding(say("Weakest class"), sentence)]


def _lowest(data: ReportData) -> list[Finding]:
    """Name the class with the lowest figure of its own, where classes have figures but examples have not one class."""
    known = data.metrics["classes"]
    name = next(iter(next(iter(known.values()))), "") if known else ""
    values = {each: figures[name] for each, figures in known.items() if figures[name]["value"] is not None}
    if not values:
        return []
    least, figure = min(values.items(), key=lambda pair: float(pair[1]["value"]))
    sentence = say("'{}': {} ({} % interval {}).", cut(least), spoken_figure(name, figure), data.percent,
                   spoken_ends(name, figure))  # fmt: skip
    subject = say("Weakest label") if isinstance(data.task, AnswersWithSets) else say("Weakest class")
    return [Finding(subject, sentence)]
