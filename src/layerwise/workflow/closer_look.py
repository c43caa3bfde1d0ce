"""What the answers to the test part tell beyond their mean: which fields the network uses, and where it is weak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from layerwise.catalog import entry
from layerwise.config import Experiment
from layerwise.data.image_step import ImageStep
from layerwise.data.kinds import Categories, Images, Numbers
from layerwise.data.preprocess import Preprocessing
from layerwise.data.tokens import TextStep
from layerwise.evaluation.importance import permutation_importance
from layerwise.evaluation.row_losses import row_losses, target_spreads
from layerwise.evaluation.slices import Slice, slices_of_names, slices_of_numbers, weakest_slice, worst_rows
from layerwise.tasks.classify import Classify
from layerwise.workflow.prepare import Prepared

__all__ = ["field_importance", "weak_slices"]

REPEATS = 10
"""Permutations of each field."""

FEWEST_REPEATS = 3
FEWEST_ROWS = 200
"""Test rows that are drawn at least where all of them would cost too much."""

OPERATIONS = 5e8
"""Multiplications that permutations may cost: about a second."""

OF_A_CALL = 1e6
"""What asking the network once costs beside its multiplications, in multiplications."""

ALIKE = 0.8
"""Correlation from which two fields stand in for each other."""

MOST_ALIKE = 12
MOST_WORK = 2e7
"""Slices times rows that are looked at."""

SHOWN_SLICES = 8
SHOWN_ROWS = 100


def field_importance(
    model: nn.Module, prepared: Prepared, whole: Experiment, groups: np.ndarray | None
) -> dict[str, Any]:  # fmt: skip
    """Measure how much each field of a table matters to the answers about the test part.

    Up to ten permutations a field, fewer or on fewer rows where rows x fields x numbers of the network exceed half
    a billion multiplications; left out where three permutations on 200 rows still do.

    Args:
        model: The network.
        prepared: Its data; the test part has been opened.
        whole: The experiment.
        groups: The group of each test row, or None.

    Returns:
        Plain values; nothing for pictures, texts and other tasks.
    """
    examples, inputs = prepared.examples["test"], prepared.examples["test"].inputs
    columns = columns_of(prepared.preprocessing)
    if not _one_answer(prepared) or not isinstance(inputs, torch.Tensor) or inputs.dim() != 2 or not columns:
        return {}
    if examples.truths is None:
        return {}
    numbers = sum(part.numel() for part in (*model.parameters(), *model.buffers()))
    repeats, rows = affordable(len(inputs), len(columns), numbers)
    if not repeats:
        return {"figure": "", "repeats": 0, "rows": 0, "fields": [], "alike": []}
    generator = np.random.default_rng([whole.train.seed, 0x1F1E])
    places = np.sort(generator.permutation(len(inputs))[:rows])
    truths, groups = examples.truths[places], None if groups is None else groups[places]
    figure, losses = _losses(model, prepared, places, truths)
    if not _measurable(truths, groups) or not np.isfinite(losses(inputs.numpy()[places])).all():
        return {}
    order = np.stack([generator.permutation(rows) for _ in range(repeats)])
    found = permutation_importance(
        inputs.numpy()[places], columns, losses, order, groups=groups, confidence=whole.evaluate.confidence,
    )  # fmt: skip
    return {
        "figure": figure, "repeats": repeats, "rows": rows, "fields": [asdict(each) for each in found],
        "alike": _alike(prepared, columns),
    }  # fmt: skip


def columns_of(preprocessing: Preprocessing) -> dict[str, list[int]]:
    """Return the places of the inputs that each field of a table became; nothing where the inputs are no table.

    Example:
        >>> from layerwise.data.preprocess import CategoryStep, NumberStep
        >>> steps = NumberStep("age", 0, 0, 1, 0), CategoryStep("sex", ("f", "m"), "f", 0)
        >>> columns_of(Preprocessing(steps))
        {'age': [0], 'sex': [1, 2]}
    """
    columns: dict[str, list[int]] = {}
    count = 0
    for step, places in preprocessing.used:
        if isinstance(step, ImageStep | TextStep):
            return {}
        # Of a field of which a selection kept some inputs, those.
        columns.setdefault(step.field, []).extend(range(count, count + len(places)))
        count += len(places)
    return columns


def affordable(rows: int, fields: int, numbers: int) -> tuple[int, int]:
    """Return how many permutations on how many rows stay within the cost that is allowed; 0 where too few do.

    cost = repeats x fields x (rows x numbers of the network + 1,000,000)

    Example:
        >>> affordable(100, 10, 1000), affordable(100_000, 20, 3000), affordable(1000, 5000, 10)
        ((10, 100), (10, 500), (0, 0))
    """
    for repeats in (REPEATS, 5, FEWEST_REPEATS):
        # rows = (cost / (repeats x fields) - 1,000,000) / numbers
        possible = int((OPERATIONS / (repeats * fields) - OF_A_CALL) / max(numbers, 1))
        if possible >= min(rows, FEWEST_ROWS):
            return repeats, min(rows, possible)
    return 0, 0


def _one_answer(prepared: Prepared) -> bool:
    """Say whether each row has one class, or numbers, that an answer is right or wrong about."""
    return entry("task", prepared.task.name).facts["target"] in ("category", "number")


def _wrong(prepared: Prepared, truths: np.ndarray, answers: np.ndarray) -> np.ndarray | None:
    """Return 1 for each wrong class, as a chosen threshold decides it, and 0 for each right one; None for numbers."""
    if not isinstance(prepared.task, Classify):
        return None
    return np.asarray(prepared.task.places(answers) != truths, dtype=np.float64)


def _measurable(truths: np.ndarray, groups: np.ndarray | None) -> bool:
    """Say whether a fall has an interval: there are two rows or groups, and numbers that are not all equal."""
    units = len(truths) if groups is None else len(np.unique(groups))
    return units > 1 and (truths.ndim == 1 or bool((truths.std(axis=0) > 0).all()))


def _losses(
    model: nn.Module, prepared: Prepared, places: np.ndarray, truths: np.ndarray
) -> tuple[str, Callable[[np.ndarray], np.ndarray]]:
    """Return the figure whose fall is measured, and the loss of each row for some inputs."""
    examples = replace(prepared.examples["test"], ids=tuple(prepared.examples["test"].ids[place] for place in places))
    # R2 = 1 - mean over the targets of (sum of squared errors / sum of squares around the mean)
    spread = truths.std(axis=0) if truths.ndim > 1 else 1.0

    def losses(seen: np.ndarray) -> np.ndarray:
        answers = prepared.task.answer(model, replace(examples, inputs=torch.from_numpy(seen)))
        wrong = _wrong(prepared, truths, answers)
        return row_losses(truths / spread, answers / spread) if wrong is None else wrong

    return ("accuracy" if truths.ndim == 1 else "r2"), losses


def _alike(prepared: Prepared, columns: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Return pairs of number fields that are strongly correlated in the training part, the strongest first."""
    inputs = prepared.examples["train"].inputs
    single = [(name, places[0]) for name, places in columns.items() if len(places) == 1]
    if not isinstance(inputs, torch.Tensor) or len(single) < 2 or len(inputs) < 3:
        return []
    values = inputs.numpy()[:, [place for _, place in single]].astype(np.float64)
    values = values - values.mean(axis=0)
    length = np.linalg.norm(values, axis=0)
    # r = sum of products / (length x length); a constant field is correlated with none
    together = values.T @ values / np.maximum(np.outer(length, length), 1e-300)
    first, second = np.nonzero(np.triu(np.abs(together) >= ALIKE, 1))
    order = np.argsort(-np.abs(together[first, second]), kind="stable")[:MOST_ALIKE]
    return [
        {"first": single[first[place]][0], "second": single[second[place]][0],
         "correlation": float(together[first[place], second[place]])}
        for place in order
    ]  # fmt: skip


