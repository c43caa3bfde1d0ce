"""What more data would probably buy: a sentence, the learning curve, or the command that measures it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from layerwise.config import Evaluate, Experiment, Split, Train, View
from layerwise.evaluation.learning_curve import LearningCurve, amount, prospect_lines
from layerwise.evaluation.power_law import Ahead, PowerLaw, Prospect
from layerwise.explain.drawing import svg
from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.finding import Finding
from layerwise.report.html import paragraph, picture, section, table
from layerwise.report.setup import command
from layerwise.report.size_curves import size_curves
from layerwise.report.words import metric, retold

__all__ = ["compare_command", "more_data", "more_rows"]


def more_rows(data: ReportData) -> list[Finding]:
    """Say what more rows would probably buy, or which command tells it, for the first screen."""
    known: Mapping[str, Any] = data.metrics.get("more_data") or {}
    if not known:
        return []
    subject = say("More data")
    if not known["asked"]:
        if data.experiment.load.data == "memory":
            asked = "lw.compare(..., learning_curve=True)"
        else:
            asked = compare_command(data.experiment)
        return [Finding(subject, say("What more rows would buy is not measured here; this tells it: {}", asked))]
    curve = curve_from(known)
    return [Finding(subject, prospect_lines(curve.prospect, curve.figure, curve.confidence)[0], link="more")]


def more_data(data: ReportData) -> str:
    """Return the section: the learning curve of the inner folds, and what it says."""
    known: Mapping[str, Any] = data.metrics.get("more_data") or {}
    if not known or not known["asked"]:
        return ""
    curve = curve_from(known)
    told = say(
        "Learned again in {} inner folds of the training and validation rows, at growing shares of them; the test part "
        "was not looked at.", known["folds"],
    )  # fmt: skip
    lines = [paragraph(line) for line in prospect_lines(curve.prospect, curve.figure, curve.confidence)]
    title = say("What more data would buy")
    if len(curve.sizes) < 2:
        return section("more", title, paragraph(told), *lines)
    words = say("{} by number of training rows, on rows that were learned from and on others.", metric(curve.figure))
    rows = [
        [f"{size:,.0f}", amount(float(test)), amount(float(train))]
        for size, test, train in zip(curve.sizes, curve.tested.mean(axis=0), curve.learned.mean(axis=0), strict=True)
    ]
    numbers = table(metric(curve.figure), [say("rows"), say("test"), say("training")], rows, right=(0, 1, 2))
    drawn = picture(svg(size_curves([curve])), "image/svg+xml", words, words, numbers)
    return section("more", title, paragraph(told), *lines, drawn)


def curve_from(known: Mapping[str, Any]) -> LearningCurve:
    """Return the curve that a run holds as plain values, its sentence in the language of the page."""
    law = PowerLaw(**known["law"]) if known["law"] else None
    ahead = tuple(Ahead(**each) for each in known["ahead"])
    found = Prospect(known["now"], law, ahead, known["falling"], retold(known["reason"]))
    return LearningCurve(
        known["network"], known["figure"], np.array(known["sizes"]), np.array(known["tested"]),
        np.array(known["learned"]), found, known["confidence"],
    )  # fmt: skip


def compare_command(whole: Experiment) -> str:
    """Return the command that measures the learning curve of a run's network.

    Example:
        >>> from layerwise.config import Load, Model
        >>> compare_command(Experiment(Load("iris"), model=Model("mlp", {"hidden": (8,)})))
        'layerwise compare iris mlp --hidden 8 --seed 0 --learning-curve'
    """
    split, usual = whole.split, Split()
    # What divides a run into parts says nothing in a comparison, whose folds test every row.
    split = replace(split, test=usual.test, test_fraction=usual.test_fraction, split_by=usual.split_by)
    evaluate = replace(whole.evaluate, baselines=Evaluate().baselines)
    train = replace(whole.train, checkpoint_seconds=Train().checkpoint_seconds)
    said = command(replace(whole, split=split, evaluate=evaluate, train=train, view=View()))
    return said.replace("layerwise train", "layerwise compare", 1) + " --learning-curve"
