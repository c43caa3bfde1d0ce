"""What the network uses: how much each field of a table matters to its answers, as bars and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from layerwise.explain.drawing import COLOURS, figure, label, readable, styled, svg
from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.finding import Finding
from layerwise.report.html import items, paragraph, picture, section, table
from layerwise.report.words import cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["importance", "importance_bars", "most_used"]

MOST_BARS = 25
MOST_PAIRS = 3
NAMED = 3
"""Fields that the first screen names."""


def most_used(data: ReportData) -> list[Finding]:
    """Name the fields that the answers rest on, for the first screen."""
    known = _known(data)
    if not known:
        return []
    clear = [each for each in known["fields"] if each["low"] > 0]
    subject = say("What it uses")
    if not clear:
        sentence = say("No field alone: dealing the values of one of {} fields to other rows costs nothing that these "
                       "rows can show.", len(known["fields"]))  # fmt: skip
        return [Finding(subject, sentence, link="importance")]
    named = ", ".join(f"'{cut(each['field'], 30)}' ({_points(known, each['value'])})" for each in clear[:NAMED])
    if known["figure"] == "accuracy":
        sentence = say("Most of all {}: by so much the accuracy falls where its values are dealt to other rows. Fields "
                       "whose loss shows: {} of {}.", named, len(clear), len(known["fields"]))  # fmt: skip
    else:
        sentence = say("Most of all {}: by so much R² falls where its values are dealt to other rows. Fields whose "
                       "loss shows: {} of {}.", named, len(clear), len(known["fields"]))  # fmt: skip
    return [Finding(subject, sentence, link="importance")]


def importance(data: ReportData) -> str:
    """Return the section: a bar for every field with its interval, and which fields stand in for each other."""
    known = data.metrics.get("importance") or {}
    title = say("What the network uses")
    if known and not known["repeats"]:
        return section("importance", title, paragraph(say("Not measured: it would have taken more than seconds.")))
    if not known:
        return ""
    told = say(
        "The values of one field are dealt to other rows of the test part, and the network is asked again; the bar is "
        "what that costs. {} times each, on {:,} rows; {} % intervals, each for its field alone.",
        known["repeats"], known["rows"], data.percent,
    )  # fmt: skip
    alike: list[Any] = [
        say("'{}' and '{}' are correlated ({:.2f}): each stands in for the other, so that both look less important "
            "than they are together.", cut(pair["first"], 40), cut(pair["second"], 40), pair["correlation"])
        for pair in known["alike"][:MOST_PAIRS]
    ]  # fmt: skip
    shown = known["fields"][:MOST_BARS]
    words = say("How much each field matters, the most important first.")
    if len(shown) < len(known["fields"]):
        words += " " + say("Drawn: {} of {}.", len(shown), len(known["fields"]))
    spoken = words + " " + ", ".join(f"{cut(each['field'], 30)} {_points(known, each['value'])}" for each in shown[:5])
    drawn = svg(importance_bars(shown, known["figure"]))
    return section("importance", title, paragraph(told), items(alike),
                   picture(drawn, "image/svg+xml", spoken, words, _numbers(known)))  # fmt: skip


def _known(data: ReportData) -> Mapping[str, Any]:
    """Return what was measured, or nothing."""
    known: Mapping[str, Any] = data.metrics.get("importance") or {}
    return known if known.get("repeats") else {}


def _points(known: Mapping[str, Any], value: float) -> str:
    """Return a fall as people say it: of an accuracy in points of a hundred, of R2 as it is."""
    return say("{:.1f} points", 100 * value) if known["figure"] == "accuracy" else f"{value:.3f}"


def _numbers(known: Mapping[str, Any]) -> str:
    """Return all fields with their intervals as a table."""
    rows = [
        [cut(each["field"]), _points(known, each["value"]), _points(known, each["low"]), _points(known, each["high"])]
        for each in known["fields"][:200]
    ]
    fall = say("fall of the accuracy") if known["figure"] == "accuracy" else say("fall of R²")
    return table(
        say("What each field is worth"), [say("field"), fall, say("lower end"), say("upper end")], rows, right=(1, 2, 3)
    )


def importance_bars(fields: Sequence[Mapping[str, Any]], measured: str) -> Figure:
    """Draw a bar for every field with its interval, the most important at the top.

    Args:
        fields: Each with `field`, `value`, `low` and `high`.
        measured: `accuracy` or `r2`.
    """
    factor = 100 if measured == "accuracy" else 1
    names = [readable(cut(each["field"], 32)) for each in fields]
    values = [factor * each["value"] for each in fields]
    reach = [[factor * (each["value"] - each["low"]) for each in fields],
             [factor * (each["high"] - each["value"]) for each in fields]]  # fmt: skip
    with styled():
        drawn = figure(6.6, 0.7 + 0.26 * len(fields))
        axes = drawn.add_subplot()
        places = range(len(fields))
        colours = [COLOURS["strong"] if each["low"] > 0 else COLOURS["line"] for each in fields]
        axes.barh(places, values, color=colours, height=0.66, alpha=0.6)
        axes.errorbar(values, list(places), xerr=reach, fmt="none", ecolor=COLOURS["ink"], elinewidth=1, capsize=2.5)
        axes.set_yticks(list(places), names, color=COLOURS["ink"])
        axes.invert_yaxis()
        axes.axvline(0, color=COLOURS["quiet"], linewidth=0.8)
        axes.set_xlabel(
            label("accuracy lost, in points of a hundred") if measured == "accuracy" else label("R² lost")
        )  # fmt: skip
        axes.grid(axis="x", color=COLOURS["line"], linewidth=0.5, alpha=0.7)
        axes.set_axisbelow(True)
    return drawn
