"""Running text: books, plays, logs. One row a line, and all rows together are the file, sign for sign."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

from layerwise.catalog import register
from layerwise.data.cells import number
from layerwise.data.dialect import DELIMITERS
from layerwise.data.kinds import Texts
from layerwise.data.source import Field, Source
from layerwise.data.text_encoding import MARKS, read_text
from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = ["lines_of", "looks_like_table", "read", "sniff"]

SAMPLE_BYTES = 64 * 1024
SAMPLE_LINES = 50

EVEN = 0.9
"""Share of lines that one sign must cut into equally many cells for a text to be a table."""

LONGEST_ROW = 1000
"""Characters of one row: a longer line, such as a whole book without line ends, is several rows."""


def sniff(path: Path) -> bool:
    """Say whether a file is named as text and is no table."""
    if not path.is_file() or path.suffix.lower() != ".txt":
        return False
    with path.open("rb") as stream:
        start = stream.read(SAMPLE_BYTES)
    encoding = next((name for mark, name in MARKS if start.startswith(mark)), "utf-8")
    return not looks_like_table(start.decode(encoding, errors="ignore"))


def looks_like_table(text: str) -> bool:
    r"""Say whether a text is a table: one sign cuts nearly all lines into equally many cells, or all are numbers.

    Judged on the first 50 lines that are not empty; a single line is no table.

    Example:
        >>> looks_like_table("age,sex\n31,m\n45,f\n"), looks_like_table("To be, or not to be,\nthat is the question.\n")
        (True, False)
        >>> looks_like_table("5.1 3.5\n4.9 3.0\n")
        True
    """
    lines = [line for line in text.splitlines() if line.strip()][:SAMPLE_LINES]
    if len(lines) < 2:
        return False
    if all(number(word, "point") is not None for line in lines for word in line.split()):
        return True
    for name, sign in DELIMITERS.items():
        cells, count = Counter(line.count(sign) + 1 for line in lines).most_common(1)[0]
        if name != "space" and cells > 1 and count >= EVEN * len(lines):
            return True
    return False


@register("text", suffixes=(".txt",))
def read(path: Path, *, encoding: str = "") -> Source:
    r"""Read a text as rows of one line each, line ends included.

    The rows joined are the file. A line of more than 1,000 characters is several rows.

    Args:
        path: A text file.
        encoding: Encoding of the file; empty for its mark, else UTF-8, else CP949.

    Raises:
        LayerwiseError: The text has fewer than two characters, or cannot be decoded.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "verse.txt"
        >>> _ = path.write_bytes("해는 지고\n달은 뜨네\n".encode("cp949"))
        >>> source = read(path)
        >>> source.columns["text"].values
        ['해는 지고\n', '달은 뜨네\n']
    """
    text = read_text(path, encoding)
    if not text.content.strip() or len(text.content) < 2:
        raise LayerwiseError(
            say("A text has at least two characters: one to read and one to foretell."),
            say("'{}' has {} that are not blank", path, len(text.content.strip())),
            say("Check that the file was saved."),
        )
    rows, places = lines_of(text.content)
    return Source(
        name=path.stem, origin=str(path), fields=(Field("text"),), columns={"text": Texts(rows)},
        notes=tuple(note for note in (text.note, counts(text.content)) if note), places=places,
    )  # fmt: skip


def lines_of(content: str) -> tuple[list[str], tuple[str, ...]]:
    r"""Cut a text into rows, each with its line end, and say where each stands.

    Example:
        >>> lines_of("one\r\ntwo")
        (['one\r\n', 'two'], ('line 1', 'line 2'))
    """
    rows: list[str] = []
    places: list[str] = []
    for line, words in enumerate(io.StringIO(content, newline=""), start=1):
        for start in range(0, len(words), LONGEST_ROW):
            rows.append(words[start : start + LONGEST_ROW])
            places.append(f"line {line}" if not start else f"line {line}, character {start + 1}")
    return rows, tuple(places)


def counts(content: str) -> str:
    """Say how long a text is and how many different signs it has."""
    words = content.split()
    return say(
        "{:,} characters, {} different; {:,} words, {:,} different.",
        len(content), len(set(content)), len(words), len(set(words)),
    )  # fmt: skip
