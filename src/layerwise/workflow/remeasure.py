"""Measure a trained network again: on its own test part, which is counted, or on other data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from torch import Tensor

from layerwise.data.assign import as_categories
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.open import open_source
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.evaluation.protocol import expectation, measure
from layerwise.language import say
from layerwise.runs.opened import Opened, answer
from layerwise.tasks.contract import Task
from layerwise.workflow.evaluate import figures
from layerwise.workflow.explain import prepared_again

__all__ = ["measure_again", "measure_on"]


def measure_again(opened: Opened) -> dict[str, Any]:
    """Open the test part of a run once more and measure the network on it.

    Raises:
        LayerwiseError: The run has no test part, or its data are gone or have changed.
    """
    prepared = prepared_again(opened)
    if not len(prepared.examples["test"]):
        raise LayerwiseError(
            say("A measurement needs a test part."), say("'{}' has none", opened.folder.name),
            say("Name data to measure on: layerwise evaluate {} DATA", opened.folder.name), usage=True,
        )  # fmt: skip
    whole = opened.folder.experiment()
    openings = opened.folder.count_test("layerwise evaluate")
    scores = answer(opened.model, opened.task, prepared.examples["test"].inputs)
    measured = figures(prepared, whole, "test", scores)
    return result("test", measured.to_json(), expectation(measured, confidence=whole.evaluate.confidence), openings)


def measure_on(opened: Opened, data: Any, options: Mapping[str, Any], *, exclude_problems: bool) -> dict[str, Any]:
    """Measure a network on other data, all of whose rows have a target.

    Args:
        opened: The run.
        data: A path or name, or the data themselves.
        options: Options of the format.
        exclude_problems: Leave unreadable items out.

    Raises:
        LayerwiseError: The target is absent, missing in a row, or of another kind.
    """
    whole = opened.folder.experiment()
    source = open_source(
        data, options={**whole.load.options, **options}, exclude_problems=exclude_problems,
        category=whole.assign.category,
    )  # fmt: skip
    source, targets = with_targets(opened, source)
    inputs = opened.inputs(source)
    scores = answer(opened.model, opened.task, inputs)
    measured = measure(opened.task, targets, scores, whole.evaluate, seed=whole.train.seed)
    known = learned_from(opened, inputs)
    if known is None or not known.any():
        expected = expectation(measured, confidence=whole.evaluate.confidence)
        return {**result("new data", measured.to_json(), expected, 0), "overlap_known": known is not None}
    # Only rows the network has not learned from say what to expect of new ones.
    others = None
    if not known.all():
        others = measure(opened.task, targets[~known], scores[~known], whole.evaluate, seed=whole.train.seed)
    expected = expectation(others, confidence=whole.evaluate.confidence) if others else None
    seen = {"seen": int(known.sum()), "metrics": others.to_json()["metrics"] if others else {}}
    return {**result("new data", measured.to_json(), expected, 0), "overlap_known": True, "unseen": seen}


def learned_from(opened: Opened, inputs: Tensor) -> np.ndarray | None:
    """Say for each row of new data whether the network learned from the same inputs; None where that is unknown."""
    try:
        prepared = prepared_again(opened)
    except LayerwiseError:
        # The training data were in memory, are gone, or have changed: the new data can be measured all the same.
        return None
    learned = {
        row.tobytes() for part in ("train", "validation") for row in prepared.examples[part].inputs.numpy()
    }  # fmt: skip
    return np.array([row.tobytes() in learned for row in inputs.numpy()])


def result(part: str, measured: dict[str, Any], expected: Any, openings: int) -> dict[str, Any]:
    """Return figures in the form of metrics.json."""
    return {
        "part": part, **measured, "openings": openings, "train": {}, "validation": {}, "unseen": {}, "baselines": {},
        "expectation_per_1000": asdict(expected) if expected else None,
    }  # fmt: skip


def with_targets(opened: Opened, source: Source) -> tuple[Source, np.ndarray]:
    """Find the target of new data and return it as it is measured.

    Raises:
        LayerwiseError: It is absent, missing in a row, of another kind, or a class the network does not know.
    """
    trained = [field["name"] for field in opened.folder.read("data.json")["fields"] if field["role"] == "target"]
    for name in trained:
        if name not in source.columns:
            raise LayerwiseError(
                say("A measurement needs the target."), say("no field '{}' in '{}'", name, source.origin),
                nearest(name, source.columns), usage=True,
            )  # fmt: skip
        missing = np.flatnonzero(source.columns[name].missing())
        if len(missing):
            raise LayerwiseError(
                say("Every row needs a target."),
                say("'{}' is missing in {} rows: {}", name, len(missing), source.place(int(missing[0]))),
                say("Fill them in, or leave the rows out."),
            )  # fmt: skip
    source = source.assign(dict.fromkeys(trained, "target"))
    if opened.task.classes:
        return class_targets(opened.task, source, trained[0])
    columns = [source.columns[name] for name in trained]
    if not all(isinstance(column, Numbers) for column in columns):
        rule = say("Regression needs a target of numbers.")
        raise LayerwiseError(rule, say("the target '{}' holds names", trained[0]), say("Mend that field."))
    return source, np.stack([column.values for column in columns if isinstance(column, Numbers)], axis=1)


def class_targets(task: Task, source: Source, name: str) -> tuple[Source, np.ndarray]:
    """Return the place of each row's class among those the network knows."""
    column: Categories = as_categories(source.columns[name])
    unknown = [known for known, count in column.counts().items() if count and known not in task.classes]
    if unknown:
        raise LayerwiseError(
            say("New data may only hold classes the network knows."),
            say("'{}' in '{}', field '{}'", unknown[0], source.origin, name), nearest(unknown[0], task.classes),
        )  # fmt: skip
    source = replace(source, columns={**source.columns, name: column})
    return source, np.asarray(task.targets(source).numpy())
