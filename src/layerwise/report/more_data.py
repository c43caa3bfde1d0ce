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

USUAL_FOLDS = 10
"""Folds of `layerwise compare` where none are named."""


def more_rows(data: ReportData) -> list[Finding]:
    """Say what more rows would probably buy, or which command tells it, for the first screen."""
    known: Mapping[str, Any] = data.metrics.get("more_data") or {}
    if not known:
        return []
    subject = say("More data")
    if not known["asked"]:
        folds = known.get("folds", USUAL_FOLDS)
        if not folds:
            none = say("What more rows would buy cannot be measured: the rows are too few, or too much alike, to be "
                       "dealt into folds.")  # fmt: skip
            return [Finding(subject, none)]
        if data.experiment.load.data == "memory":
            dealt = "" if folds == USUAL_FOLDS else f"folds={folds}, "
            asked = f"lw.compare(..., {dealt}learning_curve=True)"
        else:
            asked = compare_command(data.experiment, folds)
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


def compare_command(whole: Experiment, folds: int = USUAL_FOLDS) -> str:
    """Return the command that measures the learning curve of a run's network: one that `compare` accepts.

    Args:
        whole: The experiment of the run.
        folds: Number of folds that its rows can be dealt into.

    Example:
        >>> from layerwise.config import Load, Model
        >>> compare_command(Experiment(Load("iris"), model=Model("mlp", {"hidden": (8,)})))
        'layerwise compare iris mlp --hidden 8 --seed 0 --learning-curve'
    """
    split, usual, kept = whole.split, Split(), Evaluate()
    # What divides a run into parts says nothing in a comparison, whose folds test every row; but that rows with a time
    # are dealt at random all the same is said again.
    by = "random" if split.split_by == "random" and whole.assign.time else usual.split_by
    split = replace(usual, validation_fraction=split.validation_fraction, stratify=split.stratify, split_by=by,
                    split_seed=split.split_seed, near_duplicates=split.near_duplicates)  # fmt: skip
    # What is looked at in one run alone.
    evaluate = replace(kept, confidence=whole.evaluate.confidence, resamples=whole.evaluate.resamples,
                       positive=whole.evaluate.positive)  # fmt: skip
    train = replace(whole.train, checkpoint_seconds=Train().checkpoint_seconds)
    said = command(replace(whole, split=split, evaluate=evaluate, train=train, view=View()))
    dealt = "" if folds == USUAL_FOLDS else f" --folds {folds}"
    return said.replace("layerwise train", "layerwise compare", 1) + dealt + " --learning-curve"
