"""Open the network of a run on one of its examples."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from layerwise.config import Experiment
from layerwise.data.tokens import TextStep
from layerwise.errors import LayerwiseError, nearest
from layerwise.explain.explanation import Explanation
from layerwise.explain.open import explain, fitting
from layerwise.explain.subject import Ranked, Subject
from layerwise.language import say
from layerwise.report.contents import of_fold, read_answers
from layerwise.runs.opened import Opened
from layerwise.runs.refusals import damaged, known_here
from layerwise.tasks.classify import Classify, positive_class
from layerwise.tasks.contract import MakesBatches
from layerwise.workflow.dealt_answers import dealt_of
from layerwise.workflow.prepare import Prepared, prepare_data

__all__ = ["Chosen", "choose_example", "explain_run", "prepared_again", "subject_of"]


@dataclass(frozen=True)
class Chosen:
    """An example of a run: its id, its part, its place among the examples of that part, and how it was answered."""

    id: str
    part: str
    place: int
    misread: bool
    target: str = ""
    prediction: str = ""


def explain_run(
    opened: Opened, view: str, *, example: str, options: Mapping[str, Any], data: Any = None
) -> Explanation:
    """Open the network of a run on one example.

    Args:
        opened: The run.
        view: Name of the view; when left out the first that fits, one of the run's task where there is one.
        example: Id of the example; a misread test example when left out.
        options: Options of the view.
        data: The data, where the run was trained on data in memory.
    """
    prepared = prepared_again(opened, data)
    subject = subject_of(opened, prepared, choose_example(opened, example))
    return explain(subject, view or fitting(subject)[0], options)


def prepared_again(opened: Opened, data: Any = None) -> Prepared:
    """Prepare the data of a run again, exactly as they were; says so when they have changed.

    Raises:
        LayerwiseError: The data are gone, were in memory, or have changed.
    """
    whole: Experiment = opened.folder.experiment()
    if data is None and whole.load.data == "memory":
        raise LayerwiseError(
            say("The examples of a run are read again from where they came from."),
            say("'{}' was trained on data in memory", opened.folder.name),
            say("Pass the same data again: run.explain(..., data=...)."),
        )  # fmt: skip
    prepared, _ = prepare_data(whole, whole.load.data if data is None else data)
    if prepared.source.fingerprint() != opened.folder.read("data.json")["fingerprint"]:
        raise LayerwiseError(
            say("The data of a run must be those it was trained on."),
            say("'{}' has changed since", whole.load.data), say("Restore the data, or train again."),
        )  # fmt: skip
    # Set up from the same rows it is the same task, but for what was chosen when learning was over.
    return replace(prepared, task=opened.task)


def choose_example(opened: Opened, wanted: str = "") -> Chosen:
    """Find an example by its id, else the most surely misread one of the test part, else its first one.

    Raises:
        LayerwiseError: No example has that id, or the run still learns or was stopped before it predicted anything.
    """
    if not opened.folder.finished:
        raise opened.folder.unfinished()
    places: dict[str, int] = {}
    best: tuple[float, Chosen] | None = None
    ids = []
    predictions = opened.folder.path / "predictions.csv"
    with known_here(predictions), predictions.open(encoding="utf-8", newline="") as stream:
        # Columns are taken by their place, since a class may have any name, also `part`.
        for name, part, target, prediction, *scores in list(csv.reader(stream))[1:]:
            if of_fold(part):
                # Answered by a network that was not kept; the one that is opened learned from the row.
                continue
            place = places.get(part, 0)
            places[part] = place + 1
            whole = bool(opened.task.classes) or opened.task.main == "exact_match"
            misread = whole and target != prediction
            chosen = Chosen(name, part, place, misread, target, prediction)
            if wanted and name == wanted:
                return chosen
            ids.append(name)
            sure = dict(zip(opened.task.columns, scores, strict=False)).get(prediction)
            # A set of labels has no score of its own.
            sureness = float(sure or 0.0) if misread and opened.task.columns else misread - 1.0
            rank = sureness + 10 * (part == "test")
            if best is None or rank > best[0]:
                best = (rank, chosen)
    if not ids:
        raise damaged(predictions, say("'{}' is missing", "id"))
    if wanted or best is None:
        rule = say("An example is named by its id in predictions.csv.")
        # Where training and test part are the same rows, every id stands twice.
        known = tuple(dict.fromkeys(ids))[:5000]
        raise LayerwiseError(rule, say("no example '{}'", wanted), nearest(wanted, known), usage=True)
    return best[1]


def subject_of(opened: Opened, prepared: Prepared, chosen: Chosen) -> Subject:
    """Return the network and one example, ready to be opened."""
    example = prepared.examples[chosen.part].batch(torch.tensor([chosen.place]))
    names = prepared.preprocessing.names if isinstance(prepared.preprocessing.input_shape, int) else ()
    first = prepared.preprocessing.steps[0]
    facts = {"run": opened.folder.name, "part": say(chosen.part)}
    return Subject(
        opened.model,
        example.inputs,
        # What a player should do is not known: it learns from what it remembers, not from its examples.
        None if isinstance(opened.task, MakesBatches) else example.targets,
        opened.task,
        names,
        opened.task.classes,
        chosen.id,
        facts,
        first.vocabulary if isinstance(first, TextStep) else (),
        "" if opened.task.columns else chosen.target,
        _ranked(opened, prepared, chosen),
        dealt_of(opened, chosen.id),
    )


def _ranked(opened: Opened, prepared: Prepared, chosen: Chosen) -> Ranked | None:
    """Return the scores of the part of an example, as predictions.csv has them; None without two classes or truths."""
    known = prepared.examples[chosen.part].truths
    if not isinstance(opened.task, Classify) or len(opened.task.classes) != 2 or known is None:
        return None
    positive = positive_class(opened.task.classes, opened.folder.experiment().evaluate)
    answers = read_answers(opened.folder.path / "predictions.csv", opened.task, ()).get(chosen.part)
    scores = answers.scores[:, positive] if answers else np.zeros(0)
    return Ranked(positive, scores, known == positive, chosen.place) if len(scores) == len(known) else None
