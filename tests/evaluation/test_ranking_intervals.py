"""AUC intervals: the closed-form variance against brute force, coverage, groups and speed."""

from time import perf_counter

import numpy as np
import pytest
from scipy.stats import norm

from layerwise.evaluation.intervals import wilson
from layerwise.evaluation.ranking_intervals import auc_interval, auc_variance, one_vs_rest_intervals
from layerwise.metrics import auc


def two_normals(items: int, area: float, share: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return positives and scores whose true AUC is known: P(X > Y) = Phi(shift / sqrt 2)."""
    positives = np.arange(items) < max(2, round(items * share))
    return positives, generator.normal(size=items) + positives * norm.ppf(area) * np.sqrt(2)


def test_the_variance_is_that_of_a_bootstrap_within_classes() -> None:
    generator = np.random.default_rng(0)
    positives, scores = two_normals(40, 0.8, 0.4, generator)
    scores = scores.round(1)  # ties
    chosen, others = scores[positives], scores[~positives]
    pairs = (chosen[:, None] > others) + 0.5 * (chosen[:, None] == others)
    count, rest = pairs.shape
    weights = generator.multinomial(count, np.full(count, 1 / count), size=40_000) / count
    other_weights = generator.multinomial(rest, np.full(rest, 1 / rest), size=40_000) / rest
    resampled = np.einsum("bi,ij,bj->b", weights, pairs, other_weights, optimize=True)
    # the biased form of the closed variance is the bootstrap's; ours divides by P - 1 and N - 1 instead
    rows, columns = pairs.mean(axis=1), pairs.mean(axis=0)
    both = ((pairs - rows[:, None] - columns + pairs.mean()) ** 2).mean()
    assert rows.var() / count + columns.var() / rest + both / count / rest == pytest.approx(resampled.var(), rel=0.03)
    unbiased = rows.var() / (count - 1) + columns.var() / (rest - 1) + both / (count - 1) / (rest - 1)
    assert auc_variance(positives, scores, auc(positives, scores), None)[0] == pytest.approx(unbiased, rel=1e-10)


@pytest.mark.parametrize(
    ("items", "area", "share"), [(30, 0.7, 0.5), (100, 0.9, 0.2), (100, 0.97, 0.5), (500, 0.9, 0.5)]
)
def test_coverage(items: int, area: float, share: float) -> None:
    generator, rounds, covered = np.random.default_rng(1), 1000, 0
    for _ in range(rounds):
        found = auc_interval(*two_normals(items, area, share, generator))
        covered += found.low <= area <= found.high
    assert 0.925 < covered / rounds < 0.985


def test_inverted_scores_mirror_the_interval() -> None:
    positives, scores = two_normals(80, 0.8, 0.3, np.random.default_rng(2))
    found, inverted = auc_interval(positives, scores), auc_interval(positives, -scores)
    assert (inverted.value, inverted.low) == pytest.approx((1 - found.value, 1 - found.high), abs=1e-12)


def test_perfect_scores_are_not_certain() -> None:
    positives = np.arange(60) < 20
    found = auc_interval(positives, positives.astype(np.float64))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(wilson(20, 20).low, abs=1e-12)


def test_one_class_or_one_item_of_a_class() -> None:
    found = auc_interval(np.array([True, True]), np.array([0.0, 1.0]))
    assert (found.value, found.low) == (None, None)
    assert "only one occurs" in found.reason
    found = auc_interval(np.array([True, False, False]), np.array([0.5, 0.0, 1.0]))
    assert (found.value, found.low) == (0.5, None)
    assert "two items of each class" in found.reason


def test_whole_groups_vary_more_than_rows() -> None:
    positives, scores = two_normals(60, 0.8, 0.5, np.random.default_rng(3))
    groups = np.arange(60)
    single = auc_interval(positives, scores, groups=groups)
    copied = auc_interval(np.repeat(positives, 9), np.repeat(scores, 9), groups=np.repeat(groups, 9))
    rows = auc_interval(np.repeat(positives, 9), np.repeat(scores, 9))
    # nine copies of every item tell no more than one
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high), abs=1e-12)
    assert copied.high - copied.low > 2.5 * (rows.high - rows.low)


def test_each_class_against_the_rest() -> None:
    targets, scores = np.arange(90) % 3, np.random.default_rng(4).random((90, 3))
    found = one_vs_rest_intervals(auc_interval, targets, scores)
    assert [interval.value for interval in found] == [auc(targets == number, scores[:, number]) for number in range(3)]


@pytest.mark.alone
def test_a_hundred_thousand_items_take_no_resampling() -> None:
    positives, scores = two_normals(100_000, 0.9, 0.3, np.random.default_rng(5))
    start = perf_counter()
    auc_interval(positives, scores)
    assert perf_counter() - start < 1
