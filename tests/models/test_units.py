"""Perceptron, sigmoid unit, multilayer perceptron, 64-2-3 and the switched network, against the lecture by hand."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.byhand import backpropagation, perceptron, sigmoid_unit, switched_logistic
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.models.sigmoid_outputs import unit_scores
from layerwise.tasks.contract import Batch, OwnsLoss

CORNERS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def batch_of(inputs, targets, weights=None):
    return Batch(inputs, targets, torch.arange(len(inputs)), weights)


def descend(model, batch, rate):
    """One step of plain gradient descent on the mean loss, as the loop takes it."""
    result = model.loss(batch, None)
    slopes = torch.autograd.grad(result.total / result.count, list(model.parameters()))
    with torch.no_grad():
        for parameter, slope in zip(model.parameters(), slopes, strict=True):
            parameter -= rate * slope


@pytest.mark.parametrize("seed", range(5))
def test_one_step_of_the_perceptron_is_the_lectures_rule_exactly(seed):
    generator = np.random.default_rng(seed)
    torch.manual_seed(seed)
    model = build("perceptron", 4, 2).double()
    for _ in range(40):
        point, target = generator.normal(size=4).round(1), int(generator.integers(2))
        before = torch.cat((model.unit.weight[0], model.unit.bias)).detach().numpy().copy()
        expected = perceptron.update(before, np.append(point, 1.0), float(target))
        descend(model, batch_of(torch.from_numpy(point)[None], torch.tensor([target])), rate=1.0)
        assert torch.cat((model.unit.weight[0], model.unit.bias)).tolist() == expected.tolist()


@pytest.mark.parametrize("target", [0, 1])
def test_the_perceptron_moves_on_the_boundary(target):
    model = build("perceptron", 2, 2)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    descend(model, batch_of(torch.tensor([[1.0, 2.0]]), torch.tensor([target])), rate=1.0)
    assert model.unit.weight[0].tolist() == ([1, 2] if target else [-1, -2])


@pytest.mark.parametrize(("targets", "stops"), [((0, 0, 0, 1), True), ((0, 1, 1, 1), True), ((0, 1, 1, 0), False)])
def test_and_and_or_stop_and_xor_never(targets, stops):
    for seed in range(3):
        torch.manual_seed(seed)
        model = build("perceptron", 2, 2)
        wanted = torch.tensor(targets)
        right = []
        for _ in range(100):
            for row in torch.randperm(4):
                descend(model, batch_of(CORNERS[row][None], wanted[row][None]), rate=1.0)
            right.append(bool((model.scores(model(CORNERS)).argmax(1) == wanted).all()))
        assert right[-1] if stops else not any(right)


def test_several_perceptrons_answer_with_the_largest_sum():
    model = build("perceptron", 2, 3)
    model.unit.weight.data = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    model.unit.bias.data.zero_()
    assert model(torch.tensor([[1.0, 1.5], [-1.0, -2.0]])).tolist() == [[0, 1, 0], [1, 0, 0]]


def test_perceptron_starts_uniform_between_minus_one_and_one():
    drawn = build("perceptron", 5000, 2).unit.weight
    assert drawn.abs().max() <= 1
    assert drawn.abs().mean().item() == pytest.approx(0.5, abs=0.02)


def test_one_step_of_the_sigmoid_unit_is_the_delta_rule_with_twice_the_rate():
    torch.manual_seed(0)
    model = build("sigmoid-unit", 3, 2).double()
    inputs, targets = torch.randn(6, 3, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1, 0])
    extended = np.append(inputs.numpy(), np.ones((6, 1)), axis=1)
    weights = torch.cat((model.unit.weight[0], model.unit.bias)).detach().numpy()
    result = model.loss(batch_of(inputs, targets), None)
    assert result.total.item() == pytest.approx(sigmoid_unit.loss(weights, extended, targets.double().numpy()))
    slopes = torch.autograd.grad(result.total, list(model.parameters()))
    expected = sigmoid_unit.gradient(weights, extended, targets.double().numpy())
    np.testing.assert_allclose(torch.cat((slopes[0][0], slopes[1])), expected, atol=1e-12)
    # W <- W + c (d - f) f (1 - f) X with c = 1 against a learning rate of 0.5
    f = sigmoid_unit.output(weights, extended[:1])
    after = weights + (targets[0].item() - f) * f * (1 - f) * extended[0]
    descend(model, batch_of(inputs[:1], targets[:1]), rate=0.5)
    np.testing.assert_allclose(torch.cat((model.unit.weight[0], model.unit.bias)).detach(), after, atol=1e-12)


def test_sigmoid_network_gradients_are_the_lectures_deltas():
    torch.manual_seed(2)
    model = build("mlp", 4, 3, {"hidden": (3,), "activation": "sigmoid", "output": "sigmoid", "error": "squared-error"})
    model.double()
    inputs, targets = torch.randn(5, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 2, 1])
    layers = [
        backpropagation.Layer(part.weight.detach().numpy(), part.bias.detach().numpy())
        for part in (model.hidden1, model.output)
    ]
    values = backpropagation.activations(layers, inputs.numpy())
    top = backpropagation.top_delta(values[-1], torch.eye(3).double()[targets].numpy())
    expected = backpropagation.gradients(backpropagation.back_propagate(top, layers, values), values)
    found = torch.autograd.grad(model.loss(batch_of(inputs, targets), None).total, list(model.parameters()))
    for mine, theirs in zip(found, [part for layer in expected for part in (layer.weight, layer.bias)], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize("error", ["cross-entropy", "squared-error"])
def test_sigmoid_outputs_are_checked_by_finite_differences(error):
    model = build("mlp", 2, 2, {"hidden": (2,), "output": "sigmoid", "error": error}).double()
    inputs = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: model.loss(batch_of(x, torch.tensor([0, 1, 1, 0])), None).total, inputs)


def test_two_classes_share_one_unit_and_2_2_1_has_nine_parameters():
    model = build("mlp", 2, 2, {"hidden": (2,), "output": "sigmoid"})
    assert sum(part.numel() for part in model.parameters()) == 9
    assert model(CORNERS).shape == (4, 1)
    assert isinstance(model, OwnsLoss)
    assert not isinstance(build("mlp", 2, 2), OwnsLoss)
    scores = model.scores(model(CORNERS))
    torch.testing.assert_close(scores.sum(1), torch.ones(4))
    assert torch.equal(scores[:, 1:], model(CORNERS))


def test_scores_of_silent_units_are_equal():
    assert unit_scores(torch.zeros(1, 4)).tolist() == [[0.25] * 4]


@pytest.mark.parametrize("name", ["perceptron", "sigmoid-unit", "64-2-3", "switched-logistic"])
def test_a_weight_of_two_counts_an_example_twice(name):
    torch.manual_seed(0)
    model = build(name, 4, 3)
    inputs, targets = torch.randn(3, 4), torch.tensor([0, 1, 2])
    weighted = model.loss(batch_of(inputs, targets, torch.tensor([2.0, 1.0, 1.0])), None)
    doubled = model.loss(batch_of(torch.cat((inputs, inputs[:1])), torch.cat((targets, targets[:1]))), None)
    torch.testing.assert_close(weighted.total, doubled.total)
    assert float(weighted.count) == doubled.count == 4


@pytest.mark.parametrize("name", ["perceptron", "sigmoid-unit", "64-2-3", "switched-logistic"])
def test_numbers_as_targets_are_refused(name):
    with pytest.raises(LayerwiseError, match="linear output"):
        build(name, 4, 3).loss(batch_of(torch.zeros(2, 4), torch.zeros(2, 3)), None)


def test_xor_is_solved_by_2_2_1_from_some_starts_and_never_without_a_hidden_layer():
    solved = {(2,): 0, (): 0}
    wanted = torch.tensor([0, 1, 1, 0])
    for hidden, seed in itertools.product(solved, range(3)):
        torch.manual_seed(seed)
        model = build("mlp", 2, 2, {"hidden": hidden, "activation": "sigmoid", "output": "sigmoid"})
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(1000):
            optimizer.zero_grad()
            model.loss(batch_of(CORNERS, wanted), None).total.div(4).backward()
            optimizer.step()
        solved[hidden] += bool((model.scores(model(CORNERS)).argmax(1) == wanted).all())
    assert solved[(2,)] >= 1
    assert solved[()] == 0


def test_64_2_3_tells_three_digits_apart():
    from sklearn.datasets import load_digits

    digits = load_digits()
    chosen = digits.target < 3
    inputs = torch.tensor(digits.images[chosen] / 16, dtype=torch.float32).unsqueeze(1)
    targets = torch.tensor(digits.target[chosen])
    train, test = torch.arange(len(inputs)) % 3 > 0, torch.arange(len(inputs)) % 3 == 0
    torch.manual_seed(0)
    model = build("64-2-3", (1, 8, 8), 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(60):
        for rows in torch.randperm(int(train.sum())).split(10):
            optimizer.zero_grad()
            result = model.loss(batch_of(inputs[train][rows], targets[train][rows]), None)
            (result.total / result.count).backward()
            optimizer.step()
    right = (model.scores(model(inputs[test])).argmax(1) == targets[test]).double().mean().item()
    assert right >= 0.97
    assert model.hidden.weight.shape == (2, 64)


def test_switched_network_equals_byhand_with_all_four_gradients():
    torch.manual_seed(4)
    model = build("switched-logistic", 6, 3, {"groups": (1, 2, 3)}).double()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    inputs, targets = torch.randn(5, 6, dtype=torch.float64), torch.tensor([0, 2, 1, 1, 0])
    wanted = torch.eye(3).double()[targets].numpy()
    parameters = switched_logistic.Parameters(
        *(part.detach().numpy() for part in (model.W_sw, model.b_sw, model.W, model.b))
    )
    indicator = np.array([[1, 0, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]], dtype=float)
    assert model.grp_indicator.tolist() == indicator.tolist()
    forward = switched_logistic.forward(inputs.numpy(), parameters, indicator)
    np.testing.assert_allclose(model(inputs).detach(), forward.outputs, atol=1e-12)
    result = model.loss(batch_of(inputs, targets), None)
    cost = result.total / result.count
    assert cost.item() == pytest.approx(switched_logistic.loss(forward, wanted), rel=1e-12)
    slopes = torch.autograd.grad(cost, [model.W_sw, model.b_sw, model.W, model.b])
    expected = switched_logistic.backward(inputs.numpy(), parameters, indicator, forward, wanted)
    by_hand = (expected.gate_weight, expected.gate_bias, expected.weight, expected.bias)
    for mine, theirs in zip(slopes, by_hand, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


def test_switched_network_with_open_gates_is_logistic_regression():
    model = build("switched-logistic", 6, 3)
    model.b_sw.data.fill_(1e4)
    plain = build("switched-logistic", 6, 3, {"switched": False})
    plain.load_state_dict({"W": model.W, "b": model.b})
    inputs = torch.randn(5, 6)
    assert torch.equal(model(inputs), plain(inputs))
    assert sum(part.numel() for part in plain.parameters()) == 6 * 3 + 3


def test_switched_network_starts_as_in_the_listing():
    model = build("switched-logistic", 300, 4, {"groups": (3,)})
    reach = 0.001 * 4 * (6 / 303) ** 0.5
    assert reach * 0.95 < model.W_sw.abs().max() <= reach
    assert not model.b_sw.any()
    assert not model.b.any()


@pytest.mark.parametrize(("groups", "sizes"), [((2,), [3, 4]), ((7,), [1] * 7), ((2, 5), [2, 5])])
def test_groups_of_the_switched_network(groups, sizes):
    indicator = build("switched-logistic", 7, 2, {"groups": groups}).grp_indicator
    assert indicator.sum(1).tolist() == sizes
    assert indicator.sum(0).tolist() == [1] * 7


@pytest.mark.parametrize("groups", [(), (8,), (3, 3), (0,), (7, 0)])
def test_groups_that_do_not_fit_are_refused(groups):
    with pytest.raises(LayerwiseError, match="add up to 7"):
        build("switched-logistic", 7, 2, {"groups": groups})
