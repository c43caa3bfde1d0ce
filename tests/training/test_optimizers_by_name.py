"""Every optimiser by its name makes the updates of torch's own."""

import typing

import pytest
import torch
from torch import nn

from layerwise.config import Train
from layerwise.training.optimizers import build_optimizer

NAMES = typing.get_args(typing.get_type_hints(Train)["optimizer"])
PEERS = {
    "sgd": lambda some: torch.optim.SGD(some, lr=0.1, weight_decay=0.01),
    "momentum": lambda some: torch.optim.SGD(some, lr=0.1, momentum=0.8, weight_decay=0.01),
    "nesterov": lambda some: torch.optim.SGD(some, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01),
    "adagrad": lambda some: torch.optim.Adagrad(some, lr=0.1, weight_decay=0.01),
    "rmsprop": lambda some: torch.optim.RMSprop(some, lr=0.1, weight_decay=0.01),
    "adam": lambda some: torch.optim.Adam(some, lr=0.1, weight_decay=0.01),
    "adamw": lambda some: torch.optim.AdamW(some, lr=0.1, weight_decay=0.01),
}


def after_updates(build):
    weight = nn.Parameter(torch.linspace(-1, 1, 7, dtype=torch.float64))
    optimizer = build([weight])
    for number in range(6):
        weight.grad = torch.sin(weight.detach() * (number + 1)) + 0.3
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize("name", NAMES)
def test_an_optimiser_by_name_makes_torchs_updates(name):
    settings = Train(optimizer=name, learning_rate=0.1, momentum=0.8, weight_decay=0.01)
    ours = after_updates(lambda some: build_optimizer(some, settings))
    torch.testing.assert_close(ours, after_updates(PEERS[name]), rtol=1e-12, atol=1e-14)


def test_the_names_make_different_updates():
    updated = [tuple(after_updates(lambda some: build_optimizer(some, Train(optimizer=name, learning_rate=0.1)))  # noqa: B023
                     .tolist()) for name in NAMES]  # fmt: skip
    # Without weight decay adam and adamw are the same rule.
    assert len(set(updated)) == len(NAMES) - 1


def test_parameters_that_do_not_learn_are_left_out():
    frozen, learned = nn.Parameter(torch.ones(1), requires_grad=False), nn.Parameter(torch.ones(1))
    assert build_optimizer([frozen, learned], Train()).param_groups[0]["params"] == [learned]
