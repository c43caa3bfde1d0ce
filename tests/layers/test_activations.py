"""Activations and normalisation against NumPy by hand and torch."""

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn
from torch.nn import functional

from layerwise.byhand import activations as byhand
from layerwise.byhand import local_response_norm
from layerwise.errors import LayerwiseError
from layerwise.layers.activations import ACTIVATIONS, Maxout, activation
from layerwise.layers.normalization import LocalResponseNorm
from layerwise.layers.radial_basis import RadialBasis

POINTS = torch.tensor([-1e4, -3.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 1.0, 3.0, 1e4], dtype=torch.float64)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "identity"])
def test_named_activation_equals_byhand_with_gradient(name):
    word = name.replace("-", "_")
    inputs = POINTS.clone().requires_grad_()
    found = activation(name)(inputs)
    np.testing.assert_allclose(found.detach(), getattr(byhand, word)(POINTS.numpy()), atol=1e-12)
    if name != "step":
        found.sum().backward()
        np.testing.assert_allclose(inputs.grad, getattr(byhand, f"{word}_derivative")(POINTS.numpy()), atol=1e-12)


def test_step_passes_no_gradient():
    assert not activation("step")(POINTS.clone().requires_grad_()).requires_grad


def test_unknown_activation_names_the_nearest():
    with pytest.raises(LayerwiseError, match="leaky-relu"):
        activation("leaky_relu")


def test_maxout_equals_byhand_and_routes_the_gradient():
    torch.manual_seed(0)
    layer = Maxout(4, 3, pieces=3).double()
    inputs = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    found = layer(inputs)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    expected, winners = byhand.maxout(inputs.detach().numpy(), weight, bias)
    np.testing.assert_allclose(found.detach(), expected, atol=1e-12)
    gradient = torch.randn_like(found)
    found.backward(gradient)
    slopes = byhand.maxout_backward(gradient.numpy(), inputs.detach().numpy(), weight, winners)
    for mine, theirs in zip((inputs.grad, layer.weight.grad, layer.bias.grad), slopes, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_maxout_with_a_second_share_of_the_first_piece_is_a_rectifier(share):
    layer = Maxout(4, 6).double()
    layer.weight.data[1], layer.bias.data[1] = layer.weight.data[0] * share, layer.bias.data[0] * share
    inputs = torch.randn(50, 4, dtype=torch.float64)
    sums = functional.linear(inputs, layer.weight[0], layer.bias[0])
    torch.testing.assert_close(layer(inputs), functional.leaky_relu(sums, share))


# A large alpha: with 1e-4 the two forms could not be told apart.
@pytest.mark.parametrize("size", [1, 3, 5])
def test_local_response_norm_in_both_forms(size):
    maps = torch.randn(2, 7, 3, 3, dtype=torch.float64)
    paper = LocalResponseNorm(size, alpha=0.5)(maps)
    np.testing.assert_allclose(
        paper, local_response_norm.forward(maps.numpy(), size, alpha=0.5, form="paper"), atol=1e-12
    )
    torch.testing.assert_close(paper, nn.LocalResponseNorm(size, alpha=0.5 * size, beta=0.75, k=2)(maps))
    theirs = LocalResponseNorm(size, alpha=0.5, form="torch")(maps)
    torch.testing.assert_close(theirs, nn.LocalResponseNorm(size, alpha=0.5, beta=0.75, k=2)(maps))
    assert size == 1 or (paper - theirs).abs().max() > 0.01


def test_unknown_form_is_refused():
    with pytest.raises((LayerwiseError, TypeCheckError), match=r"'paper'.*'torch'"):
        LocalResponseNorm(form="caffe")


def test_radial_basis_is_minus_the_squared_distance():
    codes, features = torch.randn(4, 6, dtype=torch.float64), torch.randn(3, 6, dtype=torch.float64)
    torch.testing.assert_close(RadialBasis(codes)(features), -(torch.cdist(features, codes) ** 2))
