"""The commands as Python: `lw.train(...)`, `lw.load(...)`, and a run that shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from layerwise.catalog import Entry, entries
from layerwise.config import Experiment, Model
from layerwise.data.source import Source
from layerwise.notebook import html_lines, html_table
from layerwise.runs.folder import RunFolder, find_run
from layerwise.runs.folder import list_runs as folders

if TYPE_CHECKING:
    from torch import nn

    from layerwise.data.inspect import Inspection
    from layerwise.evaluation.comparison import Comparison
    from layerwise.evaluation.one_test_part import OneTestPart
    from layerwise.explain.explanation import Explanation
    from layerwise.explain.layers import LayerRow
    from layerwise.runs.opened import Opened
    from layerwise.runs.predictions import Predictions

__all__ = ["Run", "Settings", "compare", "inspect", "list_models", "list_runs", "load", "show", "train"]


class Settings(TypedDict, total=False):
    """Every setting of an experiment by its one name; `layerwise.config` says what each means."""

    format: str
    exclude_problems: bool
    download: bool
    images: str
    image_column: str
    target: str | tuple[str, ...]
    task: str
    drop: tuple[str, ...]
    category: tuple[str, ...]
    id: str
    weight: str
    part: str
    group: str
    classes: tuple[str, ...]
    time: str
    test: Literal["auto", "split", "training", "none"]
    test_fraction: float
    test_data: str
    validation_fraction: float
    split_by: Literal["auto", "random", "order", "time"]
    stratify: bool
    split_seed: int
    folds: int
    repeats: int
    near_duplicates: Literal["together", "ignore"]
    scale: Literal["auto", "standardise", "min-max", "none"]
    missing: Literal["impute", "refuse"]
    tokens: Literal["characters", "words"]
    image_size: tuple[int, ...]
    fit: Literal["auto", "pad", "resize"]
    augment: tuple[str, ...]
    select: tuple[str, ...]
    discretise: Literal["none", "equal-width", "equal-frequency", "supervised"]
    intervals: int
    rare: int
    texts: Literal["refuse", "tf-idf"]
    text_features: int
    text_ngrams: tuple[int, ...]
    epochs: int
    batch_size: int
    loss: str
    optimizer: Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]
    learning_rate: float
    momentum: float
    weight_decay: float
    smoothing: float
    clip_norm: float
    clip_value: float
    sequence_length: int
    accumulate: int
    precision: Literal["auto", "float32", "bfloat16", "float16"]
    memory_format: Literal["auto", "contiguous", "channels-last"]
    schedule: Literal["constant", "step", "exponential", "linear", "cosine", "one-cycle", "plateau"]
    step_epochs: int
    decay: float
    warm_up: float
    stopping: Literal["validation", "no-errors", "none"]
    patience: int
    seed: int
    device: str
    threads: int
    checkpoint_seconds: float
    class_weights: Literal["none", "balanced"]
    class_sampling: Literal["all", "balanced"]
    confidence: float
    resamples: int
    baselines: tuple[str, ...]
    positive: str
    check_labels: Literal["auto", "yes", "no"]
    decision_threshold: Literal["half", "validation"]
    threshold_for: Literal["balanced-accuracy", "f1"]
    views: tuple[str, ...]
    language: Literal["", "en", "ko"]


class Run:
    """A run: its figures, its network, and what can be asked of it.

    Example:
        >>> import tempfile
        >>> run = train("iris", "mlp", learning_rate=0.01, run=tempfile.mkdtemp() + "/iris")
        >>> run.metrics["accuracy"]["value"] > 0.8
        True
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.folder.name

    @property
    def metrics(self) -> dict[str, Any]:
        """Each figure of the test part as `{"value", "low", "high", "n"}`; empty for an interrupted run."""
        return dict(self.results["metrics"]) if self.folder.finished else {}

    @property
    def results(self) -> dict[str, Any]:
        """All of `metrics.json`: test, training, baselines, confusion, expectation."""
        return self.folder.read("metrics.json")

    @property
    def warnings(self) -> list[str]:
        """What about the data may have made the figures too good, in sentences: leaks, groups and time left aside."""
        from layerwise.report.data_sentences import told_of

        return told_of(self.folder.read("data.json"))

    @property
    def history(self) -> list[dict[str, Any]]:
        """One record an epoch."""
        return self.folder.history()

    @property
    def experiment(self) -> Experiment:
        """The experiment, every setting resolved."""
        return self.folder.experiment()

    @cached_property
    def opened(self) -> Opened:
        """Network, task and preprocessing."""
        from layerwise.runs.opened import open_run

        return open_run(self.folder)

    @property
    def model(self) -> nn.Module:
        """The trained network in evaluation mode."""
        return self.opened.model

    def predict(self, data: Any) -> Predictions:
        """Answer for every row or picture of new data: a path, a list of paths, arrays, a frame or a source.

        It has `labels`, `scores`, `answers` (boxes or label images) and `notes`; `.write("boxes.json")` writes them.
        """
        from layerwise.data.open import known_options, open_source
        from layerwise.workflow.predict import predict_sources

        paths = data if isinstance(data, list) and data and isinstance(data[0], str | Path) else [data]
        saved, dropped = self.experiment.load.options, self.experiment.assign.drop
        sources = [open_source(path, options=known_options(path, saved), drop=dropped) for path in paths]
        return predict_sources(self.opened, sources)

    def generate(self, prompt: str = "", *, length: int = 200, temperature: float = 1.0, seed: int = 0) -> str:
        """Let a language model write on from a prompt; returns the prompt and what follows it."""
        from layerwise.workflow.generate import generate_text

        return generate_text(self.opened, prompt, length=length, temperature=temperature, seed=seed).whole

    def explain(self, view: str = "", *, example: str = "", options: Mapping[str, Any] | None = None) -> Explanation:
        """Open the network on one example; a misread test example when none is named."""
        from layerwise.workflow.explain import explain_run

        return explain_run(self.opened, view, example=example, options=options or {})

    def against(self, *others: Run | str | Path, data: Any = None) -> OneTestPart:
        """Compare with other runs tested on the same rows, by what all predicted; no test part is opened.

        Args:
            others: Runs, or their names or paths.
            data: The data, where they were in memory and have groups or pictures.
        """
        from layerwise.workflow.against import against

        runs = [one if isinstance(one, Run) else load(one) for one in others]
        return against([self.opened, *(one.opened for one in runs)], data=data)

    def resume(self, data: Any = None) -> Run:
        """Go on with the run where it was interrupted, to the bit; `data` where it was started on data in memory."""
        from layerwise.workflow.report import write_report
        from layerwise.workflow.resume import resume

        opened, outcome = resume(self.folder, data=data)
        if outcome.reason != "interrupted":
            write_report(opened, self.experiment.view.language, data=data)
        return Run(self.folder)

    def report(self, language: Literal["", "en", "ko"] = "") -> Path:
        """Write the report and return its path."""
        from layerwise.workflow.report import write_report

        return write_report(self.opened, language)

    def __repr__(self) -> str:
        if not self.folder.finished:
            return f"Run({self.folder.path}, interrupted)"
        name, value = next(iter(self.metrics.items()))
        doubts = f", warnings: {len(self.warnings)}" if self.warnings else ""
        figure = "undefined" if value["value"] is None else f"{value['value']:.4g}"
        return f"Run({self.folder.path}, {name} {figure}{doubts})"

    def _repr_html_(self) -> str:
        title = f"{self.experiment.load.data} · {self.experiment.model.name}"
        rows = [[name, shown(value)] for name, value in self.metrics.items()]
        return html_table(title, ["", self.name], rows) + (html_lines(self.warnings) if self.warnings else "")


