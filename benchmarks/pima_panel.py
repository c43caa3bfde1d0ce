"""The Pima panel: logistic regression, support vectors, nearest neighbours and a tree, in the same ten folds.

layerwise compares (figures with intervals, tests, every prediction) beside pipelines of scikit-learn that get the raw
arrays and the numbers of the folds alone. Both must answer the same for every row, and the panel must be there in 3 s.

    LAYERWISE_DATA=DATA python benchmarks/pima_panel.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import layerwise as lw
from layerwise.data.named import open_named

PEERS: Mapping[str, BaseEstimator] = {
    "logistic": LogisticRegression(max_iter=1000),
    "svm": SVC(kernel="linear"),
    "knn": KNeighborsClassifier(1, algorithm="brute"),
    "tree": DecisionTreeClassifier(random_state=0),
}
LIMIT = 3.0
"""Seconds after the libraries are in memory."""


def theirs(rows: np.ndarray, classes: np.ndarray, folds: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each pipeline answers about every row, learned without its fold."""
    answers = {name: np.empty(len(rows), dtype=classes.dtype) for name in PEERS}
    for name, learner in PEERS.items():
        for number in np.unique(folds):
            test = folds == number
            pipeline = make_pipeline(StandardScaler(), clone(learner)).fit(rows[~test], classes[~test])
            answers[name][test] = pipeline.predict(rows[test])
    return answers


def main() -> int:
    """Run both in turn, and say how long each took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    source = open_named("pima")
    rows = np.column_stack([source.columns[name].values for name in source.named("input")])
    target = source.columns[source.named("target")[0]]
    classes = np.array([target.show(row) for row in range(len(source))])
    ours, peers, different = [], [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        found = lw.compare("pima", list(PEERS), folds=10)
        ours.append(time.perf_counter() - began)
        folds = np.array(found.dealt[0])
        began = time.perf_counter()
        answers = theirs(rows, classes, folds)
        peers.append(time.perf_counter() - began)
        different = sum(
            int((answers[one.name] != one.predictions[0]).sum()) for one in found.scores if not one.baseline
        )
    print(f"load {os.getloadavg()[0]:.1f}; {len(rows)} rows, 10 folds, {len(PEERS)} learners, {rounds} rounds")
    print(f"layerwise    {statistics.median(ours):.2f} s (first {ours[0]:.2f}), limit {LIMIT:g} s")
    print(f"scikit-learn {statistics.median(peers):.2f} s, answers alone")
    print(f"answers that differ: {different} of {len(PEERS) * len(rows)}")
    return int(different > 0 or statistics.median(ours) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
