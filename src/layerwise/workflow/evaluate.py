"""The second half of an experiment: open the test part once, measure, and keep what was predicted."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from torch import nn

from layerwise.config import Experiment
from layerwise.data.groups import group_pairs
from layerwise.data.kinds import Images
from layerwise.data.near_duplicates import join_rows
from layerwise.data.source import Source
from layerwise.evaluation.intervals import Interval
from layerwise.evaluation.measured import Measured
from layerwise.files import write_bytes, write_text
from layerwise.models import build
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import labelled
from layerwise.tasks.contract import ClosedForm, Examples, Task, WritesFiles
from layerwise.workflow.baselines import as_baseline_learns, baseline_models, baseline_notes
from layerwise.workflow.closer_look import field_importance, weak_slices
from layerwise.workflow.learn import Outcome
from layerwise.workflow.more_data import more_data
from layerwise.workflow.prepare import Prepared

__all__ = [
    "Answered", "answered", "evaluate", "figures", "groups_of", "result", "run_result", "truths_of",
    "write_predictions",
]  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """What was answered for some rows: ids, the part or fold of each, targets as they are measured, answers."""

    ids: Sequence[str]
    parts: Sequence[str]
    truths: np.ndarray
    answers: np.ndarray


def evaluate(model: nn.Module, prepared: Prepared, whole: Experiment, folder: RunFolder, outcome: Outcome) -> None:
    """Open the test part once, measure network and baselines on it, and write figures and predictions."""
    began = time.monotonic()
    more = more_data(model, prepared, whole)
    # Counted before it is opened, so that a run cut off in between does not look unopened.
    held_out = len(prepared.examples["test"]) and prepared.parts.origin != "training"
    openings = folder.count_test("final evaluation") if held_out else 0
    scores = {part: prepared.task.answer(model, some) for part, some in prepared.examples.items() if len(some)}
    write_predictions(folder, prepared.task, [answered(prepared, part, values) for part, values in scores.items()])
    write_own_forms(folder, prepared, scores)
    measured = {part: figures(prepared, whole, part, values) for part, values in scores.items()}
    # Rows that were learned from say nothing about new ones, even where they were also asked for as the test.
    best = "test" if held_out else "train"
    tested = "test" in measured
    folder.write("metrics.json", {
        **run_result(
            prepared, outcome, measured[best], part=best, openings=openings,
            known={part: found.to_json()["metrics"] for part, found in measured.items()},
            beside=baselines(prepared, whole) if tested else {},
            notes=baseline_notes(prepared, whole) if tested else (),
        ),
        "unseen": unseen(prepared, whole, scores),
        "more_data": more, **closer_look(model, prepared, whole, scores, held_out=bool(held_out)),
        "evaluation_seconds": time.monotonic() - began,
    })  # fmt: skip


def run_result(
    prepared: Prepared, outcome: Outcome, measured: Measured, *, part: str, openings: int,
    known: Mapping[str, Any], beside: Mapping[str, Any], notes: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """Return what `metrics.json` of every run holds, however it was measured.

    Args:
        prepared: Its data.
        outcome: How learning ended.
        measured: The figures that stand for the run.
        part: The part that they are of.
        openings: How often the test part was opened.
        known: The figures on the parts that were learned from and stopped by.
        beside: Those of the baselines.
        notes: What is said of the baselines.
    """
    return {
        **result(prepared.task, part, measured.to_json(), measured.wrong, openings),
        "train": known["train"], "validation": known.get("validation", {}), "baselines": beside,
        "baseline_notes": list(notes),
        "learning": {"reason": outcome.reason, "best_epoch": outcome.best_epoch, "epochs": len(outcome.epochs),
                     "seconds": sum(epoch.seconds for epoch in outcome.epochs)},
    }  # fmt: skip


def result(
    task: Task, part: str, measured: dict[str, Any], expected: Interval | None, openings: int
) -> dict[str, Any]:  # fmt: skip
    """Return figures in the form of `metrics.json`, of new data as of a run.

    Args:
        task: What was asked.
        part: What was measured on.
        measured: The figures as plain values.
        expected: What they let expect of new examples.
        openings: How often the test part was opened.
    """
    return {
        "part": part, "main": task.main, **measured, "openings": openings, "train": {}, "validation": {}, "unseen": {},
        "baselines": {}, "baseline_notes": [], "expectation_per_1000": asdict(expected) if expected else None,
    }  # fmt: skip


def closer_look(
    model: nn.Module, prepared: Prepared, whole: Experiment, scores: Mapping[str, np.ndarray], *, held_out: bool
) -> dict[str, Any]:
    """Ask, while the test part is open, what the network uses and where it is weak; nothing without a test part."""
    if not held_out:
        return {"importance": {}, "slices": {}}
    groups = groups_of(prepared.source, prepared.parts.test, prepared.parts.unit)
    return {
        "importance": field_importance(model, prepared, whole, groups),
        "slices": weak_slices(prepared, whole, scores["test"], groups),
    }


def figures(
    prepared: Prepared, whole: Experiment, part: str, scores: np.ndarray, only: np.ndarray | None = None
) -> Measured:
    """Measure one part, or only some of its rows."""
    truths = truths_of(prepared.examples[part])
    groups = groups_of(prepared.source, getattr(prepared.parts, part), prepared.parts.unit)
    if only is not None:
        truths, scores, groups = truths[only], scores[only], None if groups is None else groups[only]
    return prepared.task.measure(truths, scores, whole.evaluate, seed=whole.train.seed, groups=groups)


def truths_of(examples: Examples) -> np.ndarray:
    """Return the targets of examples as they are measured; every part of a run has them."""
    if examples.truths is None:
        message = "only new data may lack the target"
        raise TypeError(message)
    return examples.truths


def groups_of(source: Source, rows: np.ndarray, unit: np.ndarray | None = None) -> np.ndarray | None:
    """Return for each row the set that it varies together with; None where every row stands for itself.

    Such a set is a group; of pictures also those that are equal or nearly so: ten photos of one burst are one fact.
    Equal rows of a table may be ten persons.

    Args:
        source: All rows.
        rows: The rows asked about.
        unit: Number of the set that each row of the source was not separated from, where it was divided.
    """
    pairs = group_pairs(source)
    if unit is not None and any(isinstance(source.columns[name], Images) for name in source.named("input")):
        order = np.argsort(unit, kind="stable")
        same = np.flatnonzero(np.diff(unit[order]) == 0)
        pairs += zip(order[same].tolist(), order[same + 1].tolist(), strict=True)
    found = join_rows(np.arange(len(source)), pairs)[rows] if pairs or source.named("group") else rows
    return found if source.named("group") or len(np.unique(found)) < len(rows) else None


def unseen(prepared: Prepared, whole: Experiment, scores: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Measure a given test part without the rows whose inputs also stand in training; empty where none do."""
    if not len(prepared.parts.seen) or "test" not in scores:
        return {}
    only = ~np.isin(prepared.parts.test, prepared.parts.seen)
    if not only.any():
        return {"seen": len(prepared.parts.seen), "metrics": {}}
    measured = figures(prepared, whole, "test", scores["test"], only)
    return {"seen": len(prepared.parts.seen), "metrics": measured.to_json()["metrics"]}


