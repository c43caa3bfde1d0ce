"""Set and check settings: every value against its type and the few ranges that mean something."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal

from layerwise.config.stages import STAGES, Experiment, setting_names
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["experiment", "fits", "words"]


def experiment(settings: Mapping[str, Any], *, start: Experiment | None = None) -> Experiment:
    """Set plain-named settings on an experiment, each checked.

    Args:
        settings: Values by setting name: `{"epochs": 5, "target": "outcome"}`.
        start: What is changed; the defaults when left out.

    Raises:
        LayerwiseError: A name is unknown (the nearest is named) or a value does not fit.
    """
    changed = start or Experiment()
    stages = setting_names()
    for name, given in settings.items():
        if name not in stages:
            raise LayerwiseError(
                say("A setting is named as in the documentation."), say("unknown setting '{}'", name),
                nearest(name, stages), usage=True,
            )  # fmt: skip
        stage, value = stages[name], _plainest(given) if name == "target" else given
        changed = replace(changed, **{stage: replace(getattr(changed, stage), **{name: value})})
    check(changed)
    return changed


def _plainest(target: Any) -> Any:
    """Return a list of one target as that target: one experiment is written in one way."""
    listed = tuple(target) if isinstance(target, list | tuple) else target
    return listed[0] if isinstance(listed, tuple) and len(listed) == 1 else listed


def check(whole: Experiment) -> None:
    """Check every value against its type and the few ranges that mean something."""
    for stage, kind in STAGES.items():
        hints = typing.get_type_hints(kind)
        for part in fields(kind):
            value = getattr(getattr(whole, stage), part.name)
            if not fits(value, hints[part.name]):
                raise _wrong(part.name, value, words(hints[part.name]))
    validation, prepare, grams = whole.split.validation_fraction, whole.preprocess, whole.preprocess.text_ngrams
    ranges: tuple[tuple[str, object, bool, str], ...] = (
        ("test_fraction", whole.split.test_fraction, 0 < whole.split.test_fraction < 1, "0 < share < 1"),
        ("validation_fraction", validation, 0 <= validation < 1, "0 <= share < 1"),
        ("intervals", prepare.intervals, 2 <= prepare.intervals <= 1000, "2 to 1000"),
        ("rare", prepare.rare, prepare.rare >= 0, "0, 1, 2 ..."),
        ("text_features", prepare.text_features, prepare.text_features >= 1, "1, 2, 3 ..."),
        ("text_ngrams", grams, not grams or (len(grams) == 2 and 1 <= grams[0] <= grams[1] <= 10), "1 2, 3 5 ..."),
        ("epochs", whole.train.epochs, whole.train.epochs >= 0, "0, 1, 2 ..."),
        ("batch_size", whole.train.batch_size, whole.train.batch_size >= 0, "0, 1, 2 ..."),
        ("learning_rate", whole.train.learning_rate, whole.train.learning_rate > 0, "> 0"),
        ("momentum", whole.train.momentum, 0 <= whole.train.momentum < 1, "0 <= momentum < 1"),
        ("weight_decay", whole.train.weight_decay, whole.train.weight_decay >= 0, ">= 0"),
        ("clip_norm", whole.train.clip_norm, whole.train.clip_norm >= 0, ">= 0"),
        ("clip_value", whole.train.clip_value, whole.train.clip_value >= 0, ">= 0"),
        ("smoothing", whole.train.smoothing, 0 <= whole.train.smoothing < 1, "0 <= share < 1"),
        ("sequence_length", whole.train.sequence_length, 1 <= whole.train.sequence_length <= 10_000, "1 to 10000"),
        ("accumulate", whole.train.accumulate, whole.train.accumulate >= 1, "1, 2, 3 ..."),
        ("checkpoint_seconds", whole.train.checkpoint_seconds, whole.train.checkpoint_seconds >= 0, ">= 0"),
        ("warm_up", whole.train.warm_up, 0 <= whole.train.warm_up < 1, "0 <= share < 1"),
        ("step_epochs", whole.train.step_epochs, whole.train.step_epochs >= 1, "1, 2, 3 ..."),
        ("decay", whole.train.decay, 0 < whole.train.decay <= 1, "0 < factor <= 1"),
        ("patience", whole.train.patience, whole.train.patience >= 1, "1, 2, 3 ..."),
        ("split_seed", whole.split.split_seed, whole.split.split_seed >= -1, "-1, 0, 1 ..."),
        ("folds", whole.split.folds, whole.split.folds == 0 or whole.split.folds >= 2, "0, 2, 3 ..."),
        ("repeats", whole.split.repeats, whole.split.repeats >= 1, "1, 2, 3 ..."),
        ("seed", whole.train.seed, whole.train.seed >= 0, "0, 1, 2 ..."),
        ("threads", whole.train.threads, whole.train.threads >= 0, "0, 1, 2 ..."),
        ("confidence", whole.evaluate.confidence, 0 < whole.evaluate.confidence < 1, "0 < share < 1"),
        ("resamples", whole.evaluate.resamples, whole.evaluate.resamples >= 100, ">= 100"),
    )  # fmt: skip
    for name, value, holds, allowed in ranges:
        if not holds:
            raise _wrong(name, value, allowed)


def fits(value: Any, hint: Any) -> bool:
    """Say whether a value has the type that a setting's or an option's annotation names.

    Example:
        >>> fits((64, 32), tuple[int, ...]), fits("64", int), fits(True, int), fits(1, float)
        (True, False, False, True)
    """
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(item, parts[0]) for item in value)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if origin is not None:
        return isinstance(value, Mapping)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


def words(hint: Any) -> str:
    """Name what an annotation allows, in words for people.

    Example:
        >>> words(Literal["sgd", "adam"]), words(tuple[int, ...])
        ("'sgd' | 'adam'", 'a list of a whole number')
    """
    if typing.get_origin(hint) is Literal:
        return " | ".join(repr(choice) for choice in typing.get_args(hint))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " | ".join(words(part) for part in typing.get_args(hint))
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    if typing.get_origin(hint) is tuple:
        return say("a list of {}", say(names[typing.get_args(hint)[0]]))
    return say(names[hint]) if hint in names else say("a table")


def _wrong(name: str, value: Any, allowed: str) -> LayerwiseError:
    """Say that a value is outside what a setting allows."""
    rule = say("A setting must have a value that it can use.")
    return LayerwiseError(rule, f"{name} = {value!r}", say("{} takes {}.", name, allowed), usage=True)
