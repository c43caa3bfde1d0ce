"""Names as inputs: one for each name seen in training, and one for all names that are too rare to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerwise.data.image_step import other_kind
from layerwise.data.kinds import Categories, Column
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["RARE", "CategoryStep", "fit_categories"]

RARE = "(rare)"
"""The name that stands for all rare ones."""


@dataclass(frozen=True)
class CategoryStep:
    """One category field: one input for each name seen in training, 1 where it holds and 0 elsewhere.

    Args:
        field: Name of the field.
        values: The names with an input of their own; `(rare)` is the last where some were rare.
        fill: What stands in for a missing name: the most frequent one.
        missing: Missing names of the training part.
        rare: The names of the training part that are `(rare)` now.
    """

    field: str
    values: tuple[str, ...]
    fill: str
    missing: int
    kind: str = "category"
    rare: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Return the names of the inputs this field becomes."""
        return [f"{self.field}={value}" for value in self.values]

    def apply(self, column: Column) -> np.ndarray:
        """Return `(rows, names)`; a name that training never saw is rare, and 0 in all of them where none was."""
        if not isinstance(column, Categories):
            raise other_kind(self.field, "category", column.kind)
        places = {name: place for place, name in enumerate(self.values)}
        unknown = places[RARE] if self.rare else -1
        lookup = np.array([*(places.get(name, unknown) for name in column.names), places[self.fill]])
        codes = lookup[column.codes]
        return np.asarray(codes[:, None] == np.arange(len(self.values)), dtype=np.float64)


def fit_categories(name: str, column: Categories, least: int) -> CategoryStep:
    """Fit one category field: the names that occur, and the most frequent for what is missing.

    Args:
        name: Name of the field.
        column: Its training cells.
        least: Rows that a name needs for an input of its own; 0 and 1 give every name one.

    Raises:
        LayerwiseError: No cell is filled, or every name is rare.
    """
    counts = {value: count for value, count in column.counts().items() if count}
    if not counts:
        raise LayerwiseError(
            say("An input needs at least one value in the training part."), say("'{}' is empty", name),
            say("Leave it out with --drop {}.", name),
        )  # fmt: skip
    most_frequent = max(counts, key=lambda value: counts[value])
    if counts[most_frequent] < least:
        raise LayerwiseError(
            say("A field of names needs one that is not rare."),
            say("'{}': the most frequent name, '{}', has {} training rows of the {} of --rare", name, most_frequent,
                counts[most_frequent], least),
            say("Use a smaller --rare, or leave it out with --drop {}.", name), usage=True,
        )  # fmt: skip
    rare = tuple(value for value, count in counts.items() if count < least)
    # A name that is written like the one for all rare ones shares its input.
    frequent = [value for value in counts if value not in rare and not (rare and value == RARE)]
    values = (*frequent, RARE) if rare else tuple(frequent)
    return CategoryStep(name, values, most_frequent, int(column.missing().sum()), rare=rare)
