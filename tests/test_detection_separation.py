"""Depth five of the grid detector: the right one finds the objects, and named broken or weaker variants do not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from layerwise.config import Train
from layerwise.data.boxes import Boxes
from layerwise.data.shapes import CLASSES, draw_shapes
from layerwise.layers import detection_losses
from layerwise.metrics.detection import average_precisions, match_boxes
from layerwise.models.colour_threshold import colour_threshold
from layerwise.models.grid_detector import grid_detector
from layerwise.tasks.contract import Examples
from layerwise.tasks.detect import Detect
from layerwise.tasks.ragged import Ragged
from layerwise.training.augment import augmentation
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare

SIDE = 40
TASK = Detect(("square", "frame", "plus"), 12.0, (SIDE, SIDE))
SETTINGS = Train(
    epochs=20, batch_size=16, optimizer="adamw", learning_rate=5e-3, weight_decay=1e-2, schedule="one-cycle",
    warm_up=0.2, threads=1,
)  # fmt: skip


def form(kind: int, side: int) -> np.ndarray:
    """A full square, a hollow one, or a plus: all the same when mirrored."""
    whole, third = np.ones((side, side)), side // 3
    if kind == 1:
        whole[third:-third, third:-third] = 0
    if kind == 2:
        corners = np.ones(side, dtype=bool)
        corners[third:-third] = False
        whole[np.ix_(corners, corners)] = 0
    return whole


def pictures(seed: int, number: int) -> Examples:
    """Draw one form or none into each half of a noisy picture, in any colour."""
    generator = np.random.default_rng(seed)
    shown = generator.normal(0, 0.3, (number, 3, SIDE, SIDE)).astype(np.float32)
    boxes, truths = [], np.empty(number, dtype=object)
    for row in range(number):
        held = []
        for half in np.flatnonzero(generator.random(2) < 0.6):
            kind, side = generator.integers(0, 3), generator.integers(9, 18)
            top, left = (
                generator.integers(0, SIDE - side),
                generator.integers(0, SIDE // 2 - side + 1) + half * SIDE // 2,
            )
            colour = generator.choice([-1.5, 1.5], (3, 1, 1))
            shown[row, :, top : top + side, left : left + side] += form(kind, side) * colour
            held.append((kind, left, top, left + side, top + side))
        found = np.array(held, dtype=float).reshape(-1, 5)
        boxes.append(torch.from_numpy(found).float())
        truths[row] = np.column_stack([found, np.zeros(len(found))])
    return Examples(torch.from_numpy(shown), Ragged.of(boxes, -1), tuple(map(str, range(number))), truths=truths)


def figure(model, task=TASK) -> float:
    """Mean average precision at an overlap of one half, on pictures that nobody learned from."""
    held = pictures(1, 200)
    answers = task.answer(model, held)
    return float(np.mean([average_precisions(match_boxes(held.truths, answers, kind))[0] for kind in range(3)]))


def learned(task=TASK, *, moves=TASK):
    """Learn from 320 pictures, mirrored and shifted."""
    held = pictures(0, 320)
    torch.manual_seed(0)
    change = augmentation(
        ("flip", "shift=4"), seed=0, examples=320, black=(0.0,) * 3, unit=(1.0,) * 3, moves=moves
    )  # fmt: skip
    state = prepare(grid_detector((3, SIDE, SIDE), 3, width=8), task, held, SETTINGS, Plan("cpu", 1), augment=change)
    for _ in train(state):
        pass
    return state.learner.model


@pytest.fixture(scope="module")
def right():
    return learned()


def test_the_detector_finds_the_objects(right):
    assert figure(right) >= 0.9


def test_boxes_that_stay_while_pictures_move_teach_nothing_right(right):
    assert figure(learned(moves=None)) <= figure(right) - 0.3


@pytest.mark.long
def test_classes_that_weigh_no_more_than_boxes_are_learned_too_late(right, monkeypatch):
    monkeypatch.setattr(detection_losses, "CLASS_WEIGHT", 1.0)
    assert figure(learned()) <= figure(right) - 0.1


@pytest.mark.long
def test_the_squared_errors_of_yolo_find_them_too():
    assert figure(learned(replace(TASK, error="squared-error"))) >= 0.8


def test_colour_alone_finds_what_colour_tells_and_little_among_distractors():
    held, network = pictures(0, 320), colour_threshold((3, SIDE, SIDE), 3)
    network.fit(held)
    # One object a patch, and no distractors: here the same detector is nearly perfect.
    assert figure(network, replace(TASK, anchor=float(network.anchor))) >= 0.9
    drawn = [draw_shapes("train", 480), draw_shapes("test", 120)]
    inputs = [torch.from_numpy(part.images).float() / 255 for part in drawn]
    boxes = [Boxes(part.boxes, part.starts, CLASSES) for part in drawn]
    network = colour_threshold((3, 96, 96), 4)
    targets = Ragged.of([torch.from_numpy(boxes[0][row]).float() for row in range(480)], -1)
    network.fit(Examples(inputs[0], targets, ("",) * 480))
    task = Detect(CLASSES, float(network.anchor), (96, 96))
    answers = task.answer(network, Examples(inputs[1], torch.zeros(120, 0), ("",) * 120))
    truths = [boxes[1][row] for row in range(120)]
    found = [average_precisions(match_boxes(truths, answers, kind))[0] for kind in range(4)]
    assert np.mean(found) < 0.3
