"""An experiment as a TOML file, every setting resolved; and back."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from layerwise.config.checks import check
from layerwise.config.stages import STAGES, Experiment, setting_names
from layerwise.errors import LayerwiseError, nearest
from layerwise.files import write_text
from layerwise.language import say

__all__ = ["from_tables", "read_experiment", "settings_in", "to_toml", "write_experiment"]


def to_toml(whole: Experiment) -> str:
    """Write an experiment as TOML, every setting resolved, so that nothing depends on defaults that may change."""
    lines: list[str] = []
    for stage in STAGES:
        table = dataclasses.asdict(getattr(whole, stage))
        options = table.pop("options", {})
        lines += [f"[{stage}]", *(f"{name} = {_toml(value)}" for name, value in (table | dict(options)).items()), ""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """Write one TOML value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        escaped = "".join(f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign for sign in
                          value.replace("\\", "\\\\").replace('"', '\\"'))  # fmt: skip
        return f'"{escaped}"'
    return "[" + ", ".join(_toml(item) for item in value) + "]"


def write_experiment(path: Path, whole: Experiment) -> None:
    """Write an experiment to a TOML file."""
    write_text(path, to_toml(whole))


def read_experiment(path: Path) -> Experiment:
    """Read an experiment from a TOML file; what is left out keeps its default.

    The `run.toml` of a run is one, too; its plan is measured anew.

    Raises:
        LayerwiseError: The file is not TOML, or names a stage or setting that does not exist.
    """
    return from_tables(_tables(path), str(path))


def settings_in(path: Path) -> dict[str, Any]:
    """Return every setting with a plain name that a TOML file names, whether it differs from its default or not.

    Raises:
        LayerwiseError: The file is not TOML.
    """
    stages = setting_names()
    return {
        name: tuple(value) if isinstance(value, list) else value
        for stage, table in _tables(path).items() if isinstance(table, Mapping)
        for name, value in table.items() if stages.get(name) == stage
    }  # fmt: skip


def _tables(path: Path) -> dict[str, Any]:
    """Read the tables of an experiment file."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        rule = say("An experiment file must be there to be read.")
        raise LayerwiseError(rule, f"{path}: {problem.strerror}", say("Check the path."), usage=True) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        rule = say("An experiment file must be TOML in UTF-8.")
        raise LayerwiseError(rule, f"{path}: {problem}", say("Mend that line."), usage=True) from problem
    tables.pop("plan", None)
    return tables


def from_tables(tables: Mapping[str, Any], place: str) -> Experiment:
    """Build an experiment from the tables of a TOML file; names outside the stages are refused."""
    whole = Experiment()
    for stage, table in tables.items():
        if stage not in STAGES or not isinstance(table, Mapping):
            rule = say("An experiment has the stages of the scheme.")
            raise LayerwiseError(rule, f"{place}: [{stage}]", nearest(stage, STAGES), usage=True)
        known = {part.name for part in fields(STAGES[stage])}
        settings = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
        own = {name: value for name, value in settings.items() if name in known}
        others = {name: value for name, value in settings.items() if name not in known}
        if others and "options" not in known:
            name = next(iter(others))
            rule = say("A setting is named as in the documentation.")
            raise LayerwiseError(rule, f"{place}: [{stage}] {name}", nearest(name, known), usage=True)
        if others:
            own["options"] = others
        whole = replace(whole, **{stage: STAGES[stage](**own)})
    check(whole)
    return whole
