"""Learning curves drawn out: laws that are known are found, intervals hold what they say, and noise buys nothing."""

import numpy as np
import pytest

from layerwise.evaluation.learning_curve import prospect_lines
from layerwise.evaluation.power_law import EXPONENTS, fit_power_law, prospect

SIZES = np.geomspace(22, 720, 7).round()
TESTED = 80


@pytest.mark.parametrize(("floor", "reach", "exponent"), [(0.1, 0.2, 0.5), (0.0, 0.3, 0.3), (0.05, 0.1, 1.0)])
def test_a_law_without_noise_is_found(floor, reach, exponent):
    # An exponent of the grid itself, so that nothing is left to it.
    exponent = EXPONENTS[np.abs(EXPONENTS - exponent).argmin()]
    errors = floor + reach * (SIZES / SIZES[-1]) ** -exponent
    found = fit_power_law(SIZES, errors[None], np.arange(1.0, 8.0))
    assert [float(each[0]) for each in found] == pytest.approx([floor, reach, exponent], abs=1e-9)


def test_the_fit_is_that_of_bounded_least_squares():
    from scipy.optimize import nnls

    drawn = np.random.default_rng(0)
    weights = drawn.uniform(0.5, 2, 7)
    for _ in range(20):
        errors = np.abs(drawn.normal(0.2, 0.1, 7))
        a, b, c = (float(each[0]) for each in fit_power_law(SIZES, errors[None], weights))
        root, best = np.sqrt(weights), np.inf
        for exponent in EXPONENTS:
            matrix = np.column_stack([np.ones(7), (SIZES / SIZES[-1]) ** -exponent])
            best = min(best, nnls(matrix * root[:, None], errors * root)[1])
        left = root * (errors - a - b * (SIZES / SIZES[-1]) ** -c)
        assert np.linalg.norm(left) == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize(("floor", "reach", "exponent"), [(0.1, 1.0, 0.5), (0.0, 0.8, 0.3)])
def test_the_interval_covers_the_truth_at_twice_the_rows(floor, reach, exponent):
    """100 simulated experiments each of two laws, 10 folds of 80 test rows: at least 90 of a hundred must cover."""
    drawn = np.random.default_rng(7)
    truth = floor + reach * SIZES**-exponent
    covered = gained = told = 0
    for seed in range(100):
        errors = drawn.binomial(TESTED, truth, size=(10, 7)) / TESTED
        found = prospect(SIZES, errors, tested=TESTED, learned=720, seed=seed)
        if not found.ahead:
            continue
        twice, now = floor + reach * 1440.0**-exponent, truth[-1]
        told += 1
        covered += found.ahead[0].low <= twice <= found.ahead[0].high
        gained += found.ahead[0].gain_low <= now - twice <= found.ahead[0].gain_high
    assert told >= 98
    assert covered >= 0.9 * told
    assert gained >= 0.9 * told


def test_intervals_are_no_wider_than_they_must_be():
    # With 100 times the test rows the spread is a tenth, and so is the interval.
    drawn = np.random.default_rng(3)
    truth = 0.1 + SIZES**-0.5
    widths = []
    for rows in (TESTED, 100 * TESTED):
        errors = drawn.binomial(rows, truth, size=(10, 7)) / rows
        found = prospect(SIZES, errors, tested=80, learned=720)
        widths.append(found.ahead[0].high - found.ahead[0].low)
    assert widths[1] < 0.25 * widths[0]


def test_noise_is_said_to_buy_nothing():
    drawn = np.random.default_rng(0)
    named = sum(
        bool(prospect(SIZES, drawn.binomial(TESTED, 0.5, size=(10, 7)) / TESTED, tested=80, learned=720).ahead)
        for _ in range(200)
    )
    assert named <= 14
    flat = prospect(SIZES, np.full((10, 7), 0.3), tested=80, learned=720)
    assert not flat.falling
    assert "more rows would probably buy nothing" in prospect_lines(flat, "error_rate", 0.95)[0]


def test_a_fall_that_may_be_chance_is_called_so():
    steep = np.linspace(0.01, 0, 7) * np.array([-1.0, 0, 1, 2, 3])[:, None] + 0.3
    found = prospect(SIZES, steep, tested=80, learned=320)
    assert not found.ahead
    assert "no more than by chance" in found.reason


def test_what_the_law_does_not_fit_is_not_drawn_out():
    drawn = np.random.default_rng(0)
    # Falls, rises to a peak as at interpolation, and falls again.
    bumpy = np.array([0.45, 0.30, 0.22, 0.36, 0.40, 0.15, 0.10]) + 0.005 * drawn.normal(size=(10, 7))
    found = prospect(SIZES, bumpy, tested=80, learned=720)
    assert found.falling
    assert not found.ahead
    assert "no inverse power law" in found.reason


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (np.full((10, 4), 0.3), "Too few rows for a learning curve (sizes: 4, folds: 10)"),
        (np.full((2, 7), 0.3), "(sizes: 7, folds: 2)"),
        (np.array([0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.0]) * np.ones((5, 1)), "no error is left to lower"),
    ],
)
def test_what_cannot_be_told_is_not_told(errors, words):
    found = prospect(SIZES[: errors.shape[1]], errors, tested=80, learned=720)
    assert not found.ahead
    assert words in found.reason