def shown(value: Mapping[str, Any]) -> str:
    """Return a figure with its interval for a table cell."""
    if value["value"] is None:
        return "undefined"
    if value["low"] is None:
        return f"{value['value']:.4g}"
    return f"{value['value']:.4g} ({value['low']:.4g} – {value['high']:.4g})"


def train(
    data: Any, model: str = "", *, run: str = "", model_options: Mapping[str, Any] | None = None,
    format_options: Mapping[str, Any] | None = None, **settings: Unpack[Settings],
) -> Run:  # fmt: skip
    """Train a network, evaluate it, and write its run folder with the report.

    Args:
        data: A path, a built-in or named set, `(inputs, targets)` arrays or tensors, a pandas frame, or a source.
        model: Name in the catalogue, or `my_net.py:MyNet`; chosen when left out.
        run: Name or path of the run folder.
        model_options: Options of the network: `{"hidden": (64, 32)}`.
        format_options: Options of the format: `{"delimiter": ";"}`.
        settings: Settings by name: `epochs=5, target="outcome"`.

    Raises:
        LayerwiseError: The data, the network or a setting cannot be used; the message says what to do.
    """
    from layerwise.workflow.report import write_report
    from layerwise.workflow.request import request
    from layerwise.workflow.start import start

    path = str(data) if isinstance(data, str | Path) else ""
    whole, named = request(path or "memory", model, settings, model_options or {}, format_options or {}, None)
    opened, outcome = start(whole, named, path or data, run=run)
    if outcome.reason != "interrupted":
        write_report(opened, whole.view.language, data=None if path else data)
    return Run(opened.folder)


