"""`layerwise explain [RUN] --view VIEW`: open a network on one example."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from cyclopts import Parameter

from layerwise.cli.options import Common, given, part_options, print_json, setting_options
from layerwise.cli.tables import print_lines
from layerwise.errors import LayerwiseError
from layerwise.language import say

if TYPE_CHECKING:
    ViewOptions: TypeAlias = Any
else:
    ViewOptions = part_options("view", all_shown=True)


def explain(
    run: str = "",
    *,
    view: str = "",
    example: str = "",
    to: str = "",
    view_options: Annotated[ViewOptions, Parameter(name="*")] = None,
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> int:
    """Open the network of a run on one example; every number is recomputed and compared.

    Examples:
        layerwise explain

        layerwise explain digits-lenet5 --view convolution-window --layer C3

        layerwise explain --example "row 17" --to digit.html

    Args:
        run: Name or path of a run; the newest when left out.
        view: What to open; all that fit are listed when left out.
        example: Id of the example as in predictions.csv; a misread test example when left out.
        to: Also write a picture or page: FILE.png, FILE.svg or FILE.html.
    """
    from layerwise.explain.open import explain as open_view
    from layerwise.explain.open import fitting
    from layerwise.runs.folder import find_run
    from layerwise.runs.opened import open_run
    from layerwise.workflow.explain import choose_example, prepared_again, subject_of

    opened = open_run(find_run(run))
    chosen = choose_example(opened, example)
    subject = subject_of(opened, prepared_again(opened), chosen)
    views = fitting(subject)
    options = setting_options(view_options, "view", view) if view else given(view_options)
    if not view and (options or to):
        rule = say("Options and --to are for one view.")
        remedy = say("Name one: --view {}", " | ".join(views))
        raise LayerwiseError(rule, say("no view is named"), remedy, usage=True)
    if not view and common.json:
        print_json({"run": str(opened.folder.path), "example": chosen.id, "part": chosen.part, "views": views})
        return 0
    if not view:
        print_lines(say("Example {} ({}) of {}; views that fit:", chosen.id, say(chosen.part), opened.folder.name))
        print_lines(*(f"  layerwise explain {opened.folder.name} --view {name}" for name in views))
        return 0
    shown = open_view(subject, view, options)
    if to:
        shown.save(Path(to))
    checks = shown.verify()
    if common.json:
        results = [{"id": check.id, "error": check.error, "ok": check.ok} for check in checks]
        print_json({"view": view, "example": chosen.id, "title": shown.title, "checks": results})
    else:
        print_lines(str(shown), *((say("Written: {}", to),) if to else ()))
    return 0 if all(check.ok for check in checks) else 1
