"""The sections that show which class is taken for which: the confusion matrix and the figures of each class."""

from __future__ import annotations

import numpy as np

from layerwise.language import say
from layerwise.metrics.information import kl_divergence, mutual_information
from layerwise.report.contents import ReportData
from layerwise.report.figures import measured
from layerwise.report.html import Cell, Raw, paragraph, section, table, text
from layerwise.report.words import cut, metric, percent
from layerwise.tasks.contract import AnswersWithSets

__all__ = ["class_table", "confusion"]

MOST_CLASSES = 200

MOST_PAIRS = 10

LARGEST_MATRIX = 30

SPARE_MATRIX = 12
"""Classes above which the cells of a confusion matrix hold counts only."""


def confusion(data: ReportData) -> str:
    """Return the confusion matrix as counts and row shares; of very many classes only the commonest confusions."""
    matrix = np.array(data.metrics["confusion"])
    title = say("What is taken for what")
    pairs = _confused(data, matrix)
    if len(matrix) > LARGEST_MATRIX:
        note = say("{} classes are too many for one matrix; predictions.csv holds every answer.", len(matrix))
        return section("confusion", title, paragraph(note), pairs, paragraph(_information(matrix), "quiet"))
    told = say("A row is a true class, a column what the network answered; right answers stand on the diagonal.")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    spare = len(matrix) > SPARE_MATRIX
    names = data.class_names
    rows: list[list[Cell]] = [
        [cut(names[row], 24), *(_share(matrix, shares, row, column, spare=spare) for column in range(len(matrix))),
         f"{int(matrix[row].sum()):,}"]
        for row in range(len(matrix))
    ]  # fmt: skip
    longest = max(len(name) for name in names)
    upright = spare or longest > 16 or (len(names) > 6 and longest > 7)
    header: list[Cell] = [
        Raw(f"<small>{text(say('true ↓  answered →'))}</small>"),
        *(_column(name, upright) for name in names),
        say("all"),
    ]
    whole = table(say("Confusion matrix of the {} rows: counts and shares of the row", data.part_words), header, rows,
                  right=range(1, len(header)), style="matrix spare" if spare else "matrix")  # fmt: skip
    return section("confusion", title, paragraph(told), whole, pairs, paragraph(_information(matrix), "quiet"))


def _information(matrix: np.ndarray) -> str:
    """Say what the answers tell about the classes, and how far the shares of the classes are from the true ones.

    No interval stands beside them: the usual ones of mutual information fail for few rows and for rare confusions.
    """
    actual, answered = (matrix.sum(axis=axis) / matrix.sum() for axis in (1, 0))
    if np.count_nonzero(actual) < 2:
        return ""
    told = (mutual_information(matrix), mutual_information(np.diag(actual)))
    bits = (mutual_information(matrix, unit="bits"), mutual_information(np.diag(actual), unit="bits"))
    first = say("The answers tell {} of {} nats ({} of {} bits) about the class: their mutual information.",
                *(f"{amount:.3f}" for amount in (*told, *bits)))  # fmt: skip
    apart = kl_divergence(actual, answered)
    if np.isinf(apart):
        return f"{first} " + say("A class that occurs was never answered, so the divergence of the shares is infinite.")
    return f"{first} " + say("The shares of the classes among the answers stand {} nats ({} bits) from the true ones: "
                             "KL(true || answered).", f"{apart:.4f}", f"{apart / np.log(2):.4f}")  # fmt: skip


def _column(name: str, upright: bool) -> Cell:
    """Return the heading of a column; long or many names stand upright."""
    return Raw(f"<span>{text(cut(name, 18))}</span>", "upright" if upright else "")


def _share(matrix: np.ndarray, shares: np.ndarray, row: int, column: int, *, spare: bool) -> Cell:
    """Return one cell, shaded by its share of the row: blue on the diagonal, orange off it."""
    count, share = int(matrix[row, column]), float(shares[row, column])
    if not count:
        return Raw("·", "none")
    small = "" if spare else f"<small>{percent(share)}</small>"
    side, depth = "right" if row == column else "wrong", 0.08 + 0.5 * share
    start = f'<span class="shade {side}" style="--share:{depth:.2f}" title="{percent(share)}">'
    return Raw(f"{start}{count:,}{small}</span>")


def _confused(data: ReportData, matrix: np.ndarray) -> str:
    """Return the commonest confusions, where the classes are more than a glance takes in."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    if len(matrix) < 5 or not wrong.any():
        return ""
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    fewest = min(2, int(wrong.max()))
    rows = []
    for place in order:
        true, answered = divmod(int(place), len(matrix))
        if wrong[true, answered] >= fewest:
            share = percent(wrong[true, answered] / matrix[true].sum())
            names = (cut(data.class_names[true]), cut(data.class_names[answered]))
            rows.append([*names, f"{wrong[true, answered]:,}", share])
    header = [say("true class"), say("answered"), say("count"), say("share of the true class")]
    return table(say("Commonest confusions"), header, rows, right=(2, 3))


def class_table(data: ReportData) -> str:
    """Return the figures of every class with their intervals, the class with the lowest first; nothing without any."""
    known = data.metrics["classes"]
    if not known:
        return ""
    figures = list(next(iter(known.values())))
    # Where each example has a class, recall is what people ask first; else the first figure that the task names.
    first = "recall" if data.class_names else figures[0]
    names = sorted(known, key=lambda name: 2.0 if known[name][first]["value"] is None else known[name][first]["value"])
    rows: list[list[Cell]] = [
        [cut(name), f"{known[name][first]['n']:,}", *(measured(known[name][part]) for part in figures)]
        for name in names[:MOST_CLASSES]
    ]
    header = [_about(data), say("rows") if data.class_names else "n", *map(metric, figures)]
    note = say("Only the first {} of {:,} classes are shown.", MOST_CLASSES, len(names))
    note = note if len(names) > MOST_CLASSES else ""
    told = {
        "target": (say("Targets, the lowest {} first, with {} % intervals", metric(first), data.percent),
                   say("Each target")),
        "label": (say("Labels, the lowest {} first, with {} % intervals", metric(first), data.percent),
                  say("Each label")),
    }  # fmt: skip
    usual = say("Classes, the lowest {} first, with {} % intervals", metric(first), data.percent), say("Each class")
    words, title = told.get(_kind(data), usual)
    whole = table(words, header, rows, right=range(1, len(header)), style="figures")
    return section("classes", title, paragraph(note), whole)


def _kind(data: ReportData) -> str:
    """Return what stands in the rows: a target of several numbers, a label of several, or a class."""
    if data.numbers:
        return "target"
    return "label" if isinstance(data.task, AnswersWithSets) else "class"


def _about(data: ReportData) -> str:
    """Return the heading of the first column."""
    return {"target": say("target"), "label": say("label")}.get(_kind(data), say("class"))
