"""Intervals from confusion matrices: values against scikit-learn, coverage, groups, repetition and speed."""

from time import perf_counter

import numpy as np
import pytest
import sklearn.metrics as oracle

from layerwise.evaluation.confusion_intervals import class_intervals, classification_intervals, resampled_margins
from layerwise.evaluation.intervals import Interval, wilson
from layerwise.metrics import confusion_matrix, macro_f1
from layerwise.metrics.margins import Margins, balanced_accuracy, kappa, margins_of
from layerwise.metrics.margins import macro_f1 as macro_f1_of


def labels(items: int, classes: int, right: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return targets and predictions that agree with the given probability."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(classes, size=items)
    wrong = (targets + generator.integers(1, classes, size=items)) % classes
    return targets, np.where(generator.random(items) < right, targets, wrong)


def intervals(targets: np.ndarray, predictions: np.ndarray, classes: int, **options: object) -> dict[str, Interval]:
    return classification_intervals(targets, predictions, classes, generator=np.random.default_rng(9), **options)


def test_a_rare_class_that_is_all_found_may_be_missed_unseen() -> None:
    """Two classes of 1,000 and 5 items, all right: the five say that fewer than wilson(5, 5) may be found."""
    targets = np.repeat([0, 1], [1000, 5])
    found = intervals(targets, targets, 2)
    assert found["balanced_accuracy"].low == pytest.approx(wilson(10, 10).low, abs=1e-12)
    # of five that are found with chance r none is missed in 2.5 % of samples for r = 0.478: (1 + r) / 2 is not excluded
    assert found["balanced_accuracy"].low < (1 + 0.025**0.2) / 2
    # fifty persons, one of whom holds the whole rare class
    people = np.append(np.arange(1000) % 50, np.zeros(5, dtype=np.int64))
    assert intervals(targets, targets, 2, groups=people)["balanced_accuracy"].low < wilson(2, 2).low


def test_values_are_scikit_learns_and_ends_lie_around_them() -> None:
    targets, predictions = labels(300, 4, 0.8, 0)
    found = intervals(targets, predictions, 4)
    expected = {
        "accuracy": oracle.accuracy_score(targets, predictions),
        "error_rate": oracle.zero_one_loss(targets, predictions),
        "balanced_accuracy": oracle.balanced_accuracy_score(targets, predictions),
        "macro_f1": oracle.f1_score(targets, predictions, average="macro"),
        "kappa": oracle.cohen_kappa_score(targets, predictions),
    }
    assert {name: interval.value for name, interval in found.items()} == pytest.approx(expected, abs=1e-12)
    assert all(interval.low < interval.value < interval.high for interval in found.values())
    accuracy = wilson(int((targets == predictions).sum()), 300)
    assert found["accuracy"] == accuracy
    assert (found["error_rate"].low, found["error_rate"].high) == (1 - accuracy.high, 1 - accuracy.low)


def test_resampled_matrices_are_the_items_drawn_again() -> None:
    """Means and spreads agree with scikit-learn on resampled items, within their Monte Carlo error."""
    targets, predictions = labels(200, 3, 0.75, 1)
    matrix, generator = confusion_matrix(targets, predictions, 3), np.random.default_rng(3)
    drawn, units = resampled_margins(
        targets, predictions, matrix, groups=None, resamples=4000, generator=np.random.default_rng(4)
    )
    assert units == 200
    assert (drawn.actual.sum(axis=1) == 200).all()
    assert (drawn.predicted.sum(axis=1) == 200).all()
    slow = []
    for _ in range(600):
        rows = generator.integers(200, size=200)
        slow.append(oracle.f1_score(targets[rows], predictions[rows], average="macro"))
    fast = macro_f1_of(drawn)
    assert fast.mean() == pytest.approx(np.mean(slow), abs=4 * np.std(slow) / np.sqrt(600))
    assert fast.std() == pytest.approx(np.std(slow), rel=0.12)


def test_margins_of_drawn_cells_have_the_right_means_with_absent_classes_and_empty_cells() -> None:
    matrix = np.array([[5, 0, 3, 0], [0, 0, 0, 0], [1, 2, 4, 0], [0, 0, 0, 0]])
    targets, predictions = (np.repeat(side.ravel(), matrix.ravel()) for side in np.indices((4, 4)))
    drawn, _ = resampled_margins(
        targets, predictions, matrix, groups=None, resamples=20_000, generator=np.random.default_rng(0)
    )
    for found, expected in zip(
        (drawn.correct, drawn.actual, drawn.predicted),
        (matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)),
        strict=True,
    ):
        np.testing.assert_allclose(found.mean(axis=0), expected, atol=0.08)
        assert (found[:, expected == 0] == 0).all()


def test_a_perfect_matrix_is_not_certain() -> None:
    targets = np.repeat([0, 1, 2], 15)
    found = intervals(targets, targets, 3)
    for name in ("accuracy", "balanced_accuracy", "macro_f1"):
        # as many independent items as there are: Wilson's end for 45 of 45
        assert found[name].low == pytest.approx(wilson(45, 45).low, abs=1e-9)
        assert found[name].high == 1.0
    # 1 - kappa = (1 - p_o) / (1 - 1/3)
    assert found["kappa"].low == pytest.approx(1 - (1 - wilson(45, 45).low) * 1.5, abs=1e-9)


