"""The answer for every pixel beside the truth, and the score of one pixel added up again through the last layers."""

from __future__ import annotations

import numpy as np
import torch

from layerwise.byhand import activations, transposed_convolution
from layerwise.byhand.padding import as_pair
from layerwise.byhand.segmentation import intersection_over_union
from layerwise.catalog import register
from layerwise.data.label_images import IGNORE
from layerwise.errors import LayerwiseError
from layerwise.explain.arithmetic import Arithmetic, rounding, term_sum, window_sum
from layerwise.explain.explanation import Cell, Explanation, Picture, Recorded, Table
from layerwise.explain.linear_units import arrays, layer_name
from layerwise.explain.score_chain import ScoreStep, chain, maker, makers_of
from layerwise.explain.segmentation_picture import draw_answer, draw_chain
from layerwise.explain.subject import Subject
from layerwise.explain.trace import Trace, record_forward
from layerwise.language import say
from layerwise.metrics.margins import margins_of
from layerwise.metrics.segmentation import iou, picture_confusions

__all__ = ["accepts", "segmentation"]


def accepts(subject: Subject) -> bool:
    """Say whether the network answers every pixel of one picture, and its last layer can be added up again."""
    if subject.task is None or subject.task.name != "segment" or subject.inputs.dim() != 4 or len(subject.inputs) != 1:
        return False
    trace = record_forward(subject.model, subject.inputs)
    output = trace.value(trace.total)
    whole = output.dim() == 4 and output.shape[1] >= 2 and output.shape[2:] == subject.inputs.shape[2:]
    return bool(whole and chain(trace, (0, 0, 0)))


@register(
    "segmentation", task="segment", opens="answer", source="arXiv:1411.4038", lecture="001 Fully Convolutional Network"
)
def segmentation(subject: Subject, *, row: int = -1, column: int = -1) -> Explanation:
    """Show the class of every pixel beside the truth, and what one score is made of.

    z[k, I, J] = sum over the stamps that meet there of x[c, i, j] w[c, k, I + p - i s, J + p - j s];
    p = softmax(z);  IoU_k = pixels that truth and answer share / pixels that either has

    Args:
        subject: The network and the picture.
        row: Row of the pixel, from 0; -1 for the most surely wrong one, or the least sure one where none is wrong.
        column: Column of the pixel, from 0; -1 likewise.

    Raises:
        LayerwiseError: There is no such pixel.
    """
    trace = record_forward(subject.model, subject.inputs)
    scores = trace.value(trace.total)[0]
    z = scores.double().numpy(force=True)
    answer = z.argmax(axis=0).astype(np.uint8)
    truth = _truth(subject)
    pixel = _pixel(z, answer, truth, (row, column))
    place = int(answer[pixel])
    steps = chain(trace, (place, *pixel))
    p = torch.softmax(scores[:, pixel[0], pixel[1]], 0).double().numpy(force=True)
    facts = [(say("pixel"), say("row {}, column {}", *pixel)), (say("answer"), subject.class_name(place))]
    if truth is not None:
        right = int(truth[pixel])
        facts.append((say("true class"), say("ignored") if right == IGNORE else subject.class_name(right)))
    inputs = subject.inputs[0].double().numpy(force=True)
    names = [subject.class_name(each) for each in range(len(z))]
    return Explanation(
        view="segmentation",
        title=say("Every pixel a class: the pixel at row {}, column {} is answered '{}'", *pixel, names[place]),
        facts=(*subject.shown_facts(), *facts),
        tensors={
            "scores": Recorded(z, ("class", "row", "column"), "recorded", "output"),
            "answer": Recorded(answer, ("row", "column"), "derived", "output"),
            "probabilities": Recorded(p, ("class",), "recorded", "output"),
        },
        arithmetic=(*_lines(subject, trace, steps, z, p, pixel), *_overlaps(answer, truth, names)),
        tables=(_classes(names, z[:, pixel[0], pixel[1]], p), *_parts(steps), *_counts(answer, truth, names)),
        notes=_notes(steps),
        pictures=(
            Picture(
                say("The picture, the answer for every pixel and, where it is known, the truth; the frame marks the "
                    "explained pixel."),
                lambda: draw_answer(inputs, answer, truth, names, pixel),
            ),
            Picture(
                say("The score of the answered class from the coarsest map to the output; each number is the marked "
                    "cell."),
                lambda: draw_chain(steps, names[place]),
            ),
        ),
    )  # fmt: skip


def _truth(subject: Subject) -> np.ndarray | None:
    """Return the label image, or None where it is not known."""
    if subject.target is None or subject.target.dim() != 3 or subject.target.shape[1:] != subject.inputs.shape[2:]:
        return None
    return subject.target[0].numpy(force=True).astype(np.uint8)


