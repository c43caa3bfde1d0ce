"""`layerwise train DATA [MODEL]`: from data to a measured network in a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.cli.options import (
    SHOWN_MODEL,
    Common,
    given,
    part_options,
    print_json,
    setting_options,
    settings_type,
)
from layerwise.language import say

if TYPE_CHECKING:
    from layerwise.runs.opened import Opened
    from layerwise.workflow.stages import Begun

    Settings: TypeAlias = Any
    ModelOptions: TypeAlias = Any
    FormatOptions: TypeAlias = Any
else:
    Settings = settings_type()
    ModelOptions = part_options("model", SHOWN_MODEL.get())
    FormatOptions = part_options("format")


def train(
    data: str = "",
    model: str = "",
    *,
    run: str = "",
    experiment: str = "",
    settings: Annotated[Settings, Parameter(name="*")] = None,
    model_options: Annotated[ModelOptions, Parameter(name="*")] = None,
    format_options: Annotated[FormatOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> int:
    """Train a network, evaluate it, and write the run folder with its report.

    Examples:
        layerwise train iris

        layerwise train digits lenet5 --form modern --augment shift=2 --epochs 40

        layerwise train patients.csv mlp --target outcome --hidden 64 32

    `layerwise train DATA MODEL --help` lists the options of that model, too.

    Args:
        data: Path of a file, folder or archive of pictures, or a built-in or named data set.
        model: Name in the catalogue, or a file and class: my_net.py:MyNet; chosen when left out.
        run: Name or path of the run folder.
        experiment: TOML file with settings; what the command line names goes first.
    """
    from layerwise.cli.progress import counter, listener
    from layerwise.cli.tables import print_lines
    from layerwise.training.ranks import beside_others
    from layerwise.workflow.request import request
    from layerwise.workflow.start import start

    whole, named = request(
        data, model, given(settings), setting_options(model_options, "model", model), given(format_options),
        Path(experiment) if experiment else None,
    )  # fmt: skip
    loud = not (common.json or common.quiet or beside_others())
    with counter() as progress:
        opened, outcome = start(
            whole, named, whole.load.data, run=run, listener=listener() if loud else None,
            witness=show_beginning if loud else None, progress=progress if loud else None,
        )  # fmt: skip
    if outcome.reason == "interrupted":
        where, name = opened.folder.path, opened.folder.name
        if not beside_others():
            print_lines(
                say("Interrupted: weights, history and settings so far are in {}; the test part is unopened.", where),
                say("Go on: layerwise resume {}", name),
            )
        return 130
    return conclude(opened, common)


def conclude(opened: Opened, common: Common) -> int:
    """Write the report of a finished run and print its figures; of several processes the first one does."""
    from layerwise.training.ranks import beside_others
    from layerwise.workflow.report import write_report

    if beside_others():
        return 0
    report = write_report(opened, common.language or "")
    metrics = opened.folder.read("metrics.json")
    if common.json:
        print_json({"run": str(opened.folder.path), **metrics})
    else:
        show_end(opened.folder.path, metrics, report)
    return 0


def show_beginning(begun: Begun) -> None:
    """Print what was resolved before learning begins."""
    from layerwise.cli.tables import print_lines
    from layerwise.data.fitted_words import first_lines

    whole, prepared = begun.experiment, begun.prepared
    shown = {part: some for part, some in prepared.examples.items() if part != "test" or not prepared.dealt}
    counts = ", ".join(f"{say(part)} {len(some)}" for part, some in shown.items())
    print_lines(say("Data: {} ({}), rows: {}", prepared.source.name, prepared.source.origin, counts))
    if prepared.dealt:
        print_lines(folds_line(begun))
    print_lines(*prepared.source.notes, *prepared.reasons)
    for name, count in prepared.preprocessing.imputed.items():
        print_lines(
            say("Missing values of '{}' that were filled in (training median or most frequent): {}.", name, count)
        )
    print_lines(*first_lines(prepared.preprocessing))
    if prepared.source.problems:
        print_lines(say("Items that could not be read and were left out: {}.", len(prepared.source.problems)))
    settings = whole.train
    options = "".join(f", {name}={value}" for name, value in whole.model.options.items())
    if begun.closed_form:
        print_lines(say("Model: {}, solved at once", whole.model.name) + options, say("Run: {}", begun.folder.path))
        return
    print_lines(
        say("Model: {}, {:,} parameters", whole.model.name, begun.parameters) + options,
        *stage_lines(begun),
        say("Training: up to {} epochs in batches of {}, {} at rate {:g}, schedule {}, stopping by {}, seed {}",
            settings.epochs, settings.batch_size, settings.optimizer, settings.learning_rate, settings.schedule,
            settings.stopping, settings.seed),
        say("Plan: {}, threads: {}, {}, {}, data in memory", begun.plan.device, begun.plan.threads,
            begun.plan.memory_format, begun.plan.precision),
        *(say("  measured with {}", trial) for trial in begun.plan.trials),
        say("Run: {}", begun.folder.path),
    )  # fmt: skip


def folds_line(begun: Begun) -> str:
    """Say how the run will be measured by folds."""
    split, rows = begun.experiment.split, len(begun.prepared.parts.test)
    if split.repeats > 1:
        return say("Folds: {}, dealt {} times; each of {} rows is tested by networks that did not learn from it.",
                   split.folds, split.repeats, rows)  # fmt: skip
    return say("Folds: {}; each of {} rows is tested by a network that did not learn from it.", split.folds, rows)


def stage_lines(begun: Begun) -> list[str]:
    """Name the stages of a network that is learned one part after the other, with what differs in each."""
    from layerwise.tasks.contract import LearnsInStages

    if not isinstance(begun.model, LearnsInStages):
        return []
    stages = begun.model.stages()
    told = [
        stage.name + "".join(f", {name}={value}" for name, value in stage.settings.items()) for stage in stages
    ]  # fmt: skip
    return [say("Stages, one after the other: {}", "; ".join(told))] if len(stages) > 1 else []


def show_end(path: Path, metrics: dict[str, Any], report: Path) -> None:
    """Print the figures, what they mean, and what to do next."""
    from layerwise.cli.tables import doubtful, print_lines, result_lines, results_table
    from layerwise.report.data_sentences import told_of
    from layerwise.runs.folder import RunFolder

    learning, folder = metrics["learning"], RunFolder(path)
    if learning["epochs"]:
        stage = folder.history()[-1].get("stage", "")
        best = say("{} of stage {}", learning["best_epoch"], stage) if stage else learning["best_epoch"]
        sentence = say("Epochs learned: {}, in {:.1f} s; the weights are those of epoch {}.", learning["epochs"],
                       learning["seconds"], best)  # fmt: skip
        print_lines(sentence)
    print_lines("")
    results_table(metrics, folder.experiment().evaluate.confidence)
    print_lines(
        "",
        *result_lines(metrics),
        *doubtful(told_of(folder.read("data.json"))),
        say("Report: {}", report),
        next_command(path, metrics),
    )


def next_command(path: Path, metrics: dict[str, Any]) -> str:
    """Say what to do with the run: a language model writes, others are opened."""
    if metrics.get("main") == "nats":
        return say("Next: layerwise generate {}", path.name)
    return say("Next: layerwise explain {}", path.name)
