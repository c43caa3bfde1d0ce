"""What is kept of a network that was tested on a fold, and how one that is solved at once is tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from layerwise.config import Experiment
from layerwise.data.split import Parts
from layerwise.models import build
from layerwise.tasks.contract import ClosedForm, Task
from layerwise.workflow.prepare import Assigned, Prepared, prepare_parts

__all__ = ["Tested", "solve_fold", "tested_of"]


@dataclass(frozen=True)
class Tested:
    """What a network answered about the test rows of a fold.

    Args:
        task: What was asked.
        parts: The rows of the fold.
        truths: The targets of its test rows.
        answers: The answers.
        train_truths: The targets of the rows it learned from.
        train_answers: The answers about them.
    """

    task: Task
    parts: Parts
    truths: np.ndarray
    answers: np.ndarray
    train_truths: np.ndarray
    train_answers: np.ndarray


def tested_of(prepared: Prepared, parts: Parts, answers: Mapping[str, np.ndarray]) -> Tested:
    """Put what was answered about the test and training rows of a fold beside what is true.

    Args:
        prepared: Data and task.
        parts: The rows of the fold.
        answers: The answers about the parts `train` and `test`.
    """
    truths = {part: _known(prepared, part) for part in ("train", "test")}
    return Tested(prepared.task, parts, truths["test"], answers["test"], truths["train"], answers["train"])


def solve_fold(whole: Experiment, found: Assigned, parts: Parts, *, seed: int) -> Tested:
    """Learn on a fold with a network that is solved at once; preprocessing is fitted on its training rows.

    Args:
        whole: The experiment, every setting resolved.
        found: The data.
        parts: Training and test rows of the fold.
        seed: Seed of what the network draws.
    """
    prepared, _ = prepare_parts(whole, found, parts, None)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        network = build(
            whole.model.name, prepared.preprocessing.input_shape, prepared.task.outputs(), whole.model.options
        )
        if not isinstance(network, ClosedForm):
            message = f"'{whole.model.name}' is not solved at once"
            raise TypeError(message)
        network.fit(prepared.examples["train"])
        answers = {part: prepared.task.answer(network, prepared.examples[part]) for part in ("train", "test")}
    return tested_of(prepared, parts, answers)


def _known(prepared: Prepared, part: str) -> np.ndarray:
    """Return the targets of a part as they are measured."""
    truths = prepared.examples[part].truths
    if truths is None:
        message = "every row of a comparison has its target"
        raise TypeError(message)
    return truths
