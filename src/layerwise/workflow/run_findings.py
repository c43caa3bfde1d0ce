"""What a run finds in its data before it learns: misleading columns and parts, training labels that look wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from layerwise.data.findings import suspected
from layerwise.data.groups import shared_groups
from layerwise.data.kinds import Images
from layerwise.data.source import Source
from layerwise.data.split import Parts
from layerwise.data.structure import part_findings, structure
from layerwise.data.suspected_roles import group_sentence, suspected_group, time_sentence
from layerwise.language import say
from layerwise.workflow.labels import doubted, not_looked_at
from layerwise.workflow.prepare import Assigned, Prepared
from layerwise.workflow.second_opinion import small_size

__all__ = ["misleading", "run_findings"]

MOST_ROWS = 3000
MOST_PRODUCTS = 500_000_000
MOST_PIXELS = 30_000_000
"""Rows, rows^2 times inputs, and pixels to decode, up to which every run looks at its labels: about a second."""


def run_findings(prepared: Prepared, check_labels: str) -> dict[str, Any]:
    """Return what was found, as plain values for `data.json`.

    Labels of the test part serve for its own structure alone: that it is empty or has one class, and which classes or
    groups stand on which side. Fields that give the answer away, uneven classes and wrong labels are looked for in the
    training part; rows that a fold tests are among them, since the network that is kept learns from them.

    Args:
        prepared: Data, parts and preprocessing of the run.
        check_labels: Whether labels are looked at: auto, yes or no.
    """
    source, parts, task = prepared.source, prepared.parts, prepared.task.name
    told = misleading(source, task, parts)
    checks = []
    if task in ("classify", "regress") and check_labels != "no":
        too_long = "" if check_labels == "yes" else _too_long(prepared)
        checks = [not_looked_at(too_long) if too_long else doubted(Assigned(source, task, ()), parts.train)]
    return {"structure": told, "checks": [asdict(check) for check in checks]}


def misleading(source: Source, task: str, parts: Parts) -> list[str]:
    """Say what about columns, classes and parts may make figures too good, or learning too hard.

    Args:
        source: Data with their roles.
        task: What is asked.
        parts: How the rows are divided.
    """
    if task not in ("classify", "regress"):
        return _unsaid_roles(source, parts)
    targets = source.named("target")
    told = [*structure(source, targets, classes=task == "classify", learned=parts.train), *_unsaid_roles(source, parts)]
    if parts.origin not in ("own", "split"):
        return told
    group = suspected_group(source) if parts.origin == "own" else ""
    source = source.assign({group: "group"}) if group else source
    held = {name: getattr(parts, name) for name in ("train", "validation", "test")}
    held = {name: rows for name, rows in held.items() if len(rows)}
    return told + part_findings(source, targets, held, classes=task == "classify")


def _unsaid_roles(source: Source, parts: Parts) -> list[str]:
    """Say what a field seems to tie together that parts dealt at random separate: one subject, neighbours in time."""
    targets = source.named("target")
    if parts.origin not in ("split", "folds") or not targets or source.named("time"):
        # What is tested later than it is learned from may be about the same subjects.
        return []
    group, time = suspected(source, targets)[0], suspected(source.take(parts.train), targets)[1]
    if group and parts.origin == "split":
        # Equal rows are kept in one part anyway, and with them may be whole groups.
        learned = np.concatenate([parts.train, parts.validation])
        group = group if shared_groups(source.columns[group], learned, parts.test) else ""
    return [*([group_sentence(source, group)] if group else []), *([time_sentence(time)] if time else [])]


def _too_long(prepared: Prepared) -> str:
    """Say why to look at the labels would take longer than about a second; empty where it would not."""
    source, rows = prepared.source, prepared.parts.train
    inputs, pixels = int(np.prod(prepared.preprocessing.input_shape)), 0
    for name in source.named("input"):
        column = source.columns[name]
        if isinstance(column, Images):
            across, down = small_size(column)
            inputs = column.channels * across * down
            pixels = int(column.sizes[rows].prod(axis=1).sum()) if column.decode else 0
    if len(rows) <= MOST_ROWS and len(rows) ** 2 * inputs <= MOST_PRODUCTS and pixels <= MOST_PIXELS:
        return ""
    return say("Not looked at: {:,} rows of {:,} inputs take longer than a second (--check-labels yes).", len(rows),
               inputs)  # fmt: skip
