"""Pooling layers against the lecture's numbers, torch, and NumPy by hand."""

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError
from torch.nn import functional

from layerwise.byhand.pooling import l2_pool
from layerwise.errors import LayerwiseError
from layerwise.layers.pooling import L2Pool2d, TrainablePool2d

X1 = [
    [10, 255, 125, 0, 170, 100], [70, 255, 105, 25, 25, 70], [255, 0, 150, 0, 10, 10],
    [0, 255, 10, 10, 150, 20], [70, 15, 200, 100, 95, 0], [25, 25, 100, 20, 0, 60],
]  # fmt: skip
L2_OF_X1 = [[367.4915, 165.1514, 210.7724], [360.6245, 150.6652, 151.9868], [79.8436, 245.7641, 112.3610]]
MEANS_OF_X1 = [[147.5, 63.75, 91.25], [127.5, 42.5, 47.5], [33.75, 105, 38.75]]


@pytest.mark.parametrize(("scale", "divisor"), [("sum", 1), ("mean", 2), ("lecture", 4)])
def test_l2_of_the_lecture(scale, divisor):
    found = L2Pool2d(2, scale=scale)(torch.tensor([[X1]], dtype=torch.float64))
    np.testing.assert_allclose(found[0, 0] * divisor, L2_OF_X1, atol=1e-4)


@pytest.mark.parametrize("scale", ["sum", "mean", "lecture"])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), ((2, 3), None)])
def test_l2_equals_byhand(scale, kernel, stride):
    inputs = torch.randn(2, 3, 8, 9, dtype=torch.float64)
    found = L2Pool2d(kernel, stride=stride, scale=scale)(inputs)
    np.testing.assert_allclose(found, l2_pool(inputs.numpy(), kernel, stride=stride, scale=scale), atol=1e-12)


def test_l2_gradient_of_an_empty_window_is_finite():
    inputs = torch.zeros(1, 1, 2, 2, requires_grad=True)
    L2Pool2d(2)(inputs).sum().backward()
    assert torch.isfinite(inputs.grad).all()


def test_unknown_scale_is_refused():
    with pytest.raises((LayerwiseError, TypeCheckError), match=r"'sum', 'mean'.*'lecture'"):
        L2Pool2d(2, scale="half")


def test_trainable_pooling_starts_as_average_pooling():
    found = TrainablePool2d(1, 2)(torch.tensor([[X1]], dtype=torch.float32))
    np.testing.assert_allclose(found[0, 0].detach(), MEANS_OF_X1, rtol=1e-6)


def test_trainable_pooling_multiplies_the_sum_and_adds_the_bias():
    layer = TrainablePool2d(2, (2, 3)).double()
    layer.gain.data, layer.bias.data = torch.tensor([2.0, -1.0]).double(), torch.tensor([0.5, 3.0]).double()
    inputs = torch.randn(3, 2, 4, 6, dtype=torch.float64)
    windows = functional.unfold(inputs, (2, 3), stride=(2, 3)).view(3, 2, 6, 4).sum(2).view(3, 2, 2, 2)
    expected = torch.stack((2 * windows[:, 0] + 0.5, -windows[:, 1] + 3), dim=1)
    torch.testing.assert_close(layer(inputs), expected)
    assert torch.autograd.gradcheck(layer, inputs.requires_grad_())
