"""Where an example stood in cross-validation: the fold that tested it, and every fold's accuracy counted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerwise.byhand import cross_validation as byhand
from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.drawing import COLOURS, figure, label, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.subject import Dealt, Subject
from layerwise.language import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "folds"]

SHOWN = 30
"""Deals that a table lists."""


def accepts(subject: Subject) -> bool:
    """Say whether the run was measured by folds of classes."""
    return subject.dealt is not None


@register(
    "folds", task="classify", opens="network",
    source="Kohavi, A study of cross-validation and bootstrap for accuracy estimation and model selection, IJCAI 1995",
    lecture="003 Cross-Validation",
)  # fmt: skip
def folds(subject: Subject) -> Explanation:
    """Show which fold tested the example, and count the accuracy of every fold again.

    E_f = 1 / n_f sum_(i in fold f) e_i;  mean = 1 / J sum_f E_f

    Args:
        subject: The network, the example, and the folds of its run.
    """
    dealt = subject.dealt
    if dealt is None:
        message = "a view is asked only about what it accepts"
        raise TypeError(message)
    own = int(dealt.folds[0, dealt.place])
    lines = tuple(
        Arithmetic(
            say("deal {}", deal + 1), "E_f = 1 / n_f sum e_i", _means,
            {"folds": dealt.folds[deal].astype(float), "right": dealt.right[deal]}, dealt.each[deal], 1e-12,
        )
        for deal in range(len(dealt.folds))
    )  # fmt: skip
    pooled = Arithmetic("pooled", "1 / n sum e_i", np.mean, {"a": dealt.right[0]}, np.array(dealt.pooled), 1e-12)
    error = byhand.corrected_error(dealt.each.ravel(), tested=dealt.tested, learned=dealt.learned)
    return Explanation(
        view="folds",
        title=say("Tested by fold {} of {}: {}", own + 1, dealt.each.shape[1], _word(dealt.right[0, dealt.place])),
        facts=(*subject.shown_facts(), (say("deals"), str(len(dealt.folds))),
               (say("mean of all folds"), f"{dealt.each.mean():.4f}"), (say("all rows of the first deal"),
                                                                       f"{dealt.pooled:.4f}")),
        tensors={"folds": Recorded(dealt.folds, ("deal", "row"), "recorded", "predictions.csv"),
                 "accuracy": Recorded(dealt.each, ("deal", "fold"), "recorded", "metrics.json")},
        arithmetic=(*lines, pooled),
        tables=(_each(dealt, own), *([_deals(dealt)] if len(dealt.folds) > 1 else [])),
        notes=(
            say("Every row is tested once in a deal, by a network that has not seen it; the one that is kept has."),
            say("Standard error of the mean, corrected for the training rows that folds share: {}.", f"{error:.4f}"),
        ),
        pictures=(Picture(say("The accuracy of every fold of the first deal; the fold of this example stands out."),
                          lambda: _draw(dealt, own)),),
    )  # fmt: skip


def _means(folds: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the accuracy of every fold, counted again."""
    return byhand.fold_means(folds.astype(np.int64), right)


def _word(right: float) -> str:
    """Say how a row was answered."""
    return say("answered rightly") if right else say("answered wrongly")


def _each(dealt: Dealt, own: int) -> Table:
    """Return one row a fold of the first deal."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (number + 1, int((dealt.folds[0] == number).sum()), int(dealt.right[0][dealt.folds[0] == number].sum()),
         float(dealt.each[0, number]))
        for number in range(dealt.each.shape[1])
    )  # fmt: skip
    header = (say("fold"), say("rows"), say("right answers"), say("accuracy"))
    return Table(say("The folds of the first deal"), header, rows, marked=frozenset([own]))


def _deals(dealt: Dealt) -> Table:
    """Return in which fold the example was in each deal, and how it was answered."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (deal + 1, int(dealt.folds[deal, dealt.place]) + 1, _word(dealt.right[deal, dealt.place]),
         float(dealt.each[deal].mean()))
        for deal in range(min(len(dealt.folds), SHOWN))
    )  # fmt: skip
    header = (say("deal"), say("fold"), say("this example"), say("mean of its folds"))
    return Table(say("This example, deal after deal"), header, rows)


def _draw(dealt: Dealt, own: int) -> Figure:
    """Draw a bar for each fold, the one of the example in another colour, and their mean."""
    with styled():
        drawn = figure(6.4, 2.8)
        axes = drawn.subplots()
        numbers = np.arange(dealt.each.shape[1])
        axes.bar(numbers + 1, dealt.each[0], width=0.7,
                 color=[COLOURS["warm" if number == own else "strong"] for number in numbers])  # fmt: skip
        axes.axhline(dealt.each[0].mean(), color=COLOURS["ink"], linewidth=0.9, linestyle=":")
        axes.set(xlabel=label("fold"), ylabel=label("accuracy"), xticks=numbers + 1,
                 ylim=(max(0.0, float(dealt.each[0].min()) - 0.1), 1.0))  # fmt: skip
    return drawn
