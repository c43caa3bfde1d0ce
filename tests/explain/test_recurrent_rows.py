"""Rows of recurrent layers in the layer table: parameters of the lectures, products of torch, on either device."""

import pytest
import torch
from torch import nn

from layerwise.explain.layers import layer_table, totals
from layerwise.models import build

STEPS, FEATURES, UNITS = 7, 5, 4


class Reads(nn.Module):
    """A layer between an embedding and an answer; it may look at its numbers, which the meta device does not have."""

    def __init__(self, kind, looks, layers):
        super().__init__()
        self.embedding = nn.Embedding(9, FEATURES)
        self.recurrent = kind(FEATURES, UNITS, num_layers=layers, batch_first=True)
        self.output = nn.Linear(UNITS, 3)
        self.looks = looks

    def forward(self, tokens):
        hidden, _ = self.recurrent(self.embedding(tokens))
        if self.looks and hidden.sum().item() > 1e9:
            return hidden
        return self.output(hidden[:, -1])

    def example_input(self):
        return torch.ones(1, STEPS, dtype=torch.int64)


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    ("kind", "gates", "word"), [(nn.RNN, 1, "Recurrent"), (nn.GRU, 3, "GRU"), (nn.LSTM, 4, "LSTM")]
)
def test_a_recurrent_layer_has_its_row(kind, gates, word, layers, looks):
    rows = {row.name: row for row in layer_table(Reads(kind, looks, layers), (STEPS,))}
    row = rows["recurrent"]
    widths = [FEATURES] + [UNITS] * (layers - 1)
    # S38 to S41: gates H (D + H + 2) parameters in torch, gates H (D + H) products at each step
    assert row.parameters == sum(gates * UNITS * (width + UNITS + 2) for width in widths)
    assert row.multiply_adds == STEPS * sum(gates * UNITS * (width + UNITS) for width in widths)
    assert (row.type, row.shape) == (word, (STEPS, UNITS))
    assert (rows["embedding"].type, rows["embedding"].parameters, rows["embedding"].multiply_adds) == (
        "Embedding", 9 * FEATURES, 0,
    )  # fmt: skip


@pytest.mark.parametrize(("cell", "expected"), [("lstm", 240_321), ("gru", 182_337), ("rnn", 66_369)])
def test_char_rnn_has_the_parameters_of_the_reference(cell, expected):
    assert totals(layer_table(build("char-lstm", 67, 65, {"cell": cell}), (1,))).parameters == expected
