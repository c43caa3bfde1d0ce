"""`layerwise report [RUN]`: write the report of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from layerwise.cli.options import Common, print_json
from layerwise.language import say


def report(
    run: str = "",
    *,
    to: str = "",
    common: Annotated[Common, Parameter(name="*")] = Common(),  # noqa: B008 - frozen
) -> None:
    """Write the report of a run as one HTML page that needs no network and no script.

    Examples:
        layerwise report

        layerwise report digits-lenet5 --language ko

        layerwise report digits-lenet5 --to digits.html

    Args:
        run: Name or path of a run; the newest when left out.
        to: Where to write it; report.html in the run folder when left out.
    """
    from layerwise.cli.tables import print_lines
    from layerwise.runs.folder import find_run
    from layerwise.runs.opened import open_run
    from layerwise.workflow.report import write_report

    path = write_report(open_run(find_run(run)), common.language or "", to=Path(to) if to else None)
    if common.json:
        print_json({"report": str(path), "bytes": path.stat().st_size})
    else:
        print_lines(str(path) if common.quiet else say("Report: {}", path))
