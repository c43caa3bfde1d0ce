"""What is refused before a run folder is made and before an hour of learning, rather than after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from layerwise.catalog import entries, entry
from layerwise.config import Experiment, Split, Train, setting_names
from layerwise.data.kinds import Categories
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models import build
from layerwise.report.contents import one_class
from layerwise.tasks.arrangement import in_streams
from layerwise.tasks.classify import positive_class
from layerwise.tasks.contract import ClosedForm, MakesBatches
from layerwise.workflow.prepare import Prepared

__all__ = [
    "refuse_baselines",
    "refuse_evaluation",
    "refuse_folds_of_processes",
    "refuse_idle_validation",
    "refuse_ineffective",
    "refuse_order",
    "refuse_processes",
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
    if whole.train.stopping == "no-errors" and not one_class(prepared.task):
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


def refuse_idle_validation(name: str, settings: Mapping[str, Any]) -> None:
    """Refuse a validation part for a model that learns from all rows of the folds at once.

    Raises:
        LayerwiseError: A share was named, other than the usual one.
    """
    if settings.get("validation_fraction", Split().validation_fraction) != Split().validation_fraction:
        raise LayerwiseError(
            say("A setting must have an effect."),
            say("'{}' is solved at once and has no {}", name, "validation_fraction"),
            say("Leave {} out.", "--validation-fraction"), usage=True,
        )  # fmt: skip


def refuse_unused(name: str, model: nn.Module, settings: Mapping[str, Any]) -> None:
    """Refuse settings of learning by gradients for a model that is solved at once: none is silently ignored.

    Raises:
        LayerwiseError: Such a setting was named.
    """
    # A run of such a model records the defaults, so that it repeats from its own file.
    others = ("seed", "device", "threads", "class_weights", "class_sampling")
    unused = [
        name for name, default in vars(Train()).items()
        if name not in others and settings.get(name, default) != default
    ]  # fmt: skip
    if isinstance(model, ClosedForm) and unused:
        raise LayerwiseError(
            say("A setting must have an effect."), say("'{}' is solved at once and has no {}", name, unused[0]),
            say("Leave {} out.", "--" + unused[0].replace("_", "-")), usage=True,
        )  # fmt: skip


def refuse_ineffective(whole: Experiment, prepared: Prepared, settings: Mapping[str, Any]) -> None:
    """Refuse settings that change nothing for these data and this task: none is silently ignored.

    Raises:
        LayerwiseError: One was named, with a value that is neither the usual one nor what the model suggests.
    """
    known, source = entries("model"), prepared.source
    suggested = known[whole.model.name].facts.get("train", {}) if whole.model.name in known else {}
    kinds = {source.columns[name].kind for name in source.named("input")}
    spoken = kinds | {source.columns[name].kind for name in source.named("target")}
    train = whole.train
    rule, falls = say("the optimiser is {}", train.optimizer), say("the schedule is {}", train.schedule)
    # What each setting needs, and what is said where it is absent.
    needs = {
        "momentum": (train.optimizer in ("momentum", "nesterov"), rule),
        "smoothing": (train.optimizer == "rmsprop", rule),
        "decay": (train.schedule in ("step", "exponential", "plateau"), falls),
        "step_epochs": (train.schedule in ("step", "exponential"), falls),
        "patience": (train.stopping == "validation" or train.schedule == "plateau",
                     say("learning does not stop by the validation part")),
        "sequence_length": (prepared.examples["train"].arrangement is in_streams, say("the data are no running text")),
        "tokens": ("text" in spoken, say("the data hold no text")),
        "image_size": ("image" in kinds, say("the inputs are no pictures")),
        "fit": ("image" in kinds, say("the inputs are no pictures")),
        "scale": (bool(kinds & {"image", "number"}), say("the inputs are neither numbers nor pictures")),
        "augment": (not isinstance(prepared.task, MakesBatches), say("the learner makes its own data")),
        "near_duplicates": (prepared.parts.divided and whole.split.split_by != "order",
                            say("no rows are divided at random")),
        "classes": ("category" in spoken, say("the target has no classes to choose rows by")),
        "check_labels": (prepared.task.name in ("classify", "regress"),
                         say("the task {} has no class or number for each row", prepared.task.name)),
        "positive": (one_class(prepared.task), say("the task {} has no class of an example", prepared.task.name)),
    }  # fmt: skip
    defaults, stages = Experiment(), setting_names()
    for name, (effective, found) in needs.items():
        usual = getattr(getattr(defaults, stages[name]), name)
        value = settings.get(name, usual)
        if not effective and value not in (usual, suggested.get(name, usual)):
            raise LayerwiseError(
                say("A setting must have an effect."), f"--{name.replace('_', '-')}: {found}",
                say("Leave {} out.", "--" + name.replace("_", "-")), usage=True,
            )  # fmt: skip


def refuse_order(whole: Experiment, prepared: Prepared) -> None:
    """Refuse to hold the last rows out where they are of classes that the training part then lacks.

    Raises:
        LayerwiseError: The rows stand class by class, as photos in folders do.
    """
    names = prepared.source.named("target")
    column = prepared.source.columns[names[0]] if len(names) == 1 else None
    if whole.split.split_by != "order" or not isinstance(column, Categories):
        return
    learned = column.take(prepared.parts.train).counts()
    lacking = [name for name, count in column.counts().items() if count and not learned.get(name)]
    if lacking:
        raise LayerwiseError(
            say("The training part must have examples of every class."),
            say("in their order, the rows it gets hold no '{}' of '{}'", lacking[0], names[0]),
            say("Leave --split-by order out: random rows are then held out."),
        )  # fmt: skip


def refuse_processes(examples: int, processes: int) -> None:
    """Refuse more processes than there are examples to share.

    Raises:
        LayerwiseError: A process would have nothing to learn from.
    """
    if examples < processes:
        raise LayerwiseError(
            say("Every process needs an example to learn from."),
            say("{} training examples for {} processes", examples, processes),
            say("Start fewer: torchrun --nproc-per-node {}", max(1, examples)), usage=True,
        )  # fmt: skip


def refuse_folds_of_processes(processes: int) -> None:
    """Refuse folds where several processes learn together.

    Raises:
        LayerwiseError: There are several.
    """
    if processes > 1:
        raise LayerwiseError(
            say("Folds are learned by one process."), say("{} processes", processes),
            say("Start it without torchrun."), usage=True,
        )  # fmt: skip


def refuse_evaluation(whole: Experiment, prepared: Prepared) -> None:
    """Refuse baselines, a positive class and views that do not exist, before anything is learned.

    Raises:
        LayerwiseError: One of them does not exist or does not suit the task.
    """
    refuse_baselines(whole, prepared)
    if one_class(prepared.task):
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
            raise LayerwiseError(rule, f"baselines = {name}", ", ".join(prepared.task.baselines), usage=True)
