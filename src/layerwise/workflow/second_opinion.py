"""What quick learners say of rows that they did not learn from: the second opinion that costly checks rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from layerwise.config import Experiment, Model
from layerwise.data.image_step import ImageStep
from layerwise.data.kinds import Column, Images
from layerwise.data.source import Source
from layerwise.data.split import Parts, fold_parts, units
from layerwise.models import build
from layerwise.models.hog_svm import SMALLEST_CELL
from layerwise.tasks.contract import ClosedForm
from layerwise.workflow.prepare import Assigned, prepare_parts

__all__ = ["FEWEST_ROWS", "MOST_ROWS", "Opinion", "quick_learners", "sampled", "second_opinion", "small_size", "usable"]

FOLDS = 5

FEWEST_ROWS = 20
"""With fewer rows nothing is said: the folds would be too small to learn from."""

MOST_ROWS = 10_000
"""Rows that are looked at; of more a random sample."""

FEW_ROWS = 3000
"""Up to so many rows support vectors are found in seconds; their time grows with the square."""

LARGEST_SIDE = 32
"""Pixels to which larger pictures are scaled down."""

SUPPORT_VECTORS = Model("svm", {"kernel_function": "rbf", "calibration_folds": 0})
EDGES = Model("hog-svm", {"calibration_folds": 0})
NEIGHBOURS = Model("knn", {"k": 10})
TREES = Model("boosting", {"rounds": 30})


@dataclass(frozen=True)
class Opinion:
    """What a quick learner says of rows that it did not learn from.

    Args:
        learner: Its name in the catalogue.
        answers: Class probabilities, or predicted numbers, `(rows, outputs)`.
        truths: What the data say, `(rows,)` class places or `(rows, targets)` numbers.
        quality: Share of the rows it agrees with, or share of the variance it explains.
        classes: Names of the classes, if any.
    """

    learner: str
    answers: np.ndarray
    truths: np.ndarray
    quality: float
    classes: tuple[str, ...] = ()


def usable(source: Source) -> Source:
    """Return the source with the inputs that quick learners read: pictures alone where there are any, else no texts.

    Parts that the data name are left aside: every row is looked at.
    """
    inputs = source.named("input")
    pictures = [name for name in inputs if isinstance(source.columns[name], Images)]
    kept = pictures[:1] or [name for name in inputs if source.columns[name].kind in ("number", "category")]
    aside = [*source.named("part"), *(name for name in inputs if name not in kept)]
    source = source.assign(dict.fromkeys(aside, "unused"))
    small: dict[str, Column] = {
        name: _small(name, column) for name, column in source.columns.items()
        if name in kept and isinstance(column, Images)
    }  # fmt: skip
    return replace(source, columns={**source.columns, **small})


def small_size(column: Images) -> tuple[int, int]:
    """Return width and height to which pictures are brought: their own, or `LARGEST_SIDE` for the longer side."""
    width, height = (int(side) for side in column.sizes.max(axis=0))
    shrunk = min(1.0, LARGEST_SIDE / max(width, height))
    return max(1, round(width * shrunk)), max(1, round(height * shrunk))


def _small(name: str, column: Images) -> Images:
    """Return pictures decoded once, of one size, none larger than `LARGEST_SIDE`."""
    across, down = small_size(column)
    step = ImageStep(name, column.channels, down, across, "resize", column.maximum, (0.0,), (1.0,))
    sizes = np.tile(np.array([across, down]), (len(column), 1))
    return Images(step.sized(column), None, sizes, column.channels, column.maximum, column.known_digests)


def sampled(rows: np.ndarray) -> np.ndarray:
    """Return the rows, or where there are more than `MOST_ROWS` a random sample of them, in their order."""
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(0x10AD).choice(rows, MOST_ROWS, replace=False))


def quick_learners(source: Source, task: str) -> tuple[Model, ...]:
    """Return the learners that are asked; the one that agrees with the data most is believed.

    They were chosen by how many of 5 % changed labels they find: `tests/workflow/test_planted_faults.py`.

    Args:
        source: Data as `usable` returns them.
        task: classify or regress.
    """
    shown = [column for name, column in source.columns.items() if name in source.named("input")]
    pictures = [column for column in shown if isinstance(column, Images)]
    few = len(source) <= FEW_ROWS
    if task == "regress":
        return Model("linear"), TREES
    if not pictures:
        return Model("logistic"), SUPPORT_VECTORS if few else TREES
    if not few:
        return (NEIGHBOURS,)
    return (SUPPORT_VECTORS, EDGES) if pictures[0].sizes.min() >= 2 * SMALLEST_CELL else (SUPPORT_VECTORS,)


def second_opinion(found: Assigned, learners: Sequence[Model]) -> Opinion | None:
    """Ask learners about rows that they did not learn from; None where too few rows differ.

    Five stratified folds; equal inputs and groups stay in one.

    Args:
        found: Data as `usable` returns them, with their target.
        learners: Who is asked; the one that agrees with the data most answers.
    """
    number = min(FOLDS, len(np.unique(units(found.source)[0])))
    if number < 2:
        return None
    folds = fold_parts(found.source, number, seed=0)
    # Networks are built with random weights; those of the run must not depend on that.
    with torch.random.fork_rng(devices=[]):
        opinions = [_asked(found, model, folds) for model in learners]
    return max(opinions, key=lambda opinion: opinion.quality)


def _asked(found: Assigned, model: Model, folds: Sequence[Parts]) -> Opinion:
    """Return what one learner says of the rows of each fold, having learned from the others."""
    answers: list[np.ndarray] = []
    truths: list[np.ndarray] = []
    for parts in folds:
        prepared, _ = prepare_parts(Experiment(model=model), found, parts, None)
        network = build(model.name, prepared.preprocessing.input_shape, prepared.task.outputs(), model.options)
        if isinstance(network, ClosedForm):
            network.fit(prepared.examples["train"])
        answers.append(prepared.task.answer(network, prepared.examples["test"]))
        truths.append(np.asarray(prepared.examples["test"].truths))
    order = np.argsort(np.concatenate([parts.test for parts in folds]))
    said, known = np.concatenate(answers)[order], np.concatenate(truths)[order]
    return Opinion(model.name, said, known, _quality(found.task, said, known), prepared.task.classes)


def _quality(task: str, answers: np.ndarray, truths: np.ndarray) -> float:
    """Return the share of rows that are agreed with, or of the variance that is explained."""
    if task == "classify":
        return float((answers.argmax(axis=1) == truths).mean())
    errors = ((answers.reshape(truths.shape) - truths) ** 2).sum()
    spread = ((truths - truths.mean(axis=0)) ** 2).sum()
    return float(1 - errors / spread) if spread else 0.0
