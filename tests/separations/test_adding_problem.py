"""The adding problem: a gated cell carries a number over 50 steps, a plain recurrent unit does not (S39, S40).

Each step reads a random number and a mark; two numbers are marked, and their sum is asked for at the end. Answering 1
always gives a mean squared error of 1/6. Hochreiter and Schmidhuber 1997; configuration of the fact sheet, section 8.
"""

import pytest
import torch
from torch import nn

STEPS, UNITS, BATCH = 50, 64, 50


def batch(generator):
    numbers = torch.rand(BATCH, STEPS, generator=generator)
    half = STEPS // 2
    places = torch.stack([torch.randint(0, half, (BATCH,), generator=generator),
                          torch.randint(half, STEPS, (BATCH,), generator=generator)], dim=1)  # fmt: skip
    marks = torch.zeros(BATCH, STEPS).scatter(1, places, 1.0)
    return torch.stack([numbers, marks], dim=2), (numbers * marks).sum(1)


def error_after(kind, updates):
    torch.manual_seed(0)
    cells, answer = kind(2, UNITS, batch_first=True), nn.Linear(UNITS, 1)
    if kind is nn.LSTM:
        # the rows of the forget gate are the second block in torch; open at the start
        cells.bias_ih_l0.data[UNITS : 2 * UNITS] = 2.0
    weights = [*cells.parameters(), *answer.parameters()]
    rule, generator = torch.optim.Adam(weights, lr=5e-3), torch.Generator().manual_seed(1)
    for _ in range(updates):
        inputs, targets = batch(generator)
        loss = (answer(cells(inputs)[0][:, -1])[:, 0] - targets).square().mean()
        rule.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        rule.step()
    with torch.no_grad():
        errors = [
            (answer(cells(x)[0][:, -1])[:, 0] - t).square().mean().item()
            for x, t in (batch(generator) for _ in range(20))
        ]
    return sum(errors) / len(errors)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_gates_carry_a_number_over_fifty_steps_and_plain_units_do_not():
    assert error_after(nn.LSTM, 1000) <= 0.02
    assert error_after(nn.GRU, 1000) <= 0.02
    assert error_after(nn.RNN, 1000) >= 0.12
