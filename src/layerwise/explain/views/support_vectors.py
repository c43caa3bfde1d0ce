"""Why a support vector machine decided so: the examples that hold the border, and what each of them says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerwise.byhand import support_vectors as byhand
from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.deciding_pair import DecidingPair, deciding_pair
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.recorder import record
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.models.svm import SupportVectors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "support_vectors"]

SHOWN = 15
"""Support vectors of a table and a picture: those that say the most."""


def accepts(subject: Subject) -> bool:
    """Say whether the network decides by support vectors between two classes at least."""
    model = subject.model
    return isinstance(model, SupportVectors) and len(model.found) > 1 and len(subject.inputs) == 1


@register(
    "support-vectors",
    task="classify",
    opens="answer",
    source="Cortes and Vapnik, Support-vector networks, Machine Learning 1995",
    lecture="003 Machine Learning with WEKA",
)
def support_vectors(subject: Subject) -> Explanation:
    """Show what the support vectors say to decide between the answer and the class behind it.

    f(x) = sum_s a_s y_s K(x_s, x) + b

    Args:
        subject: The network and the example.
    """
    model = subject.model
    if not isinstance(model, SupportVectors):
        message = "a view is asked only about what it accepts"
        raise TypeError(message)
    output = record(model, subject.inputs).output[0].double().numpy(force=True)
    pair = deciding_pair(model, output)
    inputs = subject.inputs.flatten().double().numpy(force=True)
    held = model.kernel
    settings = {"function": held.function, "gamma": float(held.gamma), "degree": held.degree, "offset": held.offset}
    decided = float(model.decisions(subject.inputs)[0, pair.place])
    spoken = pair.coefficients * byhand.kernel(inputs, pair.vectors, **settings)  # type: ignore[arg-type]
    tolerance = 1e-9 * (1 + float(np.abs(spoken).sum()) + abs(pair.bias))
    line = Arithmetic(
        "f", "f = sum a y K(x, x') + b", byhand.decision,
        {"inputs": inputs, "vectors": pair.vectors, "coefficients": pair.coefficients, "bias": np.array(pair.bias)},
        np.array(decided), tolerance, settings,
    )  # fmt: skip
    first, second = (subject.class_name(name) for name in pair.names)
    order = np.argsort(-np.abs(spoken), kind="stable")[:SHOWN]
    return Explanation(
        view="support-vectors",
        title=say("Between {} and {}: f = {}", first, second, f"{decided:.4g}"),
        facts=(*subject.shown_facts(), (say("kernel"), held.function),
               (say("support vectors of the pair"), str(len(pair.vectors)))),
        tensors={"contributions": Recorded(spoken, ("support vector",), "replayed"),
                 "output": Recorded(output, ("class",), "recorded", "output")},
        arithmetic=(line,),
        tables=(_table(subject, pair, spoken, order),),
        notes=_notes(first, second, float(spoken.sum()), pair.bias, decided, len(spoken)),
        pictures=(Picture(say("What the support vectors say, the loudest first."),
                          lambda: _draw(subject, pair, spoken, order)),),
    )  # fmt: skip


def _table(subject: Subject, pair: DecidingPair, spoken: np.ndarray, order: np.ndarray) -> Table:
    """Return one row a support vector, the loudest first."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            int(place) + 1, subject.class_name(pair.names[int(pair.own[place])]), float(pair.coefficients[place]),
            float(spoken[place] / pair.coefficients[place]), float(spoken[place]),
        )
        for place in order
    )  # fmt: skip
    header = (say("support vector"), say("class"), "a y", "K(x, x')", "a y K(x, x')")
    return Table(say("Who speaks for which class"), header, rows)


def _notes(first: str, second: str, spoken: float, bias: float, decided: float, count: int) -> tuple[str, ...]:
    """Say how the decision is read."""
    notes = [
        say("f = {} + {} = {}: above 0 for {}, below for {}.", f"{spoken:.4g}", f"{bias:.4g}", f"{decided:.4g}", first,
            second),
        say("An example on the border has f = 0, one at the edge of the gap 1 or -1."),
    ]  # fmt: skip
    if count > SHOWN:
        notes.append(say("Shown: {} of {}; the sum is over all.", SHOWN, count))
    return tuple(notes)


def _draw(subject: Subject, pair: DecidingPair, spoken: np.ndarray, order: np.ndarray) -> Figure:
    """Draw a bar for each support vector: to the right for the first class, to the left for the second."""
    with styled():
        drawn = figure(6.4, 1.0 + 0.3 * len(order))
        axes = drawn.subplots()
        values = spoken[order]
        axes.barh(range(len(order)), values, height=0.7,
                  color=[COLOURS["strong" if value >= 0 else "warm"] for value in values])  # fmt: skip
        axes.axvline(0, color=COLOURS["quiet"], linewidth=0.8)
        axes.set_yticks(
            range(len(order)), [readable(subject.class_name(pair.names[int(pair.own[place])])) for place in order]
        )
        axes.invert_yaxis()
        first, second = (subject.class_name(name) for name in pair.names)
        axes.set_xlabel(label("to the right for {}, to the left for {}", first, second))
    return drawn
