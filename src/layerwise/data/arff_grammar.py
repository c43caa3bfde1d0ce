"""The grammar of ARFF, as WEKA's tokenizer reads it: the signs of a line, the header above @data, one row below it.

Blanks, control characters and commas stand between words; % begins a comment wherever a word ends; quotes of either
kind hold blanks, and a backslash inside them keeps the next sign.

Source: WEKA manual, "ARFF", stable and developer version; Java SE, java.io.StreamTokenizer.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from layerwise.data.cells import number
from layerwise.data.date_patterns import ISO, DatePattern, date_pattern
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["Attribute", "Cell", "Header", "Row", "brief", "read_header", "read_row", "signs"]

KEYWORDS = ("@relation", "@attribute", "@data")
TYPES = ("numeric", "real", "integer", "string", "date", "relational")


class Brace(enum.Enum):
    """A brace outside quotes."""

    OPEN = "{"
    CLOSE = "}"


Token = str | Brace | None
"""A word, a brace, or None for a question mark outside quotes, which stands for a missing value."""

Cell = str | float | None
"""A value of a row: as written, None where it is missing, a number where a sparse row leaves out a date."""

OMITTED: dict[str, Cell] = {"numeric": "0", "integer": "0", "date": 0.0, "string": None}
"""What a sparse row that leaves out a place means by it; of a nominal attribute the first declared value.

