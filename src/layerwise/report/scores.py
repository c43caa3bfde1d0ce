"""The sections that ask what scores are worth: precision and recall, calibration, lift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerwise.evaluation.intervals import proportion
from layerwise.explain.drawing import svg
from layerwise.language import say
from layerwise.metrics.calibration import BrierParts, brier_parts, equal_frequency_bins, events
from layerwise.metrics.precision_recall import GainCurve, PrecisionRecallCurve, gain_curve, precision_recall_curve
from layerwise.report import score_plots
from layerwise.report.contents import ReportData
from layerwise.report.html import details, paragraph, picture, section, table
from layerwise.report.words import bounds, cut, percent, value

__all__ = ["calibration", "lift_chart", "precision_recall"]

MOST_CURVES = 10

RECALLS = (0.5, 0.8, 0.9, 0.95)
"""Recalls at which a precision-recall curve is read."""

TAKEN = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Shares of rows at which a gain curve is read."""

FEWEST_ROWS = 20
"""Rows below which a reliability diagram shows chance alone."""


def precision_recall(data: ReportData) -> str:
    """Return the precision-recall curves: of the positive class for two classes, else of each class."""
    names, known = data.class_names, data.metrics["classes"]
    places = [place for place, name in enumerate(names) if _mean(data, name) is not None]
    if len(names) == 2 and places:
        places = [data.positive]
    if len(places) > MOST_CURVES:
        places = sorted(places, key=lambda place: float(known[names[place]]["average_precision"]["value"]))
        places = sorted(places[:MOST_CURVES])
    if not places:
        return ""
    lines = []
    for place in places:
        positives = data.measured.targets == place
        curve = precision_recall_curve(positives, data.measured.scores[:, place])
        lines.append((cut(names[place], 24), curve, float(_mean(data, names[place]) or 0.0), float(positives.mean())))
    if len(names) == 2:
        words = say("Precision against recall of class '{}': average precision {}; chance reaches {}.",
                    cut(names[places[0]]), f"{lines[0][2]:.3f}", f"{lines[0][3]:.3f}")  # fmt: skip
    elif len(names) > MOST_CURVES:
        words = say("Precision against recall of the {} classes with the lowest average precision.", len(lines))
    else:
        words = say("Precision against recall of each class; chance reaches the share of its rows.")
    spoken = words + " " + ", ".join(f"{name} {mean:.3f}" for name, _, mean, _ in lines)
    drawn = score_plots.precision_recall_curves(lines)
    shown = picture(svg(drawn), "image/svg+xml", spoken, words, _precisions(lines))
    told = say("Of the rows called by a class, how many are of it, as ever more of them are found. Where a class is "
               "rare, this shows what a ROC curve hides.")  # fmt: skip
    return section("precision", say("Precision and recall"), paragraph(told), shown)


def _mean(data: ReportData, name: str) -> float | None:
    """Return the average precision of a class; None where it is undefined, or the run is older than the figure."""
    found = data.metrics["classes"][name].get("average_precision")
    return found["value"] if found else None


def _precisions(lines: Sequence[tuple[str, PrecisionRecallCurve, float, float]]) -> str:
    """Return the curves as a table: the best precision at which at least a share of the class is found."""
    rows = [
        [name, f"{mean:.3f}", *(f"{curve.precision[curve.recall >= recall].max():.3f}" for recall in RECALLS)]
        for name, curve, mean, _ in lines
    ]
    header = [say("class"), say("average precision"), *(percent(recall) for recall in RECALLS)]
    return table(say("Precision where at least this share of the class is found"), header, rows, right=range(1, 6))


