"""The sections that show scores and predicted numbers as curves and points: ROC, predictions, residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.explain.drawing import png, svg
from layerwise.language import say
from layerwise.metrics.ranking import RocCurve, roc_curve
from layerwise.report import plots, score_plots
from layerwise.report.contents import ReportData
from layerwise.report.html import paragraph, picture, section, table
from layerwise.report.words import cut, number, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ranking", "regression"]

MOST_CURVES = 10

MOST_TARGETS = 6
"""Targets whose predictions are drawn."""

RATES = (0.01, 0.05, 0.1, 0.2)
"""False positive rates at which a ROC curve is read."""

DRAWN_AS_LINES = 1000
"""Points of a scatter plot above which it is kept as pixels."""


def ranking(data: ReportData) -> str:
    """Return the ROC curves: of the positive class for two classes, else of each class against all others."""
    chosen = _ranked(data)
    if not chosen:
        return ""
    names = data.class_names
    lines = []
    for place in chosen:
        curve = roc_curve(data.measured.targets == place, data.measured.scores[:, place])
        lines.append((cut(names[place], 24), curve, float(data.metrics["classes"][names[place]]["auc"]["value"])))
    if len(names) == 2:
        words = say("ROC curve of class '{}': AUC {}.", cut(names[chosen[0]]), f"{lines[0][2]:.3f}")
    elif len(names) > MOST_CURVES:
        words = say("ROC curves of the {} classes with the lowest AUC, each against all others.", len(lines))
    else:
        words = say("ROC curves of the classes, each against all others.")
    spoken = words + " " + ", ".join(f"{name} {area:.3f}" for name, _, area in lines)
    shown = picture(svg(plots.roc_curves(lines)), "image/svg+xml", spoken, words, _rates(lines))
    told = say("How well the scores put one class before the others, at every threshold.")
    return section("roc", say("ROC"), paragraph(told), shown)


def _ranked(data: ReportData) -> list[int]:
    """Return the places of the classes whose curves are drawn."""
    names = data.class_names
    known = data.metrics["classes"]
    places = [place for place, name in enumerate(names) if known[name]["auc"]["value"] is not None]
    if len(names) == 2:
        return [data.positive] if places else []
    if len(places) > MOST_CURVES:
        places = sorted(places, key=lambda place: float(known[names[place]]["auc"]["value"]))[:MOST_CURVES]
    return sorted(places)


def _rates(lines: Sequence[tuple[str, RocCurve, float]]) -> str:
    """Return the curves as a table: the rate of true positives at a few rates of false ones."""
    rows = [
        [
            name,
            f"{area:.3f}",
            *(f"{curve.true_positive_rate[curve.false_positive_rate <= rate].max():.3f}" for rate in RATES),
        ]
        for name, curve, area in lines
    ]
    header = [say("class"), "AUC", *(percent(rate) for rate in RATES)]
    return table(
        say("True positive rate where at most this share of the others is taken in"), header, rows, right=range(1, 6)
    )


def regression(data: ReportData) -> str:
    """Return predictions against true numbers, and the errors against the predictions; pictures for each target."""
    shown = data.number_targets[:MOST_TARGETS]
    pairs = [_pair(data, cut(name, 24), truths, predictions) for name, truths, predictions in shown]
    left = len(data.number_targets) - len(shown)
    more = paragraph(say("Targets that are not drawn: {}; predictions.csv holds every answer.", left), "note")
    return section("regression", say("Predictions"), *pairs, more if left else "")


def _pair(data: ReportData, name: str, truths: np.ndarray, predictions: np.ndarray) -> str:
    """Return the pictures of one target."""
    first = say("Predicted against true '{}' ({} rows); right predictions lie on the line.", name, data.part_words)
    second = say("What is left, true minus predicted, against the prediction; a good fit shows no pattern.")
    third = say("How what is left is spread; a middle away from 0 is an error in one direction.")
    against = _scatter(
        plots.predicted_against_true(truths, predictions, name), first, len(truths), _quarters(truths, predictions)
    )
    left = _scatter(plots.residuals(truths, predictions, name), second, len(truths), _trend(truths, predictions))
    errors = truths - predictions
    spread = picture(svg(score_plots.residual_distribution(errors)), "image/svg+xml", third, third, _spread(errors))
    return f'<div class="pair">{against}{left}{spread}</div>'


def _scatter(drawn: Figure, words: str, points: int, numbers: str) -> str:
    """Return a scatter plot: as lines where the points are few, else as pixels."""
    if points <= DRAWN_AS_LINES:
        return picture(svg(drawn), "image/svg+xml", words, words, numbers)
    return picture(png(drawn), "image/png", words, words, numbers)


def _quarters(targets: np.ndarray, predictions: np.ndarray) -> str:
    """Return mean truth and prediction in each quarter of the true numbers."""
    rows = []
    for number_, places in enumerate(np.array_split(np.argsort(targets, kind="stable"), 4), start=1):
        if len(places):
            error = np.abs(targets[places] - predictions[places]).mean()
            rows.append(
                [
                    str(number_),
                    f"{len(places):,}",
                    *(number(float(v)) for v in (targets[places].mean(), predictions[places].mean(), error)),
                ]
            )
    header = [say("quarter"), say("rows"), say("mean truth"), say("mean prediction"), say("mean absolute error")]
    return table(say("By quarter of the true values"), header, rows, right=range(1, 5))


def _trend(targets: np.ndarray, predictions: np.ndarray) -> str:
    """Return the mean error in each quarter of the predictions: a good fit has none anywhere."""
    errors = targets - predictions
    rows = [
        [str(quarter), f"{len(places):,}", number(float(predictions[places].mean())),
         number(float(errors[places].mean())), number(float(errors[places].std()))]
        for quarter, places in enumerate(np.array_split(np.argsort(predictions, kind="stable"), 4), start=1)
        if len(places)
    ]  # fmt: skip
    header = [say("quarter"), say("rows"), say("mean prediction"), say("true minus predicted"), say("its deviation")]
    return table(say("By quarter of the predictions"), header, rows, right=range(1, 5))


def _spread(errors: np.ndarray) -> str:
    """Return quantiles of the errors."""
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    rows = [
        [percent(share), number(float(amount))]
        for share, amount in zip(shares, np.quantile(errors, shares), strict=True)
    ]
    return table(
        say("Quantiles of true minus predicted"), [say("share below"), say("true minus predicted")], rows, right=(1,)
    )
