"""Counts to expect among new items: against SciPy, and by how often they hold what comes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from layerwise.errors import LayerwiseError
from layerwise.evaluation.foreseen import foreseen_count, predictive_count
from layerwise.evaluation.intervals import wilson


def test_an_impossible_number_of_new_items_is_refused() -> None:
    with pytest.raises(LayerwiseError, match="between 1 and 1000000"):
        predictive_count(1, 10, 0)


@pytest.mark.parametrize(("successes", "n", "new"), [(0, 10, 100), (12, 400, 1000), (7, 7, 1), (20_000, 40_000, 5000)])
def test_predicted_counts_are_the_quantiles_of_scipys_beta_binomial(successes: int, n: int, new: int) -> None:
    found = predictive_count(successes, n, new, confidence=0.9)
    expected = betabinom(new, successes + 0.5, n - successes + 0.5)
    assert (found.low, found.high) == (expected.ppf(0.05), expected.ppf(0.95))
    assert found.value == pytest.approx(expected.mean(), abs=1e-9)


@pytest.mark.parametrize(("truth", "n"), [(0.03, 100), (0.1, 50), (0.5, 200)])
def test_predicted_counts_cover_new_items_where_the_confidence_interval_does_not(truth: float, n: int) -> None:
    generator, new, covered, naive = np.random.default_rng(0), 200, 0, 0
    ends: dict[int, tuple[tuple[float, float], tuple[float, float]]] = {}
    for _ in range(2000):
        seen, coming = int(generator.binomial(n, truth)), int(generator.binomial(new, truth))
        if seen not in ends:
            prediction, rate = predictive_count(seen, n, new), wilson(seen, n)
            ends[seen] = (prediction.low, prediction.high), (new * rate.low, new * rate.high)
        (low, high), (rate_low, rate_high) = ends[seen]
        covered += low <= coming <= high
        naive += rate_low <= coming <= rate_high
    assert 0.925 < covered / 2000 < 0.985
    if truth == 0.5:
        assert naive / 2000 < 0.9


def _experiment(
    drawn: np.random.Generator, groups: int, size: int, shape: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return errors in groups that have each a rate of their own, and how many come among 1,000 items of new groups."""
    rates = drawn.beta(*shape, size=groups + 1000 // size)
    coming = int(drawn.binomial(size, rates[groups:]).sum())
    return drawn.random(groups * size) < np.repeat(rates[:groups], size), np.repeat(np.arange(groups), size), coming


@pytest.mark.parametrize(("groups", "size", "shape"), [(10, 5, (2, 3)), (14, 4, (0.5, 0.5)), (60, 20, (2, 18))])
def test_counts_among_new_groups_are_held_as_often_as_promised(
    groups: int, size: int, shape: tuple[float, float]
) -> None:
    drawn, times, held, alone = np.random.default_rng(0), 1000, 0, 0
    for _ in range(times):
        wrong, labels, coming = _experiment(drawn, groups, size, shape)
        found, independent = foreseen_count(wrong, groups=labels), foreseen_count(wrong)
        assert found is not None
        assert independent is not None
        held += found.low <= coming <= found.high
        alone += independent.low <= coming <= independent.high
    assert 0.92 < held / times < 0.985
    # Rows of one group taken for so many facts: the promise is broken.
    assert alone / times < 0.9


def test_one_item_a_group_is_as_good_as_no_groups() -> None:
    wrong = np.random.default_rng(1).random(400) < 0.2
    found, independent = foreseen_count(wrong, groups=np.arange(400)), foreseen_count(wrong)
    assert found is not None
    assert independent is not None
    assert (found.low, found.high) == pytest.approx((independent.low, independent.high), abs=3)


def test_groups_that_are_wholly_right_or_wrong_count_once() -> None:
    # Ten patients, three of them wrong throughout: BetaBinomial(100, 3.5, 7.5) new patients of ten rows each.
    wrong = np.repeat([True] * 3 + [False] * 7, 10)
    found = foreseen_count(wrong, groups=np.repeat(np.arange(10), 10))
    # v = 10/9 (3 x 7^2 + 7 x 3^2)/100^2 = 7/300, n_eff = 0.21/(7/300) = 9; Student's quantile of 9 degrees 2.2622
    expected = betabinom(90, 0.3 * 9 + 0.5, 0.7 * 9 + 0.5)
    tail = 0.0118423
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.ppf(tail) / 0.09, expected.ppf(1 - tail) / 0.09))


def test_two_groups_leave_nearly_everything_open() -> None:
    found = foreseen_count(np.repeat([True, False], 10), groups=np.repeat([0, 1], 10))
    assert found is not None
    assert (found.low, found.high) == (0, 1000)


def test_one_group_or_nothing_tells_nothing() -> None:
    assert foreseen_count(np.array([True, False]), groups=np.array(["a", "a"])) is None
    assert foreseen_count(np.zeros(0, dtype=bool)) is None
