"""Boxes as a kind of column, and what a box must be."""

import numpy as np
import pytest

from layerwise.data.boxes import IGNORED, Boxes, box_problems
from layerwise.data.findings import findings
from layerwise.data.source import Field, Source
from layerwise.language import use

NAMES = ("cat", "dog")
PICTURES = [
    np.array([[0, 1, 2, 30, 40.0], [1, 5, 5, 9, 9.5]]),
    np.zeros((0, 5)),
    np.array([[1, 0, 0, 96, 96.0]]),
]


@pytest.fixture
def boxes():
    return Boxes.of(PICTURES, NAMES)


def test_pictures_keep_their_boxes(boxes):
    assert len(boxes) == 3
    for row, held in enumerate(PICTURES):
        assert (boxes[row] == held).all()
    assert boxes.counts() == {"cat": 1, "dog": 2}


def test_a_single_object_of_a_class_is_said_of_objects(boxes):
    one = Source("photos", "memory", (Field("boxes", "target"),), {"boxes": boxes})
    said = findings(one, ("boxes",), "detect", boxes.counts(), ())
    assert said == ["Classes with one object: cat."]
    alone = Boxes.of([np.array([[0, 1, 2, 30, 40.0], [0, 5, 5, 9, 9.5]])], ("cat",))
    # A detector of one class has something to tell apart.
    assert (
        findings(Source("photos", "memory", one.fields, {"boxes": alone}), ("boxes",), "detect", {"cat": 2}, ()) == []
    )


def test_taking_rows_again_and_in_another_order(boxes):
    taken = boxes.take(np.array([2, 1, 0, 0]))
    assert [len(taken[row]) for row in range(4)] == [1, 0, 2, 2]
    assert (taken[3] == PICTURES[0]).all()
    assert (boxes.take(np.array([False, False, True]))[0] == PICTURES[2]).all()
    assert len(boxes.take(np.zeros(0, dtype=int))) == 0


def test_a_picture_without_boxes_is_not_missing(boxes):
    assert not boxes.missing().any()
    assert boxes.show(1) == "none"
    with use("ko"):
        assert boxes.show(1) == "없음"


def test_equal_boxes_have_equal_digests_in_any_order(boxes):
    turned = Boxes.of([PICTURES[0][::-1], PICTURES[1], PICTURES[2] + [0, 0, 0, 0, 1e-9]], NAMES)
    same, other = boxes.digests(), turned.digests()
    assert same[:2] == other[:2]
    assert same[2] != other[2]
    assert boxes.digests() != Boxes.of(PICTURES, ("dog", "cat")).digests()
    flagged = Boxes(boxes.values, boxes.starts, NAMES, np.array([IGNORED, 0, 0], dtype=np.uint8))
    assert flagged.digests()[0] != same[0]
    assert flagged.take(np.array([0])).flags_of(0).tolist() == [IGNORED, 0]


def test_boxes_count_in_the_fingerprint_of_a_source(boxes):
    fields = (Field("boxes", "target"),)
    one = Source("s", "memory", fields, {"boxes": boxes}).fingerprint()
    moved = Boxes.of([PICTURES[0] + [0, 0, 0, 1, 0], *PICTURES[1:]], NAMES)
    assert one != Source("s", "memory", fields, {"boxes": moved}).fingerprint()


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((0, 1, 2, 1, 9), "from (1, 2) to (1, 9)"),
        ((0, 1, 9, 5, 2), "from (1, 9) to (5, 2)"),
        ((0, -3, 2, 5, 9), "from (-3, 2) to (5, 9) in a picture of 96x64"),
        ((0, 1, 2, 5, 64.5), "from (1, 2) to (5, 64.5) in a picture of 96x64"),
        ((2, 1, 2, 5, 9), "class 2 of 2"),
        ((0.5, 1, 2, 5, 9), "class 0.5 of 2"),
        ((0, 1, 2, np.nan, 9), "the edges [1.0, 2.0, nan, 9.0]"),
    ],
)
def test_a_box_that_cannot_be_is_named(box, found):
    held = Boxes.of([np.array([(1, 0, 0, 96, 64.005), box])], NAMES)
    problems = box_problems(held, np.array([[96, 64]]), ("a.jpg",))
    assert [(problem.where, problem.found) for problem in problems] == [("a.jpg, box 2", found)]
    with use("ko"):
        said = box_problems(held, np.array([[96, 64]]))[0]
    assert all(any("가" <= sign <= "힣" for sign in text) for text in (said.rule, said.remedy))


def test_boxes_that_can_be_are_not_named(boxes):
    assert box_problems(boxes, np.full((3, 2), 96)) == ()
