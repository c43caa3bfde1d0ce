"""How soon the light commands answer: the best of seven fresh processes each.

python benchmarks/start_up.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
TARGETS = {"--help": 0.250, "models": 0.250, "data": 0.500}
"""Seconds that each command may take."""


def best(arguments: list[str]) -> float:
    """Return the shortest time of a few fresh processes."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "layerwise", *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> int:
    """Print each command's best time; 1 where one is slower than its target."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "small.csv"
        rows = (f"{row},{row % 7},{'yes' if row % 3 else 'no'}" for row in range(200))
        table.write_text("\n".join(("age,visits,outcome", *rows)) + "\n", encoding="utf-8")
        commands = {"--help": ["--help"], "models": ["models"], "data": ["data", str(table)]}
        slow = 0
        for name, arguments in commands.items():
            seconds = best(arguments)
            slow += seconds > TARGETS[name]
            print(f"layerwise {name:8} {seconds * 1000:4.0f} ms (target {TARGETS[name] * 1000:.0f} ms)")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
