"""Intervals of average precision of detectors: what pictures and classes without objects tell."""

import numpy as np

from layerwise.evaluation.detection_intervals import detection_intervals
from layerwise.evaluation.intervals import wilson

OBJECT, BOX, MISSED = ([0, 0, 0, 10, 10, 0.0], [0, 0, 0, 10, 10, 0.5], [0, 50, 50, 60, 60, 0.5])


def pictures(found: int, missed: int, empty: int):
    """Pictures with a cat that is found, with one that is missed, and without any."""
    truths = [np.array([OBJECT])] * (found + missed) + [np.zeros((0, 6))] * empty
    answers = [np.array([BOX])] * found + [np.array([MISSED])] * missed + [np.zeros((0, 6))] * empty
    return truths, answers


def test_a_class_that_no_picture_shows_makes_the_mean_no_more_certain():
    truths, answers = pictures(8, 6, 0)
    one, _ = detection_intervals(truths, answers, ("cat",), generator=np.random.default_rng(0))
    three, each = detection_intervals(truths, answers, ("cat", "dog", "cow"), generator=np.random.default_rng(0))
    assert three["map_50"] == one["map_50"]
    assert each["dog"]["ap_50"].value is None


def test_pictures_without_an_object_tell_nothing_of_how_it_is_found():
    few, _ = detection_intervals(*pictures(4, 0, 0), ("cat",), generator=np.random.default_rng(0))
    many, _ = detection_intervals(*pictures(4, 0, 300), ("cat",), generator=np.random.default_rng(0))
    assert (many["map_50"].value, many["map_50"].low) == (1.0, few["map_50"].low)
    assert many["map_50"].low <= wilson(4, 4).low
    alone, _ = detection_intervals(*pictures(1, 0, 300), ("cat",), generator=np.random.default_rng(0))
    assert (alone["map_50"].value, alone["map_50"].low) == (1.0, None)
