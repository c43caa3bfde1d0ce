"""The layer table of networks as people write them."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from layerwise.explain.layers import layer_table, table_lines, totals
from layerwise.explain.layers.receptive_field import Field, Window, field_after
from layerwise.language import use
from layerwise.models import build


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return functional.relu(self.conv(functional.relu(self.conv(x))) + x)


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(6, 1, 5, 5))
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        x = functional.max_pool2d(torch.tanh(functional.conv2d(x, self.kernel, stride=2)), 2)
        return functional.log_softmax(self.last(x.mean((2, 3))), dim=1)


class ReadsNumbers(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return self.layer(x) if x.sum().item() > -1 else x


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(6, 2)
        self.decoder = nn.Linear(2, 6)

    def forward(self, x):
        return functional.linear(torch.sigmoid(self.encoder(x)), self.encoder.weight.T, self.decoder.bias)


def words(rows):
    return [(row.name, row.type, row.shape, row.activation, row.parameters) for row in rows[1:]]


def test_a_reused_module_has_a_row_a_call_and_counts_once():
    rows = layer_table(Residual(), (4, 8, 8))
    assert words(rows) == [
        ("conv", "Convolution", (4, 8, 8), "ReLU", 148),
        ("conv (2)", "Convolution", (4, 8, 8), "", 0),
        ("add", "Sum", (4, 8, 8), "ReLU", 0),
    ]
    assert rows[2].note.startswith("shares")
    assert [row.receptive_field for row in rows] == [(1, 1), (3, 3), (5, 5), (5, 5)]
    assert totals(rows).multiply_adds == 2 * 8 * 8 * 4 * 4 * 9


def test_functions_between_modules_have_rows():
    rows = layer_table(Functional(), (1, 13, 13))
    assert words(rows) == [
        ("conv2d", "Convolution", (6, 5, 5), "tanh", 150),
        ("max_pool2d", "Max Pooling", (6, 2, 2), "", 0),
        ("mean", "Mean", (6,), "", 0),
        ("last", "Fully Connected", (3,), "log softmax", 21),
    ]
    assert [row.kernel for row in rows] == [None, (5, 5), (2, 2), None, None]
    assert [row.receptive_field for row in rows] == [(1, 1), (5, 5), (7, 7), None, None]


def test_a_network_that_reads_numbers_is_measured_with_numbers():
    model = ReadsNumbers()
    assert words(layer_table(model, (4,)))[-1] == ("layer", "Fully Connected", (2,), "", 10)
    assert model.training


def test_parameters_used_elsewhere_are_counted_once():
    model = Tied()
    rows = layer_table(model, (6,))
    assert totals(rows).parameters == sum(part.numel() for part in model.parameters())
    assert rows[-1].note.startswith("not called itself")
    assert any("not called itself" in line for line in table_lines(rows))


@pytest.mark.parametrize("module", [nn.LSTM(5, 4, batch_first=True), nn.MultiheadAttention(4, 2, batch_first=True)])
def test_layers_with_several_answers(module):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = module

        def forward(self, x):
            return self.part(x, x, x)[0] if isinstance(self.part, nn.MultiheadAttention) else self.part(x)[0]

    model = Net()
    rows = layer_table(model, (7, 5 if isinstance(module, nn.LSTM) else 4))
    assert rows[1].shape == (7, 4)
    assert totals(rows).parameters == sum(part.numel() for part in model.parameters())


class Counts(nn.Module):
    """Turns a sequence round within its own length, and reads the mean of what it holds through a covered softmax."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.score = nn.Linear(4, 1)
        self.output = nn.Linear(4, 2)

    def forward(self, symbols):
        mask = symbols != 0
        places = torch.arange(symbols.shape[1], device=symbols.device)
        turned = torch.where(mask, mask.sum(1, keepdim=True) - 1 - places, places).clamp(min=0)
        values = self.embedding(symbols).gather(1, turned.unsqueeze(2).expand(-1, -1, 4))
        weights = torch.where(mask, self.score(values).squeeze(2), -1e9).softmax(1)
        return self.output(torch.stack(list(values.unbind(1)), 1).mul(weights.unsqueeze(2)).sum(1))

    def example_input(self):
        return torch.ones(1, 5, dtype=torch.int64)


def test_counting_and_arranging_places_has_no_rows():
    assert words(layer_table(Counts(), (5,))) == [
        ("embedding", "Embedding", (5, 4), "", 28),
        ("score", "Fully Connected", (5, 1), "softmax", 5),
        ("mul", "Product", (5, 4), "", 0),
        ("sum", "Sum over an axis", (4,), "", 0),
        ("output", "Fully Connected", (2,), "", 10),
    ]


def test_a_sequence_network_has_the_layers_of_its_paper():
    rows = layer_table(build("seq2seq", 8, 10, {"dropout": 0.1}), (7,))
    assert [row.name for row in rows if "dropout" not in row.name] == [
        "In", "source_embedding", "encoder_forward", "encoder_backward", "cat", "cat (2)", "attention.U", "start",
        "target_embedding", "attention.W", "add", "attention.v", "bmm", "cat (3)", "decoder", "cat (4)", "readout",
    ]  # fmt: skip
    assert {row.name: row.activation for row in rows if row.activation} == {
        "start": "tanh", "add": "tanh", "attention.v": "softmax",
    }  # fmt: skip


def test_symbols_written_as_one_of_many_keep_their_row():
    assert words(layer_table(build("char-lstm", 6, 4), (1,)))[0][:2] == ("one_hot", "One-hot")


@pytest.mark.parametrize(
    ("name", "inputs", "words", "shape"),
    [("knn", 4, "Nearest Neighbours", (3,)), ("majority", 4, "Majority", (3,)), ("bigram", 6, "Ngram", (1, 3))],
)
def test_a_learner_without_layers_is_one_row(name, inputs, words, shape):
    first, only = layer_table(build(name, inputs, 3), (inputs,))
    assert (first.name, only.name) == ("In", "Out")
    assert (only.type, only.shape, only.parameters, only.output_bytes) == (words, shape, 0, 4 * math.prod(shape))
    with use("ko"):
        assert "Out: 층 없이 답합니다" in table_lines((first, only))


def test_batch_norm_statistics_and_inplace_activations_survive():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten())
    rows = layer_table(model, (1, 6, 6))
    assert words(rows) == [
        ("0", "Convolution", (2, 4, 4), "", 20),
        ("1", "Batch Norm", (2, 4, 4), "ReLU", 4),
        ("3", "Max Pooling", (2, 2, 2), "", 0),
    ]
    assert model[1].num_batches_tracked == 0


@pytest.mark.parametrize(
    ("layers", "size", "step"),
    [
        # AlexNet to pool2 and VGG-16 to pool2, from the formula written out: 1 + sum of (m - 1) times strides below
        ([(11, 4), (3, 2), (5, 1), (3, 2)], 1 + 10 + 2 * 4 + 4 * 8 + 2 * 8, 16),
        ([(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2)], 1 + 2 + 2 + 1 + 2 * 2 + 2 * 2 + 1 * 2, 4),
    ],
)
def test_receptive_field_formula(layers, size, step):
    field = Field((1, 1), (1, 1))
    for kernel, stride in layers:
        field = field_after("conv2d", Window((kernel,) * 2, (stride,) * 2, (1, 1)), [field])
    assert field == Field((size, size), (step, step))


def test_table_in_korean_is_aligned_by_width():
    with use("ko"):
        lines = table_lines(layer_table(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh()), (1, 8, 8)))
    assert "합성곱" in lines[2]
    assert lines[0].startswith("층")
