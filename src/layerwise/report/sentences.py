"""The first screen: what a run is worth and what must be known about it, in plain sentences before any figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.finding import Finding
from layerwise.report.importance import most_used
from layerwise.report.more_data import more_rows
from layerwise.report.slices import weakest_slice
from layerwise.report.words import SHARES, bounds, cut, expected, learner, metric, number, percent, retold, value

__all__ = ["findings", "headline"]

NEW = 1000


def headline(data: ReportData) -> tuple[str, str]:
    """Return the one sentence that answers what to expect of new data, and one that says what it rests on."""
    if not data.metrics:
        return (
            say("This run was interrupted before it was measured."),
            say("Epochs finished: {}. The test part was never opened.", len(data.history)),
        )
    if not data.unseen:
        return say("What to expect of new data is not known: nothing was kept aside to test on."), _on_training(data)
    if data.numbers:
        return _expected_number(data)
    return _expected_wrong(data) if data.metrics["expectation_per_1000"] else _expected_figure(data)


def _expected_figure(data: ReportData) -> tuple[str, str]:
    """Return the main figure of a task of its own kind, and what it rests on."""
    main = data.task.main
    found = data.metrics["metrics"][main]
    if found["value"] is None:
        return say("What to expect of new data is not known: {}.", metric(main)), retold(found["reason"])
    second = (
        say("{} % interval {}, measured on the test part (n = {:,}). It holds for new data that come from where these "
            "came from.", data.percent, _ends(main, found), found["n"])
        if found["low"] is not None
        else say("Measured on the test part (n = {:,}), without an interval.", found["n"])
    )  # fmt: skip
    lower = say("Lower is better.") if data.task.lower_is_better else ""
    return expected(main, _amount(data, main, found)), f"{second} {lower}".strip()


def _amount(data: ReportData, name: str, interval: Mapping[str, Any]) -> str:
    """Return a figure inside a sentence about new data: nats with their unit, a share as a count of 100."""
    if name == "nats":
        words = data.experiment.preprocess.tokens == "words"
        return say("{} nats a word", value(interval)) if words else say("{} nats a character", value(interval))
    return f"{NEW * interval['value']:,.0f}" if name in SHARES else value(interval)


def _on_training(data: ReportData) -> str:
    """Say how well the network answers what it learned from."""
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
    return first, say(
        "{} % predictive interval, measured on {:,} test examples ({:,} wrong, accuracy {}). It holds "
        "for new examples that come from where these came from.",
        data.percent, rows, wrong, percent((rows - wrong) / rows),
    )  # fmt: skip


def _expected_number(data: ReportData) -> tuple[str, str]:
    """Return the typical error in the units of the target, and the range a new error lies in."""
    typical, rows = data.metrics["metrics"]["mae"], len(data.measured)
    first = say("For a new example expect a prediction of '{}' to be off by about {}.", cut(data.target),
                number(typical["value"]))  # fmt: skip
    second = say("Mean absolute error on {:,} test examples, in the units of the target; {} % interval {}.",
                 rows, data.percent, bounds(typical))  # fmt: skip
    reach = _reach(data)
    if reach is not None:
        second += " " + say("{} of 100 new predictions should lie within {} of the truth.", data.percent, number(reach))
    return first, second


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


def findings(data: ReportData) -> list[Finding]:
    """Return what must be known, in the order of what it may change."""
    found = []
    if data.metrics:
        found += [*_baseline(data), *_explained(data), *_weakest(data)]
        found += [*weakest_slice(data), *most_used(data), *more_rows(data)]
    return [*found, *_duplicates(data), *_imputed(data), *_excluded(data), *_openings(data)]


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
    sides = (learner(name), _figure(main, best), _figure(main, own), data.percent, _ends(main, own))
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


def _figure(name: str, interval: Mapping[str, Any]) -> str:
    """Return a main figure as people say it: shares in percent, all but accuracy with their name."""
    if name == "accuracy":
        return percent(interval["value"])
    if name == "nats":
        return say("{} nats per symbol", value(interval))
    return f"{metric(name)} {percent(interval['value']) if name in SHARES else value(interval)}"


def _ends(name: str, interval: Mapping[str, Any]) -> str:
    """Return the ends of the interval in the same form."""
    if interval["low"] is None:
        return say("undefined")
    return (
        bounds(interval) if name not in SHARES else f"{percent(interval['low'])} – {percent(interval['high'])}"
    )  # fmt: skip


def _explained(data: ReportData) -> list[Finding]:
    """Say how much of the target's variance is explained; for regression."""
    if not data.numbers or not data.unseen:
        return []
    figure = data.metrics["metrics"]["r2"]
    if figure["value"] is None:
        return []
    low, high = float(data.measured.targets.min()), float(data.measured.targets.max())
    sentence = say(
        "The network explains {} of the variance of '{}' (R² {}, {} % interval {}); true values of the test part run "
        "from {} to {}.",
        percent(max(figure["value"], 0.0)), cut(data.target), value(figure), data.percent, _ends("r2", figure),
        number(low), number(high),
    )  # fmt: skip
    return [Finding(say("Target"), sentence)]


