"""What in a source stands in the way of learning, or may surprise."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import numpy as np

from layerwise.data.assign import is_running_text
from layerwise.data.doubts import doubts
from layerwise.data.kinds import Numbers
from layerwise.data.source import Source
from layerwise.data.structure import given_parts, part_findings, structure
from layerwise.data.suspected_roles import group_sentence, suspected_group, suspected_time, time_sentence
from layerwise.data.text_vectors import holds_dates
from layerwise.language import say

__all__ = ["findings", "suspected"]

MOST_CLASSES_SHOWN = 20

SENTINEL_REPEATS = 3
"""So often a far low value must return before it is suspected to stand for missing."""


def findings(
    source: Source, targets: Sequence[str], task: str, classes: Mapping[str, int], constant: Sequence[str]
) -> list[str]:  # fmt: skip
    """Say what stands in the way of learning, or may surprise.

    Args:
        source: Data with their roles.
        targets: Fields to predict.
        task: What is asked of them; empty where it is unclear.
        classes: Rows of each class or label, or objects of each class.
        constant: Fields with one value throughout.
    """
    found = []
    for name in targets:
        count = int(source.columns[name].missing().sum())
        if count:
            found.append(say("The target '{}' is missing in {} rows: --exclude-problems leaves them out.", name, count))
    found += _of_targets(source, targets, task, classes, constant)
    texts = [name for name in source.named("input") if source.columns[name].kind == "text"]
    read = is_running_text(source) if not targets else source.columns[targets[0]].kind == "text"
    texts = [] if read else texts
    dates = [name for name in texts if holds_dates(source.columns[name])]
    free = [name for name in texts if name not in dates]
    group, time = suspected(source, targets)
    if free:
        found.append(
            say("Text in {}: --texts tf-idf reads it, --drop {} leaves it out.",
                ", ".join(f"'{name}'" for name in free), " ".join(map(shlex.quote, free)))
        )  # fmt: skip
    others = [name for name in dates if name != time]
    if others:
        found.append(say("No model here reads dates: --drop {}", " ".join(map(shlex.quote, others))))
    if dates and len(dates) == len(source.named("input")):
        found.append(say("No input would be left: these data suit no model yet."))
    found += _sentinels(source)
    found += doubts(source)
    useless = [name for name in constant if name not in targets]
    if useless:
        found.append(say("Fields with one value throughout: {}.", ", ".join(useless)))
    chosen = task in ("classify", "tag")
    found += structure(source, targets, classes=chosen)
    parts = given_parts(source)
    if group and parts:
        source = source.assign({group: "group"})
    elif group:
        found.append(group_sentence(source, group))
    if time:
        found.append(time_sentence(time))
    return found + part_findings(source, targets, parts, classes=chosen)


def suspected(source: Source, targets: Sequence[str]) -> tuple[str, str]:
    """Return the fields that seem to be the group and the time of the rows, each empty where none does.

    A time is not looked for where the data name their parts; neither is told where nothing would be left to learn from.

    Args:
        source: Data with their roles.
        targets: Fields to predict.
    """
    if not targets:
        return "", ""
    group, time = suspected_group(source), "" if source.named("part") else suspected_time(source, targets)
    inputs = [name for name in source.named("input") if not holds_dates(source.columns[name])]
    # What would leave nothing to learn from is kept as it is.
    return (group, time) if set(inputs) - {group, time} else ("", "")


def _of_targets(
    source: Source, targets: Sequence[str], task: str, classes: Mapping[str, int], constant: Sequence[str]
) -> list[str]:  # fmt: skip
    """Say which targets, classes or labels have nothing to be told apart, or too few rows."""
    single = ", ".join([name for name, count in classes.items() if count == 1][:MOST_CLASSES_SHOWN])
    if task == "tag":
        rows, shown = len(source.present(targets)), "', '".join(targets)
        fixed = [name for name, count in classes.items() if count in (0, rows)]
        found = [say("Labels of '{}' that every row has, or none: {}.", shown, ", ".join(fixed))] if fixed else []
        return found + ([say("Labels of '{}' that one row has: {}.", shown, single)] if single else [])
    if task == "classify":
        held = [name for name, count in classes.items() if count]
        found = [] if len(held) > 1 else [
            say("The target '{}' has one class only: {}.", targets[0], ", ".join(held))
        ]  # fmt: skip
        return found + ([say("Classes with one row, which cannot be divided: {}.", single)] if single else [])
    found = [say("The target '{}' has one value throughout.", name) for name in targets if name in constant]
    return found + ([say("Classes with one object: {}.", single)] if single else [])


def _sentinels(source: Source) -> list[str]:
    """Name whole numbers far below all others that return in number fields: -200 or -999 often stands for missing."""
    fields: dict[str, list[str]] = {}
    for name, column in source.columns.items():
        if not isinstance(column, Numbers):
            continue
        # Sorting a long column costs, and so does a copy; most are done with at a glance (NaN is less than nothing).
        lowest = np.fmin.reduce(column.values, initial=np.inf)
        if not lowest < -1 or np.count_nonzero(column.values == lowest) < SENTINEL_REPEATS:
            continue
        values, counts = np.unique(column.values[~np.isnan(column.values)], return_counts=True)
        if len(values) < SENTINEL_REPEATS or counts[0] < SENTINEL_REPEATS or values[0] >= -1 or values[0] % 1:
            continue
        if values[1] >= 0 or values[1] - values[0] > values[-1] - values[1]:
            fields.setdefault(f"{values[0]:g}", []).append(name)
    return [
        say("{} may stand for missing in: {} (--missing-words={} reads it so).", value, ", ".join(names), value)
        for value, names in fields.items()
    ]
