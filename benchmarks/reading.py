"""Reading what people have: a large text table beside the columnar reader, many photos beside a bare decoding loop.

Both sides run in turns in one process, each with the time on the clock and that of the processor: where others work on
the same machine, only the latter can be compared. Each reader has as many threads as it takes of itself. The exit code
is 1 where a goal is missed on the clock.

    python benchmarks/reading.py
    python benchmarks/reading.py --rows 100000 --photos 1000 --rounds 5
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from layerwise.data.inspect import inspect
from layerwise.data.open import open_source

MOST_OF_THE_READER = 3.0
"""Most times that of the columnar reader for reading a table and looking at it."""

LEAST_FROM_THE_CACHE = 5.0
"""So many times as fast are photos the second time."""

Times = tuple[float, float]
"""Seconds on the clock and of the processor, all threads together."""


def timed(work: Callable[[], object]) -> Times:
    """Run once."""
    clock, used = time.perf_counter(), processor()
    work()
    return time.perf_counter() - clock, processor() - used


def processor() -> float:
    """Return the seconds that this process and those that it started and that have ended have used."""
    return sum(os.times()[:4])


def middle(times: list[Times]) -> Times:
    """Return the medians."""
    return statistics.median(one[0] for one in times), statistics.median(one[1] for one in times)


def write_table(path: Path, rows: int) -> None:
    """Write 20 columns: 12 of fractions, 4 of whole numbers, 4 of names; one cell in fifty of five of them missing."""
    import pyarrow as pa
    from pyarrow import csv

    drawn = np.random.default_rng(0)
    names = np.array(["Seoul", "Busan", "Daegu", "Incheon", "Gwangju", "Daejeon", "Ulsan", "Jeju"])
    columns = {f"x{place}": drawn.normal(100, 15, rows).round(3) for place in range(12)}
    columns |= {f"n{place}": drawn.integers(0, 10_000, rows) for place in range(4)}
    columns |= {f"name{place}": names[drawn.integers(0, 2 + 2 * place, rows)] for place in range(4)}
    gaps = {name: drawn.random(rows) < 0.02 for name in ("x0", "x5", "x11", "n1", "name2")}
    table = pa.table({name: pa.array(held, mask=gaps.get(name)) for name, held in columns.items()})
    csv.write_csv(table, path)


def write_photos(folder: Path, count: int, width: int) -> None:
    """Write JPEG photos, three wide by two high, in two classes: smooth pictures with some noise."""
    drawn, height = np.random.default_rng(0), width * 2 // 3
    across, down = np.meshgrid(np.linspace(0, 6, width), np.linspace(0, 4, height))
    grain = drawn.normal(0, 12, (height, width, 3))
    for place in range(count):
        path = folder / f"class {place % 2}" / f"{place:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        phase = drawn.uniform(0, 6, 6)
        pixels = np.stack([110 + 80 * np.sin(across * phase[c] / 3 + down + phase[c + 3]) for c in range(3)], axis=-1)
        Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8)).save(path, quality=85)


def look(path: Path) -> int:
    """Do what `layerwise data` does before it prints."""
    found = inspect(open_source(path, exclude_problems=True))
    return found.rows


def tables(folder: Path, rows: int, rounds: int) -> bool:
    """Compare with the columnar reader on one table; returns whether the goal is met."""
    from pyarrow import csv

    path = folder / "table.csv"
    write_table(path, rows)
    ours, theirs, opened = [], [], []
    for _ in range(rounds):
        theirs.append(timed(lambda: csv.read_csv(path)))
        opened.append(timed(lambda: open_source(path)))
        ours.append(timed(lambda: look(path)))
    size = path.stat().st_size / 2**20
    print(f"table of {rows:,} x 20, {size:.0f} MiB          clock     processor   of the columnar reader")
    line("pyarrow.csv.read_csv", theirs, theirs)
    line("layerwise: read", opened, theirs)
    line("layerwise: read and inspected", ours, theirs)
    ratio = middle(ours)[0] / middle(theirs)[0]
    return told(f"{ratio:.1f} x the columnar reader (at most {MOST_OF_THE_READER:g})", ratio <= MOST_OF_THE_READER)


def photos(folder: Path, count: int, width: int, rounds: int) -> bool:
    """Compare with a loop that decodes the same files, with an empty and a full cache; returns if the goal is met."""
    root = folder / "photos"
    write_photos(root, count, width)
    # What was written a moment ago is not kept.
    time.sleep(2.5)
    cache = Path(os.environ["XDG_CACHE_HOME"])
    files = sorted(root.rglob("*.jpg"))

    def bare() -> None:
        for file in files:
            with Image.open(file) as picture:
                np.asarray(picture.convert("RGB"))

    loop, first, second = [], [], []
    for _ in range(rounds):
        loop.append(timed(bare))
        shutil.rmtree(cache, ignore_errors=True)
        first.append(timed(lambda: look(root)))
        second.append(timed(lambda: look(root)))
    title = f"{count:,} JPEG photos of {width}x{width * 2 // 3}"
    print(f"{title:39}clock     processor   of the bare loop")
    line("Pillow, a bare loop", loop, loop)
    line("layerwise, the first time", first, loop)
    line("layerwise, from the cache", second, loop)
    (clock, used), (again, used_again) = middle(first), middle(second)
    print(f"the second time is {clock / again:.1f} times as fast (clock), {used / used_again:.1f} times (processor)")
    ratio = clock / again
    return told(f"{ratio:.1f} x from the cache (at least {LEAST_FROM_THE_CACHE:g})", ratio >= LEAST_FROM_THE_CACHE)


def told(goal: str, met: bool) -> bool:
    """Print whether a goal is met, and return it."""
    print(f"{goal}: {'met' if met else 'MISSED'}")
    return met


def line(name: str, times: list[Times], beside: list[Times]) -> None:
    """Print the medians of one reader and their ratios."""
    (clock, used), (other, other_used) = middle(times), middle(beside)
    print(f"{name:34}{clock:8.2f} s  {used:8.2f} s   {clock / other:6.2f} x  {used / other_used:6.2f} x")


def main() -> int:
    """Compare both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=300, help="pixels across a photo")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    met = []
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = str(Path(name) / "cache")
        if given.rows:
            met.append(tables(Path(name), given.rows, given.rounds))
        if given.photos:
            met.append(photos(Path(name), given.photos, given.width, given.rounds))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
