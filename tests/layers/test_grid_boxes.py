"""Boxes on a grid against the arithmetic by hand: decoding, who answers, who is kept."""

import numpy as np
import pytest
import torch

from layerwise.byhand.boxes import decode_box, intersection_over_union, suppress
from layerwise.layers.boxes import decode, encode, iou, keep_best, responsible


def drawn(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(*shape, 2, generator=generator, dtype=torch.float64) * 50
    sides = torch.rand(*shape, 2, generator=generator, dtype=torch.float64) * 36 + 4
    return torch.cat([corners, corners + sides], dim=-1)


@pytest.mark.parametrize("size", [(96, 96), (64, 96), (50, 33)])
def test_decoding_equals_the_arithmetic_by_hand(size):
    codes = torch.randn(2, 4, 5, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = decode(codes, size=size, anchor=20.0)
    across, down = size[1] / 7, size[0] / 5
    for row, column in ((0, 0), (4, 6), (2, 3)):
        code = codes[1, :, row, column].numpy()
        # Cells that are not square: both directions by hand, each with its own stride.
        level = decode_box(code, row, column, stride=across, anchor=20.0)[[0, 2]]
        upright = decode_box(code, row, column, stride=down, anchor=20.0)[[1, 3]]
        wanted = [level[0], upright[0], level[1], upright[1]]
        assert found[1, row, column].tolist() == pytest.approx(wanted, abs=1e-10)


def test_encoding_undoes_decoding():
    codes = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    boxes = decode(codes, size=(24, 24), anchor=9.0)
    cells = torch.tensor([[row, column] for row in range(3) for column in range(3)])
    again = encode(boxes[0].reshape(9, 4), cells, grid=(3, 3), size=(24, 24), anchor=9.0)
    assert torch.allclose(again, codes[0].flatten(1).T, atol=1e-10)


def test_overlap_equals_the_arithmetic_by_hand():
    first, second = drawn(0, 20), drawn(1, 20)
    wanted = [intersection_over_union(a.numpy(), b.numpy()) for a, b in zip(first, second, strict=True)]
    assert iou(first, second).tolist() == pytest.approx(wanted, abs=1e-12)
    assert max(wanted) > 0


def test_one_object_a_cell_the_smaller_one():
    boxes = torch.tensor(
        [[[0.0, 0, 10, 10], [3.0, 3, 7, 7], [20.0, 20, 30, 30]], [[0.0, 0, 9, 9], [0, 0, 0, 0], [0, 0, 0, 0]]]
    )
    present = torch.tensor([[True, True, True], [True, False, False]])
    places, cells = responsible(boxes, present, grid=(4, 4), size=(32, 32))
    assert places.tolist() == [[0, 1], [0, 2], [1, 0]]
    assert cells.tolist() == [[0, 0], [3, 3], [0, 0]]


def test_the_order_of_objects_changes_nothing():
    boxes = drawn(3, 6, 5)
    turned = torch.randperm(5, generator=torch.Generator().manual_seed(0))
    found = []
    for some in (boxes, boxes[:, turned]):
        places, cells = responsible(some, torch.ones(6, 5, dtype=torch.bool), grid=(6, 6), size=(96, 96))
        found.append(
            sorted(
                (int(p), tuple(c), tuple(some[p, o].tolist()))
                for (p, o), c in zip(places.tolist(), cells.tolist(), strict=True)
            )
        )
    assert found[0] == found[1]


def test_centres_on_the_far_edge_have_a_cell():
    boxes = torch.tensor([[[96.0, 96, 96, 96]]])
    _, cells = responsible(boxes, torch.tensor([[True]]), grid=(12, 12), size=(96, 96))
    assert cells.tolist() == [[11, 11]]


def test_no_object_at_all():
    places, cells = responsible(torch.zeros(2, 0, 4), torch.zeros(2, 0, dtype=torch.bool), grid=(3, 3), size=(24, 24))
    assert len(places) == len(cells) == 0


@pytest.mark.parametrize("seed", range(4))
def test_keeping_the_best_equals_suppression_by_hand(seed):
    generator = np.random.default_rng(seed)
    boxes = drawn(seed, 3, 25)
    classes = torch.from_numpy(generator.integers(0, 2, (3, 25)))
    present = torch.from_numpy(generator.random((3, 25)) < 0.8)
    kept = keep_best(boxes, classes, present, threshold=0.3)
    for picture in range(3):
        for kind in (0, 1):
            own = np.flatnonzero(((classes[picture] == kind) & present[picture]).numpy())
            best, _ = suppress(boxes[picture].numpy()[own], -np.arange(len(own), dtype=float), threshold=0.3)
            assert own[best].tolist() == np.flatnonzero((kept[picture] & (classes[picture] == kind)).numpy()).tolist()
    assert kept.sum() < present.sum()
