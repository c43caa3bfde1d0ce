"""Where runs live and which files they hold.

A run folder holds `run.toml` (experiment and plan), `data.json` (fingerprint, split, fitted preprocessing),
`history.jsonl`, `model.safetensors`, `metrics.json`, `predictions.csv`, `tests.json`, `environment.json` and
`report.html`. A run is finished when `metrics.json` is there; a folder without it was interrupted or is running.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from layerwise.config import Experiment, from_tables, to_toml
from layerwise.errors import LayerwiseError, nearest
from layerwise.files import unused_folder, write_json, write_text
from layerwise.language import say

__all__ = ["RUNS", "RunFolder", "create", "find_interrupted", "find_run", "list_runs"]

RUNS = Path("runs")
"""Folder of all runs, below the folder one works in."""


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def name(self) -> str:
        """Name of the run: that of its folder."""
        return self.path.name

    @property
    def finished(self) -> bool:
        """Whether the run was measured on its test part."""
        return (self.path / "metrics.json").exists()

    def experiment(self) -> Experiment:
        """Return the experiment, every setting resolved."""
        return from_tables({name: table for name, table in self._toml().items() if name != "plan"}, str(self._file))

    def plan(self) -> dict[str, Any]:
        """Return how the work was laid out."""
        return dict(self._toml().get("plan", {}))

    @property
    def _file(self) -> Path:
        return self.path / "run.toml"

    def _toml(self) -> dict[str, Any]:
        try:
            tables = tomllib.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise _damaged(self._file, problem) from problem
        if "load" not in tables:
            raise _damaged(self._file, ValueError(say("no stage [load]")))
        return tables

    def write_experiment(self, whole: Experiment, plan: Mapping[str, Any]) -> None:
        """Write everything that is needed to repeat the run."""
        lines = [f"{name} = {json.dumps(value)}" for name, value in plan.items()]
        write_text(self._file, to_toml(whole) + "\n".join(["[plan]", *lines, ""]))

    def read(self, name: str) -> dict[str, Any]:
        """Return the content of one of the JSON files.

        Raises:
            LayerwiseError: It is missing or damaged.
        """
        path = self.path / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError, UnicodeDecodeError) as problem:
            raise _damaged(path, problem) from problem
        if not isinstance(content, dict):
            raise _damaged(path, ValueError(type(content).__name__))
        return content

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write one of the JSON files."""
        write_json(self.path / name, content)

    def history(self) -> list[dict[str, Any]]:
        """Return one record an epoch; a last line that was cut off by a crash is left out."""
        path = self.path / "history.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def count_test(self, purpose: str) -> int:
        """Note that the test part was opened, and return how often it has been."""
        path = self.path / "tests.json"
        openings = self.read("tests.json")["openings"] if path.exists() else []
        openings.append({"time": datetime.now(UTC).isoformat(timespec="seconds"), "purpose": purpose})
        self.write("tests.json", {"openings": openings})
        return len(openings)


def create(experiment: Experiment, run: str) -> RunFolder:
    """Make the folder of a new run; an older one is never overwritten.

    Args:
        experiment: Names the run by its data and model when `run` is empty.
        run: Name or path of the folder the user asked for.
    """
    if run:
        path = Path(run)
        parent, name = (
            (RUNS, path.name) if path.parent == Path() and not path.is_absolute() else (path.parent, path.name)
        )
    else:
        data = Path(experiment.load.data).name.partition(".")[0] or "data"
        model = experiment.model.name.rpartition(":")[2]
        parent, name = RUNS, f"{data}-{model}"
    return RunFolder(unused_folder(parent, clean_name(name)))


def clean_name(name: str) -> str:
    """Return a name that is a valid folder on every system, Hangul kept.

    Example:
        >>> clean_name("../a b")
        'a-b'
    """
    kept = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", name)).strip(".-_")
    return kept[:80] or "run"


def list_runs(root: Path | None = None) -> list[RunFolder]:
    """Return every run below a folder, the newest first."""
    root = root or RUNS
    if not root.is_dir():
        return []
    paths = [path for path in root.iterdir() if (path / "run.toml").is_file()]
    return [RunFolder(path) for path in sorted(paths, key=lambda path: (path / "run.toml").stat().st_mtime_ns)][::-1]


def find_run(run: str = "") -> RunFolder:
    """Return a run by name or path, or the newest one that has weights.

    Raises:
        LayerwiseError: There is none.
    """
    known = list_runs()
    if not run:
        if not known:
            raise LayerwiseError(
                say("A run must exist."), say("no runs in '{}'", RUNS),
                say("Train one first: layerwise train digits lenet5"), usage=True,
            )  # fmt: skip
        # One that failed at once, or is still learning, can answer nothing; with no other, it is the one to speak of.
        return next((folder for folder in known if (folder.path / "model.safetensors").exists()), known[0])
    for path in (Path(run), RUNS / run):
        if (path / "run.toml").is_file():
            return RunFolder(path)
    if Path(run).is_dir():
        raise LayerwiseError(
            say("A run folder holds run.toml."), say("'{}' does not", run),
            say("Name a folder that `layerwise train` made."), usage=True,
        )  # fmt: skip
    names = [folder.name for folder in known]
    remedy = nearest(run, names) if names else say("Train one first: layerwise train digits lenet5")
    raise LayerwiseError(say("A run must exist."), say("no run '{}'", run), remedy, usage=True)


def find_interrupted(run: str = "") -> RunFolder:
    """Return a run by name or path, or the newest one that is not finished.

    Raises:
        LayerwiseError: There is none.
    """
    if run:
        return find_run(run)
    waiting = [folder for folder in list_runs() if not folder.finished]
    if not waiting:
        raise LayerwiseError(
            say("A run goes on where it was interrupted."), say("every run in '{}' is finished", RUNS),
            say("Train one first: layerwise train digits lenet5"), usage=True,
        )  # fmt: skip
    return waiting[0]


def environment() -> dict[str, Any]:
    """Return what a result may depend on beside the settings: versions and machine."""
    names = ("torch", "numpy", "scikit-learn", "pillow", "safetensors")
    return {
        "layerwise": version("layerwise"),
        "python": sys.version.split()[0],
        "packages": {name: version(name) for name in names},
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }


def _damaged(path: Path, problem: Exception) -> LayerwiseError:
    """Say that a file of a run cannot be read."""
    return LayerwiseError(
        say("The files of a run must be whole."),
        f"{path}: {problem.strerror if isinstance(problem, OSError) and problem.strerror else problem}",
        say("Restore the file, or train again."),
    )
