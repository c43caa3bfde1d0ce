"""The restricted Boltzmann machine (S60, S61): enumeration against loops over the definition, gradients, chains."""

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.neural_network import BernoulliRBM

from byhand.oracle import assert_close, in_torch, refused
from layerwise.byhand import contrastive_divergence as learning
from layerwise.byhand import rbm

VISIBLE, HIDDEN = 5, 3


@pytest.fixture
def machine():
    generator = np.random.default_rng(4)
    return rbm.Parameters(
        generator.normal(size=(HIDDEN, VISIBLE)), generator.normal(size=VISIBLE), generator.normal(size=HIDDEN)
    )


@pytest.fixture
def rows():
    return np.random.default_rng(5).integers(0, 2, (7, VISIBLE)).astype(float)


def energy_by_definition(x, h, machine):
    """E written with single terms; rows of W belong to hidden units."""
    total = 0.0
    for j in range(VISIBLE):
        total -= machine.visible_bias[j] * x[j]
    for i in range(HIDDEN):
        total -= machine.hidden_bias[i] * h[i]
        for j in range(VISIBLE):
            total -= h[i] * machine.weight[i, j] * x[j]
    return total


def every(units):
    return list(itertools.product((0.0, 1.0), repeat=units))


def partition_by_definition(machine):
    return math.fsum(math.exp(-energy_by_definition(x, h, machine)) for x in every(VISIBLE) for h in every(HIDDEN))


def test_energy_of_every_pair_of_patterns(machine):
    for x, h in itertools.product(every(VISIBLE), every(HIDDEN)):
        found = rbm.energy(np.array([x]), np.array([h]), machine)
        assert_close(found, np.array([energy_by_definition(x, h, machine)]))


def test_patterns_are_all_of_them_once():
    assert [tuple(row) for row in rbm.patterns(4)] == every(4)
    assert rbm.patterns(0).shape == (1, 0)
    with refused("20 units"):
        rbm.patterns(21)


def test_probabilities_sum_to_one_and_are_those_of_the_definition(machine):
    joint = rbm.joint_probabilities(machine)
    assert joint.shape == (2**VISIBLE, 2**HIDDEN)
    assert_close(joint.sum(), 1.0)
    assert_close(np.exp(rbm.log_likelihood(rbm.patterns(VISIBLE), machine)).sum(), 1.0)
    partition = partition_by_definition(machine)
    wanted = [
        [math.exp(-energy_by_definition(x, h, machine)) / partition for h in every(HIDDEN)] for x in every(VISIBLE)
    ]
    assert_close(joint, np.array(wanted))


def test_free_energy_is_the_energy_with_the_hidden_units_summed_out(machine):
    joint = rbm.joint_probabilities(machine)
    likelihood = rbm.log_likelihood(rbm.patterns(VISIBLE), machine)
    assert_close(likelihood, np.log(joint.sum(axis=1)))


def test_partition_is_the_same_over_either_layer(machine):
    assert_close(rbm.log_partition(machine), math.log(partition_by_definition(machine)))
    mirrored = rbm.Parameters(machine.weight.T, machine.hidden_bias, machine.visible_bias)
    assert_close(rbm.log_partition(mirrored), rbm.log_partition(machine))


def test_only_the_smaller_layer_is_enumerated():
    wide = rbm.Parameters(np.zeros((2, 784)), np.zeros(784), np.zeros(2))
    assert_close(rbm.log_partition(wide), 786 * math.log(2))
    with refused("20 units"):
        rbm.log_partition(rbm.Parameters(np.zeros((21, 21)), np.zeros(21), np.zeros(21)))
    with refused("20 units"):
        rbm.joint_probabilities(rbm.Parameters(np.zeros((10, 11)), np.zeros(11), np.zeros(10)))


def test_an_untrained_machine_is_uniform():
    """Nine pixels: ln P = -9 ln 2 = -6.238."""
    nothing = rbm.Parameters(np.zeros((8, 9)), np.zeros(9), np.zeros(8))
    assert_close(rbm.log_likelihood(rbm.patterns(9), nothing), np.full(512, -9 * math.log(2)))


def test_conditionals_are_those_of_the_joint(machine):
    joint = rbm.joint_probabilities(machine)
    given_x = joint / joint.sum(axis=1, keepdims=True)
    given_h = joint / joint.sum(axis=0)
    assert_close(rbm.hidden_probabilities(rbm.patterns(VISIBLE), machine), given_x @ rbm.patterns(HIDDEN))
    assert_close(rbm.visible_probabilities(rbm.patterns(HIDDEN), machine), given_h.T @ rbm.patterns(VISIBLE))


def test_hidden_probabilities_are_those_of_scikit_learn(machine, rows):
    peer = BernoulliRBM(n_components=HIDDEN, n_iter=0).fit(rows)
    peer.components_, peer.intercept_hidden_ = machine.weight, machine.hidden_bias
    peer.intercept_visible_ = machine.visible_bias
    assert_close(rbm.hidden_probabilities(rows, machine), peer.transform(rows))


def test_pseudo_likelihood_is_the_product_of_what_each_unit_says_about_the_others(machine, rows):
    probability = {tuple(x): p for x, p in zip(every(VISIBLE), rbm.joint_probabilities(machine).sum(1), strict=True)}
    wanted = []
    for row in rows:
        total = 0.0
        for j in range(VISIBLE):
            other = tuple(1 - value if place == j else value for place, value in enumerate(row))
            total += math.log(probability[tuple(row)] / (probability[tuple(row)] + probability[other]))
        wanted.append(total)
    assert_close(rbm.pseudo_log_likelihood(rows, machine), np.array(wanted))


