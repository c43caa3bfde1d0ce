"""How a benchmark talks to a peer that runs in an environment of its own: one line in, one line of JSON out.

`epoch` learns for one epoch and answers its seconds; `test` answers the accuracy on the test part.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

Arrays = dict[str, np.ndarray]
"""`train_x`, `(n, 1, 32, 32)` standardised, `train_y`, `test_x`, `test_y`."""

Peer = tuple[str, Callable[[], None], Callable[[], float]]
"""Versions, one epoch of learning, accuracy on the test part."""

BATCH_SIZE, LEARNING_RATE, THREADS = 64, 1e-3, 2


def answer(found: dict[str, float | str]) -> None:
    """Write one line for the benchmark."""
    print(json.dumps(found), flush=True)


def commands() -> list[str]:
    """Wait for the next command of the benchmark; none at its end."""
    return sys.stdin.readline().split()


def serve(build: Callable[[Arrays], Peer]) -> None:
    """Build the peer on the arrays of the file named on the command line, and answer until the benchmark is over."""
    with np.load(sys.argv[1]) as file:
        versions, epoch, accuracy = build(dict(file))
    answer({"versions": versions})
    while asked := commands():
        began = time.perf_counter()
        if asked == ["epoch"]:
            epoch()
            answer({"seconds": time.perf_counter() - began})
        else:
            answer({"accuracy": accuracy()})
