"""Read from a run how its rows were dealt into folds, and which of them were answered rightly."""

from __future__ import annotations

import csv
from collections import defaultdict

import numpy as np

from layerwise.explain.subject import Dealt
from layerwise.report.contents import of_fold, one_class
from layerwise.runs.opened import Opened
from layerwise.runs.refusals import known_here

__all__ = ["dealt_of"]


def dealt_of(opened: Opened, example: str) -> Dealt | None:
    """Return the folds of a run of classes; None where it is not measured by folds, or no fold tests the example.

    Args:
        opened: The run.
        example: Id of the example that is opened.
    """
    measured = opened.folder.read("metrics.json").get("folds") if opened.folder.finished else None
    if not measured or not one_class(opened.task):
        return None
    folds, right, ids = defaultdict[int, list[int]](list), defaultdict[int, list[float]](list), list[str]()
    predictions = opened.folder.path / "predictions.csv"
    with known_here(predictions), predictions.open(encoding="utf-8", newline="") as stream:
        # Columns are taken by their place, since a class may have any name, also `part`.
        for name, part, target, prediction, *_ in list(csv.reader(stream))[1:]:
            if of_fold(part):
                # `fold 3`, or `deal 2 fold 3`
                words = part.split()
                deal = int(words[1]) - 1 if words[0] == "deal" else 0
                folds[deal].append(int(words[-1]) - 1)
                right[deal].append(float(target == prediction))
                ids += [name] if deal == 0 else []
    each = np.array(measured["each"]["accuracy"], dtype=np.float64)
    if example not in ids or len({len(rows) for rows in folds.values()}) != 1:
        return None
    return Dealt(
        np.array([folds[deal] for deal in sorted(folds)]), np.array([right[deal] for deal in sorted(right)]),
        ids.index(example), each, float(opened.folder.read("metrics.json")["metrics"]["accuracy"]["value"]),
        float(measured["test_rows_of_a_fold"]), float(measured["training_rows_of_a_fold"]),
    )  # fmt: skip
