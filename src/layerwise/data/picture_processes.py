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
        while worker.stdin and worker.stdout:
            try:
                given = waiting.popleft()
                worker.stdin.writelines(json.dumps(str(paths[name])) + "\n" for name in given)
                worker.stdin.flush()
            except (IndexError, OSError):
                # Nothing is left, or the process has ended.
                return
            for name in given:
                line = worker.stdout.readline()
                if not line.endswith("\n"):
                    return
                answer = json.loads(line)
                if answer is not None:
                    found[name] = answer

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
