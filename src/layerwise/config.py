"""An experiment as typed stages, in the order of the lecture's scheme, and its TOML form.

load -> assign -> split -> preprocess -> model -> train -> evaluate -> view. Each stage is one frozen dataclass and
gets only its own settings. A setting has one name in Python, in TOML and on the command line; names are unique over
all stages, so that the command line can offer them without a prefix.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from layerwise.errors import LayerwiseError, nearest
from layerwise.files import write_text
from layerwise.language import say

__all__ = [
    "STAGES", "Assign", "Evaluate", "Experiment", "Load", "Model", "Preprocess", "Split", "Train", "View",
    "experiment", "fits", "read_experiment", "setting_names", "settings_in", "to_toml", "words", "write_experiment",
]  # fmt: skip


@dataclass(frozen=True)
class Load:
    """Get the data."""

    data: str = ""
    """Path, built-in or named data set."""
    format: str = ""
    """Format of the file, where its content does not tell."""
    exclude_problems: bool = False
    """Go on without the items that cannot be read; they are counted and reported."""
    download: bool = False
    """Fetch a named data set that is not on this machine."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the format: delimiter, encoding, header ..."""


@dataclass(frozen=True)
class Assign:
    """Say what each field is for."""

    target: str = ""
    """Field to predict; chosen and said when left out."""
    task: str = ""
    """What is asked, as the catalogue names it (classify, regress); follows from the target when left out."""
    drop: tuple[str, ...] = ()
    """Fields to leave out."""
    category: tuple[str, ...] = ()
    """Number fields whose values are names, not amounts."""
    id: str = ""
    """Field that names each row; never an input."""
    weight: str = ""
    """Field with the weight of each row."""
    part: str = ""
    """Field that says train, validation or test for each row."""
    group: str = ""
    """Field whose equal values stay in one part (a patient, a speaker)."""
    classes: tuple[str, ...] = ()
    """Only rows of these classes; all when left out."""


@dataclass(frozen=True)
class Split:
    """Divide into training, validation and test part."""

    test: Literal["auto", "split", "training", "none"] = "auto"
    """Where the test part comes from: the data's own, else a split; `training` tests on the training part."""
    test_fraction: float = 1 / 3
    """Share of the rows held out for the test."""
    test_data: str = ""
    """A second path with the test rows."""
    validation_fraction: float = 0.15
    """Share of the remaining rows used to choose when to stop; 0 for none."""
    stratify: bool = True
    """Keep the share of each class (or quarter of the target) in every part."""
    split_seed: int = -1
    """Seed of the split alone, so that other seeds learn from the same rows; -1 takes the run's seed."""


@dataclass(frozen=True)
class Preprocess:
    """Fit on the training part, apply to every part."""

    scale: Literal["auto", "standardise", "min-max", "none"] = "auto"
    """How numbers and pixels are scaled."""
    missing: Literal["impute", "refuse"] = "impute"
    """What happens to missing inputs: the training median or most frequent value, or a stop."""
    image_size: tuple[int, ...] = ()
    """Height and width of every picture; the model's own size when left out."""
    fit: Literal["auto", "pad", "resize"] = "auto"
    """How pictures reach their size; auto pads where at most 4 pixels a side are missing."""
    augment: tuple[str, ...] = ()
    """Random changes of training pictures: shift=2 flip crop=4 rotate=10 brightness=0.2 contrast=0.2 cutout=8."""


@dataclass(frozen=True)
class Model:
    """Choose the network."""

    name: str = ""
    """Name in the catalogue, or a file and class: my_net.py:MyNet; chosen and said when left out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the network, as `layerwise models NAME` lists them."""


