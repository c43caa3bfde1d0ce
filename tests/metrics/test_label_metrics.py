"""Measures of label sets agree with scikit-learn's, and their spreads with a bootstrap of whole examples."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from layerwise.errors import LayerwiseError
from layerwise.evaluation.intervals import wilson
from layerwise.evaluation.label_intervals import (
    each_label_intervals,
    f1_influence,
    label_set_intervals,
)
from layerwise.evaluation.precision_recall_intervals import average_precision_influence, average_precision_interval
from layerwise.metrics import labels


def drawn(seed, items=80, count=4, ties=False):
    """Label sets, scores that know something of them, and answers."""
    draw = np.random.default_rng(seed)
    targets = draw.random((items, count)) < [0.5, 0.2, 0.1, 0.3][:count]
    scores = 1 / (1 + np.exp(-draw.normal(size=(items, count)) - 1.5 * targets + 1))
    return targets, np.round(scores, 1) if ties else scores


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ties", [False, True])
def test_every_measure_is_that_of_scikit_learn(seed, ties):
    targets, scores = drawn(seed, ties=ties)
    chosen = scores > 0.5
    assert labels.subset_accuracy(targets, chosen) == pytest.approx(oracle.accuracy_score(targets, chosen))
    assert labels.hamming_loss(targets, chosen) == pytest.approx(oracle.hamming_loss(targets, chosen))
    assert labels.micro_label_f1(targets, chosen) == pytest.approx(oracle.f1_score(targets, chosen, average="micro"))
    assert labels.macro_label_f1(targets, chosen) == pytest.approx(oracle.f1_score(targets, chosen, average="macro"))
    np.testing.assert_allclose(labels.f1_per_label(targets, chosen), oracle.f1_score(targets, chosen, average=None))
    assert labels.mean_average_precision(targets, scores) == pytest.approx(
        oracle.average_precision_score(targets, scores, average="macro")
    )


def test_a_label_without_examples_is_undefined_and_left_out_of_means():
    targets, scores = drawn(0)
    targets[:, 1] = False
    kept = [0, 2, 3]
    chosen = scores > 0.2
    assert np.isnan(labels.f1_per_label(targets, chosen)[1])
    assert labels.macro_label_f1(targets, chosen) == pytest.approx(
        oracle.f1_score(targets[:, kept], chosen[:, kept], average="macro")
    )
    assert labels.mean_average_precision(targets, scores) == pytest.approx(
        oracle.average_precision_score(targets[:, kept], scores[:, kept])
    )
    found = each_label_intervals(targets, chosen, scores, "abcd")["b"]
    assert all(interval.value is None and "'b'" in interval.reason for interval in found.values())
    nothing = label_set_intervals(np.zeros((5, 2), dtype=bool), np.zeros((5, 2), dtype=bool), np.zeros((5, 2)))
    assert {name for name, interval in nothing.items() if interval.value is None} == {
        "micro_f1", "macro_f1", "mean_average_precision",
    }  # fmt: skip


@pytest.mark.parametrize("ties", [False, True])
def test_influences_are_the_derivatives_of_the_weighted_measures(ties):
    targets, scores = drawn(1, items=40, ties=ties)
    positives, score, step = targets[:, 0], scores[:, 0], 1e-6
    chosen = score > 0.5
    for influence, figure in (
        (
            average_precision_influence(positives, score),
            lambda w: oracle.average_precision_score(positives, score, sample_weight=w),
        ),
        (f1_influence(positives, chosen), lambda w: oracle.f1_score(positives, chosen, sample_weight=w)),
    ):
        slopes = [(figure(1 + step * (np.arange(40) == row)) - figure(np.ones(40))) / step for row in range(40)]
        np.testing.assert_allclose(influence, slopes, atol=1e-6)


def test_the_spread_is_that_of_a_bootstrap_of_whole_examples():
    targets, scores = drawn(2, items=300)
    chosen, draw = scores > 0.5, np.random.default_rng(0)
    found = label_set_intervals(targets, chosen, scores)
    again = {"micro_f1": [], "macro_f1": [], "mean_average_precision": [], "hamming_loss": []}
    for _ in range(400):
        rows = draw.integers(300, size=300)
        again["micro_f1"].append(labels.micro_label_f1(targets[rows], chosen[rows]))
        again["macro_f1"].append(labels.macro_label_f1(targets[rows], chosen[rows]))
        again["mean_average_precision"].append(labels.mean_average_precision(targets[rows], scores[rows]))
        again["hamming_loss"].append(labels.hamming_loss(targets[rows], chosen[rows]))
    for name, values in again.items():
        half = (found[name].high - found[name].low) / 2
        assert half == pytest.approx(1.96 * np.std(values), rel=0.15), name
        assert found[name].n == 300


def test_doubled_examples_as_groups_tell_no_more_than_single_ones():
    targets, scores = drawn(3, items=100)
    single = label_set_intervals(targets, scores > 0.5, scores)
    twice = [np.concatenate([part, part]) for part in (targets, scores)]
    grouped = label_set_intervals(twice[0], twice[1] > 0.5, twice[1], groups=np.tile(np.arange(100), 2))
    for name in ("micro_f1", "macro_f1", "mean_average_precision", "hamming_loss"):
        width, other = (found[name].high - found[name].low for found in (single, grouped))
        assert other == pytest.approx(width, rel=0.05), name


@pytest.mark.parametrize(
    ("holders", "missed"), [((50, 10, 4), (0, 0, 0.5)), ((50, 10, 4), (0.001, 0.02, 0.5)), ((5,), (0.9,)),
                            ((5, 3, 20), (0.9, 0.95, 0.97))],
)  # fmt: skip
def test_rare_labels_that_are_all_found_or_all_missed_are_not_certain(holders, missed):
    """100 examples; of each label some are missed by chance: F1 of a label is 2 r / (1 + r), r the share found."""
    draw, rounds, covered, at_an_end = np.random.default_rng(0), 1000, 0, 0
    found = 1 - np.array(missed)
    truth = float(np.mean(2 * found / (1 + found)))
    targets = np.zeros((100, len(holders)), dtype=bool)
    for label, count in enumerate(holders):
        targets[draw.permutation(100)[:count], label] = True
    for _ in range(rounds):
        chosen = targets & (draw.random(targets.shape) >= missed)
        interval = label_set_intervals(targets, chosen, chosen * 1.0)["macro_f1"]
        held = interval.low is not None and interval.low <= truth <= interval.high
        covered += held
        if interval.value in (0.0, 1.0):
            at_an_end += 1
            assert held, "what was all found or all missed says the least"
    assert covered / rounds > 0.91
    assert at_an_end / rounds > 0.02, "the test must see the ends"


def test_a_figure_at_its_end_knows_as_much_as_there_are_holders():
    targets = np.zeros((200, 1), dtype=bool)
    targets[:8] = True
    found = label_set_intervals(targets, targets, targets * 1.0)
    for name in ("micro_f1", "macro_f1", "mean_average_precision"):
        assert (found[name].low, found[name].high) == pytest.approx((wilson(8, 8).low, 1.0), abs=1e-12), name
    # 4 groups of 2 holders each, and 48 without any
    grouped = label_set_intervals(targets, targets, targets * 1.0, groups=np.arange(200) // 2)
    assert grouped["micro_f1"].low < wilson(4, 4).low
    missed = label_set_intervals(targets, np.zeros_like(targets), targets * 0.5)["micro_f1"]
    share = wilson(0, 8).high
    assert (missed.low, missed.high) == pytest.approx((0.0, 2 * share / (1 + share)), abs=1e-12)


@pytest.mark.parametrize("perfect", [False, True])
def test_average_precision_of_a_label_has_the_interval_that_it_has_elsewhere(perfect):
    targets, scores = drawn(4)
    scores = targets + 0.0 if perfect else scores
    found = each_label_intervals(targets, scores > 0.5, scores, "abcd")
    for place, name in enumerate("abcd"):
        assert found[name]["average_precision"] == average_precision_interval(targets[:, place], scores[:, place])


def test_shapes_that_do_not_fit_are_refused():
    targets, scores = drawn(0)
    with pytest.raises(LayerwiseError, match="same shape"):
        labels.hamming_loss(targets, (scores > 0.5)[:, :2])
    with pytest.raises(LayerwiseError, match="same items"):
        labels.subset_accuracy(targets, (scores > 0.5)[:2])