def weak_slices(
    prepared: Prepared, whole: Experiment, answers: np.ndarray, groups: np.ndarray | None
) -> dict[str, Any]:  # fmt: skip
    """Look for the part of the test rows, by one field, that is answered worse than the rest.

    Args:
        prepared: The data; the test part has been opened.
        whole: The experiment.
        answers: What the network answered about the test part.
        groups: The group of each test row, or None.

    Returns:
        Plain values; nothing for other tasks.
    """
    examples = prepared.examples["test"]
    if not _one_answer(prepared) or examples.truths is None:
        return {}
    truths = examples.truths
    wrong = _wrong(prepared, truths, answers)
    figure, losses = ("accuracy", wrong) if wrong is not None else _absolute_errors(prepared, truths, answers)
    every = [some for some in _slices(prepared) if some.inside.any()]
    if len(every) * len(losses) > MOST_WORK or not np.isfinite(losses).all():
        return {}
    found, known = weakest_slice(every, losses, groups=groups, confidence=whole.evaluate.confidence)
    if not known:
        return {}
    order = sorted(range(len(known)), key=lambda place: (place != found.worst, found.p[place], -found.losses[place]))
    shown = [
        {"field": known[place].field, "value": known[place].value, "low": known[place].low, "high": known[place].high,
         "of_pictures": known[place].of_pictures,
         "rows": int(known[place].inside.sum()), "loss": found.losses[place], "p": found.p[place]}
        for place in order[:SHOWN_SLICES]
    ]  # fmt: skip
    stands_out = found.worst >= 0
    worst = worst_rows(known[found.worst], losses, SHOWN_ROWS) if stands_out else {}
    return {
        "figure": figure, "looked_at": found.looked_at, "loss": float(losses.mean()),
        "stands_out": stands_out, "interval": [found.low, found.high] if stands_out else None, "slices": shown,
        "rows": [{"id": examples.ids[place], "loss": loss} for place, loss in worst.items()],
    }  # fmt: skip


