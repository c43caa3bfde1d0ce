"""What is left when a save is disturbed: layerwise and other ways to save, through the same harness in one run.

Each way saves step 2 where step 1 lies, about 130 kB. It is killed before each of its system calls; each call fails
as on a full disk and as on a broken one; and every state is laid out that a power cut at any instant may leave on a
disk that keeps to POSIX and to nothing more. A reader then finds the old step, the new one, or nothing whole.

    python benchmarks/checkpoint_faults.py                              a table; needs Linux and strace
    python benchmarks/checkpoint_faults.py --lightning PYTHON --record  with Lightning, and kept for the guide
    python benchmarks/checkpoint_faults.py --table                      only write the guide's table again
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests"))

from faults.harness import bench  # noqa: E402
from faults.tracing import available  # noqa: E402

RECORD = HERE / "docs" / "results" / "faults" / "checkpoints.json"
PAGE = HERE / "docs" / "guide" / "7-when-a-run-is-stopped.md"
BEGIN, END = "<!-- written by benchmarks/checkpoint_faults.py -->", "<!-- to here -->"
MEMORY = Path("/dev/shm")

WAYS = (
    "layerwise checkpoint", "layerwise weights", "torch.save", "safetensors save_file", "torch distributed checkpoint",
)  # fmt: skip
ERRORS = ("ENOSPC", "EIO")
WAYS_OF_LIGHTNING = ("Lightning", "Lightning, TMPDIR on another disk")


def measured(name: str, python: str) -> dict[str, object]:
    """Disturb one way to save at every place."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, tempfile.TemporaryDirectory() as apart:
        elsewhere = Path(apart) if "another" in name else None
        with bench(name.partition(",")[0], Path(folder), python=python, apart=elsewhere) as made:
            return {
                "name": name, "kill": made.kill_everywhere().to_json(), "error": made.fail_everywhere(ERRORS).to_json(),
                "power": made.cut_the_power().to_json(),
            }  # fmt: skip


def versions(python: str) -> dict[str, str]:
    """Return what was compared."""
    found = {name: version(name) for name in ("layerwise", "torch", "safetensors")}
    if python:
        asked = "from importlib.metadata import version; print(version('lightning'))"
        found["lightning"] = subprocess.run(
            [python, "-c", asked], capture_output=True, text=True, check=True
        ).stdout.strip()
    return found


def table(record: dict) -> str:
    """Write the record as a table."""
    lines = [
        "| way to save | killed at a system call | a call fails | power cut | said to be saved, old after the cut |",
        "|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        cells = [f"{row[kind]['lost']} of {row[kind]['points']} lost" for kind in ("kill", "error", "power")]
        lines.append(f"| {row['name']} | {' | '.join(cells)} | {row['power']['unsaid']} |")
    named = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return "\n".join([*lines, "", f"{record['date']}, {record['machine']}, {named}."])


def write_page(record: dict) -> None:
    """Put the table into the guide."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(record)}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def main() -> int:
    """Disturb every way and print the table; 1 where layerwise lost anything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lightning", default="", metavar="PYTHON", help="interpreter of an environment that has it")
    parser.add_argument("--record", action="store_true", help="keep the figures, and write the guide's table")
    parser.add_argument("--table", action="store_true", help="only write the guide's table from the kept figures")
    wanted = parser.parse_args()
    if wanted.table:
        write_page(json.loads(RECORD.read_text(encoding="utf-8")))
        return 0
    if reason := available():
        print(f"not measured: {reason}")
        return 0
    rows = []
    for name in (*WAYS, *(WAYS_OF_LIGHTNING if wanted.lightning else ())):
        rows.append(measured(name, wanted.lightning if name in WAYS_OF_LIGHTNING else ""))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    record = {
        "rows": rows, "versions": versions(wanted.lightning), "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}",
    }  # fmt: skip
    print(table(record))
    if wanted.record:
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        write_page(record)
    return int(any(row[kind]["lost"] for row in rows[:2] for kind in ("kill", "error", "power")))


if __name__ == "__main__":
    sys.exit(main())
