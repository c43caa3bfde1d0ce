"""McNemar, Tango and sign flips: against SciPy, their definitions, and how often they are wrong."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest, multinomial, permutation_test

from layerwise.errors import LayerwiseError
from layerwise.evaluation.one_test_part import pairs_of_errors, pairs_of_rights
from layerwise.evaluation.paired_answers import difference_interval, mcnemar, sign_flips, tango


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (5, 0), (6, 0), (8, 1), (3, 3), (25, 40), (700, 610)])
def test_mcnemar_equals_scipys_binomial_test(first: int, second: int) -> None:
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == mcnemar(second, first) == pytest.approx(expected, abs=1e-12)


def score(difference: float, first: int, second: int, n: int) -> float:
    """Tango's score with the rate found by a numerical search of the likelihood instead of the closed form."""

    def loss(rate: float) -> float:
        cells = ((first, rate + difference), (second, rate), (n - first - second, 1 - 2 * rate - difference))
        return -sum(count * np.log(max(share, 1e-300)) for count, share in cells if count)

    ends = (max(0.0, -difference), (1 - difference) / 2)
    rate = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-13}).x
    return (first - second - n * difference) / np.sqrt(n * (2 * rate + difference - difference**2))


@pytest.mark.parametrize(("first", "second", "n"), [(12, 2, 50), (9, 5, 20), (1, 0, 30), (40, 60, 400)])
def test_the_score_at_tangos_ends_is_the_quantile(first: int, second: int, n: int) -> None:
    found = tango(first, second, n)
    assert found.value == pytest.approx((first - second) / n, abs=1e-15)
    assert score(found.low, first, second, n) == pytest.approx(1.959964, abs=2e-3)
    assert score(found.high, first, second, n) == pytest.approx(-1.959964, abs=2e-3)
    turned = tango(second, first, n)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


def test_no_difference_at_all_is_the_score_interval_of_zero() -> None:
    # b = c = 0: n D^2 <= z^2 (1 - D) D ... at the end D = z^2 / (n + z^2)
    found, square = tango(0, 0, 40), 1.959963984540054**2
    assert (found.low, found.high) == pytest.approx((-square / (40 + square), square / (40 + square)), abs=1e-9)
    assert tango(5, 0, 5).high == 1.0


@pytest.mark.parametrize(("only", "other"), [(0.1, 0.1), (0.2, 0.05), (0.02, 0.0)])
def test_tango_covers_and_the_plain_interval_does_not(only: float, other: float) -> None:
    """Coverage as an exact sum over all pairs of counts."""
    n, truth, covered, plain = 40, only - other, 0.0, 0.0
    for first in range(n + 1):
        for second in range(n + 1 - first):
            weight = multinomial.pmf([first, second, n - first - second], n, [only, other, 1 - only - other])
            if weight < 1e-9:
                continue
            found = tango(first, second, n)
            covered += weight * (found.low <= truth <= found.high)
            half = 1.959964 * np.sqrt(first + second - (first - second) ** 2 / n) / n
            plain += weight * (abs((first - second) / n - truth) <= half)
    assert covered > 0.93
    assert plain < covered
    if other == 0:
        assert plain < 0.6


def test_sign_flips_equal_scipys_paired_permutation_test() -> None:
    generator = np.random.default_rng(0)
    few, many = generator.normal(0.4, 1, 9), generator.normal(0.15, 1, 80)
    expected = permutation_test((few, np.zeros(9)), lambda a, b: (a - b).mean(), permutation_type="samples").pvalue
    assert sign_flips(few, generator=generator) == pytest.approx(expected, abs=1e-12)
    expected = permutation_test(
        (many, np.zeros(80)), lambda a, b, axis: (a - b).mean(axis), permutation_type="samples", n_resamples=20_000,
        rng=1, vectorized=True,
    ).pvalue  # fmt: skip
    assert sign_flips(many, generator=generator, resamples=20_000) == pytest.approx(expected, abs=0.015)
    assert sign_flips(np.zeros(50), generator=generator) == 1.0


def test_whole_groups_are_exchanged_and_resampled() -> None:
    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(8), 50)
    # what differs is the group, not the row: 400 rows hold eight facts
    differences = generator.normal(0, 1, 8)[groups]
    assert sign_flips(differences, generator=generator, groups=groups) == sign_flips(
        differences[::50], generator=generator
    )
    told = difference_interval(differences, generator=generator, groups=groups)
    untold = difference_interval(differences, generator=generator)
    assert told.high - told.low > 4 * (untold.high - untold.low)


def test_holm_takes_the_number_of_pairs_into_account() -> None:
    rights = {"a": np.arange(60) < 50, "b": np.arange(60) < 42, "c": np.arange(60) < 41}
    found = pairs_of_rights(rights, generator=np.random.default_rng(0))
    # 8, 9 and 1 rows apart: p = 2 / 2^8, 2 / 2^9, 1; Holm: the smallest times 3, the next times 2
    assert [pair.p for pair in found] == [2 / 2**8, 2 / 2**9, 1.0]
    assert [pair.p_together for pair in found] == [2 * 2 / 2**8, 3 * 2 / 2**9, 1.0]


@pytest.mark.parametrize("numbers", [False, True])
def test_equal_methods_are_seldom_told_apart(numbers: bool) -> None:
    """Of three equal methods any pair is told apart in at most 7 % of experiments."""
    generator, rounds, rejected = np.random.default_rng(2), 300, 0
    for _ in range(rounds):
        if numbers:
            hard = generator.gamma(2, size=60)
            errors = {name: hard * generator.gamma(2, size=60) for name in "abc"}
            found = pairs_of_errors(errors, generator=generator, resamples=200)
        else:
            easy = generator.beta(4, 1, size=150)
            rights = {name: generator.random(150) < easy for name in "abc"}
            found = pairs_of_rights(rights, generator=generator)
        rejected += any(pair.p_together < 0.05 for pair in found)
    assert rejected / rounds <= 0.07


def test_a_real_difference_is_found() -> None:
    generator = np.random.default_rng(3)
    good, poor = generator.random(400) < 0.9, generator.random(400) < 0.75
    found = pairs_of_rights({"good": good, "poor": poor}, generator=generator)[0]
    assert found.p_together < 0.001
    assert 0 < found.lead.low < found.lead.value < found.lead.high


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(LayerwiseError, match="5 and 6 of 10 rows"):
        tango(5, 6, 10)
    assert tango(0, 0, 0).reason
