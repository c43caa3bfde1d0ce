"""The plan of a long run is measured and leaves the run untouched; a short run and a named plan are not measured."""

import itertools

import pytest
import torch
from torch import nn

from layerwise.config import Train
from layerwise.tasks.classify import Classify
from layerwise.training import measured_plan as measuring
from layerwise.training.device import choose_plan, convolves
from layerwise.training.loop import train
from layerwise.training.measured_plan import measured_plan
from layerwise.training.state import Plan, prepare

TASK = Classify(("a", "b"))
RULES = Plan("cpu", 1, memory_format="channels-last")
LONG = Train(epochs=10_000_000, batch_size=8, stopping="none")
COST = 1e5


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(4 * 36, 2))


def examples():
    return TASK.sample((1, 8, 8), 32, torch.Generator().manual_seed(0))


def measured(settings=LONG, model=None, times=None, monkeypatch=None):
    if times is not None:
        found = iter(times)
        monkeypatch.setattr(measuring, "an_update", lambda _: next(found))
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    return measured_plan(model or network(), TASK, examples(), settings, RULES, multiply_adds=COST)


def test_measuring_touches_neither_the_network_nor_a_random_stream(monkeypatch):
    monkeypatch.setattr(measuring, "ENOUGH", 0.01)
    model, threads = network(), torch.get_num_threads()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    plan = measured(model=model)
    drawn = torch.rand(3)
    assert plan.trials
    assert torch.equal(drawn, torch.rand(3, generator=torch.Generator().manual_seed(3)))
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert model.training
    assert torch.get_num_threads() == threads


# The first two figures say how long the run will be; then the other plan and the best so far alternate.
def test_a_plan_that_is_clearly_faster_is_taken(monkeypatch):
    plan = measured(times=[1e-3, 1e-3, 0.5e-3, 1e-3, 0.5e-3, 1e-3, *[0.7e-3, 0.5e-3] * 2], monkeypatch=monkeypatch)
    assert (plan.memory_format, plan.threads) == ("contiguous", 1)
    assert len(plan.trials) == 3


def test_a_plan_that_is_hardly_faster_is_not_taken(monkeypatch):
    plan = measured(times=[1e-3, 1e-3, *[0.97e-3, 1e-3] * 4], monkeypatch=monkeypatch)
    assert (plan.memory_format, plan.threads) == ("channels-last", 1)


def test_fewer_bits_are_taken_only_where_asked_for_and_much_faster(monkeypatch):
    same = [1e-3, 1e-3] * 4
    settings = Train(epochs=10_000_000, batch_size=8, stopping="none", precision="auto")
    plan = measured(settings, times=[1e-3, 1e-3, *same, *[0.9e-3, 1e-3] * 2], monkeypatch=monkeypatch)
    assert plan.precision == "float32"
    plan = measured(settings, times=[1e-3, 1e-3, *same, *[0.7e-3, 1e-3] * 2], monkeypatch=monkeypatch)
    assert plan.precision == "bfloat16"


@pytest.mark.parametrize("settings", [
    Train(epochs=2, batch_size=8, stopping="none"),
    Train(epochs=10_000_000, batch_size=8, stopping="none", threads=1),
])  # fmt: skip
def test_a_short_run_and_a_named_number_of_threads_are_not_measured(settings, monkeypatch):
    monkeypatch.setattr(measuring, "an_update", lambda _: pytest.fail("measured"))
    assert measured(settings) == RULES


def test_a_named_memory_format_is_respected():
    for layout in ("contiguous", "channels-last"):
        assert choose_plan(Train(batch_size=8, memory_format=layout), COST, maps=True).memory_format == layout
    assert choose_plan(Train(batch_size=8), COST, maps=convolves(network())).memory_format == "channels-last"
    assert choose_plan(Train(batch_size=8), COST, maps=convolves(nn.Linear(2, 2))).memory_format == "contiguous"


def test_both_layouts_learn_the_same():
    # Adam would magnify the rounding of a gradient that is zero, that of the bias before the normalisation; and dropout
    # draws in the order of memory. Without both the layouts differ by rounding alone.
    rule = Train(epochs=3, batch_size=8, optimizer="sgd", learning_rate=0.1)

    def learned(layout):
        torch.manual_seed(1)
        model = nn.Sequential(*(module for module in network() if not isinstance(module, nn.Dropout)))
        state = prepare(model, TASK, examples(), rule, Plan("cpu", 1, memory_format=layout))
        for _ in itertools.islice(train(state), 12):
            pass
        return model

    one, other = learned("contiguous"), learned("channels-last")
    torch.testing.assert_close(dict(one.state_dict()), dict(other.state_dict()), rtol=1e-3, atol=1e-5)
