"""The direct update is torch's own, bit for bit, its memory included; where it cannot be, torch's is used."""

import copy

import pytest
import torch
from torch import nn

from layerwise.config import Train
from layerwise.training.direct import DirectUpdate
from layerwise.training.optimizers import build_optimizer

RULES = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(12, 2))


def learn(model, optimizer, steps, *, direct=True, begin=0):
    update = DirectUpdate(optimizer)
    for step in range(begin, begin + steps):
        inputs = torch.randn(4, 2, 4, 4, generator=torch.Generator().manual_seed(step))
        rate = 0.05 / (step + 1)
        if direct:
            update.clear()
        else:
            optimizer.zero_grad()
            optimizer.param_groups[0]["lr"] = rate
        model(inputs).square().mean().backward()
        if direct:
            update.make(rate)
        else:
            optimizer.step()


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_updates_and_memory_are_those_of_torch(rule, channels_last):
    layout = torch.channels_last if channels_last else torch.contiguous_format
    ours, theirs = network().to(memory_format=layout), network().to(memory_format=layout)
    settings = Train(optimizer=rule, learning_rate=0.05, weight_decay=0.01)
    first, second = (build_optimizer(model.parameters(), settings) for model in (ours, theirs))
    learn(ours, first, 5)
    learn(theirs, second, 5, direct=False)
    assert same(ours, theirs)
    for one, other in zip(first.state_dict()["state"].values(), second.state_dict()["state"].values(), strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(torch.as_tensor(one[name]), torch.as_tensor(other[name])) for name in one)


@pytest.mark.parametrize("rule", RULES)
def test_going_on_from_torchs_own_state_changes_nothing(rule):
    settings = Train(optimizer=rule, learning_rate=0.05)
    whole, half = network(), network()
    first, second = build_optimizer(whole.parameters(), settings), build_optimizer(half.parameters(), settings)
    learn(whole, first, 6)
    learn(half, second, 3)
    later = copy.deepcopy(half)
    third = build_optimizer(later.parameters(), settings)
    third.load_state_dict(copy.deepcopy(second.state_dict()))
    learn(later, third, 3, begin=3)
    assert same(whole, later)


def leave_out(model, optimizer, *, direct):
    """One update in which the last layer has no gradient."""
    model.zero_grad()
    model[0](torch.ones(1, 2, 4, 4)).sum().backward()
    if direct:
        DirectUpdate(optimizer).make(0.05)
    else:
        optimizer.param_groups[0]["lr"] = 0.05
        optimizer.step()


@pytest.mark.parametrize("rule", RULES)
def test_a_weight_without_a_gradient_stays_as_it_is(rule):
    """Its counter stays, too: the updates after it are torch's, bit for bit."""
    ours, theirs = network(), network()
    settings = Train(optimizer=rule, learning_rate=0.05, weight_decay=0.1)
    first, second = (build_optimizer(model.parameters(), settings) for model in (ours, theirs))
    learn(ours, first, 2)
    learn(theirs, second, 2, direct=False)
    before, bias = ours[3].weight.detach().clone(), ours[0].bias.detach().clone()
    leave_out(ours, first, direct=True)
    leave_out(theirs, second, direct=False)
    assert torch.equal(ours[3].weight, before)
    assert not torch.equal(ours[0].bias, bias)
    learn(ours, first, 3, begin=3)
    learn(theirs, second, 3, begin=3, direct=False)
    assert same(ours, theirs)
    for one, other in zip(first.state_dict()["state"].values(), second.state_dict()["state"].values(), strict=True):
        assert all(torch.equal(torch.as_tensor(one[name]), torch.as_tensor(other[name])) for name in one)
