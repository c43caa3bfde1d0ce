"""What is refused before a run folder is made and before an hour of learning, rather than after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from layerwise.catalog import entries, entry
from layerwise.config import Experiment, Train
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models import build
from layerwise.tasks.classify import positive_class
from layerwise.tasks.contract import ClosedForm
from layerwise.workflow.prepare import Prepared

__all__ = [
    "refuse_baselines",
    "refuse_evaluation",
    "refuse_stopping",
    "refuse_task",
    "refuse_unused",
    "refuse_validation",
]


def refuse_task(name: str, task: str) -> None:
    """Refuse a registered network for a task it does not learn.

    Raises:
        LayerwiseError: The network learns other tasks only.
    """
    learns = entries("model")[name].facts.get("task", "").split() if name in entries("model") else [task]
    if task not in learns:
        raise LayerwiseError(
            say("A network must suit the task."), say("'{}' learns {}, the task is {}", name, ", ".join(learns), task),
            say("Networks that suit it: layerwise models --task {}", task), usage=True,
        )  # fmt: skip


def refuse_stopping(whole: Experiment, prepared: Prepared) -> None:
    """Refuse a stopping rule that has nothing to look at.

    Raises:
        LayerwiseError: There is no validation part, or no example can be right or wrong.
    """
    if whole.train.stopping == "validation" and not len(prepared.examples["validation"]):
        raise LayerwiseError(
            say("Stopping by validation needs a validation part."), say("no validation rows"),
            say("Set --validation-fraction, or use --stopping none."), usage=True,
        )  # fmt: skip
    if whole.train.stopping == "no-errors" and prepared.task.name != "classify":
        raise LayerwiseError(
            say("Stopping without errors needs classes."), say("the task is {}", prepared.task.name),
            say("Use --stopping validation or --stopping none."), usage=True,
        )  # fmt: skip


def refuse_validation(whole: Experiment, settings: Mapping[str, Any]) -> None:
    """Refuse a validation part where every row is learned from: none is silently ignored.

    Raises:
        LayerwiseError: A share was named beside `--test training` or `--test none`.
    """
    if whole.split.test in ("training", "none") and settings.get("validation_fraction"):
        raise LayerwiseError(
            say("A setting must have an effect."),
            say("--test {} learns from every row and leaves none for a validation part", whole.split.test),
            say("Leave {} out.", "--validation-fraction"), usage=True,
        )  # fmt: skip


def refuse_unused(name: str, model: nn.Module, settings: Mapping[str, Any]) -> None:
    """Refuse settings of learning by gradients for a model that is solved at once: none is silently ignored.

    Raises:
        LayerwiseError: Such a setting was named.
    """
    # A run of such a model records the defaults, so that it repeats from its own file.
    unused = [
        name for name, default in vars(Train()).items()
        if name not in ("seed", "device", "threads") and settings.get(name, default) != default
    ]  # fmt: skip
    if isinstance(model, ClosedForm) and unused:
        raise LayerwiseError(
            say("A setting must have an effect."), say("'{}' is solved at once and has no {}", name, unused[0]),
            say("Leave {} out.", "--" + unused[0].replace("_", "-")), usage=True,
        )  # fmt: skip


def refuse_evaluation(whole: Experiment, prepared: Prepared) -> None:
    """Refuse baselines, a positive class and views that do not exist, before anything is learned.

    Raises:
        LayerwiseError: One of them does not exist or does not suit the task.
    """
    refuse_baselines(whole, prepared)
    if prepared.task.name == "classify":
        positive_class(prepared.task.classes, whole.evaluate)
    for view in whole.view.views:
        entry("view", view)


def refuse_baselines(whole: Experiment, prepared: Prepared) -> None:
    """Refuse baselines that are no quick classic learners of the task.

    Raises:
        LayerwiseError: A baseline does not exist, learns another task, or learns by gradients.
    """
    for name in whole.evaluate.baselines:
        if name == "auto":
            continue
        entry("model", name)
        refuse_task(name, prepared.task.name)
        if not isinstance(build(name, prepared.preprocessing.input_shape, prepared.task.outputs(), {}), ClosedForm):
            rule = say("A baseline is learned in closed form.")
            raise LayerwiseError(rule, f"baselines = {name}", "majority, mean, knn, logistic, linear", usage=True)