def baselines(prepared: Prepared, whole: Experiment) -> dict[str, Any]:
    """Fit simple learners on the same training part and measure them on the same test part."""
    results = {}
    for baseline in baseline_models(prepared, whole):
        seen = as_baseline_learns(prepared, whole, baseline)
        model = build(baseline.name, seen.preprocessing.input_shape, seen.task.outputs(), baseline.options)
        if not isinstance(model, ClosedForm):
            message = f"'{baseline.name}' should have been refused before learning began"
            raise TypeError(message)
        model.fit(seen.examples["train"])
        scores = seen.task.answer(model, seen.examples["test"])
        results[baseline.name] = figures(seen, whole, "test", scores).to_json()["metrics"]
    return results


def answered(prepared: Prepared, part: str, answers: np.ndarray) -> Answered:
    """Return what was answered for a part."""
    examples = prepared.examples[part]
    return Answered(examples.ids, [part] * len(examples), truths_of(examples), answers)


def write_predictions(folder: RunFolder, task: Task, pieces: Sequence[Answered]) -> None:
    """Write what was predicted for every row of every part, so that anyone can recount the figures.

    Args:
        folder: The run.
        task: What was asked.
        pieces: What was answered, piece by piece.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "part", "target", "prediction", *task.columns])
    for piece in pieces:
        found, shown = labelled(task, tuple(piece.ids), piece.answers), task.words(piece.truths)
        for name, part, target, label, row in zip(
            found.ids, piece.parts, shown, found.labels, found.scores, strict=True
        ):  # fmt: skip
            writer.writerow([name, part, target, label, *(f"{value:.9g}" for value in row)])
    write_text(folder.path / "predictions.csv", text.getvalue())


def write_own_forms(folder: RunFolder, prepared: Prepared, scores: Mapping[str, np.ndarray]) -> None:
    """Write the answers of the measured part in the forms of the task, where it has some."""
    task, part = prepared.task, "test" if "test" in scores else "train"
    if isinstance(task, WritesFiles):
        examples = prepared.examples[part]
        for name, content in task.files(examples.ids, truths_of(examples), scores[part]).items():
            write_bytes(folder.path / name, content)
