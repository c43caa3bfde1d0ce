"""Kill a save at each of its system calls, let each fail, and cut the power in every way: count what is left."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults.disk import crash_states, lay_out
from faults.savers import SAID, SAVERS, found
from faults.tracing import Call, Saving, as_disk_calls, changing, parsed

ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE")


@dataclass(frozen=True)
class Outcome:
    """What a reader found after some disturbances: how often the old, the new, or nothing whole."""

    points: int
    kept: Counter = field(default_factory=Counter)
    unsaid: int = 0
    """Errors that a save swallowed, or power cuts after a save had returned that brought the old one back."""

    @property
    def lost(self) -> int:
        return sum(number for name, number in self.kept.items() if name.startswith("LOST"))

    def to_json(self) -> dict[str, int]:
        kept = {"old": self.kept["old"], "new": self.kept["new"], "lost": self.lost}
        return {"points": self.points, **kept, "unsaid": self.unsaid}


class Bench:
    """One way to save, and a folder in which it is disturbed.

    Args:
        name: The way, as `savers.py` names it.
        folder: Where to work; everything in it is replaced.
        python: The interpreter, where the way needs packages of its own.
        apart: Whether temporary files go to another disk.
    """

    def __init__(self, name: str, folder: Path, *, python: str = "", apart: Path | None = None) -> None:
        self.name, self.folder, self.root = name, folder, folder / "disk"
        temporary = apart or self.root / "temporary"
        temporary.mkdir(parents=True, exist_ok=True)
        self._saving = Saving(name, python or os.sys.executable, {"TMPDIR": str(temporary)} if python else {})
        self._origin = folder / "origin"
        (self._origin / "run").mkdir(parents=True)
        (self._origin / "temporary").mkdir()
        if name in ("Lightning",):
            SAVERS["torch.save"][0](self._origin / "run", 1)
        else:
            SAVERS[name][0](self._origin / "run", 1)
        self.reset()

    def reset(self) -> None:
        """Lay the folder out as it was before the save: step 1 is there."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self._origin, self.root)

    def save(self, *disturbance: str) -> tuple[int, list[Call]]:
        """Save step 2, disturbed or not, and return how that ended and its calls."""
        self.reset()
        code, trace = self._saving.save(self.root / "run", *disturbance)
        return code, parsed(trace)

    def found(self) -> str:
        return found(self.name, self.root / "run")

    def calls(self) -> list[Call]:
        """Return every call of an undisturbed save that changes something."""
        code, calls = self.save()
        if code != 0 or self.found() != "new":
            raise RuntimeError(f"{self.name} does not save: exit code {code}")
        return changing(calls, self.root)

    def kill_everywhere(self) -> Outcome:
        """Kill the save before each of its calls."""
        calls, kept = self.calls(), Counter()
        for call in calls:
            code, _ = self.save(f"{call.name}:signal=KILL:when={call.before + 1}")
            if code != -9:
                raise RuntimeError(f"{self.name}: {call.name} {call.before} was not reached")
            kept[self.found()] += 1
        return Outcome(len(calls), kept)

    def fail_everywhere(self, errors: tuple[str, ...] = ERRORS) -> Outcome:
        """Let each call fail with each error; closing, too, as network file systems do."""
        calls, kept, unsaid = self.calls(), Counter(), 0
        for call in calls:
            for error in errors:
                code, _ = self.save(f"{call.name}:error={error}:when={call.before + 1}")
                state = self.found()
                kept[state] += 1
                unsaid += code == 0 and state != "new"
        return Outcome(len(calls) * len(errors), kept, unsaid)

    def cut_the_power(self) -> Outcome:
        """Look at every state that a power cut at any instant of the save may leave on disk."""
        _, calls = self.save()
        recorded = as_disk_calls(calls, SAID)
        self.reset()
        kept, unsaid, points = Counter(), 0, 0
        place = self.folder / "state"
        for told, state in crash_states(self.root, recorded):
            shutil.rmtree(place, ignore_errors=True)
            lay_out(state, place)
            left = found(self.name, place / "run")
            kept[left] += 1
            points += 1
            unsaid += told and left == "old"
        return Outcome(points, kept, unsaid)

    def close(self) -> None:
        self._saving.close()


@contextmanager
def bench(name: str, folder: Path, *, python: str = "", apart: Path | None = None) -> Iterator[Bench]:
    """Work with one way to save, and end its process."""
    made = Bench(name, folder, python=python, apart=apart)
    try:
        yield made
    finally:
        made.close()