@dataclass(frozen=True)
class Train:
    """Set the options of learning."""

    epochs: int = 0
    """How often the training part is gone through; 0 chooses by its size."""
    batch_size: int = 0
    """Examples learned from at once; 0 chooses by the size of the training part."""
    loss: str = "auto"
    """What is minimised: one of the task's losses, its usual one when left out."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"] = "adam"
    """Rule that turns gradients into updates."""
    learning_rate: float = 1e-3
    """Step size."""
    momentum: float = 0.9
    """Share of the last update kept, for momentum and nesterov."""
    weight_decay: float = 0.0
    """Pull of every weight towards zero."""
    clip_norm: float = 0.0
    """Largest length of the whole gradient; 0 for no limit."""
    schedule: Literal["constant", "step", "cosine", "one-cycle", "plateau"] = "constant"
    """How the learning rate changes."""
    step_epochs: int = 10
    """Epochs between two drops of the step schedule."""
    decay: float = 0.1
    """Factor of a drop of the step and plateau schedules."""
    warm_up: float = 0.0
    """Share of all steps over which the learning rate rises from zero."""
    stopping: Literal["validation", "no-errors", "none"] = "validation"
    """Stop when the validation loss no longer falls, when no training example is wrong, or after all epochs."""
    patience: int = 10
    """Epochs without a better validation loss before stopping."""
    seed: int = 0
    """Seed of the split, the starting weights, the order and all noise."""
    device: str = "auto"
    """cpu, cuda or auto."""
    threads: int = 0
    """Processor threads; 0 lets the plan choose."""


@dataclass(frozen=True)
class Evaluate:
    """Measure once on the test part."""

    confidence: float = 0.95
    """Confidence of every interval."""
    resamples: int = 10_000
    """Resamples of an interval that has no formula."""
    baselines: tuple[str, ...] = ("auto",)
    """Simple learners measured beside the network; auto takes the constant answer and a quick classic one."""
    positive: str = ""
    """Class whose sensitivity and specificity are given; the second of two when left out."""


@dataclass(frozen=True)
class View:
    """Open the network on examples."""

    views: tuple[str, ...] = ()
    """Views of the report; all that fit when left out."""
    language: Literal["", "en", "ko"] = ""
    """Language of the report; the locale's when left out."""


@dataclass(frozen=True)
class Experiment:
    """All stages of one experiment."""

    load: Load = Load()
    assign: Assign = Assign()
    split: Split = Split()
    preprocess: Preprocess = Preprocess()
    model: Model = Model()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    view: View = View()


STAGES: dict[str, type] = {
    "load": Load, "assign": Assign, "split": Split, "preprocess": Preprocess,
    "model": Model, "train": Train, "evaluate": Evaluate, "view": View,
}  # fmt: skip
"""Every stage by its name in TOML, in the order of the scheme."""


def setting_names() -> dict[str, str]:
    """Return the stage of every setting that has a plain name on the command line.

    Example:
        >>> setting_names()["learning_rate"]
        'train'
    """
    hidden = {("load", "options"), ("load", "data"), ("model", "name"), ("model", "options")}
    return {
        part.name: stage for stage, kind in STAGES.items() for part in fields(kind) if (stage, part.name) not in hidden
    }


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
    for name, value in settings.items():
        if name not in stages:
            raise LayerwiseError(
                say("A setting is named as in the documentation."), say("unknown setting '{}'", name),
                nearest(name, stages), usage=True,
            )  # fmt: skip
        stage = stages[name]
        changed = replace(changed, **{stage: replace(getattr(changed, stage), **{name: value})})
    _check(changed)
    return changed


