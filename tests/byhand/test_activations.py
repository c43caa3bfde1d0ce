"""S15 and S16: every activation against torch, and the identities that tie them together."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch
from layerwise.byhand import activations

ELEMENTWISE = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "scaled_tanh": lambda x: 1.7159 * torch.tanh(2 * x / 3),
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.1),
    "elu": F.elu,
}
POINTS = np.concatenate([np.random.default_rng(0).normal(0, 4, 200), [0.0, -0.0, 1e-9, -1e-9, 50.0, -50.0]]).reshape(
    2, 103
)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_equal_torch(name):
    gradient = np.random.default_rng(1).normal(size=POINTS.shape)
    value, (slope,) = in_torch(ELEMENTWISE[name], (POINTS,), gradient)
    assert_close(getattr(activations, name)(POINTS), value)
    derivative = getattr(activations, f"{name}_derivative")(POINTS)
    assert_close(activations.backward(gradient, derivative), slope)


@pytest.mark.parametrize(("slope", "alpha"), [(0.01, 0.5), (0.3, 2.0)])
def test_options_equal_torch(slope, alpha):
    ones = np.ones_like(POINTS)
    value, (expected,) = in_torch(lambda x: F.leaky_relu(x, slope), (POINTS,), ones)
    assert_close(activations.leaky_relu(POINTS, slope), value)
    assert_close(activations.leaky_relu_derivative(POINTS, slope), expected)
    value, (expected,) = in_torch(lambda x: F.elu(x, alpha), (POINTS,), ones)
    assert_close(activations.elu(POINTS, alpha), value)
    assert_close(activations.elu_derivative(POINTS, alpha), expected)


def test_step_is_flat_and_zero_at_the_boundary():
    x = np.array([-1.0, 0.0, 1e-300, 2.0])
    assert activations.step(x).tolist() == [0.0, 0.0, 1.0, 1.0]
    assert not activations.step_derivative(x).any()


def test_tanh_is_a_stretched_sigmoid():
    assert_close(activations.tanh(POINTS), 2 * activations.sigmoid(2 * POINTS) - 1)


def test_far_values_neither_overflow_nor_lose_their_digits():
    far = np.array([-1e4, -700.0, 700.0, 1e4])
    with np.errstate(over="raise", invalid="raise"):
        for name in ELEMENTWISE:
            assert np.isfinite(getattr(activations, name)(far)).all()
            assert np.isfinite(getattr(activations, f"{name}_derivative")(far)).all()
    assert activations.sigmoid(np.array([-700.0]))[0] == pytest.approx(np.exp(-700), rel=1e-14)


def test_maxout_equals_torch():
    draw = np.random.default_rng(2)
    x, w, b = draw.normal(size=(5, 4)), draw.normal(size=(3, 6, 4)), draw.normal(size=(3, 6))
    gradient = draw.normal(size=(5, 6))
    value, slopes = in_torch(
        lambda x, w, b: torch.stack([F.linear(x, w[k], b[k]) for k in range(3)]).max(dim=0).values, (x, w, b), gradient
    )
    outputs, winners = activations.maxout(x, w, b)
    assert_close(outputs, value)
    for found, expected in zip(activations.maxout_backward(gradient, x, w, winners), slopes, strict=True):
        assert_close(found, expected)


@pytest.mark.parametrize(("share", "other"), [(0.0, activations.relu), (0.1, activations.leaky_relu)])
def test_maxout_contains_relu_and_leaky_relu(share, other):
    """S15: pieces W and 0 make ReLU(Wx + b), pieces W and 0.1 W make the leaky one."""
    draw = np.random.default_rng(3)
    x, w, b = draw.normal(size=(50, 4)), draw.normal(size=(6, 4)), draw.normal(size=6)
    outputs, _ = activations.maxout(x, np.stack([w, share * w]), np.stack([b, share * b]))
    assert_close(outputs, other(x @ w.T + b))


@pytest.mark.parametrize("shape", [(5, 7), (3,), (2, 4, 3)])
def test_softmax_equals_torch(shape):
    draw = np.random.default_rng(4)
    x, gradient = draw.normal(0, 5, shape), draw.normal(size=shape)
    for ours, theirs in (("softmax", torch.softmax), ("log_softmax", torch.log_softmax)):
        value, (slope,) = in_torch(lambda x, function=theirs: function(x, dim=-1), (x,), gradient)
        outputs = getattr(activations, ours)(x)
        assert_close(outputs, value)
        assert_close(getattr(activations, f"{ours}_backward")(gradient, outputs), slope)


def test_softmax_does_not_feel_a_shift():
    x = np.random.default_rng(5).normal(size=(6, 4))
    assert_close(activations.softmax(x + 1e4), activations.softmax(x), 1e-11)
    assert_close(activations.softmax(x).sum(axis=-1), np.ones(6))
    far = np.array([[1e4, -1e4, 0.0]])
    assert activations.log_softmax(far).tolist() == [[0.0, -2e4, -1e4]]


@pytest.mark.parametrize("name", [*ELEMENTWISE, "step", "softmax", "log_softmax"])
def test_float32_stays_float32(name):
    x = np.array([[-1.5, 0.0, 2.0]], dtype=np.float32)
    assert getattr(activations, name)(x).dtype == np.float32
    derivative = getattr(activations, f"{name}_derivative", None)
    assert derivative is None or derivative(x).dtype == np.float32