def test_reconstruction_is_up_and_down_once(machine, rows):
    up = 1 / (1 + np.exp(-(rows @ machine.weight.T + machine.hidden_bias)))
    assert_close(rbm.reconstruct(rows, machine), 1 / (1 + np.exp(-(up @ machine.weight + machine.visible_bias))))


@pytest.mark.parametrize("name", ["weight", "visible_bias", "hidden_bias"])
def test_the_exact_gradient_is_the_finite_difference(machine, rows, name):
    found = getattr(learning.exact_gradient(rows, machine), name)
    wanted, step = np.empty_like(found), 1e-5
    for place in np.ndindex(found.shape):
        values = []
        for sign in (1, -1):
            moved = {part: getattr(machine, part).copy() for part in ("weight", "visible_bias", "hidden_bias")}
            moved[name][place] += sign * step
            values.append(rbm.log_likelihood(rows, rbm.Parameters(**moved)).mean())
        wanted[place] = (values[0] - values[1]) / (2 * step)
    assert_close(found, wanted, 1e-8)
    assert np.abs(found).max() > 0.01


def test_the_exact_gradient_vanishes_where_the_data_are_the_model(machine):
    """Rows in the shares of the model's own probabilities leave nothing to learn."""
    probabilities = rbm.joint_probabilities(machine).sum(axis=1)
    rows = np.repeat(rbm.patterns(VISIBLE), np.round(probabilities * 200_000).astype(int), axis=0)
    gradient = learning.exact_gradient(rows, machine)
    assert max(np.abs(part).max() for part in (gradient.weight, gradient.visible_bias, gradient.hidden_bias)) < 1e-4


def draws(steps, chains, seed=6):
    generator = np.random.default_rng(seed)
    return learning.Draws(
        generator.uniform(size=(steps, chains, HIDDEN)), generator.uniform(size=(steps, chains, VISIBLE))
    )


@pytest.mark.parametrize("steps", [1, 3])
def test_contrastive_divergence_is_the_gradient_of_a_difference_of_free_energies(machine, rows, steps):
    """dW = <h x>_0 - <h x>_k is minus the gradient of mean F(data) - mean F(x_k), the sample held still."""
    seen = learning.contrastive_divergence(rows, machine, draws(steps, len(rows)))
    assert set(np.unique(seen.visible)) <= {0.0, 1.0}
    sample = torch.tensor(seen.visible)

    def difference(weight, visible_bias, hidden_bias):
        def free(x):
            return -x @ visible_bias - torch.nn.functional.softplus(x @ weight.T + hidden_bias).sum(1)

        return free(torch.tensor(rows)).mean() - free(sample).mean()

    _, slopes = in_torch(difference, (machine.weight, machine.visible_bias, machine.hidden_bias))
    for name, slope in zip(("weight", "visible_bias", "hidden_bias"), slopes, strict=True):
        assert_close(getattr(seen.gradient, name), -slope)


def test_a_chain_follows_its_draws(machine):
    """Draws of 0 switch every unit on, draws of 1 every unit off."""
    rows = np.array([[1.0, 0.0, 1.0, 0.0, 1.0]])
    for value, wanted in ((0.0, 1.0), (1.0, 0.0)):
        same = learning.Draws(np.full((1, 1, HIDDEN), value), np.full((1, 1, VISIBLE), value))
        assert learning.contrastive_divergence(rows, machine, same).visible.tolist() == [[wanted] * VISIBLE]


def test_long_chains_reach_the_distribution_of_the_model(machine):
    """From a single pattern, 40 Gibbs steps of 20,000 chains: shares within four standard errors."""
    chains = 20_000
    seen = learning.contrastive_divergence(np.ones((chains, VISIBLE)), machine, draws(40, chains))
    places = (seen.visible @ 2 ** np.arange(VISIBLE - 1, -1, -1)).astype(int)
    shares = np.bincount(places, minlength=2**VISIBLE) / chains
    wanted = rbm.joint_probabilities(machine).sum(axis=1)
    assert (np.abs(shares - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / chains) + 1e-12).all()


def test_persistent_chains_go_on_where_they_stood(machine, rows):
    first, second = draws(2, 4, seed=7), draws(3, 4, seed=8)
    together = learning.Draws(
        np.concatenate([first.hidden, second.hidden]), np.concatenate([first.visible, second.visible])
    )
    start = np.zeros((4, HIDDEN))
    _, halfway = learning.persistent_divergence(rows, start, machine, first)
    apart, end = learning.persistent_divergence(rows, halfway, machine, second)
    whole, whole_end = learning.persistent_divergence(rows, start, machine, together)
    assert_close(end, whole_end)
    assert_close(apart.visible, whole.visible)
    assert set(np.unique(end)) <= {0.0, 1.0}


def test_learning_uphill_raises_the_exact_likelihood(rows):
    machine = rbm.Parameters(np.zeros((HIDDEN, VISIBLE)), np.zeros(VISIBLE), np.zeros(HIDDEN))
    values = []
    for _ in range(20):
        values.append(rbm.log_likelihood(rows, machine).mean())
        machine = learning.update(machine, learning.exact_gradient(rows, machine), learning_rate=0.2)
    assert all(later > earlier for earlier, later in itertools.pairwise(values))
