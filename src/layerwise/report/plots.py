"""The plots of the report: each returns a figure drawn on the shared canvas, with a font that holds its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.explain.drawing import COLOURS, figure, label, readable, styled
from layerwise.metrics.ranking import RocCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "LINES",
    "STROKES",
    "by_stage",
    "faint_grid",
    "learning_curves",
    "predicted_against_true",
    "residuals",
    "roc_curves",
]

LINES = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#5f4b8b", "#000000", "#a3242f", "#6b7785",
)  # fmt: skip
"""Colours of lines that stay apart for colour-blind eyes; the stroke differs as well."""

STROKES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))

MOST_PARTS = 6
"""Named parts of a loss that are drawn."""

MOST_POINTS = 4000
"""Points of a scatter plot; of more, an even choice is drawn."""


def learning_curves(history: Sequence[Mapping[str, Any]], chosen: int, *, apart: bool = False) -> Figure:
    """Draw the losses by epoch, a row for each stage, and beside them every named part of the loss.

    Args:
        history: One record an epoch; epochs count from 1 within a stage.
        chosen: The epoch of the last stage whose weights the network has; 0 for none.
        apart: Whether training and validation losses are different figures, which then get a panel each.
    """
    stages = by_stage(history)
    # What comes before the last stage is learned by rules of its own, which are not what is measured.
    rows = [_panels(epochs, apart=apart or epochs is not stages[-1]) for epochs in stages]
    wide = max(map(len, rows))
    with styled():
        drawn = figure(7.2, 3.3 if len(rows) == 1 and wide <= 2 else 2.5 * len(rows))
        for row, (epochs, panels) in enumerate(zip(stages, rows, strict=True)):
            for column, (title, names) in enumerate(panels):
                axes = drawn.add_subplot(len(rows), wide, row * wide + column + 1)
                _panel(axes, epochs, names, chosen if row == len(rows) - 1 else 0)
                axes.set_ylabel(title)
                if column == 0 and len(rows) > 1:
                    axes.set_title(label("stage {}: {}", row + 1, epochs[0]["stage"]), loc="left", pad=18)
    return drawn


def by_stage(history: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Cut the epochs into those of each stage, in their order.

    Example:
        >>> [len(some) for some in by_stage([{"stage": "a"}, {"stage": "a"}, {"stage": "b"}])]
        [2, 1]
    """
    stages: list[list[Mapping[str, Any]]] = []
    for record in history:
        if not stages or stages[-1][-1].get("stage", "") != record.get("stage", ""):
            stages.append([])
        stages[-1].append(record)
    return stages


def _panels(epochs: Sequence[Mapping[str, Any]], *, apart: bool) -> list[tuple[str, Mapping[str, str]]]:
    """Return the panels of one stage: what stands beside each, and the words of each of its lines."""
    measured = any(record["validation_loss"] is not None for record in epochs)
    both = {"train_loss": "training", "validation_loss": "validation"}
    split = apart and measured
    panels: list[tuple[str, Mapping[str, str]]] = [(label("mean loss"), {"train_loss": "training"} if split else both)]
    if split:
        panels.append((label("what is chosen by"), {"validation_loss": "validation"}))
    parts = list(epochs[0].get("parts") or {})[:MOST_PARTS]
    if parts:
        title = label("parts") if len(parts) > 1 else label(parts[0].replace("_", " "))
        panels.append((title, {f"parts {name}": name.replace("_", " ") for name in parts}))
    return panels


