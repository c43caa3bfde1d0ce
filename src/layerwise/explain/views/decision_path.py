"""The questions that a decision tree, or a threshold rule, asked about the example, and what its leaf answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from layerwise.byhand import trees
from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.recorder import record
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.models.threshold import Threshold
from layerwise.models.tree import DecisionTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "decision_path"]

DRAWN = 20
"""Questions that a picture can hold."""

Nodes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Feature, threshold, left and right of every node, and what it answers, `(nodes, outputs)`."""


@dataclass(frozen=True)
class _Question:
    """One question on the way: is the input at most the threshold?"""

    name: str
    value: float
    threshold: float


def accepts(subject: Subject) -> bool:
    """Say whether the network asks questions about single inputs."""
    model = subject.model
    planted = isinstance(model, DecisionTree) and bool(len(model.answers))
    return (planted or isinstance(model, Threshold)) and len(subject.inputs) == 1


@register(
    "decision-path",
    opens="answer",
    source="Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984",
    lecture="003 Machine Learning with WEKA",
)
def decision_path(subject: Subject) -> Explanation:
    """Show the questions from the root to the leaf that the example comes to, and what that leaf answers.

    next node = left where x_j <= threshold, else right

    Args:
        subject: The network and the example.
    """
    model = subject.model
    feature, threshold, left, right, answers = _nodes(model)
    inputs = subject.inputs.flatten().double().numpy(force=True)
    if isinstance(model, DecisionTree):
        # Trees are grown on float32 values and ask about these.
        inputs = inputs.astype(np.float32).astype(np.float64)
    path = trees.walk(inputs, feature, threshold, left, right)
    questions = [
        _Question(subject.input_name(int(feature[node])), float(inputs[feature[node]]), float(threshold[node]))
        for node in path[:-1]
    ]
    output = record(model, subject.inputs).output[0].double().numpy(force=True)
    leaf = answers[path[-1]]
    lines = [
        Arithmetic(f"x{place + 1}", f"{one.name} - {one.threshold:.6g}", lambda value, threshold: value - threshold,
                   {"value": np.array(one.value), "threshold": np.array(one.threshold)},
                   np.array(float(subject.inputs.flatten()[int(feature[node])].float()) - float(threshold[node])),
                   1e-6 * (1 + abs(one.value)))
        for place, (one, node) in enumerate(zip(questions, path, strict=False))
    ]  # fmt: skip
    lines.append(Arithmetic("leaf", say("the answer of the leaf"), np.asarray, {"a": leaf}, output, 1e-6))
    return Explanation(
        view="decision-path",
        title=_title(subject, output, len(questions)),
        facts=(*subject.shown_facts(), (say("nodes"), str(len(left)))),
        tensors={"output": Recorded(output, ("output",), "recorded", "output"),
                 "leaf": Recorded(leaf, ("output",), "replayed")},
        arithmetic=tuple(lines),
        tables=(_path(questions), _leaf(subject, output)),
        notes=(say("Inputs and thresholds are in the numbers that the network sees, after preprocessing."),),
        pictures=(Picture(say("The way from the root to the leaf."), lambda: _draw(questions[:DRAWN])),),
    )  # fmt: skip


def _nodes(model: object) -> Nodes:
    """Return the nodes of a network that asks questions."""
    if isinstance(model, DecisionTree):
        held = model.trees
        parts = (held.feature, held.threshold, held.left, held.right, model.answers)
        feature, threshold, left, right, answers = (_array(part) for part in parts)
        return feature.astype(int), threshold, left.astype(int), right.astype(int), answers
    if not isinstance(model, Threshold):
        message = "a view is asked only about what it accepts"
        raise TypeError(message)
    below, above = _array(model.log_shares)
    feature = np.array([int(model.feature), 0, 0])
    threshold = np.array([float(model.threshold), 0.0, 0.0])
    return feature, threshold, np.array([1, 1, 2]), np.array([2, 1, 2]), np.stack([below * 0, below, above])


def _array(values: Tensor) -> np.ndarray:
    """Return a tensor in float64."""
    return np.asarray(values.double().numpy(force=True))


def _title(subject: Subject, output: np.ndarray, questions: int) -> str:
    """Say what is answered, and after how many questions."""
    if subject.task is not None and subject.task.classes:
        return say("The answer is {}; questions on the way: {}", subject.class_name(int(output.argmax())), questions)
    return say("The answer is {}; questions on the way: {}", ", ".join(f"{value:.4g}" for value in output), questions)


def _path(questions: list[_Question]) -> Table:
    """Return one row a question."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (place + 1, one.name, one.value, one.threshold, say("yes") if one.value <= one.threshold else say("no"))
        for place, one in enumerate(questions)
    )
    header = (say("question"), say("input"), say("its value"), say("threshold"), say("at most the threshold?"))
    return Table(say("From the root to the leaf"), header, rows)


def _leaf(subject: Subject, output: np.ndarray) -> Table:
    """Return what the leaf answers."""
    if subject.task is not None and subject.task.classes:
        rows = tuple((subject.class_name(place), float(value), float(np.exp(value)))
                     for place, value in enumerate(output))  # fmt: skip
        header = (say("class"), say("logarithm of its share"), say("share"))
        return Table(say("What the leaf answers"), header, rows, marked=frozenset((int(output.argmax()),)))
    return Table(say("What the leaf answers"), (say("target"), say("answer")),
                 tuple((place + 1, float(value)) for place, value in enumerate(output)))  # fmt: skip


def _draw(questions: list[_Question]) -> Figure:
    """Draw every question as a line with its threshold at 0 and the example on one of its sides."""
    with styled():
        drawn = figure(6.4, 1.0 + 0.42 * max(len(questions), 1))
        axes = drawn.subplots()
        axes.axvline(0, color=COLOURS["quiet"], linewidth=0.8)
        reach = max((abs(one.value - one.threshold) for one in questions), default=1.0) or 1.0
        for place, one in enumerate(questions):
            far = one.value - one.threshold
            colour = COLOURS["strong"] if far <= 0 else COLOURS["warm"]
            axes.plot([0, far], [place, place], color=colour, linewidth=2)
            axes.plot([far], [place], "o", color=colour)
        axes.set_xlim(-1.25 * reach, 1.25 * reach)
        axes.set_ylim(max(len(questions), 1) - 0.5, -0.5)
        axes.set_yticks(range(len(questions)), [readable(f"{one.name} ≤ {one.threshold:.4g}") for one in questions])
        axes.set_xlabel(label("input minus threshold: to the left yes, to the right no"))
    return drawn
