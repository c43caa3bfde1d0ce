"""Headers of Orange's tables: three rows of names, kinds and flags, or one row of names with signs before them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Head", "one_row", "three_rows"]

KINDS = {
    "c": "number", "continuous": "number", "numeric": "number",
    "d": "category", "discrete": "category", "categorical": "category",
    "s": "text", "string": "text", "text": "text",
    "t": "time", "time": "time",
}  # fmt: skip
"""Words of the second row, in lower case."""

FLAGS = {
    "c": "target", "class": "target", "m": "meta", "meta": "meta",
    "i": "unused", "ignore": "unused", "w": "weight", "weight": "weight",
}  # fmt: skip
"""Words of the third row, in lower case."""

LISTED = re.compile(r"(?:\\.|[^\s\\])+")
"""One of the values that a second row may list; a blank inside it is escaped."""

SIGNED = re.compile(r"([mciw]?[CDST]?|[CDST][mciw])#(.*\S.*)")
"""A name behind its signs: small ones are flags, capital ones kinds."""


@dataclass(frozen=True)
class Head:
    """What a header says of one column.

    Args:
        name: Its name.
        kind: number, category, text or time; empty where it is left to the cells.
        role: target, meta, unused, weight; empty for an input.
        values: The categories in their order, where they are listed.
    """

    name: str
    kind: str = ""
    role: str = ""
    values: tuple[str, ...] = ()


def three_rows(rows: Sequence[Sequence[str]], *, strict: bool = False) -> list[Head] | None:
    r"""Return what a header of three rows says; None where the first rows are none.

    Args:
        rows: The first records of a table, stripped.
        strict: Ask for a whole word (`continuous`, `class`), not only for letters that may be data.

    Example:
        >>> heads = three_rows([["age", "sex", "ill"], ["c", "female male", "d"], ["", "", "class"]])
        >>> [(head.name, head.kind, head.role, head.values) for head in heads[1:]]
        [('sex', 'category', '', ('female', 'male')), ('ill', 'category', 'target', ())]
        >>> three_rows([["age", "sex"], ["31", "m"], ["45", "f"]])
    """
    if len(rows) < 3 or len(rows[0]) != len(rows[1]) or len(rows[2]) > len(rows[0]) or not rows[2]:
        return None
    kinds = [cell.lower() for cell in rows[1]]
    flags = [cell.lower().split() for cell in rows[2]] + [[] for _ in rows[0][len(rows[2]) :]]
    known = [cell in KINDS for cell in kinds]
    if not any(known) or not all(
        ok or not cell or len(LISTED.findall(cell)) > 1 for ok, cell in zip(known, kinds, strict=True)
    ):
        return None
    words = [word for cell in flags for word in cell]
    if not all(word in FLAGS or "=" in word for word in words):
        return None
    if strict and words and not any(len(word) > 1 for word in (*words, *kinds)):
        return None
    heads = []
    for name, cell, flag in zip(rows[0], rows[1], flags, strict=True):
        kind = KINDS.get(cell.lower(), "category" if cell else "")
        listed = (
            () if cell.lower() in KINDS else tuple(re.sub(r"\\(.)", r"\1", value) for value in LISTED.findall(cell))
        )
        roles = [FLAGS[word] for word in flag if word in FLAGS]
        heads.append(Head(name, kind, roles[0] if roles else "", listed))
    return heads


def one_row(row: Sequence[str]) -> list[Head] | None:
    """Return what signs before the names say; None where no name has any.

    Example:
        >>> one_row(["mS#name", "C#age", "sex", "cD#ill"])[2:]
        [Head(name='sex', kind='', role='', values=()), Head(name='ill', kind='category', role='target', values=())]
        >>> one_row(["C#", "name", "#3"])
    """
    heads, signed = [], False
    for cell in row:
        found = SIGNED.fullmatch(cell)
        signs = found[1] if found else ""
        if not found or not signs:
            heads.append(Head(cell))
            continue
        signed = True
        kind = next((KINDS[sign.lower()] for sign in signs if sign.isupper()), "")
        role = next((FLAGS[sign] for sign in signs if sign.islower()), "")
        heads.append(Head(found[2].strip(), kind, role))
    return heads if signed else None
