"""Go on with a run that was interrupted, from its newest whole checkpoint, as if it had never stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any, Protocol, get_type_hints

import torch

from layerwise.config import fits
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.locks import own
from layerwise.models import build
from layerwise.runs.checkpoints import newest_whole
from layerwise.runs.folder import RunFolder, environment
from layerwise.runs.opened import Opened, open_run
from layerwise.runs.refusals import or_newer, strange
from layerwise.training.ranks import together
from layerwise.training.state import Plan
from layerwise.workflow.cross_validation import Progress
from layerwise.workflow.explain import prepared_again
from layerwise.workflow.finish import finish
from layerwise.workflow.learn import Listener, Outcome, Silence
from layerwise.workflow.stages import Begun, learn_stages

__all__ = ["Witness", "resume"]


class Witness(Protocol):
    """Someone who is told from where a run goes on."""

    def __call__(self, begun: Begun, step: int, notes: tuple[str, ...]) -> None:
        """Learn the step of the checkpoint, 0 for the start, and what is not as it was."""


def resume(
    folder: RunFolder, *, data: Any = None, listener: Listener | None = None, witness: Witness | None = None,
    progress: Progress | None = None,
) -> tuple[Opened, Outcome]:  # fmt: skip
    """Go on with a run; on the processor its weights, history and predictions become those of a run never stopped.

    Args:
        folder: The run.
        data: The data, where the run was started on data in memory.
        listener: Who is told how learning goes on.
        witness: Who is told from where.
        progress: Who is told how the folds go on, where the run is measured by folds.

    Raises:
        LayerwiseError: The run is finished or held by another process, or its data have changed.
    """
    refuse_finished(folder)
    opened = open_run(folder)
    whole, plan = folder.experiment(), planned(folder)
    # Read at the end of learning, where damage would come too late.
    folder.openings()
    prepared = prepared_again(opened, data)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())), together(plan.device) as ranks:
        torch.manual_seed(whole.train.seed)
        with or_newer(folder.path):
            model = build(
                whole.model.name, prepared.preprocessing.input_shape, prepared.task.outputs(), whole.model.options
            )
        begun = Begun(whole, prepared, plan, folder, model)
        if ranks.rank:
            return finish(begun, ranks, learn_stages(begun, ranks, Silence(), newest(folder)[1]))
        with own(folder.path):
            # Another process may have finished it while the data were read.
            refuse_finished(folder)
            step, tree, damaged = newest(folder)
            again = [say("Its folds are learned from the first one on.")] if prepared.dealt else []
            notes = (*damaged, *differences(folder), *again)
            note_resume(folder, step, notes)
            if witness:
                witness(begun, step, notes)
            return finish(begun, ranks, learn_stages(begun, ranks, listener or Silence(), tree), progress)


def refuse_finished(folder: RunFolder) -> None:
    """Refuse to go on with a run that has reached its end."""
    if folder.finished:
        raise LayerwiseError(
            say("A run goes on where it was interrupted."), say("'{}' is finished", folder.name),
            say("Train again to learn longer: layerwise train ... --epochs"), usage=True,
        )  # fmt: skip


def planned(folder: RunFolder) -> Plan:
    """Return how the work of a run was laid out.

    Raises:
        LayerwiseError: The plan in `run.toml` is damaged, or a newer version of layerwise made it.
    """
    written: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in folder.plan().items()
    }
    hints = get_type_hints(Plan)
    wrong = [f"[plan] {name} = {value!r}" for name, value in written.items()
             if name not in hints or not fits(value, hints[name])]  # fmt: skip
    wrong += [say("'{}' is missing", f"[plan] {part.name}") for part in fields(Plan)
              if part.default is MISSING and part.name not in written]  # fmt: skip
    if wrong:
        raise strange(folder.path / "run.toml", wrong[0])
    return Plan(**written)


def newest(folder: RunFolder) -> tuple[int, dict[str, Any] | None, list[str]]:
    """Return step and content of the newest whole checkpoint, and what was damaged; step 0 where none was made yet."""
    made = folder.path / "checkpoints"
    if not made.is_dir() or not any(made.glob("step-*")):
        return 0, None, []
    checkpoint, tree, damaged = newest_whole(folder.path)
    return checkpoint.step, tree, damaged


def differences(folder: RunFolder) -> list[str]:
    """Say which versions and how many cores differ from those the run was started with: its last bits may, too."""
    before, now = folder.read("environment.json"), environment()
    pairs: list[tuple[str, Any, Any]] = [
        (name, before.get(name), now[name]) for name in ("layerwise", "python", "processor", "cores")
    ]
    pairs += [(name, version, now["packages"].get(name)) for name, version in before.get("packages", {}).items()]
    return [say("{} was {} and is now {}.", name, old, new) for name, old, new in pairs if old != new]


def note_resume(folder: RunFolder, step: int, notes: tuple[str, ...]) -> None:
    """Write down that a run was gone on with, from where, and what was not as before."""
    path = folder.path / "resumes.json"
    resumes: list[Mapping[str, Any]] = folder.read("resumes.json")["resumes"] if path.exists() else []
    time = datetime.now(UTC).isoformat(timespec="seconds")
    folder.write("resumes.json", {"resumes": [*resumes, {"time": time, "step": step, "notes": list(notes)}]})