def _pixel(z: np.ndarray, answer: np.ndarray, truth: np.ndarray | None, wanted: tuple[int, int]) -> tuple[int, int]:
    """Return the chosen pixel; where a number is -1, the most surely wrong of those that are left."""
    for place, size in zip(wanted, answer.shape, strict=True):
        if not -1 <= place < size:
            found = say("row and column {} of a picture of {} rows and {} columns", wanted, *answer.shape)
            rule = say("A pixel is counted from 0.")
            raise LayerwiseError(rule, found, say("Choose a pixel inside the picture."), usage=True)
    ordered = np.sort(z, axis=0)
    # how far the answer is ahead of the next class; of a wrong pixel, how far ahead of the truth, and by much first
    interest = -(ordered[-1] - ordered[-2])
    if truth is not None:
        wrong = (truth != IGNORE) & (truth != answer)
        known = np.where(truth == IGNORE, 0, truth).astype(np.int64)
        ahead = ordered[-1] - np.take_along_axis(z, known[None], axis=0)[0]
        interest = np.where(wrong, 1 + ahead, interest)
    left = np.zeros(answer.shape, dtype=bool)
    left[tuple(slice(None) if place == -1 else place for place in wanted)] = True
    best = np.unravel_index(np.where(left, interest, -np.inf).argmax(), answer.shape)
    return int(best[0]), int(best[1])


def _lines(
    subject: Subject, trace: Trace, steps: tuple[ScoreStep, ...], z: np.ndarray, p: np.ndarray, pixel: tuple[int, int]
) -> tuple[Arithmetic, ...]:
    """Return the score through the depths, the whole last layer, and the probabilities of the pixel."""
    epsilon = subject.epsilon()
    lines = [_line(step, epsilon) for step in steps]
    lines += _whole_layer(trace, z, epsilon)
    at = z[:, pixel[0], pixel[1]]
    # e^z turns an error of z into one of the same size relative to p
    tolerance = 16 * epsilon * (1 + float(np.abs(at).max()))
    return (*lines, Arithmetic("p", "p = softmax(z)", activations.softmax, {"inputs": at}, p, tolerance))


def _line(step: ScoreStep, epsilon: float) -> Arithmetic:
    """Return one step of the chain as arithmetic."""
    tolerance = rounding(step.products(), np.array(step.bias or 0.0), epsilon=epsilon)
    if step.kind == "sum":
        expression = "z = coarse + fine"
        return Arithmetic(step.layer, expression, term_sum, {"terms": step.values}, np.array(step.value), tolerance)
    expression = "z = sum of the stamps x w" if step.kind == "stamps" else "z = sum x w"
    # what a ReLU has cut to 0 adds nothing, whatever its weight
    told = step.products() != 0
    operands = {"patch": step.values[told], "kernel": step.weights[told]}
    if step.bias is not None:
        operands, expression = {**operands, "bias": np.array(step.bias)}, f"{expression} + b"
    return Arithmetic(step.layer, expression, window_sum, operands, np.array(step.value), tolerance)


def _whole_layer(trace: Trace, z: np.ndarray, epsilon: float) -> list[Arithmetic]:
    """Return the whole last layer, where that is a transposed convolution, computed again cell by cell."""
    operation = maker(trace, makers_of(trace), trace.total.place)
    if operation is None or operation.name != "conv_transpose2d":
        return []
    given = arrays(trace, operation)
    if given["groups"] != 1 or any(as_pair(_plain(given[name])) != (only, only)
                                   for name, only in (("dilation", 1), ("output_padding", 0))):  # fmt: skip
        return []
    inputs, weight = given["input"], given["weight"]
    operands, expression = {"inputs": inputs, "weight": weight}, "y = sum of all stamps"
    largest = np.abs(inputs).max(axis=(0, 2, 3)) @ np.abs(weight).sum(axis=(2, 3))
    if given["bias"] is not None:
        operands, expression = {**operands, "bias": given["bias"]}, f"{expression} + b"
        largest = largest + np.abs(given["bias"])
    settings = {name: as_pair(_plain(given[name])) for name in ("stride", "padding")} | {"size": z.shape[1:]}
    name = say("all of {}", layer_name(trace, operation))
    return [Arithmetic(name, expression, _transposed_convolution, operands, z,
                       rounding(np.array(largest.max()), epsilon=epsilon), settings)]  # fmt: skip