def _weakest(data: ReportData) -> list[Finding]:
    """Name the class that is recognised worst, and what it is taken for."""
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
        _ends("recall", recall), cut(names[taken]), int(others[taken]),
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
    sentence = say("'{}': {} ({} % interval {}).", cut(least), _figure(name, figure), data.percent,
                   _ends(name, figure))  # fmt: skip
    return [Finding(say("Weakest class"), sentence)]


def _duplicates(data: ReportData) -> list[Finding]:
    """Say where rows with equal inputs went, and both figures where some stand on both sides."""
    split = data.data["split"]
    subject = say("Exact duplicates")
    if split["seen_in_test"]:
        return [Finding(subject, _seen(data), warning=True)]
    if data.experiment.split.split_by == "order":
        # A running text may say the same twice; nothing was looked for.
        return []
    if not split["duplicates"]:
        return [Finding(subject, say("No two rows have the same inputs."))]
    if split["origin"] in ("training", "none"):
        return [Finding(subject, say("Rows that repeat the inputs of another row: {:,}.", split["duplicates"]))]
    sentence = say(
        "Rows that repeat the inputs of another row: {:,}. Rows with equal inputs were kept in one part.",
        split["duplicates"],
    )
    return [Finding(subject, sentence)]


def _seen(data: ReportData) -> str:
    """Say how many test rows the network had seen, and the figure without them."""
    seen, tested = data.data["split"]["seen_in_test"], len(data.data["split"]["test"])
    first = say(
        "Rows of the given test part that also stand in the training or validation part: {:,} of {:,}.", seen, tested
    )
    unseen = data.metrics.get("unseen", {}).get("metrics") if data.metrics else None
    if not unseen:
        return first
    main = data.task.main
    every, new = data.metrics["metrics"][main], unseen[main]
    second = say("All test rows: {}; only those never seen: {} ({} % interval {}).",
                 _figure(main, every), _figure(main, new), data.percent, _ends(main, new))  # fmt: skip
    return f"{first} {second}"


def _imputed(data: ReportData) -> list[Finding]:
    """Count the missing values that were filled in."""
    filled = data.data["imputed"]
    if not filled:
        return []
    total = sum(filled.values())
    fields = ", ".join(f"{cut(name)} ({count:,})" for name, count in list(filled.items())[:8])
    if len(filled) > 8:
        fields += " …"
    sentence = say(
        "Filled in with the median or most frequent value of the training part: {:,} missing values; {}.",
        total,
        fields,
    )
    return [Finding(say("Missing values"), sentence, warning=True)]


def _excluded(data: ReportData) -> list[Finding]:
    """Count what could not be read."""
    count = len(data.data["problems"])
    if not count:
        return []
    sentence = say("Items that could not be read and were left out: {:,}. They are listed below.", count)
    return [Finding(say("Left out"), sentence, warning=True)]


def _openings(data: ReportData) -> list[Finding]:
    """Say how often the test part was opened."""
    count = len(data.openings)
    subject = say("Test part")
    if not data.data["split"]["test"]:
        return [Finding(subject, say("There is none; the figures are of the training part."), warning=True)]
    if data.data["split"]["origin"] == "training":
        return [Finding(subject, say("It is the training part itself, so its figures are too good."), warning=True)]
    if not count:
        return [Finding(subject, say("Never opened."))]
    if count == 1:
        return [Finding(subject, say("Opened once, by the final evaluation."))]
    return [
        Finding(subject, say("Opened {} times; each look makes its figures a little too good.", count), warning=True)
    ]
