"""Classic learners on Pima and iris: stratified 10-fold cross-validation over several seeds, beside scikit-learn.

Scaled with the training rows alone; the same folds and the same options for both. The expected accuracies are those
of the reference (rows S02 to S04), measured with scikit-learn. The answers must be equal, row for row.

    LAYERWISE_DATA=DATA python benchmarks/classic_learners.py
    LAYERWISE_DATA=DATA python benchmarks/classic_learners.py --seeds 3 --digits
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from layerwise.models import build
from layerwise.tasks.contract import Examples

TOLERANCE = 0.004
"""How far a mean over 10 seeds may lie from the expected one; single seeds scatter by 0.003 to 0.012."""


@dataclass(frozen=True)
class Case:
    """A learner with its options, scikit-learn's of the same kind, and what is expected on each data set."""

    name: str
    options: Mapping[str, Any]
    theirs: BaseEstimator
    scale: str
    expected: Mapping[str, float]


CASES = (
    Case("svm", {"calibration_folds": 0}, SVC(kernel="linear"), "min-max",
         {"pima": 0.770, "iris": 0.963, "digits": 0.982}),
    Case("svm", {"calibration_folds": 0, "kernel_function": "rbf"}, SVC(kernel="rbf"), "standardise",
         {"pima": 0.761, "iris": 0.961, "digits": 0.982}),
    Case("tree", {"least_leaf": 2}, DecisionTreeClassifier(min_samples_leaf=2, random_state=0), "standardise",
         {"pima": 0.711, "iris": 0.939, "digits": 0.849}),
    Case("knn", {"k": 1}, KNeighborsClassifier(1, algorithm="brute"), "min-max",
         {"pima": 0.708, "iris": 0.955, "digits": 0.987}),
    Case("knn", {"k": 5}, KNeighborsClassifier(5, algorithm="brute"), "standardise",
         {"pima": 0.738, "iris": 0.949, "digits": 0.977}),
    Case("naive-bayes", {}, GaussianNB(), "standardise", {}),
)  # fmt: skip


def tables(digits: bool) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return inputs and classes of each data set."""
    path = Path(os.environ["LAYERWISE_DATA"]) / "tabular" / "csv" / "pima-indians-diabetes.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").split()[1:]]
    pima = np.array([row[:-1] for row in rows], dtype=np.float64), np.array([row[-1] for row in rows])
    found = {"pima": (pima[0], np.unique(pima[1], return_inverse=True)[1]), "iris": load_iris(return_X_y=True)}
    return found | ({"digits": load_digits(return_X_y=True)} if digits else {})


def scaled(inputs: np.ndarray, training: np.ndarray, scale: str) -> np.ndarray:
    """Return float32 inputs scaled with the training rows."""
    rows = inputs[training]
    if scale == "min-max":
        shift, width = rows.min(axis=0), rows.max(axis=0) - rows.min(axis=0)
    else:
        shift, width = rows.mean(axis=0), rows.std(axis=0)
    return ((inputs - shift) / np.where(width > 0, width, 1)).astype(np.float32)


def accuracy(case: Case, inputs: np.ndarray, targets: np.ndarray, seed: int) -> tuple[float, int]:
    """Return the accuracy over ten folds, and how many answers differ from scikit-learn's."""
    right, differing, classes = 0, 0, int(targets.max()) + 1
    for training, test in StratifiedKFold(10, shuffle=True, random_state=seed).split(inputs, targets):
        values = scaled(inputs, training, case.scale)
        model = build(case.name, inputs.shape[1], classes, case.options)
        model.fit(Examples(torch.from_numpy(values[training]), torch.from_numpy(targets[training]), ()))
        answers = model(torch.from_numpy(values[test])).argmax(1).numpy()
        theirs = clone(case.theirs).fit(values[training].astype(np.float64), targets[training])
        right += int((answers == targets[test]).sum())
        differing += int((answers != theirs.predict(values[test].astype(np.float64))).sum())
    return right / len(targets), differing


def main() -> int:
    """Print the table; 1 where an expected figure is missed or an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--digits", action="store_true", help="also the 1797 digits: minutes")
    chosen = parser.parse_args()
    missed = False
    print(
        "data    learner      options                          scale         mean    sd     expected  differ  seconds"
    )
    for data, (inputs, targets) in tables(chosen.digits).items():
        for case in CASES:
            start = time.perf_counter()
            each = [accuracy(case, inputs, targets, seed) for seed in range(chosen.seeds)]
            figures, differing = [figure for figure, _ in each], sum(count for _, count in each)
            mean, wanted = statistics.mean(figures), case.expected.get(data)
            spread = statistics.stdev(figures) if len(figures) > 1 else 0.0
            wrong = wanted is not None and abs(mean - wanted) > TOLERANCE
            missed |= wrong or bool(differing)
            said = ", ".join(f"{name} {value}" for name, value in case.options.items() if name != "calibration_folds")
            print(
                f"{data:7} {case.name:12} {said:32} {case.scale:12}  {mean:.4f}  {spread:.4f} "
                f"{'' if wanted is None else f'{wanted:.3f}':8}  {differing:6}  {time.perf_counter() - start:7.1f}"
                f"{'  MISSED' if wrong else ''}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