def _transposed_convolution(
    inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, stride: tuple[int, int],
    padding: tuple[int, int], size: tuple[int, int],
) -> np.ndarray:  # fmt: skip
    """Return the maps that all cells stamp together, cut to the size that is kept."""
    # y[k, I, J] = sum_c sum_i sum_j x[c, i, j] w[c, k, I + p - i s, J + p - j s] + b[k]
    maps = transposed_convolution.transposed_convolve2d(inputs, weight, bias, stride=stride, padding=padding)
    return np.asarray(maps[0, :, : size[0], : size[1]])


def _overlaps(answer: np.ndarray, truth: np.ndarray | None, names: list[str]) -> tuple[Arithmetic, ...]:
    """Return the IoU of each class that is there or was answered, from the two regions themselves."""
    if truth is None:
        return ()
    matrix = picture_confusions([truth], [answer], len(names), ignore=IGNORE)[0]
    found, counted = iou(margins_of(matrix)), truth != IGNORE
    return tuple(
        Arithmetic(
            f"IoU {name}", "IoU = shared / either", intersection_over_union,
            {"truth": (truth[counted] == place) * 1.0, "answer": (answer[counted] == place) * 1.0},
            np.array(found[place]), 1e-12,
        )
        for place, name in enumerate(names) if not np.isnan(found[place])
    )  # fmt: skip


def _classes(names: list[str], z: np.ndarray, p: np.ndarray) -> Table:
    """Return score and probability of each class at the pixel."""
    rows = tuple((name, float(z[place]), float(p[place])) for place, name in enumerate(names))
    header = (say("class"), say("score z"), say("probability p"))
    return Table(say("The pixel, class by class"), header, rows, marked=frozenset((int(z.argmax()),)))


def _parts(steps: tuple[ScoreStep, ...]) -> tuple[Table, ...]:
    """Return what the score is made of at each depth: the ways at a glance, and the stamps of the last layer."""
    overview: list[tuple[Cell, ...]] = []
    biased = any(step.bias is not None for step in steps)
    for step in steps:
        terms = step.products().size
        kind = {"stamps": say("stamps that meet"), "window": say("window"), "sum": say("sum of two maps")}[step.kind]
        added: tuple[Cell, ...] = ("" if step.bias is None else step.bias,) if biased else ()
        overview.append((step.layer, kind, *step.cell, terms, *added, step.value))
    header = (
        say("layer"),
        say("made by"),
        say("map"),
        say("row"),
        say("column"),
        say("terms"),
        *((say("bias"),) if biased else ()),
        say("value"),
    )
    first = Table(say("The score through the layers, output first"), header, tuple(overview))
    stamps = next((step for step in steps if step.kind == "stamps"), None)
    if stamps is None:
        return (first,)
    rows = tuple(
        (int(stamps.channels[c]), int(stamps.rows[i]), int(stamps.columns[j]), float(stamps.values[c, i, j]),
         float(stamps.weights[c, i, j]), float(stamps.products()[c, i, j]))
        for c, i, j in np.ndindex(*stamps.values.shape)
    )  # fmt: skip
    names = (say("map"), say("row"), say("column"), say("value x"), say("weight w"), say("product x·w"))
    return first, Table(say("{}: every stamp that reaches the pixel", stamps.layer), names, rows, folded=True)


def _counts(answer: np.ndarray, truth: np.ndarray | None, names: list[str]) -> tuple[Table, ...]:
    """Return the pixels of each class in truth, answer and both, and the IoU."""
    if truth is None:
        return ()
    measured = margins_of(picture_confusions([truth], [answer], len(names), ignore=IGNORE)[0])
    overlap = iou(measured)
    rows = tuple(
        (name, int(measured.actual[place]), int(measured.predicted[place]), int(measured.correct[place]),
         say("undefined") if np.isnan(overlap[place]) else float(overlap[place]))
        for place, name in enumerate(names)
    )  # fmt: skip
    header = (say("class"), say("pixels in truth"), say("pixels in answer"), say("in both"), "IoU")
    return (Table(say("This picture, class by class"), header, rows),)


def _notes(steps: tuple[ScoreStep, ...]) -> tuple[str, ...]:
    """Say in words what the arithmetic shows, and what it leaves out."""
    notes = [say("At each depth the way goes on through the cell that moves the score most; the others are summed in.")]
    for step in steps:
        if step.kind == "sum":
            coarse, fine = (f"{value:.4g}" for value in step.values)
            notes.append(say("{}: {} from the coarser map + {} from the finer one = {}", step.layer, coarse, fine,
                             f"{step.value:.4g}"))  # fmt: skip
    notes.append(say("The IoU of one picture is shown; the figure of a run divides the sums over all pictures."))
    return tuple(notes)


def _plain(value: object) -> int | tuple[int, int]:
    """Return a size as a number or a pair."""
    if isinstance(value, list | tuple):
        return (int(value[0]), int(value[-1]))
    return value if isinstance(value, int) else 0
