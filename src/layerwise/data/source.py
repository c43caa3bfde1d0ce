"""A source: the named, typed fields of a data set, the role each plays, and everything that could not be read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from layerwise.data.kinds import Categories, Column

__all__ = ["ROLES", "Field", "Problem", "Source"]

ROLES = ("input", "target", "id", "weight", "part", "group", "time", "unused")
"""What a field is for. `part` says train, validation or test; `group` keeps its rows on one side of every split."""


@dataclass(frozen=True)
class Field:
    """The name of a column and what it is for."""

    name: str
    role: str = "input"


@dataclass(frozen=True)
class Problem:
    """One listed item that was not loaded.

    Args:
        where: File, line or record.
        rule: What must hold of it.
        found: What was found.
        remedy: What the user can do.
    """

    where: str
    rule: str
    found: str
    remedy: str


@dataclass(frozen=True)
class Source:
    """A data set: typed columns of equal length, each with a role.

    `listed == len(source) + len(source.problems)`: nothing is dropped silently.

    Args:
        name: Short name for tables and run folders.
        origin: Where it came from: a path, `built-in`, or `memory`.
        fields: One field a column, in the order of the file.
        columns: The cells of each field, by name.
        problems: Items that could not be read.
        notes: Sentences about how the file was read: encoding, delimiter, what was assumed.
        licence: Licence or terms, where known.
        task: What the data were made for, where they do not tell it themselves: a game, a density.
    """

    name: str
    origin: str
    fields: tuple[Field, ...]
    columns: Mapping[str, Column]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    licence: str = ""
    task: str = ""
    places: Sequence[str] = field(default=(), repr=False)
    """Where each row stands in its file (`line 7`, a file name), for messages; empty when that is its number."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def named(self, role: str) -> tuple[str, ...]:
        """Return the names of the fields of one role."""
        return tuple(part.name for part in self.fields if part.role == role)

    def take(self, rows: np.ndarray) -> Source:
        """Return the chosen rows as a source with the same fields."""
        places = tuple(self.places[row] for row in rows) if self.places else tuple(f"row {row + 1}" for row in rows)
        return replace(self, columns={name: column.take(rows) for name, column in self.columns.items()}, places=places)

    def present(self, names: Sequence[str]) -> np.ndarray:
        """Return the rows that have a value in each of some fields."""
        missing = np.zeros(len(self), dtype=bool)
        for name in names:
            missing |= self.columns[name].missing()
        return np.flatnonzero(~missing)

    def assign(self, roles: Mapping[str, str]) -> Source:
        """Return the source with other roles for some fields."""
        return replace(self, fields=tuple(Field(part.name, roles.get(part.name, part.role)) for part in self.fields))

    def place(self, row: int) -> str:
        """Return where a row stands in its file."""
        return self.places[row] if self.places else f"row {row + 1}"

    def ids(self) -> list[str]:
        """Return the id of each row: the id field, else where it stands."""
        names = self.named("id")
        if names:
            return [self.columns[names[0]].show(row) for row in range(len(self))]
        return [self.place(row) for row in range(len(self))]

    def row_digests(self, *roles: str) -> list[bytes]:
        """Return one hash a row over all fields of the given roles; equal rows have equal hashes."""
        names = [part.name for part in self.fields if part.role in roles]
        columns = [self.columns[name].digests() for name in names]
        return [_digest(cells) for cells in zip(*columns, strict=True)] if columns else []

    def fingerprint(self) -> str:
        """Return a SHA-256 over names, roles and every cell: equal data have equal fingerprints."""
        total = hashlib.sha256()
        for part in self.fields:
            column = self.columns[part.name]
            names = column.names if isinstance(column, Categories) else ()
            total.update(repr((part.name, part.role, column.kind, names, len(column))).encode())
            for digest in column.digests():
                total.update(digest)
        return total.hexdigest()


def _digest(cells: tuple[bytes, ...]) -> bytes:
    """Hash the cells of one row, each preceded by its length so that no two rows can run together."""
    total = hashlib.blake2b(digest_size=16)
    for cell in cells:
        total.update(len(cell).to_bytes(4, "little"))
        total.update(cell)
    return total.digest()
