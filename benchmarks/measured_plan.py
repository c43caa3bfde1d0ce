"""The measured plan beside the plan of the rules, on the networks of the other benchmarks: never slower by over 2 %.

python benchmarks/measured_plan.py
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from dataclasses import replace

import torch

from layerwise.config import Train
from layerwise.models import build
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples, Task
from layerwise.tasks.density import Density
from layerwise.tasks.language import Language
from layerwise.training.device import choose_plan, computing_with, convolves
from layerwise.training.loop import train
from layerwise.training.measured_plan import measured_plan
from layerwise.training.state import Plan, prepare

WORST = 1.02
"""Most of the rules' time that a measured plan may take."""

DIGITS, LETTERS = Classify(tuple("0123456789")), Language(tuple(map(str, range(65))))
ROWS: dict[str, tuple[str, tuple[int, ...] | int, int, Task, int, float]] = {
    "LeNet-5": ("lenet5", (1, 32, 32), 10, DIGITS, 64, 4.2e5),
    "cnn of mnist-fast": ("cnn", (1, 28, 28), 10, DIGITS, 256, 2.2e6),
    "784-100-10": ("mlp", (784,), 10, DIGITS, 64, 8e4),
    "20-100-10": ("mlp", (20,), 10, DIGITS, 32, 3e3),
    "RBM 784-500": ("rbm", (784,), 0, Density(784), 10, 4e5),
    "char-lstm": ("char-lstm", 67, 65, LETTERS, 50, 1.2e7),
}
"""Model, inputs, outputs, task, batch size and multiply-adds of an example."""


def an_update(name: str, plan: Plan, settings: Train, examples: Examples, steps: int) -> float:
    """Return the median seconds of an update."""
    model, inputs, outputs, task, _, _ = ROWS[name]
    torch.manual_seed(0)
    shape = inputs[0] if isinstance(inputs, tuple) and len(inputs) == 1 else inputs
    state = prepare(build(model, shape, outputs, {}), task, examples, settings, plan)
    times = []
    with computing_with(plan.threads):
        began = time.perf_counter()
        for _ in itertools.islice(train(state), steps):
            times.append(time.perf_counter() - began)
            began = time.perf_counter()
    return statistics.median(times)


def compare(name: str, rounds: int, steps: int) -> bool:
    """Print what the measured plan of a network takes of the rules' time, and say whether that is little enough."""
    model, inputs, outputs, task, batch_size, multiply_adds = ROWS[name]
    shape = inputs[0] if isinstance(inputs, tuple) and len(inputs) == 1 else inputs
    network = build(model, shape, outputs, {})
    examples = task.sample(inputs, 2048, torch.Generator().manual_seed(0))
    settings = Train(epochs=100_000, batch_size=batch_size, optimizer="sgd" if model == "rbm" else "adam")
    rules = choose_plan(settings, multiply_adds, maps=convolves(network))
    taken = measured_plan(network, task, examples, settings, rules, multiply_adds=multiply_adds)
    for trial in taken.trials:
        print(f"  {trial}")
    if replace(taken, trials=()) == rules:
        print(f"{name}: the rules' plan is kept: {rules.threads} threads, {rules.memory_format}", flush=True)
        return True
    ratios = []
    for number in range(rounds):
        plans = [taken, rules] if number % 2 else [rules, taken]
        seconds = {plan: an_update(name, plan, settings, examples, steps) for plan in plans}
        ratios.append(seconds[taken] / seconds[rules])
    ratio = statistics.median(ratios)
    print(f"{name}: {taken.threads} threads, {taken.memory_format} instead of {rules.threads}, {rules.memory_format}: "
          f"{ratio:.3f} of its time ({min(ratios):.3f} to {max(ratios):.3f})", flush=True)  # fmt: skip
    return ratio <= WORST


def main() -> int:
    """Go through all networks; 1 where a measured plan is slower than the rules' by more than 2 %."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=100)
    chosen = parser.parse_args()
    good = [compare(name, chosen.rounds, chosen.steps) for name in ROWS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
