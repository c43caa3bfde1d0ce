"""What `layerwise compare --learning-curve` prints and writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from layerwise.cli.tables import print_lines, print_table
from layerwise.errors import LayerwiseError
from layerwise.evaluation.comparison import Comparison
from layerwise.evaluation.learning_curve import LearningCurve, amount
from layerwise.language import say
from layerwise.report.words import metric

__all__ = ["refuse_picture", "show_curves", "write_comparison"]

PICTURES = (".png", ".svg")
"""Endings of files that hold the learning curves; any other file holds every figure as JSON."""


def refuse_picture(to: str, *, drawn: bool) -> None:
    """Refuse a picture of a comparison that has no curves, before anything is learned.

    Args:
        to: The file to write, or nothing.
        drawn: Whether learning curves were asked for.

    Raises:
        LayerwiseError: The file is a picture and nothing can be drawn on it.
    """
    if Path(to).suffix.lower() in PICTURES and not drawn:
        raise LayerwiseError(
            say("A picture of a comparison shows its learning curves."), to,
            say("Add --learning-curve, or write the figures: --to FILE.json"), usage=True,
        )  # fmt: skip


def write_comparison(path: Path, found: Comparison) -> None:
    """Write a comparison: its learning curves into a picture, else every figure as JSON.

    Args:
        path: The file; its ending says what is written.
        found: The comparison.
    """
    from layerwise.explain.drawing import png, svg
    from layerwise.files import write_bytes, write_json
    from layerwise.report.size_curves import size_curves

    form = path.suffix.lower()
    if form not in PICTURES:
        write_json(path, found.to_json())
        return
    drawn = size_curves(found.curves)
    write_bytes(path, png(drawn) if form == ".png" else svg(drawn))


def show_curves(curves: Sequence[LearningCurve]) -> None:
    """Print the error of every network at each size, test beside training, and what more rows would bring."""
    if not curves:
        return
    rows = [
        [f"{curves[0].sizes[place]:,.0f}",
         *(f"{amount(curve.tested.mean(axis=0)[place])} / {amount(curve.learned.mean(axis=0)[place])}"
           for curve in curves)]
        for place in range(len(curves[0].sizes))
    ]  # fmt: skip
    drawn_out = [curve for curve in curves if curve.prospect.ahead]
    for order, ahead in enumerate(drawn_out[0].prospect.ahead if drawn_out else ()):
        cells = [curve.prospect.ahead[order] if curve.prospect.ahead else None for curve in curves]
        rows.append([
            say("{:,} (drawn out)", ahead.rows),
            *(f"{amount(cell.value)} ({amount(cell.low)}–{amount(cell.high)})" if cell else "–" for cell in cells),
        ])  # fmt: skip
    print_lines("", say("{} at growing numbers of training rows, test / training:", metric(curves[0].figure)))
    print_table([say("rows"), *(curve.label for curve in curves)], rows, right=range(len(curves) + 1))
    print_lines(*(line for curve in curves for line in curve.sentences()))
