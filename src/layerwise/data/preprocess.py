"""Turn typed columns into the numbers a network takes: fitted on the training rows, applied to every row.

A fitted preprocessing is a list of plain steps that is saved with the run as JSON, so that new data are treated
exactly as the training data were.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from layerwise.config import Preprocess
from layerwise.data.discretise import IntervalStep, fit_intervals
from layerwise.data.image_step import ImageStep, fit_images, other_kind
from layerwise.data.kinds import Categories, Column, Images, Numbers, Texts
from layerwise.data.rare_names import CategoryStep, fit_categories
from layerwise.data.select_features import Selection, fit_selection
from layerwise.data.source import Source
from layerwise.data.suspected_roles import suspected_time
from layerwise.data.text_vectors import TfIdfStep, fit_tf_idf, holds_dates
from layerwise.data.tokens import TextStep, fit_text
from layerwise.data.unused_settings import refuse_unused_settings
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["CategoryStep", "ImageStep", "IntervalStep", "NumberStep", "Preprocessing", "TfIdfStep", "fit"]


@dataclass(frozen=True)
class NumberStep:
    """One number field: missing values become `fill`, then x' = (x - shift) / scale."""

    field: str
    fill: float
    shift: float
    scale: float
    missing: int
    kind: str = "number"

    def names(self) -> list[str]:
        """Return the name of the one input this field becomes."""
        return [self.field]

    def apply(self, column: Column) -> np.ndarray:
        """Return `(rows, 1)`."""
        if not isinstance(column, Numbers):
            raise other_kind(self.field, "number", column.kind)
        values = np.where(np.isnan(column.values), self.fill, column.values)
        return ((values - self.shift) / self.scale)[:, None]


Step = NumberStep | IntervalStep | CategoryStep | ImageStep | TextStep | TfIdfStep
STEPS: dict[str, Callable[..., Step]] = {
    "number": NumberStep, "interval": IntervalStep, "category": CategoryStep, "image": ImageStep, "text": TextStep,
    "tf-idf": TfIdfStep,
}  # fmt: skip


