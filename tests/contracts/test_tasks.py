"""Every registered task keeps the contract: sums with counts, one gradient for any batch, and it can be learned."""

import importlib
import json

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.catalog import entries, find
from layerwise.config import Train
from layerwise.tasks.contract import Batch
from layerwise.training.history import measure
from layerwise.training.loop import train
from layerwise.training.state import Learner, Plan, prepare


def losses(name):
    """Return the names of the losses that a task's module lists."""
    return tuple(importlib.import_module(entries("task")[name].module).LOSSES)


CASES = [(name, error) for name in entries("task") for error in losses(name)]
SHAPE = 6


@pytest.fixture(params=CASES, ids=[" ".join(case) for case in CASES])
def task(request):
    name, error = request.param
    return find("task", name)(**entries("task")[name].facts["small"], error=error)


def examples(task, number=60):
    return task.sample(SHAPE, number, torch.Generator().manual_seed(1))


def network(task):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(SHAPE, 16), nn.Tanh(), nn.Linear(16, task.outputs()))


def gradients(task, model, batch):
    result = task.loss(model, batch, None)
    found = torch.autograd.grad(result.total / result.count, list(model.parameters()))
    return result, found


def test_the_name_is_that_of_the_catalogue(task):
    assert entries("task")[task.name].function == type(task).__name__


def test_a_task_comes_back_from_a_run_folder(task):
    assert type(task).from_json(json.loads(json.dumps(task.to_json()))) == task
    assert len(task.columns) == task.outputs()


def test_the_loss_is_a_sum_that_adds_over_batches(task):
    model, held = network(task), examples(task)
    whole = task.loss(model, held.batch(torch.arange(60)), None)
    parts = [task.loss(model, held.batch(rows), None) for rows in torch.arange(60).split(17)]
    torch.testing.assert_close(whole.total, sum(part.total for part in parts), rtol=1e-5, atol=1e-5)
    assert whole.count == sum(part.count for part in parts) == 60
    assert torch.isfinite(whole.total)
    assert whole.output.shape == (60, task.outputs())


def test_weights_of_one_change_nothing(task):
    model, held = network(task), examples(task)
    plain, ones = held.batch(torch.arange(60)), torch.ones(60)
    first, second = (
        gradients(task, model, plain),
        gradients(task, model, Batch(plain.inputs, plain.targets, plain.rows, ones)),
    )
    torch.testing.assert_close(first[0].total, second[0].total, rtol=1e-5, atol=1e-5)
    for one, other in zip(first[1], second[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_the_gradient_reaches_every_parameter(task):
    _, found = gradients(task, network(task), examples(task).batch(torch.arange(60)))
    assert all(bool(gradient.abs().sum() > 0) for gradient in found)


def test_the_order_of_a_batch_does_not_matter(task):
    model, held = network(task), examples(task)
    mixed = torch.randperm(60, generator=torch.Generator().manual_seed(3))
    first, second = (task.loss(model, held.batch(rows), None).total for rows in (torch.arange(60), mixed))
    torch.testing.assert_close(first, second, rtol=1e-5, atol=1e-5)


def test_answers_are_finite_and_one_a_row(task):
    held = examples(task)
    scores = task.decode(network(task), network(task)(held.inputs))
    assert scores.shape == (60, task.outputs())
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()


def test_the_sample_repeats_and_can_be_learned(task):
    held, again = examples(task), examples(task)
    assert torch.equal(held.inputs, again.inputs)
    assert torch.equal(held.targets, again.targets)
    model = network(task)
    before = measure(Learner(model, task), held)
    settings = Train(epochs=60, batch_size=15, learning_rate=0.02)
    for _ in train(prepare(model, task, held, settings, Plan("cpu", 1))):
        pass
    assert measure(Learner(model, task), held) < 0.4 * before
