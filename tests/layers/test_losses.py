"""Losses against NumPy by hand, with gradients and with weights."""

import numpy as np
import pytest
import torch

from layerwise.byhand import losses as byhand
from layerwise.layers import losses

torch.manual_seed(0)
SUMS = torch.randn(7, 3, dtype=torch.float64) * 3
NUMBERS = torch.randn(7, 3, dtype=torch.float64)
BITS = torch.randint(0, 2, (7, 3)).double()
CLASSES = torch.tensor([0, 1, 2, 2, 1, 0, 1])

CASES = {
    "squared_error": (byhand.squared_error, NUMBERS),
    "half_squared_error": (byhand.half_squared_error, NUMBERS),
    "absolute_error": (byhand.absolute_error, NUMBERS),
    "cross_entropy": (byhand.cross_entropy, CLASSES),
    "binary_cross_entropy": (byhand.binary_cross_entropy_from_logits, BITS),
    "perceptron_criterion": (byhand.perceptron_criterion, BITS),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_byhand_with_gradient(name):
    by_hand, targets = CASES[name]
    sums = SUMS.clone().requires_grad_()
    value = getattr(losses, name)(sums, targets)
    value.backward()
    expected, slope = by_hand(SUMS.numpy(), targets.numpy(), reduction="sum")
    assert value.item() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(sums.grad, slope, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_a_weight_of_two_counts_an_example_twice(name):
    _, targets = CASES[name]
    loss = getattr(losses, name)
    twice = loss(torch.cat((SUMS, SUMS[:1])), torch.cat((targets, targets[:1])))
    weights = torch.tensor([2.0, 1, 1, 1, 1, 1, 1], dtype=torch.float64)
    torch.testing.assert_close(loss(SUMS, targets, weights), twice)


def test_perceptron_criterion_moves_points_on_the_boundary():
    sums = torch.zeros(2, 1, requires_grad=True)
    losses.perceptron_criterion(sums, torch.tensor([[1.0], [0.0]])).backward()
    assert sums.grad.flatten().tolist() == [-1, 1]


def test_cross_entropy_does_not_overflow():
    found = losses.cross_entropy(torch.tensor([[1e4, -1e4]], dtype=torch.float64), torch.tensor([1]))
    assert found.item() == 2e4
