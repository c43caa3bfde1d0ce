"""Convolution layers against NumPy by hand, SciPy, torch, and counting."""

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError
from scipy.signal import convolve2d, correlate2d
from torch import nn
from torch.nn import functional

from layerwise.byhand import convolution as byhand
from layerwise.errors import LayerwiseError
from layerwise.layers.convolution import Convolution2d, PartialConvolution2d

X = [[2.0, 1.0, 2.0], [5.0, 0.0, 1.0], [1.0, 7.0, 3.0]]
W = [[0.5, 0.7, 0.4], [0.3, 0.4, 0.1], [0.5, 1.0, 0.5]]

# lecture 004, by hand: padding rule, stride -> true convolution, cross-correlation
LECTURE = {
    ("same", 1): (
        [[4.6, 3.7, 1.6], [8.7, 10.6, 7.8], [7.5, 6.8, 2.9]],
        [[5.9, 4.2, 2.1], [8.3, 13.1, 8.8], [4.6, 6.3, 4.0]],
    ),
    (1, 2): ([[4.6, 1.6], [7.5, 2.9]], [[5.9, 2.1], [4.6, 4.0]]),
    ("valid", 1): ([[10.6]], [[13.1]]),
}


def layer_with(kernel, **settings):
    layer = Convolution2d(1, 1, len(kernel), bias=False, **settings).double()
    layer.weight.data = torch.tensor([[kernel]], dtype=torch.float64)
    return layer


@pytest.mark.parametrize(("padding", "stride"), LECTURE)
@pytest.mark.parametrize("flip", [True, False])
def test_lecture_example(padding, stride, flip):
    found = layer_with(W, padding=padding, stride=stride, flip=flip)(torch.tensor([[X]], dtype=torch.float64))
    expected = LECTURE[padding, stride][0 if flip else 1]
    np.testing.assert_allclose(found[0, 0].detach(), expected, atol=1e-12)


@pytest.mark.parametrize("mode", ["full", "valid"])
@pytest.mark.parametrize("flip", [True, False])
def test_equals_scipy(mode, flip):
    generator = np.random.default_rng(3)
    image, kernel = generator.normal(size=(7, 9)), generator.normal(size=(3, 4)).tolist()
    layer = Convolution2d(1, 1, (3, 4), bias=False, padding=mode, flip=flip).double()
    layer.weight.data = torch.tensor([[kernel]], dtype=torch.float64)
    found = layer(torch.from_numpy(image)[None, None])[0, 0].detach()
    np.testing.assert_allclose(found, (convolve2d if flip else correlate2d)(image, kernel, mode), atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", range(1, 13))
@pytest.mark.parametrize("kernel", range(1, 6))
def test_same_size_is_ceil_of_size_over_stride(size, kernel, stride):
    found = Convolution2d(1, 1, kernel, stride=stride, padding="same")(torch.zeros(1, 1, size, size + 1))
    assert found.shape[2:] == (-(-size // stride), -(-(size + 1) // stride))


def test_alexnet_first_layer_same_gives_56_where_the_lecture_has_55():
    layer = Convolution2d(3, 2, 11, stride=4, padding="same")
    assert layer(torch.zeros(1, 3, 224, 224)).shape[2:] == (56, 56)
    assert Convolution2d(3, 2, 11, stride=4)(torch.zeros(1, 3, 227, 227)).shape[2:] == (55, 55)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2, "same", "valid", "full"])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("flip", [True, False])
def test_equals_byhand_and_torch_with_gradients(stride, padding, dilation, groups, flip):
    torch.manual_seed(0)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    layer = Convolution2d(4, 6, (3, 2), flip=flip, **settings).double()
    inputs = torch.randn(2, 4, 8, 7, dtype=torch.float64, requires_grad=True)
    found = layer(inputs)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    by_hand = byhand.convolve2d if flip else byhand.correlate2d
    backward = byhand.convolve2d_backward if flip else byhand.correlate2d_backward
    np.testing.assert_allclose(found.detach(), by_hand(inputs.detach().numpy(), weight, bias, **settings), atol=1e-12)
    gradient = torch.randn_like(found)
    found.backward(gradient)
    slopes = backward(gradient.numpy(), inputs.detach().numpy(), weight, **settings)
    for mine, theirs in zip((inputs.grad, layer.weight.grad, layer.bias.grad), slopes, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-11)
    if isinstance(padding, int):
        kernel = layer.weight.flip(2, 3) if flip else layer.weight
        torch.testing.assert_close(found, functional.conv2d(inputs, kernel, layer.bias, **settings))


def test_same_seed_gives_the_weights_of_torchs_layer():
    torch.manual_seed(5)
    mine = Convolution2d(3, 4, 5)
    torch.manual_seed(5)
    assert torch.equal(mine.weight, nn.Conv2d(3, 4, 5).weight)


def test_unknown_padding_is_refused():
    with pytest.raises((LayerwiseError, TypeCheckError), match=r"'valid', 'same', 'full'|half"):
        Convolution2d(1, 1, 3, padding="half")


def test_partial_convolution_equals_a_full_one_with_zero_kernels():
    torch.manual_seed(1)
    connections = ((0, 2), (1,), (0, 1, 2))
    layer = PartialConvolution2d(connections, inputs=3, kernel=2).double()
    full = torch.zeros(3, 3, 2, 2, dtype=torch.float64)
    pairs = [(row, column) for row, seen in enumerate(connections) for column in seen]
    for number, (row, column) in enumerate(pairs):
        full[row, column] = layer.weight[number].detach()
    inputs = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    torch.testing.assert_close(layer(inputs), functional.conv2d(inputs, full, layer.bias))
    assert sum(part.numel() for part in layer.parameters()) == 6 * 4 + 3


def test_partial_convolution_learns_every_kernel_and_ignores_what_it_does_not_see():
    layer = PartialConvolution2d(((0,), (1,)), inputs=2, kernel=3).double()
    inputs = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    layer(inputs)[:, 0].sum().backward()
    assert inputs.grad[:, 0].abs().min() > 0
    assert not inputs.grad[:, 1].any()
    assert layer.weight.grad[0].abs().min() > 0
    assert not layer.weight.grad[1].any()


@pytest.mark.parametrize("connections", [((),), ((0, 3),)])
def test_partial_convolution_refuses_maps_that_do_not_exist(connections):
    with pytest.raises(LayerwiseError, match="from 0 to 2"):
        PartialConvolution2d(connections, inputs=3, kernel=3)
