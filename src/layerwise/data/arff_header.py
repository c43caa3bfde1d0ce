"""The header of an ARFF file: @relation, an @attribute line for every field, @data.

Source: WEKA manual, "ARFF", stable and developer version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from layerwise.data.arff_signs import Brace, Cell, Line, Token, brief, signs
from layerwise.data.date_patterns import ISO, DatePattern, date_pattern
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["Attribute", "Header", "read_header"]

KEYWORDS = ("@relation", "@attribute", "@data")
TYPES = ("numeric", "real", "integer", "string", "date", "relational")

OMITTED: dict[str, Cell] = {"numeric": "0", "integer": "0", "date": 0.0, "string": None}
"""What a sparse row that leaves out a place means by it; of a nominal attribute the first declared value.

WEKA's writer leaves out the first text of a string attribute, which is lost so: it is read as missing.
"""


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
