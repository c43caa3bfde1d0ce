"""The view of a detector: it keeps what the task keeps, names the right suppressor, and works without any sure cell."""

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.byhand.boxes import intersection_over_union
from layerwise.errors import LayerwiseError
from layerwise.explain.open import explain, fitting
from layerwise.explain.subject import Subject
from layerwise.explain.views.detections import LISTED
from layerwise.language import use
from layerwise.models.grid_detector import grid_detector
from layerwise.tasks.contract import Examples
from layerwise.tasks.detect import Detect

TASK = Detect(("circle", "square", "star"), 14.0, (32, 32))


def subject(sure=1.0, target=None):
    torch.manual_seed(3)
    network = grid_detector((3, 32, 32), 3, width=4)
    nn.init.normal_(network.cells.weight, std=0.2)
    nn.init.constant_(network.cells.bias[:1], sure)
    # Boxes wider than cells, so that they overlap.
    nn.init.constant_(network.cells.bias[3:5], 0.8)
    return Subject(network, torch.randn(1, 3, 32, 32), target, TASK, (), TASK.classes, "a picture")


def kept(explanation):
    boxes, by = explanation.tensors["boxes"].array, explanation.tensors["suppressed_by"].array
    return boxes[by < 0]


def test_the_kept_boxes_are_those_of_the_task():
    held = subject()
    answer = TASK.answer(held.model, Examples(held.inputs, torch.zeros(1, 0), ("a",)))[0]
    explanation = explain(held, "detections")
    assert len(answer) > 2
    assert kept(explanation) == pytest.approx(answer, abs=1e-5)
    assert len(explanation.tensors["boxes"].array) > len(answer)


def test_every_suppressor_is_better_of_the_same_class_and_overlaps():
    explanation = explain(subject(), "detections")
    boxes, by = explanation.tensors["boxes"].array, explanation.tensors["suppressed_by"].array
    for lost in np.flatnonzero(by >= 0):
        better = by[lost]
        assert by[better] < 0
        assert boxes[better, 0] == boxes[lost, 0]
        assert boxes[better, 5] >= boxes[lost, 5]
        assert intersection_over_union(boxes[better, 1:5], boxes[lost, 1:5]) > 0.5
    assert (by >= 0).any()


def test_another_box_is_worked_out_when_asked_for():
    first, second = (explain(subject(), "detections", {"box": box}) for box in (0, 1))
    line = {each.id: each for each in second.arithmetic}["box"]
    assert line.expected.tolist() == kept(second)[1, 1:5].tolist()
    assert first.title != second.title
    with pytest.raises(LayerwiseError, match="box 99"):
        explain(subject(), "detections", {"box": 99})


def crowded(sides=(96, 96)):
    """A detector of many cells, all sure of a box: many are kept, and many suppressed."""
    torch.manual_seed(3)
    task = Detect(("circle", "square", "star"), 14.0, sides)
    network = grid_detector((3, *sides), 3, width=4)
    nn.init.normal_(network.cells.weight, std=0.2)
    nn.init.constant_(network.cells.bias[:1], 1.0)
    nn.init.constant_(network.cells.bias[3:5], 0.8)
    return Subject(network, torch.randn(1, 3, *sides), None, task, (), task.classes, "a picture")


@pytest.mark.parametrize(("held", "listed"), [(subject(), "all"), (crowded(), "best")])
def test_the_tables_hold_the_best_boxes_first_and_say_how_many_more_there_are(held, listed):
    explanation = explain(held, "detections")
    boxes, by = explanation.tensors["boxes"].array, explanation.tensors["suppressed_by"].array
    everything = sorted((box[5] for box, better in zip(boxes, by, strict=True) if better < 0), reverse=True)
    lost = sorted((box[5] for box, better in zip(boxes, by, strict=True) if better >= 0), reverse=True)
    assert [row[6] for row in explanation.tables[0].rows] == everything[:LISTED]
    assert [row[6] for row in explanation.tables[1].rows] == lost[:LISTED]
    left = len(everything) - LISTED
    assert (left > 0) == (listed == "best")
    assert any(f"{left} more were kept" in note for note in explanation.notes) == (left > 0)
    assert any("more were suppressed" in note for note in explanation.notes) == (len(lost) > LISTED)


def test_a_box_that_is_asked_for_stands_in_the_table_marked():
    explanation = explain(crowded(), "detections", {"box": LISTED + 1})
    table = explanation.tables[0]
    assert len(table.rows) == LISTED + 1
    assert table.marked == {LISTED}
    assert list(table.rows[-1][2:]) == kept(explanation)[LISTED + 1, 1:].tolist()
    assert explain(crowded(), "detections").tables[0].marked == {0}


def test_objects_are_counted_as_hit_and_missed():
    held = subject()
    box = kept(explain(held, "detections"))[0]
    target = torch.tensor([[box[:5].tolist(), [2.0, 0, 0, 1, 1], [-1.0, -1, -1, -1, -1]]])
    explanation = explain(subject(target=target), "detections")
    table = explanation.tables[0]
    assert table.rows[0][-1] == "hit"
    assert all(row[-1] == "hits nothing" for row in table.rows[1:])
    assert len(explanation.tables[-1].rows) == 2
    assert any("1 of 2 objects" in note for note in explanation.notes)
    gain = {each.id: each for each in explanation.arithmetic}["GIoU"]
    assert float(gain.expected) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_without_a_sure_cell_the_surest_is_shown(language):
    with use(language):
        explanation = explain(subject(sure=-30.0), "detections")
        assert len(explanation.tensors["boxes"].array) == 1
        assert all(check.ok for check in explanation.verify())
        assert "0.05" in " ".join(explanation.notes)
        for picture in explanation.pictures:
            picture.draw()


def test_a_picture_without_objects():
    explanation = explain(subject(target=torch.zeros(1, 0, 5)), "detections")
    assert all(row[-1] == "hits nothing" for row in explanation.tables[0].rows)
    assert all(check.ok for check in explanation.verify())


def test_it_is_the_view_of_a_detector_alone():
    assert "detections" in fitting(subject())
    held = subject()
    assert "detections" not in fitting(Subject(held.model, held.inputs, None, None))
