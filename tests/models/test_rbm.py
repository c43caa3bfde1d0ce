"""The restricted Boltzmann machine and the deep belief network in torch, against the arithmetic by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.byhand import contrastive_divergence as learning
from layerwise.byhand import rbm as byhand
from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.layers.boltzmann import free_energy
from layerwise.layers.contrastive_divergence import contrastive_divergence, uniform
from layerwise.models import build
from layerwise.models.dbn import dbn
from layerwise.models.rbm import rbm
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Batch, LearnsInStages
from layerwise.tasks.density import Density
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare

VISIBLE, HIDDEN, ROWS = 6, 4, 5


def machine(**options):
    torch.manual_seed(3)
    model = rbm(VISIBLE, 0, hidden_units=HIDDEN, weight_deviation=1.0, **options).double()
    with torch.no_grad():
        model.visible_bias.normal_()
        model.hidden_bias.normal_()
    return model.train()


def by_hand(model):
    return byhand.Parameters(*(part.detach().numpy() for part in (model.weight, model.visible_bias, model.hidden_bias)))


def batch(weights=None):
    generator = torch.Generator().manual_seed(4)
    inputs = (torch.rand(ROWS, VISIBLE, generator=generator) < 0.5).double()
    return Batch(inputs, torch.zeros(ROWS, 0), torch.arange(ROWS), weights)


def gradients(model, result):
    mean = result.total / result.count
    return torch.autograd.grad(mean, (model.weight, model.visible_bias, model.hidden_bias))


def assert_ascends(found, gradient):
    """A loss falls where the likelihood rises: its gradient is minus the direction by hand."""
    for part, wanted in zip(found, (gradient.weight, gradient.visible_bias, gradient.hidden_bias), strict=True):
        np.testing.assert_allclose(part.numpy(), -wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 3])
def test_contrastive_divergence_is_that_by_hand_on_the_same_draws(steps):
    model, examples = machine(gibbs_steps=steps), batch()
    torch.manual_seed(9)
    found = gradients(model, model.loss(examples, None))
    torch.manual_seed(9)
    drawn = uniform(*[(ROWS, HIDDEN), (ROWS, VISIBLE)] * steps)
    draws = learning.Draws(torch.stack(drawn[::2]).numpy(), torch.stack(drawn[1::2]).numpy())
    seen = learning.contrastive_divergence(examples.inputs.numpy(), by_hand(model), draws)
    assert_ascends(found, seen.gradient)


def test_persistent_chains_are_those_by_hand_on_the_same_draws_over_three_updates():
    model = machine(sampling="persistent", gibbs_steps=2)
    torch.manual_seed(9)
    first = uniform((ROWS, HIDDEN))[0].numpy()
    drawn = [uniform(*[(ROWS, HIDDEN), (ROWS, VISIBLE)] * 2) for _ in range(3)]
    torch.manual_seed(9)
    state, rows = None, batch().inputs.numpy()
    chains = (first < byhand.hidden_probabilities(rows, by_hand(model))).astype(float)
    for parts in drawn:
        draws = learning.Draws(torch.stack(parts[::2]).numpy(), torch.stack(parts[1::2]).numpy())
        result = model.loss(batch(), state)
        state = result.state
        seen, chains = learning.persistent_divergence(rows, chains, by_hand(model), draws)
        found = gradients(model, result)
        assert_ascends(found, seen.gradient)
        np.testing.assert_array_equal(state["hidden"].numpy(), chains)
        with torch.no_grad():
            for part, slope in zip((model.weight, model.visible_bias, model.hidden_bias), found, strict=True):
                part -= 0.3 * slope


def test_a_shorter_last_batch_keeps_the_chains():
    model = machine(sampling="persistent")
    state = model.loss(batch(), None).state
    whole = batch()
    short = Batch(whole.inputs[:2], whole.targets[:2], whole.rows[:2])
    result = model.loss(short, state)
    assert result.count == 2
    assert result.state["hidden"].shape == (ROWS, HIDDEN)


def test_the_exact_loss_and_its_gradient_are_those_by_hand():
    model, examples = machine(sampling="exact"), batch()
    rows = examples.inputs.numpy()
    result = model.loss(examples, None)
    assert result.total.item() == pytest.approx(-byhand.log_likelihood(rows, by_hand(model)).sum(), abs=1e-12)
    assert_ascends(gradients(model, result), learning.exact_gradient(rows, by_hand(model)))


def test_outside_learning_the_loss_is_the_likelihood_whatever_the_rule():
    rows = batch().inputs.numpy()
    for sampling in ("cd", "persistent", "exact"):
        model = machine(sampling=sampling).eval()
        wanted = -byhand.log_likelihood(rows, by_hand(model)).sum()
        assert model.loss(batch(), None).total.item() == pytest.approx(wanted, abs=1e-12)


def test_an_example_counts_with_its_weight():
    """Weight 2 on a row is the row twice, with the same draws; weight 0 leaves it out."""
    model = machine(sampling="exact")
    weights = torch.tensor([2.0, 0.0, 1.0, 1.0, 1.0]).double()
    twice = batch().inputs[[0, 0, 2, 3, 4]]
    weighted = model.loss(batch(weights), None)
    repeated = model.loss(Batch(twice, torch.zeros(5, 0), torch.arange(5)), None)
    torch.testing.assert_close(weighted.total / weighted.count, repeated.total / repeated.count)
    model = machine()
    torch.manual_seed(1)
    plain = gradients(model, model.loss(batch(), None))
    torch.manual_seed(1)
    ones = gradients(model, model.loss(batch(torch.ones(ROWS).double()), None))
    torch.testing.assert_close(plain, ones)
    torch.manual_seed(1)
    none = model.loss(batch(torch.zeros(ROWS).double()), None)
    assert none.total.item() == 0


def test_the_difference_of_free_energies_is_what_autograd_finds():
    model, examples = machine(), batch()
    parts = model.weight, model.visible_bias, model.hidden_bias
    weights = torch.tensor([1.0, 2.0, 0.5, 0.0, 1.0]).double()
    never = [(torch.ones(ROWS, HIDDEN), torch.zeros(ROWS, VISIBLE))]
    fused, hidden, _ = contrastive_divergence(examples.inputs, torch.cat((weights, -weights)), never, None, *parts)
    # Draws of 0 make every visible unit of the sample a 1.
    sample = torch.ones(ROWS, VISIBLE).double()
    plain = weights @ free_energy(examples.inputs, *parts) - weights @ free_energy(sample, *parts)
    torch.testing.assert_close(fused, plain, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(hidden, model(examples.inputs))
    wanted = torch.autograd.grad(plain, parts)
    torch.testing.assert_close(torch.autograd.grad(fused, parts), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [0.0, 20.0, 200.0, -20.0, -200.0, -1e30])
def test_the_difference_stays_exact_where_probabilities_round_to_zero_or_one(size):
    weight, zero = torch.tensor([[size]]), torch.zeros(1)
    draws = [(torch.zeros(1, 1), torch.ones(1, 1))]
    found, _, _ = contrastive_divergence(torch.ones(1, 1), torch.tensor([1.0, -1.0]), draws, None, weight, zero, zero)
    # The chain ends at 0: F(1) - F(0) = -ln(1 + e^w) + ln 2.
    assert found.item() == pytest.approx(np.log(2) - np.logaddexp(0, size), abs=1e-6 * min(200, max(1, abs(size))))


def test_pseudo_likelihood_of_all_units_is_that_by_hand():
    model, rows = machine(), batch().inputs
    found = model.pseudo_log_likelihood(rows, torch.arange(VISIBLE).expand(ROWS, -1))
    np.testing.assert_allclose(
        found.detach().numpy(), byhand.pseudo_log_likelihood(rows.numpy(), by_hand(model)), atol=1e-12
    )


def test_reconstruction_is_that_by_hand():
    model, rows = machine(), batch().inputs
    np.testing.assert_allclose(
        model.reconstruct(rows).detach().numpy(), byhand.reconstruct(rows.numpy(), by_hand(model)), atol=1e-12
    )


def test_a_unit_is_one_as_often_as_its_probability_says():
    torch.manual_seed(0)
    chances = torch.tensor([0.0, 0.1, 0.5, 0.9, 1.0])
    rows = 20_000
    # No hidden unit has a say: the visible ones follow their biases; the data's side has no weight.
    factors = torch.cat((torch.zeros(rows), -torch.ones(rows)))
    bias = chances.logit(eps=1e-30).clamp(-100, 100).requires_grad_()
    difference, _, _ = contrastive_divergence(
        torch.zeros(rows, 5), factors, [uniform((rows, 1), (rows, 5))], None, torch.zeros(1, 5), bias, torch.zeros(1)
    )
    # dD/db = the number of ones in the samples
    (ones,) = torch.autograd.grad(difference, bias)
    shares = ones / rows
    assert shares[0] == 0
    assert shares[4] == 1
    errors = (chances * (1 - chances) / rows).sqrt()
    assert (abs(shares - chances) <= 4 * errors).all()


def test_parameters_are_those_of_the_table():
    """784-500: 500 x 784 + 500 + 784 = 393,284 (S60)."""
    assert sum(part.numel() for part in rbm((1, 28, 28), 0, hidden_units=500).parameters()) == 393_284


def test_the_exact_rule_is_refused_where_it_cannot_be_gone_through():
    with pytest.raises(LayerwiseError, match="every pattern"):
        build("rbm", 17, 0, {"hidden_units": 17, "sampling": "exact"})
    build("rbm", 16, 0, {"hidden_units": 500, "sampling": "exact"})


def test_a_network_of_machines_is_a_sigmoid_network():
    torch.manual_seed(0)
    network = dbn(6, 3, hidden=(5, 4), weight_deviation=1.0)
    inputs = torch.rand(7, 6)
    values = inputs
    for each in network.machines():
        values = torch.sigmoid(values @ each.weight.T + each.hidden_bias)
    torch.testing.assert_close(network(inputs), values @ network.output.weight.T + network.output.bias)


def test_a_stage_learns_one_machine_from_the_probabilities_below_it():
    torch.manual_seed(0)
    network = dbn(6, 3, hidden=(5, 4), weight_deviation=1.0)
    assert isinstance(network, LearnsInStages)
    first, second, last = network.stages()
    assert last.learner is None
    assert {id(part) for part in second.learner.parameters()} == {id(part) for part in network.rbm2.parameters()}
    inputs = torch.rand(7, 6)
    below = torch.sigmoid(inputs @ network.rbm1.weight.T + network.rbm1.hidden_bias)
    assert torch.equal(first.learner.inputs(inputs), inputs)
    # The probabilities themselves, the same each time: nothing is sampled between the machines.
    torch.testing.assert_close(second.learner.inputs(inputs), below)
    assert not second.learner.inputs(inputs).requires_grad


def test_learning_a_stage_changes_its_machine_alone():
    torch.manual_seed(0)
    network = dbn(6, 3, hidden=(5, 4), pretraining_epochs=2)
    examples = Classify(("a", "b", "c")).sample(6, 30, torch.Generator().manual_seed(1))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for stage in network.stages()[1:2]:
        for _ in train(
            prepare(network, Classify(("a", "b", "c")), examples, Train(batch_size=10), Plan("cpu", 1), stage=stage)
        ):
            pass
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"rbm2.hidden.weight", "rbm2.hidden.bias", "rbm2.visible_bias"}


def test_without_pretraining_there_is_one_stage():
    assert [stage.name for stage in dbn(6, 3, pretraining=False).stages()] == ["fine-tuning"]


def test_options_out_of_range_are_refused():
    for name, inputs, options in (
        ("rbm", 6, {"hidden_units": 0}), ("rbm", 6, {"gibbs_steps": 0}), ("rbm", 6, {"weight_deviation": 0.0}),
        ("dbn", 6, {"hidden": ()}), ("dbn", 6, {"pretraining_rate": 0.0}), ("dbn", 6, {"pretraining_momentum": 1.0}),
    ):  # fmt: skip
        with pytest.raises(LayerwiseError, match=next(iter(options))):
            build(name, inputs, 3, options)


def test_the_machine_is_an_ordinary_module():
    assert [type(part) for part in rbm(6, 0).children()] == [nn.Linear, nn.Sigmoid]


@pytest.mark.parametrize("options", [{}, {"sampling": "persistent"}, {"sampling": "exact"}])
def test_learning_in_sixteen_bits_keeps_the_chains_in_full_precision(options):
    torch.manual_seed(0)
    task = Density(6)
    model = rbm(6, 0, hidden_units=4, **options)
    examples = task.sample(6, 20, torch.Generator().manual_seed(1))
    plan = Plan("cpu", 1, precision="bfloat16")
    state = prepare(model, task, examples, Train(batch_size=10, epochs=2, optimizer="sgd"), plan)
    for step in train(state):
        assert torch.isfinite(step.result.total)
        assert step.result.total.dtype == torch.float32
        if step.result.state is not None:
            assert step.result.state["hidden"].dtype == torch.float32
    stack = dbn(6, 3, hidden=(5, 4), pretraining_epochs=1)
    for stage in stack.stages():
        for step in train(
            prepare(
                stack,
                Classify(("a", "b", "c")),
                Classify(("a", "b", "c")).sample(6, 20, torch.Generator().manual_seed(1)),
                Train(batch_size=10, epochs=1),
                plan,
                stage=stage,
            )
        ):
            assert torch.isfinite(step.result.total)
