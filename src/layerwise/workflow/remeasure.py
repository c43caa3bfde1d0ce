"""Measure a trained network again: on its own test part, which is counted, or on other data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from layerwise.catalog import entry
from layerwise.data.assign import as_categories
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.labels import read_labels
from layerwise.data.open import known_options, open_source
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say
from layerwise.locks import own
from layerwise.runs.opened import Opened
from layerwise.tasks.contract import Examples, Task
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.tag import Tag
from layerwise.workflow.evaluate import figures, groups_of, result, truths_of
from layerwise.workflow.explain import prepared_again

__all__ = ["measure_again", "measure_on"]


def measure_again(opened: Opened) -> dict[str, Any]:
    """Open the test part of a run once more and measure the network on it.

    Raises:
        LayerwiseError: The run still learns or was stopped, has no test part, or its data are gone or have changed.
    """
    if not opened.folder.finished:
        raise opened.folder.unfinished()
    if opened.folder.read("metrics.json").get("folds"):
        raise LayerwiseError(
            say("A measurement needs rows that the network has not seen."),
            say("'{}' was measured by folds, and the network that was kept learned from all rows", opened.folder.name),
            say("Its figures are in metrics.json; name new data: layerwise evaluate {} DATA", opened.folder.name),
            usage=True,
        )  # fmt: skip
    prepared = prepared_again(opened)
    if not len(prepared.examples["test"]):
        raise LayerwiseError(
            say("A measurement needs a test part."), say("'{}' has none", opened.folder.name),
            say("Name data to measure on: layerwise evaluate {} DATA", opened.folder.name), usage=True,
        )  # fmt: skip
    whole = opened.folder.experiment()
    # Only what can be measured is opened, and it is counted before it is.
    model = opened.model
    with own(opened.folder.path):
        openings = opened.folder.count_test("layerwise evaluate")
    scores = opened.task.answer(model, prepared.examples["test"])
    measured = figures(prepared, whole, "test", scores)
    return result(opened.task, "test", measured.to_json(), measured.wrong, openings)


def measure_on(
    opened: Opened, data: Any, options: Mapping[str, Any], *, exclude_problems: bool, images: str = ""
) -> dict[str, Any]:
    """Measure a network on other data, all of whose rows have a target.

    Args:
        opened: The run.
        data: A path or name, or the data themselves.
        options: Options of the format.
        exclude_problems: Leave unreadable items out.
        images: Folder or archive with the pictures that the data name, where they are a table.

    Raises:
        LayerwiseError: The run still learns or was stopped; or the target is absent, missing in a row, or of another
            kind.
    """
    if not opened.folder.finished:
        raise opened.folder.unfinished()
    whole = opened.folder.experiment()
    source = open_source(
        data, options={**known_options(data, whole.load.options), **options}, exclude_problems=exclude_problems,
        category=whole.assign.category, drop=whole.assign.drop, images=images,
        image_column=whole.load.image_column if images else "",
    )  # fmt: skip
    source = with_groups(opened, with_targets(opened, source))
    examples, groups = opened.examples(source), groups_of(source, np.arange(len(source)))
    targets, scores = truths_of(examples), opened.task.answer(opened.model, examples)
    measured = opened.task.measure(targets, scores, whole.evaluate, seed=whole.train.seed, groups=groups)
    known = learned_from(opened, examples)
    if known is None or not known.any():
        told = result(opened.task, "new data", measured.to_json(), measured.wrong, 0)
        return {**told, "overlap_known": known is not None}
    # Only rows the network has not learned from say what to expect of new ones.
    others = None
    if not known.all():
        others = opened.task.measure(
            targets[~known], scores[~known], whole.evaluate, seed=whole.train.seed,
            groups=None if groups is None else groups[~known],
        )  # fmt: skip
    expected = others.wrong if others else None
    seen = {"seen": int(known.sum()), "metrics": others.to_json()["metrics"] if others else {}}
    return {**result(opened.task, "new data", measured.to_json(), expected, 0), "overlap_known": True, "unseen": seen}


def learned_from(opened: Opened, examples: Examples) -> np.ndarray | None:
    """Say for each example of new data whether the network learned from the same inputs; None where that is unknown."""
    try:
        prepared = prepared_again(opened)
    except LayerwiseError:
        # The training data were in memory, are gone, or have changed: the new data can be measured all the same.
        return None
    learned = {row for part in ("train", "validation") for row in each_input(prepared.examples[part])}
    return np.array([row in learned for row in each_input(examples)])


def each_input(examples: Examples) -> Iterator[bytes]:
    """Return the bytes of the input of each example."""
    inputs = examples.inputs
    for row in range(len(inputs)):
        yield (inputs.item(row) if isinstance(inputs, Ragged) else inputs[row]).numpy().tobytes()


def with_targets(opened: Opened, source: Source) -> Source:
    """Find the target of new data and give it its role.

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
        # An empty cell of label sets is an example without a label.
        if len(missing) and not (isinstance(opened.task, Tag) and len(trained) == 1):
            raise LayerwiseError(
                say("Every row needs a target."),
                say("'{}' is missing in {} rows: {}", name, len(missing), source.place(int(missing[0]))),
                say("Fill them in, or leave the rows out."),
            )  # fmt: skip
    source = source.assign(dict.fromkeys(trained, "target"))
    target = entry("task", opened.task.name).facts["target"]
    if isinstance(opened.task, Tag):
        return with_labels(opened.task, source, trained)
    if target == "category":
        return with_classes(opened.task, source, trained[0])
    for name in trained:
        if source.columns[name].kind != target:
            raise LayerwiseError(
                say("A field of new data is of the kind it had in training."),
                say("'{}' was {} and is now {}", name, say(target), say(source.columns[name].kind)),
                say("Mend the column, or force its kind when the file is read."),
            )  # fmt: skip
    return source


def with_groups(opened: Opened, source: Source) -> Source:
    """Give the group of the run its role where new data hold it: their rows vary together, too."""
    fields = opened.folder.read("data.json")["fields"]
    names = [field["name"] for field in fields if field["role"] == "group" and field["name"] in source.columns]
    return source.assign(dict.fromkeys(names, "group"))


def with_labels(task: Tag, source: Source, names: Sequence[str]) -> Source:
    """Return the source with its target as label sets, all of whose labels the network knows."""
    column = source.columns[names[0]]
    if len(names) > 1 or isinstance(column, Numbers):
        return source
    read = read_labels(column, separator=task.separator)
    unknown = [name for name in read.names if name not in task.classes]
    if unknown:
        raise LayerwiseError(
            say("New data may only hold classes the network knows."),
            say("'{}' in '{}', field '{}'", unknown[0], source.origin, names[0]), nearest(unknown[0], task.classes),
        )  # fmt: skip
    return replace(source, columns={**source.columns, names[0]: read})


def with_classes(task: Task, source: Source, name: str) -> Source:
    """Return the source with its target as classes, all of which the network knows."""
    column: Categories = as_categories(source.columns[name])
    unknown = [known for known, count in column.counts().items() if count and known not in task.classes]
    if unknown:
        raise LayerwiseError(
            say("New data may only hold classes the network knows."),
            say("'{}' in '{}', field '{}'", unknown[0], source.origin, name), nearest(unknown[0], task.classes),
        )  # fmt: skip
    return replace(source, columns={**source.columns, name: column})