def compare(
    data: Any, models: Sequence[str | tuple[str, Mapping[str, Any]]], *,
    tune: Mapping[str, Sequence[Any]] | None = None, learning_curve: bool = False,
    format_options: Mapping[str, Any] | None = None, **settings: Unpack[Settings],
) -> Comparison:  # fmt: skip
    """Measure networks by cross-validation on the same folds, and say which differences are real.

    Args:
        data: A path, a built-in or named set, `(inputs, targets)` arrays or tensors, a pandas frame, or a source.
        models: Names in the catalogue; with options as `("knn", {"k": 5})`.
        tune: Options that are chosen inside every fold, by its training rows alone: `{"k": (1, 3, 5, 9)}`.
        learning_curve: Whether to learn from growing shares of the rows, too, and say what more would buy.
        format_options: Options of the format.
        settings: Settings by name; `folds` (10) says how many parts the rows are dealt into, each of which is tested
            once, and `repeats` (1) how often they are dealt anew.

    Raises:
        LayerwiseError: The data, a network or a setting cannot be used; the message says what to do.

    Example:
        >>> found = compare("iris", ["logistic", ("knn", {"k": 5})], folds=3)
        >>> found.metric, [one.label for one in found.scores]
        ('accuracy', ['logistic', 'knn k=5', 'majority'])
    """
    from layerwise.workflow.compare import compare as run
    from layerwise.workflow.request import request

    path = str(data) if isinstance(data, str | Path) else ""
    folds, repeats = settings.pop("folds", 10), settings.pop("repeats", 1)
    whole, named = request(path or "memory", "", settings, {}, format_options or {}, None)
    chosen = [Model(model) if isinstance(model, str) else Model(model[0], dict(model[1])) for model in models]
    return run(
        whole, chosen, named, path or data, folds=folds, repeats=repeats, tune=tune, learning_curve=learning_curve
    )


def load(run: str | Path = "") -> Run:
    """Open a run by name or path; the newest when left out.

    Raises:
        LayerwiseError: There is no such run.
    """
    return Run(find_run(str(run)))


def list_runs() -> Sequence[Run]:
    """Return the runs of this folder, the newest first."""
    return [Run(folder) for folder in folders()]


def list_models(task: str = "") -> Mapping[str, Entry]:
    """Return the catalogue of networks: name, task, paper, options.

    Example:
        >>> "lenet5" in list_models("classify")
        True
    """
    known = entries("model")
    return {name: part for name, part in known.items() if not task or task in part.facts.get("task", "").split()}


def inspect(data: Any, *, target: str | Sequence[str] = "", thorough: bool = False) -> Inspection:
    """Look at data: counts, fields, classes, what is missing or repeated, and the suggested next step.

    Args:
        data: A path, a built-in or named set, arrays, a frame, or a source.
        target: Field to predict, or several; guessed where left out.
        thorough: Also look for what costs time: labels that look wrong, parts that differ.

    Example:
        >>> [found.total for found in inspect("wine", thorough=True).thorough]
        [0, 0]
    """
    from layerwise.data.inspect import inspect as look
    from layerwise.data.open import open_source

    source = data if isinstance(data, Source) else open_source(data, exclude_problems=True)
    if thorough:
        from layerwise.workflow.thorough import inspect_thoroughly

        return inspect_thoroughly(source, target)
    return look(source, target=target)


def show(model: str | nn.Module, inputs: int | tuple[int, ...], *, outputs: int = 10,
         model_options: Mapping[str, Any] | None = None) -> tuple[LayerRow, ...]:  # fmt: skip
    """Return the layer table of a network: name, type, size, parameters, multiply-adds, receptive field."""
    from layerwise.explain.layers import layer_table
    from layerwise.models import build

    network = build(model, inputs, outputs, model_options or {}) if isinstance(model, str) else model
    return layer_table(network, (inputs,) if isinstance(inputs, int) else inputs)
