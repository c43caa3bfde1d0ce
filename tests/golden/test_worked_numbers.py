"""The lectures' own worked numbers (W01-W09, W11, W15, W16), by hand and by torch or SciPy: exact and equal."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import signal

from layerwise.byhand import activations, perceptron, pooling
from layerwise.byhand.convolution import convolve2d, correlate2d, correlate2d_backward
from layerwise.byhand.padding import output_size
from layerwise.byhand.sliding_window import convolve_image, correlate_image, window_at


def equal(found, expected, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=0, atol=tolerance)


def in_torch(image, kernel, **options):
    return F.conv2d(torch.tensor(image)[None, None], torch.tensor(kernel)[None, None], **options)[0, 0].numpy()


def test_w01_sharpen():
    kernel = np.array([[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]])
    image = np.array([[173.0, 255.0, 254.0], [54.0, 140.0, 213.0], [46.0, 81.0, 118.0]])
    # the kernel is symmetric: both conventions give the slide's number
    for found in (
        convolve_image(image, kernel),
        correlate_image(image, kernel),
        in_torch(image, kernel),
        signal.convolve2d(image, kernel, "valid"),
    ):
        assert np.asarray(found).tolist() == [[97.0]]
    assert -255 - 54 + 140 * 5 - 213 - 81 == 97


def test_w02_convolution_map():
    rows = ("11100", "01110", "00111", "00110", "01100")
    image = np.array([[float(cell) for cell in row] for row in rows])
    kernel = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    expected = [[4.0, 3.0, 4.0], [2.0, 4.0, 3.0], [2.0, 3.0, 4.0]]
    assert (window_at(image, (3, 3), 0, 0) * kernel).sum() == 4, "the one the lecture shows"
    assert correlate_image(image, kernel).tolist() == expected
    assert convolve_image(image, kernel).tolist() == expected
    assert in_torch(image, kernel).tolist() == expected
    assert signal.convolve2d(image, kernel, "valid").tolist() == expected


W03_IMAGE = np.array([[2.0, 1.0, 2.0], [5.0, 0.0, 1.0], [1.0, 7.0, 3.0]])
W03_KERNEL = np.array([[0.5, 0.7, 0.4], [0.3, 0.4, 0.1], [0.5, 1.0, 0.5]])
W03 = [
    (1, 1, [[4.6, 3.7, 1.6], [8.7, 10.6, 7.8], [7.5, 6.8, 2.9]], [[5.9, 4.2, 2.1], [8.3, 13.1, 8.8], [4.6, 6.3, 4.0]]),
    (1, 2, [[4.6, 1.6], [7.5, 2.9]], [[5.9, 2.1], [4.6, 4.0]]),
    (0, 1, [[10.6]], [[13.1]]),
]
W03_FULL = [
    [1.0, 1.9, 2.5, 1.8, 0.8],
    [3.1, 4.6, 3.7, 1.6, 0.6],
    [3.0, 8.7, 10.6, 7.8, 2.3],
    [2.8, 7.5, 6.8, 2.9, 0.8],
    [0.5, 4.5, 9.0, 6.5, 1.5],
]


@pytest.mark.parametrize(("padding", "stride", "convolution", "correlation"), W03)
def test_w03_convolution_by_hand(padding, stride, convolution, correlation):
    image, kernel = W03_IMAGE[None, None], W03_KERNEL[None, None]
    options = {"padding": padding, "stride": stride}
    equal(convolve_image(W03_IMAGE, W03_KERNEL, **options), convolution)
    equal(convolve2d(image, kernel, **options)[0, 0], convolution)
    equal(in_torch(W03_IMAGE, W03_KERNEL[::-1, ::-1].copy(), **options), convolution)
    equal(correlate_image(W03_IMAGE, W03_KERNEL, **options), correlation)
    equal(correlate2d(image, kernel, **options)[0, 0], correlation)
    equal(in_torch(W03_IMAGE, W03_KERNEL, **options), correlation)


def test_w03_full_same_and_the_rotated_kernel():
    assert W03_KERNEL[::-1, ::-1].tolist() == [[0.5, 1.0, 0.5], [0.1, 0.4, 0.3], [0.4, 0.7, 0.5]]
    equal(convolve_image(W03_IMAGE, W03_KERNEL, padding="full"), W03_FULL)
    equal(signal.convolve2d(W03_IMAGE, W03_KERNEL, "full"), W03_FULL)
    equal(in_torch(W03_IMAGE, W03_KERNEL[::-1, ::-1].copy(), padding=2), W03_FULL)
    equal(convolve_image(W03_IMAGE, W03_KERNEL, padding="same"), W03[0][2])
    equal(signal.convolve2d(W03_IMAGE, W03_KERNEL, "same"), W03[0][2])


X1 = np.array(
    [
        [10, 255, 125, 0, 170, 100],
        [70, 255, 105, 25, 25, 70],
        [255, 0, 150, 0, 10, 10],
        [0, 255, 10, 10, 150, 20],
        [70, 15, 200, 100, 95, 0],
        [25, 25, 100, 20, 0, 60],
    ],
    dtype=float,
)[None, None]
X2 = np.array(
    [
        [100, 100, 100, 50, 100, 50],
        [95, 255, 100, 125, 125, 170],
        [80, 40, 10, 10, 125, 150],
        [255, 30, 150, 20, 120, 125],
        [30, 30, 150, 100, 70, 70],
        [70, 30, 100, 200, 70, 95],
    ],
    dtype=float,
)[None, None]


@pytest.mark.parametrize("maps", [X1, X2], ids=["X1", "X2"])
def test_w04_max_pooling_gives_one_answer_for_two_inputs(maps):
    expected = [[[[255.0, 125.0, 170.0], [255.0, 150.0, 150.0], [70.0, 200.0, 95.0]]]]
    assert pooling.max_pool(maps, 2)[0].tolist() == expected
    assert F.max_pool2d(torch.tensor(maps), 2).tolist() == expected


W04_MEANS = [
    (X1, [[147.5, 63.75, 91.25], [127.5, 42.5, 47.5], [33.75, 105.0, 38.75]]),
    (X2, [[137.5, 93.75, 111.25], [101.25, 47.5, 130.0], [40.0, 137.5, 76.25]]),
]


@pytest.mark.parametrize(("maps", "expected"), W04_MEANS, ids=["X1", "X2"])
def test_w04_mean_pooling_tells_them_apart(maps, expected):
    assert pooling.average_pool(maps, 2).tolist() == [[expected]]
    assert F.avg_pool2d(torch.tensor(maps), 2).tolist() == [[expected]]


def test_w04_l2_pooling():
    expected = np.array(
        [[[[367.4915, 165.1514, 210.7724], [360.6245, 150.6652, 151.9868], [79.8436, 245.7641, 112.3610]]]]
    )
    equal(pooling.l2_pool(X1, 2), expected, 5e-5)
    equal(pooling.l2_pool(X1, 2), F.lp_pool2d(torch.tensor(X1), 2, 2).numpy())
    equal(pooling.l2_pool(X1, 2, scale="lecture"), expected / 4, 5e-5)
    equal(pooling.l2_pool(X1, 2, scale="mean"), expected / 2, 5e-5)


def test_w05_strided_convolution_and_its_transpose():
    x, y, z = 2.0, 3.0, 5.0
    matrix = np.array([[x, y, z, 0, 0, 0], [0, 0, x, y, z, 0]])
    row, kernel = np.array([[[[7.0, 11.0, 13.0, 17.0]]]]), np.array([[[[x, y, z]]]])
    forward = correlate2d(row, kernel, stride=2, padding=(0, 1))
    assert forward.tolist() == [[[[76.0, 146.0]]]]
    assert (matrix @ np.pad(row[0, 0, 0], 1)).tolist() == [76.0, 146.0]
    assert F.conv1d(torch.tensor(row[0]), torch.tensor(kernel[0]), stride=2, padding=1).tolist() == [[[76.0, 146.0]]]
    a_b = np.array([[[[7.0, 11.0]]]])
    assert (matrix.T @ a_b.ravel()).tolist() == [14.0, 21.0, 57.0, 33.0, 55.0, 0.0]
    for length, padding, extra, expected in [
        (6, 0, None, [14.0, 21.0, 57.0, 33.0, 55.0, 0.0]),
        (5, 0, 0, [14.0, 21.0, 57.0, 33.0, 55.0]),
        (3, 1, 0, [21.0, 57.0, 33.0]),
        (4, 1, 1, [21.0, 57.0, 33.0, 55.0]),
    ]:
        place = np.zeros((1, 1, 1, length))
        transposed = correlate2d_backward(a_b, place, kernel, stride=2, padding=(0, padding))[0]
        assert transposed.tolist() == [[[expected]]]
        if extra is not None:
            found = F.conv_transpose1d(
                torch.tensor(a_b[0]), torch.tensor(kernel[0]), stride=2, padding=padding, output_padding=extra
            )
            assert found.tolist() == [[expected]]


W06 = [
    (224, 11, 4, 2, 55),
    (227, 11, 4, 0, 55),
    (55, 3, 2, 0, 27),
    (27, 3, 2, 0, 13),
    (13, 3, 2, 0, 6),
    (32, 5, 1, 0, 28),
]


@pytest.mark.parametrize(("length", "kernel", "stride", "padding", "expected"), W06)
def test_w06_sizes(length, kernel, stride, padding, expected):
    assert output_size(length, kernel, stride, padding) == expected
    found = F.conv1d(torch.zeros(1, 1, length), torch.zeros(1, 1, kernel), stride=stride, padding=padding)
    assert found.shape[-1] == expected


def test_w06_same_with_a_stride():
    assert output_size(224, 11, 4, "same") == 56
    assert correlate2d(np.zeros((1, 1, 224, 4)), np.zeros((1, 1, 11, 1)), stride=4, padding="same").shape[2] == 56
    with pytest.raises(RuntimeError):
        F.conv1d(torch.zeros(1, 1, 224), torch.zeros(1, 1, 11), stride=4, padding="same")


def parameters(layer):
    return sum(parameter.numel() for parameter in layer.parameters())


def test_w07_inception_saving():
    assert 3 * 3 * 16 * 32 == 4608
    assert 1 * 1 * 16 * 5 + 3 * 3 * 5 * 32 == 80 + 1440 == 1520
    direct, narrow, wide = torch.nn.Conv2d(16, 32, 3), torch.nn.Conv2d(16, 5, 1), torch.nn.Conv2d(5, 32, 3)
    assert direct.weight.numel() == 4608
    assert narrow.weight.numel() + wide.weight.numel() == 1520
    assert (parameters(direct), parameters(narrow) + parameters(wide)) == (4640, 1557)
    # the weights by hand have the same shapes: the layer runs on them and gives as many maps
    x = np.zeros((1, 16, 5, 5))
    assert correlate2d(x, direct.weight.detach().double().numpy()).shape == (1, 32, 3, 3)
    reduced = correlate2d(x, narrow.weight.detach().double().numpy())
    assert correlate2d(reduced, wide.weight.detach().double().numpy()).shape == (1, 32, 3, 3)


@pytest.mark.parametrize(("channels", "expected"), [(1, 320), (3, 896), (16, 4640)])
def test_w08_keras_question(channels, expected):
    assert (9 * channels + 1) * 32 == expected
    assert parameters(torch.nn.Conv2d(channels, 32, 3)) == expected


def test_w09_kernel_stack():
    assert 5 * 5 == 25
    assert 2 * 3 * 3 == 18
    for channels in (1, 8):
        stack = torch.nn.Sequential(*(torch.nn.Conv2d(channels, channels, 3, bias=False) for _ in range(2)))
        assert parameters(stack) == 18 * channels**2
        assert parameters(torch.nn.Conv2d(channels, channels, 5, bias=False)) == 25 * channels**2
    # the receptive field is 5 in both: the gradient of one output cell reaches 5 x 5 inputs
    place, cell = np.zeros((1, 1, 9, 9)), np.zeros((1, 1, 5, 5))
    cell[0, 0, 2, 2] = 1.0
    between = correlate2d_backward(cell, np.zeros((1, 1, 7, 7)), np.ones((1, 1, 3, 3)))[0]
    reached = correlate2d_backward(between, place, np.ones((1, 1, 3, 3)))[0]
    direct = correlate2d_backward(cell, place, np.ones((1, 1, 5, 5)))[0]
    np.testing.assert_array_equal(reached != 0, direct != 0)
    assert np.count_nonzero(direct) == 25
    # without a ReLU between them, two 3 x 3 kernels are one 5 x 5 kernel: their full convolution
    draw = np.random.default_rng(0)
    image, first, second = draw.normal(size=(9, 9)), draw.normal(size=(3, 3)), draw.normal(size=(3, 3))
    composed = convolve_image(first, second, padding="full")
    equal(convolve_image(convolve_image(image, first), second), convolve_image(image, composed))


def test_w11_lenet_counts_and_shapes():
    full = [(5 * 5 * 1 + 1) * 6, (5 * 5 * 6 + 1) * 16, (5 * 5 * 16 + 1) * 120, (120 + 1) * 84, (84 + 1) * 10]
    assert full == [156, 2416, 48120, 10164, 850]
    assert sum(full) == 61706
    # C3 of the paper: 6 maps see 3 maps, 6 see 4, 3 see 4, 1 sees all 6; S2 and S4 have gain and bias; fixed codes
    kernels = 6 * 3 + 6 * 4 + 3 * 4 + 1 * 6
    paper = [156, 2 * 6, 25 * kernels + 16, 2 * 16, 48120, 10164]
    assert kernels == 60
    assert paper[2] == 1516
    assert sum(paper) == 60000
    layers = [torch.nn.Conv2d(1, 6, 5), torch.nn.Conv2d(6, 16, 5), torch.nn.Conv2d(16, 120, 5)]
    layers += [torch.nn.Linear(120, 84), torch.nn.Linear(84, 10)]
    assert [parameters(layer) for layer in layers] == full
    # 32 -> 28 -> 14 -> 10 -> 5 -> 1, by hand and by torch
    maps, tensor = np.zeros((1, 1, 32, 32)), torch.zeros(1, 1, 32, 32)
    shapes = []
    for layer in layers[:3]:
        maps = correlate2d(maps, layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy())
        tensor = layer(tensor)
        assert maps.shape == tuple(tensor.shape)
        shapes.append(maps.shape[1:])
        if maps.shape[2] > 1:
            maps, tensor = pooling.average_pool(maps, 2), F.avg_pool2d(tensor, 2)
            assert maps.shape == tuple(tensor.shape)
            shapes.append(maps.shape[1:])
    assert shapes == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1)]


def test_w15_and_stops_and_xor_does_not():
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    truth, exclusive = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])
    for seed in range(10):
        result = perceptron.learn(corners, truth, generator=np.random.default_rng(seed))
        assert result.converged
        sums = torch.tensor(perceptron.append_one(corners)) @ torch.tensor(result.weights)
        assert torch.heaviside(sums, torch.zeros(1, dtype=torch.float64)).tolist() == truth.tolist()
        assert result.visits <= 200, "the sheet's ten runs took 16 to 59 visits"
    result = perceptron.learn(corners, exclusive, generator=np.random.default_rng(0))
    assert (result.converged, result.visits) == (False, 10_000)


def test_w16_sigmoid_derivative():
    zero = np.zeros(1)
    assert activations.sigmoid(zero).item() == 0.5
    assert activations.sigmoid_derivative(zero).item() == 0.25
    leaf = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    value = torch.sigmoid(leaf)
    value.backward()
    assert (value.item(), leaf.grad.item()) == (0.5, 0.25)
    # 0.25 is the maximum, so a chain of n sigmoids scales by at most 0.25^n
    points = np.linspace(-20, 20, 4001)
    assert activations.sigmoid_derivative(points).max() == 0.25
    gradient, values = np.ones(1), zero
    for depth in range(1, 6):
        gradient = activations.backward(gradient, activations.sigmoid_derivative(values))
        values = activations.sigmoid(values)
        assert gradient.item() <= 0.25**depth
