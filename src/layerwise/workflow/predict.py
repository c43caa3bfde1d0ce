"""Ask a run about new data, and say how these differ from what it was trained on."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.data.open import open_source
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.files import write_text
from layerwise.language import say
from layerwise.runs.folder import RUNS, RunFolder, find_run
from layerwise.runs.opened import Opened, Predictions, open_run

__all__ = ["differences", "predict_files", "predict_sources", "split_arguments", "write_csv"]


def predict_files(
    arguments: Sequence[str], options: Mapping[str, Any], *, exclude_problems: bool
) -> tuple[Predictions, list[str], RunFolder]:
    """Predict for every row of some files.

    Args:
        arguments: Optionally a run, then files.
        options: Options of the format.
        exclude_problems: Leave unreadable items out.

    Raises:
        LayerwiseError: No file is named, or a file lacks a field.
    """
    folder, files = split_arguments(arguments)
    opened = open_run(folder)
    whole = folder.experiment()
    options = {**whole.load.options, **options}
    # The target may be absent, and then no reader can be told that it holds names.
    category = tuple(name for name in whole.assign.category if name != whole.assign.target)
    sources = [
        open_source(file, options=options, exclude_problems=exclude_problems, category=category) for file in files
    ]
    answers = predict_sources(opened, sources)
    notes = dict.fromkeys(note for source in sources for note in differences(opened, source))
    return answers, list(notes), folder


def predict_sources(opened: Opened, sources: Sequence[Source]) -> Predictions:
    """Predict for every row of some sources, one after the other; rows keep the ids they had in training.

    Args:
        opened: The run.
        sources: New data.

    Raises:
        LayerwiseError: A source lacks a field, or one is of another kind.
    """
    names = [field["name"] for field in opened.folder.read("data.json")["fields"] if field["role"] == "id"]
    answers = [opened.predict(source.assign(dict.fromkeys(names, "id"))) for source in sources]
    return Predictions(
        tuple(name for some in answers for name in some.ids), tuple(label for some in answers for label in some.labels),
        np.concatenate([some.scores for some in answers]), answers[0].columns,
    )  # fmt: skip


def split_arguments(arguments: Sequence[str]) -> tuple[RunFolder, list[str]]:
    """Tell the run from the files: the first word is a run when a run has that name."""
    words = list(arguments)
    if words and ((RUNS / words[0] / "run.toml").is_file() or (Path(words[0]) / "run.toml").is_file()):
        folder = find_run(words.pop(0))
    else:
        folder = find_run()
    if not words:
        raise LayerwiseError(
            say("A prediction needs data."), say("no file is named"), "layerwise predict RUN FILE...", usage=True
        )
    return folder, words


def differences(opened: Opened, source: Source) -> list[str]:
    """Say which fields are new and which known ones are absent without harm."""
    trained = {field["name"]: field["role"] for field in opened.folder.read("data.json")["fields"]}
    notes = []
    extra = [part.name for part in source.fields if part.name not in trained]
    if extra:
        notes.append(say("Fields the network does not know are left aside: {}.", ", ".join(extra)))
    absent = [name for name, role in trained.items() if role == "target" and name not in source.columns]
    if absent:
        notes.append(say("No target '{}' in these data: answers without a check.", absent[0]))
    filled = [
        (step.field, int(source.columns[step.field].missing().sum()))
        for step in opened.preprocessing.steps if step.kind != "image"
    ]  # fmt: skip
    notes += [
        say("{} missing values of '{}' were filled in as in training.", count, name) for name, count in filled if count
    ]
    return notes


def write_csv(path: Path, answers: Predictions) -> None:
    """Write predictions as a table: id, prediction, and one score column a class."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "prediction", *answers.columns])
    for name, label, scores in zip(answers.ids, answers.labels, answers.scores, strict=True):
        writer.writerow([name, label, *(f"{score:.9g}" for score in scores)])
    write_text(path, text.getvalue())
