"""The view of a segmentation: the chain of one score agrees with the network, and a wrong number is noticed."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.data.label_images import IGNORE
from layerwise.errors import LayerwiseError
from layerwise.explain.open import accepts, explain
from layerwise.explain.score_chain import chain
from layerwise.explain.subject import Subject
from layerwise.explain.trace import record_forward
from layerwise.language import use
from layerwise.models.fcn_small import fcn_small
from layerwise.tasks.segment import Segment

TASK = Segment(("ground", "circle", "star"))


def subject(size=(3, 29, 34), *, skips=True, model=None, truth=True):
    torch.manual_seed(3)
    model = model or fcn_small(size, 3, maps=(4, 6, 8), skips=skips)
    examples = TASK.sample(size, 2, torch.Generator().manual_seed(1))
    return Subject(model, examples.inputs[:1], examples.targets[:1] if truth else None, TASK, (), TASK.classes, "one")


@pytest.mark.parametrize("size", [(3, 29, 34), (3, 32, 32), (1, 9, 7)])
@pytest.mark.parametrize("skips", [True, False])
def test_every_number_of_the_chain_agrees(size, skips):
    shown = explain(subject(size, skips=skips), "segmentation")
    checks = shown.verify()
    assert all(check.ok for check in checks), [check for check in checks if not check.ok]
    names = [check.id for check in checks]
    assert ("upscore4 + score2" in names) == skips
    assert {"upscore2", "all of upscore2", "p"} <= set(names)


def test_a_wrong_number_anywhere_is_noticed():
    """Every operand, at many places: one entry changed, and the line no longer comes out."""
    draw = np.random.default_rng(0)
    for line in explain(subject(), "segmentation").arithmetic:
        for operand, value in line.operands.items():
            places = np.flatnonzero(value) if np.any(value) else np.arange(np.size(value))
            for place in draw.permutation(places)[:40]:
                wrong = np.array(value, dtype=np.float64)
                old = wrong.flat[place]
                wrong.flat[place] = old - (np.sign(old) or 1) * (1 + 2 * abs(old))
                spoiled = dataclasses.replace(line, operands={**line.operands, operand: wrong})
                assert not spoiled.check().ok, (line.id, operand)


def test_the_chosen_pixel_is_the_most_surely_wrong_one():
    given = subject()
    shown = explain(given, "segmentation")
    z, truth = shown.tensors["scores"].array, given.target[0].numpy()
    answer = z.argmax(0)
    facts = dict(shown.facts)
    row, column = (int(word.rstrip(",")) for word in facts["pixel"].split()[1::2])
    ahead = {
        (i, j): z[answer[i, j], i, j] - z[truth[i, j], i, j]
        for i, j in np.ndindex(*truth.shape)
        if truth[i, j] != IGNORE and truth[i, j] != answer[i, j]
    }
    assert ahead[row, column] == max(ahead.values())


def test_any_pixel_can_be_named_and_one_outside_is_refused():
    shown = explain(subject(), "segmentation", {"row": 28, "column": 0})
    assert dict(shown.facts)["pixel"] == "row 28, column 0"
    assert all(check.ok for check in shown.verify())
    with pytest.raises(LayerwiseError, match="29 rows and 34 columns"):
        explain(subject(), "segmentation", {"row": 29})


def test_the_truth_is_left_out_where_it_is_not_known():
    shown = explain(subject(truth=False), "segmentation")
    assert not [check for check in shown.verify() if check.id.startswith("IoU")]
    assert "true class" not in dict(shown.facts)
    assert shown.to_html()


def test_other_last_layers_are_followed_too():
    plain = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1))
    shown = explain(subject(model=plain), "segmentation")
    assert shown.verify()[0].id == "2"
    assert all(check.ok for check in shown.verify())
    enlarging = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1))
    assert all(check.ok for check in explain(subject((3, 12, 12), model=enlarging), "segmentation").verify())


def test_networks_that_answer_a_picture_with_one_class_are_declined():
    pooled = nn.Sequential(nn.Conv2d(3, 3, 3), nn.AdaptiveAvgPool2d(1))
    assert not accepts(subject(model=pooled), "segmentation")
    assert not accepts(dataclasses.replace(subject(), task=None), "segmentation")


def test_the_chain_ends_where_it_cannot_be_followed():
    class Resized(nn.Module):
        def __init__(self):
            super().__init__()
            self.score = nn.Conv2d(3, 3, 1)

        def forward(self, inputs):
            return nn.functional.interpolate(self.score(inputs[:, :, ::2, ::2]), scale_factor=2)

    model = Resized()
    assert chain(record_forward(model, torch.randn(1, 3, 8, 8)), (0, 0, 0)) == ()
    assert not accepts(subject((3, 8, 8), model=model), "segmentation")


def test_it_speaks_korean():
    with use("ko"):
        text = str(explain(subject(), "segmentation"))
    assert "도장" in text
    assert "화소" in text
