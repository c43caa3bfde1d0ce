"""What an update of a tiny network costs beyond its arithmetic: layerwise with everything on, beside a raw loop.

A network 20-32-3, batch 32, one thread: its arithmetic takes so little that what surrounds it shows. layerwise runs
with its listener, history, checkpoints by time and stopping rule; the raw loop makes the same updates and the same
finite check, and nothing else. Rounds alternate who goes first; the best of each counts. Weights are equal afterwards.

    python benchmarks/step_cost.py
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from layerwise.config import Train
from layerwise.randomness import order
from layerwise.runs.folder import RunFolder
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples
from layerwise.training.history import History
from layerwise.training.ranks import ALONE
from layerwise.training.state import Plan, prepare
from layerwise.workflow.keep import Checkpoints
from layerwise.workflow.learn import Records, Silence, learn

TARGET = 20.0
"""Microseconds an update may cost beyond the raw loop's."""

BATCH_SIZE, ROWS, EPOCHS = 32, 6400, 20
TASK = Classify(("a", "b", "c"))


def network() -> nn.Module:
    """Return the network with the starting weights of seed 0."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3))


def ours(examples: Examples, folder: Path) -> tuple[float, nn.Module]:
    """Learn as a run does."""
    model = network()
    settings = Train(epochs=EPOCHS, batch_size=BATCH_SIZE, stopping="none")
    state = prepare(model, TASK, examples, settings, Plan("cpu", 1))
    with (folder / "history.jsonl").open("a", encoding="utf-8") as lines:
        keeper = Checkpoints(RunFolder(folder), 60.0, ALONE)
        records = Records(History(), model, lines=lines, keeper=keeper)
        nothing = Examples(examples.inputs[:0], examples.targets[:0], ())
        began = time.perf_counter()
        learn(state, nothing, Silence(), records)
        return time.perf_counter() - began, model


def raw(examples: Examples, folder: Path) -> tuple[float, nn.Module]:
    """Learn with a loop written by hand that has the same finite check."""
    model = network().train()
    parameters = list(model.parameters())
    inputs, targets, _ = examples.tensors()
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
    flag, one = torch.zeros(()), torch.ones(())
    began = time.perf_counter()
    for epoch in range(EPOCHS):
        for rows in torch.split(order(0, epoch, len(inputs)), BATCH_SIZE):
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(model(inputs[rows]), targets[rows], reduction="sum") / len(rows)
            loss.backward()
            slopes = [part.grad for part in parameters]
            torch._amp_foreach_non_finite_check_and_unscale_([*slopes, loss.detach()], flag, one)
            if flag.item():
                message = "not finite"
                raise ArithmeticError(message)
            optimizer.step()
    return time.perf_counter() - began, model


def main() -> int:
    """Run the rounds and print the difference of the best; 1 where it is above the target."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    examples = TASK.sample(20, ROWS, torch.Generator().manual_seed(0))
    loops: list[Callable[[Examples, Path], tuple[float, nn.Module]]] = [ours, raw]
    steps = EPOCHS * ROWS // BATCH_SIZE
    best = {loop.__name__: float("inf") for loop in loops}
    load = os.getloadavg()[0]
    for number in range(chosen.rounds):
        found = {}
        for loop in loops if number % 2 else loops[::-1]:
            with tempfile.TemporaryDirectory() as folder:
                found[loop.__name__] = loop(examples, Path(folder))
        weights = zip(found["ours"][1].parameters(), found["raw"][1].parameters(), strict=True)
        if not all(torch.equal(one, other) for one, other in weights):
            print("the two loops ended with different weights")
            return 1
        for which, (seconds, _) in found.items():
            best[which] = min(best[which], seconds / steps * 1e6)
        print(f"round {number + 1}: layerwise {found['ours'][0] / steps * 1e6:.1f} us, raw "
              f"{found['raw'][0] / steps * 1e6:.1f} us an update", flush=True)  # fmt: skip
    cost = best["ours"] - best["raw"]
    quiet = "" if load < 0.7 else f" (the machine was not quiet: load {load:.1f})"
    print(f"torch {torch.__version__}: best {best['ours']:.1f} us, raw loop {best['raw']:.1f}: {cost:+.1f} us, "
          f"target at most +{TARGET:.0f}{quiet}")  # fmt: skip
    return 0 if cost <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
