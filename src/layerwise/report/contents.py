"""Everything the report shows, already read: its sections are pure functions of these values."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.config import Experiment
from layerwise.explain.layers import LayerRow
from layerwise.language import say
from layerwise.runs.refusals import known_here
from layerwise.tasks.classify import positive_class
from layerwise.tasks.contract import AnswersWithSets, MakesBatches, Task
from layerwise.tasks.regress import BETWEEN

__all__ = [
    "Answers", "Fit", "Mistake", "OpenedView", "ReportData", "fold_name", "of_fold", "one_class", "read_answers",
    "targets_of",
]  # fmt: skip

FIRST_DEAL = re.compile(r"fold \d+")
LATER_DEAL = re.compile(r"deal \d+ fold \d+")


@dataclass(frozen=True)
class Answers:
    """What the network answered for the rows of one part.

    Args:
        ids: The id of each row.
        targets: Class places `(items,)`, numbers in the units of the data (of several targets `(items, targets)`), or
            words.
        predictions: The same for what was answered.
        scores: Class probabilities `(items, classes)`, predicted numbers `(items, targets)`, or what else has columns.
    """

    ids: tuple[str, ...]
    targets: np.ndarray
    predictions: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Mistake:
    """One row on which the network was wrong, or far off.

    Args:
        place: Its place in the part.
        picture: The picture as an image file, or nothing where the row is none.
        media: Media type of that file.
        size: Width and height of the picture as it stands in the data.
        cells: Some of its inputs as text, in the order of `ReportData.mistake_fields`.
    """

    place: int
    picture: bytes = b""
    media: str = "image/png"
    size: tuple[int, int] = (0, 0)
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenedView:
    """One view of the network on one example, as static HTML."""

    name: str
    title: str
    html: str


@dataclass(frozen=True)
class Fit:
    """A network that makes one number of another, as a curve.

    Args:
        name: Name and options of the network.
        field: Name of the input.
        target: Name of what is predicted.
        across: Places of the curve, rising.
        curve: What the network answers there.
        points: By part, the rows `(rows, 2)`: input and true target.
        errors: By part, the root mean squared error.
    """

    name: str
    field: str
    target: str
    across: np.ndarray
    curve: np.ndarray
    points: Mapping[str, np.ndarray]
    errors: Mapping[str, float]


@dataclass(frozen=True)
class ReportData:
    """A run as its report shows it.

    Args:
        name: Name of the run.
        handle: What names the run on the command line: its name, or its path where it lies elsewhere.
        experiment: Every setting resolved.
        plan: How the work was laid out.
        data: `data.json`: fields, split, preprocessing, problems.
        notes: How the data were read, in sentences.
        reasons: What was chosen, in sentences.
        task: What was asked.
        metrics: `metrics.json`; empty for a run that was interrupted.
        openings: When the test part was opened, and what for.
        history: One record an epoch; empty for a network that is solved at once.
        answers: What was answered, by part; empty for a run that was interrupted.
        classes: Rows of each class by part; empty for regression or where they are not known.
        environment: Versions and machine.
        layers: The layer table.
        mistakes: The worst rows of the measured part.
        mistake_fields: Names of the inputs shown beside a mistake.
        source_note: Why pictures, rows or views are missing; empty where the data could be read again.
        views: The network opened on one example.
        view_note: Which example that is, or why there is none.
        date: When the run began, as text.
        suspects: The first rows that `checks` names, with their pictures or inputs.
        fit: The curve of a network with one number in and one out, beside its points; None for others.
    """

    name: str
    handle: str
    experiment: Experiment
    plan: Mapping[str, Any]
    data: Mapping[str, Any]
    notes: tuple[str, ...]
    reasons: tuple[str, ...]
    task: Task
    metrics: Mapping[str, Any]
    openings: Sequence[Mapping[str, Any]]
    history: Sequence[Mapping[str, Any]]
    answers: Mapping[str, Answers]
    classes: Mapping[str, tuple[int, ...]]
    environment: Mapping[str, Any]
    layers: tuple[LayerRow, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    mistake_fields: tuple[str, ...] = ()
    source_note: str = ""
    views: tuple[OpenedView, ...] = ()
    view_note: str = ""
    date: str = ""
    suspects: tuple[Mistake, ...] = ()
    fit: Fit | None = None

    @property
    def checks(self) -> Sequence[Mapping[str, Any]]:
        """What was found in the labels of the training part; nothing for a run of an earlier version."""
        found: Sequence[Mapping[str, Any]] = self.data.get("findings", {}).get("checks", ())
        return found

    @property
    def part(self) -> str:
        """Name of the part that was measured: test, else train; empty for a run that was interrupted."""
        return str(self.metrics["part"]) if self.metrics else ""

    @property
    def unseen(self) -> bool:
        """Whether the measured rows were kept from learning."""
        return self.part == "test" and self.data["split"]["origin"] != "training"

    @property
    def measured(self) -> Answers:
        """What was answered for the measured part."""
        return self.answers[self.part]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, where each example has one; else none."""
        return self.task.classes if one_class(self.task) else ()

    @property
    def positive(self) -> int:
        """Place of the positive class of two."""
        return positive_class(self.class_names, self.experiment.evaluate)

    @property
    def target(self) -> str:
        """Name of the field that is predicted."""
        return next(iter(targets_of(self.data)), "")

    @property
    def number_targets(self) -> tuple[tuple[str, np.ndarray, np.ndarray], ...]:
        """Name, true numbers and predicted numbers of each target of the measured part, each `(items,)`."""
        rows = len(self.measured)
        truths, predictions = (
            values.reshape(rows, -1).T for values in (self.measured.targets, self.measured.predictions)
        )
        return tuple(zip(targets_of(self.data), truths, predictions, strict=True))

    @property
    def numbers(self) -> bool:
        """Whether the answers are numbers in the units of the target."""
        return numbers(self.task, targets_of(self.data))

    @property
    def worded(self) -> bool:
        """Whether each measured row has a truth in words; a running text is cut into passages instead."""
        rows = self.data["split"][self.part] if self.part else ()
        return len(rows) == len(self.measured) and bool(self.measured.targets.astype(bool).any())

    @property
    def folds(self) -> Mapping[str, Any]:
        """How the run was measured by folds; empty where a test part was."""
        return self.metrics.get("folds", {}) if self.metrics else {}

    @property
    def part_words(self) -> str:
        """Name of the measured part for people."""
        return say("cross-validated") if self.folds else say(self.part)

    @property
    def losses_apart(self) -> bool:
        """Whether training and validation losses are different figures: a game's, or a rule without an answer."""
        return isinstance(self.task, MakesBatches) or not self.task.outputs()

    @property
    def percent(self) -> str:
        """The confidence of every interval in percent, as text.

        `0.95` reads `95`.
        """
        return f"{100 * self.experiment.evaluate.confidence:g}"


