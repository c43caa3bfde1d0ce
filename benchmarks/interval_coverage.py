"""How often the 95 % intervals hold the truth, and how often equal methods are told apart.

Accuracy by exact binomial sums; everything else by simulated experiments whose truth is known. Beside each interval
that is used stands, where it is instructive, the one that is not. Exit code 1 where a bound is missed.

    python benchmarks/interval_coverage.py
    python benchmarks/interval_coverage.py --experiments 200
    python benchmarks/interval_coverage.py --to docs/results/intervals/coverage.json
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom, norm

from layerwise.evaluation.calibration_intervals import calibration_error_interval
from layerwise.evaluation.confusion_intervals import classification_intervals
from layerwise.evaluation.error_intervals import regression_intervals
from layerwise.evaluation.intervals import Interval, wilson
from layerwise.evaluation.one_test_part import pairs_of_rights
from layerwise.evaluation.precision_recall_intervals import average_precision_interval, lift_interval
from layerwise.evaluation.ranking_intervals import auc_interval
from layerwise.files import write_json

ACCURACY_BOUNDS = {30: (0.915, 0.985), 100: (0.925, 0.98), 1000: (0.935, 0.965)}
"""By the number of rows, between what the coverage of an accuracy must lie, for every p from 0.5 to 0.97."""

BOUNDS = (0.92, 0.98)
"""Between what the coverage of an AUC and of R2 must lie."""

SIZES = (100, 500)

RESAMPLES = 400
"""Of an interval that is resampled; runs take 10,000, which changes the ends by chance alone."""

MOST_REJECTED = 0.07

Experiment = Callable[[int, np.random.Generator], tuple[float, Interval]]
"""Makes data of some rows, and returns the truth and what was measured."""


def covers(truth: float, found: Interval) -> bool:
    """Say whether an interval holds the truth; one that has no ends holds nothing."""
    if found.low is None or found.high is None:
        return False
    return found.low - 1e-12 <= truth <= found.high + 1e-12


def accuracy_coverage(n: int, truths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact coverage of Wilson's interval and of the percentile bootstrap at each true accuracy."""
    counts = np.arange(n + 1)
    score = np.array([(found.low, found.high) for found in (wilson(int(count), n) for count in counts)]).T
    # the bootstrap distribution of a share is binomial: its percentiles after infinitely many resamples
    percentile = np.array([binom.ppf(tail, n, counts / n) / n for tail in (0.025, 0.975)])
    weights = binom.pmf(counts, n, truths[:, None])
    inside = [(low <= truths[:, None]) & (truths[:, None] <= high) for low, high in (score, percentile)]
    return (weights * inside[0]).sum(axis=1), (weights * inside[1]).sum(axis=1)


def area(truth: float, share: float) -> Experiment:
    """Two normals: P(X > Y) = Phi(shift / sqrt 2)."""

    def made(n: int, generator: np.random.Generator) -> tuple[float, Interval]:
        positives = np.arange(n) < max(2, round(n * share))
        scores = generator.normal(size=n) + positives * norm.ppf(truth) * np.sqrt(2)
        return truth, auc_interval(positives, scores)

    return made


def explained(truth: float, bias: float = 0.0) -> Experiment:
    """A signal of variance 1 with noise, predictions off by a constant: R2 = 1 - (noise + bias^2) / (1 + noise)."""

    def made(n: int, generator: np.random.Generator) -> tuple[float, Interval]:
        noise = (1 - truth - bias**2) / truth
        signal = generator.normal(size=n)
        targets = signal + np.sqrt(noise) * generator.normal(size=n)
        found = regression_intervals(targets, signal + bias, generator=generator, resamples=RESAMPLES)["r2"]
        return 1 - (noise + bias**2) / (1 + noise), found

    return made


def macro_f1(classes: int, right: float) -> Experiment:
    """Equal classes, each answered rightly with equal chance, wrong answers spread evenly: macro F1 is that chance."""

    def made(n: int, generator: np.random.Generator) -> tuple[float, Interval]:
        targets = generator.integers(classes, size=n)
        other = (targets + generator.integers(1, classes, size=n)) % classes
        predictions = np.where(generator.random(n) < right, targets, other)
        found = classification_intervals(targets, predictions, classes, generator=generator, resamples=RESAMPLES)
        return right, found["macro_f1"]

    return made


def mean_precision(shift: float, share: float) -> Experiment:
    """Two normals: the average precision is an integral over all thresholds."""
    thresholds = np.linspace(-8, 8 + shift, 100_001)
    found, false = norm.sf(thresholds - shift), norm.sf(thresholds)
    precision = share * found / (share * found + (1 - share) * false)
    truth = float(np.trapezoid(precision * norm.pdf(thresholds - shift), thresholds))

    def made(n: int, generator: np.random.Generator) -> tuple[float, Interval]:
        positives = generator.random(n) < share
        return truth, average_precision_interval(positives, generator.normal(size=n) + shift * positives)

    return made


def best_tenth(shift: float, share: float) -> Experiment:
    """Two normals: the lift of the highest tenth, from the threshold that a tenth of all exceeds."""
    thresholds = np.linspace(-8, 8 + shift, 100_001)
    taken = share * norm.sf(thresholds - shift) + (1 - share) * norm.sf(thresholds)
    truth = float(norm.sf(np.interp(-0.1, -taken, thresholds) - shift) / 0.1)

    def made(n: int, generator: np.random.Generator) -> tuple[float, Interval]:
        positives = generator.random(n) < share
        return truth, lift_interval(positives, generator.normal(size=n) + shift * positives, 0.1)

    return made


