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

from layerwise.config import STAGES, Experiment, from_tables, to_toml
from layerwise.errors import LayerwiseError, nearest
from layerwise.files import unused_folder, write_json, write_text
from layerwise.language import say
from layerwise.locks import holder
from layerwise.runs.forms import FORMS, LINE, SINCE, fault
from layerwise.runs.refusals import damaged, known_here, newer, strange

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
    def handle(self) -> str:
        """What names the run on the command line: its name, or its path where it lies elsewhere."""
        return self.name if self.path.parent == RUNS else str(self.path)

    @property
    def finished(self) -> bool:
        """Whether the run was measured on its test part."""
        return (self.path / "metrics.json").exists()

    def unfinished(self) -> LayerwiseError:
        """Say that the run cannot be asked yet: who learns it, and since when, or how to go on with it."""
        rule, by = say("A run answers once it has learned and been measured."), holder(self.path)
        if by:
            return LayerwiseError(rule, say("'{}' is in use by {}", self.path, by), say("Wait for it to end."))
        return LayerwiseError(
            rule, say("'{}' was interrupted", self.name), say("Go on: layerwise resume {}", self.handle)
        )

    def experiment(self) -> Experiment:
        """Return the experiment, every setting resolved.

        Raises:
            LayerwiseError: `run.toml` is missing or damaged, or a newer version of layerwise made the run.
        """
        tables = {name: table for name, table in self._toml().items() if name != "plan"}
        # Runs from before near-duplicates were looked for must find their parts again.
        tables["split"] = {"near_duplicates": "ignore"} | tables["split"]
        try:
            return from_tables(tables, str(self._file))
        except LayerwiseError as problem:
            where = "" if problem.found.startswith(str(self._file)) else f"{self._file}: "
            found = where + problem.found
            raise newer(self.path, found) or LayerwiseError(problem.rule, found, problem.remedy) from problem

    def plan(self) -> dict[str, Any]:
        """Return how the work was laid out.

        Raises:
            LayerwiseError: `run.toml` is missing or damaged.
        """
        return dict(self._toml()["plan"])

    @property
    def _file(self) -> Path:
        return self.path / "run.toml"

    def _toml(self) -> dict[str, Any]:
        try:
            tables = tomllib.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise damaged(self._file, problem) from problem
        # Every one is written, so that nothing depends on defaults; a file that lacks one was cut off.
        missing = [name for name in (*STAGES, "plan") if not isinstance(tables.get(name), dict)]
        if missing:
            raise strange(self._file, say("'{}' is missing", f"[{missing[0]}]"))
        return tables

    def write_experiment(self, whole: Experiment, plan: Mapping[str, Any]) -> None:
        """Write everything that is needed to repeat the run."""
        lines = [f"{name} = {json.dumps(value)}" for name, value in plan.items()]
        write_text(self._file, to_toml(whole) + "\n".join(["[plan]", *lines, ""]))

    def read(self, name: str) -> dict[str, Any]:
        """Return the content of one of the JSON files; what `FORMS` says of it is there.

        Raises:
            LayerwiseError: It is missing or damaged, or a newer version of layerwise wrote it in another form.
        """
        path = self.path / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as problem:
            raise damaged(path, problem) from problem
        found = fault(content, FORMS.get(name, {}))
        since = {part: form for part, form in SINCE.get(name, {}).items() if not found and part in content}
        found = found or fault(content, since)
        if found:
            raise strange(path, found)
        return dict(content)

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write one of the JSON files."""
        write_json(self.path / name, content)

    def history(self) -> list[dict[str, Any]]:
        """Return one record an epoch; a last line that was cut off by a crash is left out.

        Raises:
            LayerwiseError: A line is damaged; it is named by its number.
        """
        path = self.path / "history.jsonl"
        if not path.exists():
            return []
        records = []
        with known_here(path):
            *lines, _ = path.read_bytes().split(b"\n")
            for number, line in enumerate(lines, 1):
                records.append(_record(number, line))
        return records

    def openings(self) -> list[dict[str, str]]:
        """Return when the test part was opened, and what for; none where it never was."""
        return list(self.read("tests.json")["openings"]) if (self.path / "tests.json").exists() else []

    def count_test(self, purpose: str) -> int:
        """Note that the test part was opened, and return how often it has been; whoever owns the folder counts."""
        openings = self.openings()
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


def _record(number: int, line: bytes) -> dict[str, Any]:
    """Return the epoch that a line of the history holds.

    Raises:
        ValueError: It is not JSON, or holds something else.
    """
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise ValueError(say("line {}: {}", number, problem)) from problem
    found = fault(record, LINE)
    if found:
        raise ValueError(say("line {}: {}", number, found))
    return dict(record)
