"""Intervals as good as 10,000 resamples of 10,000 rows and 10 classes, beside a loop over scikit-learn's metrics.

Accuracy and macro F1 are drawn 10,000 times from the cells of the confusion matrix; the error of an AUC is the one that
infinitely many resamples have, in closed form (all ten classes against the others). The peer draws rows and calls
scikit-learn for each resample; only some of its 10,000 are run in each round, in turns with ours, and scaled up. Times
are those of the process (`process_time`, one thread), best of the rounds, since other work may share the machine.

    OMP_NUM_THREADS=1 python benchmarks/resampled_intervals.py
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from layerwise.evaluation.calibration_intervals import calibration_error_interval
from layerwise.evaluation.confusion_intervals import classification_intervals
from layerwise.evaluation.precision_recall_intervals import average_precision_interval
from layerwise.evaluation.ranking_intervals import auc_interval, one_vs_rest_intervals
from layerwise.metrics.calibration import events

RESAMPLES, ROWS, CLASSES = 10_000, 10_000, 10

LIMITS = {"accuracy and macro F1": 0.5, "AUC": 1.0}
"""Seconds."""

RATIO = 90


def drawn_rows() -> tuple[np.ndarray, np.ndarray]:
    """Return classes and probabilities of a classifier that is right for about 81 % of the rows."""
    generator = np.random.default_rng(0)
    targets = generator.integers(CLASSES, size=ROWS)
    scores = generator.normal(size=(ROWS, CLASSES))
    scores[np.arange(ROWS), targets] += 2.5
    powers = np.exp(scores)
    return targets, powers / powers.sum(axis=1, keepdims=True)


def seconds(work: Callable[[], object]) -> float:
    """Return the time that the process spends on some work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    """Print the times and ratios; 1 where one is missed or a value differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-resamples", type=int, default=20, help="of 10,000, run in each round and scaled up")
    chosen = parser.parse_args()
    targets, answers = drawn_rows()
    predictions = answers.argmax(axis=1)
    generator, rows = np.random.default_rng(1), np.random.default_rng(2)

    def ours() -> object:
        return classification_intervals(targets, predictions, CLASSES, generator=generator, resamples=RESAMPLES)

    def ours_auc() -> object:
        return one_vs_rest_intervals(auc_interval, targets, answers)

    def peer() -> None:
        for _ in range(chosen.peer_resamples):
            places = rows.integers(ROWS, size=ROWS)
            accuracy_score(targets[places], predictions[places])
            f1_score(targets[places], predictions[places], average="macro")

    def peer_auc() -> None:
        for _ in range(chosen.peer_resamples):
            places = rows.integers(ROWS, size=ROWS)
            roc_auc_score(targets[places], answers[places], multi_class="ovr", average=None)

    found = classification_intervals(targets, predictions, CLASSES, generator=generator)
    areas = [area.value for area in one_vs_rest_intervals(auc_interval, targets, answers)]
    equal = (
        np.isclose(found["accuracy"].value, accuracy_score(targets, predictions), atol=1e-12)
        and np.isclose(found["macro_f1"].value, f1_score(targets, predictions, average="macro"), atol=1e-12)
        and np.allclose(areas, roc_auc_score(targets, answers, multi_class="ovr", average=None), atol=1e-12)
    )
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in LIMITS}
    for _ in range(chosen.rounds):
        times["accuracy and macro F1"].append((seconds(ours), seconds(peer)))
        times["AUC"].append((seconds(ours_auc), seconds(peer_auc)))
    missed = not equal
    for name, each in times.items():
        own = min(one for one, _ in each)
        theirs = min(other for _, other in each) * RESAMPLES / chosen.peer_resamples
        wrong = own > LIMITS[name] or theirs / own < RATIO
        missed |= wrong
        sys.stdout.write(
            f"{name:22} {own:7.3f} s (at most {LIMITS[name]})  scikit-learn {theirs:7.1f} s "
            f"({chosen.peer_resamples} of {RESAMPLES:,} run)  {theirs / own:8,.0f} x (at least {RATIO})"
            f"{'  MISSED' if wrong else ''}\n"
        )
    others = {
        "average precision": lambda: one_vs_rest_intervals(average_precision_interval, targets, answers),
        "calibration error": lambda: calibration_error_interval(*events(targets, answers), generator=generator),
    }
    for name, work in others.items():
        sys.stdout.write(f"{name:22} {min(seconds(work) for _ in range(chosen.rounds)):7.3f} s\n")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    sys.stdout.write(f"values equal: {bool(equal)}; load of the machine {load:.1f}\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
