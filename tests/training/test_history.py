"""History adds up what the loop yields; a measurement does not depend on its batches."""

import json
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from layerwise.config import Train
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples, LossResult
from layerwise.training.history import Epoch, History, measure
from layerwise.training.loop import Step, train
from layerwise.training.state import Learner, Plan, prepare

TASK = Classify(("a", "b"))


def examples(count=11, *, weights=None):
    inputs = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    return Examples(inputs, torch.arange(count) % 2, tuple(map(str, range(count))), weights)


def test_the_loss_of_an_epoch_is_the_mean_over_its_examples():
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    held = examples()
    state = prepare(
        model, TASK, held, Train(epochs=2, batch_size=4, optimizer="sgd", learning_rate=1e-12), Plan("cpu", 1)
    )
    history = History()
    closed = []
    for step in train(state):
        history.observe(step)
        if step.ends_epoch:
            closed.append(history.close(step, 0.5, None))
    # At a rate of 1e-12 the weights stay, so that the mean is that of one forward pass.
    expected = functional.cross_entropy(model(held.inputs).detach(), held.targets).item()
    assert [epoch.train_loss for epoch in closed] == pytest.approx([expected] * 2, rel=1e-6)
    assert [(epoch.epoch, epoch.step) for epoch in closed] == [(1, 3), (2, 6)]
    assert history.epochs == closed
    assert all(epoch.seconds >= 0 for epoch in closed)


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_measured_loss_does_not_depend_on_the_batch_size(size):
    torch.manual_seed(1)
    learner = Learner(
        nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)), TASK, Plan("cpu", 1)
    )
    learner.train()
    held = examples(weights=torch.rand(11))
    answers = learner.model.eval()(held.inputs).detach()
    each = functional.cross_entropy(answers, held.targets, reduction="none")
    expected = float((each * held.weights).sum() / held.weights.sum())
    learner.train()
    assert measure(learner, held, batch_size=size) == pytest.approx(expected, rel=1e-6)
    assert learner.training


def test_an_epoch_is_one_line_of_strict_json():
    epoch = Epoch(1, 10, math.inf, None, 3, 0.1, 0.5)
    line = json.dumps(epoch.to_json(), allow_nan=False)
    assert json.loads(line) == {
        "epoch": 1, "step": 10, "train_loss": None, "validation_loss": None, "wrong": 3,
        "learning_rate": 0.1, "seconds": 0.5, "stage": "", "spike": 0, "left_out": 0, "parts": {},
    }  # fmt: skip


@pytest.mark.parametrize("at", [12, 61, 200])
def test_a_jump_of_the_loss_is_flagged_with_its_update(at):
    history, noise = History(), torch.Generator().manual_seed(at)
    for number in range(1, 241):
        # Losses that fall and scatter by a third; one of them is ten times what it would be.
        loss = math.exp(-number / 300) * (1 + 0.33 * float(torch.rand((), generator=noise)))
        total = torch.tensor(8 * loss * (10 if number == at else 1))
        step = Step(number, 0, None, LossResult(total, 8.0, total), 0.1, number == 240)
        history.observe(step)
    assert history.close(step, None, None).spike == at


def test_a_loss_that_scatters_is_not_flagged():
    history, noise = History(), torch.Generator().manual_seed(0)
    for number in range(1, 2001):
        total = -torch.rand((), generator=noise).log()
        step = Step(number, 0, None, LossResult(total, 1.0, total), 0.1, number == 2000)
        history.observe(step)
    assert history.close(step, None, None).spike == 0
