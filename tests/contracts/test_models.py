"""What every network of the catalogue keeps, in its small form."""

import inspect
import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from layerwise.catalog import entries, find
from layerwise.config import Train, experiment, setting_names
from layerwise.errors import LayerwiseError
from layerwise.explain.layers import layer_table, table_lines, totals
from layerwise.language import use
from layerwise.models import build
from layerwise.models.own import check_shapes
from layerwise.tasks.arrangement import in_streams
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import ClosedForm, LearnsInStages, MakesBatches
from layerwise.tasks.ragged import Ragged
from layerwise.tasks.regress import Regress
from layerwise.tasks.tag import Tag
from layerwise.training.history import part_name
from layerwise.training.loop import train
from layerwise.training.state import Learner, Plan, prepare

MODELS = entries("model")
FORMS = [(name, task) for name, part in MODELS.items() for task in part.facts["task"].split()]
EXAMPLES = 12


def small(name):
    """The small form: inputs, outputs and options."""
    form = dict(MODELS[name].facts["small"])
    return form.pop("inputs"), form.pop("outputs"), form


def made(name, task_name, seed=0):
    """A small network, its task, and examples; solved where it is solved at once."""
    inputs, outputs, options = small(name)
    if task_name == "classify":
        task = Classify(tuple("abcdefghijklmnop"[:outputs]))
    elif task_name == "regress":
        task = Regress(tuple("abcdefgh"[:outputs]), (0.0,) * outputs, (1.0,) * outputs)
    elif task_name == "tag":
        task = Tag(tuple("abcdefghijklmnop"[:outputs]))
    else:
        task = find("task", task_name)(**entries("task")[task_name].facts["small"])
    torch.manual_seed(seed)
    model = build(name, inputs, outputs, options)
    examples = task.sample(inputs, EXAMPLES, torch.Generator().manual_seed(1))
    if isinstance(model, ClosedForm):
        model.fit(examples)
    return model, task, examples


def batch_of(model, task, examples, rows=None):
    """Some of the examples, all when left out, as the loop takes them."""
    rows = torch.arange(len(examples)) if rows is None else rows
    if isinstance(task, MakesBatches):
        return task.make(model, examples, rows, None, seed=0, epoch=0)[0]
    return examples.batch(rows)


def loss_of(model, task, examples, rows=None):
    """The loss of some examples, as the loop takes it."""
    return Learner(model, task, Plan("cpu", 1)).train(model.training)(batch_of(model, task, examples, rows), None)


def answers_of(model, task, examples):
    """What the network answers, as arrays that can be compared."""
    return [np.asarray(answer) for answer in task.answer(model, examples)]


@pytest.mark.parametrize("name", MODELS)
def test_is_described(name):
    part = MODELS[name]
    assert part.summary.endswith(".")
    assert part.facts["source"]
    assert part.facts["lecture"]
    assert {"inputs", "outputs"} <= set(part.facts["small"])
    assert all(option.help for option in part.options), "every option needs a line under Args"
    experiment(part.facts.get("train", {}))  # suggested settings are settings


@pytest.mark.parametrize("name", MODELS)
def test_options_are_the_keyword_only_parameters(name):
    parameters = inspect.signature(find("model", name)).parameters.values()
    known = {part.name: part.default for part in parameters if part.kind is part.KEYWORD_ONLY}
    assert {option.name: option.default for option in MODELS[name].options} == known
    assert [part.name for part in parameters if part.kind is not part.KEYWORD_ONLY] == ["inputs", "outputs"]


def test_options_do_not_clash_with_settings_nor_change_their_type():
    types = {}
    for name, part in MODELS.items():
        for option in part.options:
            assert option.name not in setting_names(), f"{name}: {option.name} is a setting"
            kind = option.annotation.partition("[")[0]
            assert types.setdefault(option.name, kind) == kind, f"{name}: {option.name} has another type elsewhere"