WEKA's writer leaves out the first text of a string attribute, which is lost so: it is read as missing.
"""

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
PLACE = re.compile(r"[0-9]{1,9}")
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


@dataclass(frozen=True)
class Attribute:
    """One @attribute line.

    Args:
        name: Name of the field.
        type: numeric, integer, string, date or nominal; real is numeric.
        names: Of a nominal attribute: the values it declares, in their order.
        dates: Of a date: its pattern.
    """

    name: str
    type: str
    names: tuple[str, ...] = ()
    dates: DatePattern | None = None


@dataclass(frozen=True)
class Header:
    """What stands above the rows.

    Args:
        relation: Name of the relation.
        attributes: One entry an @attribute line.
        data: Place of the @data line among the lines, from 0.
        behind: What stands on that line behind @data.
        notes: What was read over.
    """

    relation: str
    attributes: tuple[Attribute, ...]
    data: int
    behind: str
    notes: list[str] = field(default_factory=list)

    @cached_property
    def omitted(self) -> list[Cell]:
        """What a sparse row means by each place that it leaves out."""
        return [OMITTED.get(part.type, next(iter(part.names), None)) for part in self.attributes]

    @cached_property
    def texts(self) -> dict[int, str]:
        """Places and names of the string attributes."""
        return {place: part.name for place, part in enumerate(self.attributes) if part.type == "string"}


def read_header(path: Path, lines: Sequence[str]) -> Header:
    """Read @relation, every @attribute, and @data.

    Raises:
        LayerwiseError: A keyword, name or type is missing or another one; the line is named.
    """
    relation = ""
    attributes: dict[str, Attribute] = {}
    notes: list[str] = []
    for place, line in enumerate(lines):
        found = signs(line)
        if not found.tokens and not found.open_quote:
            continue
        where = _Where(path, place + 1, line)
        keyword = str(found.tokens[0]).lower() if found.tokens else ""
        if keyword != KEYWORDS[0] and not relation:
            raise where.error(
                say("An ARFF file starts with @relation and a name."), line, _remedy(keyword, KEYWORDS[:1])
            )
        if keyword == KEYWORDS[0] and not relation:
            words = [str(token) for token in found.tokens[1:] if isinstance(token, str)]
            # The name is only shown, so that blanks and a lone quote in it do no harm.
            relation = " ".join(words) or line[found.behind :].strip()
            if not relation:
                raise where.error(say("An ARFF file starts with @relation and a name."), line, say("Add a name."))
        elif keyword == KEYWORDS[1]:
            attribute = _attribute(where, found, notes)
            if attribute.name in attributes:
                raise where.error(
                    say("Every attribute has its own name."), attribute.name, say("Rename one of the two.")
                )
            attributes[attribute.name] = attribute
        elif keyword == KEYWORDS[2]:
            if not attributes:
                raise where.error(say("An ARFF file has @attribute lines above @data."), line, say("Add them."))
            return Header(relation, tuple(attributes.values()), place, line[found.behind :], notes)
        else:
            raise where.error(
                say("Below @relation stand @attribute lines, then @data."), line, _remedy(keyword, KEYWORDS[1:])
            )
    raise _Where(path, len(lines), "").error(
        say("An ARFF file holds @relation, @attribute lines, @data, and its rows."),
        say("the end of the file without {}", "@data" if relation else "@relation"),
        say("Is it cut short, or a file of another format (--format)?"),
    )


@dataclass(frozen=True)
class _Where:
    """A line of a file, for messages."""

    path: Path
    number: int
    line: str

    def error(self, rule: str, found: str, remedy: str) -> LayerwiseError:
        """Return what is wrong with this line."""
        return LayerwiseError(rule, say("'{}', line {}: {}", self.path, self.number, brief(found.strip())), remedy)


def brief(text: str) -> str:
    """Return a text cut after 80 signs, with blanks for its control signs."""
    text = text if len(text) <= BRIEF else text[: BRIEF - 1] + "…"
    return re.sub(r"[\x00-\x1f]", " ", text)


def _remedy(keyword: str, keywords: Sequence[str]) -> str:
    """Name the nearest keyword, or say where rows may stand."""
    if keyword.startswith("@"):
        return nearest(keyword, keywords)
    return say("Expected here: {}.", " / ".join(keywords))


def _attribute(where: _Where, found: Line, notes: list[str]) -> Attribute:
    """Read the name and the type of an attribute."""
    tokens = found.tokens
    rule = say("An attribute has a name and a type: numeric, integer, real, string, date, or its values in braces.")
    if found.open_quote:
        raise where.error(
            say("A quoted name or value is closed by its quote on the same line."), where.line,
            say('Close the quote; what holds a quote itself is written "it\'s".'),
        )  # fmt: skip
    if len(tokens) < 3 or isinstance(tokens[1], Brace) or tokens[1] == "":
        raise where.error(rule, where.line, say("Write: @attribute NAME TYPE"))
    name = "?" if tokens[1] is None else tokens[1]
    if tokens[2] is Brace.OPEN:
        if Brace.CLOSE not in tokens:
            raise where.error(
                say("The values of a nominal attribute stand in braces on one line."),
                where.line,
                say("Close the brace."),
            )
        end = tokens.index(Brace.CLOSE)
        _note_rest(where, name, tokens[end + 1 :], notes)
        return Attribute(name, "nominal", _values(where, name, tokens[3:end]))
    kind = str(tokens[2]).lower()
    rest = tokens[3:]
    if kind not in TYPES:
        raise where.error(
            rule, say("type '{}'", kind), nearest(kind, TYPES[:-1]) + " " + say("A name with blanks needs quotes.")
        )
    if kind == "relational":
        raise where.error(
            say("An attribute is numeric, nominal, string or date."), say("the relational attribute '{}'", name),
            say("Unfold it to one row an example first: WEKA's filter MultiInstanceToPropositional does so."),
        )  # fmt: skip
    if kind == "date":
        return _date(where, name, rest, notes)
    _note_rest(where, name, rest, notes)
    return Attribute(name, "numeric" if kind == "real" else kind)


def _values(where: _Where, name: str, tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the values that a nominal attribute declares."""
    values = tuple("?" if token is None else str(token) for token in tokens)
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice or Brace.OPEN in tokens:
        raise where.error(
            say("A nominal attribute declares each value once."), f"{name} {{{', '.join(twice) or '{'}}}",
            say("Leave it out once; a value with a blank, a comma or a brace needs quotes."),
        )  # fmt: skip
    return values


def _date(where: _Where, name: str, rest: Sequence[Token], notes: list[str]) -> Attribute:
    """Return a date attribute with its pattern."""
    pattern = rest[0] if rest and isinstance(rest[0], str) else ISO
    try:
        dates = date_pattern(pattern)
    except LayerwiseError as problem:
        raise where.error(problem.rule, problem.found, problem.remedy) from problem
    _note_rest(where, name, rest[1:] if rest and isinstance(rest[0], str) else rest, notes)
    return Attribute(name, "date", dates=dates)


def _note_rest(where: _Where, name: str, rest: Sequence[Token], notes: list[str]) -> None:
    """Note what stands behind a type: the weight of an attribute, or words that WEKA reads over."""
    if not rest:
        return
    shown = brief(" ".join(token.value if isinstance(token, Brace) else str(token or "?") for token in rest))
    if rest[0] is Brace.OPEN and rest[-1] is Brace.CLOSE:
        notes.append(say("The weight of attribute '{}' is not used: {}", name, shown))
    else:
        notes.append(say("Line {}: not read, behind the type of '{}': {}", where.number, name, shown))


