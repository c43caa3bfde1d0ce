"""The second half of an experiment that is measured by folds: learn them, measure, and keep every answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from torch import nn

from layerwise.config import Experiment
from layerwise.data.split import Parts
from layerwise.evaluation.intervals import Interval, undefined
from layerwise.evaluation.paired import corrected_interval
from layerwise.language import say
from layerwise.report.contents import fold_name
from layerwise.runs.folder import RunFolder
from layerwise.workflow.baselines import baseline_models, baseline_notes
from layerwise.workflow.cross_validation import (
    FoldFigures,
    Progress,
    answer_folds,
    counting,
    in_row_order,
    measure_folds,
    rows_of_folds,
)
from layerwise.workflow.evaluate import Answered, answered, figures, run_result, write_predictions
from layerwise.workflow.fold import Tested
from layerwise.workflow.learn import Outcome
from layerwise.workflow.prepare import Assigned, Prepared

__all__ = ["evaluate_folds"]


def evaluate_folds(
    model: nn.Module, prepared: Prepared, whole: Experiment, folder: RunFolder, outcome: Outcome, *,
    progress: Progress | None = None,
) -> None:  # fmt: skip
    """Measure a network by folds, the baselines on the same ones, and write figures and predictions.

    The figures are those of networks that each learned from all folds but one, with the settings of the network that
    is kept; that one learned from every row and is measured on none that it has not seen.

    Args:
        model: The network that is kept.
        prepared: What it learned from, and the folds.
        whole: The experiment, every setting resolved.
        folder: Where to write.
        outcome: How its learning ended.
        progress: Who is told how the folds go on.
    """
    began = time.monotonic()
    own, beside = learn_all(prepared, whole, progress)
    measured = measure_folds(whole, prepared.source, own, required=False)
    others = {name: measure_folds(whole, prepared.source, tested, required=False) for name, tested in beside.items()}
    kept = {part: prepared.task.answer(model, prepared.examples[part]) for part in ("train", "validation")
            if len(prepared.examples[part])}  # fmt: skip
    write_predictions(folder, prepared.task, [
        *(answered(prepared, part, values) for part, values in kept.items()),
        *(deal_in_rows(prepared, tested, deal) for deal, tested in enumerate(own)),
    ])  # fmt: skip
    known = {part: figures(prepared, whole, part, values).to_json()["metrics"] for part, values in kept.items()}
    folder.write("metrics.json", {
        **run_result(
            prepared, outcome, measured.pooled, part="test", openings=0, known=known,
            beside={name: found.pooled.to_json()["metrics"] for name, found in others.items()},
            notes=baseline_notes(prepared, whole),
        ),
        "evaluation_seconds": time.monotonic() - began,
        "folds": {
            "number": whole.split.folds, "repeats": whole.split.repeats, "rows": len(prepared.parts.test),
            "in_time": whole.split.split_by == "time",
            "test_rows_of_a_fold": rows_of_folds(prepared.dealt, "test"),
            "training_rows_of_a_fold": rows_of_folds(prepared.dealt, "train"),
            **told(measured, prepared, whole),
            "baselines": {name: told(found, prepared, whole) for name, found in others.items()},
        },
    })  # fmt: skip


def learn_all(
    prepared: Prepared, whole: Experiment, progress: Progress | None
) -> tuple[list[list[Tested]], dict[str, list[list[Tested]]]]:
    """Learn the network and the baselines on every fold."""
    found = Assigned(prepared.source, prepared.task.name, ())
    # A baseline that is the network itself is not learned twice.
    as_given = not whole.model.options and whole.train.class_weights == "none"
    itself = whole.model.name if as_given else ""
    beside = [baseline for baseline in baseline_models(prepared, whole) if baseline.name != itself]
    each = whole.split.folds * whole.split.repeats
    answers = [
        answer_folds(whole, model, None, found, prepared.dealt, baseline=number > 0,
                     told=counting(progress, model.name, number * each, each * (1 + len(beside))))
        for number, model in enumerate([whole.model, *beside])
    ]  # fmt: skip
    return answers[0], {baseline.name: tested for baseline, tested in zip(beside, answers[1:], strict=True)}


def deal_in_rows(prepared: Prepared, tested: Sequence[Tested], deal: int) -> Answered:
    """Return the answers of one deal row by row, each under the name of its fold."""
    parts: list[Parts] = [fold.parts for fold in tested]
    ids, rows = prepared.source.ids(), np.sort(np.concatenate([fold.test for fold in parts]))
    places = in_row_order([np.full(len(fold.test), place) for place, fold in enumerate(parts)], parts)
    return Answered(
        [ids[row] for row in rows], [fold_name(deal, int(place)) for place in places],
        in_row_order([fold.truths for fold in tested], parts), in_row_order([fold.answers for fold in tested], parts),
    )  # fmt: skip


def told(found: FoldFigures, prepared: Prepared, whole: Experiment) -> dict[str, Any]:
    """Return the figures of all folds as plain values, and their means."""
    return {
        "mean": {name: asdict(mean_of_folds(values, prepared, whole)) for name, values in found.figures.items()},
        "each": {name: plain(values) for name, values in found.figures.items()},
        "learned": plain(found.learned),
    }


def mean_of_folds(values: np.ndarray, prepared: Prepared, whole: Experiment) -> Interval:
    """Return the mean of a figure over all folds of all deals, its interval corrected for the rows that they share."""
    lacking = int(np.isnan(values).sum())
    if lacking:
        return undefined(values.size, say("undefined in {} of {} folds", lacking, values.size))
    mean, low, high = corrected_interval(
        values.ravel(), tested=rows_of_folds(prepared.dealt, "test"), learned=rows_of_folds(prepared.dealt, "train"),
        confidence=whole.evaluate.confidence,
    )  # fmt: skip
    return Interval(mean, low, high, values.size, "corrected t")


def plain(values: np.ndarray) -> list[list[float | None]]:
    """Return an array as lists, with null for what is undefined."""
    return [[None if np.isnan(value) else float(value) for value in row] for row in values]
