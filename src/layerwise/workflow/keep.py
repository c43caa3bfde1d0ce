"""Keep checkpoints of a run while it learns: by time, and when it is interrupted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from layerwise.runs.checkpoints import save
from layerwise.runs.folder import RunFolder
from layerwise.training.ranks import Ranks

__all__ = ["Checkpoints"]


class Checkpoints:
    """Writes a checkpoint whenever `seconds` have passed since the last one; process 0 decides and writes.

    Args:
        folder: The run.
        seconds: Time between two checkpoints.
        ranks: This process among those that learn together.
        before: Updates that an earlier part of learning made.
    """

    def __init__(self, folder: RunFolder, seconds: float, ranks: Ranks, before: int = 0) -> None:
        self._folder, self._seconds, self._ranks, self._before = folder, seconds, ranks, before
        self._last = time.monotonic()

    def due(self) -> bool:
        """Say whether enough time has passed."""
        return self._ranks.rank == 0 and time.monotonic() - self._last >= self._seconds

    def keep(self, tree: dict[str, Any], facts: Mapping[str, int | float | str | None]) -> None:
        """Write one."""
        if self._ranks.rank == 0:
            step = self._before + tree["step"]
            save(self._folder.path, step, tree | {"before": self._before}, facts)
        self._last = time.monotonic()
