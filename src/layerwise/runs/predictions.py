"""What a network says about new data: shown, handed on, and written in the form that its file name asks for."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

import numpy as np

from layerwise.data.image_step import Placed
from layerwise.errors import LayerwiseError
from layerwise.files import write_bytes, write_folder, write_json, write_text
from layerwise.language import say
from layerwise.notebook import html_table
from layerwise.tasks.contract import AnswersInPixels, WritesAnswers

__all__ = ["OwnPixels", "Predictions", "form_of"]

SHOWN = 20
"""Answers that a notebook shows."""


@dataclass(frozen=True)
class OwnPixels(Sequence[np.ndarray]):
    """Answers in the pixels of their pictures, each brought there when it is asked for: photos may be large.

    Args:
        task: Knows how.
        found: Answers in the pixels that the network sees.
        places: Where each picture lies among these.
    """

    task: AnswersInPixels
    found: tuple[np.ndarray, ...]
    places: tuple[Placed, ...]

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, row: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, row: slice) -> OwnPixels: ...
    def __getitem__(self, row: int | slice) -> np.ndarray | OwnPixels:
        if isinstance(row, slice):
            return OwnPixels(self.task, self.found[row], self.places[row])
        return self.task.brought_back(self.found[row], self.places[row])


@dataclass(frozen=True)
class Predictions:
    """What a network says about some examples.

    Args:
        ids: The id of each example.
        labels: The predicted class names, or the numbers as text.
        scores: Class probabilities `(items, classes)`, or predicted numbers `(items, targets)`.
        columns: What each column of `scores` is.
        answers: Boxes or label image of each picture in its own pixels, where the task answers with these.
        writer: The task, where its answers have forms of their own.
        sizes: Width and height of each picture, `(items, 2)`.
        notes: How the examples differ from what the network was trained on.
        run: The run that was asked.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    scores: np.ndarray
    columns: tuple[str, ...]
    answers: Sequence[np.ndarray] = ()
    writer: WritesAnswers | None = None
    sizes: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    notes: tuple[str, ...] = ()
    run: str = ""

    def document(self) -> dict[str, Any]:
        """Return everything as plain values: the run, the notes, and each example with its answer."""
        items = []
        for row, (name, label, scores) in enumerate(zip(self.ids, self.labels, self.scores, strict=True)):
            told = self.writer.told(self.answers[row]) if self.writer else {}
            named = dict(zip(self.columns, map(float, scores), strict=True))
            items.append({"id": name, "prediction": label, "scores": named, **told})
        return {"run": self.run, "notes": list(self.notes), "predictions": items}

    def table(self) -> Iterator[tuple[object, ...]]:
        """Yield the header and the rows of a table: an example, a box, or a class of a picture each."""
        if self.writer:
            yield from self.writer.table(self.ids, self.answers)
            return
        yield ("id", "prediction", *self.columns)
        for name, label, scores in zip(self.ids, self.labels, self.scores, strict=True):
            yield (name, label, *map(float, scores))

    def write(self, to: str | Path) -> None:
        """Write the answers in the form that the target asks for.

        Args:
            to: `FILE.csv` for a table; `FILE.json` for a COCO file of boxes, else for what `--json` prints; a name
                without an ending, or with `/` behind it, for a new folder of label images.

        Raises:
            LayerwiseError: The task has no such form, the folder exists, or it cannot be written.
        """
        form = form_of(str(to), self.writer)
        if self.writer and form in self.writer.forms:
            files = self.writer.written(form, self.ids, self.answers, self.sizes)
            if form != "/":
                write_bytes(Path(to), files[""])
                return
            with write_folder(Path(to), size=sum(map(len, files.values()))) as write:
                for name, content in files.items():
                    write(name, (content,))
        elif form == ".json":
            write_json(Path(to), self.document())
        else:
            text = io.StringIO()
            rows = csv.writer(text, lineterminator="\n")
            rows.writerows([_cell(value) for value in row] for row in self.table())
            write_text(Path(to), text.getvalue())

    def _repr_html_(self) -> str:
        """Show the first answers in a notebook, below what is to be said of them."""
        shown = zip(self.ids[:SHOWN], self.labels[:SHOWN], self.scores[:SHOWN], strict=True)
        rows = [[name, label, *(f"{score:.4g}" for score in scores)] for name, label, scores in shown]
        caption = " ".join([say("{} of {} answers", len(rows), len(self.ids)), *self.notes])
        return html_table(caption, [say("id"), say("prediction"), *self.columns], rows)


def form_of(to: str, task: object) -> str:
    """Return the form that a target asks for: an ending, or `/` for a folder.

    Args:
        to: A file name or a folder.
        task: Says what forms it has beside a table and JSON.

    Raises:
        LayerwiseError: The task has no such form, or the folder holds something.

    Example:
        >>> form_of("answers.CSV", None)
        '.csv'
    """
    path = Path(to)
    form = "/" if to.endswith(("/", os.sep)) or path.is_dir() else path.suffix.lower() or "/"
    known = (".csv", ".json", *(task.forms if isinstance(task, WritesAnswers) else ()))
    if form not in known:
        possible = ", ".join("--to FOLDER/" if word == "/" else f"--to FILE{word}" for word in dict.fromkeys(known))
        raise LayerwiseError(
            say("The ending of --to names a form that the answers of the task have."),
            say("'{}', a folder", to) if form == "/" else say("'{}' with the ending '{}'", to, form),
            say("Possible: {}.", possible), usage=True,
        )  # fmt: skip
    if form == "/" and path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise LayerwiseError(
            say("A folder of answers is a new one."), say("'{}' is there already", to),
            say("Choose another name, or remove it."), usage=True,
        )  # fmt: skip
    return form


def _cell(value: object) -> object:
    """Return a cell of a table, numbers with nine digits."""
    return f"{value:.9g}" if isinstance(value, float) else value
