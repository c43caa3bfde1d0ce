"""Learn a network on one fold and measure it, without a run folder: what cross-validation does many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from layerwise.config import Experiment, Model, Train
from layerwise.data.split import Parts, with_validation
from layerwise.models import build
from layerwise.tasks.contract import ClosedForm, Examples, LearnsInStages, Stage, Task
from layerwise.training.augment import Augmentation
from layerwise.training.device import choose_plan, computing_with, convolves
from layerwise.training.state import Plan, prepare
from layerwise.workflow.balance import refuse_balance
from layerwise.workflow.baselines import as_baseline_learns
from layerwise.workflow.learn import Silence, learn
from layerwise.workflow.prepare import Assigned, Prepared, prepare_parts, resolve
from layerwise.workflow.refusals import refuse_task
from layerwise.workflow.stages import augment
from layerwise.workflow.tested import Tested, tested_of

__all__ = ["Tested", "learn_fold", "learn_quietly", "untrained"]


def learn_fold(
    whole: Experiment, model: Model, settings: Mapping[str, Any] | None, found: Assigned, parts: Parts, *, seed: int,
    baseline: bool = False,
) -> Tested:  # fmt: skip
    """Learn on the training rows of a fold alone, and ask about its test rows.

    Preprocessing is fitted on the training rows; a network that learns step by step holds some of them out to stop in
    time, one that is solved at once learns from all.

    Args:
        whole: The experiment.
        model: Which network, with its options.
        settings: Settings the user named; what the network suggests stands behind them. None where all are resolved.
        found: The data.
        parts: Training and test rows of the fold.
        seed: Seed of the starting weights, of the order and of the validation rows.
        baseline: Whether others are compared with it; it learns from the data as they are.

    Raises:
        LayerwiseError: The network does not suit the task or the data.
        KeyboardInterrupt: The user stopped it: a network that has half learned says nothing.
    """
    whole = replace(whole, model=model, train=replace(whole.train, seed=seed))
    refuse_task(model.name, found.task)
    prepared, resolved = prepare_parts(whole, found, parts, settings)
    if baseline:
        prepared = as_baseline_learns(prepared, resolved, model)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        network = _built(prepared, resolved)
        if not baseline:
            refuse_balance(prepared, resolved.train, model.name, network)
        if not isinstance(network, ClosedForm):
            if resolved.split.validation_fraction:
                divided = with_validation(found.source, parts, resolved.split, seed=seed)
                prepared, resolved = prepare_parts(whole, found, divided, settings)
            rows = {part: len(prepared.examples[part]) for part in ("train", "validation")}
            resolved = resolve(resolved, settings or {}, rows["train"], validation=rows["validation"])
        if isinstance(network, ClosedForm):
            network.fit(prepared.examples["train"])
        else:
            change = augment(prepared, resolved.train, resolved.preprocess.augment)
            plan = _plan(network, prepared, resolved)
            learn_quietly(network, prepared.task, prepared.examples, resolved.train, plan, change)
        answers = {part: prepared.task.answer(network, prepared.examples[part]) for part in ("train", "test")}
    return tested_of(prepared, parts, answers)


def untrained(
    whole: Experiment, model: Model, settings: Mapping[str, Any] | None, found: Assigned, parts: Parts
) -> nn.Module:  # fmt: skip
    """Return a network as it would begin to learn from some rows, or refuse it before anything has learned.

    Args:
        whole: The experiment.
        model: Which network, with its options.
        settings: Settings the user named; None where all are resolved.
        found: The data.
        parts: Rows that it would learn from.

    Raises:
        LayerwiseError: The network does not suit the task or the data, or a setting has no effect on it.
    """
    refuse_task(model.name, found.task)
    prepared, resolved = prepare_parts(replace(whole, model=model), found, parts, settings)
    with torch.random.fork_rng(devices=()):
        network = _built(prepared, resolved)
    refuse_balance(prepared, resolved.train, model.name, network)
    return network


def _built(prepared: Prepared, whole: Experiment) -> nn.Module:
    """Build the network for the inputs of a fold."""
    shape = prepared.preprocessing.input_shape
    return build(whole.model.name, shape, prepared.task.outputs(), whole.model.options)


def learn_quietly(
    network: nn.Module, task: Task, examples: Mapping[str, Examples], settings: Train, plan: Plan,
    change: Augmentation | None = None,
) -> None:  # fmt: skip
    """Learn by gradients, stage after stage; nobody is told, and nothing is kept but what the network has learned.

    Args:
        network: The network, at its starting weights.
        task: What is asked.
        examples: Those that are learned from (`train`), and those that choose when to stop (`validation`).
        settings: How to learn, everything resolved.
        plan: How the work is laid out.
        change: Random changes of training pictures, or None.

    Raises:
        KeyboardInterrupt: The user stopped it: a network that has half learned says nothing.
    """
    with computing_with(plan.threads):
        for stage in network.stages() if isinstance(network, LearnsInStages) else (Stage(""),):
            learner = stage.learner or network
            if isinstance(learner, ClosedForm):
                learner.fit(examples["train"])
                continue
            state = prepare(network, task, examples["train"], settings, plan, augment=change, stage=stage)
            if learn(state, examples["validation"], Silence()).reason == "interrupted":
                raise KeyboardInterrupt
    network.cpu().to(memory_format=torch.contiguous_format)


def _plan(network: nn.Module, prepared: Prepared, whole: Experiment) -> Plan:
    """Choose threads and memory format by rule: every weight is used once an example, of a convolution once a place."""
    weights = sum(parameter.numel() for parameter in network.parameters())
    shape = prepared.preprocessing.input_shape
    places = 1 if isinstance(shape, int) or not convolves(network) else shape[-1] * shape[-2]
    return choose_plan(whole.train, weights * places, maps=convolves(network))
