"""S17: 100 steps on a random quadratic, side by side with torch.optim."""

from functools import partial

import numpy as np
import pytest
import torch

from byhand.oracle import assert_close
from layerwise.byhand import optimizers

CASES = {
    "sgd": (partial(optimizers.sgd, learning_rate=0.05), partial(torch.optim.SGD, lr=0.05)),
    "momentum": (
        partial(optimizers.momentum, learning_rate=0.02, momentum=0.8),
        partial(torch.optim.SGD, lr=0.02, momentum=0.8),
    ),
    "momentum with dampening": (
        partial(optimizers.momentum, learning_rate=0.02, momentum=0.8, dampening=0.3),
        partial(torch.optim.SGD, lr=0.02, momentum=0.8, dampening=0.3),
    ),
    "nesterov": (
        partial(optimizers.nesterov, learning_rate=0.02, momentum=0.8),
        partial(torch.optim.SGD, lr=0.02, momentum=0.8, nesterov=True),
    ),
    "adagrad": (
        partial(optimizers.adagrad, learning_rate=0.3, learning_rate_decay=0.01),
        partial(torch.optim.Adagrad, lr=0.3, lr_decay=0.01),
    ),
    "rmsprop": (
        partial(optimizers.rmsprop, learning_rate=0.01, decay=0.9),
        partial(torch.optim.RMSprop, lr=0.01, alpha=0.9),
    ),
    # the deviation of a steady gradient is a difference of nearly equal numbers: a larger epsilon keeps its digits
    "rmsprop, momentum, centred": (
        partial(optimizers.rmsprop, learning_rate=0.01, decay=0.9, momentum=0.5, centred=True, epsilon=1e-2),
        partial(torch.optim.RMSprop, lr=0.01, alpha=0.9, momentum=0.5, centered=True, eps=1e-2),
    ),
    "adam": (
        partial(optimizers.adam, learning_rate=0.05, betas=(0.8, 0.99), epsilon=1e-6),
        partial(torch.optim.Adam, lr=0.05, betas=(0.8, 0.99), eps=1e-6),
    ),
    "adamw": (partial(optimizers.adamw, learning_rate=0.05), partial(torch.optim.AdamW, lr=0.05)),
}


def quadratic(seed=0, size=6):
    draw = np.random.default_rng(seed)
    root = draw.normal(size=(size, size))
    return root @ root.T / size + 0.1 * np.eye(size), draw.normal(size=size), draw.normal(size=size)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("name", CASES)
def test_a_hundred_steps_equal_torch(name, weight_decay):
    ours, theirs = CASES[name]
    curvature, centre, start = quadratic()
    leaf = torch.nn.Parameter(torch.tensor(start))
    optimizer = theirs([leaf], weight_decay=weight_decay)
    parameter, state = start, None
    for _ in range(100):
        parameter, state = ours(parameter, curvature @ (parameter - centre), state, weight_decay=weight_decay)
        leaf.grad = torch.tensor(curvature) @ (leaf.detach() - torch.tensor(centre))
        optimizer.step()
        assert_close(parameter, leaf.detach().numpy())
    assert np.abs(parameter - start).max() > 0.1, "it moved"


def test_both_forms_of_momentum_agree_until_the_learning_rate_changes():
    curvature, centre, start = quadratic(1)
    torch_form, lecture_form, v, u = start, start, None, None
    for step in range(60):
        rate = 0.02 if step < 30 else 0.002
        torch_form, v = optimizers.momentum(torch_form, curvature @ (torch_form - centre), v, learning_rate=rate)
        lecture_form, u = optimizers.lecture_momentum(
            lecture_form, curvature @ (lecture_form - centre), u, learning_rate=rate
        )
        if step == 29:
            assert_close(lecture_form, torch_form)
    assert np.abs(lecture_form - torch_form).max() > 1e-3


def test_weight_decay_reaches_both_forms_of_momentum():
    curvature, centre, start = quadratic(2)
    torch_form, lecture_form, v, u = start, start, None, None
    options = {"learning_rate": 0.02, "weight_decay": 0.3}
    for _ in range(50):
        torch_form, v = optimizers.momentum(torch_form, curvature @ (torch_form - centre), v, **options)
        lecture_form, u = optimizers.lecture_momentum(lecture_form, curvature @ (lecture_form - centre), u, **options)
    assert_close(lecture_form, torch_form)


def test_adagrad_steps_shrink_with_the_root_of_time():
    """Constant gradient g: step t has size lr / sqrt(t)."""
    parameter, state = np.zeros(2), None
    for t in range(1, 50):
        after, state = optimizers.adagrad(parameter, np.array([3.0, -0.01]), state, learning_rate=0.1)
        np.testing.assert_allclose(after - parameter, [-0.1 / np.sqrt(t), 0.1 / np.sqrt(t)], rtol=1e-7)
        parameter = after


@pytest.mark.parametrize("rule", [optimizers.adagrad, optimizers.rmsprop, optimizers.adam])
def test_a_first_gradient_of_zero_is_no_division_by_zero(rule):
    """E49: the slide has no epsilon; 0/0 would follow."""
    with np.errstate(invalid="raise", divide="raise"):
        after, _ = rule(np.ones(2), np.zeros(2), learning_rate=0.1)
    assert after.tolist() == [1.0, 1.0]


def test_adams_first_step_has_the_size_of_the_learning_rate():
    for scale in (1e-4, 1.0, 1e6):
        after, _ = optimizers.adam(np.zeros(2), np.array([scale, -scale]), learning_rate=0.01)
        np.testing.assert_allclose(after, [-0.01, 0.01], rtol=1e-3)


@pytest.mark.parametrize("limit", [0.5, 5.0, 1e3])
def test_clipping_equals_torch(limit):
    draw = np.random.default_rng(3)
    gradients = [draw.normal(0, 2, size=(3, 4)), draw.normal(0, 2, size=5)]
    leaves = [torch.nn.Parameter(torch.zeros(gradient.shape, dtype=torch.float64)) for gradient in gradients]
    for leaf, gradient in zip(leaves, gradients, strict=True):
        leaf.grad = torch.tensor(gradient)
    length = torch.nn.utils.clip_grad_norm_(leaves, limit)
    clipped, found = optimizers.clip_by_norm(gradients, limit)
    assert_close(found, length.item())
    for ours, leaf in zip(clipped, leaves, strict=True):
        assert_close(ours, leaf.grad.numpy())
    for leaf, gradient in zip(leaves, gradients, strict=True):
        leaf.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_value_(leaves, limit)
    for ours, leaf in zip(optimizers.clip_by_value(gradients, limit), leaves, strict=True):
        np.testing.assert_array_equal(ours, leaf.grad.numpy())


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name):
    one = np.ones(3, np.float32)
    parameter, state = CASES[name][0](one, one)
    parameter, _ = CASES[name][0](parameter, one, state)
    assert parameter.dtype == np.float32
