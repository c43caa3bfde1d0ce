"""Checkpoints of a run: folders that are there whole or not at all, never changed, and proven before they are used.

    checkpoints/step-300/tensors.safetensors    every tensor, readable with plain PyTorch
    checkpoints/step-300/state.json             everything else, and where each tensor belongs
    checkpoints/step-300/MANIFEST.json          version, step, facts, size and SHA-256 of both, and its own SHA-256

A folder gets its name by one rename after all of it is on disk. There is no file that says which one is the latest:
that follows from the folders that are whole.

    newest whole = max {step : size and SHA-256 of every file equal the manifest}
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerwise.errors import LayerwiseError
from layerwise.files import Written, remove_folder, write_folder
from layerwise.language import say

if TYPE_CHECKING:
    from layerwise.runs.trees import Tree

__all__ = ["Checkpoint", "Facts", "best", "complete", "latest", "load", "newest_whole", "save"]

VERSION = 1
"""Version of the layout; a checkpoint of a later one is refused, never guessed at."""

FOLDER, TENSORS, STATE, MANIFEST = "checkpoints", "tensors.safetensors", "state.json", "MANIFEST.json"

LARGEST_MANIFEST, LARGEST_STATE = 2**20, 2**26
"""Most bytes of a manifest and of a structure, whose JSON takes many times its length in memory."""

NAME = re.compile(r"step-(\d{1,18})(?:-(\d{1,9}))?")

Facts = Mapping[str, int | float | str | None]
"""What is known about a checkpoint without opening it: `epoch`, `validation_loss`, ..."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose manifest is whole and whose files have the right sizes.

    Args:
        path: Its folder.
        step: Updates made before it.
        facts: What was said about it when it was saved; a number that is not finite became None.
        version: Version of its layout.
        files: Size and SHA-256 of each file.
    """

    path: Path
    step: int
    facts: Facts
    version: int = VERSION
    files: Mapping[str, Written] = field(default_factory=dict, repr=False)


def save(folder: Path, step: int, tree: Tree, facts: Facts, *, keep: int = 2) -> Path:
    """Save a checkpoint; when this returns, it survives a power cut.

    Older ones are removed, but for the last `keep` and the one of the lowest `validation_loss`. A step that has been
    saved is not overwritten: a second checkpoint of it is named `step-N-2` and counts as the later one.

    Args:
        folder: The run folder; its one writer saves.
        step: Updates made so far.
        tree: Nested dicts, lists and tuples of tensors and plain values.
        facts: What is to be known without opening it; `validation_loss` decides which one is best.
        keep: How many of the last ones stay, at least 1.

    Raises:
        LayerwiseError: The disk is full or cannot be written; every older checkpoint is untouched.

    Example:
        >>> import tempfile, torch
        >>> run = Path(tempfile.mkdtemp())
        >>> save(run, 300, {"weight": torch.ones(2), "position": (3, float("inf"))}, {"epoch": 1}).name
        'step-300'
        >>> load(latest(run))
        {'weight': tensor([1., 1.]), 'position': (3, inf)}
    """
    from layerwise.runs.trees import bytes_of, flatten, serialise

    structure, tensors = flatten(tree)
    if len(structure) > LARGEST_STATE:
        raise ValueError(f"plain values of {len(structure)} bytes: large ones belong into tensors")
    path, again = folder / FOLDER / f"step-{step}", 1
    while path.exists():
        again += 1
        path = path.with_name(f"step-{step}-{again}")
    with write_folder(path, size=bytes_of(tensors) + len(structure)) as write:
        files = {TENSORS: write(TENSORS, serialise(tensors)), STATE: write(STATE, [structure])}
        write(MANIFEST, [_manifest(step, facts, files)])
    _prune(folder, max(1, keep))
    return path


def complete(folder: Path) -> list[Checkpoint]:
    """Return the checkpoints whose manifest and sizes are right, the earliest first; `load` proves the rest."""
    found = []
    for path in _folders(folder):
        with contextlib.suppress(LayerwiseError):
            found.append(_open(path))
    return found


def latest(folder: Path) -> Checkpoint | None:
    """Return the last complete checkpoint, or None."""
    return next(iter(reversed(complete(folder))), None)


def best(folder: Path) -> Checkpoint | None:
    """Return the complete checkpoint of the lowest `validation_loss`, the first of equals, or None without any."""
    return _best(complete(folder))


def load(checkpoint: Checkpoint) -> Tree:
    """Return the tree of a checkpoint, every tensor bit for bit as it was saved, on the processor.

    Raises:
        LayerwiseError: A file is damaged, or a newer version of layerwise wrote it.
    """
    from layerwise.runs.trees import deserialise, unflatten

    if checkpoint.version > VERSION:
        raise _newer(checkpoint)
    structure, content = (_proven(checkpoint, name) for name in (STATE, TENSORS))
    try:
        return unflatten(structure, deserialise(content)[0])
    except ValueError as problem:
        raise _damaged(checkpoint.path, str(problem)) from problem


def newest_whole(folder: Path) -> tuple[Checkpoint, Tree, list[str]]:
    """Return the newest checkpoint that proves whole, its tree, and a sentence for each newer one that is damaged.

    Raises:
        LayerwiseError: None is whole, or a newer version of layerwise wrote the newest.
    """
    damaged: list[str] = []
    for path in reversed(_folders(folder)):
        try:
            checkpoint = _open(path)
            if checkpoint.version <= VERSION:
                return checkpoint, load(checkpoint), damaged
        except LayerwiseError as problem:
            damaged.append(problem.found)
        else:
            raise _newer(checkpoint)
    raise LayerwiseError(
        say("A run goes on from a whole checkpoint."),
        "; ".join(damaged) or say("'{}' has no checkpoints", folder),
        say("Train again: its run.toml holds every setting (layerwise train --experiment {})", folder / "run.toml"),
    )


def _folders(folder: Path) -> list[Path]:
    """Return everything named as a checkpoint, the earliest first."""
    parent = folder / FOLDER
    names = [(match, path) for path in (parent.iterdir() if parent.is_dir() else ())
             if (match := NAME.fullmatch(path.name))]  # fmt: skip
    return [path for match, path in sorted(names, key=lambda entry: (int(entry[0][1]), int(entry[0][2] or 1)))]


def _manifest(step: int, facts: Facts, files: Mapping[str, Written]) -> bytes:
    """Return the content of a manifest, sealed with its own SHA-256."""
    return _sealed({
        "version": VERSION, "step": step,
        "facts": {name: None if isinstance(value, float) and not math.isfinite(value) else value
                  for name, value in facts.items()},
        "files": {name: {"size": size, "sha256": digest} for name, (size, digest) in files.items()},
    })  # fmt: skip


def _sealed(content: Mapping[str, Any]) -> bytes:
    """Return JSON whose last entry is the SHA-256 of the JSON without it."""
    digest = hashlib.sha256(json.dumps(content, allow_nan=False).encode("ascii")).hexdigest()
    return (json.dumps({**content, "sha256": digest}, indent=1, allow_nan=False) + "\n").encode("ascii")


def _open(path: Path) -> Checkpoint:
    """Read a manifest and compare the sizes of the files with it.

    Raises:
        LayerwiseError: It is missing, changed or not ours, or a file has another size.
    """
    try:
        with (path / MANIFEST).open("rb") as stream:
            written = stream.read(LARGEST_MANIFEST)
        content = json.loads(written)
        seal = content.pop("sha256")
        if not isinstance(seal, str) or _sealed(content) != written:
            raise ValueError(say("its checksum differs: the file was changed or damaged"))
        if path.name.split("-")[1] != str(content["step"]):
            raise ValueError(say("it is of step {}", content["step"]))
        if int(content["version"]) > VERSION:
            return Checkpoint(path, int(content["step"]), {}, int(content["version"]))
        entries = {name: content["files"][name] for name in (TENSORS, STATE)}
        files = {name: (int(entry["size"]), str(entry["sha256"])) for name, entry in entries.items()}
        checkpoint = Checkpoint(path, int(content["step"]), dict(content["facts"]), VERSION, files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise _damaged(path / MANIFEST, _words(problem)) from problem
    for name, (size, _) in files.items():
        _check_size(path / name, size)
    return checkpoint


def _check_size(path: Path, size: int) -> None:
    """Refuse a file that has not the size its manifest says."""
    try:
        found = path.stat().st_size
    except OSError as problem:
        raise _damaged(path, _words(problem)) from problem
    if found != size or not path.is_file():
        raise _damaged(path, say("it has {} bytes instead of {}", found, size))


def _proven(checkpoint: Checkpoint, name: str) -> bytes:
    """Return the bytes of a file after comparing them with the manifest.

    Raises:
        LayerwiseError: Its size or its SHA-256 differs.
    """
    path, (size, digest) = checkpoint.path / name, checkpoint.files[name]
    _check_size(path, size)
    if name == STATE and size > LARGEST_STATE:
        raise _damaged(path, say("it has {} bytes instead of {}", size, LARGEST_STATE))
    try:
        with path.open("rb") as stream:
            content = stream.read(size)
    except OSError as problem:
        raise _damaged(path, _words(problem)) from problem
    if hashlib.sha256(content).hexdigest() != digest:
        raise _damaged(path, say("its checksum differs: the file was changed or damaged"))
    return content


def _prune(folder: Path, keep: int) -> None:
    """Remove all but the last checkpoints and the best; what cannot be removed now is tried again at the next save.

    What cannot be read is left alone: the fault may be one of reading, and of this moment.
    """
    whole = complete(folder)
    kept = {point.path for point in (*whole[-keep:], _best(whole)) if point}
    for point in whole:
        if point.path not in kept:
            with contextlib.suppress(OSError):
                remove_folder(point.path)


def _best(points: list[Checkpoint]) -> Checkpoint | None:
    """Return the first checkpoint of the lowest `validation_loss`."""
    measured = [(loss, point) for point in points
                if isinstance(loss := point.facts.get("validation_loss"), int | float)]  # fmt: skip
    return min(measured, key=lambda pair: pair[0], default=(0.0, None))[1]


def _newer(checkpoint: Checkpoint) -> LayerwiseError:
    """Say that a later version wrote a checkpoint."""
    return LayerwiseError(
        say("A checkpoint is read by the version of layerwise that wrote it, or a later one."),
        say("'{}' has layout {}, this version reads up to {}", checkpoint.path, checkpoint.version, VERSION),
        say("Update layerwise: pip install --upgrade layerwise"),
    )  # fmt: skip


def _words(problem: Exception) -> str:
    """Return what went wrong, without the path that the message names anyway."""
    if isinstance(problem, OSError):
        return problem.strerror or str(problem)
    return say("'{}' is missing", problem.args[0]) if isinstance(problem, KeyError) else str(problem)


def _damaged(path: Path, detail: str) -> LayerwiseError:
    """Say that a checkpoint cannot be used."""
    return LayerwiseError(
        say("A checkpoint is as it was written."), f"'{path}': {detail}",
        say("Go on from another one: `layerwise resume` takes the newest that is whole."),
    )  # fmt: skip
