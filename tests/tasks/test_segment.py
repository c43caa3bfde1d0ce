"""The task of a class for every pixel: what it refuses, counts, ignores, writes and moves."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from layerwise.byhand.segmentation import pixel_cross_entropy
from layerwise.config import Evaluate, Train
from layerwise.data.image_step import Placed
from layerwise.data.kinds import Categories, Images
from layerwise.data.label_images import IGNORE, LabelImages
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.models.fcn_small import fcn_small
from layerwise.tasks.contract import Batch, Moves, WritesFiles
from layerwise.tasks.segment import Segment
from layerwise.training.augment import augmentation

NAMES = ("ground", "circle", "star")
TASK = Segment(NAMES)


def source(labels=None, names=NAMES):
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, (4, 6, 5)).astype(np.uint8) if labels is None else labels
    pixels = draw.integers(0, 256, (len(labels), 3, 6, 5)).astype(np.uint8)
    columns = {
        "image": Images(pixels, None, np.full((len(labels), 2), (5, 6)), 3),
        "labels": LabelImages(labels, names),
    }
    return Source("drawn", "memory", (Field("image"), Field("labels", "target")), columns)


def drawn(number=6, size=(3, 9, 10)):
    return TASK.sample(size, number, torch.Generator().manual_seed(0))


def test_it_comes_from_a_source_and_back_from_a_run_folder():
    task = Segment.of(source(), np.arange(4), "auto")
    assert task.classes == NAMES
    assert Segment.from_json(json.loads(json.dumps(task.to_json()))) == task
    assert (task.outputs(), task.main, task.columns) == (3, "mean_iou", ())


def test_another_kind_of_target_is_refused():
    whole = source()
    wrong = replace(whole, columns={**whole.columns, "labels": Categories(np.array([0, 1, 0, 1]), ("a", "b"))})
    with pytest.raises(LayerwiseError, match="label images") as refusal:
        Segment.of(wrong, np.arange(4), "auto")
    assert refusal.value.exit_code == 2


def test_a_label_above_the_classes_is_refused_with_its_row():
    labels = np.zeros((4, 6, 5), dtype=np.uint8)
    labels[2, 0, 0] = 3
    with pytest.raises(LayerwiseError, match="row 3: label 3 in 1 pixels, and 3 classes"):
        Segment.of(source(labels), np.arange(4), "auto")


def test_one_class_alone_in_the_training_part_is_refused():
    labels = np.zeros((4, 6, 5), dtype=np.uint8)
    labels[3] = 1
    labels[0, 0] = IGNORE
    with pytest.raises(LayerwiseError, match="every labelled pixel of 'labels' is 'ground'"):
        Segment.of(source(labels), np.arange(3), "auto")


def test_an_unknown_loss_names_the_nearest():
    with pytest.raises(LayerwiseError, match="cross-entropy"):
        Segment.of(source(), np.arange(4), "cross-entropie")


def test_examples_hold_small_labels_and_the_truth_itself():
    whole = source()
    inputs = torch.zeros(4, 3, 6, 5)
    examples = TASK.examples(whole, np.array([2, 0]), inputs, Train())
    assert examples.targets.dtype == torch.uint8
    assert np.array_equal(examples.truths, whole.columns["labels"].cells[[2, 0]])
    assert examples.ids == ("row 3", "row 1")
    nameless = TASK.examples(whole.assign({"labels": "unused"}), np.array([1]), inputs, Train())
    assert nameless.truths is None
    assert nameless.targets.shape == (1, 0)


def test_pictures_of_another_size_than_their_labels_are_refused():
    with pytest.raises(LayerwiseError, match="row 2: a label image of 5x6, pictures of 8x8"):
        TASK.examples(source(), np.array([1]), torch.zeros(4, 3, 8, 8), Train())


def test_classes_of_new_pictures_are_told_by_name():
    labels = np.array([[[0, 1, 2, 255, 0]] * 6], dtype=np.uint8)
    swapped = source(labels, ("star", "ground", "circle"))
    assert TASK.label_images(swapped, np.array([0]), (6, 5))[0, 0].tolist() == [2, 0, 1, 255, 2]
    strange = source(labels, ("ground", "moon", "circle"))
    with pytest.raises(LayerwiseError, match="class 'moon'"):
        TASK.label_images(strange, np.array([0]), (6, 5))


def test_the_loss_is_that_by_hand_over_the_counted_pixels():
    examples, network = drawn(), nn.Conv2d(3, 3, 1)
    result = TASK.loss(network, examples.batch(torch.arange(6)), None)
    logits = network(examples.inputs).detach().double().numpy()
    total, count = pixel_cross_entropy(logits, examples.targets.numpy())
    assert result.total.item() == pytest.approx(total, rel=1e-5)
    assert float(result.count) == count == 6 * 8 * 10


def test_changing_scores_of_ignored_pixels_leaves_loss_and_gradient_unchanged():
    """S67: the ignore label."""
    examples = drawn()
    scores = torch.randn(6, 3, 9, 10, requires_grad=True)
    other = scores.detach().clone()
    other[:, :, 0] += 100.0
    batch = examples.batch(torch.arange(6))
    totals = [TASK.loss(lambda _, given=given: given, batch, None).total for given in (scores, other)]
    assert totals[0].item() == totals[1].item()
    (slope,) = torch.autograd.grad(totals[0], scores)
    assert not slope[:, :, 0].any()
    assert slope[:, :, 1:].any()


def test_totals_and_counts_add_over_batches():
    examples, network = drawn(), nn.Conv2d(3, 3, 1)
    whole = TASK.loss(network, examples.batch(torch.arange(6)), None)
    parts = [TASK.loss(network, examples.batch(rows), None) for rows in torch.arange(6).split(4)]
    assert sum(part.total.item() for part in parts) == pytest.approx(whole.total.item(), rel=1e-5)
    assert sum(float(part.count) for part in parts) == float(whole.count)


def test_answers_words_and_figures():
    examples = drawn()

    class Right(nn.Module):
        def forward(self, inputs):
            known = examples.targets[: len(inputs)].long().clamp(max=2)
            return nn.functional.one_hot(known, 3).permute(0, 3, 1, 2).float()

    answers = TASK.answer(Right(), examples)
    assert answers.dtype == np.uint8
    assert answers.shape == (6, 9, 10)
    measured = TASK.measure(examples.truths, answers, Evaluate(resamples=100), seed=0)
    assert measured.metrics["mean_iou"].value == 1.0
    assert measured.metrics["mean_iou"].n == 6
    assert set(measured.classes) == set(NAMES)
    assert measured.confusion == ()
    word = TASK.words(np.array([[[0, 2], [255, 1]], [[0, 0], [255, 0]]]))
    assert word == ("circle, star", "ground")


def test_the_same_seed_gives_the_same_intervals():
    examples = drawn(12)
    wrong = np.where(np.random.default_rng(1).random(examples.truths.shape) < 0.3, 0, examples.truths % 3)
    found = [TASK.measure(examples.truths, wrong, Evaluate(resamples=200), seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0].metrics["mean_iou"].low != found[2].metrics["mean_iou"].low


def test_the_predictions_can_be_counted_again_from_their_file():
    examples = drawn()
    assert isinstance(TASK, WritesFiles)
    files = TASK.files(examples.ids, examples.truths, examples.truths % 3)
    assert TASK.files(examples.ids, examples.truths, examples.truths % 3) == files, "the same bytes every time"
    with np.load(io.BytesIO(files["segmentation.npz"]), allow_pickle=False) as held:
        assert held["classes"].tolist() == list(NAMES)
        assert held["ids"].tolist() == list(examples.ids)
        assert np.array_equal(held["truths"], examples.truths)
        assert np.array_equal(held["answers"], examples.truths % 3)


def identity(number):
    return torch.eye(2, 3).expand(number, 2, 3).clone()


def test_label_images_move_with_their_pictures():
    assert isinstance(TASK, Moves)
    labels = torch.randint(0, 3, (2, 6, 5), dtype=torch.uint8)
    assert torch.equal(TASK.moved(labels, identity(2), (6, 5)), labels)
    mirrored = identity(2)
    mirrored[:, 0, 0] = -1
    assert torch.equal(TASK.moved(labels, mirrored, (6, 5)), labels.flip(2))
    shifted = identity(2)
    shifted[:, 0, 2] = 2 * 2 / 5
    found = TASK.moved(labels, shifted, (6, 5))
    assert torch.equal(found[:, :, :3], labels[:, :, 2:])
    assert (found[:, :, 3:] == IGNORE).all(), "what comes in from outside is not known"
    assert found.dtype == torch.uint8


@pytest.mark.parametrize(
    "changes", [("flip",), ("shift=3",), ("flip", "shift=2"), ("zoom=0.3",), ("rotate=40", "flip")]
)
def test_pictures_and_labels_move_alike_in_training(changes):
    """A picture that shows its own labels as grey levels still shows them after every change."""
    labels = torch.randint(0, 3, (8, 4, 4)).repeat_interleave(6, 1).repeat_interleave(6, 2)
    pictures = (labels[:, None] + 1).float()
    change = augmentation(changes, seed=0, examples=8, black=(0.0,), unit=(1.0,), moves=TASK)
    batch = change(Batch(pictures, labels.to(torch.uint8), torch.arange(8)), 1)
    moved, pixels = batch.targets, batch.inputs[:, 0]
    assert not torch.equal(moved, labels.to(torch.uint8))
    whole = (pixels - pixels.round()).abs() < 1e-4
    known = whole & (moved != IGNORE) & (pixels > 0.5)
    assert known.float().mean() > 0.3
    agrees = (pixels.round() - 1)[known] == moved[known].float()
    # between two levels a bilinear pixel can land on a third one by chance; the nearest label does not
    assert agrees.float().mean() > 0.97


def test_a_network_learns_the_sample():
    torch.manual_seed(0)
    examples, network = drawn(16, (3, 17, 20)), fcn_small((3, 17, 20), 3, maps=(8, 8, 8))
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(80):
        optimizer.zero_grad()
        result = TASK.loss(network, examples.batch(torch.arange(16)), None)
        (result.total / result.count).backward()
        optimizer.step()
    answers = TASK.answer(network, examples)
    assert TASK.measure(examples.truths, answers, Evaluate(resamples=50), seed=0).metrics["mean_iou"].value > 0.8


def test_label_images_are_brought_back_by_the_nearest_neighbour():
    answer = np.array([[0, 1], [2, 1]], np.uint8)
    # Three columns of two: the middles lie at 1/3, 1 and 5/3 of them, and 1 belongs to the second.
    assert TASK.brought_back(answer, Placed(3, 2, 0, 0, 2, 2)).tolist() == [[0, 1, 1], [2, 1, 1]]
    assert TASK.brought_back(answer, Placed(1, 4, 0, 0, 2, 2)).tolist() == [[1], [1], [1], [1]]
    assert TASK.brought_back(answer, Placed(2, 2, 0, 0, 2, 2)).tolist() == answer.tolist()


def test_label_images_of_a_framed_picture_leave_the_frame_out():
    answer = np.zeros((6, 6), np.uint8)
    answer[2:4, 1:5] = [[1, 2, 1, 0], [0, 1, 2, 2]]
    # The middles of two columns among four lie on the second and the fourth of them.
    assert TASK.brought_back(answer, Placed(2, 2, 1, 2, 4, 2)).tolist() == [[2, 0], [1, 2]]


@pytest.mark.parametrize(("old", "new"), [((7, 5), (97, 95)), ((300, 200), (33, 47)), ((96, 96), (31, 63))])
def test_the_nearest_neighbour_is_that_of_pillow(old, new):
    """Of an odd size no middle lies on a border, where Pillow decides by its rounding."""
    answer = np.random.default_rng(0).integers(0, 3, new).astype(np.uint8)
    theirs = np.asarray(Image.fromarray(answer).resize(old, Image.Resampling.NEAREST))
    assert np.array_equal(TASK.brought_back(answer, Placed(*old, 0, 0, new[1], new[0])), theirs)


def test_label_images_are_written_as_a_table_as_values_and_as_a_folder():
    answers = [np.array([[0, 1, 1, 1]], np.uint8), np.array([[2], [2]], np.uint8)]
    ids = ("one/a.jpg", "two/a.png")
    assert list(TASK.table(ids, answers)) == [
        ("id", "class", "pixels", "share"),
        ("one/a.jpg", "ground", 1, 0.25), ("one/a.jpg", "circle", 3, 0.75), ("one/a.jpg", "star", 0, 0.0),
        ("two/a.png", "ground", 0, 0.0), ("two/a.png", "circle", 0, 0.0), ("two/a.png", "star", 2, 1.0),
    ]  # fmt: skip
    assert TASK.told(answers[0]) == {"pixels": {"ground": 1, "circle": 3, "star": 0}}
    files = TASK.written("/", ids, answers, np.array([[4, 1], [1, 2]]))
    assert files["classes.txt"].decode() == "ground\ncircle\nstar\n"
    assert files["pictures.csv"].decode() == "file,id\na.png,one/a.jpg\na-2.png,two/a.png\n"
    assert set(files) == {"classes.txt", "pictures.csv", "a.png", "a-2.png"}
    for name, answer in zip(("a.png", "a-2.png"), answers, strict=True):
        with Image.open(io.BytesIO(files[name])) as picture:
            assert np.array_equal(np.asarray(picture), answer)
