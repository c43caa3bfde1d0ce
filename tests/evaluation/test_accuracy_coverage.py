"""The interval of an accuracy holds at every true accuracy: exact sums, no simulation."""

import numpy as np
import pytest
from scipy.stats import binom

from layerwise.evaluation.intervals import wilson


@pytest.mark.parametrize(("n", "least", "most"), [(30, 0.915, 0.985), (100, 0.925, 0.98), (1000, 0.935, 0.965)])
def test_coverage_of_an_accuracy(n: int, least: float, most: float) -> None:
    counts, truths = np.arange(n + 1), np.linspace(0.5, 0.97, 471)[:, None]
    ends = np.array([(found.low, found.high) for found in (wilson(int(count), n) for count in counts)])
    covered = (binom.pmf(counts, n, truths) * ((ends[:, 0] <= truths) & (truths <= ends[:, 1]))).sum(axis=1)
    assert least < covered.min()
    assert covered.max() < most
