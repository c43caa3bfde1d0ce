"""A text as one number for each of its words or pieces of words: frequent in it, rare in the others (tf-idf)."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layerwise.config import Preprocess
from layerwise.data.cells import are_dates
from layerwise.data.image_step import other_kind
from layerwise.data.kinds import Categories, Column, Texts
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["USUAL_NGRAMS", "TfIdfStep", "fit_tf_idf", "holds_dates", "ngrams"]

USUAL_NGRAMS = {"words": (1, 2), "characters": (1, 3)}
"""Shortest and longest n-gram of each unit; pieces of up to three syllables hold most stems and endings of Korean."""

WORD = re.compile(r"\w+")

LARGEST = 2**33
"""Bytes that the numbers of one text field may take."""


def holds_dates(column: Column) -> bool:
    """Say whether the texts of a column are dates or times."""
    return isinstance(column, Texts) and are_dates([value for value in column.values if value])


def ngrams(text: str, unit: str, shortest: int, longest: int) -> list[str]:
    """Cut a text into runs of neighbouring words or characters; letter case and runs of blanks make no difference.

    Args:
        text: The text; composed and decomposed letters are the same.
        unit: `words` or `characters`; a blank is a character.
        shortest: Fewest words or characters of a run, 1 or more.
        longest: Most of them.

    Example:
        >>> ngrams("The  wolf", "words", 1, 2), ngrams("곰이", "characters", 1, 2)
        (['the', 'wolf', 'the wolf'], ['곰', '이', '곰이'])
    """
    plain = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if unit == "characters":
        return [plain[place : place + length] for length in range(shortest, longest + 1)
                for place in range(len(plain) - length + 1)]  # fmt: skip
    found = WORD.findall(plain)
    return [" ".join(found[place : place + length]) for length in range(shortest, longest + 1)
            for place in range(len(found) - length + 1)]  # fmt: skip


@dataclass(frozen=True)
class TfIdfStep:
    """One text field: for each n-gram its count in the text times its rarity, the whole scaled to length 1.

    v_t = count(t) idf_t,  idf_t = ln( (1 + texts) / (1 + texts with t) ) + 1,  x = v / |v|

    Args:
        field: Name of the field.
        unit: What n-grams are made of: `words` or `characters`.
        shortest: Fewest of them in an n-gram.
        longest: Most of them.
        terms: The n-grams, sorted.
        idf: The rarity of each.
        texts: Texts of the training part.

    Source: Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval"; the smooth idf and the
    length are those of scikit-learn's TfidfVectorizer.

    Example:
        >>> step = TfIdfStep("line", "words", 1, 1, ("bear", "wolf"), (1.0, 1.0), 2)
        >>> [[round(float(part), 3) for part in row] for row in step.apply(Texts(["Bear wolf BEAR BEAR", "fox"]))]
        [[0.949, 0.316], [0.0, 0.0]]
    """

    field: str
    unit: str
    shortest: int
    longest: int
    terms: tuple[str, ...]
    idf: tuple[float, ...]
    texts: int
    kind: str = "tf-idf"

    def names(self) -> list[str]:
        """Return the names of the inputs this field becomes."""
        return [f'{self.field} "{term}"' for term in self.terms]

    def weights(self, column: Column) -> Iterator[tuple[list[int], np.ndarray]]:
        """Yield for each text the places of its terms and their numbers in float64."""
        if isinstance(column, Categories):
            # A few short texts look like names when a file of them is read.
            column = Texts([column.show(row) for row in range(len(column))])
        if not isinstance(column, Texts):
            raise other_kind(self.field, "text", column.kind)
        known = {term: place for place, term in enumerate(self.terms)}
        idf = np.array(self.idf)
        for text in column.values:
            counts = Counter(
                known[term] for term in ngrams(text, self.unit, self.shortest, self.longest) if term in known
            )
            places = list(counts)
            # v_t = count(t) idf_t
            values = np.fromiter(counts.values(), dtype=np.float64, count=len(counts)) * idf[places]
            # x = v / |v|; a text without a known term stays 0
            yield places, values / (math.sqrt(float(values @ values)) or 1.0)

    def apply(self, column: Column) -> np.ndarray:
        """Return `(rows, terms)` in float32, since there may be very many.

        Raises:
            LayerwiseError: The field holds no texts, or their numbers would not fit into memory.
        """
        if 4 * len(column) * len(self.terms) > LARGEST:
            raise LayerwiseError(
                say("The numbers of a text field take at most {} GiB.", LARGEST // 2**30),
                say("'{}': {:,} texts with {:,} n-grams each", self.field, len(column), len(self.terms)),
                say("Use --text-features {} or less.", LARGEST // (4 * len(column))), usage=True,
            )  # fmt: skip
        inputs = np.zeros((len(column), len(self.terms)), dtype=np.float32)
        for row, (places, values) in enumerate(self.weights(column)):
            inputs[row, places] = values
        return inputs


def fit_tf_idf(name: str, column: Texts, settings: Preprocess) -> TfIdfStep:
    """Fit one text field: its most frequent n-grams, of equally frequent ones the first by letter.

    Args:
        name: Name of the field.
        column: Its training texts.
        settings: What n-grams are made of, how long they are, and how many are kept.

    Raises:
        LayerwiseError: There is no n-gram at all.
    """
    shortest, longest = settings.text_ngrams or USUAL_NGRAMS[settings.tokens]
    counts, texts_with = Counter[str](), Counter[str]()
    for text in column.values:
        found = ngrams(text, settings.tokens, shortest, longest)
        counts.update(found)
        texts_with.update(set(found))
    if not counts:
        raise LayerwiseError(
            say("A text needs at least one symbol in the training part."),
            say("'{}' holds no {} there", name, say(settings.tokens)), say("Leave it out with --drop {}.", name),
        )  # fmt: skip
    terms = tuple(sorted(sorted(counts, key=lambda term: (-counts[term], term))[: settings.text_features]))
    # idf_t = ln( (1 + texts) / (1 + texts with t) ) + 1
    idf = tuple(math.log((1 + len(column)) / (1 + texts_with[term])) + 1 for term in terms)
    return TfIdfStep(name, settings.tokens, shortest, longest, terms, idf, len(column))