@pytest.mark.parametrize("name", MODELS)
def test_unknown_option_is_refused(name):
    inputs, outputs, options = small(name)
    with pytest.raises(LayerwiseError, match="not_an_option") as refusal:
        build(name, inputs, outputs, options | {"not_an_option": 1})
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_output_is_read_as_one_number_an_output(name, task_name):
    model, task, examples = made(name, task_name)
    decoded = task.answer(model, examples)
    assert len(decoded) == EXAMPLES
    assert len(task.labels(decoded)) == EXAMPLES
    assert model.training, "asking leaves the mode as it was"
    if task_name in ("classify", "regress"):
        check_shapes(model, examples.inputs[:1], task.outputs())
        assert decoded.shape == (EXAMPLES, task.outputs())
    if task_name == "classify":
        assert (decoded >= 0).all()
        torch.testing.assert_close(torch.from_numpy(decoded.sum(1)), torch.ones(EXAMPLES).double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_loss_is_a_finite_sum_with_its_count(name, task_name):
    model, task, examples = made(name, task_name)
    model.eval()
    result = loss_of(model, task, examples)
    assert result.total.shape == ()
    assert math.isfinite(result.total.item())
    if task_name in ("classify", "regress"):
        assert float(result.count) == EXAMPLES
    if isinstance(task, MakesBatches):
        return
    parts = [loss_of(model, task, examples, rows) for rows in torch.arange(EXAMPLES).split(5)]
    torch.testing.assert_close(sum(part.total for part in parts), result.total, rtol=1e-4, atol=1e-5)
    assert sum(float(part.count) for part in parts) == pytest.approx(float(result.count))


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_parts_of_a_loss_have_korean_names(name, task_name):
    model, task, examples = made(name, task_name)
    with use("ko"):
        for part in loss_of(model, task, examples).parts:
            assert re.search("[가-힣]", part_name(part))


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_gradient_reaches_every_parameter(name, task_name):
    model, task, examples = made(name, task_name)
    model.train()
    total = loss_of(model, task, examples).total
    if isinstance(model, LearnsInStages):
        # What one stage does not learn another does.
        learners = [stage.learner for stage in model.stages() if stage.learner is not None]
        total = total + sum(loss_of(learner.train(), task, examples).total for learner in learners)
    learned = {path: part for path, part in model.named_parameters() if part.requires_grad}
    if not learned:
        assert isinstance(model, ClosedForm), "without parameters a network must be solved at once"
        return
    slopes = torch.autograd.grad(total, list(learned.values()), allow_unused=True)
    for path, slope in zip(learned, slopes, strict=True):
        assert slope is not None, path
        assert torch.isfinite(slope).all(), path
        assert slope.any(), path


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_learns(name, task_name):
    model, task, examples = made(name, task_name)
    if isinstance(model, ClosedForm):
        fresh = build(name, *small(name)[:2], small(name)[2])
        assert loss_of(model, task, examples).total <= loss_of(fresh, task, examples).total
        return
    if isinstance(task, MakesBatches) or isinstance(model, LearnsInStages):
        pytest.skip("what it learns changes as it learns; its recipe and its separation test show it")
    model.eval()
    before = loss_of(model, task, examples).total.item()
    settings = Train(epochs=200, batch_size=EXAMPLES, learning_rate=0.01)
    for _ in train(prepare(model, task, examples, settings, Plan("cpu", 1))):
        pass
    model.eval()
    after = loss_of(model, task, examples).total.item()
    assert after < before - 0.3 * abs(before) + 1e-9


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_an_answer_does_not_depend_on_the_batch_it_is_in(name, task_name):
    model, task, examples = made(name, task_name)
    if getattr(model, "by_chance", False):
        pytest.skip("its answers are drawn")
    together = answers_of(model, task, examples)
    # Streams read one after the other carry their state on: there the neighbour is part of the question.
    rows = [torch.arange(EXAMPLES)] if examples.arrangement is in_streams else torch.arange(EXAMPLES).split(1)
    apart = [answer for some in rows for answer in answers_of(model, task, taken_from(examples, some))]
    for one, other in zip(together, apart, strict=True):
        if one.dtype.kind in "fc":
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
        else:
            assert np.array_equal(one, other)


def taken_from(examples, rows):
    """Some of the examples, as examples."""

    def some(values):
        if not isinstance(values, Ragged):
            return values[rows]
        return Ragged.of([values.item(int(row)) for row in rows], values.fill)

    truths = None if examples.truths is None else examples.truths[rows.numpy()]
    return replace(examples, inputs=some(examples.inputs), targets=some(examples.targets),
                   ids=tuple(examples.ids[row] for row in rows), truths=truths)  # fmt: skip


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_the_same_seed_gives_the_same_weights_and_another_one_others(name, task_name):
    inputs, outputs, options = small(name)
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(build(name, inputs, outputs, options).state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    model, _, _ = made(name, task_name)
    if any(True for _ in model.parameters()):
        assert any(not torch.equal(states[0][key], states[2][key]) for key in states[0])


@pytest.mark.parametrize(("name", "task_name"), FORMS)
def test_weights_travel_through_a_file(name, task_name):
    model, task, examples = made(name, task_name)
    inputs, outputs, options = small(name)
    torch.manual_seed(7)
    other = build(name, inputs, outputs, options)
    other.load_state_dict(load(save({key: value.contiguous() for key, value in model.state_dict().items()})))
    torch.manual_seed(3)
    first = answers_of(model, task, examples)
    torch.manual_seed(3)
    for one, two in zip(first, answers_of(other, task, examples), strict=True):
        assert np.array_equal(one, two)


@pytest.mark.parametrize(("name", "task_name"), FORMS)
@pytest.mark.parametrize("fitted", [False, True])
def test_the_layer_table_counts_every_parameter_and_changes_nothing(name, task_name, fitted):
    inputs, outputs, options = small(name)
    model = made(name, task_name)[0] if fitted else build(name, inputs, outputs, options)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    rows = layer_table(model, (inputs,) if isinstance(inputs, int) else inputs)
    assert totals(rows).parameters == sum(part.numel() for part in model.parameters())
    assert rows[0].type == "Input"
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())
    assert model.training
    assert len({len(line) for line in table_lines(rows)}) >= 1
