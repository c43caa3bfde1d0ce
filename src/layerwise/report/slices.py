"""Where the network is weak: the slice of the test rows, by one field, that is answered worse than the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.finding import Finding
from layerwise.report.html import Cell, paragraph, section, table
from layerwise.report.words import cut, number, percent

__all__ = ["slices", "weakest_slice"]

SHOWN = 24
"""Rows of the weakest slice that are shown."""


def weakest_slice(data: ReportData) -> list[Finding]:
    """Name the weakest slice of the test rows for the first screen, or say that none stands out."""
    known = _known(data)
    if not known:
        return []
    subject = say("Weakest slice")
    if not known["stands_out"]:
        sentence = say("None stands out: {} slices by one field were compared with the rest of the test rows.",
                       known["looked_at"])  # fmt: skip
        return [Finding(subject, sentence, link="slices")]
    worst = known["slices"][0]
    low, high = known["interval"]
    if known["figure"] == "accuracy":
        sentence = say(
            "{}: {} of {:,} rows answered correctly (interval {} – {}, widened for the {} slices looked at), against "
            "{} of all.", named(worst), percent(1 - worst["loss"]), worst["rows"], percent(1 - high), percent(1 - low),
            known["looked_at"], percent(1 - known["loss"]),
        )  # fmt: skip
    elif known["figure"] == "relative_mae":
        sentence = say(
            "{}: predictions of {:,} rows are off by {} standard deviations of a target on average (interval {} – {}, "
            "widened for the {} slices looked at), against {} of all.", named(worst), worst["rows"],
            number(worst["loss"]), number(low), number(high), known["looked_at"], number(known["loss"]),
        )  # fmt: skip
    else:
        sentence = say(
            "{}: predictions of {:,} rows are off by {} on average (interval {} – {}, widened for the {} slices looked "
            "at), against {} of all.", named(worst), worst["rows"], number(worst["loss"]), number(low), number(high),
            known["looked_at"], number(known["loss"]),
        )  # fmt: skip
    return [Finding(subject, sentence, warning=True, link="slices")]


def slices(data: ReportData) -> str:
    """Return the section: the weakest slices with the chance of each, and the worst rows of the weakest one."""
    known = _known(data)
    if not known:
        return ""
    classes = known["figure"] == "accuracy"
    told = say(
        "Each slice is compared with all other test rows. p is the chance of so large a difference if there were "
        "none, for all {} slices together (Holm).", known["looked_at"],
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [named(some), f"{some['rows']:,}", percent(1 - some["loss"]) if classes else number(some["loss"]),
         "< 0.001" if some["p"] < 0.001 else f"{some['p']:.3f}"]
        for some in known["slices"]
    ]  # fmt: skip
    relative = known["figure"] == "relative_mae"
    units = say("The error of each target is divided by its standard deviation in the training part, so that targets "
                "of unlike units count alike.")  # fmt: skip
    absolute = say("relative mean absolute error") if relative else say("mean absolute error")
    measured = say("accuracy") if classes else absolute
    found = table(say("The slices that differ most from the rest"), [say("slice"), say("rows"), measured, "p"], rows,
                  right=(1, 2, 3))  # fmt: skip
    return section("slices", say("Where it is weak"), paragraph(told), paragraph(units if relative else ""), found,
                   _rows(known))  # fmt: skip


def _rows(known: Mapping[str, Any]) -> str:
    """Return the rows of the weakest slice that were answered worst."""
    if not known["rows"]:
        return ""
    classes = known["figure"] == "accuracy"
    ids = [cut(row["id"], 40) for row in known["rows"][:SHOWN]]
    more = len(known["rows"]) - len(ids)
    tail = " " + say("... and {} more", more) if more > 0 else ""
    if classes:
        return paragraph(say("Answered wrongly in {}: {}", named(known["slices"][0]), ", ".join(ids)) + tail)
    cells: list[list[Cell]] = [[cut(row["id"], 60), number(row["loss"])] for row in known["rows"][:8]]
    caption = say("Furthest off in {}", named(known["slices"][0]))
    error = say("relative absolute error") if known["figure"] == "relative_mae" else say("absolute error")
    return table(caption, [say("example"), error], cells, right=(1,))


def named(some: Mapping[str, Any]) -> str:
    """Return which rows a slice holds.

    Example:
        >>> named({"field": "age", "value": "", "low": 20.0, "high": 31.0}), named({"field": "sex", "value": "f"})
        ("'age' from 20 to 31", "'sex' = 'f'")
    """
    of_pictures = {"brightness": say("brightness"), "pixels": say("number of pixels")}
    own = some.get("of_pictures", False)
    field = of_pictures[some["field"]] if own else f"'{cut(some['field'], 40)}'"
    if some["value"]:
        return f"{field} = '{cut(some['value'], 40)}'"
    return say("{} from {} to {}", field, number(some["low"]), number(some["high"]))


def _known(data: ReportData) -> Mapping[str, Any]:
    """Return what was found, or nothing."""
    known: Mapping[str, Any] = data.metrics.get("slices") or {}
    return known
