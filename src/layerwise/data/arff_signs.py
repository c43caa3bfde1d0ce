"""The signs of a line of ARFF, as WEKA's tokenizer cuts it.

Blanks, control characters and commas stand between words; % begins a comment wherever a word ends; quotes of either
kind hold blanks, and a backslash inside them keeps the next sign.

Source: WEKA manual, "ARFF", stable and developer version; Java SE, java.io.StreamTokenizer.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

__all__ = ["Brace", "Cell", "Line", "Token", "brief", "signs"]


class Brace(enum.Enum):
    """A brace outside quotes."""

    OPEN = "{"
    CLOSE = "}"


Token = str | Brace | None
"""A word, a brace, or None for a question mark outside quotes, which stands for a missing value."""

Cell = str | float | None
"""A value of a row: as written, None where it is missing, a number where a sparse row leaves out a date."""

TOKEN = re.compile(
    r"""(?P<gap>[\x00-\x20,]*+)(?:
        (?P<comment>%.*)
      | '(?P<single>(?:[^'\\]++|\\.)*+)(?P<closed>'?)
      | "(?P<double>(?:[^"\\]++|\\.)*+)(?P<shut>"?)
      | (?P<brace>[{}])
      | (?P<word>[^\x00-\x20,%'"{}]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
SEPARATORS = "".join(map(chr, range(33))) + ","
BRIEF = 80
EMPTY_CELL = re.compile(r"(?:\A|,)[\x00-\x20]*,")
ESCAPE = re.compile(r"\\(?:(?P<octal>[0-3][0-7]{0,2}|[4-7][0-7]?)|(?P<separator>u001E)|(?P<sign>.))", re.DOTALL)
CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Line(NamedTuple):
    """What a line holds.

    Args:
        tokens: Words and braces in order.
        behind: Where the first token ends.
        open_quote: Whether a quote is not closed.
        comment: Whether a comment follows the last token.
        empty: Whether nothing stands before a comma that asks for a value.
    """

    tokens: list[Token]
    behind: int
    open_quote: bool
    comment: bool
    empty: bool


def signs(line: str) -> Line:
    r"""Cut a line into words and braces.

    Example:
        >>> signs(r"1, 'New York'	? {2} % it's a comment").tokens
        ['1', 'New York', None, <Brace.OPEN: '{'>, '2', <Brace.CLOSE: '}'>]
        >>> signs(r"'it\'s'50%").tokens, signs("it's").open_quote, signs("1,,2").empty
        (["it's", '50'], True, True)
    """
    tokens: list[Token] = []
    behind = end = 0
    open_quote = comment = empty = False
    suspect = EMPTY_CELL.search(line) is not None
    # Without the separators at its end every part of a line is a token, and no sign is looked at twice.
    for match in TOKEN.finditer(line.rstrip(SEPARATORS)):
        kind, end = match.lastgroup, match.end()
        # Two commas inside a quoted word are none of the row's.
        empty = empty or (suspect and match["gap"].count(",") > bool(tokens))
        if kind == "word":
            word = match["word"]
            tokens.append(None if word == "?" else word)
        elif kind == "brace":
            tokens.append(Brace(match["brace"]))
        elif kind == "comment":
            comment = True
            break
        elif match[kind or ""]:
            tokens.append(_unescaped(match["single" if kind == "closed" else "double"]))
        else:
            open_quote = True
            break
        behind = behind or end
    return Line(tokens, behind, open_quote, comment, empty or (suspect and line.count(",", end) > bool(tokens)))


def _unescaped(text: str) -> str:
    """Return quoted text with its backslashes carried out."""
    return ESCAPE.sub(_escaped_sign, text) if "\\" in text else text


def _escaped_sign(match: re.Match[str]) -> str:
    """Return the sign that a backslash and what follows stand for; WEKA writes one separator by its number."""
    if match["octal"]:
        return chr(int(match["octal"], 8))
    return "\x1e" if match["separator"] else CONTROLS.get(match["sign"], match["sign"])


def brief(text: str) -> str:
    """Return a text cut after 80 signs, with blanks for its control signs."""
    text = text if len(text) <= BRIEF else text[: BRIEF - 1] + "…"
    return re.sub(r"[\x00-\x1f]", " ", text)
