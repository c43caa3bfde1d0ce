"""Many pictures are looked at in processes: threads share one interpreter, which is busy with much beside decoding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

__all__ = ["FEWEST_FOR_PROCESSES", "looked_at"]

FEWEST_FOR_PROCESSES = 1000
"""Pictures from which it pays to start processes, each of which takes a quarter of a second."""

TOGETHER = 32
"""Pictures that a process is given at once."""

COMMAND = ("-m", "layerwise.data.picture_worker")


def looked_at(paths: Mapping[str, Path], *, processes: int = 0) -> dict[str, list[Any]]:
    """Return what processes saw of pictures, as `picture_worker.seen` writes it.

    Those that cannot be read are left out, and those that a process had when it ended, for whatever reason: whoever
    asks looks at them again.

    Args:
        paths: The pictures, by name.
        processes: How many, at most 8; one for each processor where left out.
    """
    names = list(paths)
    waiting = deque(names[start : start + TOGETHER] for start in range(0, len(names), TOGETHER))
    found = dict[str, list[Any]]()
    count = processes or min(8, os.cpu_count() or 1)

    def serve(worker: subprocess.Popen[str]) -> None:
        asked = _ask(worker, paths, waiting)
        while asked and worker.stdout:
            line = worker.stdout.readline()
            if not line.endswith("\n"):
                return
            # Asked before what came is looked at, so that the process need not wait for that.
            following = _ask(worker, paths, waiting)
            found.update((name, seen) for name, seen in zip(asked, json.loads(line), strict=True) if seen is not None)
            asked = following

    workers = [
        subprocess.Popen([sys.executable, *COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        for _ in range(count)
    ]  # fmt: skip
    with ThreadPoolExecutor(count) as pool:
        try:
            for _ in pool.map(serve, workers):
                pass
        finally:
            for worker in workers:
                worker.kill()
    for worker in workers:
        # Closes its pipes, and leaves nothing behind.
        worker.communicate()
    return found


def _ask(worker: subprocess.Popen[str], paths: Mapping[str, Path], waiting: deque[list[str]]) -> list[str]:
    """Give a process the next pictures and return their names; none where nothing is left, or it has ended."""
    try:
        names = waiting.popleft()
        if worker.stdin:
            worker.stdin.write(json.dumps([str(paths[name]) for name in names]) + "\n")
            worker.stdin.flush()
    except (IndexError, OSError):
        return []
    return names
