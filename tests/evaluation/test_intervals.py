"""Intervals of proportions: against SciPy, and by how often they cover the truth."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from layerwise.errors import LayerwiseError
from layerwise.evaluation.intervals import proportion, wilson


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (1, 1), (45, 50), (333, 1000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_equals_scipy(successes: int, n: int, confidence: float) -> None:
    found = wilson(successes, n, confidence=confidence)
    expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert (found.value, found.n, found.method) == (successes / n, n, "Wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_holds_where_a_percentile_bootstrap_fails() -> None:
    """Coverage as an exact binomial sum: no simulation, so no tolerance for chance."""
    n, tails = 30, [0.025, 0.975]
    counts = np.arange(n + 1)
    score = np.array([(wilson(int(count), n).low, wilson(int(count), n).high) for count in counts])
    # the bootstrap distribution of a proportion is binomial: these are its percentiles after infinitely many resamples
    percentile = np.array(
        [binom.ppf(tails, n, count / n) / n if 0 < count < n else [count / n] * 2 for count in counts]
    )
    for truth in (0.5, 0.7, 0.9, 0.97):
        weights = binom.pmf(counts, n, truth)
        covers = [float(weights[(ends[:, 0] <= truth) & (truth <= ends[:, 1])].sum()) for ends in (score, percentile)]
        assert 0.91 < covers[0] < 0.985
        if truth == 0.97:
            assert covers[1] < 0.65


def test_nothing_to_count_is_undefined_with_a_reason() -> None:
    found = wilson(0, 0)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.reason == "There are no items to count."


def test_impossible_counts_and_confidences_are_refused() -> None:
    with pytest.raises(LayerwiseError, match="11 successes of 10 items"):
        wilson(11, 10)
    with pytest.raises(LayerwiseError, match=r"Write 0.95 for 95 %"):
        wilson(5, 10, confidence=95.0)


def test_groups_widen_the_interval_by_the_design_effect() -> None:
    # ten patients, each wholly right or wholly wrong: ten independent facts, however often each is repeated
    patients = np.array([True] * 7 + [False] * 3)
    found = proportion(np.repeat(patients, 100), groups=np.repeat(np.arange(10), 100))
    alone = proportion(np.repeat(patients, 100))
    assert found.value == alone.value == 0.7
    assert found.low < 0.4 < 0.67 < alone.low
    assert found.high > 0.85 > 0.73 > alone.high
    # and nothing but the number of patients matters
    fewer = proportion(np.repeat(patients, 2), groups=np.repeat(np.arange(10), 2))
    assert (fewer.low, fewer.high) == pytest.approx((found.low, found.high), abs=1e-12)


def test_one_item_a_group_is_nearly_the_same_as_no_groups() -> None:
    right = np.random.default_rng(1).random(500) < 0.8
    alone, found = proportion(right), proportion(right, groups=np.arange(500))
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), abs=1e-3)


def test_all_right_in_every_group_counts_the_groups_only() -> None:
    found = proportion(np.ones(1000, dtype=bool), groups=np.repeat(np.arange(10), 100))
    # Wilson for 10 of 10 with Student's quantile for 9 degrees of freedom: 10 / (10 + 2.2622^2)
    assert found.low == pytest.approx(10 / (10 + 2.26215716**2), abs=1e-6)
    assert found.high == 1.0


def test_one_group_has_a_value_but_no_ends() -> None:
    found = proportion(np.array([True, False]), groups=np.array(["a", "a"]))
    assert (found.value, found.low) == (0.5, None)
    assert "One group" in found.reason


def test_grouped_items_are_covered_only_when_the_groups_are_told() -> None:
    generator, told, untold = np.random.default_rng(2), 0, 0
    groups = np.repeat(np.arange(50), 10)
    for _ in range(600):
        # rates of the groups vary: mean 0.8, correlation within a group 0.3
        rates = generator.beta(0.8 * 7 / 3, 0.2 * 7 / 3, size=50)
        right = generator.random(500) < rates[groups]
        found, alone = proportion(right, groups=groups), proportion(right)
        told += found.low <= 0.8 <= found.high
        untold += alone.low <= 0.8 <= alone.high
    assert told / 600 > 0.915
    assert untold / 600 < 0.8
