"""The weights of the first layer as pictures: what each hidden unit or filter looks for in the image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.catalog import register
from layerwise.explain.arithmetic import Arithmetic, rounding, weighted_sum, window_sum
from layerwise.explain.drawing import bare, figure, label, styled
from layerwise.explain.explanation import Explanation, Picture, Recorded, Table
from layerwise.explain.linear_units import arrays, layer_name
from layerwise.explain.subject import Subject
from layerwise.explain.trace import Operation, Trace, record_forward
from layerwise.explain.windows import window
from layerwise.language import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = ["accepts", "weights"]

DRAWN = 64
"""Units or filters that one picture can hold."""

CHECKED = 16
"""Units or filters whose answer to the example is verified."""


@dataclass(frozen=True)
class _Pictures:
    """Weights in the shape of images.

    Args:
        images: `(units, channels, height, width)`.
        example: The example in the same shape, or None for filters.
        totals: The sum of each unit on the example, the largest for a filter.
        lines: Arithmetic of those sums.
    """

    images: np.ndarray
    example: np.ndarray | None
    totals: np.ndarray
    lines: tuple[Arithmetic, ...]


def accepts(subject: Subject) -> bool:
    """Say whether the first layer of the network looks at an image."""
    trace = record_forward(subject.model, subject.inputs)
    operation = _first(trace)
    return operation is not None and (operation.name == "conv2d" or _image_shape(subject, operation, trace) is not None)


@register(
    "weights", opens="layer", source="Rumelhart, Hinton and Williams 1986", lecture="003 64-2-3 network; 002 LeNet-5"
)
def weights(subject: Subject) -> Explanation:
    """Show the first layer's weights as images, one a unit or filter, and how strongly each answers to the example.

    z_k = sum over the pixels of w_k x + b_k
    """
    trace = record_forward(subject.model, subject.inputs)
    operation = _first(trace)
    if operation is None:
        message = "accepts() was not asked"
        raise RuntimeError(message)
    name = layer_name(trace, operation)
    filters = operation.name == "conv2d"
    shown = _filters(trace, operation, subject) if filters else _units(trace, operation, subject)
    kind = say("filter") if filters else say("unit")
    columns = (kind, say("smallest weight"), say("largest weight"), say("z on this example"))
    rows = tuple(
        (place, float(image.min()), float(image.max()), float(total))
        for place, (image, total) in enumerate(zip(shown.images, shown.totals, strict=True))
    )
    size = "×".join(map(str, shown.images.shape[1:]))
    title = say("What layer {} looks for: {} images of {}", name, len(shown.images), size)
    notes = [say("Blue weights ask for bright pixels, red ones for dark pixels, white ones do not care.")]
    if filters:
        notes.append(say("z of a filter is its largest answer anywhere in the image."))
    if len(shown.images) > DRAWN:
        notes.append(say("Drawn: {} of {}.", DRAWN, len(shown.images)))
    if len(shown.images) > CHECKED:
        notes.append(say("Verified: the sums of the first {}.", CHECKED))
    return Explanation(
        view="weights",
        title=title,
        facts=(*subject.shown_facts(), (say("layer"), name)),
        tensors={"weights": Recorded(shown.images, ("unit", "channel", "row", "column"), "recorded", name)},
        arithmetic=shown.lines,
        tables=(Table(say("How each answers"), columns, rows, folded=len(rows) > DRAWN),),
        notes=tuple(notes),
        pictures=(Picture(title, lambda: _draw(shown, kind)),),
    )


def _first(trace: Trace) -> Operation | None:
    """Return the first operation with weights."""
    return next(
        (
            each
            for each in trace.operations
            if each.name in ("linear", "conv2d") and trace.value(each.outputs[0]).shape[0] == 1
        ),
        None,
    )


def _image_shape(subject: Subject, operation: Operation, trace: Trace) -> tuple[int, int, int] | None:
    """Return channels, height and width of the image that a connected layer sees, if it sees one."""
    features = arrays(trace, operation)["weight"].shape[1]
    shape = tuple(subject.inputs.shape[1:])
    if len(shape) == 3 and math.prod(shape) == features:
        return shape
    if len(shape) == 2 and math.prod(shape) == features:
        return (1, *shape)
    side = math.isqrt(features)
    pixels = not subject.input_names or all(name.startswith("pixel") for name in subject.input_names)
    if len(shape) == 1 and pixels and side * side == features >= 16:
        return 1, side, side
    return None


def _units(trace: Trace, operation: Operation, subject: Subject) -> _Pictures:
    """Return the weights of connected units as images."""
    given = arrays(trace, operation)
    shape = _image_shape(subject, operation, trace) or (1, 1, given["weight"].shape[1])
    totals = trace.value(operation.outputs[0]).double().numpy(force=True).reshape(-1)
    inputs = given["input"].reshape(-1)
    lines = []
    for place, row in enumerate(given["weight"][:CHECKED]):
        operands, words = {"inputs": inputs, "weight": row}, "z = w·x"
        if given["bias"] is not None:
            operands, words = {**operands, "bias": given["bias"][place]}, "z = w·x + b"
        tolerance = rounding(inputs * row, operands.get("bias", np.zeros(1)), epsilon=subject.epsilon())
        lines.append(Arithmetic(f"z[{place}]", words, weighted_sum, operands, totals[place], tolerance))
    return _Pictures(given["weight"].reshape(-1, *shape), inputs.reshape(shape), totals, tuple(lines))


def _filters(trace: Trace, operation: Operation, subject: Subject) -> _Pictures:
    """Return the kernels of a convolution, each with its strongest window."""
    given = arrays(trace, operation)
    output = trace.value(operation.outputs[0]).double().numpy(force=True)[0]
    lines = []
    for place in range(min(CHECKED, len(output))):
        row, column = (int(part) for part in np.unravel_index(output[place].argmax(), output[place].shape))
        seen = window(given, (place, row, column))
        tolerance = rounding(seen.patch * seen.kernel, np.array(seen.bias or 0.0), epsilon=subject.epsilon())
        total, words = output[place, row, column], "largest z = sum x w" + ("" if seen.bias is None else " + b")
        lines.append(Arithmetic(f"z[{place}]", words, window_sum, seen.operands(), total, tolerance))
    return _Pictures(given["weight"], None, output.max(axis=(1, 2)), tuple(lines))


def _draw(shown: _Pictures, kind: str) -> Figure:
    """Draw one image a unit on one colour scale around 0, the example first.

    All of them lie on one pair of axes: as many pairs as images take seconds to be laid out.
    """
    images = [_flat(image) for image in shown.images[:DRAWN]]
    reach = float(np.abs(np.stack(images)).max()) or 1.0
    first = 0 if shown.example is None else 1
    columns = min(8, len(images) + first)
    lines = math.ceil((len(images) + first) / columns)
    side = 1.15 if len(images) + first > 4 else 2.3
    high, wide = images[0].shape
    # Of each image and what stands above it, in pixels of the image.
    across, down = wide + 0.1 * max(high, wide), high + max(high, wide) * 0.28 / side
    with styled():
        drawn = figure(max(4.0, columns * side + 0.9), lines * down * side / across + 0.1)
        axes = drawn.subplots()
        bare(axes)
        corners = [
            (number % columns * across, (number // columns + 1) * down - high) for number in range(len(images) + first)
        ]
        if shown.example is not None:
            _place(axes, _flat(shown.example), corners[0], label("the example"), {"cmap": "gray"})
        colours = {"cmap": "RdBu", "vmin": -reach, "vmax": reach, "interpolation": "nearest"}
        for unit, (values, corner) in enumerate(zip(images, corners[first:], strict=True)):
            title = f"{unit}" if side < 2 else f"{kind} {unit}: z = {shown.totals[unit]:.3g}"
            image = _place(axes, values, corner, title, colours)
        axes.set(xlim=(0, columns * across), ylim=(lines * down, 0))
        drawn.colorbar(
            image, ax=axes, shrink=0.85, fraction=0.06, pad=0.02, aspect=20 if lines < 4 else 40, label=label("weight")
        )
    return drawn


def _place(
    axes: Axes, values: np.ndarray, corner: tuple[float, float], title: str, colours: dict[str, Any]
) -> AxesImage:
    """Draw an image with its upper left corner somewhere, and its title above it."""
    (left, above), (high, wide) = corner, values.shape
    axes.text(left + wide / 2, above - 0.03 * max(high, wide), title, ha="center", va="bottom")
    return axes.imshow(values, extent=(left, left + wide, above + high, above), **colours)


def _flat(image: np.ndarray) -> np.ndarray:
    """Return a picture's channels side by side."""
    return np.concatenate(list(image), axis=1)