def fold_name(deal: int, place: int) -> str:
    """Name a fold as the `part` column of predictions.csv does.

    Args:
        deal: How often the rows were dealt before.
        place: Place of the fold in its deal, from 0.

    Example:
        >>> fold_name(0, 2), fold_name(1, 0)
        ('fold 3', 'deal 2 fold 1')
    """
    return f"deal {deal + 1} fold {place + 1}" if deal else f"fold {place + 1}"


def of_fold(part: str) -> bool:
    """Say whether a part is a fold: its rows were answered by a network that was not kept.

    Example:
        >>> of_fold("fold 3"), of_fold("deal 2 fold 1"), of_fold("train")
        (True, True, False)
    """
    return bool(FIRST_DEAL.fullmatch(part) or LATER_DEAL.fullmatch(part))


def one_class(task: Task) -> bool:
    """Say whether every example has one class: then a score stands for each class."""
    columns = tuple(task.columns)
    return bool(task.classes) and columns == tuple(task.classes) and not isinstance(task, AnswersWithSets)


def numbers(task: Task, targets: Sequence[str]) -> bool:
    """Say whether every answer is one number for each target field."""
    return not task.classes and bool(task.columns) and tuple(task.columns) == tuple(targets)


def targets_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the fields that are predicted, from `data.json`."""
    return tuple(str(part["name"]) for part in data["fields"] if part["role"] == "target")


def read_answers(path: Path, task: Task, targets: Sequence[str]) -> dict[str, Answers]:
    """Read `predictions.csv`: columns id, part, target, prediction, then one score a class or target.

    Columns are taken by their place, since a class may have any name, also `id`. Rows that were answered by folds are
    the test part, in the order of the rows; of several deals the first.

    Args:
        path: The file.
        task: What was asked.
        targets: Names of the fields that were predicted.

    Raises:
        LayerwiseError: The file is missing or damaged.
    """
    parts: dict[str, list[list[str]]] = {}
    with known_here(path), path.open(encoding="utf-8", newline="") as stream:
        for row in list(csv.reader(stream))[1:]:
            if not LATER_DEAL.fullmatch(row[1]):
                parts.setdefault("test" if of_fold(row[1]) else row[1], []).append(row)
        return {part: _answers(lines, task, targets) for part, lines in parts.items()}


def _answers(rows: Sequence[Sequence[str]], task: Task, targets: Sequence[str]) -> Answers:
    """Turn the lines of one part into arrays."""
    ids = tuple(row[0] for row in rows)
    scores = np.array([[float(value) for value in row[4:]] for row in rows], dtype=np.float64)
    if one_class(task):
        places = {name: place for place, name in enumerate(task.classes)}
        truths, predictions = (np.array([places[row[column]] for row in rows], dtype=np.int64) for column in (2, 3))
        return Answers(ids, truths, predictions, scores)
    if numbers(task, targets):
        truths = np.array([[float(value) for value in row[2].split(BETWEEN)] for row in rows])
        if len(targets) == 1:
            return Answers(ids, truths[:, 0], scores[:, 0], scores)
        return Answers(ids, truths, scores, scores)
    return Answers(ids, np.array([row[2] for row in rows]), np.array([row[3] for row in rows]), scores)
