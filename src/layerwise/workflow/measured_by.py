"""How a run is to be measured: WEKA's four test options, and which settings contradict the one that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layerwise.catalog import entry
from layerwise.config import Experiment, Split
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["refuse_folds", "refuse_given", "refuse_test_options"]


def refuse_test_options(whole: Experiment) -> None:
    """Refuse settings that contradict the way a run is to be measured: none is silently ignored.

    The training rows themselves (`--test training`), other data (`--test-data`), a share of the rows
    (`--test split --test-fraction`), or folds (`--folds`).

    Args:
        whole: The experiment as it was asked for.

    Raises:
        LayerwiseError: Two ways are asked for at once, or a setting of one that is not chosen.
    """
    split, usual = whole.split, Split()
    folds, learned = say("the figures come from folds"), say("every row is learned from")
    everything = split.test in ("training", "none")
    # What is named, whether it contradicts what else is, and what is said then.
    contradictions = (
        ("repeats", split.repeats > 1 and not split.folds, say("rows are dealt into folds only with --folds")),
        ("test", bool(split.folds) and split.test != "auto", folds),
        ("test_data", bool(split.folds and split.test_data), folds),
        ("test_fraction", bool(split.folds) and split.test_fraction != usual.test_fraction, folds),
        ("split_by", bool(split.folds) and split.split_by == "order", folds),
        ("test_data", everything and bool(split.test_data), learned),
        ("test_fraction", everything and split.test_fraction != usual.test_fraction, learned),
        ("split_by", everything and split.split_by == "time", learned),
        ("test_data", split.test == "split" and bool(split.test_data), say("--test split divides the data themselves")),
        ("test_fraction", bool(split.test_data) and split.test_fraction != usual.test_fraction,
         say("the test part is that of --test-data")),
    )  # fmt: skip
    for name, contradicts, found in contradictions:
        if contradicts:
            raise _without_effect(name, found)


def refuse_given(whole: Experiment, settings: Mapping[str, Any], origin: str) -> None:
    """Refuse settings of a random split where the test part is given, or the last one in time.

    Args:
        whole: The experiment, its split settled.
        settings: Settings the user named.
        origin: Where the test part comes from.

    Raises:
        LayerwiseError: One was named.
    """
    named = settings.get("test_fraction", Split().test_fraction)
    if origin == "own" and named != Split().test_fraction:
        raise _without_effect("test_fraction", say("the data name their test part"))
    if settings.get("stratify") and whole.split.split_by == "time" and whole.split.test in ("auto", "split"):
        raise _without_effect("stratify", say("the rows are divided by time"))


def refuse_folds(whole: Experiment, task: str) -> None:
    """Refuse folds where they cannot be dealt.

    Args:
        whole: The experiment, its split settled.
        task: What is asked.

    Raises:
        LayerwiseError: The task predicts neither classes, labels nor numbers, or rows in time are to be dealt twice.
    """
    if entry("task", task).facts["target"] not in ("category", "number", "labels"):
        raise LayerwiseError(
            say("Folds are for classes, labels and numbers."), say("the task is {}", task),
            say("Leave {} out.", "--folds"), usage=True,
        )  # fmt: skip
    if whole.split.split_by == "time" and whole.split.repeats > 1:
        raise _without_effect("repeats", say("folds in time can be made in one way only"))


def _without_effect(name: str, found: str) -> LayerwiseError:
    """Say which setting has no effect, and why."""
    flag = "--" + name.replace("_", "-")
    return LayerwiseError(
        say("A setting must have an effect."), f"{flag}: {found}", say("Leave {} out.", flag), usage=True
    )
