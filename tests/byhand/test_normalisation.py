"""Dropout, batch normalisation and local response normalisation (S18, S26)."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand import batch_norm, dropout, local_response_norm


def test_dropout_keeps_the_expectation():
    """S18: the mean over 100,000 masks is the input, within 1 %."""
    x, generator = np.array([1.0, -2.0, 5.0]), np.random.default_rng(0)
    total = sum(dropout.forward(x, dropout.draw_mask(x.shape, 0.3, generator), 0.3) for _ in range(100_000))
    np.testing.assert_allclose(total / 100_000, x, rtol=0.01)


def test_dropout_equals_torch_for_the_same_mask():
    draw = np.random.default_rng(1)
    x, gradient = draw.normal(size=(4, 6)), draw.normal(size=(4, 6))
    torch.manual_seed(0)
    places = {}

    def in_frame(x):
        places["out"] = F.dropout(x, 0.4)
        return places["out"]

    value, (slope,) = in_torch(in_frame, (x,), gradient)
    mask = value != 0
    assert 0 < mask.sum() < mask.size
    assert_close(dropout.forward(x, mask, 0.4), value)
    assert_close(dropout.backward(gradient, mask, 0.4), slope)


def test_dropout_is_a_ridge_penalty_in_expectation():
    """S18: E[dropout loss] = loss + p / (1 - p) sum_j w_j^2 sum_i x_ij^2, over all 2^6 masks of a row, exactly."""
    draw = np.random.default_rng(2)
    x, y, w, p = draw.normal(size=(5, 6)), draw.normal(size=5), draw.normal(size=6), 0.3
    expected = ((y - x @ w) ** 2).sum() + p / (1 - p) * (w**2 * (x**2).sum(axis=0)).sum()
    exact = 0.0
    for bits in itertools.product((True, False), repeat=6):
        chance = (1 - p) ** sum(bits) * p ** (6 - sum(bits))
        mask = np.broadcast_to(np.array(bits), x.shape)
        exact += chance * ((y - dropout.forward(x, mask, p) @ w) ** 2).sum()
    assert exact == pytest.approx(expected, rel=1e-12)
    generator = np.random.default_rng(3)
    rows = np.repeat(x[None], 40_000, axis=0)
    sampled = dropout.forward(rows, dropout.draw_mask(rows.shape, p, generator), p)
    losses = ((y - sampled @ w) ** 2).sum(axis=1)
    standard_error = losses.std() / np.sqrt(len(losses))
    assert abs(losses.mean() - expected) < 4 * standard_error
    assert abs(losses.mean() - ((y - x @ w) ** 2).sum()) > 20 * standard_error, "without the penalty it is far off"


def test_dropout_of_nothing_changes_nothing():
    x = np.random.default_rng(8).normal(size=(3, 4))
    np.testing.assert_array_equal(dropout.forward(x, dropout.draw_mask(x.shape, 0.0, np.random.default_rng(0)), 0.0), x)


@pytest.mark.parametrize("wrong", [-0.1, 1.0])
def test_dropout_refuses_what_is_no_probability(wrong):
    with refused("below 1"):
        dropout.forward(np.ones(2), np.ones(2, bool), wrong)


@pytest.mark.parametrize("positions", [(), (5,), (4, 3)])
def test_batch_norm_equals_torch_after_three_batches(positions):
    draw = np.random.default_rng(4)
    layer = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d}[2 + len(positions)](3).double()
    w, b = draw.normal(size=3), draw.normal(size=3)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(w))
        layer.bias.copy_(torch.tensor(b))
    mean, variance = np.zeros(3), np.ones(3)
    for _ in range(3):
        x, gradient = draw.normal(2, 3, size=(6, 3, *positions)), draw.normal(size=(6, 3, *positions))
        layer.zero_grad()
        value, (slope,) = in_torch(layer, (x,), gradient)
        result = batch_norm.forward_training(x, w, b, running_mean=mean, running_variance=variance)
        mean, variance = result.running_mean, result.running_variance
        assert_close(result.outputs, value)
        axes = (0, *range(2, x.ndim))
        assert_close(result.normalised.mean(axis=axes), np.zeros(3))
        np.testing.assert_allclose(result.normalised.var(axis=axes), np.ones(3), rtol=1e-5)
        found = batch_norm.backward_training(gradient, result.normalised, result.deviation, w)
        expected = (slope, layer.weight.grad.numpy(), layer.bias.grad.numpy())
        for ours, theirs in zip(found, expected, strict=True):
            assert_close(ours, theirs)
    assert_close(mean, layer.running_mean.numpy())
    assert_close(variance, layer.running_var.numpy())
    layer.eval()
    layer.zero_grad()
    value, (slope,) = in_torch(layer, (x,), gradient)
    running = {"running_mean": mean, "running_variance": variance}
    assert_close(batch_norm.forward_evaluation(x, w, b, **running), value)
    expected = (slope, layer.weight.grad.numpy(), layer.bias.grad.numpy())
    for ours, theirs in zip(batch_norm.backward_evaluation(gradient, x, w, **running), expected, strict=True):
        assert_close(ours, theirs)


def test_batch_norm_needs_two_values():
    one = np.ones(1)
    with refused("at least 2 values"):
        batch_norm.forward_training(np.ones((1, 1)), one, one, running_mean=one, running_variance=one)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("positions", [(4,), (3, 2)])
def test_local_response_norm_equals_torch(size, positions):
    """S26, with alpha 0.1: at 1e-4 a wrong scale would go unnoticed."""
    draw = np.random.default_rng(5)
    x, gradient = draw.normal(0, 3, size=(2, 7, *positions)), draw.normal(size=(2, 7, *positions))
    options = {"alpha": 0.1, "beta": 0.75}
    value, (slope,) = in_torch(lambda x: F.local_response_norm(x, size, **options, k=2.0), (x,), gradient)
    assert_close(local_response_norm.forward(x, size, **options, form="torch"), value)
    assert_close(local_response_norm.backward(gradient, x, size, **options, form="torch"), slope)


def test_paper_form_is_the_printed_sum():
    draw = np.random.default_rng(6)
    x = draw.normal(0, 3, size=(2, 7, 4))
    for size in (1, 3, 4, 5):
        expected = np.empty_like(x)
        for i in range(7):
            window = x[:, max(0, i - size // 2) : min(7 - 1, i + size // 2) + 1]
            expected[:, i] = x[:, i] / (2.0 + 0.1 * (window**2).sum(axis=1)) ** 0.75
        assert_close(local_response_norm.forward(x, size, alpha=0.1), expected)


def test_paper_alpha_is_torch_alpha_times_size():
    draw = np.random.default_rng(7)
    x, gradient = draw.normal(0, 3, size=(2, 8, 3, 3)), draw.normal(size=(2, 8, 3, 3))
    value, (slope,) = in_torch(torch.nn.LocalResponseNorm(5, alpha=0.5, beta=0.75, k=2), (x,), gradient)
    assert_close(local_response_norm.forward(x, 5, alpha=0.1), value)
    assert_close(local_response_norm.backward(gradient, x, 5, alpha=0.1), slope)
    unscaled = torch.nn.LocalResponseNorm(5, alpha=0.1, beta=0.75, k=2)(torch.tensor(x)).numpy()
    assert np.abs(local_response_norm.forward(x, 5, alpha=0.1) - unscaled).max() > 0.01


def test_local_response_norm_refuses_unknown_forms():
    with refused("paper or torch"):
        local_response_norm.forward(np.ones((1, 1, 1)), form="caffe")
    with refused("at least 1"):
        local_response_norm.forward(np.ones((1, 1, 1)), 0)


def test_float32_stays_float32():
    x, one = np.ones((4, 3, 2, 2), np.float32), np.ones(3, np.float32)
    assert local_response_norm.forward(x).dtype == local_response_norm.backward(x, x).dtype == np.float32
    assert dropout.forward(x, np.ones(x.shape, bool), 0.3).dtype == np.float32
    result = batch_norm.forward_training(x, one, one, running_mean=one, running_variance=one)
    found = (*vars(result).values(), *batch_norm.backward_training(x, result.normalised, result.deviation, one))
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
