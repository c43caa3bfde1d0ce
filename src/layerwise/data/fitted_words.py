"""Say in sentences what preprocessing found in the training rows: inputs kept, cut points, rare names, words."""

from __future__ import annotations

from layerwise.data.discretise import IntervalStep
from layerwise.data.preprocess import Preprocessing
from layerwise.data.rare_names import CategoryStep
from layerwise.data.select_features import Pass, Selection
from layerwise.data.text_vectors import TfIdfStep
from layerwise.language import say

__all__ = ["first_lines", "fitted_lines", "kept_after", "pass_words", "ranked"]

SHOWN = 5
"""Inputs, cut points or names that a sentence lists before it counts the others."""

MOST_LINES = 12
"""Sentences that a console shows."""


def fitted_lines(fitted: Preprocessing) -> list[str]:
    """Return one sentence for each field that was cut, gathered or read, and for each method of selection.

    Example:
        >>> fitted_lines(Preprocessing((IntervalStep("age", 40.0, (30.0, 50.0), "equal-width", 0),)))
        ["'age' becomes 3 intervals, cut at 30, 50."]
    """
    lines = [line for step in fitted.steps if (line := _step_words(step))]
    if fitted.selection is not None:
        names = fitted.all_names
        lines += [pass_words(fitted.selection, place, names) for place in range(len(fitted.selection.passes))]
    return lines


def first_lines(fitted: Preprocessing) -> list[str]:
    """Return as many of these sentences as a console shows at once, and how many more there are."""
    lines = fitted_lines(fitted)
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], say("... and {} more", len(lines) - MOST_LINES)]


def _step_words(step: object) -> str:
    """Say what became of one field, or nothing where nothing needs to be said."""
    if isinstance(step, IntervalStep) and not step.cuts:
        if step.method == "supervised":
            return say("'{}' is left out: no cut of it is worth its description.", step.field)
        if step.method == "equal-width":
            return say("'{}' is left out: it has one value throughout.", step.field)
        return say("'{}' is left out: one value stands in so many rows that no border of equal frequency divides it.",
                   step.field)  # fmt: skip
    if isinstance(step, IntervalStep):
        return say("'{}' becomes {} intervals, cut at {}.", step.field, len(step.cuts) + 1,
                   listed([f"{cut:.6g}" for cut in step.cuts]))  # fmt: skip
    if isinstance(step, CategoryStep) and step.rare:
        return say("'{}': {} rare names became one: {}.", step.field, len(step.rare), listed(step.rare))
    if isinstance(step, TfIdfStep):
        return say("'{}' is read by tf-idf: {:,} n-grams of {} to {} {}.", step.field, len(step.terms), step.shortest,
                   step.longest, say(step.unit))  # fmt: skip
    return ""


def pass_words(selection: Selection, place: int, names: tuple[str, ...]) -> str:
    """Say how many inputs a method of selection kept, and which it put first.

    Args:
        selection: The selection.
        place: Which of its passes.
        names: Names of all inputs.
    """
    made = selection.passes[place]
    kept = kept_after(selection, place)
    best = [f"{names[one]} ({score:.4g})" for one, score in ranked(made) if one in kept]
    return say("--select {}={:g} keeps {:,} of {:,} inputs: {}.", made.method, made.wanted, len(kept),
               len(made.places), listed(best))  # fmt: skip


def kept_after(selection: Selection, place: int) -> frozenset[int]:
    """Return the places of the inputs that were still there after a pass."""
    following = selection.passes[place + 1].places if place + 1 < len(selection.passes) else selection.keep
    return frozenset(following)


def ranked(made: Pass) -> list[tuple[int, float]]:
    """Return the place and the score of each input that a method was asked about, the best first."""
    return sorted(zip(made.places, made.scores, strict=True), key=lambda pair: -pair[1])


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Return some names with commas, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else say("{} and {} more", shown, len(names) - SHOWN)
