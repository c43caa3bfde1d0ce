"""Average precision against its definition in plain loops, the COCO program, and hand cases."""

import numpy as np
import pytest

from layerwise.byhand.detection import average_precision_of_pictures
from layerwise.errors import LayerwiseError
from layerwise.metrics import detection
from layerwise.metrics.detection import (
    THRESHOLDS,
    average_precisions,
    coco_figures,
    coco_objects,
    coco_results,
    match_boxes,
)

CLASSES = ("cat", "dog", "owl")


def pictures(seed: int, number: int = 40, *, ignored: float = 0.0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Draw objects, and answers that are near them, twice on them, far from them, or of another class."""
    generator = np.random.default_rng(seed)
    truths, answers = [], []
    for _ in range(number):
        corners = generator.uniform(0, 60, (generator.integers(0, 6), 2))
        kinds = generator.integers(0, 3, (len(corners), 1))
        sides = generator.uniform(5, 40, corners.shape)
        flags = generator.random((len(corners), 1)) < ignored
        truth = np.hstack([kinds, corners, corners + sides, flags])
        near = np.repeat(truth[:, :5], 2, axis=0)
        near[:, 1:] += generator.normal(0, 3, (len(near), 4))
        near[:, 3:] = np.maximum(near[:, 3:], near[:, 1:3] + 1)
        far = generator.uniform(0, 50, (3, 2))
        far = np.hstack([generator.integers(0, 3, (3, 1)), far, far + generator.uniform(3, 30, (3, 2))])
        boxes = np.vstack([near, far])
        # Scores of one digit, so that many are equal.
        answers.append(np.hstack([boxes, generator.integers(1, 10, (len(boxes), 1)) / 10]))
        truths.append(truth)
    return truths, answers


def figures(truths, answers, classes=3) -> dict[str, float]:
    found = np.array([average_precisions(match_boxes(truths, answers, kind)) for kind in range(classes)])
    each = np.nanmean(found, axis=0)
    return {"map": float(each.mean()), "map_50": float(each[0]), "map_75": float(each[5])}


@pytest.mark.parametrize(
    ("boxes", "value"),
    [
        ([(0, 0, 10, 10, 0.9), (0, 0, 10, 10, 0.8)], 1.0),  # a duplicate behind the hit costs nothing
        ([(50, 50, 60, 60, 0.9), (0, 0, 10, 10, 0.8)], 0.5),  # a miss before the hit halves the precision
        ([(50, 50, 60, 60, 0.9)], 0.0),
        ([], 0.0),
    ],
)
def test_one_object(boxes, value):
    truth = [np.array([[0, 0, 0, 10, 10.0, 0]])]
    answer = [np.array([(0, *box) for box in boxes]).reshape(-1, 6)]
    assert average_precisions(match_boxes(truth, answer, 0))[0] == value
    assert average_precision_of_pictures(answer, truth, 0, threshold=0.5) == value


def test_no_object_of_the_class_is_undefined():
    truth, answer = [np.zeros((0, 6))], [np.array([[0, 0, 0, 10, 10, 0.5]])]
    assert np.isnan(average_precisions(match_boxes(truth, answer, 0))).all()


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_definition_in_loops(seed):
    truths, answers = pictures(seed)
    for kind in range(3):
        found = average_precisions(match_boxes(truths, answers, kind))
        for place in (0, 5, 9):
            loop = average_precision_of_pictures(answers, truths, kind, threshold=THRESHOLDS[place])
            assert found[place] == pytest.approx(loop, abs=1e-9)
            assert 0 < found[0] < 1


@pytest.mark.parametrize(("seed", "ignored"), [(0, 0.0), (1, 0.0), (2, 0.3), (3, 0.3)])
def test_equals_the_coco_program(seed, ignored):
    pytest.importorskip("faster_coco_eval", reason="the extra [detection] is not installed")
    truths, answers = pictures(seed, ignored=ignored)
    assert figures(truths, answers) == pytest.approx(coco_figures(truths, answers, CLASSES), abs=1e-6)


def test_the_coco_program_without_any_box():
    pytest.importorskip("faster_coco_eval", reason="the extra [detection] is not installed")
    truths, _ = pictures(0)
    assert coco_figures(truths, [np.zeros((0, 6))] * len(truths), CLASSES)["map_50"] == 0.0


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "faster_coco_eval", None)
    with pytest.raises(LayerwiseError, match=r"layerwise\[detection\]"):
        coco_figures([np.zeros((0, 6))], [np.zeros((0, 6))], CLASSES)


def test_weights_count_pictures_again():
    truths, answers = pictures(4, 20)
    weights = np.random.default_rng(0).integers(0, 4, 20)
    rows = np.repeat(np.arange(20), weights)
    again = [truths[row] for row in rows], [answers[row] for row in rows]
    for kind in range(3):
        weighted = average_precisions(match_boxes(truths, answers, kind), weights.astype(float))
        # Ties between pictures fall in another order: distinct scores would make this exact.
        assert weighted == pytest.approx(average_precisions(match_boxes(*again, kind)), abs=0.02)


def test_a_box_on_an_ignored_object_counts_for_nothing():
    truth = [np.array([[0, 0, 0, 10, 10, 1.0], [0, 50, 50, 60, 60, 0.0]])]
    answer = [np.array([[0, 0, 0, 10, 10, 0.9], [0, 50, 50, 60, 60, 0.8]])]
    assert average_precisions(match_boxes(truth, answer, 0))[0] == 1.0
    truth[0][0, 5] = 0
    assert average_precisions(match_boxes(truth, answer[:1], 0))[0] == 1.0
    truth[0][0, 0] = 1  # the same box, when the object is of another class
    assert average_precisions(match_boxes(truth, answer, 0))[0] == 0.5


def test_at_most_a_hundred_boxes_of_a_picture_count():
    truth = [np.array([[0, 0, 0, 10, 10, 0.0]])]
    misses = np.array([[0, 50, 50, 60, 60, 0.9]] * detection.MOST_DETECTIONS)
    late = np.vstack([misses, [[0, 0, 0, 10, 10, 0.1]]])
    assert average_precisions(match_boxes(truth, [late], 0))[0] == 0.0
    assert average_precisions(match_boxes(truth, [late[1:]], 0))[0] == pytest.approx(0.01)


def test_coco_files_hold_widths_and_heights():
    truths, answers = [np.array([[1, 2, 3, 10, 9, 1.0]])], [np.array([[0, 2, 3, 10, 9, 0.5]])]
    held = coco_objects(("a.png",), truths, CLASSES, (96, 128))
    assert held["images"] == [{"id": 1, "file_name": "a.png", "height": 96, "width": 128}]
    assert held["annotations"] == [
        {"id": 1, "image_id": 1, "category_id": 2, "bbox": [2.0, 3.0, 8.0, 6.0], "area": 48.0, "iscrowd": 1}
    ]
    assert coco_results(answers)[0]["bbox"] == [2.0, 3.0, 8.0, 6.0]
