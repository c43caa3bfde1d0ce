"""`layerwise evaluate [RUN] [DATA]`: measure a trained network again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.cli.options import Common, given, part_options, print_json
from layerwise.cli.tables import print_lines, result_lines, results_table
from layerwise.language import say

if TYPE_CHECKING:
    FormatOptions: TypeAlias = Any
else:
    FormatOptions = part_options("format")


def evaluate(
    run: str = "",
    data: str = "",
    *,
    images: str = "",
    exclude_problems: Annotated[bool, Parameter(negative="")] = False,
    format_options: Annotated[FormatOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Measure a run again on its test part, which is counted, or on other data that hold the target.

    Examples:
        layerwise evaluate

        layerwise evaluate iris-mlp new_flowers.csv

    Args:
        run: Name or path of a run; the newest when left out.
        data: Other data to measure on; the run's own test part when left out.
        images: Folder or archive with the pictures that the other data name, where they are a table.
        exclude_problems: Go on without the items that cannot be read.
    """
    from layerwise.runs.folder import find_run
    from layerwise.runs.opened import open_run
    from layerwise.workflow.remeasure import measure_again, measure_on

    opened = open_run(find_run(run))
    if data:
        metrics = measure_on(opened, data, given(format_options), exclude_problems=exclude_problems, images=images)
    else:
        metrics = measure_again(opened)
    if common.json:
        print_json({"run": str(opened.folder.path), **metrics})
        return
    print_lines(say("Run: {}", opened.folder.path), "")
    results_table(metrics)
    print_lines("", *result_lines(metrics))
