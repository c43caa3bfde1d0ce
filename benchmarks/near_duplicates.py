"""Search for the near ones among 100,000 hashes of 64 bits: the table of pieces against comparing every one with all.

The hashes are random but for planted ones that differ from another in 0 to 8 bits. Both searches run in turns in one
process, and must give the same pairs. What layerwise asks for a set of pictures is seven such searches (as they lie,
mirrored and turned); the last line times them all with the comparison of sketches.

    OMP_NUM_THREADS=1 python benchmarks/near_duplicates.py
    OMP_NUM_THREADS=1 python benchmarks/near_duplicates.py --hashes 20000 --rounds 3
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from layerwise.data.alike_pictures import alike_pictures
from layerwise.data.hash_search import RADIUS, close_pairs
from layerwise.data.kinds import Images
from layerwise.data.picture_hashes import COLOURS, GREY

LIMIT = 10.0
"""Seconds that the search among 100,000 may take on one core."""


def planted(count: int, generator: np.random.Generator) -> np.ndarray:
    """Return hashes of which every fiftieth is near another one."""
    hashes = generator.integers(0, 2**64, count, dtype=np.uint64)
    for place in range(0, count, 50):
        changed = hashes[generator.integers(count)]
        for bit in generator.choice(64, generator.integers(0, 9), replace=False):
            changed ^= np.uint64(1) << np.uint64(bit)
        hashes[place] = changed
    return hashes


def by_table(hashes: np.ndarray) -> np.ndarray:
    """Return the near pairs as layerwise finds them."""
    found = close_pairs(hashes, hashes)
    later = found.first < found.second
    return found.first[later] * len(hashes) + found.second[later]


def by_comparing_all(hashes: np.ndarray) -> np.ndarray:
    """Return the near pairs by exclusive or and population count of all, as many rows at once as the cache holds."""
    found = []
    for start in range(0, len(hashes), 16):
        differing = np.bitwise_count(hashes[start : start + 16, None] ^ hashes[start:])
        first, second = np.nonzero(differing <= RADIUS)
        later = first < second
        found.append((first[later] + start) * len(hashes) + second[later] + start)
    return np.concatenate(found)


def pictures(count: int, generator: np.random.Generator) -> Images:
    """Return a column that knows the sketches of pictures, every fiftieth that of another with noise."""
    sketches = generator.integers(0, 256, (count, GREY + COLOURS), dtype=np.uint8)
    copies = np.arange(0, count, 50)
    others = sketches[generator.integers(0, count, len(copies))]
    sketches[copies] = np.clip(others.astype(np.int16) + generator.integers(-3, 4, others.shape), 0, 255)
    cells = [str(place) for place in range(count)]
    return Images(cells, lambda cell: np.zeros(0), np.full((count, 2), (400, 300)), 3, sketches=sketches)


def timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return seconds of a search and what it found."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def main() -> int:
    """Print the table; 1 where the answers differ or the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hashes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    generator = np.random.default_rng(0)
    hashes = planted(chosen.hashes, generator)
    own, peer = [], []
    for _ in range(chosen.rounds):
        seconds, found = timed(lambda: by_table(hashes))
        own.append(seconds)
        seconds, wanted = timed(lambda: by_comparing_all(hashes))
        peer.append(seconds)
        if not np.array_equal(np.sort(found), np.sort(wanted)):
            print("the answers differ")
            return 1
    print(f"{chosen.hashes} hashes, radius {RADIUS}: {len(found)} pairs, the same by both")
    ours, theirs = statistics.median(own), statistics.median(peer)
    print(f"table of pieces {ours:.2f} s, comparing all {theirs:.2f} s: {theirs / ours:.0f} x")
    column = pictures(chosen.hashes, generator)
    start = time.perf_counter()
    alike = alike_pictures(column, np.arange(len(column)))
    whole = time.perf_counter() - start
    print(f"hashes of {len(column)} sketches, seven searches, comparison: {whole:.2f} s, {len(alike.pairs)} pairs")
    return int(max(ours, whole) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
