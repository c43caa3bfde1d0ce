"""The lecture's learning rules: perceptron (S11), sigmoid unit (S12), back-propagation (S13), switch network (S20)."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand import backpropagation, perceptron, sigmoid_unit, switched_logistic
from layerwise.byhand.backpropagation import Layer

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def test_visit_adds_subtracts_or_goes_on():
    """Every case of the lecture's table; the boundary is an error on both sides."""
    w = np.array([1.0, -1.0])
    for point, target, expected in [
        ((2.0, 0.0), 1, (1.0, -1.0)),
        ((0.0, 2.0), 1, (1.0, 1.0)),
        ((1.0, 1.0), 1, (2.0, 0.0)),
        ((0.0, 2.0), 0, (1.0, -1.0)),
        ((2.0, 0.0), 0, (-1.0, -1.0)),
        ((1.0, 1.0), 0, (0.0, -2.0)),
    ]:
        assert perceptron.update(w, np.array(point), float(target)).tolist() == list(expected), (point, target)


def test_the_boundary_belongs_to_the_negative_side():
    assert perceptron.classify(np.array([1.0, -1.0]), np.array([[1.0, 1.0], [2.0, 1.0]])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("gate", [(0, 0, 0, 1), (0, 1, 1, 1), (1, 1, 1, 0)])
def test_gates_that_a_line_separates_are_learned(gate):
    targets = np.array(gate, dtype=float)
    for seed in range(10):
        result = perceptron.learn(CORNERS, targets, generator=np.random.default_rng(seed))
        assert result.converged
        np.testing.assert_array_equal(perceptron.classify(result.weights, perceptron.append_one(CORNERS)), targets)
        assert result.updates <= result.visits < 10_000


def test_xor_is_never_learned_in_10000_visits():
    for seed in range(3):
        result = perceptron.learn(CORNERS, np.array([0.0, 1.0, 1.0, 0.0]), generator=np.random.default_rng(seed))
        assert not result.converged
        assert result.visits == 10_000
        found = perceptron.classify(result.weights, perceptron.append_one(CORNERS))
        assert found.tolist() != [0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("margin", [0.05, 0.2, 0.5])
def test_updates_stay_below_novikoffs_bound(margin):
    """From w = 0 at most (R / gamma)^2 updates, with R and gamma of the points as generated."""
    for seed in range(5):
        draw = np.random.default_rng(seed)
        direction = draw.normal(size=4)
        direction /= np.linalg.norm(direction)
        points = draw.uniform(-1, 1, size=(400, 3))
        sums = perceptron.append_one(points) @ direction
        points, sums = points[np.abs(sums) >= margin], sums[np.abs(sums) >= margin]
        extended = perceptron.append_one(points)
        bound = ((extended**2).sum(axis=1).max()) / np.abs(sums).min() ** 2
        result = perceptron.learn(
            points, (sums > 0).astype(float), generator=draw, start=np.zeros(4), visit_limit=200_000
        )
        assert result.converged
        assert 0 < result.updates <= bound


def test_history_leads_from_the_start_to_the_end():
    start = np.array([0.0, 0.0, 0.0])
    result = perceptron.learn(CORNERS, np.array([0.0, 0.0, 0.0, 1.0]), generator=np.random.default_rng(1), start=start)
    np.testing.assert_array_equal(result.history[0], start)
    np.testing.assert_array_equal(result.history[-1], result.weights)
    steps = np.abs(np.diff(result.history, axis=0))
    assert all(any(np.array_equal(step, corner) for corner in perceptron.append_one(CORNERS)) for step in steps)


def test_targets_other_than_0_and_1_are_refused():
    with refused("0 or 1"):
        perceptron.learn(CORNERS, np.array([-1.0, 1.0, 1.0, 1.0]), generator=np.random.default_rng(0))


def test_sigmoid_unit_equals_autograd_and_the_rule_is_half_a_step():
    """S12 and E35: the gradient is -2 (d - f) f (1 - f) X, the delta rule with c descends with step c / 2."""
    draw = np.random.default_rng(0)
    x, d, w = draw.normal(size=(7, 3)), draw.uniform(size=7), draw.normal(size=3)
    value, (slope,) = in_torch(lambda w: ((torch.tensor(d) - torch.sigmoid(torch.tensor(x) @ w)) ** 2).sum(), (w,))
    assert_close(sigmoid_unit.loss(w, x, d), value)
    assert_close(sigmoid_unit.gradient(w, x, d), slope)
    weights = torch.nn.Parameter(torch.tensor(w))
    weights.grad = torch.tensor(slope)
    torch.optim.SGD([weights], lr=0.7 / 2).step()
    assert_close(sigmoid_unit.delta_rule(w, x, d, rate=0.7), weights.detach().numpy())


@pytest.mark.parametrize("widths", [(4, 3, 2), (64, 2, 3), (3, 5, 4, 2), (2, 1)])
def test_the_delta_recursion_reproduces_autograd(widths):
    """S13: the 4-3-2 network of the sheet, deeper ones and a single layer."""
    draw = np.random.default_rng(1)
    layers = backpropagation.initialise(widths, draw)
    x, d = draw.normal(size=(6, widths[0])), draw.uniform(size=(6, widths[-1]))
    arrays = [array for layer in layers for array in (layer.weight, layer.bias)]

    def in_frame(*leaves):
        values = torch.tensor(x)
        for weight, bias in zip(leaves[::2], leaves[1::2], strict=True):
            values = torch.sigmoid(F.linear(values, weight, bias))
        return ((torch.tensor(d) - values) ** 2).sum()

    value, slopes = in_torch(in_frame, arrays)
    values = backpropagation.activations(layers, x)
    assert_close(((d - values[-1]) ** 2).sum(), value)
    deltas = backpropagation.back_propagate(backpropagation.top_delta(values[-1], d), layers, values)
    found = backpropagation.gradients(deltas, values)
    assert len(found) == len(layers)
    for layer, weight, bias in zip(found, slopes[::2], slopes[1::2], strict=True):
        assert_close(layer.weight, weight)
        assert_close(layer.bias, bias)
    # step 6 with c is torch's SGD with c / 2
    parameters = [torch.nn.Parameter(torch.tensor(array)) for array in arrays]
    for parameter, slope in zip(parameters, slopes, strict=True):
        parameter.grad = torch.tensor(slope)
    torch.optim.SGD(parameters, lr=0.9 / 2).step()
    after = backpropagation.update(layers, found, rate=0.9)
    for layer, weight, bias in zip(after, parameters[::2], parameters[1::2], strict=True):
        assert_close(layer.weight, weight.detach().numpy())
        assert_close(layer.bias, bias.detach().numpy())


def test_first_weights_lie_on_both_sides_of_zero():
    layer = backpropagation.initialise((64, 200), np.random.default_rng(0))[0]
    for values in (layer.weight, layer.bias):
        assert -1 / 8 <= values.min() < -0.9 / 8
        assert 0.9 / 8 < values.max() <= 1 / 8


def test_repeating_the_steps_solves_xor_and_one_layer_cannot():
    targets = np.array([[0.0], [1.0], [1.0], [0.0]])
    start = backpropagation.initialise((2, 4, 1), np.random.default_rng(0))
    layers, losses = backpropagation.repeat(start, CORNERS, targets, rate=2.0, times=3000)
    assert losses[-1] < 0.05 < losses[0]
    np.testing.assert_array_equal(backpropagation.activations(layers, CORNERS)[-1].round(), targets)
    single, losses = backpropagation.repeat(
        [Layer(np.ones((1, 2)), np.zeros(1))], CORNERS, targets, rate=2.0, times=3000
    )
    assert losses[-1] > 0.9
    assert not np.array_equal(backpropagation.activations(single, CORNERS)[-1].round(), targets)


def switch_case(seed=0):
    draw = np.random.default_rng(seed)
    indicator = np.zeros((3, 7))
    indicator[[0, 0, 1, 2, 2, 2, 1], np.arange(7)] = 1
    parameters = switched_logistic.Parameters(*(draw.normal(size=size) for size in ((7, 3), (3,), (7, 4), (4,))))
    return draw.normal(size=(5, 7)), parameters, indicator, draw.integers(0, 2, (5, 4)).astype(float)


def test_switch_network_equals_autograd():
    """S20, E45: forward, loss and the four corrected gradients."""
    x, parameters, indicator, t = switch_case()

    def in_frame(gate_weight, gate_bias, weight, bias):
        gates = torch.sigmoid(torch.tensor(x) @ gate_weight + gate_bias)
        y = torch.sigmoid((torch.tensor(x) * (gates @ torch.tensor(indicator))) @ weight + bias)
        return F.binary_cross_entropy(y, torch.tensor(t), reduction="none").sum(dim=1).mean()

    value, slopes = in_torch(in_frame, list(vars(parameters).values()))
    result = switched_logistic.forward(x, parameters, indicator)
    assert_close(switched_logistic.loss(result, t), value)
    found = switched_logistic.backward(x, parameters, indicator, result, t)
    for ours, theirs in zip(vars(found).values(), slopes, strict=True):
        assert_close(ours, theirs)


def test_the_slides_gradient_of_the_gate_is_another():
    """E45 names a slip: with (y - t) outside the sum over k the result differs from autograd's."""
    x, parameters, indicator, t = switch_case()
    result = switched_logistic.forward(x, parameters, indicator)
    found = switched_logistic.backward(x, parameters, indicator, result, t)
    error = (result.outputs - t)[:, :1] / len(t)  # k = 1, as the slide's free index allows
    outside = error * (x * parameters.weight.sum(axis=1)) @ indicator.T * result.gates * (1 - result.gates)
    assert np.abs(outside.sum(axis=0) - found.gate_bias).max() > 1e-2


def test_open_gates_leave_the_unswitched_network():
    x, parameters, indicator, _ = switch_case()
    open_gates = switched_logistic.Parameters(
        np.zeros_like(parameters.gate_weight), np.full(3, 1e3), parameters.weight, parameters.bias
    )
    found = switched_logistic.forward(x, open_gates, indicator)
    assert_close(found.gates, np.ones((5, 3)))
    assert_close(found.outputs, switched_logistic.unswitched(x, parameters))


def test_switch_network_counts_and_first_weights():
    drawn = switched_logistic.initialise(7, 3, 4, np.random.default_rng(0))
    # n_con n_grps + n_grps + n_con K + K
    assert sum(array.size for array in vars(drawn).values()) == 7 * 3 + 3 + 7 * 4 + 4
    assert np.abs(drawn.weight).max() <= 0.004 * np.sqrt(6 / 11)
    assert not drawn.bias.any()


def test_a_feature_in_two_groups_is_refused():
    x, parameters, indicator, _ = switch_case()
    indicator[0] = 1
    with refused("one group"):
        switched_logistic.forward(x, parameters, indicator)
