"""Append one source to another: a supplied test set behind the rows that are learned from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layerwise.data.kinds import Categories, Column, Images, Numbers, Texts
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["joined"]


def joined(source: Source, test: Source) -> Source:
    """Return the rows of both sources, the second ones marked as the test part.

    Args:
        source: Rows to learn from; its own parts, where it has any, stay.
        test: Rows to measure on; columns may stand in another order, others are left out and noted.

    Raises:
        LayerwiseError: A column is missing or of another kind in the test data.
    """
    given = source.named("part")
    columns: dict[str, Column] = {}
    for part in source.fields:
        if part.role in ("part", "unused") and part.name not in test.columns:
            continue
        if part.name not in test.columns:
            raise LayerwiseError(
                say("Test data have the columns of the data."), say("'{}' has no column '{}'", test.origin, part.name),
                say("Add the column, or leave it out of both with --drop."),
            )  # fmt: skip
        if part.role != "part":
            columns[part.name] = _both(part.name, source.columns[part.name], test.columns[part.name])
    name = given[0] if given else _free_name(source)
    columns[name] = _parts(source, test, given[0] if given else "")
    kept = tuple(part for part in source.fields if part.name in columns and part.name != name)
    extra = [column for column in test.columns if column not in columns]
    notes = (say("Columns of the test data that are not used: {}.", ", ".join(extra)),) if extra else ()
    places = [
        *(source.place(row) for row in range(len(source))),
        *(f"test {test.place(row)}" for row in range(len(test))),
    ]
    return replace(
        source,
        fields=(*kept, Field(name, "part")),
        columns=columns,
        problems=(*source.problems, *test.problems),
        notes=(
            *source.notes,
            say("Test part from '{}': {} rows.", test.origin, len(test)),
            *notes,
            *_differing_classes(source, test),
        ),
        places=tuple(places),
    )


def _differing_classes(source: Source, test: Source) -> list[str]:
    """Say which classes stand on one side alone: those of the test data that cannot be learned, those not measured."""
    notes = []
    for name in source.named("target"):
        first, second = source.columns[name], test.columns[name]
        if not isinstance(first, Categories) or not isinstance(second, Categories):
            continue
        known, asked = ({word for word, rows in held.counts().items() if rows} for held in (first, second))
        new = {word: second.counts()[word] for word in sorted(asked - known)}
        if new:
            shown = ", ".join(f"'{word}' ({rows})" for word, rows in new.items())
            notes.append(say("Classes of '{}' that only the test data have and nothing can learn: {}.", name, shown))
        if known - asked:
            shown = ", ".join(f"'{word}'" for word in sorted(known - asked))
            notes.append(say("Classes of '{}' without a row in the test data, not measured: {}.", name, shown))
    return notes


def _free_name(source: Source) -> str:
    """Return a name for the part field that no column has."""
    name = "part"
    while name in source.columns:
        name += "_"
    return name


def _parts(source: Source, test: Source, given: str) -> Categories:
    """Return the part of every row: the first source's own or training, then test."""
    names = ("train", "validation", "test")
    column = source.columns.get(given)
    if isinstance(column, Categories):
        first = [names.index(column.show(row)) if column.show(row) in names else 0 for row in range(len(source))]
    else:
        first = [0] * len(source)
    return Categories(np.array([*first, *[2] * len(test)], dtype=np.int64), names)


def _both(name: str, first: Column, second: Column) -> Column:
    """Return the cells of both columns as one column."""
    if isinstance(first, Numbers) and isinstance(second, Numbers):
        return Numbers(np.concatenate([first.values, second.values]))
    if isinstance(first, Categories) and isinstance(second, Categories):
        names = (*first.names, *(label for label in second.names if label not in first.names))
        places = np.array([*(names.index(label) for label in second.names), -1], dtype=np.int64)
        return Categories(np.concatenate([first.codes.astype(np.int64), places[second.codes]]), names)
    if isinstance(first, Texts) and isinstance(second, Texts):
        return Texts([*first.values, *second.values])
    if isinstance(first, Images) and isinstance(second, Images) and first.maximum == second.maximum:
        channels = max(first.channels, second.channels)
        cells = [(source, row) for source, held in enumerate((first, second)) for row in range(len(held))]
        guesses = [some.guessed for some in (first, second) if some.guessed is not None]
        sketches, taken = (
            None if one is None or other is None else np.concatenate([one, other])
            for one, other in ((first.sketches, second.sketches), (first.taken, second.taken))
        )
        return Images(cells, _Either(first, second, channels), np.concatenate([first.sizes, second.sizes]), channels,
                      first.maximum, guessed=max(guesses, default=None), sketches=sketches, taken=taken)  # fmt: skip
    raise LayerwiseError(
        say("A column is of one kind in the data and the test data."),
        say("'{}' is {} in the data, {} in the test data", name, say(first.kind), say(second.kind)),
        say("Mend the cells, or read both as names: --category {}", name),
    )


@dataclass(frozen=True)
class _Either:
    """Decode a picture of the first or the second column, grey ones in as many channels as the others have."""

    first: Images
    second: Images
    channels: int

    def __call__(self, cell: tuple[int, Any]) -> np.ndarray:
        pixels = (self.second if cell[0] else self.first)[cell[1]]
        return np.repeat(pixels, self.channels, axis=0) if len(pixels) < self.channels else pixels