def calibration(data: ReportData) -> str:
    """Return the reliability diagram: what happened against what was claimed, in bins of equally many rows."""
    if "calibration_error" not in data.metrics["metrics"] or len(data.measured) < FEWEST_ROWS:
        return ""
    happened, claimed = events(data.measured.targets, data.measured.scores, data.positive)
    places = equal_frequency_bins(claimed)
    found = [
        (float(claimed[places == place].mean()),
         proportion(happened, among=places == place, confidence=data.experiment.evaluate.confidence))
        for place in range(places.max() + 1)
    ]  # fmt: skip
    error = data.metrics["metrics"]["calibration_error"]
    event = (
        say("that a row is of class '{}'", cut(data.class_names[data.positive])) if len(data.class_names) == 2
        else say("that the answer is right")
    )  # fmt: skip
    words = say("What was claimed, {}, against what happened, in bins of equal frequency ({}), with {} % intervals.",
                event, len(found), data.percent)  # fmt: skip
    rows = [
        [f"{mean:.3f}", f"{interval.n:,}", f"{interval.value or 0.0:.3f}", bounds(vars(interval))]
        for mean, interval in found
    ]
    header = [say("claimed"), say("rows"), say("happened"), say("{} % interval", data.percent)]
    numbers = table(say("Each bin"), header, rows, right=range(1, 4))
    told = say("The calibration error, the mean distance from the diagonal, is {} ({} % interval {}). Chance alone "
               "keeps it above 0.", value(error), data.percent, bounds(error) or say("undefined"))  # fmt: skip
    grouped = any(part["role"] == "group" for part in data.data["fields"])
    note = say("The bars of the bins take all rows as independent; rows of one group are not, so they are too short.")
    shown = picture(svg(score_plots.reliability(found, claimed)), "image/svg+xml", words, words, numbers)
    return section(
        "calibration", say("Calibration"), paragraph(told), paragraph(note if grouped else "", "note"), shown,
        details(say("Parts of the Brier score"), _brier(brier_parts(happened, claimed))),
    )  # fmt: skip


def _brier(parts: BrierParts) -> str:
    """Return the parts of the mean squared error of what was claimed, with what each means."""
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    rows = [
        [say("reliability"), f"{parts.reliability:.4f}", say("distance from the diagonal, squared; smaller is better")],
        [say("− resolution"), f"{parts.resolution:.4f}", say("how far the bins differ; larger is better")],
        [say("+ uncertainty"), f"{parts.uncertainty:.4f}", say("of the event itself, whatever is claimed")],
        [say("+ within bins"), f"{parts.within:.4f}", say("what the bins hide")],
        [say("sum"), f"{whole:.4f}", say("mean squared error of what was claimed")],
    ]
    header = [say("part"), say("value"), say("meaning")]
    return table(say("Parts of the Brier score"), header, rows, right=(1,), style="last-total")


def lift_chart(data: ReportData) -> str:
    """Return, for two classes, how many of the positive class are found by looking at few rows."""
    lift = data.metrics["metrics"].get("lift")
    if len(data.class_names) != 2 or not lift or lift["value"] is None:
        return ""
    place = data.positive
    name, positives = cut(data.class_names[place], 24), data.measured.targets == place
    curve, share = gain_curve(positives, data.measured.scores[:, place]), float(positives.mean())
    words = say("Share of '{}' found against the share of rows looked at.", name)
    told = say("The tenth of the rows with the highest scores holds {} times as many '{}' as a tenth taken at random "
               "({} % interval {}); more than {} is not possible.",
               value(lift), name, data.percent, bounds(lift) or say("undefined"),
               f"{min(1 / share, 10):.3g}")  # fmt: skip
    shown = picture(svg(score_plots.gains(curve, share, name)), "image/svg+xml", words, words, _gains(curve, positives))
    return section("lift", say("Lift"), paragraph(told), shown)


def _gains(curve: GainCurve, positives: np.ndarray) -> str:
    """Return the curve as a table: rows looked at, share found, and lift."""
    rows = []
    for share in TAKEN:
        found = float(np.interp(share, curve.taken, curve.found))
        rows.append([percent(share), f"{share * len(positives):,.0f}", percent(found), f"{found / share:.2f}"])
    header = [say("looked at"), say("rows"), say("share found"), say("lift")]
    return table(say("Gain and lift"), header, rows, right=range(1, 4))
