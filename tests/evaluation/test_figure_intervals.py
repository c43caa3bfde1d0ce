"""Intervals of average precision, lift and calibration error: derivatives by hand, coverage, groups, reasons."""

import numpy as np
import pytest
from scipy.stats import norm

from layerwise.config import Evaluate
from layerwise.evaluation.calibration_intervals import calibration_error_interval
from layerwise.evaluation.intervals import wilson
from layerwise.evaluation.precision_recall_intervals import (
    average_precision_influence,
    average_precision_interval,
    lift_interval,
)
from layerwise.evaluation.ranking_intervals import auc_interval
from layerwise.metrics import auc, average_precision
from layerwise.tasks.classify import Classify


def true_precision(shift: float, share: float) -> float:
    """The average precision of infinitely many normal scores: the integral of precision over recall."""
    thresholds = np.linspace(-8, 8 + shift, 40_001)
    found, false = norm.sf(thresholds - shift), norm.sf(thresholds)
    precision = share * found / (share * found + (1 - share) * false)
    return float(np.trapezoid(precision * norm.pdf(thresholds - shift), thresholds))


def test_the_influence_is_the_derivative_by_an_items_weight() -> None:
    generator = np.random.default_rng(0)
    positives = generator.random(40) < 0.4
    scores = (generator.normal(size=40) + positives).round(1)  # ties
    influence = average_precision_influence(positives, scores)
    value, copies = average_precision(positives, scores), 20_000
    for item in (0, 7, 23, 39):
        # every item often, one of them once more: a step of its weight by 1 / copies
        rows = np.append(np.repeat(np.arange(40), copies), item)
        moved = average_precision(positives[rows], scores[rows])
        assert (moved - value) * copies == pytest.approx(influence[item], abs=1e-4)


@pytest.mark.parametrize(("items", "shift", "share"), [(100, 0.74, 0.5), (500, 1.81, 0.2), (500, 0.74, 0.1)])
def test_average_precision_is_covered(items: int, shift: float, share: float) -> None:
    generator, rounds, truth, covered = np.random.default_rng(1), 1000, true_precision(shift, share), 0
    for _ in range(rounds):
        positives = generator.random(items) < share
        found = average_precision_interval(positives, generator.normal(size=items) + shift * positives)
        covered += found.low <= truth <= found.high
    assert 0.92 < covered / rounds < 0.985


def test_perfect_scores_are_not_certain() -> None:
    positives = np.arange(60) < 20
    found = average_precision_interval(positives, positives.astype(np.float64))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(wilson(20, 20).low, abs=1e-12)


@pytest.mark.parametrize("count", range(2, 60))
def test_a_perfect_ranking_of_any_number_of_positives_is_not_certain(count: int) -> None:
    # shares of 24 and of 28 add up to a last bit less than 1
    positives = np.arange(count + 37) < count
    found = average_precision_interval(positives, -np.arange(count + 37.0))
    assert (found.value, found.low) == pytest.approx((1.0, wilson(count, count).low), abs=1e-12)


@pytest.mark.parametrize("measure", [auc_interval, average_precision_interval])
def test_groups_that_hold_a_class_are_what_is_known_of_it(measure) -> None:
    generator, people = np.random.default_rng(6), np.repeat(np.arange(40), 5)
    scores = generator.normal(size=200) + generator.normal(size=40)[people]
    # all positives are of one person
    alone = measure(people == 0, scores, groups=people)
    assert (alone.low, alone.high) == (None, None)
    assert alone.reason


def test_an_auc_of_three_ill_people_is_covered() -> None:
    """Who is ill is ill in all rows: three people of forty, whose scores tell nothing."""
    generator, people, covered = np.random.default_rng(7), np.repeat(np.arange(40), 5), 0
    for _ in range(400):
        scores = generator.normal(size=200) + generator.normal(size=40)[people]
        found = auc_interval(people < 3, scores, groups=people)
        covered += found.low is not None and found.low <= 0.5 <= found.high
    assert covered / 400 > 0.92


def test_lift_has_wilsons_interval_of_the_positives_that_are_found() -> None:
    # the highest ten of a hundred hold 6 of 20 positives: lift 3
    positives = np.zeros(100, dtype=bool)
    positives[[*range(6), *range(50, 64)]] = True
    found = lift_interval(positives, -np.arange(100.0), 0.1)
    share = wilson(6, 20)
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 10 * share.low, 10 * share.high), abs=1e-12)


def test_no_lift_is_promised_that_the_share_of_positives_forbids() -> None:
    # a perfect ranking of 50 positives among 100: the highest ten hold 10 of them, lift 2
    positives = np.arange(100) < 50
    found = lift_interval(positives, -np.arange(100.0), 0.1)
    assert (found.value, found.low) == pytest.approx((2.0, 10 * wilson(10, 50).low), abs=1e-12)
    # Wilson's end alone would be 3.3; half of the rows are positive, or at least 40 %
    assert found.high == pytest.approx(1 / wilson(50, 100).low, abs=1e-12)
    # one row in a thousand is positive: the highest tenth holds all of it at most
    rare = np.arange(3000) < 3
    assert lift_interval(rare, -np.arange(3000.0), 0.1).high == pytest.approx(10.0, abs=1e-12)


