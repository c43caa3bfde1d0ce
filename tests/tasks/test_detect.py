"""The task of finding objects: what it refuses, reads, keeps, writes and moves."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.byhand.boxes import decode_box, intersection_over_union, suppress
from layerwise.config import Evaluate, Train
from layerwise.data.boxes import IGNORED, Boxes
from layerwise.data.image_step import Placed
from layerwise.data.kinds import Categories, Images
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.models.grid_detector import grid_detector
from layerwise.tasks.contract import Moves, WritesFiles
from layerwise.tasks.detect import LEAST_SCORE, Detect
from layerwise.training.augment import augmentation

NAMES = ("circle", "square", "star")
TASK = Detect(NAMES, 12.0, (32, 32))
PICTURES = [
    np.array([[0, 2, 3, 14, 15.0], [2, 20, 20, 29, 31.0]]),
    np.zeros((0, 5)),
    np.array([[1, 0, 0, 32, 32.0]]),
]


def source(pictures=PICTURES, sizes=None):
    pixels = np.random.default_rng(0).integers(0, 256, (len(pictures), 3, 32, 32)).astype(np.uint8)
    sizes = np.full((len(pictures), 2), 32) if sizes is None else np.array(sizes)
    columns = {"image": Images(pixels, None, sizes, 3), "boxes": Boxes.of(pictures, NAMES)}
    return Source("drawn", "memory", (Field("image"), Field("boxes", "target")), columns)


def examples(whole=None, task=TASK):
    whole = whole or source()
    return task.examples(whole, np.arange(len(whole)), torch.zeros(len(whole), 3, 32, 32), Train())


class Fixed(nn.Module):
    """A network that answers with a map that was written beforehand."""

    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, inputs):
        return self.output[: len(inputs)]


def test_it_comes_from_a_source_and_back_from_a_run_folder():
    task = Detect.of(source(), np.array([0, 1]), "auto")
    # The sides of the two boxes of the training rows: 12, 12, 9, 11.
    assert task.anchor == pytest.approx((12 * 12 * 9 * 11) ** (1 / 4))
    assert (task.size, task.error, task.main, task.columns, task.outputs()) == ((32, 32), "focal-giou", "map_50", (), 3)
    assert Detect.from_json(json.loads(json.dumps(task.to_json()))) == task
    assert isinstance(task, Moves)
    assert isinstance(task, WritesFiles)


@pytest.mark.parametrize(
    ("box", "rule"),
    [
        ((0, 5, 5, 5, 9), "wider and higher than nothing"),
        ((0, 5, 5, 40, 9), "within its picture"),
        ((3, 5, 5, 8, 9), "class of a box"),
    ],
)
def test_a_box_that_cannot_be_is_refused_with_its_place(box, rule):
    with pytest.raises(LayerwiseError, match=rule) as refusal:
        Detect.of(source([PICTURES[0], np.array([box], dtype=float)]), np.arange(2), "auto")
    assert "row 2, box 1" in str(refusal.value)
    assert "boxes in all" not in str(refusal.value)
    with pytest.raises(LayerwiseError, match=r"row 2, box 1: .* \(2 boxes in all that cannot be\)"):
        Detect.of(source([PICTURES[0], np.array([box, box], dtype=float)]), np.arange(2), "auto")


def test_other_refusals():
    whole = source()
    wrong = replace(whole, columns={**whole.columns, "boxes": Categories(np.array([0, 1, 0]), ("a", "b"))})
    with pytest.raises(LayerwiseError, match="target of boxes"):
        Detect.of(wrong, np.arange(3), "auto")
    with pytest.raises(LayerwiseError, match="focal-giou"):
        Detect.of(whole, np.arange(3), "focal-gio")
    with pytest.raises(LayerwiseError, match="at least one box"):
        Detect.of(whole, np.array([1]), "auto")
    with pytest.raises(LayerwiseError, match="own size"):
        TASK.examples(source(sizes=[(32, 32), (40, 32), (32, 32)]), np.arange(3), torch.zeros(3, 3, 32, 32), Train())
    with pytest.raises(LayerwiseError, match="own size"):
        TASK.examples(whole, np.arange(3), torch.zeros(3, 3, 48, 48), Train())


def test_a_class_that_was_not_learned_is_refused_and_others_keep_their_names():
    fewer = Detect(("star", "circle"), 12.0, (32, 32))
    kept = examples(source(PICTURES[:2]), fewer).truths
    assert kept[0][:, 0].tolist() == [1, 0]
    with pytest.raises(LayerwiseError, match="'square'"):
        examples(source(), fewer)


def test_batches_are_filled_up_with_nobody():
    held = examples()
    assert held.targets[torch.tensor([1])].shape == (1, 0, 5)
    batch = held.batch(torch.tensor([1, 0, 2]))
    assert batch.targets.shape == (3, 2, 5)
    assert (batch.targets[:, :, 0] >= 0).sum(1).tolist() == [0, 2, 1]
    assert [len(truth) for truth in held.truths] == [2, 0, 1]


def test_pictures_of_no_part_have_a_box():
    held = examples(source([PICTURES[1], PICTURES[1]]))
    model = grid_detector((3, 32, 32), 3, width=4)
    result = TASK.loss(model, held.batch(torch.arange(2)), None)
    assert torch.isfinite(result.total)
    assert result.count == 2
    assert result.parts["box"].item() == 0


def test_what_is_not_measured_is_not_learned_but_kept_for_measuring():
    whole = source()
    boxes = whole.columns["boxes"]
    flagged = Boxes(boxes.values, boxes.starts, NAMES, np.array([IGNORED, 0, 0], dtype=np.uint8))
    held = examples(replace(whole, columns={**whole.columns, "boxes": flagged}))
    assert held.batch(torch.tensor([0])).targets[0, :, 0].tolist() == [2.0]
    assert held.truths[0][:, 5].tolist() == [1, 0]


def test_new_data_need_no_target():
    whole = source()
    bare = replace(whole, fields=(Field("image"),), columns={"image": whole.columns["image"]})
    assert examples(bare).targets.shape == (3, 0)


def test_the_loss_is_the_sum_of_its_parts_and_counts_pictures():
    torch.manual_seed(0)
    result = TASK.loss(grid_detector((3, 32, 32), 3, width=4), examples().batch(torch.arange(3)), None)
    assert result.total.item() == pytest.approx(sum(part.item() for part in result.parts.values()), rel=1e-6)
    assert set(result.parts) == {"sureness", "box", "class"}
    assert result.count == 3


def test_reading_a_map_equals_reading_it_by_hand():
    output = torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(1)) * 2
    # Boxes wider than cells, so that they overlap.
    output[:, 1:5] = output[:, 1:5] * 0.1 + 0.9
    found = TASK.answer(Fixed(output), replace(examples(), inputs=torch.zeros(1, 3, 32, 32)))[0]
    rows = []
    for row in range(4):
        for column in range(4):
            wrote = output[0, :, row, column].double().numpy()
            box = decode_box(wrote[1:5], row, column, stride=8, anchor=12.0).clip(0, 32)
            shares = np.exp(wrote[5:]) / np.exp(wrote[5:]).sum()
            score = shares.max() / (1 + math.exp(-wrote[0]))
            if score >= LEAST_SCORE:
                rows.append([shares.argmax(), *box, score])
    rows, wanted = np.array(rows), []
    for kind in range(3):
        own = rows[rows[:, 0] == kind]
        wanted += own[suppress(own[:, 1:5], own[:, 5], threshold=0.5)[0]].tolist()
    wanted = np.array(sorted(wanted, key=lambda each: -each[5]))
    assert len(wanted) < len(rows)
    assert found == pytest.approx(wanted, abs=1e-4)


def test_answers_do_not_depend_on_what_is_asked_together():
    torch.manual_seed(0)
    model = grid_detector((3, 32, 32), 3, width=4)
    nn.init.normal_(model.cells.weight, std=0.5)
    nn.init.zeros_(model.cells.bias)
    held = replace(examples(), inputs=torch.randn(3, 3, 32, 32))
    whole = TASK.answer(model, held)
    for row in range(3):
        alone = TASK.answer(model, replace(held, inputs=held.inputs[row : row + 1]))
        assert alone[0] == pytest.approx(whole[row], abs=1e-4)
    assert max(map(len, whole)) > 0


def test_words_and_labels_count_objects():
    assert TASK.words(examples().truths) == ("1 circle, 1 star", "none", "1 square")
    answer = np.array([[0, 1, 1, 5, 5, 0.9], [0, 1, 1, 5, 5, 0.49]])
    answers = np.empty(2, dtype=object)
    answers[0], answers[1] = answer, answer[1:]
    assert TASK.labels(answers) == ("1 circle", "none")


def test_perfect_boxes_measure_one_and_files_can_be_counted_again():
    truths = examples().truths
    answers = np.empty(3, dtype=object)
    for row, truth in enumerate(truths):
        answers[row] = np.column_stack([truth[:, :5], np.full(len(truth), 0.9)])
    measured = TASK.measure(truths, answers, Evaluate(), seed=0)
    assert measured.metrics["map_50"].value == measured.metrics["map"].value == 1.0
    assert set(measured.classes) == set(NAMES)
    files = TASK.files(("a", "b", "c"), truths, answers)
    assert [picture["file_name"] for picture in json.loads(files["truths.coco.json"])["images"]] == ["a", "b", "c"]
    assert len(json.loads(files["predictions.coco.json"])) == 3
    coco = pytest.importorskip("faster_coco_eval", reason="the extra [detection] is not installed")
    known = coco.COCO(json.loads(files["truths.coco.json"]))
    program = coco.COCOeval_faster(known, known.loadRes(json.loads(files["predictions.coco.json"])), "bbox")
    program.run()
    assert program.stats[0] == pytest.approx(1.0)


def squares(boxes):
    """Draw boxes as bright rectangles, one channel a class."""
    pictures = torch.zeros(len(boxes), 3, 32, 32)
    for row, held in enumerate(boxes):
        for kind, left, top, right, bottom in held.int().tolist():
            if kind >= 0:
                pictures[row, kind, top:bottom, left:right] = 1
    return pictures


@pytest.mark.parametrize(
    "changes", [("flip=1",), ("shift=6",), ("crop=4",), ("zoom=0.3",), ("flip", "shift=5", "zoom")]
)
def test_boxes_move_with_their_pictures(changes):
    generator = torch.Generator().manual_seed(0)
    boxes = torch.full((12, 2, 5), -1.0)
    for row in range(12):
        for place in range(row % 3):
            corner = torch.randint(2, 16, (2,), generator=generator)
            side = torch.randint(8, 14, (2,), generator=generator)
            boxes[row, place] = torch.tensor([place, *corner.tolist(), *(corner + side).tolist()]).float()
    held = replace(examples(source([PICTURES[0]] * 12)), inputs=squares(boxes), targets=boxes)
    change = augmentation(changes, seed=1, examples=12, black=(0.0,) * 3, unit=(1.0,) * 3, moves=TASK)
    moved = change(held.batch(torch.arange(12)), 0)
    seen = 0
    for picture, rows in zip(moved.inputs, moved.targets, strict=True):
        for place, row in enumerate(rows):
            lit = (picture[place] > 0.5).nonzero()
            if row[0] < 0:
                continue
            top, left, bottom, right = *lit.amin(0).tolist(), *(lit.amax(0) + 1).tolist()
            # Half a pixel of bilinear blur at each edge.
            assert row[1:].tolist() == pytest.approx([left, top, right, bottom], abs=1.01)
            seen += 1
    assert seen >= 10


def test_turning_twice_left_and_right_changes_nothing():
    boxes = torch.tensor([[[0, 2.0, 3, 14, 15], [-1, -1, -1, -1, -1]]])
    flip = torch.tensor([[[-1.0, 0, 0], [0, 1, 0]]])
    once = TASK.moved(boxes, flip, (32, 32))
    assert once[0, 0].tolist() == pytest.approx([0, 18, 3, 30, 15])
    assert once[0, 1, 0] == -1
    assert TASK.moved(once, flip, (32, 32))[0, 0].tolist() == pytest.approx(boxes[0, 0].tolist(), abs=1e-5)


def test_a_box_is_cut_at_the_border_and_dropped_when_nothing_is_left():
    boxes = torch.tensor([[[0, 2.0, 3, 14, 15], [1, 20.0, 3, 30, 15], [2, 26, 0, 32, 5]]])
    # Every new pixel comes from 24 pixels to the right: what was left of 24 is gone.
    away = torch.tensor([[[1.0, 0, 2 * 24 / 32], [0, 1, 0]]])
    moved = TASK.moved(boxes, away, (32, 32))
    assert moved[0, :, 0].tolist() == [-1, 1, 2]
    assert moved[0, 1].tolist() == pytest.approx([1, 0, 3, 6, 15], abs=1e-4)
    assert moved[0, 2].tolist() == pytest.approx([2, 2, 0, 8, 5], abs=1e-4)


def test_the_box_of_a_turned_picture_holds_the_turned_corners():
    angle = math.pi / 2
    turn = torch.tensor([[[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]]])
    moved = TASK.moved(torch.tensor([[[0, 0.0, 0, 8, 4]]]), turn, (32, 32))
    # A quarter turn takes the upper left corner to another corner, and width becomes height.
    assert (moved[0, 0, 3] - moved[0, 0, 1]).item() == pytest.approx(4, abs=1e-4)
    assert (moved[0, 0, 4] - moved[0, 0, 2]).item() == pytest.approx(8, abs=1e-4)


def test_no_box_of_a_batch_moves_either():
    moved = TASK.moved(torch.zeros(2, 0, 5), torch.eye(3)[:2].repeat(2, 1, 1), (32, 32))
    assert moved.shape == (2, 0, 5)


def test_the_sample_can_be_seen():
    held = TASK.sample((3, 32, 32), 9, torch.Generator().manual_seed(0))
    for row, truth in enumerate(held.truths):
        for place, box in enumerate(truth):
            for other in truth[place + 1 :]:
                assert intersection_over_union(box[1:5], other[1:5]) == 0
        assert len(truth) == row % 3


ANSWERS = [np.array([[1, 8, 4, 24, 12, 0.75], [0, 0, 0, 4, 4, 0.5]]), np.zeros((0, 6))]


def test_boxes_are_brought_back_to_the_pixels_of_their_picture():
    """A picture of 96x64 that the network saw as 32x32: three times as far across, twice as far down."""
    found = TASK.brought_back(ANSWERS[0], Placed(96, 64, 0, 0, 32, 32))
    assert found.tolist() == [[1, 24, 8, 72, 24, 0.75], [0, 0, 0, 12, 8, 0.5]]
    assert TASK.brought_back(ANSWERS[1], Placed(96, 64, 0, 0, 32, 32)).shape == (0, 6)
    np.testing.assert_array_equal(TASK.brought_back(ANSWERS[0], Placed(32, 32, 0, 0, 32, 32)), ANSWERS[0])


def test_boxes_of_a_framed_picture_are_cut_at_its_border():
    """8x8 in the middle of 32x32 begins at (12, 12): a box from 8 to 24 across covers it, one in the frame is none."""
    found = TASK.brought_back(np.array([[1, 8, 14, 24, 18, 0.75], [0, 0, 0, 12, 12, 0.5]]), Placed(16, 8, 12, 12, 8, 8))
    assert found.tolist() == [[1, 0, 2, 16, 6, 0.75]]


def test_boxes_are_written_as_a_table_as_values_and_as_one_coco_file():
    assert list(TASK.table(("a.jpg", "b.jpg"), ANSWERS)) == [
        ("id", "class", "left", "top", "right", "bottom", "score"),
        ("a.jpg", "square", 8, 4, 24, 12, 0.75), ("a.jpg", "circle", 0, 0, 4, 4, 0.5),
    ]  # fmt: skip
    assert TASK.told(ANSWERS[0])["boxes"][0] == {
        "class": "square", "left": 8, "top": 4, "right": 24, "bottom": 12, "score": 0.75,
    }  # fmt: skip
    assert TASK.told(ANSWERS[1]) == {"boxes": []}
    (content,) = TASK.written(".json", ("고.jpg", "b.jpg"), ANSWERS, np.array([[96, 64], [32, 32]])).values()
    assert json.loads(content) == {
        "images": [
            {"id": 1, "file_name": "고.jpg", "height": 64, "width": 96},
            {"id": 2, "file_name": "b.jpg", "height": 32, "width": 32},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 2, "bbox": [8, 4, 16, 8], "area": 128, "iscrowd": 0, "score": 0.75},
            {"id": 2, "image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 4], "area": 16, "iscrowd": 0, "score": 0.5},
        ],
        "categories": [{"id": 1, "name": "circle"}, {"id": 2, "name": "square"}, {"id": 3, "name": "star"}],
    }


def test_new_pictures_may_have_another_size_where_they_have_no_boxes():
    whole = source(sizes=[(40, 32)] * 3)
    with pytest.raises(LayerwiseError, match="in their own size"):
        examples(whole)
    assert len(examples(whole.assign({"boxes": "unused"}))) == 3