def _absolute_errors(prepared: Prepared, truths: np.ndarray, answers: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the mean absolute error of each row; of several targets, which may have unlike units, a relative one."""
    errors, learned = np.abs(answers - truths), prepared.examples["train"].truths
    if truths.shape[1] == 1 or learned is None:
        return "mae", errors.mean(axis=1)
    return "relative_mae", (errors / target_spreads(learned)).mean(axis=1)


def _slices(prepared: Prepared) -> list[Slice]:
    """Return the slices of the test rows by every input field, by group, and by size and brightness of pictures."""
    source, rows, found = prepared.source, prepared.parts.test, list[Slice]()
    for name in source.named("input"):
        column = source.columns[name]
        if isinstance(column, Numbers):
            found += slices_of_numbers(name, column.values[rows])
        elif isinstance(column, Categories):
            found += slices_of_names(name, [column.show(int(row)) for row in rows])
        elif isinstance(column, Images):
            found += _of_pictures(prepared, column.sizes[rows])
    for name in source.named("group"):
        shown: Sequence[str] = [source.columns[name].show(int(row)) for row in rows]
        found += slices_of_names(name, shown, whole_groups=True)
    return found


def _of_pictures(prepared: Prepared, sizes: np.ndarray) -> list[Slice]:
    """Return slices by the brightness of pictures, as a share of white, and by their pixels where these differ."""
    step, inputs = prepared.preprocessing.steps[0], prepared.examples["test"].inputs
    found = slices_of_numbers("pixels", sizes.prod(axis=1).astype(np.float64), of_pictures=True)
    if isinstance(step, ImageStep) and isinstance(inputs, torch.Tensor):
        # x = x' deviation + mean, averaged over the pixels of each channel
        channels = inputs.flatten(2).mean(dim=2).double().numpy() * np.array(step.deviation) + np.array(step.mean)
        found += slices_of_numbers("brightness", channels.mean(axis=1), of_pictures=True)
    return found
