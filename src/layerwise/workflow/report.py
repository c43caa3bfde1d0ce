"""Gather everything that the report of a run shows, and write it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.errors import LayerwiseError
from layerwise.explain.layers import layer_table
from layerwise.explain.open import explain, fitting
from layerwise.files import write_text
from layerwise.language import current, say, system_language, use
from layerwise.locks import holder, own
from layerwise.report.contents import Mistake, OpenedView, ReportData, one_class, read_answers, targets_of
from layerwise.report.mistakes import worst_places
from layerwise.report.page import MOST_MISTAKES, page
from layerwise.report.pictures import mistake, shown_fields
from layerwise.report.words import cut, retold
from layerwise.runs.folder import RunFolder
from layerwise.runs.opened import Opened
from layerwise.runs.refusals import damaged
from layerwise.workflow.explain import Chosen, choose_example, prepared_again, subject_of
from layerwise.workflow.fits import fit_of
from layerwise.workflow.prepare import Prepared

__all__ = ["gather", "write_report"]

OWN_SECTION = "layer-table"
"""The view that the report shows as a section of its own."""


def write_report(opened: Opened, language: str = "", *, to: Path | None = None, data: Any = None) -> Path:
    """Write the report of a run as one HTML page, and return its path.

    Args:
        opened: The run; it may have been interrupted.
        language: `en` or `ko`; the run's own setting, else the one in use, when left out.
        to: Where to; `report.html` in the run folder when left out.
        data: The data, where the run was trained on data in memory.

    Raises:
        LayerwiseError: The run still learns, a file of it is damaged, or the page cannot be written.
    """
    folder = opened.folder
    if not folder.finished and holder(folder.path):
        raise folder.unfinished()
    # English in use may only mean that nobody chose: outside the command line the locale then decides.
    in_use = current() if current() != "en" else system_language()
    with use(language or folder.experiment().view.language or in_use):
        path, content = to or folder.path / "report.html", page(gather(opened, data))
        with nullcontext() if to else own(folder.path):
            write_text(path, content)
    return path


def gather(opened: Opened, data: Any = None) -> ReportData:
    """Read the files of a run, and its data again where they are still there.

    Args:
        opened: The run.
        data: The data, where the run was trained on data in memory.
    """
    known = _from_files(opened)
    try:
        prepared = prepared_again(opened, data)
    except LayerwiseError as problem:
        note = say("The data could not be read again, so single rows and pictures are not shown: {}.", problem.found)
        worst = tuple(Mistake(place) for place in worst_places(known, MOST_MISTAKES)) if known.metrics else ()
        return replace(known, source_note=note, view_note=note, mistakes=worst)
    return _with_source(known, opened, prepared)


def _from_files(opened: Opened) -> ReportData:
    """Read what the run folder holds."""
    folder = opened.folder
    known = folder.read("data.json")
    metrics = folder.read("metrics.json") if folder.finished else {}
    predictions = folder.path / "predictions.csv"
    answers = read_answers(predictions, opened.task, targets_of(known)) if metrics else {}
    if metrics and metrics["part"] not in answers:
        raise damaged(predictions, say("'{}' is missing", metrics["part"]))
    names = opened.task.classes if one_class(opened.task) else ()
    return ReportData(
        name=folder.name, handle=folder.handle, experiment=folder.experiment(), plan=folder.plan(), data=known,
        notes=tuple(retold(line) for line in known["notes"]), reasons=tuple(retold(line) for line in known["reasons"]),
        task=opened.task, metrics=metrics, openings=folder.openings(),
        history=folder.history(), answers=answers,
        classes={part: _counts(some.targets, len(names)) for part, some in answers.items()} if names else {},
        environment=folder.read("environment.json"), layers=_layers(opened), date=_date(folder),
    )  # fmt: skip


def _date(folder: RunFolder) -> str:
    """Return when a run began, to the minute, by the clock of this machine."""
    began = datetime.fromtimestamp((folder.path / "run.toml").stat().st_mtime).astimezone()
    return began.strftime("%Y-%m-%d %H:%M")


def _counts(targets: np.ndarray, classes: int) -> tuple[int, ...]:
    """Count the rows of each class."""
    return tuple(int(count) for count in np.bincount(targets, minlength=classes))


def _layers(opened: Opened) -> tuple[Any, ...]:
    """Return the layer table; it needs no weights."""
    shape = opened.preprocessing.input_shape
    return layer_table(opened.untrained(), (shape,) if isinstance(shape, int) else shape)


def _with_source(known: ReportData, opened: Opened, prepared: Prepared) -> ReportData:
    """Add what only the data themselves can show: rows, pictures, and the network opened on one of them."""
    source = prepared.source
    classes = known.classes
    if known.class_names and not classes:
        classes = {
            part: _counts(some.tensors()[1].numpy(), len(known.class_names)) for part, some in prepared.examples.items()
        }
    worst: tuple[Mistake, ...] = ()
    if known.metrics:
        rows = getattr(prepared.parts, known.part)
        worst = tuple(mistake(source, int(rows[place]), place) for place in worst_places(known, MOST_MISTAKES))
    suspects = tuple(
        mistake(source, int(row["row"]), place)
        for check in known.checks for place, row in enumerate(check["rows"][: min(check["total"], MOST_MISTAKES)])
        if 0 <= row["row"] < len(source)
    )  # fmt: skip
    views, note = _views(opened, prepared, measured=bool(known.metrics))
    return replace(
        known, notes=source.notes, classes=classes, mistakes=worst,
        suspects=suspects, mistake_fields=shown_fields(source), views=views, view_note=note,
        fit=fit_of(opened, prepared) if known.metrics else None,
    )  # fmt: skip


def _views(opened: Opened, prepared: Prepared, *, measured: bool) -> tuple[tuple[OpenedView, ...], str]:
    """Open the network on one example, by the views asked for or all that fit, and say which example it is."""
    if not (opened.folder.path / "model.safetensors").exists():
        return (), say("The run was stopped before its weights were written.")
    chosen = choose_example(opened) if measured else Chosen(prepared.examples["train"].ids[0], "train", 0, False)
    subject = subject_of(opened, prepared, chosen)
    asked = opened.folder.experiment().view.views
    wanted = asked or [name for name in fitting(subject) if name != OWN_SECTION]
    views, left = [], []
    for name in wanted:
        try:
            shown = explain(subject, name)
        except LayerwiseError as problem:
            left.append(problem.found)
            continue
        body = shown.fragment().replace("<h3>", "<h4>").replace("</h3>", "</h4>")
        views.append(OpenedView(name, shown.title, body.replace("<h2>", "<h3>").replace("</h2>", "</h3>")))
    example, part = cut(chosen.id), say(chosen.part)
    if chosen.misread:
        note = say(
            "The network opened on example {} ({}), which it misread. Every number was computed again.", example, part
        )
    else:
        note = say("The network opened on example {} ({}). Every number was computed again.", example, part)
    if not views:
        note = say("No view fits this network.")
    return tuple(views), " ".join([note, *(say("Not shown: {}.", found) for found in left)])