@pytest.mark.parametrize(("items", "share"), [(200, 0.5), (100, 0.2)])
def test_lift_is_covered(items: int, share: float) -> None:
    """Normal scores, positives one deviation higher; the tenth begins where a tenth of all scores lies above."""
    generator, rounds, covered, capped = np.random.default_rng(4), 1000, 0, 0
    edges = np.linspace(-4, 6, 100_001)
    edge = edges[np.argmin(np.abs(share * norm.sf(edges - 1) + (1 - share) * norm.sf(edges) - 0.1))]
    truth = float(norm.sf(edge - 1) / 0.1)
    for _ in range(rounds):
        positives = generator.random(items) < share
        found = lift_interval(positives, generator.normal(size=items) + positives, 0.1)
        covered += found.low <= truth <= found.high
        capped += found.high < 10 * wilson(round(found.value * 0.1 * positives.sum()), int(positives.sum())).high - 1e-9
    assert covered / rounds > 0.95
    assert capped / rounds > 0.2 or share < 0.5, "the test must see the bound"


@pytest.mark.parametrize("claimed_too_much", [0.0, 0.15])
def test_calibration_error_is_covered_also_where_it_is_zero(claimed_too_much: float) -> None:
    generator, rounds, covered, naive = np.random.default_rng(2), 400, 0, 0
    for _ in range(rounds):
        claimed = 0.2 + 0.8 * generator.random(500)
        happened = generator.random(500) < claimed - claimed_too_much
        found = calibration_error_interval(happened, claimed, generator=generator, resamples=500)
        covered += found.low <= claimed_too_much <= found.high
        naive += found.value <= claimed_too_much
    assert covered / rounds > 0.93
    # the value itself lies above the truth: an interval around it must reach down
    assert naive / rounds < 0.6
    assert found.high - found.low < 0.12


def test_groups_are_what_is_counted() -> None:
    generator = np.random.default_rng(3)
    positives, claimed = generator.random(60) < 0.5, generator.random(60)
    often, groups = np.repeat(np.arange(60), 20), np.repeat(np.arange(60), 20)
    for found, alone in (
        (average_precision_interval(positives[often], claimed[often], groups=groups),
         average_precision_interval(positives, claimed, groups=np.arange(60))),
        (lift_interval(positives[often], claimed[often], 0.1, groups=groups),
         lift_interval(positives, claimed, 0.1, groups=np.arange(60))),
        (calibration_error_interval(positives[often], claimed[often], generator=np.random.default_rng(0),
                                    groups=groups, bins=5),
         calibration_error_interval(positives, claimed, generator=np.random.default_rng(0), groups=np.arange(60),
                                    bins=5)),
    ):  # fmt: skip
        # twenty copies of an item say no more than the item
        assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high), abs=0.01)
        assert found.n == 20 * alone.n


def test_what_one_class_cannot_tell_has_a_reason_and_neither_zero_nor_nan() -> None:
    truths, answers = np.zeros(30, dtype=np.int64), np.tile([0.8, 0.2], (30, 1))
    found = Classify(("a", "b")).measure(truths, answers, Evaluate(resamples=200), seed=0)
    for name in ("auc", "average_precision", "lift", "sensitivity"):
        assert (found.metrics[name].value, found.metrics[name].low) == (None, None)
        assert found.metrics[name].reason
    for figure in (*found.metrics.values(), *found.classes["a"].values(), *found.classes["b"].values()):
        assert figure.value is None or np.isfinite(figure.value)
    assert found.metrics["calibration_error"].value == pytest.approx(0.2, abs=1e-12)


def test_the_error_of_an_auc_is_that_of_exact_resampling() -> None:
    """10,000 rows, resampled within the classes: ranks counted anew each time, beside the influences of the rows."""
    generator, rounds = np.random.default_rng(5), 6000
    positives = np.arange(10_000) < 1000
    scores = generator.normal(size=10_000) + 1.8 * positives
    value = auc(positives, scores)
    order = np.argsort(scores)
    chosen = positives[order]
    above = np.cumsum(chosen[::-1])[::-1] / 1000  # positives at or above each row
    below = np.cumsum(~chosen) / 9000
    influence = np.where(chosen, (below - value) / 1000, (above - value) / 9000)
    exact, linear = np.empty(rounds), np.empty(rounds)
    for place in range(rounds):
        weights = np.empty(10_000)
        for part, count in ((chosen, 1000), (~chosen, 9000)):
            weights[part] = np.bincount(generator.integers(count, size=count), minlength=count)
        # no two scores are equal: every positive beats the weight of the negatives below it
        exact[place] = (weights * chosen) @ np.cumsum(weights * ~chosen) / 1000 / 9000
        linear[place] = value + weights @ influence
    ends, approximate = (np.quantile(each, [0.025, 0.975]) for each in (exact, linear))
    half = (ends[1] - ends[0]) / 2
    assert np.abs(ends - approximate).max() < 0.01 * half
    found = auc_interval(positives, scores)
    assert found.value == pytest.approx(value, abs=1e-12)
    # the quantiles of 6,000 resamples scatter by 2 % of the half-width
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.05)
