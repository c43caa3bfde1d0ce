"""Learning rates equal those of torch's own schedulers where one exists, and their formulas elsewhere."""

import math
from itertools import pairwise

import pytest
import torch
from torch.optim import lr_scheduler

from layerwise.config import Train
from layerwise.training.schedules import Schedule, factor

STEPS, PER_EPOCH, RATE = 60, 6, 0.3


def ours(**settings):
    schedule = Schedule(Train(learning_rate=RATE, **settings), STEPS, PER_EPOCH)
    return [schedule.rate(step) for step in range(STEPS)]


def theirs(build, *, per_epoch=False):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = build(optimizer)
    rates = []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not per_epoch or (step + 1) % PER_EPOCH == 0:
            scheduler.step()
    return rates


def test_constant_is_constant():
    assert ours(schedule="constant") == [RATE] * STEPS


def test_step_is_torchs_step():
    expected = theirs(lambda optimizer: lr_scheduler.StepLR(optimizer, 3, gamma=0.5), per_epoch=True)
    assert ours(schedule="step", step_epochs=3, decay=0.5) == pytest.approx(expected, rel=1e-12)


def test_cosine_is_torchs_cosine():
    expected = theirs(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, STEPS))
    assert ours(schedule="cosine") == pytest.approx(expected, rel=1e-9)


def test_warm_up_is_torchs_linear():
    expected = theirs(lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=1 / 12, total_iters=11))
    assert ours(warm_up=0.2) == pytest.approx(expected, rel=1e-9)


def test_warm_up_multiplies_the_schedule_it_stands_before():
    plain, warmed = ours(schedule="cosine"), ours(schedule="cosine", warm_up=0.1)
    assert warmed == pytest.approx([rate * min(1, (step + 1) / 6) for step, rate in enumerate(plain)], rel=1e-12)


def test_one_cycle_rises_and_falls_in_straight_lines():
    # Smith and Topin 2018, figure 1: two lines; ours peaks after 30 % of the steps and ends near zero.
    rates = ours(schedule="one-cycle")
    peak = rates.index(max(rates))
    assert (peak, rates[peak]) == (18, pytest.approx(RATE))
    rises = [later - sooner for sooner, later in pairwise(rates[:19])]
    falls = [later - sooner for sooner, later in pairwise(rates[18:])]
    assert rises == pytest.approx([RATE / 19] * 18)
    assert falls == pytest.approx([-RATE / 0.7 / STEPS] * 41)
    assert 0 < rates[-1] < RATE / 30


def test_plateau_is_torchs_reduce_on_plateau():
    losses = [3.0, 2.0, 2.0, 2.1, 2.2, 2.3, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, math.nan, 0.5]
    settings = Train(learning_rate=RATE, schedule="plateau", patience=4, decay=0.2)
    schedule = Schedule(settings, 1000, 1)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    peer = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.2, patience=2, threshold=0.0, eps=0.0)
    rates = []
    for step, loss in enumerate(losses):
        schedule.observe(loss)
        peer.step(loss)
        assert schedule.rate(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        rates.append(schedule.rate(step))
    assert len(set(rates)) > 2


def test_only_a_plateau_listens():
    schedule = Schedule(Train(learning_rate=RATE, patience=1), STEPS, PER_EPOCH)
    for _ in range(10):
        schedule.observe(1.0)
    assert schedule.rate(0) == RATE


def test_a_run_without_steps_has_a_rate():
    assert factor(Train(schedule="cosine"), 0, 0, 1) == 1.0