@dataclass(frozen=True)
class Preprocessing:
    """The fitted steps of all input fields, and which of the inputs they make are kept; all where none was selected."""

    steps: tuple[Step, ...]
    selection: Selection | None = None

    @property
    def input_shape(self) -> int | tuple[int, int, int]:
        """One example: number of features, channels, height and width, or size of the vocabulary."""
        first = self.steps[0]
        if isinstance(first, TextStep):
            return first.size
        if isinstance(first, ImageStep):
            return first.channels, first.height, first.width
        return len(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each input feature."""
        every = self.all_names
        return every if self.selection is None else tuple(every[place] for place in self.selection.keep)

    @property
    def all_names(self) -> tuple[str, ...]:
        """Name of each input feature, also of those that were not kept."""
        return tuple(name for step in self.steps for name in step.names())

    @property
    def used(self) -> list[tuple[Step, np.ndarray]]:
        """Each step of which an input is kept, with the places of these among its own; others need not be in new data.

        Example:
            >>> steps = (NumberStep("a", 0.0, 0.0, 1.0, 0), NumberStep("b", 0.0, 0.0, 1.0, 0))
            >>> [step.field for step, _ in Preprocessing(steps, Selection((1,), ())).used]
            ['b']
        """
        sizes = [len(step.names()) for step in self.steps]
        ends = np.cumsum(sizes)
        keep = np.arange(ends[-1]) if self.selection is None else np.array(self.selection.keep, dtype=np.int64)
        own = [keep[(keep >= end - size) & (keep < end)] - (end - size) for size, end in zip(sizes, ends, strict=True)]
        return [(step, places) for step, places in zip(self.steps, own, strict=True) if len(places)]

    @property
    def imputed(self) -> dict[str, int]:
        """Number of missing training values filled in each field that had any."""
        counted = [step for step in self.steps if isinstance(step, NumberStep | IntervalStep | CategoryStep)]
        return {step.field: step.missing for step in counted if step.missing}

    def apply(self, source: Source) -> np.ndarray | list[np.ndarray]:
        """Return float32 inputs, `(rows, features)` or `(rows, channels, height, width)`; of texts their symbols.

        Raises:
            LayerwiseError: A field is missing or of another kind than in training.
        """
        used = self.used
        missing = [step.field for step, _ in used if step.field not in source.columns]
        if missing:
            pictures = isinstance(self.steps[0], ImageStep)
            raise LayerwiseError(
                say("New data need every field the network was trained on."),
                say("'{}' lacks {}", source.origin, ", ".join(f"'{name}'" for name in missing)),
                say("Give the pictures themselves, or the folder that a table names them in: --images FOLDER")
                if pictures else nearest(missing[0], source.columns),
            )  # fmt: skip
        first = self.steps[0]
        if isinstance(first, TextStep):
            return first.encoded(source.columns[first.field])
        parts = []
        for step, places in used:
            if not isinstance(step, TextStep):
                values = step.apply(source.columns[step.field])
                parts.append(values if self.selection is None else values[:, places])
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1, dtype=np.float32)
        return np.ascontiguousarray(whole, dtype=np.float32)

    def pictures(self, source: Source) -> tuple[ImageStep, Images] | None:
        """Return how pictures are prepared, and those of some data; None where the inputs are no pictures."""
        step = self.steps[0]
        column = source.columns.get(step.field)
        return (step, column) if isinstance(step, ImageStep) and isinstance(column, Images) else None

    def to_json(self) -> list[dict[str, Any]]:
        """Return the steps as plain values, the selection behind them."""
        return [asdict(step) for step in (*self.steps, *([] if self.selection is None else [self.selection]))]

    @classmethod
    def from_json(cls, steps: list[Mapping[str, Any]]) -> Preprocessing:
        """Rebuild the steps from plain values."""
        rebuilt, selection = [], None
        for step in steps:
            if step["kind"] == "selection":
                selection = Selection.from_json(step)
                continue
            values = {name: tuple(value) if isinstance(value, list) else value for name, value in step.items()}
            rebuilt.append(STEPS[step["kind"]](**values))
        return cls(tuple(rebuilt), selection)


def fit(
    source: Source, training: np.ndarray, settings: Preprocess, *, image: tuple[int, int, int] | None = None,
    texts: bool = False,
) -> Preprocessing:  # fmt: skip
    """Fit the steps of every input field on the training rows alone.

    Args:
        source: All rows; only the training rows are looked at.
        training: Rows of the training part.
        settings: How to scale or cut, what to select, and what to do about missing values, rare names and text.
        image: Channels, height and width the network is drawn for, or None.
        texts: Whether the task reads texts.

    Raises:
        LayerwiseError: There is no usable input, a field cannot be used, or values are missing and must not be.
    """
    names = source.named("input")
    columns = {name: source.columns[name].take(training) for name in names}
    _check_inputs(source, columns, settings, texts=texts)
    refuse_unused_settings(settings, {column.kind for column in columns.values()}, texts=texts)
    targets = [source.columns[name].take(training) for name in source.named("target")]
    steps: list[Step] = []
    for name, column in columns.items():
        if settings.missing == "refuse" and source.columns[name].missing().any():
            raise _refuse_missing(source, name)
        if isinstance(column, Numbers):
            steps.append(_fit_numbers(name, column, settings, targets))
        elif isinstance(column, Categories):
            steps.append(fit_categories(name, column, settings.rare))
        elif isinstance(column, Texts):
            steps.append(fit_text(name, column, settings.tokens) if texts else fit_tf_idf(name, column, settings))
        elif isinstance(column, Images):
            steps.append(fit_images(name, column, source.columns[name], settings, image))
    return _selected(Preprocessing(tuple(steps)), columns, targets, settings)


def _selected(
    whole: Preprocessing, columns: Mapping[str, Column], targets: Sequence[Column], settings: Preprocess
) -> Preprocessing:
    """Select inputs where that was asked for; refuse a table of which no input is left.

    Args:
        whole: The fitted steps.
        columns: The training cells of the inputs.
        targets: Those of the targets.
        settings: How to select.
    """
    if not whole.names:
        raise _refuse_uncut(columns, settings)
    if not settings.select:
        return whole
    parts = [step.apply(columns[step.field]) for step in whole.steps if not isinstance(step, TextStep)]
    # A number was divided by its scale; intervals, names and words are in their own unit.
    units = [step.scale if isinstance(step, NumberStep) else 1.0 for step in whole.steps for _ in step.names()]
    return replace(
        whole, selection=fit_selection(np.concatenate(parts, axis=1), np.array(units), targets, settings.select)
    )


def _refuse_uncut(columns: Mapping[str, Column], settings: Preprocess) -> LayerwiseError:
    """Say why no number could be cut, so that none became an input."""
    numbers = [column.values[~column.missing()] for column in columns.values() if isinstance(column, Numbers)]
    if all(values.min() == values.max() for values in numbers):
        found, remedy = say("every number has one value throughout"), say("Give inputs that vary.")
    elif settings.discretise == "equal-frequency":
        found = say("one value stands in so many rows of each number that no border of equal frequency divides it")
        remedy = say("Use --discretise equal-width.")
    else:
        found = say("no cut of a number is worth its description")
        remedy = say("Use --discretise equal-width or equal-frequency.")
    return LayerwiseError(say("A network needs at least one input."), found, remedy, usage=True)


def _check_inputs(source: Source, columns: Mapping[str, Column], settings: Preprocess, *, texts: bool) -> None:
    """Refuse inputs that no step can use, naming the flag that leaves them out."""
    if not columns:
        raise LayerwiseError(
            say("A network needs at least one input."), say("'{}' has no input field left", source.name),
            say("Drop fewer fields."),
        )  # fmt: skip
    free = [name for name, column in columns.items() if column.kind == "text"]
    dates = [name for name in free if holds_dates(columns[name])]
    stay = dates if settings.texts == "tf-idf" else free
    if stay and not texts:
        leave = say("Leave them out with {}.", " ".join(f"--drop {shlex.quote(name)}" for name in stay))
        time = suspected_time(source, source.named("target"))
        if time:
            leave += " " + say("The rows follow '{}': --time {} tests on the last of them.", time, shlex.quote(time))
        raise LayerwiseError(
            say("A table network takes numbers and categories."),
            say("free text or dates in {}", ", ".join(f"'{name}'" for name in stay)),
            leave if len(dates) == len(stay) else f"{say('Read text with --texts tf-idf.')} {leave}",
        )
    if texts and (len(free) != 1 or len(columns) != 1):
        others = [name for name in columns if name not in free[:1]]
        raise LayerwiseError(
            say("A network of texts takes one text field."),
            say("the inputs are {}", ", ".join(f"'{name}'" for name in columns)),
            say("Leave them out with {}.", " ".join(f"--drop {name}" for name in others)) if free
            else say("Give it a text file, or choose another model: layerwise models"), usage=True,
        )  # fmt: skip
    images = [name for name, column in columns.items() if column.kind == "image"]
    if images and len(columns) > 1:
        others = [name for name in columns if name != images[0]]
        raise LayerwiseError(
            say("A network takes pictures or a table, not both."),
            say("'{}' beside {}", images[0], ", ".join(f"'{name}'" for name in others)),
            say("Leave them out with {}.", " ".join(f"--drop {name}" for name in others)),
        )  # fmt: skip


def _fit_numbers(
    name: str, column: Numbers, settings: Preprocess, targets: Sequence[Column]
) -> NumberStep | IntervalStep:
    """Fit one number field: median for what is missing; then intervals, or mean and deviation or range."""
    missing = column.missing()
    present = column.values[~missing]
    if not len(present):
        raise LayerwiseError(
            say("An input needs at least one value in the training part."), say("'{}' is empty", name),
            say("Leave it out with --drop {}.", name),
        )  # fmt: skip
    if settings.discretise != "none":
        return fit_intervals(name, column, settings, targets[0] if len(targets) == 1 else None)
    fill = float(np.median(present))
    filled = np.where(missing, fill, column.values)
    if settings.scale == "none":
        return NumberStep(name, fill, 0.0, 1.0, int(missing.sum()))
    if filled.min() == filled.max():
        # A constant field carries nothing: it stays at zero. Its standard deviation may be a rounding error, not zero.
        return NumberStep(name, fill, float(filled[0]), 1.0, int(missing.sum()))
    if settings.scale == "min-max":
        shift, scale = float(filled.min()), float(filled.max() - filled.min())
    else:
        shift, scale = float(filled.mean()), float(filled.std())
    return NumberStep(name, fill, shift, scale, int(missing.sum()))


def _refuse_missing(source: Source, name: str) -> LayerwiseError:
    """Say where values are missing, when they must not be."""
    rows = np.flatnonzero(source.columns[name].missing())
    shown = ", ".join(source.place(int(row)) for row in rows[:5])
    return LayerwiseError(
        say("With --missing refuse every input must have a value."),
        say("'{}' lacks {} values: {}", name, len(rows), shown),
        say("Fill them in, drop the field with --drop {}, or use --missing impute.", name),
    )