def _check(whole: Experiment) -> None:
    """Check every value against its type and the few ranges that mean something."""
    for stage, kind in STAGES.items():
        hints = typing.get_type_hints(kind)
        for part in fields(kind):
            value = getattr(getattr(whole, stage), part.name)
            if not fits(value, hints[part.name]):
                raise _wrong(part.name, value, words(hints[part.name]))
    validation = whole.split.validation_fraction
    ranges: tuple[tuple[str, float, bool, str], ...] = (
        ("test_fraction", whole.split.test_fraction, 0 < whole.split.test_fraction < 1, "0 < share < 1"),
        ("validation_fraction", validation, 0 <= validation < 1, "0 <= share < 1"),
        ("epochs", whole.train.epochs, whole.train.epochs >= 0, "0, 1, 2 ..."),
        ("batch_size", whole.train.batch_size, whole.train.batch_size >= 0, "0, 1, 2 ..."),
        ("learning_rate", whole.train.learning_rate, whole.train.learning_rate > 0, "> 0"),
        ("momentum", whole.train.momentum, 0 <= whole.train.momentum < 1, "0 <= momentum < 1"),
        ("weight_decay", whole.train.weight_decay, whole.train.weight_decay >= 0, ">= 0"),
        ("clip_norm", whole.train.clip_norm, whole.train.clip_norm >= 0, ">= 0"),
        ("warm_up", whole.train.warm_up, 0 <= whole.train.warm_up < 1, "0 <= share < 1"),
        ("step_epochs", whole.train.step_epochs, whole.train.step_epochs >= 1, "1, 2, 3 ..."),
        ("decay", whole.train.decay, 0 < whole.train.decay <= 1, "0 < factor <= 1"),
        ("patience", whole.train.patience, whole.train.patience >= 1, "1, 2, 3 ..."),
        ("split_seed", whole.split.split_seed, whole.split.split_seed >= -1, "-1, 0, 1 ..."),
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
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    if typing.get_origin(hint) is tuple:
        return say("a list of {}", say(names[typing.get_args(hint)[0]]))
    return say(names[hint]) if hint in names else say("a table")


def _wrong(name: str, value: Any, allowed: str) -> LayerwiseError:
    """Say that a value is outside what a setting allows."""
    rule = say("A setting must have a value that it can use.")
    return LayerwiseError(rule, f"{name} = {value!r}", say("{} takes {}.", name, allowed), usage=True)


def to_toml(whole: Experiment) -> str:
    """Write an experiment as TOML, every setting resolved, so that nothing depends on defaults that may change."""
    lines: list[str] = []
    for stage in STAGES:
        table = dataclasses.asdict(getattr(whole, stage))
        options = table.pop("options", {})
        lines += [f"[{stage}]", *(f"{name} = {_toml(value)}" for name, value in (table | dict(options)).items()), ""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """Write one TOML value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        escaped = "".join(f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign for sign in
                          value.replace("\\", "\\\\").replace('"', '\\"'))  # fmt: skip
        return f'"{escaped}"'
    return "[" + ", ".join(_toml(item) for item in value) + "]"


def write_experiment(path: Path, whole: Experiment) -> None:
    """Write an experiment to a TOML file."""
    write_text(path, to_toml(whole))


def read_experiment(path: Path) -> Experiment:
    """Read an experiment from a TOML file; what is left out keeps its default.

    The `run.toml` of a run is one, too; its plan is measured anew.

    Raises:
        LayerwiseError: The file is not TOML, or names a stage or setting that does not exist.
    """
    return from_tables(_tables(path), str(path))


def settings_in(path: Path) -> dict[str, Any]:
    """Return every setting with a plain name that a TOML file names, whether it differs from its default or not.

    Raises:
        LayerwiseError: The file is not TOML.
    """
    stages = setting_names()
    return {
        name: tuple(value) if isinstance(value, list) else value
        for stage, table in _tables(path).items() if isinstance(table, Mapping)
        for name, value in table.items() if stages.get(name) == stage
    }  # fmt: skip


def _tables(path: Path) -> dict[str, Any]:
    """Read the tables of an experiment file."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        rule = say("An experiment file must be there to be read.")
        raise LayerwiseError(rule, f"{path}: {problem.strerror}", say("Check the path."), usage=True) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        rule = say("An experiment file must be TOML in UTF-8.")
        raise LayerwiseError(rule, f"{path}: {problem}", say("Mend that line."), usage=True) from problem
    tables.pop("plan", None)
    return tables


def from_tables(tables: Mapping[str, Any], place: str) -> Experiment:
    """Build an experiment from the tables of a TOML file; names outside the stages are refused."""
    whole = Experiment()
    for stage, table in tables.items():
        if stage not in STAGES or not isinstance(table, Mapping):
            rule = say("An experiment has the stages of the scheme.")
            raise LayerwiseError(rule, f"{place}: [{stage}]", nearest(stage, STAGES), usage=True)
        known = {part.name for part in fields(STAGES[stage])}
        settings = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
        own = {name: value for name, value in settings.items() if name in known}
        others = {name: value for name, value in settings.items() if name not in known}
        if others and "options" not in known:
            name = next(iter(others))
            rule = say("A setting is named as in the documentation.")
            raise LayerwiseError(rule, f"{place}: [{stage}] {name}", nearest(name, known), usage=True)
        if others:
            own["options"] = others
        whole = replace(whole, **{stage: STAGES[stage](**own)})
    _check(whole)
    return whole
