"""The one sentence that answers what to expect of new data, and one that says what it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.words import SHARES, bounds, cut, expected, metric, number, percent, retold, spoken_ends, value

__all__ = ["headline"]

NEW = 1000

MOST_NAMED = 6
"""Targets that a sentence names."""


def headline(data: ReportData) -> tuple[str, str]:
    """Return the one sentence that answers what to expect of new data, and one that says what it rests on."""
    if not data.metrics:
        return (
            say("This run was interrupted before it was measured."),
            say("Epochs finished: {}. The test part was never opened.", len(data.history)),
        )
    if not data.unseen:
        return say("What to expect of new data is not known: nothing was kept aside to test on."), _on_training(data)
    if data.numbers and len(data.number_targets) > 1:
        return _expected_numbers(data)
    if data.numbers:
        return _expected_number(data)
    return _expected_wrong(data) if data.metrics["expectation_per_1000"] else _expected_figure(data)


def _expected_figure(data: ReportData) -> tuple[str, str]:
    """Return the main figure of a task of its own kind, and what it rests on."""
    main = data.task.main
    found = data.metrics["metrics"][main]
    if found["value"] is None:
        return say("What to expect of new data is not known: {}.", metric(main)), retold(found["reason"])
    if data.folds:
        told = say("{} % interval {}, measured by cross-validation (n = {:,}).", data.percent, spoken_ends(main, found),
                   found["n"])  # fmt: skip
        second = f"{told} {_on_folds(data)}"
    elif found["low"] is not None:
        second = say(
            "{} % interval {}, measured on the test part (n = {:,}). It holds for new data that come from where these "
            "came from.", data.percent, spoken_ends(main, found), found["n"],
        )  # fmt: skip
    else:
        second = say("Measured on the test part (n = {:,}), without an interval.", found["n"])
    lower = say("Lower is better.") if data.task.lower_is_better else ""
    return expected(main, _amount(data, main, found)), f"{second} {lower}".strip()


def _amount(data: ReportData, name: str, interval: Mapping[str, Any]) -> str:
    """Return a figure inside a sentence about new data: nats with their unit, a share as a count of 1,000."""
    if name == "nats":
        words = data.experiment.preprocess.tokens == "words"
        return say("{} nats a word", value(interval)) if words else say("{} nats a character", value(interval))
    return f"{NEW * interval['value']:,.0f}" if name in SHARES else value(interval)


def _on_folds(data: ReportData) -> str:
    """Say what the figures of folds rest on: rows that others answered than the network that is kept."""
    told = say(
        "Each row was answered by a network that had not seen it ({} folds); the network that is kept learned from all "
        "of them with the same settings.", data.folds["number"],
    )  # fmt: skip
    return told if data.folds["repeats"] == 1 else told + " " + say("The rows were dealt {} times; this is the first.",
                                                                    data.folds["repeats"])  # fmt: skip


def _on_training(data: ReportData) -> str:
    """Say how well the network answers what it learned from."""
    if data.numbers and len(data.number_targets) > 1:
        return say("On the rows it learned from, predictions are off on average: {}.", _each_error(data))
    if data.numbers:
        return say("On the rows it learned from, predictions of '{}' are off by {} on average.",
                   cut(data.target), number(data.metrics["metrics"]["mae"]["value"]))  # fmt: skip
    if not data.class_names:
        return say("{} on the examples it learned from: {}.", metric(data.task.main),
                   value(data.metrics["metrics"][data.task.main]))  # fmt: skip
    wrong, rows = _wrong(data)
    return say("Rows it learned from that are answered wrongly: {:,} of {:,}.", wrong, rows)


def _expected_wrong(data: ReportData) -> tuple[str, str]:
    """Return the range of errors among new examples."""
    foreseen, (wrong, rows) = data.metrics["expectation_per_1000"], _wrong(data)
    low, high = round(foreseen["low"]), round(foreseen["high"])
    first = (
        say("Of {:,} new examples expect {:,} to {:,} wrong.", NEW, low, high) if low < high
        else say("Of {:,} new examples expect {:,} wrong.", NEW, low)
    )  # fmt: skip
    sizes = (data.percent, rows, wrong, percent((rows - wrong) / rows))
    if data.folds:
        measured = say("{} % predictive interval, measured by cross-validation on {:,} examples ({:,} wrong, accuracy "
                       "{}).", *sizes)  # fmt: skip
        return first, f"{measured} {_on_folds(data)}"
    return first, say(
        "{} % predictive interval, measured on {:,} test examples ({:,} wrong, accuracy {}). It holds "
        "for new examples that come from where these came from.", *sizes,
    )  # fmt: skip


def _expected_number(data: ReportData) -> tuple[str, str]:
    """Return the typical error in the units of the target, and the range a new error lies in."""
    typical, rows = data.metrics["metrics"]["mae"], len(data.measured)
    first = say("For a new example expect a prediction of '{}' to be off by about {}.", cut(data.target),
                number(typical["value"]))  # fmt: skip
    sizes = (rows, data.percent, bounds(typical) or say("undefined"))
    second = (
        say("Mean absolute error on {:,} examples by cross-validation, in the units of the target; {} % interval {}.",
            *sizes) + " " + _on_folds(data) if data.folds
        else say("Mean absolute error on {:,} test examples, in the units of the target; {} % interval {}.", *sizes)
    )  # fmt: skip
    reach = _reach(data)
    if reach is not None:
        second += " " + say("{} of 100 new predictions should lie within {} of the truth.", data.percent, number(reach))
    return first, second


def _expected_numbers(data: ReportData) -> tuple[str, str]:
    """Return the typical error of each of several targets, each in its own units."""
    first = say("For a new example expect predictions to be off by about: {}.", _each_error(data))
    rows = len(data.measured)
    if data.folds:
        told = say(
            "Mean absolute error of each target on {:,} examples by cross-validation, in its own units; intervals "
            "stand below.", rows,
        )  # fmt: skip
        return first, f"{told} {_on_folds(data)}"
    return first, say(
        "Mean absolute error of each target on {:,} test examples, in its own units; intervals stand below.", rows
    )


def _each_error(data: ReportData) -> str:
    """Return the mean absolute error of each target."""
    known = data.metrics["classes"]
    shown = [f"'{cut(name)}' {number(figures['mae']['value'])}" for name, figures in list(known.items())[:MOST_NAMED]]
    return ", ".join(shown) + (" ..." if len(known) > MOST_NAMED else "")


def _reach(data: ReportData) -> float | None:
    """Return the error that a new one stays below with the run's confidence, or None for too few test rows.

    The k-th smallest of n errors, k = ceil((n + 1) confidence): right for any distribution of errors.
    """
    errors = np.sort(np.abs(data.measured.targets - data.measured.predictions))
    # k = ceil((n + 1) c)
    place = math.ceil((len(errors) + 1) * data.experiment.evaluate.confidence)
    return float(errors[place - 1]) if place <= len(errors) else None


def _wrong(data: ReportData) -> tuple[int, int]:
    """Count the measured rows that were answered wrongly, and all of them."""
    matrix = np.array(data.metrics["confusion"])
    return int(matrix.sum() - np.trace(matrix)), int(matrix.sum())
