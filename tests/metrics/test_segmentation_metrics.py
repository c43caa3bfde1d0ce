"""IoU and its kin against scikit-learn, the definition in sets of pixels, and the counts by hand."""

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from layerwise.byhand.segmentation import count_pixels
from layerwise.errors import LayerwiseError
from layerwise.metrics.margins import margins_of
from layerwise.metrics.segmentation import (
    frequency_weighted_iou,
    iou,
    mean_iou,
    picture_confusions,
    pixel_accuracy,
)


def drawn(seed, pictures=6, classes=4):
    draw = np.random.default_rng(seed)
    truths = [draw.integers(0, classes, tuple(draw.integers(3, 9, 2))) for _ in range(pictures)]
    answers = [
        np.where(draw.random(truth.shape) < 0.6, truth, draw.integers(0, classes, truth.shape)) for truth in truths
    ]
    for truth in truths:
        truth[draw.random(truth.shape) < 0.2] = 255
    return truths, answers


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_by_hand_for_pictures_of_any_size(seed):
    truths, answers = drawn(seed)
    counts = picture_confusions(truths, answers, 4, ignore=255)
    for found, truth, answer in zip(counts, truths, answers, strict=True):
        assert np.array_equal(found, count_pixels(truth, answer, 4))


@pytest.mark.parametrize("seed", range(4))
def test_iou_is_the_overlap_of_all_pixels_of_all_pictures(seed):
    truths, answers = drawn(seed)
    measured = margins_of(picture_confusions(truths, answers, 4, ignore=255).sum(axis=0))
    truth, answer = (np.concatenate([image.ravel() for image in images]) for images in (truths, answers))
    truth, answer = truth[truth != 255], answer[truth != 255]
    expected = jaccard_score(truth, answer, labels=range(4), average=None)
    assert iou(measured) == pytest.approx(expected, abs=1e-12)
    assert float(mean_iou(measured)) == pytest.approx(expected.mean(), abs=1e-12)
    weighted = jaccard_score(truth, answer, labels=range(4), average="weighted")
    assert float(frequency_weighted_iou(measured)) == pytest.approx(weighted, abs=1e-12)
    assert float(pixel_accuracy(measured)) == pytest.approx((truth == answer).mean(), abs=1e-12)


def test_one_matrix_is_not_the_mean_over_pictures():
    """S68: a picture with one wrong pixel of a rare class must not count like a picture full of it."""
    truths = [np.array([[1, 1, 1, 1]]), np.array([[0, 0, 0, 1]])]
    answers = [np.array([[1, 1, 1, 1]]), np.array([[0, 0, 0, 0]])]
    counts = picture_confusions(truths, answers, 2, ignore=255)
    accumulated = float(mean_iou(margins_of(counts.sum(axis=0))))
    each = [float(mean_iou(margins_of(matrix))) for matrix in counts]
    assert accumulated == pytest.approx((3 / 4 + 4 / 5) / 2)
    assert np.mean(each) == pytest.approx((1 + (3 / 4 + 0) / 2) / 2)


def test_a_class_that_is_nowhere_counts_neither_as_0_nor_as_1():
    measured = margins_of(np.array([[3, 1, 0], [1, 3, 0], [0, 0, 0]]))
    assert np.isnan(iou(measured)[2])
    assert float(mean_iou(measured)) == pytest.approx(0.6)
    answered = margins_of(np.array([[3, 1, 1], [1, 3, 0], [0, 0, 0]]))
    assert iou(answered)[2] == 0, "one that was answered without being there counts as 0"


def test_ignored_pixels_change_nothing_whatever_is_answered_there():
    truths, answers = drawn(9)
    others = [np.where(truth == 255, 3, answer) for truth, answer in zip(truths, answers, strict=True)]
    assert np.array_equal(
        picture_confusions(truths, answers, 4, ignore=255), picture_confusions(truths, others, 4, ignore=255)
    )


def test_what_does_not_fit_is_refused():
    truth = np.zeros((2, 3), dtype=np.uint8)
    with pytest.raises(LayerwiseError, match=r"picture 0: \(3, 2\) against \(2, 3\)"):
        picture_confusions([truth], [truth.T], 2, ignore=255)
    with pytest.raises(LayerwiseError, match="answers up to 2"):
        picture_confusions([truth], [truth + 2], 2, ignore=255)
    with pytest.raises(LayerwiseError, match="1 targets and 0 predictions"):
        picture_confusions([truth], [], 2, ignore=255)
