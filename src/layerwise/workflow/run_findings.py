"""What a run finds in its data before it learns: misleading columns and parts, training labels that look wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from layerwise.data.structure import part_findings, structure
from layerwise.language import say
from layerwise.workflow.labels import doubted, not_looked_at
from layerwise.workflow.prepare import Assigned, Prepared

__all__ = ["run_findings"]

MOST_ROWS = 3000
MOST_NUMBERS = 200_000
"""Rows, and rows times inputs, up to which every run looks at its labels: at most about a second."""


def run_findings(prepared: Prepared, check_labels: str) -> dict[str, Any]:
    """Return what was found, as plain values for `data.json`; no label of the test part is looked at.

    Args:
        prepared: Data, parts and preprocessing of the run.
        check_labels: Whether labels are looked at: auto, yes or no.
    """
    source, parts, task = prepared.source, prepared.parts, prepared.task.name
    target = next(iter(source.named("target")), "")
    told = structure(source, target, classes=task == "classify") if task in ("classify", "regress") else []
    if task in ("classify", "regress") and parts.origin in ("own", "split"):
        held = {name: getattr(parts, name) for name in ("train", "validation", "test")}
        held = {name: rows for name, rows in held.items() if len(rows)}
        told += part_findings(source, target, held, classes=task == "classify")
    checks = []
    if task in ("classify", "regress") and check_labels != "no":
        inputs = int(np.prod(prepared.preprocessing.input_shape))
        if check_labels == "yes" or (len(parts.train) <= MOST_ROWS and len(parts.train) * inputs <= MOST_NUMBERS):
            checks = [doubted(Assigned(source, task, ()), parts.train)]
        else:
            told_why = say("Not looked at: {:,} rows of {:,} inputs take longer than a second (--check-labels yes).",
                           len(parts.train), inputs)  # fmt: skip
            checks = [not_looked_at(told_why)]
    return {"structure": told, "checks": [asdict(check) for check in checks]}
