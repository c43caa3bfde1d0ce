"""The first half of an experiment: load, assign, split, preprocess. Nothing here learns from the test part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from layerwise.catalog import entries, find
from layerwise.config import Experiment
from layerwise.data.assign import assign, guess_model
from layerwise.data.kinds import Numbers
from layerwise.data.open import open_source
from layerwise.data.preprocess import Preprocessing, fit
from layerwise.data.source import Source
from layerwise.data.split import Parts, divide
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.tasks.contract import Examples, Task

__all__ = ["Prepared", "prepare_data"]


@dataclass(frozen=True)
class Prepared:
    """Data ready to be learned from, and how they became so.

    Args:
        source: All rows with their roles.
        parts: Rows of each part.
        preprocessing: Steps fitted on the training part.
        task: What is asked.
        examples: The examples of each part, by its name.
        reasons: What was chosen, in sentences.
    """

    source: Source
    parts: Parts
    preprocessing: Preprocessing
    task: Task
    examples: Mapping[str, Examples]
    reasons: tuple[str, ...]


def prepare_data(whole: Experiment, data: Any) -> tuple[Prepared, Experiment]:
    """Load, assign, split and preprocess; returns the experiment with its model chosen.

    Args:
        whole: The experiment.
        data: A path or name, or the data themselves: arrays, tensors, a frame, a source.
    """
    source = open_source(
        data, format=whole.load.format, options=whole.load.options,
        exclude_problems=whole.load.exclude_problems, download=whole.load.download, category=whole.assign.category,
    )  # fmt: skip
    source = _join_test_data(source, whole)
    source, excluded = _exclude_missing_targets(source, whole)
    source, task_name, reasons = assign(source, whole.assign)
    split_seed = whole.split.split_seed if whole.split.split_seed >= 0 else whole.train.seed
    parts = divide(source, whole.split, seed=split_seed)
    if not whole.model.name:
        name, reason = guess_model(source, task_name)
        whole = replace(whole, model=replace(whole.model, name=name))
        reasons = (*reasons, reason)
    preprocessing = fit(source, parts.train, whole.preprocess, image=_drawn_for(whole.model.name))
    task: Task = find("task", task_name).of(source, parts.train, whole.train.loss)
    inputs = torch.from_numpy(preprocessing.apply(source))
    targets = task.targets(source)
    weights = _weights(source)
    ids = source.ids()
    examples = {}
    for part in ("train", "validation", "test"):
        rows = getattr(parts, part)
        index = torch.from_numpy(np.asarray(rows))
        part_weights = None if weights is None else weights[index]
        examples[part] = Examples(inputs[index], targets[index], tuple(ids[row] for row in rows), part_weights)
    return Prepared(source, parts, preprocessing, task, examples, (*excluded, *reasons)), whole


def _drawn_for(model: str) -> tuple[int, int, int] | None:
    """Return the picture a registered network is drawn for."""
    known = entries("model")
    return known[model].facts.get("image") if model in known else None


def _join_test_data(source: Source, whole: Experiment) -> Source:
    """Append a supplied test set, its rows marked as the test part."""
    if not whole.split.test_data:
        return source
    from layerwise.data.join import joined

    test = open_source(
        whole.split.test_data, format=whole.load.format, options=whole.load.options,
        exclude_problems=whole.load.exclude_problems, download=False,
    )  # fmt: skip
    return joined(source, test)


def _exclude_missing_targets(source: Source, whole: Experiment) -> tuple[Source, tuple[str, ...]]:
    """Leave rows without a target out where the user asked for it, counted."""
    name = whole.assign.target
    if not whole.load.exclude_problems or name not in source.columns:
        return source, ()
    missing = source.columns[name].missing()
    if not missing.any():
        return source, ()
    sentence = say("{} rows without '{}' were left out.", int(missing.sum()), name)
    return source.take(np.flatnonzero(~missing)), (sentence,)


def _weights(source: Source) -> torch.Tensor | None:
    """Return the weight of each row.

    Raises:
        LayerwiseError: A weight is missing or negative, or the field holds no numbers.
    """
    names = source.named("weight")
    if not names:
        return None
    column = source.columns[names[0]]
    if not isinstance(column, Numbers) or not (column.values >= 0).all():
        raise LayerwiseError(
            say("Weights are numbers of at least 0."), say("'{}' holds others", names[0]), say("Mend that field.")
        )
    return torch.from_numpy(column.values.astype(np.float32))
