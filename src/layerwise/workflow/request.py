"""Turn what a user asked for into an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from layerwise.config import Experiment, Load, Model, experiment, read_experiment, settings_in
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.runs.refusals import or_newer

__all__ = ["request"]


def request(
    data: str, model: str, settings: Mapping[str, Any], model_options: Mapping[str, Any],
    format_options: Mapping[str, Any], file: Path | None,
) -> tuple[Experiment, dict[str, Any]]:  # fmt: skip
    """Combine a TOML file and named settings; the named ones go first.

    Returns:
        The experiment, and every setting that was named anywhere: a model's suggestions stand behind those.

    Raises:
        LayerwiseError: No data are named, or a setting is wrong.
    """
    whole, written = _read(file) if file else (Experiment(), {})
    named = written | dict(settings)
    load: Load = replace(whole.load, data=data or whole.load.data, options={**whole.load.options, **format_options})
    chosen = Model(model or whole.model.name, {**whole.model.options, **model_options})
    if not load.data:
        raise LayerwiseError(
            say("Training needs data."), say("no data are named"),
            say("Name a file, a folder or a built-in set: layerwise train iris"), usage=True,
        )  # fmt: skip
    return experiment(settings, start=replace(whole, load=load, model=chosen)), named


def _read(file: Path) -> tuple[Experiment, dict[str, Any]]:
    """Read an experiment and the settings that stand in its file; the file may be the `run.toml` of a run."""
    with or_newer(file.parent):
        return read_experiment(file), settings_in(file)
