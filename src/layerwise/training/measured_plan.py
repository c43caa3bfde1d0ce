"""The plan of a long run is measured on a copy of its network before it begins, not guessed.

A short run keeps the plan that rules choose (`device.py`): measuring would cost more than it could bring, and equal
commands give equal weights. The same holds where the number of threads is named, as every recipe names it.
"""

from __future__ import annotations

import copy
import itertools
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from layerwise.config import Train
from layerwise.language import say
from layerwise.tasks.contract import Examples, LearnsInStages, MakesBatches, Task
from layerwise.training.augment import Augmentation
from layerwise.training.device import computing_with, convolves
from layerwise.training.loop import Step, train
from layerwise.training.state import Plan, prepare

__all__ = ["measured_plan"]

SHARE = 0.02
"""Share of the expected run that measuring may take at most."""

BETTER, MUCH_BETTER = 0.95, 0.8
"""Share of the rules' time that another plan may take at most, and one of fewer bits."""

LEAST_RUN, LEAST_UPDATE, LEAST_MULTIPLY_ADD = 20.0, 1.5e-4, 3e-11
"""Seconds of a run that is worth a look, of an update of any network, and of one multiply-add."""

WARM, TIMED, ENOUGH, ROUNDS = 2, 3, 0.15, 2
"""Updates before the clock runs, least number of timed ones, seconds after which there are enough, and rounds."""


def measured_plan(
    model: nn.Module, task: Task, examples: Examples, settings: Train, plan: Plan, *,
    multiply_adds: float, augment: Augmentation | None = None,
) -> Plan:  # fmt: skip
    """Return the fastest plan of a long run, or the given one where measuring would not pay.

    Memory format, threads and, where it is left open, precision are tried one after the other, each beside the best so
    far, alternating. Nothing of the run is touched: neither the network nor a random stream.

    Args:
        model: The network.
        task: What is asked of it.
        examples: The training part.
        settings: Settings of learning; a named number of threads ends all measuring.
        plan: What the rules chose.
        multiply_adds: Multiply-adds of one example.
        augment: Random changes of the inputs, or None.
    """
    updates = settings.epochs * -(-len(examples) // max(settings.batch_size, 1))
    least = updates * (LEAST_UPDATE + 3 * multiply_adds * settings.batch_size * LEAST_MULTIPLY_ADD)
    changing = isinstance(task, MakesBatches) or isinstance(model, LearnsInStages)
    if settings.threads or least < LEAST_RUN or changing:
        return plan
    trials: dict[Plan, list[float]] = {}

    def seconds(tried: Plan) -> float:
        state = prepare(copy.deepcopy(model), task, examples, settings, tried, augment=augment)
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())), computing_with(tried.threads):
            trials.setdefault(tried, []).append(an_update(train(state)))
        return min(trials[tried])

    best, changes = plan, candidates(settings, plan, model)
    # Two plans in every round, each with its first updates.
    cost = len(changes) * ROUNDS * 2 * max(ENOUGH, (WARM + TIMED) * seconds(plan))
    if cost > SHARE * updates * seconds(plan):
        return plan
    for change in changes:
        other = replace(best, **change)
        for _ in range(ROUNDS):
            slower = seconds(other) > (MUCH_BETTER if "precision" in change else BETTER) * seconds(best)
        best = best if slower else other
    return replace(best, trials=tuple(said(tried, min(times)) for tried, times in trials.items()))


def candidates(settings: Train, plan: Plan, model: nn.Module) -> list[dict[str, Any]]:
    """Return the changes of a plan that are tried, in turn; what the user named is not changed."""
    tried: list[dict[str, Any]] = []
    if settings.memory_format == "auto" and convolves(model):
        other = "contiguous" if plan.memory_format == "channels-last" else "channels-last"
        tried.append({"memory_format": other})
    cores = torch.get_num_threads()
    if plan.device == "cpu" and cores > 1:
        tried.append({"threads": 1 if plan.threads > 1 else cores})
    if settings.precision == "auto":
        tried.append({"precision": "bfloat16"})
    return tried


def an_update(steps: Iterator[Step]) -> float:
    """Return the median seconds of an update."""
    for _ in itertools.islice(steps, WARM):
        pass
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < TIMED or sum(times) < ENOUGH:
        if next(steps, None) is None:
            break
        ended = time.perf_counter()
        times.append(ended - began)
        began = ended
    return statistics.median(times)


def said(plan: Plan, seconds: float) -> str:
    """Say what a plan took."""
    threads, layout, precision = plan.threads, plan.memory_format, plan.precision
    return say("threads: {}, {}, {}: {:.2f} ms an update", threads, layout, precision, 1000 * seconds)
