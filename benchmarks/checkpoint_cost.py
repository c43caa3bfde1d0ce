"""What a checkpoint a minute costs: networks with their Adam states, saved as a run saves them, bytes synchronised.

python benchmarks/checkpoint_cost.py
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

from layerwise.config import Train
from layerwise.models.lenet import lenet5
from layerwise.models.mlp import mlp
from layerwise.runs.folder import RunFolder
from layerwise.tasks.classify import Classify
from layerwise.training.loop import train
from layerwise.training.ranks import ALONE
from layerwise.training.snapshot import take_snapshot
from layerwise.training.state import Plan, prepare
from layerwise.workflow.keep import Checkpoints

TARGET = 0.02
"""Share of a minute."""

TASK = Classify(tuple("0123456789"))


def cost(name: str, model: nn.Module, shape: tuple[int, ...], times: int) -> float:
    """Print what a checkpoint of a network takes, and return its share of a minute."""
    examples = TASK.sample(shape, 256, torch.Generator().manual_seed(0))
    state = prepare(model, TASK, examples, Train(epochs=100, batch_size=64), Plan("cpu", torch.get_num_threads()))
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        keeper = Checkpoints(RunFolder(Path(folder)), 60.0, ALONE)
        for _ in itertools.islice(train(state), times):
            began = time.perf_counter()
            keeper.keep(take_snapshot(state, model), {"epoch": state.epoch})
            seconds.append(time.perf_counter() - began)
        newest = max((Path(folder) / "checkpoints").iterdir(), key=lambda path: path.stat().st_mtime)
        size = sum(path.stat().st_size for path in newest.iterdir()) / 1e6
    middle = statistics.median(seconds)
    print(f"{name}: {size:.1f} MB in {1000 * middle:.1f} ms ({1000 * min(seconds):.1f} to {1000 * max(seconds):.1f}), "
          f"{100 * middle / 60:.3f} % of a minute", flush=True)  # fmt: skip
    return middle / 60


def main() -> int:
    """Print the cost for a small and a large network; 1 where a checkpoint a minute is above the target."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=8)
    times = parser.parse_args().times
    shares = [
        cost("LeNet-5, 61,706 parameters", lenet5((1, 32, 32), 10), (1, 32, 32), times),
        cost("784-4096-4096-10, 20 million parameters", mlp(784, 10, hidden=(4096, 4096)), (784,), times),
    ]
    return 0 if max(shares) <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
