"""`layerwise compare DATA MODEL...`: cross-validate networks on the same folds and say which differences are real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.cli.options import Common, given, part_options, print_json, settings_type
from layerwise.cli.tables import figure, print_lines, print_table
from layerwise.errors import LayerwiseError
from layerwise.evaluation.comparison import Comparison, in_words
from layerwise.evaluation.learning_curve import LearningCurve, amount
from layerwise.language import say
from layerwise.report.words import metric

if TYPE_CHECKING:
    FormatOptions: TypeAlias = Any
    ModelOptions: TypeAlias = Any
    Settings: TypeAlias = Any
else:
    FormatOptions = part_options("format")
    ModelOptions = part_options("model")
    Settings = settings_type()

PICTURES = (".png", ".svg")
"""Endings of files that hold the learning curves; any other file holds every figure as JSON."""


def compare(
    data: str,
    *models: str,
    folds: int = 10,
    repeats: int = 1,
    learning_curve: Annotated[bool, Parameter(negative="")] = False,
    to: str = "",
    settings: Annotated[Settings, Parameter(name="*")] = None,
    model_options: Annotated[ModelOptions, Parameter(name="*")] = None,
    format_options: Annotated[FormatOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Compare networks by cross-validation: the same folds for all, intervals, and a test that is right for folds.

    Examples:
        layerwise compare iris logistic knn mlp

        layerwise compare patients.csv logistic knn mlp --target outcome --folds 10 --repeats 10

        layerwise compare patients.csv logistic --learning-curve --to curve.png

    Args:
        data: Path of a file or folder, or a built-in or named data set.
        models: Names in the catalogue, or files and classes: my_net.py:MyNet.
        folds: How many parts the rows are dealt into; each is tested once, by networks that learned from the others.
        repeats: How often the rows are dealt anew.
        learning_curve: Also learn from growing shares of the rows, and say what more rows would probably buy.
        to: Also write every figure of every fold: FILE.json; or the learning curves: FILE.png or FILE.svg.
    """
    from layerwise.cli.progress import counter
    from layerwise.config import Experiment, Load
    from layerwise.workflow.compare import compare as run
    from layerwise.workflow.compare import with_options

    refuse_picture(to, drawn=learning_curve)
    whole = Experiment(load=Load(data=data, options=given(format_options)))
    chosen, named = with_options(models, given(model_options)), given(settings)
    with counter() as progress:
        shown = None if common.json or common.quiet else progress
        found = run(
            whole, chosen, named, data, folds=folds, repeats=repeats, progress=shown, learning_curve=learning_curve
        )
    if to:
        write_comparison(Path(to), found)
    if common.json:
        print_json(found.to_json())
        return
    print_lines(*found.reasons, "")
    show(found)
    show_curves(found.curves)
    if to:
        print_lines(say("Written: {}", to))


def show(found: Comparison) -> None:
    """Print a row for each network, what the intervals are, and what the test says."""
    header = [
        say("network"), metric(found.metric), say("mean of folds"), say("training"), say("lead of the best"), "p",
        say("seconds"),
    ]  # fmt: skip
    rows = []
    for one in found.scores:
        lead = found.against(one)
        rows.append([
            one.label, figure(one.pooled[found.metric]), f"{found.interval(one)[0]:.3f}", f"{one.learned.mean():.3f}",
            figure({"value": lead.mean, "low": lead.low, "high": lead.high}) if lead else "",
            in_words(lead.p) if lead else "", f"{one.seconds:.1f}",
        ])  # fmt: skip
    print_table(header, rows, right=range(2, len(header)))
    print_lines(
        say("In brackets: {:g} % intervals; that of a lead, and p, are corrected for the rows that folds share.",
            100 * found.confidence),
        say("p holds for all pairs of networks together."), "", *found.sentences(),
    )  # fmt: skip


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
