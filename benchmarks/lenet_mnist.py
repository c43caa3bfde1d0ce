"""LeNet-5 in the lecture's form on MNIST, batch 64: layerwise's loop beside the best plain loop, in one run.

Both hold the data in memory and make the same updates with the same fused Adam from the same weights in the same
order; that the weights are equal afterwards, bit for bit, is checked in every pair. Pairs alternate who goes first.

    python benchmarks/lenet_mnist.py                  MNIST under LAYERWISE_DATA, else pictures of the same shape
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from layerwise.config import Train, experiment
from layerwise.errors import LayerwiseError
from layerwise.models.lenet import lenet5
from layerwise.randomness import order
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples
from layerwise.training.history import History
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare
from layerwise.workflow.prepare import prepare_data

TARGET = 0.97
BATCH_SIZE, LEARNING_RATE = 64, 1e-3
TASK = Classify(tuple("0123456789"))


def pictures() -> tuple[Examples, str]:
    """Return MNIST's training pictures on 32x32, or generated ones of the same shape."""
    try:
        prepared, _ = prepare_data(experiment({"image_size": (32, 32), "validation_fraction": 0.0}), "mnist")
    except LayerwiseError:
        drawn = torch.Generator().manual_seed(0)
        inputs = torch.randn(60_000, 1, 32, 32, generator=drawn)
        return Examples(inputs, torch.arange(60_000) % 10, tuple(map(str, range(60_000)))), "generated pictures"
    held = prepared.examples["train"]
    return Examples(held.inputs, held.targets, held.ids), "MNIST"


def network() -> nn.Module:
    """Return LeNet-5 with the starting weights of seed 0."""
    torch.manual_seed(0)
    return lenet5((1, 32, 32), 10)


def ours(examples: Examples, steps: int, threads: int) -> tuple[float, nn.Module]:
    """Learn with layerwise's generator and its history."""
    model = network()
    settings = Train(epochs=steps, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE, stopping="none")
    state = prepare(model, TASK, examples, settings, Plan("cpu", threads, memory_format="channels-last"))
    history = History()
    began = time.perf_counter()
    for step in itertools.islice(train(state), steps):
        history.observe(step)
        if step.ends_epoch:
            history.close(step, None, None)
    return time.perf_counter() - began, model


def plain(examples: Examples, steps: int, threads: int) -> tuple[float, nn.Module]:
    """Learn with a loop written by hand."""
    model = network().to(memory_format=torch.channels_last).train()
    inputs, targets = examples.inputs, examples.targets
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    total, made, epoch = torch.zeros(()), 0, 0
    began = time.perf_counter()
    while made < steps:
        for rows in order(0, epoch, len(inputs)).split(BATCH_SIZE):
            loss = functional.cross_entropy(model(inputs[rows]), targets[rows], reduction="sum") / len(rows)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.detach()
            made += 1
            if made == steps:
                break
        epoch += 1
    return time.perf_counter() - began, model


def main() -> int:
    """Run the pairs and print the median ratio; 1 where it is below the target."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    examples, name = pictures()
    loops: list[Callable[[Examples, int, int], tuple[float, nn.Module]]] = [ours, plain]
    for loop in loops:
        loop(examples, 50, chosen.threads)
    ratios = []
    for pair in range(chosen.pairs):
        found = {}
        for loop in loops if pair % 2 else loops[::-1]:
            found[loop.__name__] = loop(examples, chosen.steps, chosen.threads)
        weights = zip(found["ours"][1].parameters(), found["plain"][1].parameters(), strict=True)
        if not all(torch.equal(one, other) for one, other in weights):
            print("the two loops ended with different weights")
            return 1
        seconds = {which: time for which, (time, _) in found.items()}
        ratios.append(seconds["plain"] / seconds["ours"])
        print(f"pair {pair + 1}: layerwise {seconds['ours'] / chosen.steps * 1e6:.0f} us a step, "
              f"plain {seconds['plain'] / chosen.steps * 1e6:.0f} us, ratio {ratios[-1]:.3f}", flush=True)  # fmt: skip
    ratio = statistics.median(ratios)
    print(f"{name}, batch {BATCH_SIZE}, {chosen.threads} threads, torch {torch.__version__}: "
          f"median ratio {ratio:.3f} (target {TARGET}), {min(ratios):.3f} to {max(ratios):.3f}")  # fmt: skip
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