def calibration(excess: float) -> Experiment:
    """Claims from 0.2 to 1 that are too high by a constant: the calibration error is that constant."""

    def made(n: int, generator: np.random.Generator) -> tuple[float, Interval]:
        claimed = 0.2 + 0.8 * generator.random(n)
        happened = generator.random(n) < claimed - excess
        return excess, calibration_error_interval(happened, claimed, generator=generator, resamples=RESAMPLES)

    return made


CASES: Mapping[str, Mapping[str, Experiment]] = {
    "auc": {f"AUC {truth}, {name}": area(truth, share)
            for truth in (0.7, 0.9) for name, share in (("1:1", 0.5), ("1:4", 0.2))},
    "r2": {"R2 0.5": explained(0.5), "R2 0.9": explained(0.9), "R2 0.5, biased": explained(0.6, 0.4)},
    "macro_f1": {"2 classes, 0.8": macro_f1(2, 0.8), "10 classes, 0.8": macro_f1(10, 0.8),
                 "10 classes, 0.95": macro_f1(10, 0.95)},
    "average_precision": {f"shift {shift}, 1:{round(1 / share) - 1}": mean_precision(shift, share)
                          for shift in (0.74, 1.81) for share in (0.5, 0.2)},
    "lift": {f"shift 1.81, 1:{round(1 / share) - 1}": best_tenth(1.81, share) for share in (0.5, 0.1)},
    "calibration_error": {f"too high by {excess}": calibration(excess) for excess in (0.0, 0.05, 0.15)},
}  # fmt: skip
"""Experiments by figure; only the first two have bounds that must be kept."""

BOUNDED = ("auc", "r2")


def simulated(experiments: int) -> list[dict[str, Any]]:
    """Return the coverage of every figure but the accuracy."""
    rows = []
    for figure, cases in CASES.items():
        for name, made in cases.items():
            for n in SIZES:
                began, generator = time.process_time(), np.random.default_rng([n, len(rows)])
                held = sum(covers(*made(n, generator)) for _ in range(experiments)) / experiments
                method = made(n, generator)[1].method
                wanted = BOUNDS if figure in BOUNDED else None
                rows.append({
                    "figure": figure, "case": name, "n": n, "method": method, "coverage": held, "bounds": wanted,
                    "experiments": experiments, "seconds": round(time.process_time() - began, 1),
                })  # fmt: skip
                told(rows[-1])
    return rows


def exact() -> list[dict[str, Any]]:
    """Return the least and the largest exact coverage of an accuracy over p = 0.5 .. 0.97, and the bootstrap's."""
    rows = []
    for n, wanted in ACCURACY_BOUNDS.items():
        score, percentile = accuracy_coverage(n, np.linspace(0.5, 0.97, 471))
        for method, each, bounds in (("Wilson", score, wanted), ("percentile bootstrap, not used", percentile, None)):
            rows.append({
                "figure": "accuracy", "case": "p 0.50 .. 0.97", "n": n, "method": method, "coverage": float(each.min()),
                "largest": float(each.max()), "bounds": bounds, "experiments": "exact sums",
            })  # fmt: skip
            told(rows[-1])
    return rows


def rejected(experiments: int) -> dict[str, Any]:
    """Return how often any pair of three equal methods is told apart by McNemar's test with Holm's rule."""
    generator, count = np.random.default_rng(7), 0
    for _ in range(experiments):
        easy = generator.beta(4, 1, size=200)
        rights = {name: generator.random(200) < easy for name in "abc"}
        count += any(pair.p_together < 0.05 for pair in pairs_of_rights(rights, generator=generator))
    share = count / experiments
    sys.stdout.write(f"McNemar with Holm, three equal methods: {share:.3f} rejected (at most {MOST_REJECTED})\n")
    return {"test": "exact McNemar with Holm", "methods": 3, "rows": 200, "experiments": experiments, "rejected": share}


def told(row: Mapping[str, Any]) -> None:
    """Print one row."""
    largest = f" .. {row['largest']:.3f}" if "largest" in row else ""
    wanted = f"  wanted {row['bounds'][0]:.3f} .. {row['bounds'][1]:.3f}" if row["bounds"] else ""
    mark = "  MISSED" if missed(row) else ""
    line = f"{row['figure']:18} {row['case']:20} n = {row['n']:4}  {row['coverage']:.3f}{largest}{wanted}"
    sys.stdout.write(f"{line}  {row['method']}{mark}\n")
    sys.stdout.flush()


def missed(row: Mapping[str, Any]) -> bool:
    """Say whether a coverage lies outside its bounds."""
    if not row["bounds"]:
        return False
    low, high = row["bounds"]
    return row["coverage"] < low or row.get("largest", row["coverage"]) > high


def main() -> int:
    """Print and keep the table; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=2000, help="simulated experiments of each case")
    parser.add_argument("--pairs", type=int, default=1000, help="simulated comparisons of equal methods")
    parser.add_argument("--to", default="", help="also write the table: FILE.json")
    chosen = parser.parse_args()
    rows = [*exact(), *simulated(chosen.experiments)]
    equal = rejected(chosen.pairs)
    if chosen.to:
        write_json(Path(chosen.to), {"command": "python benchmarks/interval_coverage.py", "coverage": rows,
                                     "equal_methods": equal})  # fmt: skip
    return int(any(map(missed, rows)) or equal["rejected"] > MOST_REJECTED)


if __name__ == "__main__":
    sys.exit(main())
