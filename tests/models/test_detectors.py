"""The grid detector and the detector by colour alone."""

from itertools import pairwise

import pytest
import torch

from layerwise.errors import LayerwiseError
from layerwise.models.colour_threshold import colour_threshold
from layerwise.models.grid_detector import PRIOR, grid_detector
from layerwise.tasks.contract import ClosedForm, Examples
from layerwise.tasks.detect import Detect
from layerwise.tasks.ragged import Ragged


@pytest.mark.parametrize(("width", "classes"), [(24, 4), (8, 3), (5, 1)])
def test_the_parameters_of_the_grid_detector_by_formula(width, classes):
    maps = [3, width, 2 * width, 2 * width, 4 * width, 4 * width, 4 * width]
    kernels = sum(9 * one * other + 2 * other for one, other in pairwise(maps))
    head = (4 * width + 1) * (5 + classes)
    network = grid_detector((3, 96, 96), classes, width=width)
    assert sum(parameter.numel() for parameter in network.parameters()) == kernels + head


@pytest.mark.parametrize(("size", "grid"), [((96, 96), (12, 12)), ((97, 90), (13, 12)), ((8, 8), (1, 1))])
def test_one_cell_for_eight_pixels(size, grid):
    network = grid_detector((3, *size), 4, width=4)
    assert network(torch.zeros(2, 3, *size)).shape == (2, 9, *grid)


def test_a_cell_sees_fifty_five_pixels():
    network = grid_detector((1, 160, 160), 2, width=4).eval()
    picture = torch.zeros(1, 1, 160, 160, requires_grad=True)
    # Weights of one sign, so that no path is switched off.
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, 0.1)
    network(picture)[0, 0, 10, 10].backward()
    seen = picture.grad[0, 0].nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [55, 55]


def test_every_cell_begins_unsure():
    torch.manual_seed(0)
    sureness = grid_detector((3, 96, 96), 4)(torch.randn(4, 3, 96, 96))[:, 0].sigmoid()
    assert sureness.mean().item() == pytest.approx(PRIOR, rel=0.2)


@pytest.mark.parametrize("build", [grid_detector, colour_threshold])
def test_a_table_is_refused(build):
    with pytest.raises(LayerwiseError, match="pictures"):
        build(4, 3)


def test_a_picture_without_a_whole_cell_and_no_maps_are_refused():
    with pytest.raises(LayerwiseError, match="8 by 8"):
        grid_detector((3, 7, 96), 3)
    with pytest.raises(LayerwiseError, match="width"):
        grid_detector((3, 96, 96), 3, width=0)


def patches(number=40):
    """Red squares that are full and red triangles that are half full, on blue noise; green bars are no objects."""
    generator = torch.Generator().manual_seed(0)
    pictures = torch.zeros(number, 3, 32, 32)
    pictures[:, 2] = 0.6 + 0.2 * torch.rand(number, 32, 32, generator=generator)
    boxes = []
    for row in range(number):
        top, left = torch.randint(0, 22, (2,), generator=generator).tolist()
        kind = row % 2
        mark = torch.ones(10, 10) if kind == 0 else torch.ones(10, 10).tril()
        pictures[row, 0, top : top + 10, left : left + 10] = mark
        pictures[row, 1, 31] = 1.0
        boxes.append(torch.tensor([[kind, left, top, left + 10, top + 10]]).float())
    return Examples(pictures, Ragged.of(boxes, -1), tuple(map(str, range(number))))


def test_colour_finds_what_colour_tells():
    held, network = patches(), colour_threshold((3, 32, 32), 2)
    assert isinstance(network, ClosedForm)
    network.fit(held)
    task = Detect(("square", "triangle"), float(network.anchor), (32, 32))
    assert float(network.anchor) == pytest.approx(10)
    answers = task.answer(network, held)
    found = 0
    for row, answer in enumerate(answers):
        wanted = held.targets.item(row)[0]
        best = answer[0]
        found += best[:5].round(2).tolist() == wanted.tolist()
    assert found >= 38


def test_colour_comes_back_from_its_weights():
    held, first = patches(), colour_threshold((3, 32, 32), 2)
    first.fit(held)
    second = colour_threshold((3, 32, 32), 2)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(held.inputs), second(held.inputs))
