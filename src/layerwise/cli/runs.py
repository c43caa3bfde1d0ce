"""`layerwise runs`: the runs of this folder."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from layerwise.cli.options import Common, print_json
from layerwise.cli.tables import figure, main_figure, print_lines, print_table
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.locks import holder
from layerwise.report.words import metric
from layerwise.runs.folder import RunFolder, list_runs


def runs(*, common: Annotated[Common, Parameter(name="*")] = Common()) -> None:  # noqa: B008 - frozen
    """List the runs of this folder, the newest first: data, model, test figure with its interval, date.

    Examples:
        layerwise runs

        layerwise runs --json
    """
    rows = [row(folder) for folder in list_runs()]
    if common.json:
        print_json({"runs": rows})
        return
    if not rows:
        print_lines(say("No runs here. Train one: layerwise train iris"))
        return
    print_table(
        [say("run"), say("data"), say("model"), say("figure"), say("value (interval)"), say("date")],
        [
            [
                entry["run"],
                entry["data"],
                entry["model"],
                metric(entry["figure"]),
                shown(entry),
                entry["date"],
            ]
            for entry in rows
        ],
    )


def row(folder: RunFolder) -> dict[str, Any]:
    """Describe one run; one that cannot be read is listed with the reason, and does not hide the others."""
    date = datetime.fromtimestamp((folder.path / "run.toml").stat().st_mtime).astimezone()
    entry = {
        "run": folder.name, "data": "", "model": "", "figure": "", "value": None, "state": state(folder), "reason": "",
        "date": date.strftime("%Y-%m-%d %H:%M"),
    }  # fmt: skip
    try:
        whole = folder.experiment()
        entry |= {"data": whole.load.data, "model": whole.model.name}
        if folder.finished:
            metrics = folder.read("metrics.json")
            name = main_figure(metrics)
            entry |= {"figure": name, "value": metrics["metrics"].get(name)}
    except LayerwiseError as problem:
        entry |= {"state": "unreadable", "reason": problem.found}
    return entry


def state(folder: RunFolder) -> str:
    """Return whether a run is finished, still being written, or was interrupted."""
    if folder.finished:
        return "finished"
    return "running" if holder(folder.path) else "interrupted"


def shown(entry: dict[str, Any]) -> str:
    """Return the figure of a run, or that it was interrupted, still learns, or why it cannot be read."""
    if entry["state"] == "unreadable":
        return say("unreadable: {}", entry["reason"])
    if entry["state"] == "finished":
        return figure(entry["value"])
    return say("still learning") if entry["state"] == "running" else say("interrupted")
