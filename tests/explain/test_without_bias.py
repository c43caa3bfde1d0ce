"""Layers without a bias: no view shows one, and what is shown still verifies; with a bias it is there."""

import re

import pytest
import torch
from torch import nn

from layerwise.explain.open import explain
from layerwise.explain.subject import Subject
from layerwise.language import use
from layerwise.tasks.classify import Classify
from layerwise.tasks.segment import Segment

CLASSES = ("a", "b", "c")


class Reads(nn.Module):
    """A recurrent layer; its last state answers."""

    def __init__(self, kind, bias):
        super().__init__()
        self.cells = kind(4, 5, bias=bias, batch_first=True)
        self.out = nn.Linear(5, 3, bias=bias)

    def forward(self, inputs):
        return self.out(self.cells(inputs)[0][:, -1])


def connected(bias):
    model = nn.Sequential(nn.Linear(4, 5, bias=bias), nn.Tanh(), nn.Linear(5, 3, bias=bias))
    return Subject(model, torch.randn(1, 4), torch.tensor([1]), Classify(CLASSES))


def wide(bias):
    return Subject(nn.Linear(40, 3, bias=bias), torch.randn(1, 40), torch.tensor([1]), Classify(CLASSES))


def convolution(bias, channels=1):
    model = nn.Sequential(nn.Conv2d(channels, 4, 3, bias=bias), nn.Flatten(), nn.Linear(64, 3, bias=bias))
    return Subject(model, torch.randn(1, channels, 6, 6), torch.tensor([1]), Classify(CLASSES))


def segmenter(bias):
    model = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=bias), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=bias))
    return Subject(model, torch.randn(1, 3, 12, 12), None, Segment(CLASSES))


def recurrent(kind):
    return lambda bias: Subject(Reads(kind, bias), torch.randn(1, 6, 4), torch.tensor([1]), Classify(CLASSES))


CASES = [
    ("unit-sum", connected), ("unit-sum", wide), ("weights", lambda bias: convolution(bias, 3)),
    ("layer-table", connected), ("backprop-sheet", connected), ("convolution-window", convolution),
    ("convolution-window", lambda bias: convolution(bias, 6)), ("segmentation", segmenter),
    ("gates-through-time", recurrent(nn.LSTM)), ("gates-through-time", recurrent(nn.GRU)),
    ("gates-through-time", recurrent(nn.RNN)), ("gradients-through-time", recurrent(nn.LSTM)),
]  # fmt: skip


def shown(view, make, bias):
    """Return the view, and everything that it writes: page, lines of arithmetic, and the words in its pictures."""
    torch.manual_seed(4)
    explanation = explain(make(bias), view)
    drawn = [picture.draw() for picture in explanation.pictures]
    words = [text.get_text() for each in drawn for text in each.findobj(lambda part: hasattr(part, "get_text"))]
    lines = [line.expression for line in explanation.arithmetic]
    return explanation, "\n".join((str(explanation), *words, *lines))


@pytest.mark.parametrize(("view", "make"), CASES)
def test_no_bias_is_shown_where_there_is_none(view, make):
    explanation, text = shown(view, make, bias=False)
    assert all(check.ok for check in explanation.verify())
    assert not re.search(r"bias|\+ b|\+ 0(?!\.)", text)
    assert "bias" not in explanation.tensors
    with use("ko"):
        assert "바이어스" not in shown(view, make, bias=False)[1]


@pytest.mark.parametrize(("view", "make"), [case for case in CASES if case[0] not in ("weights", "layer-table")])
def test_a_bias_is_shown_where_there_is_one(view, make):
    explanation, text = shown(view, make, bias=True)
    assert all(check.ok for check in explanation.verify())
    assert ("bias" in text) == (view != "gradients-through-time")


@pytest.mark.parametrize(("bias", "count"), [(False, "5 · 4"), (True, "5 · 4 + 5")])
def test_parameters_are_counted_as_they_are(bias, count):
    lines = {line.id: line.expression for line in explain(connected(bias), "layer-table").arithmetic}
    assert lines["0"] == count


@pytest.mark.parametrize(("bias", "terms"), [(False, "largest z = sum x w"), (True, "largest z = sum x w + b")])
def test_the_answers_of_filters_are_added_up_from_what_there_is(bias, terms):
    (line, *_) = explain(convolution(bias), "weights").arithmetic
    assert line.expression == terms
    assert ("bias" in line.operands) == bias
