"""The section about how the fields of a table became inputs: what was kept and why, cut points, rare names, words."""

from __future__ import annotations

from layerwise.data.discretise import IntervalStep
from layerwise.data.fitted_words import fitted_lines, kept_after, pass_words, ranked
from layerwise.data.preprocess import Preprocessing
from layerwise.data.rare_names import CategoryStep
from layerwise.data.select_features import Selection
from layerwise.data.text_vectors import TfIdfStep
from layerwise.language import say
from layerwise.report.contents import ReportData
from layerwise.report.html import Cell, details, paragraph, section, table
from layerwise.report.words import cut, number

__all__ = ["preparation"]

MOST_INPUTS = 100
"""Inputs of one method of selection that are listed with their scores."""

MOST_VALUES = 30
"""Cut points, names or n-grams that are listed for one field."""


def preparation(data: ReportData) -> str:
    """Return what was fitted on the training part beyond scaling; nothing where that is all."""
    fitted = Preprocessing.from_json(list(data.data["preprocessing"]))
    if not fitted_lines(fitted):
        return ""
    note = say("Everything here was fitted on the training part alone, and is applied to new data as it stands.")
    return section(
        "preparation", say("How the inputs were prepared"), paragraph(note), _selected(fitted), _intervals(fitted),
        _rare(fitted), _texts(fitted),
    )  # fmt: skip


def _selected(fitted: Preprocessing) -> str:
    """Return the score of each input by each method, the best first."""
    if fitted.selection is None:
        return ""
    names = fitted.all_names
    return "".join(_pass(fitted.selection, place, names) for place in range(len(fitted.selection.passes)))


def _pass(selection: Selection, place: int, names: tuple[str, ...]) -> str:
    """Return what one method measured."""
    made, kept = selection.passes[place], kept_after(selection, place)
    measured = {
        "variance": say("variance, in the unit of the field"), "correlation": say("correlation with the target"),
        "mutual-information": say("nats about the target"),
        "model": say("share of the gain of random trees"),
    }[made.method]  # fmt: skip
    rows: list[list[Cell]] = [
        [cut(names[one]), number(score), say("yes") if one in kept else say("no")]
        for one, score in ranked(made)[:MOST_INPUTS]
    ]
    if len(made.places) > MOST_INPUTS:
        rows.append([say("... and {} more", len(made.places) - MOST_INPUTS), "", ""])
    whole = table(say("Inputs by {}", made.method), [say("input"), measured, say("kept")], rows, right=(1,))
    return paragraph(pass_words(selection, place, names)) + details(say("Every score"), whole)


def _intervals(fitted: Preprocessing) -> str:
    """Return the cut points of each number."""
    steps = [step for step in fitted.steps if isinstance(step, IntervalStep)]
    rows: list[list[Cell]] = [
        [cut(step.field), say(step.method), str(len(step.cuts) + 1) if step.cuts else say("left out"),
         _some([number(point) for point in step.cuts])]
        for step in steps
    ]  # fmt: skip
    header = [say("field"), say("how it was cut"), say("intervals"), say("cut points")]
    return table(say("Numbers that became intervals"), header, rows, right=(2,)) if rows else ""


def _rare(fitted: Preprocessing) -> str:
    """Return the names that were gathered."""
    steps = [step for step in fitted.steps if isinstance(step, CategoryStep) and step.rare]
    rows: list[list[Cell]] = [
        [cut(step.field), f"{len(step.values) - 1:,}", f"{len(step.rare):,}", _some(step.rare)] for step in steps
    ]
    header = [say("field"), say("names kept"), say("rare names"), say("which")]
    return table(say("Names that were too rare"), header, rows, right=(1, 2)) if rows else ""


def _texts(fitted: Preprocessing) -> str:
    """Return what was read from each text: how many n-grams, and the rarest weights of them."""
    steps = [step for step in fitted.steps if isinstance(step, TfIdfStep)]
    rows: list[list[Cell]] = [
        [cut(step.field), f"{step.texts:,}", f"{len(step.terms):,}", f"{step.shortest} – {step.longest}",
         say(step.unit), f"{number(min(step.idf))} – {number(max(step.idf))}"]
        for step in steps
    ]  # fmt: skip
    header = [say("field"), say("training texts"), say("n-grams"), say("their length"), say("made of"), "idf"]
    return table(say("Texts read by tf-idf"), header, rows, right=(1, 2)) if rows else ""


def _some(names: list[str] | tuple[str, ...]) -> str:
    """Return some values with commas."""
    shown = ", ".join(cut(name, 30) for name in names[:MOST_VALUES])
    return shown if len(names) <= MOST_VALUES else say("{} and {} more", shown, len(names) - MOST_VALUES)
