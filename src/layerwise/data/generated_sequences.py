"""Pairs of sequences made by formula: random letters and the same letters backwards."""

from __future__ import annotations

import numpy as np

from layerwise.data.kinds import Categories, Column, Texts

__all__ = ["REVERSAL_PARTS", "reversal"]

LETTERS = "abcdefghij"
SHORTEST, LONGEST = 10, 15
REVERSAL_PARTS = {"train": 8000, "validation": 1000, "test": 1000}
"""Rows of each part; 8,000 are 125 updates of 64 rows."""


def reversal(seed: int) -> dict[str, Column]:
    """Return sequences of 10 to 15 random letters, each with its reversal and its part; no sequence occurs twice.

    y_i = x_(n + 1 - i),  n uniform from 10 to 15,  x_i uniform over ten letters

    What one part of the answer needs stands far from it in the input, at a distance that depends on the length: a fixed
    vector has to hold everything, attention has only to look at the right place.

    Args:
        seed: Seed of all parts; each part has random numbers of its own.

    Source: the reversal task of Graves, Wayne and Danihelka 2014 (arXiv:1410.5401) and others after it, in this size.

    Example:
        >>> columns = reversal(0)
        >>> columns["sequence"].show(0)[::-1] == columns["reversed"].show(0), len(columns["part"])
        (True, 10000)
    """
    read: dict[str, None] = {}
    codes: list[int] = []
    for code, count in enumerate(REVERSAL_PARTS.values()):
        generator = np.random.default_rng([seed, 4, code])
        wanted = len(read) + count
        while len(read) < wanted:
            length = generator.integers(SHORTEST, LONGEST + 1)
            # A sequence that was drawn before is drawn again, so that no part holds one of another.
            read["".join(LETTERS[place] for place in generator.integers(0, len(LETTERS), length))] = None
        codes += [code] * (len(read) - len(codes))
    sequences = list(read)
    return {
        "sequence": Texts(sequences),
        "reversed": Texts([sequence[::-1] for sequence in sequences]),
        "part": Categories(np.array(codes), tuple(REVERSAL_PARTS)),
    }
