"""The losses of a grid detector on cases that can be worked by hand."""

import math

import numpy as np
import pytest
import torch

from layerwise.byhand.boxes import encode_box, generalised_intersection_over_union, intersection_over_union
from layerwise.layers.detection_losses import LOSSES, LossOfGrid

SIZE, ANCHOR = (32, 32), 12.0
OBJECT = (1.0, 9.0, 8.0, 21.0, 14.0)
"""Class 1; its centre (15, 11) lies in row 1, column 1 of cells of 8 pixels."""


def asked(
    output: torch.Tensor, objects: list[list[tuple[float, ...]]], weights: torch.Tensor | None = None
) -> LossOfGrid:
    longest = max(map(len, objects))
    nobody = (-1.0, -1.0, -1.0, -1.0, -1.0)
    targets = torch.tensor([[*rows, *[nobody] * (longest - len(rows))] for rows in objects], dtype=output.dtype)
    return LossOfGrid(output, targets.reshape(len(objects), longest, 5), size=SIZE, anchor=ANCHOR, weights=weights)


def random_map(pictures: int = 1) -> torch.Tensor:
    return torch.randn(pictures, 8, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def worked(output: np.ndarray, error: str) -> dict[str, float]:
    """Work both losses out for the one object, cell by cell."""
    sigmoid = lambda z: 1 / (1 + math.exp(-z))  # noqa: E731
    at = output[:, 1, 1]
    cell = np.array([1 * 8 + 4, 1 * 8 + 4.0])
    centre, sides = cell + 8 * at[1:3], ANCHOR * np.exp(at[3:5])
    box, wanted = np.concatenate([centre - sides / 2, centre + sides / 2]), np.array(OBJECT[1:])
    shares = np.exp(at[5:]) / np.exp(at[5:]).sum()
    sure = {(row, column): sigmoid(output[0, row, column]) for row in range(4) for column in range(4)}
    if error == "focal-giou":
        focal = -3 * (1 - sure[1, 1]) ** 2 * math.log(sure[1, 1])
        focal -= sum(p**2 * math.log(1 - p) for place, p in sure.items() if place != (1, 1))
        overlap, _ = generalised_intersection_over_union(box, wanted)
        return {"sureness": focal, "box": 2 * (1 - overlap), "class": -3 * math.log(shares[1])}
    code = encode_box(wanted, 1, 1, stride=8, anchor=ANCHOR)
    roots = np.sqrt(sides / 32) - np.sqrt(np.array([12, 6]) / 32)
    sureness = (sure[1, 1] - intersection_over_union(box, wanted)) ** 2
    sureness += 0.5 * sum(p**2 for place, p in sure.items() if place != (1, 1))
    return {
        "sureness": sureness,
        "box": 5 * (((at[1:3] - code[:2]) ** 2).sum() + (roots**2).sum()),
        "class": ((shares - np.array([0, 1, 0])) ** 2).sum(),
    }


@pytest.mark.parametrize("error", LOSSES)
def test_terms_of_one_object_by_hand(error):
    output = random_map()
    parts = LOSSES[error](asked(output, [[OBJECT]]))
    wanted = worked(output[0].numpy(), error)
    assert {name: value.item() for name, value in parts.items()} == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize("error", LOSSES)
def test_a_perfect_answer_loses_nothing(error):
    output = torch.full((1, 8, 4, 4), -60.0, dtype=torch.float64)
    output[0, 0, 1, 1] = 60
    output[0, 1:5, 1, 1] = torch.from_numpy(encode_box(np.array(OBJECT[1:]), 1, 1, stride=8, anchor=ANCHOR))
    output[0, 5:, 1, 1] = torch.tensor([-60.0, 60, -60])
    parts = LOSSES[error](asked(output, [[OBJECT]]))
    assert [value.item() for value in parts.values()] == pytest.approx([0, 0, 0], abs=1e-12)


@pytest.mark.parametrize("error", LOSSES)
def test_a_batch_is_the_sum_of_its_pictures_whatever_fills_it_up(error):
    output = random_map(3)
    objects = [[OBJECT, (0, 1.0, 20, 9, 30)], [], [(2, 20.0, 1, 30, 11)]]
    whole = LOSSES[error](asked(output, objects))
    single = [LOSSES[error](asked(output[place : place + 1], objects[place : place + 1])) for place in range(3)]
    for name, value in whole.items():
        assert value.item() == pytest.approx(sum(part[name].item() for part in single), abs=1e-10)


@pytest.mark.parametrize("error", LOSSES)
def test_pictures_without_any_box_push_sureness_down_and_nothing_else(error):
    output = random_map(2).requires_grad_()
    parts = LOSSES[error](asked(output, [[], []]))
    assert parts["box"].item() == parts["class"].item() == 0
    torch.stack(list(parts.values())).sum().backward()
    assert (output.grad[:, 0] > 0).all()
    assert not output.grad[:, 1:].any()


@pytest.mark.parametrize("error", LOSSES)
def test_weights_are_those_of_pictures(error):
    output = random_map(2)
    objects = [[OBJECT], [(0, 1.0, 20, 9, 30)]]
    weighted = LOSSES[error](asked(output, objects, torch.tensor([2.0, 0.0], dtype=torch.float64)))
    alone = LOSSES[error](asked(output[:1], objects[:1]))
    for name, value in weighted.items():
        assert value.item() == pytest.approx(2 * alone[name].item(), abs=1e-10)


def test_the_focal_loss_is_differentiated_rightly():
    output = random_map().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda z: torch.stack(list(LOSSES["focal-giou"](asked(z, [[OBJECT]])).values())), output
    )