def _panel(axes: Axes, epochs: Sequence[Mapping[str, Any]], names: Mapping[str, str], chosen: int) -> None:
    """Draw some lines by epoch, the epoch whose weights were kept marked."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    numbers, shown = np.array([record["epoch"] for record in epochs]), []
    for order, (name, words) in enumerate(names.items()):
        amounts = np.array([_recorded(record, name) for record in epochs], dtype=np.float64)
        if np.isfinite(amounts).any():
            colour = 1 if name == "validation_loss" else order
            axes.plot(numbers, amounts, color=LINES[colour], linestyle=STROKES[colour % len(STROKES)], linewidth=1.8,
                      marker="o" if len(numbers) == 1 else "", label=label(words))  # fmt: skip
            shown.append(amounts[np.isfinite(amounts)])
    spread = np.concatenate(shown) if shown else np.ones(1)
    if spread.min() > 0 and spread.max() > 50 * spread.min():
        axes.set_yscale("log")
        # The usual powers of ten are written in a mark-up that is not read here.
        axes.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    if 0 < chosen <= len(numbers) and len(numbers) > 1:
        _mark(axes, chosen, late=chosen > 0.7 * len(numbers))
    axes.set_xlabel(label("epoch"))
    if len(numbers) == 1:
        axes.set_xticks(numbers)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    faint_grid(axes)
    if shown:
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)


def _recorded(record: Mapping[str, Any], name: str) -> float | None:
    """Return one amount of an epoch: a loss, or a named part."""
    if name.startswith("parts "):
        part: float | None = (record.get("parts") or {}).get(name.removeprefix("parts "))
        return part
    loss: float | None = record[name]
    return loss


def _mark(axes: Axes, chosen: int, *, late: bool) -> None:
    """Mark the epoch that was kept by a line with its number, written where there is room."""
    axes.axvline(chosen, color=COLOURS["quiet"], linewidth=1, linestyle=(0, (2, 2)))
    axes.annotate(
        label("kept: epoch {}", chosen), (chosen, 1), xycoords=("data", "axes fraction"),
        xytext=(-5 if late else 5, -2), textcoords="offset points", va="top", ha="right" if late else "left",
        color=COLOURS["quiet"],
    )  # fmt: skip


def roc_curves(curves: Sequence[tuple[str, RocCurve, float]]) -> Figure:
    """Draw ROC curves with the area under each in the legend.

    Args:
        curves: Name, curve and area.
    """
    many = len(curves) > 1
    with styled():
        drawn = figure(6.6 if many else 4.4, 4.2)
        axes = drawn.add_subplot()
        axes.plot([0, 1], [0, 1], color=COLOURS["line"], linewidth=1)
        for order, (name, curve, area) in enumerate(curves):
            stroke = STROKES[order // len(LINES) % len(STROKES)] if order >= len(LINES) else STROKES[order % 2]
            axes.plot(
                curve.false_positive_rate, curve.true_positive_rate, color=LINES[order % len(LINES)], linestyle=stroke,
                linewidth=1.8, label=f"{readable(name)}  {area:.3f}", clip_on=False,
            )  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_aspect("equal", anchor="W")
        axes.set_xlabel(label("false positive rate (1 - specificity)"))
        axes.set_ylabel(label("true positive rate (sensitivity)"))
        faint_grid(axes)
        place: dict[str, Any] = (
            {"loc": "center left", "bbox_to_anchor": (1.02, 0.5)} if many else {"loc": "lower right"}
        )
        axes.legend(frameon=False, title=label("AUC"), alignment="left", **place)
    return drawn


def predicted_against_true(targets: np.ndarray, predictions: np.ndarray, name: str) -> Figure:
    """Draw every prediction against what was true; perfect ones lie on the diagonal.

    Args:
        targets: True numbers in the units of the data.
        predictions: Predicted numbers.
        name: Name of the target.
    """
    chosen = _even(len(targets))
    ends = [float(min(targets.min(), predictions.min())), float(max(targets.max(), predictions.max()))]
    with styled():
        drawn = figure(4.4, 4.2)
        axes = drawn.add_subplot()
        axes.plot(ends, ends, color=COLOURS["warm"], linewidth=1.2)
        _dots(axes, targets[chosen], predictions[chosen])
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xlabel(label("true {}", name))
        axes.set_ylabel(label("predicted {}", name))
        faint_grid(axes)
    return drawn


def residuals(targets: np.ndarray, predictions: np.ndarray, name: str) -> Figure:
    """Draw the error of every prediction against the prediction; a pattern shows what the network did not learn."""
    chosen = _even(len(targets))
    with styled():
        drawn = figure(4.4, 4.2)
        axes = drawn.add_subplot()
        axes.axhline(0, color=COLOURS["warm"], linewidth=1.2)
        _dots(axes, predictions[chosen], (targets - predictions)[chosen])
        axes.set_xlabel(label("predicted {}", name))
        axes.set_ylabel(label("true minus predicted"))
        faint_grid(axes)
    return drawn


def _dots(axes: Axes, across: np.ndarray, up: np.ndarray) -> None:
    """Draw points that stay readable where many lie on each other."""
    opacity = 0.75 if len(across) <= 300 else 0.35 if len(across) <= 1500 else 0.18
    axes.scatter(across, up, s=16, color=COLOURS["strong"], alpha=opacity, linewidths=0)


def _even(count: int) -> np.ndarray:
    """Return the places of at most `MOST_POINTS` of some rows, evenly spread."""
    return np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(np.int64)


def faint_grid(axes: Axes) -> None:
    """Draw a faint grid behind the lines."""
    axes.grid(color=COLOURS["line"], linewidth=0.5, alpha=0.7)
    axes.set_axisbelow(True)
