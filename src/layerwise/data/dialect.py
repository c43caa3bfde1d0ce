"""How a table of text is laid out: what stands between cells, whether the first row names the columns."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from layerwise.data.cells import number
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = [
    "DELIMITERS", "MOST_SNIFFED", "Record", "delimiter_note", "delimiter_of", "has_header", "quoted_records", "records",
]  # fmt: skip

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""Each delimiter by its name; all but the space are looked for."""

Record = tuple[int, list[str]]
"""The line a record starts on, and its cells without the spaces around them."""

MOST_SNIFFED = 1_000_000
"""Signs of a text that are looked at for its delimiter."""

SAMPLE = 200
SENTENCE = 60


def records(path: Path, text: str, *, delimiter: str, quote: str) -> list[Record]:
    """Return every record of a table, strictly: a stray or unclosed quote is an error.

    Args:
        path: File, for messages.
        text: What the file holds.
        delimiter: One character.
        quote: One character, or empty where quotes have no meaning.

    Raises:
        LayerwiseError: A quote is not closed or closed too early; the line is named.
    """
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        skipinitialspace=delimiter != "\t",
        strict=True,
    )
    found: list[Record] = []
    line = 0
    try:
        for cells in reader:
            found.append((line + 1, [cell.strip() for cell in cells]))
            line = reader.line_num
    except csv.Error as problem:
        raise LayerwiseError(
            say("A quoted cell is closed by its quote, and a quote inside it is doubled."),
            say("'{}', line {}: {}", path, line + 1, problem),
            say("Mend that line, or read quotes as ordinary signs: --quote none"),
        ) from problem
    return found


def quoted_records(path: Path, text: str, delimiter: str, quote: str) -> tuple[list[Record], str]:
    """Return the records and a note; in tab-separated text a lone quote is an ordinary sign.

    Args:
        path: File, for messages.
        text: What the file holds.
        delimiter: One character.
        quote: One character; empty or `none` where quotes have no meaning.

    Raises:
        LayerwiseError: The quote is longer than one character, or a quoted cell is not closed.
    """
    if quote in ("", "none"):
        return records(path, text, delimiter=delimiter, quote=""), ""
    if len(quote) != 1:
        raise LayerwiseError(
            say("A quote is one character, or none."), f"--quote {quote}", say("Leave it out for \"."), usage=True
        )  # fmt: skip
    if delimiter == "\t":
        plain = records(path, text, delimiter=delimiter, quote="")
        try:
            quoted = records(path, text, delimiter=delimiter, quote=quote)
        except LayerwiseError:
            quoted = []
        if len(quoted) == len(plain):
            return quoted, ""
        return plain, say("Quotes are read as ordinary signs: they do not pair up (change with --quote).")
    return records(path, text, delimiter=delimiter, quote=quote), ""


def delimiter_of(path: Path, text: str, given: str) -> str:
    r"""Return the delimiter the user names, else the one that cuts the first records into equally many cells.

    Raises:
        LayerwiseError: The given delimiter is neither a name nor one character.

    Example:
        >>> delimiter_of(Path("a.csv"), "time;ozone\n18.00;2,6\n19.00;2,1\n", "auto")
        ';'
    """
    if given != "auto":
        if given in DELIMITERS or len(given) == 1:
            return DELIMITERS.get(given, given)
        raise LayerwiseError(
            say("A delimiter is one character or its name."), say("delimiter '{}'", given),
            nearest(given, DELIMITERS), usage=True,
        )  # fmt: skip
    # A slice, since the whole of a large text would be copied.
    sample = "".join(io.StringIO(text[:MOST_SNIFFED], newline="").readlines(200_000)[:SAMPLE])
    scores = {sign: _evenness(sample, sign) for name, sign in DELIMITERS.items() if name != "space"}
    best = max(scores, key=lambda sign: scores[sign])
    if scores[best] == (0.0, 0):
        return "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    return best


def delimiter_note(delimiter: str) -> str:
    """Name a delimiter that is not the comma."""
    names = {sign: name for name, sign in DELIMITERS.items()}
    return "" if delimiter == "," else say("Cells are separated by: {}.", names.get(delimiter, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    """Return the share of records with the most frequent number of cells, and that number; zero below two cells."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        widths = Counter(len(cells) for cells in reader if any(map(str.strip, cells)))
    except csv.Error:
        return (0.0, 0)
    if not widths:
        return (0.0, 0)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (round(count / widths.total(), 1), width) if width > 1 else (0.0, 0)


def has_header(rows: Sequence[Sequence[str]], missing_words: Collection[str], styles: tuple[str, ...]) -> bool:
    """Say whether the first row names the columns.

    It does where a word stands above numbers. It does not where it holds a number, a word twice, a sentence of more
    than 60 signs, or only words that return below in their columns. Judged on the first 200 rows.

    Example:
        >>> has_header([["age", "sex"], ["31", "m"]], ("",), ("point",))
        True
        >>> has_header([["5.1", "setosa"], ["4.9", "setosa"]], ("",), ("point",))
        False
    """
    first, below = rows[0], rows[1:SAMPLE]
    words = [cell for cell in first if cell and cell not in missing_words]
    numeric = [_is_number(cell, styles) for cell in first]
    for place, cell in enumerate(first):
        column = [row[place] for row in below if place < len(row) and row[place] not in missing_words]
        if cell and not numeric[place] and column and all(_is_number(held, styles) for held in column):
            return True
    if any(numeric) or not words or len(set(words)) < len(words) or any(len(word) > SENTENCE for word in words):
        return False
    return not all(any(place < len(row) and row[place] == cell for row in below) for place, cell in enumerate(first))


def _is_number(cell: str, styles: tuple[str, ...]) -> bool:
    """Say whether a cell is a number in any of the styles."""
    return any(number(cell, style) is not None for style in styles)