class Row(NamedTuple):
    """One row: a cell for each attribute, its weight where it brings one, and what a sparse row left out.

    Args:
        cells: One an attribute.
        weight: None where none is written.
        sparse: Whether it was written as a sparse row.
        omitted: Names of strings that a sparse row leaves out.
        comment: Whether a comment stands behind it.
    """

    cells: list[Cell]
    weight: float | None
    sparse: bool
    omitted: list[str]
    comment: bool


def read_row(line: str, header: Header) -> Row | None:
    r"""Read a line below @data; None where it holds no value.

    Args:
        line: The line.
        header: What the file declares.

    Raises:
        LayerwiseError: It is no row: too few or too many values, a quote or a brace that is not closed, a wrong place.

    Example:
        >>> colour, size = Attribute("colour", "nominal", ("red", "green")), Attribute("size", "numeric")
        >>> read_row("{1 2.5}, {3}", Header("things", (colour, size), 0, ""))[:2]
        (['red', '2.5'], 3.0)
    """
    found = signs(line)
    tokens = found.tokens
    if found.open_quote:
        raise _damaged(
            say("A quoted name or value is closed by its quote on the same line."), say("an open quote in: {}", line),
            say('Close the quote (what holds a quote itself is written "it\'s"), or leave the row out with '
                "--exclude-problems."),
        )  # fmt: skip
    if not tokens:
        return None
    if tokens[0] is Brace.OPEN:
        end = tokens.index(Brace.CLOSE) + 1 if Brace.CLOSE in tokens else len(tokens)
        cells, omitted = _sparse(line, tokens[1:end], header)
        return Row(cells, _weight(line, tokens[end:]), True, omitted, found.comment)
    end = tokens.index(Brace.OPEN) if Brace.OPEN in tokens else len(tokens)
    cells = _dense(line, tokens[:end], found.empty, len(header.attributes))
    return Row(cells, _weight(line, tokens[end:]), False, [], found.comment)


def _damaged(rule: str, found: str, remedy: str) -> LayerwiseError:
    """Return what is wrong with a row, which is shown in brief."""
    return LayerwiseError(rule, brief(found.strip()), remedy)


def _dense(line: str, tokens: Sequence[Token], empty: bool, width: int) -> list[Cell]:
    """Return the values of a row that has one for each attribute."""
    cells: list[Cell] = [token for token in tokens if not isinstance(token, Brace)]
    if len(cells) == width and len(tokens) == width and not empty:
        return cells
    rule = say("A row has a value for each of the {} attributes.", width)
    remedy = say(
        "Mend the row (a value with a blank, a comma, %, a brace or a quote in it needs quotes), "
        "or leave it out with --exclude-problems."
    )
    if empty:
        raise _damaged(rule, say("an empty cell in: {}", line), say("Write ? for a missing value.") + " " + remedy)
    if len(cells) < len(tokens):
        raise _damaged(rule, say("a brace outside quotes in: {}", line), remedy)
    raise _damaged(rule, say("{} cells, expected {}", len(cells), width), remedy)


def _sparse(line: str, tokens: Sequence[Token], header: Header) -> tuple[list[Cell], list[str]]:
    """Return the values of a row that tells places and values, and the names of texts that it leaves out."""
    width = len(header.attributes)
    rule = say("A sparse row holds places from 0 to {} in rising order, each with a value: {{0 X, 3 Y}}.", width - 1)
    remedy = say("Mend the row, or leave it out with --exclude-problems.")
    pairs = tokens[:-1]
    if not tokens or tokens[-1] is not Brace.CLOSE or len(pairs) % 2:
        raise _damaged(rule, line, remedy)
    cells = header.omitted.copy()
    told = [-1]
    for index, value in zip(pairs[::2], pairs[1::2], strict=True):
        place = int(index) if isinstance(index, str) and PLACE.fullmatch(index) else -1
        if not told[-1] < place < width or isinstance(value, Brace):
            raise _damaged(rule, say("place '{}' in {}", "?" if index is None else index, line), remedy)
        told.append(place)
        cells[place] = value
    return cells, [name for place, name in header.texts.items() if place not in told]


def _weight(line: str, tokens: Sequence[Token]) -> float | None:
    """Return the weight behind a row, None where there is none."""
    if not tokens:
        return None
    weight = number(str(tokens[1])) if len(tokens) == 3 else None
    if tokens[0] is not Brace.OPEN or tokens[-1] is not Brace.CLOSE or weight is None or weight < 0:
        raise _damaged(
            say("Behind a row may stand its weight: one number of at least 0 in braces."),
            say("something else behind the row: {}", line),
            say("Write it as {{2.5}}, or leave the row out with --exclude-problems."),
        )  # fmt: skip
    return weight
