import numpy as np
import pytest
import torch
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand import losses

REDUCTIONS = ("mean", "sum")
DRAW = np.random.default_rng(0)
Y, D = DRAW.normal(size=(6, 4)), DRAW.normal(size=(6, 4))
CLASSES = DRAW.integers(0, 4, 6)
T = DRAW.integers(0, 2, (6, 4)).astype(float)


def check(found, function, predictions, tolerance=1e-12):
    value, (slope,) = in_torch(function, (predictions,))
    assert_close(found[0], value, tolerance)
    assert_close(found[1], slope, tolerance)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_equal_torch(reduction):
    d, t, classes = torch.tensor(D), torch.tensor(T), torch.tensor(CLASSES)
    options = {"reduction": reduction}
    check(losses.squared_error(Y, D, **options), lambda y: F.mse_loss(y, d, **options), Y)
    check(losses.absolute_error(Y, D, **options), lambda y: F.l1_loss(y, d, **options), Y)
    check(losses.cross_entropy(Y, CLASSES, **options), lambda y: F.cross_entropy(y, classes, **options), Y)
    logs = np.log(np.random.default_rng(1).dirichlet(np.ones(4), 6))
    check(losses.negative_log_likelihood(logs, CLASSES, **options), lambda y: F.nll_loss(y, classes, **options), logs)
    p = np.random.default_rng(2).uniform(0.01, 0.99, (6, 4))
    check(losses.binary_cross_entropy(p, T, **options), lambda y: F.binary_cross_entropy(y, t, **options), p)
    check(
        losses.binary_cross_entropy_from_logits(Y, T, **options),
        lambda y: F.binary_cross_entropy_with_logits(y, t, **options),
        Y,
    )
    halves = {"mean": lambda y: 0.5 * ((y - d) ** 2).sum(dim=1).mean(), "sum": lambda y: 0.5 * ((y - d) ** 2).sum()}
    check(losses.half_squared_error(Y, D, **options), halves[reduction], Y)


def test_losses_of_one_axis_equal_torch():
    y, d = Y[:, 0].copy(), D[:, 0].copy()
    check(losses.half_squared_error(y, d), lambda y: 0.5 * F.mse_loss(y, torch.tensor(d)), y)
    t = T[:, 0].copy()
    check(
        losses.binary_cross_entropy_from_logits(y, t),
        lambda y: F.binary_cross_entropy_with_logits(y, torch.tensor(t)),
        y,
    )


def test_cross_entropy_is_stable_and_its_gradient_is_p_minus_y():
    """S16: logits up to 1e4 on both sides, no overflow, still -log softmax."""
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [0.0, 1e4, 1e4]])
    targets = np.array([1, 2, 0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, gradient = losses.cross_entropy(logits, targets, reduction="sum")
    assert value == pytest.approx(2e4 + np.log(3) + 1e4 + np.log(2), rel=1e-15)
    p = np.array([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 0.5, 0.5]])
    assert_close(gradient, p - np.eye(3)[targets])
    shifted, _ = losses.cross_entropy(logits[:, :] + 77.0, targets, reduction="sum")
    assert shifted == pytest.approx(value, rel=1e-15)


def test_binary_cross_entropy_at_the_ends_equals_torch():
    p, t = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])
    value, (slope,) = in_torch(lambda y: F.binary_cross_entropy(y, torch.tensor(t), reduction="sum"), (p,))
    found = losses.binary_cross_entropy(p, t, reduction="sum")
    assert_close(found[0], value)
    assert_close(found[1], slope, 1e-8)  # torch's 1e-12 is rounded to single precision first
    far = np.array([1e4, -1e4])
    with np.errstate(over="raise"):
        assert losses.binary_cross_entropy_from_logits(far, np.array([1.0, 0.0]))[0] == 0.0
        assert losses.binary_cross_entropy_from_logits(far, np.array([0.0, 1.0]))[0] == 1e4


def test_absolute_error_has_no_gradient_where_it_is_zero():
    assert losses.absolute_error(np.array([1.0, 2.0]), np.array([1.0, 1.0]), reduction="sum")[1].tolist() == [0.0, 1.0]


def test_perceptron_criterion_moves_at_zero_and_is_the_rule():
    """One step of size 1 along the negative gradient is the lecture's add or subtract, boundary included."""
    points = np.array([[1.0, 2.0, 1.0], [3.0, -1.0, 1.0]])
    for weights in (np.zeros(3), np.array([1.0, 1.0, 1.0]), np.array([-1.0, 0.0, 1.0]), np.array([-2.0, 0.5, 0.0])):
        for target in (0.0, 1.0):
            for point in points:
                sums = np.array([weights @ point])
                value, gradient = losses.perceptron_criterion(sums, np.array([target]))
                wrong = sums[0] <= 0 if target == 1 else sums[0] >= 0
                moved = weights - gradient[0] * point
                expected = weights + (2 * target - 1) * point if wrong else weights
                np.testing.assert_array_equal(moved, expected)
                assert value == (abs(sums[0]) if wrong else 0.0)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_perceptron_criterion_away_from_the_boundary_equals_torch(reduction):
    sides = torch.tensor(2 * T - 1)
    check(
        losses.perceptron_criterion(Y, T, reduction=reduction),
        lambda y: getattr(F.relu(-sides * y), reduction)(),
        Y,
    )


def test_wrong_input_is_refused():
    with refused("same shape"):
        losses.squared_error(Y, D[:, :1])
    with refused("mean or sum"):
        losses.squared_error(Y, D, reduction="none")
    with refused("from 0 to 3"):
        losses.cross_entropy(Y, np.full(6, 4))
    with refused("raw scores"):
        losses.binary_cross_entropy(Y, T)
    with refused("0 or 1"):
        losses.perceptron_criterion(Y, 2 * T - 1)


def test_gradients_stay_float32():
    y, t = Y.astype(np.float32), T.astype(np.float32)
    for function in (
        losses.squared_error,
        losses.half_squared_error,
        losses.absolute_error,
        losses.binary_cross_entropy_from_logits,
        losses.perceptron_criterion,
    ):
        assert function(y, t)[1].dtype == np.float32, function.__name__
    assert losses.cross_entropy(y, CLASSES)[1].dtype == np.float32
    assert losses.binary_cross_entropy(np.full((6, 4), 0.25, np.float32), t)[1].dtype == np.float32
