"""Every registered task keeps the contract: sums with counts, one gradient for any batch, and it can be learned."""

import importlib
import inspect
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from layerwise.catalog import entries, find
from layerwise.config import Evaluate, Train
from layerwise.data.image_step import Placed
from layerwise.models import build
from layerwise.tasks.contract import AnswersInPixels, MakesBatches, WritesAnswers
from layerwise.training.history import measure
from layerwise.training.loop import train
from layerwise.training.state import Learner, Plan, prepare

PLAN = Plan("cpu", 1)


def losses(name):
    """Return the names of the losses that a task's module lists."""
    return tuple(importlib.import_module(entries("task")[name].module).LOSSES)


CASES = [(name, error) for name in entries("task") for error in losses(name)]
"""Every task with every one of its losses."""


@pytest.fixture(params=CASES, ids=[" ".join(case) for case in CASES])
def task(request):
    name, error = request.param
    part = entries("task")[name]
    given = {"error": error} if "error" in inspect.signature(find("task", name)).parameters else {}
    return find("task", name)(**part.facts["small"], **given)


def usual(task):
    """The network that is taken when none is named, in its small form: its name, its inputs and its options."""
    name = entries("task")[task.name].facts.get("model") or "mlp"
    form = dict(entries("model")[name].facts["small"])
    inputs = form.pop("inputs")
    form.pop("outputs")
    return name, inputs, form


def examples(task, number=60):
    return task.sample(usual(task)[1], number, torch.Generator().manual_seed(1))


def network(task):
    torch.manual_seed(0)
    name, inputs, options = usual(task)
    return build(name, inputs, task.outputs(), options)


def batch_of(task, model, held, rows):
    """Some examples, or what is made of them."""
    if isinstance(task, MakesBatches):
        return task.make(model, held, rows, None, seed=0, epoch=0)[0]
    return held.batch(rows)


def loss_of(task, model, batch):
    """The loss in evaluation mode, in which nothing is drawn."""
    return Learner(model, task, PLAN).eval()(batch, None)


def gradients(task, model, batch):
    result = Learner(model, task, PLAN)(batch, None)
    found = torch.autograd.grad(result.total / result.count, list(model.parameters()), allow_unused=True)
    return result, found


def test_the_name_is_that_of_the_catalogue(task):
    assert entries("task")[task.name].function == type(task).__name__


def test_its_facts_name_what_exists(task):
    facts = entries("task")[task.name].facts
    assert facts["target"] in ("category", "number", "labels", "text", "boxes", "mask", "none")
    assert task.name in entries("model")[usual(task)[0]].facts["task"].split()
    assert task.baselines
    for name in task.baselines:
        assert task.name in entries("model")[name].facts["task"].split()


def test_a_task_comes_back_from_a_run_folder(task):
    assert type(task).from_json(json.loads(json.dumps(task.to_json()))) == task


def test_the_loss_is_a_sum_that_adds_over_batches(task):
    if isinstance(task, MakesBatches):
        pytest.skip("each batch is made anew")
    model, held = network(task), examples(task)
    whole = loss_of(task, model, held.batch(torch.arange(60)))
    parts = [loss_of(task, model, held.batch(rows)) for rows in torch.arange(60).split(17)]
    torch.testing.assert_close(whole.total, sum(part.total for part in parts), rtol=1e-4, atol=1e-4)
    assert float(whole.count) == pytest.approx(sum(float(part.count) for part in parts))
    assert torch.isfinite(whole.total)
    assert float(whole.count) > 0


def test_weights_of_one_change_nothing(task):
    model, held = network(task), examples(task)
    plain = batch_of(task, model, held, torch.arange(60))
    torch.manual_seed(0)
    first = gradients(task, model, plain)
    torch.manual_seed(0)
    second = gradients(task, model, replace(plain, weights=torch.ones(len(plain.rows))))
    torch.testing.assert_close(first[0].total, second[0].total, rtol=1e-5, atol=1e-5)
    for one, other in zip(first[1], second[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_the_gradient_reaches_every_parameter(task):
    model, held = network(task), examples(task)
    _, found = gradients(task, model, batch_of(task, model, held, torch.arange(60)))
    assert all(gradient is not None and bool(gradient.abs().sum() > 0) for gradient in found)


def test_the_order_of_a_batch_does_not_matter(task):
    if isinstance(task, MakesBatches):
        pytest.skip("each batch is made anew")
    model, held = network(task), examples(task)
    mixed = torch.randperm(60, generator=torch.Generator().manual_seed(3))
    first, second = (loss_of(task, model, held.batch(rows)).total for rows in (torch.arange(60), mixed))
    torch.testing.assert_close(first, second, rtol=1e-5, atol=1e-4)


def test_answers_are_measured_and_written(task):
    held, model = examples(task), network(task)
    answers = task.answer(model, held)
    assert len(answers) == len(task.labels(answers)) == 60
    if task.columns:
        assert answers.shape == (60, len(task.columns))
        assert np.isfinite(answers).all()
    truths = held.truths if held.truths is not None else held.targets.numpy()
    assert len(task.words(truths)) == 60
    measured = task.measure(truths, answers, Evaluate(resamples=100), seed=0)
    assert task.main in measured.metrics
    assert measured.to_json()
    again = task.measure(truths, answers, Evaluate(resamples=100), seed=0)
    assert again.metrics[task.main] == measured.metrics[task.main]


def test_answers_about_new_data_have_the_forms_that_are_promised(task):
    if not isinstance(task, WritesAnswers):
        pytest.skip("its answers are a row an example")
    held = examples(task, 6)
    answers, ids = list(task.answer(network(task), held)), tuple(f"{row}.jpg" for row in range(6))
    header, *rows = task.table(ids, answers)
    assert header[:2] == ("id", "class")
    assert {len(row) for row in rows} <= {len(header)}
    assert all(json.dumps(task.told(answer)) for answer in answers)
    for form in task.forms:
        files = task.written(form, ids, answers, np.full((6, 2), held.inputs.shape[3]))
        assert all(isinstance(content, bytes) for content in files.values())
        assert "" not in files if form == "/" else list(files) == [""]


def test_answers_in_pictures_come_back_to_the_size_of_the_picture(task):
    if not isinstance(task, AnswersInPixels):
        pytest.skip("its answers are no places in a picture")
    held = examples(task, 6)
    height, width = held.inputs.shape[2:]
    for answer in task.answer(network(task), held):
        same = task.brought_back(answer, Placed(width, height, 0, 0, width, height))
        np.testing.assert_array_equal(same, answer)
        # Three times as large and back again.
        large = task.brought_back(answer, Placed(3 * width, 3 * height, 0, 0, width, height))
        small = task.brought_back(large, Placed(width, height, 0, 0, 3 * width, 3 * height))
        np.testing.assert_allclose(small, answer, rtol=1e-12)


def test_the_sample_repeats_and_can_be_learned(task):
    held, again = examples(task), examples(task)
    rows = torch.arange(60)
    assert torch.equal(held.inputs[rows], again.inputs[rows])
    assert torch.equal(held.targets[rows], again.targets[rows])
    if isinstance(task, MakesBatches):
        pytest.skip("what it learns from changes as it learns; its separation test shows that it learns")
    model = network(task)
    before = measure(Learner(model, task, PLAN), held)
    settings = Train(epochs=60, batch_size=15, learning_rate=0.02)
    for _ in train(prepare(model, task, held, settings, PLAN)):
        pass
    assert measure(Learner(model, task, PLAN), held) < before - 0.3 * abs(before)
