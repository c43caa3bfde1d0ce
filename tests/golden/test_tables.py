"""The tables and parameter counts of the lectures and papers."""

import math

import pytest
import torch

from layerwise.explain.layers import layer_table, table_cells, totals
from layerwise.models import build

# lecture 002, Table 13-1, as it stands there
TABLE_13_1 = """\
Layer\tType\tMaps\tSize\tKernel size\tStride\tActivation
Out\tFully Connected\t–\t10\t–\t–\tRBF
F6\tFully Connected\t–\t84\t–\t–\ttanh
C5\tConvolution\t120\t1×1\t5×5\t1\ttanh
S4\tAvg Pooling\t16\t5×5\t2×2\t2\ttanh
C3\tConvolution\t16\t10×10\t5×5\t1\ttanh
S2\tAvg Pooling\t6\t14×14\t2×2\t2\ttanh
C1\tConvolution\t6\t28×28\t5×5\t1\ttanh
In\tInput\t1\t32×32\t–\t–\t–"""

# LeCun et al. 1998, section II.B; the first column without the pooling's gains and with a full C3
LENET_PARAMETERS = {
    "lecture": {"C1": 156, "S2": 0, "C3": 2416, "S4": 0, "C5": 48120, "F6": 10164, "Out": 850},
    "modern": {"C1": 156, "S2": 0, "C3": 2416, "S4": 0, "C5": 48120, "F6": 10164, "Out": 850},
    "paper": {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48120, "F6": 10164, "Out": 0},
}


def lenet_table(form):
    return layer_table(build("lenet5", (1, 32, 32), 10, {"form": form}), (1, 32, 32))


def table_rows():
    return [tuple(line.split("\t")) for line in TABLE_13_1.split("\n")]


@pytest.mark.parametrize("row", range(len(table_rows())))
def test_table_13_1_of_the_lecture_form(row):
    found, expected = table_cells(lenet_table("lecture"), style="lecture")[row], table_rows()[row]
    if expected[0] == "Out":
        # the lecture form ends in logits, whose softmax is in the loss, where the paper has distances (RBF)
        assert found == (*expected[:-1], "–")
    else:
        assert found == expected


def test_table_13_1_of_the_paper_form():
    found = table_cells(lenet_table("paper"), style="lecture")
    expected = [tuple("scaled tanh" if cell == "tanh" else cell for cell in row) for row in table_rows()]
    assert found == expected


@pytest.mark.parametrize(("form", "total"), [("lecture", 61706), ("modern", 61706), ("paper", 60000)])
def test_lenet_parameters_layer_by_layer(form, total):
    rows = lenet_table(form)
    assert {row.name: row.parameters for row in rows[1:]} == LENET_PARAMETERS[form]
    assert totals(rows).parameters == total
    model = build("lenet5", (1, 32, 32), 10, {"form": form})
    assert sum(part.numel() for part in model.parameters() if part.requires_grad) == total


def test_lenet_multiply_adds_and_memory_by_counting():
    rows = {row.name: row for row in lenet_table("lecture")}
    counted = {"C1": 28 * 28 * 6 * 25, "C3": 10 * 10 * 16 * 6 * 25, "C5": 120 * 16 * 25, "F6": 120 * 84, "Out": 84 * 10}
    assert {name: rows[name].multiply_adds for name in counted} == counted
    assert rows["C1"].output_bytes == 6 * 28 * 28 * 4


def test_lenet_receptive_fields_by_changing_single_pixels():
    model = build("lenet5", (1, 32, 32), 10, {"form": "lecture"}).double()
    rows = {row.name: row for row in layer_table(model, (1, 32, 32))}
    picture = torch.randn(1, 1, 32, 32, dtype=torch.float64, requires_grad=True)
    values = picture
    for name in ("C1", "S2", "C3", "S4", "C5"):
        values = torch.tanh(getattr(model, name)(values))
        middle = values.shape[-1] // 2
        (slope,) = torch.autograd.grad(values[0, 0, middle, middle], picture, retain_graph=True)
        seen = slope[0, 0] != 0
        size = (int(seen.any(1).sum()), int(seen.any(0).sum()))
        assert rows[name].receptive_field == size, name
    assert rows["S4"].field_stride == (4, 4)


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "options", "count"),
    [
        ("64-2-3", 64, 3, {}, 139),
        ("64-2-3", (1, 8, 8), 3, {}, 139),
        ("mlp", 2, 2, {"hidden": (2,), "output": "sigmoid"}, 9),
        ("mlp", 784, 10, {"hidden": (500,)}, 784 * 500 + 500 + 500 * 10 + 10),
        ("perceptron", 2, 2, {}, 3),
        ("sigmoid-unit", 2, 2, {}, 3),
        # S20: n K_groups + K_groups + n K + K
        ("switched-logistic", 12, 3, {"groups": (4, 8)}, 12 * 2 + 2 + 12 * 3 + 3),
        ("switched-logistic", (1, 2, 6), 5, {"groups": (3,)}, 12 * 3 + 3 + 12 * 5 + 5),
    ],
)
def test_parameter_counts(name, inputs, outputs, options, count):
    model = build(name, inputs, outputs, options)
    assert sum(part.numel() for part in model.parameters()) == count
    rows = layer_table(model, (inputs,) if isinstance(inputs, int) else inputs)
    assert totals(rows).parameters == count


@pytest.mark.parametrize(("channels", "count"), [(1, 320), (3, 896), (16, 4640)])
def test_the_keras_question_of_the_lecture(channels, count):
    rows = layer_table(torch.nn.Conv2d(channels, 32, 3, padding="same"), (channels, 28, 28))
    assert (rows[1].parameters, rows[1].size) == (count, (28, 28))


def test_inception_saving_of_the_lecture():
    with_bottleneck = torch.nn.Sequential(
        torch.nn.Conv2d(16, 5, 1, bias=False), torch.nn.Conv2d(5, 32, 3, padding=1, bias=False)
    )
    direct = torch.nn.Conv2d(16, 32, 3, padding=1, bias=False)
    assert totals(layer_table(direct, (16, 14, 14))).parameters == 4608
    assert totals(layer_table(with_bottleneck, (16, 14, 14))).parameters == 1520


def test_two_small_kernels_see_what_one_large_one_sees():
    convolution = torch.nn.Conv2d
    two = layer_table(
        torch.nn.Sequential(convolution(1, 1, 3, bias=False), convolution(1, 1, 3, bias=False)), (1, 9, 9)
    )
    one = layer_table(convolution(1, 1, 5, bias=False), (1, 9, 9))
    assert two[-1].receptive_field == one[-1].receptive_field == (5, 5)
    assert (totals(two).parameters, totals(one).parameters) == (18, 25)


def test_a_table_costs_nothing_for_a_large_network():
    with torch.device("meta"):
        model = torch.nn.Linear(100_000, 100_000)
    assert totals(layer_table(model, (100_000,))).multiply_adds == math.prod((100_000, 100_000))
