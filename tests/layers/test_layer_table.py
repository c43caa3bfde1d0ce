"""The layer table of networks as people write them."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from layerwise.explain.layers import layer_table, table_lines, totals
from layerwise.explain.layers.receptive_field import Field, Window, field_after
from layerwise.language import use


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
