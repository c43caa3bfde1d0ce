"""The loop does what a hand-written one does, bit for bit, and yields where everything is consistent."""

import importlib.util
import unittest.mock
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.randomness import order
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples, LossResult
from layerwise.training.finite import FiniteCheck
from layerwise.training.loop import detached, train
from layerwise.training.snapshot import take_snapshot
from layerwise.training.state import Plan, prepare
from layerwise.workflow.request import request
from layerwise.workflow.start import start

PLAN = Plan("cpu", 1)
TASK = Classify(("a", "b", "c"))
SETTINGS = Train(epochs=3, batch_size=4, optimizer="sgd", learning_rate=0.1, stopping="none")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network():
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


def examples(count=10, *, weights=False):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(count, 6, generator=generator)
    targets = torch.randint(0, 3, (count,), generator=generator)
    drawn = torch.rand(count, generator=generator) if weights else None
    return Examples(inputs, targets, tuple(f"row {row}" for row in range(count)), drawn)


def weights_of(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def equal(first, second):
    return all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_training_gives_the_weights_of_the_plain_loop_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path(__file__).parents[2] / "examples" / "plain_loop.py"
    specification = importlib.util.spec_from_file_location("plain_loop", path)
    plain = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(plain)
    wanted = plain.main()
    settings = {"epochs": 30, "learning_rate": 0.01, "batch_size": 16, "seed": 0, "resamples": 100}
    whole, named = request("iris", "mlp", settings, {}, {}, None)
    opened, _ = start(whole, named, "iris")
    ours = list(load_file(opened.folder.path / "model.safetensors").values())
    theirs = [wanted.state_dict()[name] for name in ("0.bias", "0.weight", "2.bias", "2.weight")]
    assert equal(ours, theirs)
    torch.manual_seed(0)
    assert not equal(ours, [nn.Linear(4, 100).bias, *theirs[1:]])


@pytest.mark.parametrize("weighted", [False, True])
def test_momentum_clipping_and_a_schedule_equal_a_hand_written_loop(weighted):
    settings = replace(SETTINGS, optimizer="momentum", momentum=0.8, clip_norm=0.5, schedule="cosine", seed=3)
    held = examples(weights=weighted)
    ours, plain = network(), network()
    for _ in train(prepare(ours, TASK, held, settings, PLAN)):
        pass
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1, momentum=0.8, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)
    for epoch in range(3):
        for rows in order(3, epoch, 10).split(4):
            each = functional.cross_entropy(plain(held.inputs[rows]), held.targets[rows], reduction="none")
            loss = (each * held.weights[rows]).sum() / held.weights[rows].sum() if weighted else each.sum() / len(rows)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
            optimizer.step()
            schedule.step()
    for one, other in zip(weights_of(ours), weights_of(plain), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


def test_every_example_is_seen_once_an_epoch_and_positions_add_up():
    state = prepare(network(), TASK, examples(), SETTINGS, PLAN)
    seen, ends = [], []
    for step in train(state):
        assert state.step == step.number
        assert state.position == (0 if step.ends_epoch else step.number % 3)
        seen += step.batch.rows.tolist()
        ends.append(step.ends_epoch)
    assert [sorted(seen[start : start + 10]) for start in (0, 10, 20)] == [list(range(10))] * 3
    assert seen[:10] != seen[10:20]
    assert ends == [False, False, True] * 3
    assert (state.epoch, state.step) == (3, 9)


def test_the_loop_goes_on_from_where_its_state_stands():
    whole, parted = network(), network()
    for _ in train(prepare(whole, TASK, examples(), SETTINGS, PLAN)):
        pass
    state = prepare(parted, TASK, examples(), SETTINGS, PLAN)
    first = train(state)
    for _ in range(5):
        next(first)
    first.close()
    for _ in train(state):
        pass
    assert equal(weights_of(whole), weights_of(parted))


def test_the_loss_of_a_step_is_the_sum_of_its_examples():
    held, model = examples(), network()
    state = prepare(model, TASK, held, SETTINGS, PLAN)
    before = [parameter.clone() for parameter in model.parameters()]
    step = next(train(state))
    expected = functional.cross_entropy(
        network()(held.inputs[step.batch.rows]), held.targets[step.batch.rows], reduction="sum"
    )
    assert (step.result.count, step.result.total.item()) == (4, pytest.approx(expected.item(), rel=1e-6))
    assert not equal(before, list(model.parameters()))


def test_an_example_of_weight_two_counts_as_two_examples():
    held = examples(6)
    doubled = Examples(held.inputs[[*range(6), 2]], held.targets[[*range(6), 2]], tuple("abcdefg"))
    weighted = replace(held, weights=torch.tensor([1.0, 1, 2, 1, 1, 1]))
    one_batch = replace(SETTINGS, batch_size=10, epochs=4)
    first, second = network().double(), network().double()
    for model, some in ((first, doubled), (second, weighted)):
        double = Examples(
            some.inputs.double(), some.targets, some.ids, None if some.weights is None else some.weights.double()
        )
        for _ in train(prepare(model, TASK, double, one_batch, PLAN)):
            pass
    for one, other in zip(weights_of(first), weights_of(second), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_an_example_of_weight_zero_does_not_exist():
    held = examples(6)
    poisoned = Examples(held.inputs.clone(), held.targets, held.ids, torch.tensor([1.0, 1, 1, 1, 1, 0]))
    poisoned.inputs[5] = 1e3
    short = Examples(held.inputs[:5], held.targets[:5], held.ids[:5])
    first, second = network(), network()
    for model, some in ((first, poisoned), (second, short)):
        for _ in train(prepare(model, TASK, some, replace(SETTINGS, batch_size=10), PLAN)):
            pass
    for one, other in zip(weights_of(first), weights_of(second), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_a_clipped_gradient_is_no_longer_than_the_limit():
    lengths = []
    for limit in (0.0, 0.01):
        model = network()
        before = weights_of(model)
        next(train(prepare(model, TASK, examples(), replace(SETTINGS, clip_norm=limit), PLAN)))
        moved = [(one - other).square().sum() for one, other in zip(weights_of(model), before, strict=True)]
        lengths.append(float(torch.stack(moved).sum().sqrt()) / 0.1)
    assert lengths[0] > 0.05
    assert lengths[1] == pytest.approx(0.01, rel=1e-4)


def test_the_mode_of_the_network_is_that_of_learning_and_restored_after_asking():
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 3))
    state = prepare(model, TASK, examples(), SETTINGS, PLAN)
    model.eval()
    next(train(state))
    assert model[1].training
    answers = TASK.answer(model, state.examples)
    assert (answers == TASK.answer(model, state.examples)).all()
    assert model[1].training


class Carrying(nn.Module):
    """A network that carries the sum of its answers from batch to batch."""

    def __init__(self):
        super().__init__()
        self.unit = nn.Linear(6, 1)
        self.carried = []

    def forward(self, inputs):
        return self.unit(inputs)

    def loss(self, batch, state):
        self.carried.append(state)
        answers = self(batch.inputs)
        carried = answers.mean() if state is None else state["sum"] + answers.mean()
        return LossResult(carried.square() * len(batch.rows), len(batch.rows), answers, state={"sum": carried})

    def scores(self, output):
        return output


def test_what_a_task_carries_is_cut_off_from_its_graph():
    model = Carrying()
    for _ in train(prepare(model, TASK, examples(), SETTINGS, PLAN)):
        pass
    assert model.carried[0] is None
    assert all(not state["sum"].requires_grad for state in model.carried[1:])
    assert len(model.carried) == 9


def test_every_tensor_of_a_carried_tree_is_detached():
    tensor = torch.ones(2, requires_grad=True) * 2
    tree = detached({"a": tensor, "b": [tensor, (tensor, 3)], "c": "word"})
    assert not any(part.requires_grad for part in (tree["a"], tree["b"][0], tree["b"][1][0]))
    assert (tree["b"][1][1], tree["c"]) == (3, "word")


def test_nothing_of_torchs_random_state_is_used_by_order_or_loop():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    state = prepare(network(), TASK, examples(), SETTINGS, PLAN)
    torch.set_rng_state(before)
    for _ in train(state):
        pass
    assert torch.equal(torch.get_rng_state(), before)


def normalising():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))


