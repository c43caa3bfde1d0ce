"""An epoch of a 784-500 Boltzmann machine on MNIST: layerwise beside scikit-learn's BernoulliRBM, in one run.

The peer's rule is persistent contrastive divergence, ours is measured with that and with CD-1; an update of all three
multiplies the same matrices. Runs alternate. A run counts only if the pseudo-log-likelihood it reaches, on rows that
were not learned from, is not worse than the peer's by more than three nats.

    python benchmarks/rbm_mnist.py                    MNIST under LAYERWISE_DATA, else pictures of the same shape
    python benchmarks/rbm_mnist.py --rows 6000 --pairs 1    a quick look
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import sklearn
import torch
from sklearn.neural_network import BernoulliRBM
from torch import Tensor, nn

from layerwise.config import Train, experiment
from layerwise.errors import LayerwiseError
from layerwise.models.rbm import RestrictedBoltzmannMachine
from layerwise.tasks.contract import Examples
from layerwise.tasks.density import Density, units_asked
from layerwise.training.history import History
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare
from layerwise.workflow.prepare import prepare_data

HIDDEN, LEARNING_RATE, HELD_OUT, WORSE = 500, 0.05, 2000, 3.0
TARGETS = {(10, "float32"): 1.8, (100, "float32"): 1.2, (10, "float64"): 3.5, (100, "float64"): 2.5}
"""Least ratio of the peer's time to ours, by batch size and the peer's precision."""

Run = tuple[float, float]
"""Seconds, and the pseudo-log-likelihood of rows that were not learned from."""


def pictures() -> tuple[Tensor, str]:
    """Return MNIST's training pictures as rows from 0 to 1, or generated ones of the same shape."""
    try:
        wanted = experiment({"task": "density", "scale": "min-max", "validation_fraction": 0.0})
        prepared, _ = prepare_data(wanted, "mnist")
    except LayerwiseError:
        drawn = torch.Generator().manual_seed(0)
        parts = (torch.rand(20, 784, generator=drawn) < 0.2).float()
        mixed = (torch.rand(60_000, 20, generator=drawn) < 0.15).float() @ parts
        return mixed.clamp(0, 1), "generated pictures"
    return prepared.examples["train"].tensors()[0].flatten(1), "MNIST"


def likelihood(machine: RestrictedBoltzmannMachine, rows: Tensor) -> float:
    """Return the mean pseudo-log-likelihood of rows."""
    with torch.no_grad():
        asked = units_asked(torch.arange(len(rows)), rows.shape[1])
        return float(machine.pseudo_log_likelihood(rows.round(), asked).mean())


def ours(sampling: str) -> Callable[[Tensor, Tensor, int, int], Run]:
    """Return an epoch with layerwise's generator and its history, in float32."""

    def epoch(rows: Tensor, held: Tensor, batch_size: int, threads: int) -> Run:
        torch.manual_seed(0)
        machine = RestrictedBoltzmannMachine(784, HIDDEN, sampling=sampling)  # type: ignore[arg-type]
        settings = Train(epochs=1, batch_size=batch_size, optimizer="sgd", learning_rate=LEARNING_RATE, stopping="none")
        examples = Examples(rows, torch.zeros(len(rows), 0), tuple(map(str, range(len(rows)))))
        state, history = prepare(machine, Density(784), examples, settings, Plan("cpu", threads)), History()
        began = time.perf_counter()
        for step in train(state):
            history.observe(step)
        return time.perf_counter() - began, likelihood(machine, held)

    return epoch


def peer(precision: type[np.floating]) -> Callable[[Tensor, Tensor, int, int], Run]:
    """Return an epoch with scikit-learn's machine in a precision; float64 is what its users get."""

    def epoch(rows: Tensor, held: Tensor, batch_size: int, threads: int) -> Run:
        found = BernoulliRBM(HIDDEN, learning_rate=LEARNING_RATE, batch_size=batch_size, n_iter=1, random_state=0)
        values = rows.numpy().astype(precision)
        began = time.perf_counter()
        found.fit(values)
        seconds = time.perf_counter() - began
        machine = RestrictedBoltzmannMachine(784, HIDDEN)
        parts = (machine.hidden.weight, machine.hidden.bias, machine.visible_bias)
        given = (found.components_, found.intercept_hidden_, found.intercept_visible_)
        for part, value in zip(parts, given, strict=True):
            nn.init.zeros_(part).data.copy_(torch.from_numpy(np.asarray(value)))
        return seconds, likelihood(machine, held)

    return epoch


def compare(rows: Tensor, held: Tensor, batch_size: int, pairs: int, threads: int) -> bool:
    """Run everything in turn at one batch size, print the ratios, and say whether every target is met."""
    everyone = {"layerwise cd": ours("cd"), "layerwise persistent": ours("persistent"),
                "float32": peer(np.float32), "float64": peer(np.float64)}  # fmt: skip
    found: dict[str, list[Run]] = {name: [] for name in everyone}
    for pair in range(pairs):
        names = list(everyone) if pair % 2 else list(everyone)[::-1]
        for name in names:
            found[name].append(everyone[name](rows, held, batch_size, threads))
    for name, runs in found.items():
        seconds, reached = (statistics.median(part) for part in zip(*runs, strict=True))
        print(f"batch {batch_size:3}  {name:20} {seconds:6.2f} s an epoch, pseudo-log-likelihood {reached:.1f}")
    good = True
    for name in ("layerwise cd", "layerwise persistent"):
        for precision in ("float32", "float64"):
            both = list(zip(found[name], found[precision], strict=True))
            ratios = [theirs[0] / own[0] for own, theirs in both]
            as_good = all(own[1] >= theirs[1] - WORSE for own, theirs in both)
            ratio, target = statistics.median(ratios), TARGETS[batch_size, precision]
            met = ratio >= target and as_good
            good = good and met
            print(f"batch {batch_size:3}  {name:20} {ratio:.2f} x scikit-learn {precision} ({min(ratios):.2f} to "
                  f"{max(ratios):.2f}), target {target}: {'met' if met else 'missed' if as_good else 'worse model'}",
                  flush=True)  # fmt: skip
    return good


def main() -> int:
    """Compare at both batch sizes; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=58_000)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    everything, name = pictures()
    rows, held = everything[: chosen.rows].contiguous(), everything[-HELD_OUT:]
    print(f"{name}, {len(rows)} rows, 784-{HIDDEN}, {chosen.threads} threads, torch {torch.__version__}, "
          f"scikit-learn {sklearn.__version__}")  # fmt: skip
    for warm in (ours("cd"), peer(np.float32)):
        warm(rows[:2000], held, 100, chosen.threads)
    met = [compare(rows, held, size, chosen.pairs, chosen.threads) for size in (10, 100)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
