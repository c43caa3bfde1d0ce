"""What must be known about the data of a run: columns, labels, repeated rows, what was filled in and left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layerwise.data.near_duplicates import ways_in_words
from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.finding import Finding
from layerwise.report.words import bounds, cut, metric, retold, spoken_ends, spoken_figure, value

__all__ = ["data_sentences", "misleading", "told_of"]

NAMED = 5
"""Rows that a sentence names before it ends in dots."""


def data_sentences(data: ReportData) -> list[Finding]:
    """Return what must be known about labels, repeated rows, what is missing, and the test part."""
    return [
        *_doubted(data), *_duplicates(data), *_near_duplicates(data), *_imputed(data),
        *_excluded(data), *_openings(data),
    ]  # fmt: skip


def misleading(data: ReportData) -> list[Finding]:
    """Return what about the columns, classes and parts may have made the figures too good."""
    return [Finding(say("Data"), sentence, warning=True) for sentence in told_of(data.data)]


def told_of(data: Mapping[str, Any]) -> list[str]:
    """Return the sentences that a run found about its columns, classes and parts, in the language in use.

    Args:
        data: Its `data.json`.
    """
    return [retold(sentence) for sentence in data.get("findings", {}).get("structure", ())]


def _doubted(data: ReportData) -> list[Finding]:
    """Say how many labels of the training part look wrong, or which of its numbers are unusual."""
    found = []
    for check in data.checks:
        if not check["total"]:
            continue
        first = ", ".join(cut(row["id"], 24) for row in check["rows"][: min(check["total"], NAMED)])
        first += " …" if check["total"] > NAMED else "."
        if check["check"] == "labels":
            sentence = say("Labels of the training part that look wrong ({:,}): {}", check["total"], first)
            found.append(Finding(say("Labels"), sentence, warning=True, link="labels"))
        else:
            sentence = say("Targets of the training part that are unusual ({:,}): {}", check["total"], first)
            found.append(Finding(say("Targets"), sentence, warning=True, link="labels"))
    return found


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
    if data.experiment.split.split_by == "time":
        return [Finding(subject, say("Rows that repeat the inputs of another row: {:,}; each stands where its time "
                                     "puts it.", split["duplicates"]))]  # fmt: skip
    sentence = (
        say("Rows that repeat the inputs of another row: {:,}. Rows with equal inputs were kept in one fold.",
            split["duplicates"]) if split["origin"] == "folds"
        else say("Rows that repeat the inputs of another row: {:,}. Rows with equal inputs were kept in one part.",
                 split["duplicates"])
    )  # fmt: skip
    return [Finding(subject, sentence)]


def _near_duplicates(data: ReportData) -> list[Finding]:
    """Say how many rows nearly repeat another one, how they were found, and where they went."""
    split = data.data["split"]
    subject = say("Near-duplicates")
    if "near_duplicates" not in split:
        asked = split["origin"] not in ("training", "none") and data.experiment.split.split_by != "order"
        ignored = asked and data.experiment.split.near_duplicates == "ignore"
        return [Finding(subject, say("They were not looked for."), warning=True)] if ignored else []
    found = split["near_duplicates"]
    if not found["count"]:
        return [Finding(subject, say("None were found."))]
    ways = ways_in_words(found["ways"])
    if split["origin"] == "own":
        return [Finding(subject, say(
            "Rows that nearly repeat another one: {:,} ({}). Those of the given test part that stand beside a row "
            "learned from count as seen.", found["count"], ways,
        ))]  # fmt: skip
    sentence = (
        say("Rows that nearly repeat another one: {:,} ({}). They were kept in one fold with it.", found["count"], ways)
        if split["origin"] == "folds"
        else say("Rows that nearly repeat another one: {:,} ({}). They were kept in one part with it.",
                 found["count"], ways)
    )  # fmt: skip
    first = found["pairs"][0]["places"]
    example = say("For example {} and {}.", *(cut(place, 60) for place in first))
    return [Finding(subject, f"{sentence} {example}")]


def _seen(data: ReportData) -> str:
    """Say how many test rows the network had seen, and the figure without them."""
    seen, tested = data.data["split"]["seen_in_test"], len(data.data["split"]["test"])
    first = (
        say("Rows of the test part whose inputs also stand in the training or validation part: {:,} of {:,}.", seen,
            tested) if data.data["split"]["origin"] == "split"
        else say("Rows of the given test part that also stand in the training or validation part: {:,} of {:,}.", seen,
                 tested)
    )  # fmt: skip
    unseen = data.metrics.get("unseen", {}).get("metrics") if data.metrics else None
    if not unseen:
        return first
    main = data.task.main
    every, new = data.metrics["metrics"][main], unseen[main]
    second = say(
        "All test rows: {}; only those never seen: {} ({} % interval {}).", spoken_figure(main, every),
        spoken_figure(main, new), data.percent, spoken_ends(main, new),
    )  # fmt: skip
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
    if data.data["split"]["origin"] == "folds":
        return [Finding(say("Folds"), _folds(data))]
    if not count:
        return [Finding(subject, say("Never opened."))]
    if count == 1:
        return [Finding(subject, say("Opened once, by the final evaluation."))]
    return [
        Finding(subject, say("Opened {} times; each look makes its figures a little too good.", count), warning=True)
    ]


def _folds(data: ReportData) -> str:
    """Say how far the folds differ, and what the mean over them is."""
    if not data.folds:
        return say("They were not finished.")
    main = data.task.main
    values = [amount for deal in data.folds["each"][main] for amount in deal if amount is not None]
    mean = data.folds["mean"][main]
    if not values or mean["value"] is None:
        return say("In some of them {} is undefined; the figures are those of all rows together.", metric(main))
    ends = [value({"value": end}) for end in (min(values), max(values))]
    return say(
        "From fold to fold {} lies between {} and {}; mean of {} folds {} ({} % interval {}).", metric(main), *ends,
        len(values), value(mean), data.percent, bounds(mean),
    )  # fmt: skip
