"""Compare finished runs on the test part they share, from what they predicted: nothing is opened again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from layerwise.errors import LayerwiseError
from layerwise.evaluation.one_test_part import OneTestPart, pairs_of_errors, pairs_of_rights
from layerwise.language import say
from layerwise.report.contents import Answers, numbers, one_class, read_answers, targets_of
from layerwise.runs.opened import Opened
from layerwise.workflow.evaluate import groups_of
from layerwise.workflow.explain import prepared_again

__all__ = ["against"]

SEED = 0xA6A1
"""Second number of the seed of what is drawn, beside that of the first run."""


def against(opened: Sequence[Opened], *, data: Any = None) -> OneTestPart:
    """Compare runs that were measured on the same test rows, by what `predictions.csv` holds.

    Args:
        opened: The runs, two or more.
        data: The data, where they were in memory and have groups or pictures.

    Raises:
        LayerwiseError: A run is named twice, is not finished or has no test part; the task is another one or has
            neither classes nor one number; or the runs were not tested on the same rows, which is said with what
            differs.
    """
    first, *others = opened
    _refuse_names(opened)
    for one in opened:
        _refuse_run(one)
    answers = {one.folder.handle: _answers(one) for one in opened}
    for other in others:
        _refuse_other_rows(first, other, answers)
    whole = first.folder.experiment()
    groups = _groups(first, answers[first.folder.handle], data)
    drawn: dict[str, Any] = {
        "generator": np.random.default_rng([whole.train.seed, SEED]), "groups": groups,
        "confidence": whole.evaluate.confidence, "resamples": whole.evaluate.resamples,
    }  # fmt: skip
    name = str(first.folder.read("data.json")["name"])
    rows, count = len(answers[first.folder.handle]), 0 if groups is None else len(np.unique(groups))
    if one_class(first.task):
        rights = {run: some.targets == some.predictions for run, some in answers.items()}
        test = "exact McNemar" if groups is None else "sign flips of whole groups"
        values = {run: float(right.mean()) for run, right in rights.items()}
        pairs = pairs_of_rights(rights, **drawn)
        return OneTestPart(name, "accuracy", rows, count, whole.evaluate.confidence, test, values, pairs)
    errors = {run: (some.targets - some.predictions) ** 2 for run, some in answers.items()}
    test = "sign flips of rows" if groups is None else "sign flips of whole groups"
    values = {run: float(error.mean()) for run, error in errors.items()}
    return OneTestPart(
        name, "mse", rows, count, whole.evaluate.confidence, test, values, pairs_of_errors(errors, **drawn)
    )


def _refuse_names(opened: Sequence[Opened]) -> None:
    """Refuse a single run, and one that is named twice."""
    paths = Counter(one.folder.path.resolve() for one in opened)
    twice = next((path.name for path, count in paths.items() if count > 1), "")
    if len(opened) < 2 or twice:
        raise LayerwiseError(
            say("Runs are compared with other runs."),
            say("'{}' is named twice", twice) if twice else say("only '{}' is named", opened[0].folder.name),
            say("Name another run: layerwise evaluate RUN --against OTHER_RUN"), usage=True,
        )  # fmt: skip


def _refuse_run(one: Opened) -> None:
    """Refuse a run that has no answers on a test part, or none that can be compared row by row."""
    if not one.folder.finished:
        raise one.folder.unfinished()
    targets = targets_of(one.folder.read("data.json"))
    if not (one_class(one.task) or (numbers(one.task, targets) and len(targets) == 1)):
        raise LayerwiseError(
            say("Runs are compared row by row on classes or one number."),
            say("'{}' answers otherwise: {}", one.folder.name, one.task.name),
            say("Compare their figures with their intervals instead."), usage=True,
        )  # fmt: skip
    if one.folder.read("metrics.json")["part"] != "test":
        raise LayerwiseError(
            say("Runs are compared on rows they did not learn from."),
            say("'{}' has no test part", one.folder.name), say("Train it again with --test split."), usage=True,
        )  # fmt: skip


def _answers(one: Opened) -> Answers:
    """Return what a run predicted for its test part, in the order of the ids."""
    found = read_answers(one.folder.path / "predictions.csv", one.task, targets_of(one.folder.read("data.json")))
    some = found["test"]
    order = np.argsort(np.array(some.ids), kind="stable")
    ids = tuple(some.ids[place] for place in order)
    return Answers(ids, some.targets[order], some.predictions[order], some.scores[order])


def _refuse_other_rows(first: Opened, other: Opened, answers: dict[str, Answers]) -> None:
    """Refuse two runs that were not tested on the same rows, and say what differs."""
    names = (first.folder.name, other.folder.name)
    ours, theirs = answers[first.folder.handle], answers[other.folder.handle]
    found = ""
    if first.task.name != other.task.name:
        found = say("'{}' and '{}' have other tasks: {} and {}", *names, first.task.name, other.task.name)
    elif first.folder.read("data.json")["fingerprint"] != other.folder.read("data.json")["fingerprint"]:
        found = say("'{}' and '{}' read other data, or gave fields other roles: the fingerprints differ", *names)
    elif ours.ids != theirs.ids:
        apart = sum((Counter(ours.ids) - Counter(theirs.ids)).values())
        found = say("{} of {} test rows of '{}' are not among the {} of '{}'", apart, len(ours), names[0], len(theirs),
                    names[1])  # fmt: skip
    elif (ours.targets != theirs.targets).any():
        found = say("'{}' and '{}' have other targets", *names)
    if found:
        raise LayerwiseError(
            say("Runs are compared on the same test rows."), found,
            say("Train both on the same data with the same --split-seed and --test-fraction."), usage=True,
        )  # fmt: skip


def _groups(first: Opened, answers: Answers, data: Any) -> np.ndarray | None:
    """Return the set that each row varies together with, in the order of the answers; None where each is one alone.

    The data are read again, where they have groups or pictures; no test part is opened.
    """
    fields = first.folder.read("data.json")["fields"]
    if not any(field["role"] == "group" or (field["role"], field["kind"]) == ("input", "image") for field in fields):
        return None
    prepared = prepared_again(first, data)
    groups = groups_of(prepared.source, prepared.parts.test, prepared.parts.unit)
    if groups is None:
        return None
    order = np.argsort(np.array(prepared.examples["test"].ids), kind="stable")
    if tuple(prepared.examples["test"].ids[place] for place in order) != answers.ids:
        message = "a run whose data are unchanged has the rows it had"
        raise TypeError(message)
    return np.asarray(groups[order])
