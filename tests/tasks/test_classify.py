"""Classification: its loss against torch and by hand, its targets by name, and what it refuses."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from layerwise.data.kinds import Categories, Numbers
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Batch


def source(codes, names):
    return Source("s", "memory", (Field("y", "target"),), {"y": Categories(np.array(codes), tuple(names))})


def batch(*, weights=None):
    inputs = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    return Batch(inputs, torch.tensor([0, 2, 1, 1, 0]), torch.arange(5), weights)


@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 0.5, 2.0, 0.0, 1.0])])
def test_cross_entropy_is_a_sum_with_its_count(weights):
    some = batch(weights=weights)
    result = Classify(("a", "b", "c")).loss(nn.Identity(), some, None)
    each = functional.cross_entropy(some.inputs, some.targets, reduction="none")
    expected = each.sum() if weights is None else (each * weights).sum()
    torch.testing.assert_close(result.total, expected)
    assert float(result.count) == (5 if weights is None else 4.5)
    assert torch.equal(result.output, some.inputs)


def test_squared_error_is_that_of_the_softmax_by_hand():
    # softmax((0, ln 3)) = (1/4, 3/4); target 0: (1 - 1/4)^2 + (3/4)^2 = 18/16.
    some = Batch(torch.tensor([[0.0, np.log(3.0)]]), torch.tensor([0]), torch.arange(1))
    task = Classify(("a", "b"), "squared-error")
    assert task.loss(nn.Identity(), some, None).total.item() == pytest.approx(18 / 16)
    weighted = Batch(some.inputs, some.targets, some.rows, torch.tensor([0.5]))
    assert task.loss(nn.Identity(), weighted, None).total.item() == pytest.approx(9 / 16)


def test_probabilities_sum_to_one():
    scores = Classify(("a", "b", "c")).decode(nn.Identity(), torch.tensor([[0.0, 1.0, 200.0], [1.0, 1.0, 1.0]]))
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-7)
    np.testing.assert_allclose(scores[1], 1 / 3, rtol=1e-6)


def test_targets_go_by_name_so_that_other_data_may_number_them_otherwise():
    task = Classify.of(source([0, 1, 2], "abc"), np.arange(3), "auto")
    assert task.targets(source([0, 1, 2, -1], "cxa")).tolist() == [2, -1, 0, -1]


def test_one_class_is_refused_by_name():
    with pytest.raises(LayerwiseError, match="every row of 'y' is 'b'"):
        Classify.of(source([1, 1], "ab"), np.arange(2), "auto")


def test_numbers_and_the_losses_of_regression_are_refused():
    numbers = Source("s", "memory", (Field("y", "target"),), {"y": Numbers(np.arange(3.0))})
    with pytest.raises(LayerwiseError, match="--category y"):
        Classify.of(numbers, np.arange(2), "auto")
    with pytest.raises(LayerwiseError, match="'absolute-error' for classification"):
        Classify.of(source([0, 1], "ab"), np.arange(2), "absolute-error")
