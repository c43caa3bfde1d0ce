"""From the outputs of a classifier to probabilities, the loss, and the gradient that starts back-propagation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from layerwise.byhand import activations
from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic, rounding
from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.recorder import record
from layerwise.explain.subject import Subject
from layerwise.language import say
from layerwise.tasks.contract import OwnsLoss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["accepts", "softmax"]

DRAWN = 30
"""Classes that a picture can hold."""


def accepts(subject: Subject) -> bool:
    """Say whether the network's outputs are logits of classes."""
    if isinstance(subject.model, OwnsLoss) or (subject.task is not None and subject.task.name != "classify"):
        return False
    if subject.task is not None and getattr(subject.task, "error", "cross-entropy") != "cross-entropy":
        return False
    if subject.target is not None and (subject.target.is_floating_point() or subject.target.numel() != 1):
        return False
    output = record(subject.model, subject.inputs).output
    named = len(subject.class_names) in (0, output.shape[-1])
    known = subject.target is not None or subject.task is not None or bool(subject.class_names)
    return known and named and output.dim() == 2 and output.shape[0] == 1 and output.shape[1] >= 2


@register("softmax-cross-entropy", task="classify", opens="answer", source="Bridle 1990", lecture="004 Loss Functions")
def softmax(subject: Subject) -> Explanation:
    """Show logits, their exponentials, probabilities, the loss and its gradient for every class.

    p_k = e^(z_k) / sum_i e^(z_i),  E = -log p_t,  dE/dz_k = p_k - y_k
    """
    logits = record(subject.model, subject.inputs).output.detach().clone().requires_grad_()
    probabilities = functional.softmax(logits, 1)
    z, p = (part.detach().double().numpy(force=True)[0] for part in (logits, probabilities))
    epsilon = subject.epsilon()
    # e^z turns an error of z into one of the same size relative to p
    tolerance = 16 * epsilon * (1 + float(np.abs(z).max()))
    lines = [Arithmetic("p", "p = softmax(z)", activations.softmax, {"inputs": z}, p, tolerance)]
    tensors = {
        "logits": Recorded(z, ("class",), "recorded", "output"),
        "probabilities": Recorded(p, ("class",), "recorded", "output"),
    }
    powers = np.exp(z - z.max())
    answer = int(z.argmax())
    notes = [say("p = e^(z - max z) / sum; subtracting the largest z changes no probability and avoids overflow."),
             say("sum of e^(z - max z) = {}", f"{powers.sum():.6g}")]  # fmt: skip
    slope = wanted = None
    if subject.target is not None:
        target = int(subject.target.item())
        wanted = np.eye(len(z))[target]
        loss = functional.cross_entropy(logits, torch.tensor([target], device=logits.device))
        (gradient,) = torch.autograd.grad(loss, logits)
        slope, error = gradient.double().numpy(force=True)[0], float(loss.item())
        lines.append(
            Arithmetic("E", "E = -log p_t", _cross_entropy, {"logits": z, "target": wanted}, np.array(error),
                       rounding(z, epsilon=epsilon))
        )  # fmt: skip
        lines.append(Arithmetic("dE/dz", "dE/dz = p - y", lambda p, y: p - y, {"p": p, "y": wanted}, slope, tolerance))
        tensors["gradient"] = Recorded(slope, ("class",), "recorded", "autograd")
        notes.append(say("E = -log {} = {}; the gradient p - y adds up to 0.", f"{p[target]:.4g}", f"{error:.4g}"))
    return Explanation(
        view="softmax-cross-entropy",
        title=say("From outputs to probabilities: the answer is {}", subject.class_name(answer)),
        facts=subject.shown_facts(),
        tensors=tensors,
        arithmetic=tuple(lines),
        tables=(_table(subject, z, powers, p, wanted, slope),),
        notes=tuple(notes),
        pictures=(
            Picture(say("Outputs, probabilities and the gradient of each class."), lambda: _draw(subject, z, p, slope)),
        ),
    )


def _cross_entropy(logits: np.ndarray, target: np.ndarray) -> np.ndarray:
    # E = -sum_k t_k log y_k
    return np.asarray(-(target * activations.log_softmax(logits)).sum())


def _table(
    subject: Subject,
    z: np.ndarray,
    powers: np.ndarray,
    p: np.ndarray,
    wanted: np.ndarray | None,
    slope: np.ndarray | None,
) -> Table:
    header = [say("class"), say("output z"), "e^(z - max z)", say("probability p")]
    columns = [z, powers, p]
    if wanted is not None and slope is not None:
        header += [say("wanted y"), "dE/dz = p - y"]
        columns += [wanted, slope]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (subject.class_name(place), *(float(column[place]) for column in columns)) for place in range(len(z))
    )
    return Table(say("Class by class"), tuple(header), rows, marked=frozenset((int(z.argmax()),)))


def _draw(subject: Subject, z: np.ndarray, p: np.ndarray, slope: np.ndarray | None) -> Figure:
    """Draw bars for outputs, probabilities and gradient, one row a class."""
    shown = np.sort(np.argsort(-z, kind="stable")[:DRAWN])
    if subject.target is not None and int(subject.target.item()) not in shown:
        shown = np.append(shown[:-1], int(subject.target.item()))
    panels = [("output z", z), ("probability p", p)]
    if slope is not None:
        panels.append(("gradient p - y", slope))
    with styled():
        drawn = figure(7.6, max(2.2, 0.26 * len(shown) + 0.9))
        every = drawn.subplots(1, len(panels), sharey=True)
        for axes, (title, values) in zip(every, panels, strict=True):
            picked = values[shown]
            axes.barh(
                range(len(shown)), picked, color=[COLOURS["strong" if v >= 0 else "warm"] for v in picked], height=0.7
            )
            axes.axvline(0, color=COLOURS["quiet"], linewidth=0.8)
            axes.set_title(label(title))
            reach = float(np.abs(picked).max()) or 1.0
            for place, value in enumerate(picked):
                side = 1 if value >= 0 else -1
                axes.text(
                    value + side * 0.02 * reach, place, f"{value:.3g}", va="center", fontsize=7.5,
                    ha="left" if side > 0 else "right",
                )  # fmt: skip
            axes.margins(x=0.28)
        wanted = -1 if subject.target is None else int(subject.target.item())
        names = [readable(subject.class_name(int(place))) for place in shown]
        names = [f"► {name}" if place == wanted else name for name, place in zip(names, shown, strict=True)]
        every[0].set_yticks(range(len(shown)), names)
        every[0].invert_yaxis()
        if subject.target is not None:
            every[0].set_xlabel(label("► the target"))
    return drawn
