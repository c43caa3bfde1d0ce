"""`layerwise evaluate [RUN] [DATA]`: measure a trained network again, or set it against others on one test part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.cli.options import Common, given, part_options, print_json
from layerwise.cli.tables import figure, print_lines, print_table, result_lines, results_table
from layerwise.errors import LayerwiseError
from layerwise.evaluation.comparison import in_words
from layerwise.evaluation.one_test_part import OneTestPart
from layerwise.language import say
from layerwise.report.words import metric, number

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
    against: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")] = (),
    format_options: Annotated[FormatOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Measure a run again on its test part, which is counted, or on other data that hold the target.

    Examples:
        layerwise evaluate

        layerwise evaluate iris-mlp new_flowers.csv

        layerwise evaluate iris-mlp --against iris-logistic iris-knn

    Args:
        run: Name or path of a run; the newest when left out.
        data: Other data to measure on; the run's own test part when left out.
        images: Folder or archive with the pictures that the other data name, where they are a table.
        exclude_problems: Go on without the items that cannot be read.
        against: Other runs, tested on the same rows: say which differences are real, from what was predicted.
    """
    from layerwise.runs.folder import find_run
    from layerwise.runs.opened import open_run
    from layerwise.workflow.against import against as compare
    from layerwise.workflow.remeasure import measure_again, measure_on

    opened = open_run(find_run(run))
    if against:
        _refuse({"DATA": data, "--images": images, "--exclude-problems": exclude_problems, **given(format_options)})
        found = compare([opened, *(open_run(find_run(name)) for name in against)])
        if common.json:
            print_json(found.to_json())
        else:
            show(found)
        return
    if data:
        metrics = measure_on(opened, data, given(format_options), exclude_problems=exclude_problems, images=images)
    else:
        metrics = measure_again(opened)
    if common.json:
        print_json({"run": str(opened.folder.path), **metrics})
        return
    print_lines(say("Run: {}", opened.folder.path), "")
    results_table(metrics, opened.folder.experiment().evaluate.confidence)
    print_lines("", *result_lines(metrics))


def _refuse(named: Mapping[str, Any]) -> None:
    """Refuse what has no effect where runs are set against each other: their predictions are read, no data."""
    flag = next((name for name, value in named.items() if value), "")
    if flag:
        flag = flag if flag == "DATA" else "--" + flag.removeprefix("--").replace("_", "-")
        raise LayerwiseError(
            say("A setting must have an effect."), say("'{}' changes nothing beside --against", flag),
            say("Leave {} out.", flag), usage=True,
        )  # fmt: skip


def show(found: OneTestPart) -> None:
    """Print the figure of each run, a row for each pair, and what the test says."""
    print_table([say("run"), metric(found.metric)],
                [[name, f"{value:.3f}" if found.metric == "accuracy" else number(value)]
                 for name, value in found.values.items()], right=(1,))  # fmt: skip
    counted = found.metric == "accuracy"
    only = [say("only the first right"), say("only the second right")] if counted else []
    header = [say("first"), say("second"), *only, say("lead of the first"), "p", say("p, all pairs")]
    rows = [
        [pair.first, pair.second, *([f"{pair.first_only:,}", f"{pair.second_only:,}"] if counted else []),
         figure(vars(pair.lead)), in_words(pair.p), in_words(pair.p_together)]
        for pair in found.pairs
    ]  # fmt: skip
    print_lines("")
    print_table(header, rows, right=range(2, len(header)))
    methods = ", ".join(dict.fromkeys(say(pair.lead.method) for pair in found.pairs))
    print_lines(
        say("Test: {}. In brackets: {:g} % intervals ({}).", say(found.test), 100 * found.confidence, methods),
        say("No test part was opened: what the runs had predicted was read."), "", *found.sentences(),
    )  # fmt: skip
