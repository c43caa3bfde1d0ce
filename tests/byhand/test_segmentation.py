"""S67: the loss of every pixel with an ignored label, against torch; the counts against scikit-learn."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix, jaccard_score

from byhand.oracle import assert_close, in_torch
from layerwise.byhand.segmentation import (
    count_pixels,
    intersection_over_union,
    pixel_cross_entropy,
    pixel_cross_entropy_backward,
)


def drawn(seed, share=0.3):
    draw = np.random.default_rng(seed)
    logits, labels = draw.normal(size=(2, 4, 5, 7)) * 3, draw.integers(0, 4, (2, 5, 7))
    labels[draw.random(labels.shape) < share] = 255
    return logits, labels


@pytest.mark.parametrize("seed", range(5))
def test_loss_and_gradient_equal_torch(seed):
    logits, labels = drawn(seed)
    total, count = pixel_cross_entropy(logits, labels)
    value, (slope,) = in_torch(
        lambda z: F.cross_entropy(z, torch.tensor(labels), ignore_index=255, reduction="sum"), (logits,)
    )
    assert_close(total, value)
    assert count == (labels != 255).sum()
    assert_close(pixel_cross_entropy_backward(logits, labels), slope)


def test_what_stands_under_an_ignored_pixel_changes_nothing():
    logits, labels = drawn(7)
    other = np.where((labels == 255)[:, None], 1e3, logits)
    assert pixel_cross_entropy(other, labels) == pixel_cross_entropy(logits, labels)
    assert not pixel_cross_entropy_backward(other, labels)[
        np.broadcast_to((labels == 255)[:, None], logits.shape)
    ].any()


@pytest.mark.parametrize("seed", range(3))
def test_counts_and_overlap_equal_scikit_learn(seed):
    logits, labels = drawn(seed)
    truth, answer = labels[0], logits[0].argmax(0)
    counted = truth != 255
    matrix = count_pixels(truth, answer, 4)
    assert np.array_equal(matrix, confusion_matrix(truth[counted], answer[counted], labels=range(4)))
    for place in range(4):
        inside = [(image[counted] == place).astype(float) for image in (truth, answer)]
        expected = jaccard_score(truth[counted] == place, answer[counted] == place)
        assert intersection_over_union(*inside) == pytest.approx(expected, abs=1e-12)


def test_two_empty_regions_have_no_overlap_to_speak_of():
    assert np.isnan(intersection_over_union(np.zeros(3), np.zeros(3)))
