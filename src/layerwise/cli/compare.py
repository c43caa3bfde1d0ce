"""`layerwise compare DATA MODEL...`: cross-validate networks on the same folds and say which differences are real."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.catalog import entries
from layerwise.cli.learning_curve import refuse_picture, show_curves, write_comparison
from layerwise.cli.options import Common, annotation_type, given, part_options, print_json, settings_type
from layerwise.cli.tables import doubtful, figure, print_lines, print_table
from layerwise.config import fits
from layerwise.config import words as allowed
from layerwise.errors import LayerwiseError
from layerwise.evaluation.comparison import Comparison, in_words
from layerwise.language import say
from layerwise.report.words import metric

if TYPE_CHECKING:
    FormatOptions: TypeAlias = Any
    ModelOptions: TypeAlias = Any
    Settings: TypeAlias = Any
else:
    FormatOptions = part_options("format")
    ModelOptions = part_options("model")
    Settings = settings_type(("folds", "repeats"))


def compare(
    data: str,
    *models: str,
    folds: int = 10,
    repeats: int = 1,
    tune: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")] = (),
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

        layerwise compare pima knn svm --tune k=1,3,5,9 complexity=0.1,1,10
        layerwise compare patients.csv logistic --learning-curve --to curve.png

    Args:
        data: Path of a file or folder, or a built-in or named data set.
        models: Names in the catalogue, or files and classes: my_net.py:MyNet.
        folds: How many parts the rows are dealt into; each is tested once, by networks that learned from the others.
        repeats: How often the rows are dealt anew.
        tune: Options that are chosen inside every fold, by its training rows alone: k=1,3,5,9 hidden=16,32x16.
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
            whole, chosen, named, data, folds=folds, repeats=repeats, tune=grid(tune), progress=shown,
            learning_curve=learning_curve,
        )  # fmt: skip
    if to:
        write_comparison(Path(to), found)
    if common.json:
        print_json(found.to_json())
        return
    print_lines(*found.reasons, "")
    show(found)
    show_curves(found.curves)
    print_lines(*doubtful(found.warnings))
    if to:
        print_lines(say("Written: {}", to))


def grid(words: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Read options and the values that are tried: `k=1,3,5`; a list is written with x, `hidden=16,32x16`.

    Raises:
        LayerwiseError: A word is not of that form, or a value is not what its option takes.

    Example:
        >>> grid(["k=1,3", "hidden=8,16x8", "kernel-function=linear,rbf"])
        {'k': (1, 3), 'hidden': ((8,), (16, 8)), 'kernel_function': ('linear', 'rbf')}
    """
    kinds = {option.name: option.annotation for model in entries("model").values() for option in model.options}
    found = {}
    for word in words:
        name, sign, values = word.partition("=")
        name = name.strip().replace("-", "_")
        if not (name and sign and values):
            raise LayerwiseError(
                say("Options that are chosen are named with their values."), f"--tune {word}",
                say("Name some: {}", "--tune k=1,3,5"), usage=True,
            )  # fmt: skip
        hint = annotation_type(kinds.get(name, "str"))
        found[name] = tuple(_value(word, value.strip(), hint) for value in values.split(","))
    return found


def _value(word: str, text: str, hint: Any) -> Any:
    """Read one value as its option takes it."""
    listed = typing.get_origin(hint) is tuple
    single = typing.get_args(hint)[0] if listed else hint
    value: Any = tuple(_plain(part, single) for part in text.split("x")) if listed else _plain(text, single)
    if not fits(value, hint):
        rule = say("A setting must have a value that it can use.")
        raise LayerwiseError(rule, f"--tune {word}", say("{} takes {}.", word.partition("=")[0], allowed(hint)),
                             usage=True)  # fmt: skip
    return value


def _plain(text: str, hint: Any) -> Any:
    """Read a text as a number or as yes or no where that is asked for and where it is one."""
    if hint is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return hint(text) if hint in (int, float) else text
    except ValueError:
        return text


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
        say("p holds for all pairs of rows of this table together."), "", *found.sentences(),
    )  # fmt: skip
