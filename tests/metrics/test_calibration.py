"""Calibration: bins, error and the parts of the Brier score, against scikit-learn and their definitions."""

import numpy as np
import pytest
import sklearn.metrics as oracle
from sklearn.calibration import calibration_curve

from layerwise.errors import LayerwiseError
from layerwise.metrics import brier_scores, calibration_error
from layerwise.metrics.calibration import brier_parts, calibration_gaps, equal_frequency_bins, events


def claims(items: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    claimed = generator.random(items)
    return generator.random(items) < claimed**2, claimed


def test_bins_hold_equally_many_and_equal_scikit_learns_quantile_bins() -> None:
    happened, claimed = claims(500, 0)
    counts, shares, means = calibration_gaps(happened, claimed, 10)
    assert counts.tolist() == [50] * 10
    expected = calibration_curve(happened, claimed, n_bins=10, strategy="quantile")
    assert shares == pytest.approx(expected[0], abs=1e-12)
    assert means == pytest.approx(expected[1], abs=1e-12)


def test_equal_probabilities_share_a_bin_and_no_bin_is_empty() -> None:
    claimed = np.repeat([0.1, 0.5, 0.9], [70, 20, 10])
    places = equal_frequency_bins(claimed, 10)
    assert [set(places[claimed == value].tolist()) for value in (0.1, 0.5, 0.9)] == [{0}, {1}, {2}]


@pytest.mark.parametrize(("items", "bins"), [(5, 1), (19, 1), (45, 4), (100, 10), (9000, 10)])
def test_few_items_have_few_bins(items: int, bins: int) -> None:
    assert len(np.unique(equal_frequency_bins(np.linspace(0, 1, items)))) == bins


def test_the_error_is_the_mean_gap() -> None:
    # two bins of 50: 0.2 claimed and 20 of 50 happen, 0.8 claimed and 45 of 50 happen: (0.2 + 0.1) / 2
    claimed = np.repeat([0.2, 0.8], 50)
    happened = np.concatenate([np.arange(50) < 20, np.arange(50) < 45])
    assert calibration_error(happened, claimed) == pytest.approx(0.15, abs=1e-12)
    assert calibration_error(np.ones(40, dtype=bool), np.ones(40)) == 0.0


def test_brier_scores_equal_scikit_learn() -> None:
    generator = np.random.default_rng(1)
    for classes in (2, 4):
        probabilities = generator.dirichlet(np.ones(classes), size=60)
        targets = generator.integers(classes, size=60)
        asked = probabilities if classes > 2 else probabilities[:, 1]
        expected = oracle.brier_score_loss(targets, asked, scale_by_half=classes == 2)
        assert brier_scores(targets, probabilities).mean() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("bins", [1, 3, 0, 200])
def test_the_parts_of_the_brier_score_add_up(bins: int) -> None:
    happened, claimed = claims(200, 2)
    parts = brier_parts(happened, claimed, bins)
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert whole == pytest.approx(((claimed - happened) ** 2).mean(), abs=1e-12)
    # a bin for each probability leaves nothing inside the bins; one bin for all has no resolution
    assert bins != 200 or parts.within == pytest.approx(0.0, abs=1e-15)
    assert bins != 1 or parts.resolution == pytest.approx(0.0, abs=1e-15)


def test_the_event_is_the_positive_class_of_two_and_the_answer_of_more() -> None:
    two = np.array([[0.9, 0.1], [0.3, 0.7]])
    happened, claimed = events(np.array([0, 0]), two, positive=0)
    assert (happened.tolist(), claimed.tolist()) == ([True, True], [0.9, 0.3])
    three = np.array([[0.2, 0.5, 0.3], [0.2, 0.1, 0.7]])
    happened, claimed = events(np.array([1, 0]), three)
    assert (happened.tolist(), claimed.tolist()) == ([True, False], [0.5, 0.7])


def test_rounding_above_one_is_no_mistake_and_a_logit_is_one() -> None:
    assert events(np.array([1]), np.array([[0.0, 1.0 + 2e-16]]))[1].tolist() == [1.0]
    with pytest.raises(LayerwiseError, match=r"1.5 at item 1"):
        calibration_error(np.array([True, True]), np.array([0.5, 1.5]))
