"""Mixed precision: 16 bits where they may be, an update left out where they overflow, all of it in the checkpoint."""

import math

import pytest
import torch
from torch import nn

from layerwise.config import Train
from layerwise.errors import LayerwiseError
from layerwise.tasks.classify import Classify
from layerwise.training.loop import train
from layerwise.training.precision import LossScale
from layerwise.training.snapshot import restore_state, take_snapshot
from layerwise.training.state import Plan, prepare

TASK = Classify(("a", "b", "c"))
SETTINGS = Train(epochs=6, batch_size=10, learning_rate=0.02)


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))


def state_of(model, precision, settings=SETTINGS):
    examples = TASK.sample(8, 40, torch.Generator().manual_seed(0))
    return prepare(model, TASK, examples, settings, Plan("cpu", 1, precision=precision))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_it_learns_and_the_weights_stay_in_32_bits(precision):
    model = network()
    losses = [float(step.result.total.detach()) / 10 for step in train(state_of(model, precision))]
    assert losses[0] > 0.7
    assert sum(losses[-4:]) / 4 < 0.3
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_products_are_rounded_to_16_bits():
    model = network()
    states = [state_of(model, precision) for precision in ("float32", "bfloat16")]
    batch = states[0].batch(torch.arange(10))
    exact, rounded = (state.learner.eval()(batch, None).output.detach() for state in states)
    assert rounded.dtype == torch.bfloat16
    assert 0 < float((exact - rounded.float()).abs().max()) < 0.05


def test_a_float16_gradient_is_that_of_float32_but_for_rounding():
    grown = []
    for precision in ("float32", "float16"):
        model = network()
        model[2].p = 0.0
        next(train(state_of(model, precision, Train(epochs=1, batch_size=10, optimizer="sgd", learning_rate=1.0))))
        grown.append([parameter.detach().clone() for parameter in model.parameters()])
    for one, other in zip(*grown, strict=True):
        torch.testing.assert_close(one, other, rtol=0.02, atol=2e-3)


def test_an_update_that_overflows_is_left_out_and_the_scale_halved():
    model = network()
    state = state_of(model, "float16")
    state.scale.scale.fill_(2.0**40)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    steps = train(state)
    next(steps)
    assert float(state.scale.scale) == 2.0**39
    assert all(torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))
    assert not state.optimizer.state
    state.scale.scale.fill_(1024.0)
    next(steps)
    assert not torch.equal(before[0], next(iter(model.parameters())))


def test_one_overflow_after_the_other_stops():
    state = state_of(network(), "float16")
    state.scale.scale.fill_(2.0**100)
    with pytest.raises(LayerwiseError, match="8 updates one after the other overflowed in float16"):
        for _ in train(state):
            pass
    assert float(state.scale.scale) == 2.0**92
    assert state.scale.left_out() == 8


def test_an_example_that_no_scale_mends_is_named_and_stops():
    model = network()
    state = state_of(model, "float16")
    state.examples.inputs[3] = math.inf
    steps, good = train(state), next(place for place, rows in enumerate(state.batches()) if 3 in rows)
    for _ in range(good):
        next(steps)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    with pytest.raises(LayerwiseError, match="the inputs are not finite for 3"):
        next(steps)
    assert all(torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))


def test_the_scale_doubles_after_two_thousand_good_updates():
    scale, flag = LossScale(torch.device("cpu")), torch.zeros(())
    for _ in range(2000):
        scale.adapt(flag)
    assert float(scale.scale) == 2 * 65536.0


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_run_goes_on_to_the_bit_with_its_scale(precision):
    whole = network()
    for step in train(one := state_of(whole, precision)):
        if step.number == 3 and one.scale:
            one.scale.scale.fill_(2.0**18)
    cut = network()
    state = state_of(cut, precision)
    steps = train(state)
    for _ in range(3):
        next(steps)
    if state.scale:
        state.scale.scale.fill_(2.0**18)
    for _ in range(4):
        next(steps)
    tree = take_snapshot(state, cut)
    again = network(seed=9)
    fresh = state_of(again, precision)
    restore_state(fresh, again, tree)
    for _ in train(fresh):
        pass
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), again.parameters(), strict=True))
    if precision == "float16":
        assert torch.equal(one.scale.scale, fresh.scale.scale)
        assert float(fresh.scale.scale) in (2.0**18, 2.0**17)
