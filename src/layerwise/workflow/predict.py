"""Ask a run about new data, and say how these differ from what it was trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.data.archive_tree import SUFFIXES as ARCHIVES
from layerwise.data.kinds import Images
from layerwise.data.open import known_options, open_source
from layerwise.data.picture_notes import picture_notes
from layerwise.data.source import Source
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.runs.folder import RUNS, RunFolder, find_run
from layerwise.runs.opened import Opened, open_run
from layerwise.runs.predictions import OwnPixels, Predictions, form_of
from layerwise.tasks.contract import AnswersInPixels

__all__ = ["differences", "predict_files", "predict_sources", "split_arguments"]


def predict_files(
    arguments: Sequence[str], options: Mapping[str, Any], *, exclude_problems: bool, images: str = "", to: str = ""
) -> Predictions:
    """Predict for every row of some files, and write the answers where they are wanted.

    Args:
        arguments: Optionally a run, then files.
        options: Options of the format.
        exclude_problems: Leave unreadable items out.
        images: Folder or archive with the pictures that the files name, where they are tables.
        to: A file or folder to write; none where empty.

    Raises:
        LayerwiseError: No file is named, a file lacks a field, or the answers have no such form.
    """
    folder, files = split_arguments(arguments)
    opened = open_run(folder)
    if to:
        # Refused before the network is asked about a thousand photos.
        form_of(to, opened.task)
    whole = folder.experiment()
    # The target may be absent, and then no reader can be told that it holds names.
    category = tuple(name for name in whole.assign.category if name not in whole.assign.targets)
    sources = [
        open_source(
            file, options={**known_options(file, whole.load.options), **options}, exclude_problems=exclude_problems,
            category=category, drop=whole.assign.drop, images=images,
            image_column=whole.load.image_column if images else "",
        )
        for file in files
    ]  # fmt: skip
    answers = predict_sources(opened, sources)
    if to:
        answers.write(to)
    return answers


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
    first = answers[0]
    notes = [note for source in sources for note in differences(opened, source)]
    return replace(
        first,
        ids=told_apart(sources, [some.ids for some in answers]),
        labels=tuple(label for some in answers for label in some.labels),
        scores=np.concatenate([some.scores for some in answers]),
        answers=end_to_end([some.answers for some in answers]),
        sizes=np.concatenate([some.sizes for some in answers]),
        notes=tuple(dict.fromkeys([*notes, *of_pictures(opened, sources)])),
        run=str(opened.folder.path),
    )


def told_apart(sources: Sequence[Source], ids: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the id of every row; pictures of one name in several folders are named with their folders."""
    counts = Counter(name for some in ids for name in some)
    return tuple(
        located(source, name) if counts[name] > 1 else name
        for source, some in zip(sources, ids, strict=True)
        for name in some
    )


def located(source: Source, name: str) -> str:
    """Return the path of a picture that was read from a file: the source itself, or below it; of others the name."""
    if not any(isinstance(column, Images) and column.decode for column in source.columns.values()):
        return name
    origin = Path(source.origin)
    path = origin if origin.name == name else origin / name
    return str(path) if path.is_file() or origin.name.lower().endswith(ARCHIVES) else name


def end_to_end(answers: Sequence[Sequence[np.ndarray]]) -> Sequence[np.ndarray]:
    """Return the answers of several sources as one sequence, still to be brought back to their pictures."""
    held = [some for some in answers if isinstance(some, OwnPixels)]
    if not held:
        return ()
    found, places = (tuple(item for some in held for item in getattr(some, name)) for name in ("found", "places"))
    return replace(held[0], found=found, places=places)


def of_pictures(opened: Opened, sources: Sequence[Source]) -> list[str]:
    """Say how pictures of another size or range were brought to what the network knows."""
    held = [pictures for source in sources if (pictures := opened.preprocessing.pictures(source)) is not None]
    if not held:
        return []
    step = held[0][0]
    own_pixels = isinstance(opened.task, AnswersInPixels)
    return picture_notes(step, [column for _, column in held], own_pixels=own_pixels)


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
        notes.append(say("No target '{}' in these data: answers without a check.", "', '".join(absent)))
    filled = [
        (step.field, int(source.columns[step.field].missing().sum()))
        for step, _ in opened.preprocessing.used if step.kind not in ("image", "tf-idf")
    ]  # fmt: skip
    notes += [
        say("Missing values of '{}' that were filled in as in training: {}.", name, count)
        for name, count in filled
        if count
    ]
    return notes
