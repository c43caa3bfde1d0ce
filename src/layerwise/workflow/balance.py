"""Classes of unequal size: what has no effect on them is refused, and a threshold is chosen when learning is over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import nn

from layerwise.catalog import entries
from layerwise.config import Evaluate, Experiment, Train
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.report.contents import one_class
from layerwise.report.words import metric
from layerwise.runs.folder import RunFolder
from layerwise.tasks.arrangement import shuffled
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import ChoosesThreshold, ClosedForm, Examples
from layerwise.tasks.supervised import weights_of
from layerwise.workflow.prepare import Prepared

__all__ = ["as_baselines_learn", "decide", "refuse_balance", "refuse_threshold"]


def refuse_balance(prepared: Prepared, train: Train, name: str, model: nn.Module) -> None:
    """Refuse class weights and balanced sampling where they change nothing, or both at once.

    Args:
        prepared: The data.
        train: Settings of learning.
        name: Name of the network.
        model: The network.

    Raises:
        LayerwiseError: The task has no class of an example, or the network cannot use the weights.
    """
    named = [
        f"--{setting} {value}" for setting, value in (("class-weights", train.class_weights),
        ("class-sampling", train.class_sampling)) if value == "balanced"
    ]  # fmt: skip
    if not named:
        return
    remedy = say("Leave {} out.", named[-1])
    if not one_class(prepared.task):
        found = say("the task {} has no class of an example", prepared.task.name)
        raise LayerwiseError(say("A setting must have an effect."), f"{named[0]}: {found}", remedy, usage=True)
    if len(named) > 1:
        rule = say("Classes are balanced in one way: by weights or by sampling.")
        raise LayerwiseError(rule, " ".join(named), remedy, usage=True)
    if not isinstance(model, ClosedForm):
        return
    known = entries("model")
    if train.class_sampling == "balanced":
        found = say("'{}' is solved at once and sees every example once", name)
        raise LayerwiseError(say("A setting must have an effect."), f"{named[0]}: {found}", remedy, usage=True)
    if name in known and not known[name].facts.get("class_weights"):
        found = say("'{}' answers alike whatever its classes weigh", name)
        able = ", ".join(word for word, part in known.items() if part.facts.get("class_weights"))
        remedy += " " + say("Networks solved at once that use them: {}.", able)
        raise LayerwiseError(say("A setting must have an effect."), f"{named[0]}: {found}", remedy, usage=True)


def refuse_threshold(whole: Experiment, prepared: Prepared) -> None:
    """Refuse to choose a threshold where there are not two classes, or no validation rows of both.

    Raises:
        LayerwiseError: See above; or it is said what a threshold is best for that is not chosen.
    """
    settings = whole.evaluate
    if settings.decision_threshold == "half":
        if settings.threshold_for != Evaluate().threshold_for:
            raise LayerwiseError(
                say("A setting must have an effect."), say("--threshold-for: no threshold is chosen"),
                say("Add --decision-threshold validation, or leave it out."), usage=True,
            )  # fmt: skip
        return
    rule = say("A threshold is chosen between two classes, on validation rows of both.")
    if prepared.dealt:
        found = say("a run that is measured by folds has a validation part in each")
        raise LayerwiseError(
            rule, f"--decision-threshold validation: {found}", say("Leave {} out.", "--decision-threshold"), usage=True
        )
    if not isinstance(prepared.task, ChoosesThreshold) or len(prepared.task.classes) != 2:
        found = say("the task {} with {} classes", prepared.task.name, len(prepared.task.classes))
        raise LayerwiseError(
            rule, f"--decision-threshold validation: {found}", say("Leave {} out.", "--decision-threshold"), usage=True
        )
    truths = prepared.examples["validation"].truths
    counts = np.bincount(truths if truths is not None else [], minlength=2)
    if not counts.all():
        found = say("{} validation rows, of the rarer class {}", int(counts.sum()), int(counts.min()))
        remedy = say("Set --validation-fraction to a larger share, or use --decision-threshold half.")
        raise LayerwiseError(rule, f"--decision-threshold validation: {found}", remedy, usage=True)


def decide(model: nn.Module, prepared: Prepared, whole: Experiment, folder: RunFolder) -> Prepared:
    """Choose the threshold on the validation part, where that is asked for, and note it in the run folder.

    Args:
        model: The network as it was learned.
        prepared: The data; no row of the test part is looked at.
        whole: The experiment.
        folder: The run.
    """
    task, validation = prepared.task, prepared.examples["validation"]
    if (
        whole.evaluate.decision_threshold == "half"
        or not isinstance(task, ChoosesThreshold)
        or validation.truths is None
    ):
        return prepared
    task = task.decided(validation.truths, task.answer(model, validation), whole.evaluate)
    reasons = prepared.reasons
    if isinstance(task, Classify) and task.threshold is not None:
        reasons = (*reasons, say(
            "Threshold: '{}' is answered from probability {:.4g} on, best for {} on {} validation rows, {} of '{}'.",
            task.positive, task.threshold, metric(whole.evaluate.threshold_for.replace("-", "_")), len(validation),
            int((validation.truths == task.classes.index(task.positive)).sum()), task.positive,
        ))  # fmt: skip
    folder.write("data.json", folder.read("data.json") | {"task": task.to_json(), "reasons": list(reasons)})
    return replace(prepared, task=task, reasons=reasons)


def as_baselines_learn(prepared: Prepared) -> Prepared:
    """Return the data as baselines take them: weights and order of the data, and the most probable class answered."""
    task, train = prepared.task, prepared.examples["train"]
    if not isinstance(task, ChoosesThreshold):
        return prepared
    weights = weights_of(prepared.source)
    own = None if weights is None else weights[prepared.parts.train]
    examples: dict[str, Examples] = {**prepared.examples, "train": replace(train, weights=own, arrangement=shuffled)}
    return replace(prepared, task=task.undecided(), examples=examples)