@pytest.mark.parametrize(("count", "sizes"), [(9, [4, 5]), (10, [4, 4, 2]), (5, [5]), (4, [4]), (2, [2])])
def test_a_single_last_example_joins_the_batch_before_where_batches_are_normalised(count, sizes):
    state = prepare(normalising(), TASK, examples(count), replace(SETTINGS, epochs=1), PLAN)
    assert [len(step.batch.rows) for step in train(state)] == sizes
    assert state.schedule.steps == len(sizes)


@pytest.mark.parametrize(("count", "size"), [(1, 4), (8, 1)])
def test_batches_of_one_cannot_be_normalised(count, size):
    with pytest.raises(LayerwiseError, match="at least two examples at once"):
        prepare(normalising(), TASK, examples(count), replace(SETTINGS, batch_size=size), PLAN)


def test_other_networks_learn_from_a_single_last_example():
    state = prepare(network(), TASK, examples(9), replace(SETTINGS, epochs=1), PLAN)
    assert [len(step.batch.rows) for step in train(state)] == [4, 4, 1]


def test_a_snapshot_asks_whether_the_updates_before_it_were_finite():
    """On a card that is known only later; a snapshot must not stand behind a batch that was left out."""
    model = nn.Linear(3, 2)
    task = Classify(("a", "b"))
    held = task.sample(3, 8, torch.Generator().manual_seed(0))
    state = prepare(model, task, held, Train(batch_size=4, epochs=1), Plan("cpu", 1))
    next(train(state))
    assert take_snapshot(state, model)["step"] == 1
    assert state.confirm.__func__ is FiniteCheck.read
    state.confirm = unittest.mock.Mock(side_effect=LayerwiseError("finite", "step 1", "look"))
    with pytest.raises(LayerwiseError, match="step 1"):
        take_snapshot(state, model)
