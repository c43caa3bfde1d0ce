"""Intervals of a segmentation hold what they promise, because whole pictures are resampled."""

import numpy as np
import pytest

from layerwise.evaluation.intervals import wilson
from layerwise.evaluation.segmentation_intervals import class_iou_intervals, segmentation_intervals
from layerwise.metrics.margins import margins_of
from layerwise.metrics.segmentation import mean_iou, pixel_accuracy

PIXELS = 400


def pictures(draw, number):
    """Two classes; how well a picture is answered differs from picture to picture, as it does for a network."""
    share = draw.beta(2, 6, number)
    inside = np.rint(PIXELS * share).astype(int)
    found, false = draw.beta(18, 4, number), draw.beta(1, 30, number)
    hits, alarms = draw.binomial(inside, found), draw.binomial(PIXELS - inside, false)
    return np.stack([PIXELS - inside - alarms, alarms, inside - hits, hits], axis=1).reshape(-1, 2, 2)


def test_the_intervals_cover_as_often_as_they_promise():
    whole = margins_of(pictures(np.random.default_rng(1), 200_000).sum(axis=0))
    truths = {"mean_iou": float(mean_iou(whole)), "pixel_accuracy": float(pixel_accuracy(whole))}
    inside = dict.fromkeys(truths, 0)
    trials = 300
    for trial in range(trials):
        draw = np.random.default_rng([2, trial])
        found = segmentation_intervals(pictures(draw, 60), generator=draw, resamples=300)
        for name, truth in truths.items():
            inside[name] += found[name].low <= truth <= found[name].high
    for name, count in inside.items():
        assert 0.91 <= count / trials <= 0.985, (name, count / trials)


def test_pixels_are_not_taken_for_independent():
    draw = np.random.default_rng(3)
    counts = pictures(draw, 60)
    found = segmentation_intervals(counts, generator=draw, resamples=1000)["pixel_accuracy"]
    as_pixels = wilson(int(np.trace(counts.sum(axis=0))), int(counts.sum()))
    assert found.value == pytest.approx(as_pixels.value)
    assert found.high - found.low > 2 * (as_pixels.high - as_pixels.low)


def test_groups_of_pictures_are_resampled_whole():
    draw = np.random.default_rng(4)
    counts = np.repeat(pictures(draw, 20), 10, axis=0)
    alone = segmentation_intervals(counts, generator=draw, resamples=1000)["mean_iou"]
    grouped = segmentation_intervals(counts, groups=np.arange(200) // 10, generator=draw, resamples=1000)["mean_iou"]
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_a_class_that_is_nowhere_has_a_reason_instead_of_a_value():
    counts = np.zeros((5, 3, 3), dtype=np.int64)
    counts[:, :2, :2] = pictures(np.random.default_rng(5), 5)
    found = class_iou_intervals(counts, ("a", "b", "c"), generator=np.random.default_rng(0), resamples=50)
    assert found["c"]["iou"].value is None
    assert found["c"]["iou"].reason == "No pixel belongs to the class or was answered as it."
    counts[:, 2, 0] = 3
    found = class_iou_intervals(counts, ("a", "b", "c"), generator=np.random.default_rng(0), resamples=50)
    # pixels of the class that are all missed: precision alone is undefined
    assert (found["c"]["iou"].value, found["c"]["recall"].value, found["c"]["precision"].value) == (0.0, 0.0, None)
    assert found["c"]["precision"].reason == "No pixel was answered as the class."
    assert found["b"]["iou"].low < found["b"]["iou"].value < found["b"]["iou"].high


def test_pictures_without_a_class_tell_nothing_about_it():
    counts, draw = np.zeros((200, 2, 2), dtype=np.int64), np.random.default_rng(0)
    counts[:, 0, 0] = 100
    counts[0, 1] = [11, 37]
    alone = class_iou_intervals(counts, ("sky", "bird"), generator=draw, resamples=200)["bird"]["iou"]
    assert (alone.value, alone.low) == (37 / 48, None)
    # a bird in three pictures of two hundred, never found, and always found
    counts[:3, 1], counts[3:, 1] = [30, 0], 0
    missed = class_iou_intervals(counts, ("sky", "bird"), generator=draw, resamples=200)["bird"]["iou"]
    assert missed.value == 0
    assert missed.high > 1 - 0.025 ** (1 / 3), "three misses of three are that likely where 71 % are missed"
    counts[:3, 1] = [0, 30]
    found = segmentation_intervals(counts, generator=draw, resamples=200)["mean_iou"]
    assert found.value == 1
    assert found.low < 1 - (1 - 0.025 ** (1 / 3)) / 2


def test_one_picture_tells_nothing_about_others():
    found = segmentation_intervals(
        pictures(np.random.default_rng(6), 1), generator=np.random.default_rng(0), resamples=9
    )
    assert found["mean_iou"].low is None
    assert found["mean_iou"].reason
