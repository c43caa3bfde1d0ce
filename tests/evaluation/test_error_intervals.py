"""Intervals of losses and R2: values against scikit-learn, coverage, groups, repetition."""

import numpy as np
import pytest
import sklearn.metrics as oracle
from scipy.stats import bootstrap

from layerwise.errors import LayerwiseError
from layerwise.evaluation.error_intervals import (
    mean_interval,
    mean_intervals,
    mean_of_sums,
    mean_units,
    r2_of_sums,
    regression_intervals,
    standard_errors,
    variance_units,
    with_products,
)
from layerwise.evaluation.resampling import resampled_sums
from layerwise.metrics.classification import negative_log_likelihoods


def line(items: int, generator: np.random.Generator, *, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return targets of variance 1 + noise^2 and predictions with normal errors of variance noise^2."""
    predictions = generator.normal(size=items)
    return predictions + noise * generator.normal(size=items), predictions


def test_values_are_scikit_learns_and_ends_lie_around_them() -> None:
    targets, predictions = line(120, np.random.default_rng(0))
    found = regression_intervals(targets, predictions, generator=np.random.default_rng(1))
    expected = {
        "half_squared_error": oracle.mean_squared_error(targets, predictions) / 2,
        "mse": oracle.mean_squared_error(targets, predictions),
        "rmse": oracle.root_mean_squared_error(targets, predictions),
        "mae": oracle.mean_absolute_error(targets, predictions),
        "r2": oracle.r2_score(targets, predictions),
    }
    assert {name: interval.value for name, interval in found.items()} == pytest.approx(expected, abs=1e-12)
    assert all(interval.low < interval.value < interval.high for interval in found.values())
    assert (found["rmse"].low, found["rmse"].high) == (found["mse"].low ** 0.5, found["mse"].high ** 0.5)


def test_several_outputs() -> None:
    generator = np.random.default_rng(2)
    targets = generator.normal(size=(60, 3))
    predictions = targets + 0.5 * generator.normal(size=(60, 3))
    found = regression_intervals(targets, predictions, generator=generator, resamples=2000)
    assert found["r2"].value == pytest.approx(oracle.r2_score(targets, predictions), abs=1e-12)
    assert found["half_squared_error"].value == pytest.approx(1.5 * found["mse"].value, abs=1e-12)
    assert found["r2"].low < found["r2"].value < found["r2"].high


def test_standard_errors_of_resamples_equal_numpy_on_the_items_drawn() -> None:
    losses = np.random.default_rng(6).exponential(size=25)
    columns = with_products(mean_units(losses, None))
    mean, error = standard_errors(
        mean_of_sums, resampled_sums(columns, resamples=8, generator=np.random.default_rng(7))
    )
    again = np.random.default_rng(7)
    for position in range(8):
        sample = losses[again.integers(25, size=25)]
        assert mean[position] + losses.mean() == pytest.approx(sample.mean(), abs=1e-12)
        assert error[position] == pytest.approx(sample.std() / 5, abs=1e-12)


def test_r2_of_resamples_equals_scikit_learn_and_its_error_the_infinitesimal_jackknife() -> None:
    targets, predictions = line(40, np.random.default_rng(3))
    units = variance_units(targets, (targets - predictions)[:, None], None)
    found, error = standard_errors(
        r2_of_sums, resampled_sums(with_products(units), resamples=6, generator=np.random.default_rng(7))
    )
    again = np.random.default_rng(7)
    for position in range(6):
        rows = again.integers(40, size=40)
        assert found[position] == pytest.approx(oracle.r2_score(targets[rows], predictions[rows]), abs=1e-12)
        influence = []
        for row in range(40):
            # the derivative by the weight of one item, as a central difference
            ends = []
            for move in (1e-5, -1e-5):
                weight = np.ones(40)
                weight[row] += move
                ends.append(oracle.r2_score(targets[rows], predictions[rows], sample_weight=weight))
            influence.append((ends[0] - ends[1]) / 2e-5)
        assert error[position] == pytest.approx(np.sqrt(np.sum(np.square(influence))), rel=1e-6)


def test_r2_interval_is_close_to_scipys_bca() -> None:
    targets, predictions = line(400, np.random.default_rng(3))
    found = regression_intervals(targets, predictions, generator=np.random.default_rng(4))["r2"]
    theirs = bootstrap(
        (targets, predictions),
        oracle.r2_score,
        paired=True,
        vectorized=False,
        n_resamples=1000,
        method="BCa",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.15 * (theirs.high - theirs.low))


def test_a_hundred_thousand_items_are_pooled_without_changing_the_interval() -> None:
    losses = np.random.default_rng(15).exponential(size=100_000)
    found = mean_interval(losses, generator=np.random.default_rng(0), resamples=2000)
    half = 1.96 * losses.std() / np.sqrt(100_000)
    assert found.n == 100_000
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.08)


@pytest.mark.parametrize("items", [30, 100])
def test_coverage_of_mean_squared_errors_beats_the_percentile_bootstrap(items: int) -> None:
    generator, rounds, ours, percentile = np.random.default_rng(8), 700, 0, 0
    for _ in range(rounds):
        losses = generator.normal(size=items) ** 2
        found = mean_interval(losses, generator=generator, resamples=600)
        ours += found.low <= 1 <= found.high
        drawn = generator.multinomial(items, np.full(items, 1 / items), size=600) @ losses / items
        low, high = np.quantile(drawn, [0.025, 0.975])
        percentile += low <= 1 <= high
    assert 0.92 < ours / rounds < 0.98
    if items == 30:
        assert percentile / rounds < 0.915


def test_coverage_of_r2() -> None:
    generator, rounds, covered = np.random.default_rng(9), 1000, 0
    for _ in range(rounds):
        # noise of variance 1 on a signal of variance 1: the true R2 is 0.5
        found = regression_intervals(*line(100, generator), generator=generator, resamples=300)["r2"]
        covered += found.low <= 0.5 <= found.high
    assert 0.91 < covered / rounds < 0.98


def test_whole_groups_vary_more_than_rows() -> None:
    losses, groups = np.random.default_rng(10).exponential(size=60), np.arange(60)
    options = {"resamples": 3000}
    single = mean_interval(losses, generator=np.random.default_rng(0), **options)
    copied = mean_interval(np.repeat(losses, 9), generator=np.random.default_rng(0), groups=np.repeat(groups, 9))
    rows = mean_interval(np.repeat(losses, 9), generator=np.random.default_rng(0), **options)
    assert copied.high - copied.low > 2.5 * (rows.high - rows.low)
    # nine copies of every item tell no more than one
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high), abs=0.05)


def test_the_same_generator_gives_the_same_ends_to_the_last_bit() -> None:
    targets, predictions = line(70, np.random.default_rng(11))
    first, second = (regression_intervals(targets, predictions, generator=np.random.default_rng(12)) for _ in range(2))
    assert first == second


def test_log_loss_equals_scikit_learn_and_infinite_losses_have_a_reason() -> None:
    generator = np.random.default_rng(13)
    probabilities, targets = generator.dirichlet(np.ones(3) * 4, size=80), generator.integers(3, size=80)
    found = mean_interval(negative_log_likelihoods(targets, probabilities), generator=generator)
    assert found.value == pytest.approx(oracle.log_loss(targets, probabilities), abs=1e-12)
    assert found.low < found.value < found.high
    found = mean_interval(
        negative_log_likelihoods(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]])), generator=generator
    )
    assert (found.value, found.reason) == (None, "1 of 2 losses are infinite.")


def test_losses_that_are_drawn_together_have_the_intervals_they_have_alone() -> None:
    first, second = np.random.default_rng(15).gamma(2.0, size=(2, 90))
    both = mean_intervals({"a": first, "b": second}, generator=np.random.default_rng(16))
    for losses, found in ((first, both["a"]), (second, both["b"])):
        alone = mean_interval(losses, generator=np.random.default_rng(16))
        assert (found.low, found.high) == pytest.approx((alone.low, alone.high), rel=1e-10)


def test_what_cannot_be_resampled_has_a_value_and_a_reason_but_no_ends() -> None:
    generator = np.random.default_rng(14)
    for losses in (np.full(50, 0.3), np.zeros(50), np.array([1.0, 2.0, 3.0])):
        found = mean_interval(losses, generator=generator)
        assert found.value == pytest.approx(losses.mean())
        assert (found.low, found.high) == (None, None)
        assert "Too few or too equal" in found.reason
    found = regression_intervals(np.full(20, 0.1), np.arange(20.0), generator=generator)
    assert found["r2"].value is None
    assert "vary" in found["r2"].reason
    assert found["mse"].low is not None


def test_group_labels_must_fit() -> None:
    with pytest.raises(LayerwiseError, match="2 labels and 9 items"):
        mean_interval(np.arange(9.0), generator=np.random.default_rng(0), groups=np.array([0, 1]))
