"""Boxes by hand: golden overlaps, the gradient against finite differences, suppression against torchvision."""

import numpy as np
import pytest
import torch

from layerwise.byhand.boxes import (
    area,
    decode_box,
    encode_box,
    generalised_intersection_over_union,
    intersection_over_union,
    suppress,
)
from layerwise.layers import boxes as layers

PAIRS = {
    "crossing": ((0, 0, 2, 2), (1, 1, 3, 3)),
    "within": ((0, 0, 8, 8), (2, 3, 5, 7)),
    "around": ((2, 3, 5, 7), (0, 0, 8, 8.5)),
    "apart": ((0, 0, 2, 2), (5, 6, 8, 7)),
    "beside": ((0, 0, 4, 4), (6, 1, 9, 3)),
}


def drawn(seed: int, number: int = 30) -> np.ndarray:
    generator = np.random.default_rng(seed)
    corners = generator.uniform(0, 50, (number, 2))
    return np.hstack([corners, corners + generator.uniform(4, 40, (number, 2))])


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7),
        ((0, 0, 2, 2), (0, 0, 2, 2), 1.0),
        ((0, 0, 2, 2), (2, 0, 4, 2), 0.0),
        ((0, 0, 4, 4), (0, 0, 2, 2), 1 / 4),
        ((0, 0, 10, 10), (0, 0, 10, 5), 1 / 2),
    ],
)
def test_overlaps_that_can_be_counted(first, second, value):
    pair = np.array(first, dtype=float), np.array(second, dtype=float)
    assert intersection_over_union(*pair) == pytest.approx(value, abs=1e-15)
    assert intersection_over_union(*pair[::-1]) == intersection_over_union(*pair)


def test_generalised_overlap_is_one_seventh_less_two_ninths():
    value, _ = generalised_intersection_over_union(np.array([0.0, 0, 2, 2]), np.array([1.0, 1, 3, 3]))
    assert value == pytest.approx(1 / 7 - 2 / 9, abs=1e-15)


def test_generalised_overlap_of_boxes_apart_by_the_paper():
    # |U| = 2, |C| = 3: 0 - 1/3
    value, gradient = generalised_intersection_over_union(np.array([0.0, 0, 1, 1]), np.array([2.0, 0, 3, 1]))
    assert value == pytest.approx(-1 / 3, abs=1e-15)
    assert gradient[2] > 0  # the right edge is drawn towards the other box


@pytest.mark.parametrize("name", PAIRS)
def test_the_gradient_equals_finite_differences_and_torch(name):
    predicted, wanted = (np.array(box, dtype=float) for box in PAIRS[name])
    value, gradient = generalised_intersection_over_union(predicted, wanted)
    for edge in range(4):
        step = np.eye(4)[edge] * 1e-6
        ends = [generalised_intersection_over_union(predicted + sign * step, wanted)[0] for sign in (1, -1)]
        # At a tie of two edges there are two slopes; the pairs here have none.
        assert gradient[edge] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)
    moving = torch.tensor(predicted, requires_grad=True)
    other = layers.generalised_iou(moving, torch.tensor(wanted))
    other.backward()
    assert other.item() == pytest.approx(value, abs=1e-12)
    assert moving.grad.tolist() == pytest.approx(gradient.tolist(), abs=1e-12)


def test_an_area_turned_inside_out_is_nothing():
    assert area(np.array([3.0, 0, 1, 5])) == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_encoding_and_decoding_undo_each_other(seed):
    for box in drawn(seed):
        row, column = int((box[1] + box[3]) / 16), int((box[0] + box[2]) / 16)
        code = encode_box(box, row, column, stride=8, anchor=24)
        assert abs(code[0]) <= 0.5 + 1e-12
        assert abs(code[1]) <= 0.5 + 1e-12
        assert decode_box(code, row, column, stride=8, anchor=24) == pytest.approx(box, abs=1e-12)


def test_a_box_at_the_threshold_stays():
    boxes = np.array([[0.0, 0, 10, 10], [0.0, 0, 10, 5]])
    scores = np.array([0.9, 0.8])
    assert suppress(boxes, scores, threshold=0.5)[0].tolist() == [0, 1]
    kept, by = suppress(boxes, scores, threshold=0.49)
    assert kept.tolist() == [0]
    assert by.tolist() == [-1, 0]


def test_a_suppressed_box_suppresses_nobody():
    # The second goes because of the first; the third overlaps the second alone and stays.
    boxes = np.array([[0.0, 0, 10, 10], [4.0, 0, 14, 10], [8.0, 0, 18, 10]])
    kept, by = suppress(boxes, np.array([0.9, 0.8, 0.7]), threshold=0.4)
    assert kept.tolist() == [0, 2]
    assert by.tolist() == [-1, 0, -1]


@pytest.mark.parametrize("seed", range(5))
def test_suppression_equals_torchvision(seed):
    ops = pytest.importorskip("torchvision.ops", reason="the extra [vision] is not installed")
    boxes, scores = drawn(seed), np.random.default_rng(seed + 100).permutation(30) / 30
    for threshold in (0.1, 0.5):
        kept, _ = suppress(boxes, scores, threshold=threshold)
        assert kept.tolist() == ops.nms(torch.tensor(boxes), torch.tensor(scores), threshold).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_overlaps_equal_torchvision(seed):
    ops = pytest.importorskip("torchvision.ops", reason="the extra [vision] is not installed")
    boxes, others = torch.tensor(drawn(seed, 12)), torch.tensor(drawn(seed + 50, 9))
    assert torch.allclose(layers.pairwise_iou(boxes, others), ops.box_iou(boxes, others), atol=1e-12)
    found = ops.generalized_box_iou(boxes[:9], others).diagonal()
    assert torch.allclose(layers.generalised_iou(boxes[:9], others), found, atol=1e-12)