@pytest.mark.parametrize(("items", "right"), [(50, 0.97), (100, 0.8)])
def test_coverage_holds_where_the_percentile_bootstrap_fails(items: int, right: float) -> None:
    classes, rounds = 3, 300
    cells = np.full((classes, classes), (1 - right) / (classes - 1) / classes)
    np.fill_diagonal(cells, right / classes)
    measures = {"balanced_accuracy": balanced_accuracy, "macro_f1": macro_f1_of, "kappa": kappa}
    truth = {name: float(measure(margins_of(cells))) for name, measure in measures.items()}
    covered, percentile = dict.fromkeys(measures, 0), 0
    generator = np.random.default_rng(5)
    for _ in range(rounds):
        counts = generator.multinomial(items, cells.ravel()).reshape(classes, classes)
        targets, predictions = (np.repeat(side.ravel(), counts.ravel()) for side in np.indices(counts.shape))
        found = classification_intervals(targets, predictions, classes, generator=generator, resamples=500)
        for name in measures:
            covered[name] += found[name].low <= truth[name] <= found[name].high
        drawn, _ = resampled_margins(targets, predictions, counts, groups=None, resamples=500, generator=generator)
        low, high = np.quantile(macro_f1_of(drawn), [0.025, 0.975])
        percentile += low <= truth["macro_f1"] <= high
    assert all(count / rounds > 0.92 for count in covered.values()), covered
    if right == 0.97:
        assert percentile / rounds < 0.85


def test_whole_groups_vary_more_than_rows() -> None:
    # forty groups of ten items that are right or wrong together
    targets = np.repeat(np.arange(40) % 2, 10)
    predictions = np.where(np.repeat(np.arange(40) % 5 == 0, 10), 1 - targets, targets)
    groups = np.repeat(np.arange(40), 10)
    rows, whole = intervals(targets, predictions, 2), intervals(targets, predictions, 2, groups=groups)
    for name, interval in whole.items():
        assert interval.value == rows[name].value
        assert interval.high - interval.low > 2.5 * (rows[name].high - rows[name].low)


def test_groups_of_one_item_give_the_intervals_of_rows() -> None:
    targets, predictions = labels(400, 3, 0.8, 6)
    rows, single = intervals(targets, predictions, 3), intervals(targets, predictions, 3, groups=np.arange(400))
    for name, interval in single.items():
        assert (interval.low, interval.high) == pytest.approx((rows[name].low, rows[name].high), abs=3e-3)


def test_the_same_generator_gives_the_same_ends_to_the_last_bit() -> None:
    targets, predictions = labels(200, 5, 0.7, 7)
    groups = np.arange(200) // 4
    assert intervals(targets, predictions, 5) == intervals(targets, predictions, 5)
    assert intervals(targets, predictions, 5, groups=groups) == intervals(targets, predictions, 5, groups=groups)


def test_one_class_only_leaves_kappa_undefined_with_its_reason() -> None:
    found = intervals(np.zeros(20, dtype=int), np.zeros(20, dtype=int), 2)["kappa"]
    assert (found.value, found.low, found.high) == (None, None, None)
    assert "one class" in found.reason


def test_precision_recall_and_f1_of_each_class() -> None:
    # rows: cat 8 right, 2 as dog; dog 1 as cat, 9 right; ape never occurs and is never predicted
    targets, predictions = np.repeat([0, 0, 1, 1], [8, 2, 1, 9]), np.repeat([0, 1, 0, 1], [8, 2, 1, 9])
    cat, dog, ape = class_intervals(targets, predictions, ["cat", "dog", "ape"])
    assert (cat.precision.low, cat.precision.high) == (wilson(8, 9).low, wilson(8, 9).high)
    assert (dog.recall.low, dog.recall.n) == (wilson(9, 10).low, 10)
    # F1 = 2 * 9 / (10 + 11), through J = 9 / 12
    overlap = wilson(9, 12)
    assert dog.f1.value == pytest.approx(18 / 21, abs=1e-15)
    assert dog.f1.low == pytest.approx(2 * overlap.low / (1 + overlap.low), abs=1e-15)
    assert [measure.value for measure in (ape.precision, ape.recall, ape.f1)] == [None] * 3
    assert ape.precision.reason == "No item was predicted as 'ape'."
    assert ape.recall.reason == "No item belongs to 'ape'."


@pytest.mark.alone
def test_ten_thousand_resamples_cost_no_more_for_more_items() -> None:
    seconds = {}
    for items in (1_000, 100_000):
        targets, predictions = labels(items, 10, 0.9, 8)
        start = perf_counter()
        intervals(targets, predictions, 10)
        seconds[items] = perf_counter() - start
    # about 0.2 s each on a quiet core; generous, for a busy machine
    assert max(seconds.values()) < 3
    assert seconds[100_000] < 5 * seconds[1_000]


def test_stacked_margins_give_the_measure_of_each_matrix() -> None:
    stack = np.random.default_rng(0).integers(1, 9, size=(5, 3, 3))
    found = macro_f1_of(Margins(*(np.array(part) for part in vars(margins_of(stack)).values())))
    np.testing.assert_allclose(found, [macro_f1(matrix) for matrix in stack], atol=1e-15)
