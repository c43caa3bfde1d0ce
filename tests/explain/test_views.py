"""What single views show: odd shapes of convolutions, the lecture's own numbers, the user's names."""

import itertools

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn
from torch.nn import functional

from layerwise.errors import LayerwiseError
from layerwise.explain.open import explain, fitting
from layerwise.explain.subject import Subject
from layerwise.models import build
from layerwise.tasks.classify import Classify

SHAPES = [
    (kernel, stride, padding, dilation, groups)
    for kernel, stride, padding, dilation, groups in itertools.product(
        ((1, 1), (3, 5)), ((1, 1), (2, 3)), ((0, 0), (1, 2), "same"), ((1, 1), (2, 1)), (1, 2, 4)
    )
    if padding != "same" or stride == (1, 1)
]


def numbers(explanation, name):
    return explanation.tensors[name].array


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation", "groups"), SHAPES)
def test_convolution_window_of_every_form(kernel, stride, padding, dilation, groups):
    torch.manual_seed(sum(kernel) + groups)
    layer = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups, bias=groups != 2)
    subject = Subject(nn.Sequential(layer, nn.ReLU()), torch.randn(1, 4, 9, 11))
    output = layer(subject.inputs)[0]
    for cell in ((0, 0, 0), (7, output.shape[1] - 1, output.shape[2] - 1), (3, output.shape[1] // 2, 1)):
        shown = explain(subject, "convolution-window", dict(zip(("channel", "row", "column"), cell, strict=True)))
        assert all(check.ok for check in shown.verify())
        assert numbers(shown, "output") == pytest.approx(output[cell].item(), abs=1e-6)
        assert numbers(shown, "patch").shape == (4 // groups, *kernel)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_convolution_window_with_other_padding_modes(mode):
    layer = nn.Conv2d(2, 3, 3, padding=1, padding_mode=mode)
    shown = explain(Subject(layer, torch.randn(1, 2, 6, 7)), "convolution-window", {"row": 0, "column": 0})
    assert all(check.ok for check in shown.verify())


def test_convolution_window_is_the_largest_unless_told():
    layer = nn.Conv2d(1, 4, 3)
    subject = Subject(layer, torch.randn(1, 1, 8, 8))
    assert numbers(explain(subject, "convolution-window"), "output") == layer(subject.inputs).max().item()
    chosen = explain(subject, "convolution-window", {"channel": 2})
    assert numbers(chosen, "output") == layer(subject.inputs)[0, 2].max().item()


def test_lecture_window_002():
    """Lecture 002: the 3x3 input and filter whose products add up to 13.1 (W02 by SciPy)."""
    image = [[2.0, 1, 2], [5, 0, 1], [1, 7, 3]]
    kernel = [[0.5, 0.7, 0.4], [0.3, 0.4, 0.1], [0.5, 1.0, 0.5]]
    layer = nn.Conv2d(1, 1, 3, bias=False)
    layer.weight.data = torch.tensor([[kernel]])
    shown = explain(Subject(layer, torch.tensor([[image]])), "convolution-window")
    assert numbers(shown, "products").sum() == pytest.approx(correlate2d(image, kernel, "valid").item(), abs=1e-6)
    assert numbers(shown, "products").sum() == pytest.approx(13.1, abs=1e-6)


def test_convolution_window_follows_functional_calls():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel = nn.Parameter(torch.randn(3, 1, 3, 3))

        def forward(self, inputs):
            once = functional.conv2d(inputs, self.kernel)
            return functional.conv2d(once[:, :1], self.kernel)

    subject = Subject(Own(), torch.randn(1, 1, 9, 9))
    first, second = (explain(subject, "convolution-window", {"layer": f"conv2d#{n}"}) for n in (0, 2))
    assert numbers(first, "output") != numbers(second, "output")
    assert all(check.ok for check in second.verify())
    with pytest.raises(LayerwiseError, match="conv2d#0"):
        explain(subject, "convolution-window", {"layer": "conv2d"})


def test_cells_and_units_outside_are_refused():
    subject = Subject(nn.Conv2d(1, 2, 3), torch.randn(1, 1, 5, 5))
    with pytest.raises(LayerwiseError, match="counted from 0"):
        explain(subject, "convolution-window", {"row": 3})
    with pytest.raises(LayerwiseError, match="counted from 0"):
        explain(Subject(nn.Linear(2, 2), torch.ones(1, 2)), "unit-sum", {"unit": 2})


@pytest.mark.parametrize(
    ("activation", "value"),
    [
        (nn.Sigmoid(), 1 / (1 + np.e)),
        (nn.Tanh(), np.tanh(-1)),
        (nn.ReLU(), 0),
        (nn.LeakyReLU(0.1), -0.1),
        (nn.ELU(), 1 / np.e - 1),
    ],
)
def test_unit_sum_of_known_numbers(activation, value):
    """W x + b = 2·1 - 3·2 + 3 = -1, and f(-1) by the definition of each function."""
    layer = nn.Linear(2, 1)
    layer.weight.data, layer.bias.data = torch.tensor([[2.0, -3.0]]), torch.tensor([3.0])
    subject = Subject(nn.Sequential(layer, activation), torch.tensor([[1.0, 2.0]]), input_names=("temperature", "온도"))
    shown = explain(subject, "unit-sum")
    assert numbers(shown, "sum") == -1
    assert numbers(shown, "output") == pytest.approx(value, abs=1e-6)
    assert [row[0] for row in shown.tables[0].rows][:2] == ["온도", "temperature"]
    assert all(check.ok for check in shown.verify())


def test_backprop_sheet_is_the_lectures_recursion_on_4_3_2():
    """S13: delta of the hidden layer from the deltas above, by plain NumPy on a sigmoid 4-3-2 network."""
    torch.manual_seed(2)
    model = build("mlp", 4, 3, {"hidden": (3,), "output": "sigmoid", "error": "squared-error", "activation": "sigmoid"})
    inputs, target = torch.randn(1, 4), torch.tensor([2])
    shown = explain(Subject(model, inputs, target, Classify(("a", "b", "c"))), "backprop-sheet")
    (w1, b1, w2, b2) = (part.detach().double().numpy() for part in model.parameters())
    x = inputs.double().numpy()[0]
    h = 1 / (1 + np.exp(-(w1 @ x + b1)))
    f = 1 / (1 + np.exp(-(w2 @ h + b2)))
    top = 2 * (f - np.eye(3)[2]) * f * (1 - f)
    below = h * (1 - h) * (w2.T @ top)
    np.testing.assert_allclose(numbers(shown, "output delta"), top, atol=1e-6)
    np.testing.assert_allclose(numbers(shown, "hidden1 delta"), below, atol=1e-6)
    np.testing.assert_allclose(numbers(shown, "hidden1 dE/dw"), np.outer(below, x), atol=1e-6)
    assert sum(check.id.endswith("delta") for check in shown.verify()) == 2
    by_hand, autograd, numeric = np.array([row[2:] for row in shown.tables[-1].rows]).T
    np.testing.assert_allclose(by_hand, numeric, atol=1e-6)
    np.testing.assert_allclose(autograd, numeric, atol=1e-6)


def test_softmax_of_known_numbers():
    """Logits 1, 2, 3: probabilities 0.0900, 0.2447, 0.6652, and the loss of the first class 2.4076."""
    model = nn.Identity()
    subject = Subject(model, torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([0]), None, (), ("a", "b", "c"))
    shown = explain(subject, "softmax-cross-entropy")
    np.testing.assert_allclose(numbers(shown, "probabilities"), [0.0900306, 0.2447285, 0.6652410], atol=1e-6)
    np.testing.assert_allclose(numbers(shown, "gradient"), [0.0900306 - 1, 0.2447285, 0.6652410], atol=1e-6)
    assert "2.408" in str(shown)


def test_softmax_needs_logits_of_classes():
    sigmoid = build("sigmoid-unit", 4, 3)
    assert "softmax-cross-entropy" not in fitting(
        Subject(sigmoid, torch.randn(1, 4), torch.tensor([1]), Classify(("a", "b", "c")))
    )


def test_weights_of_64_2_3_are_two_pictures_of_8_by_8():
    subject = Subject(build("64-2-3", (1, 8, 8), 3), torch.rand(1, 1, 8, 8), torch.tensor([0]))
    shown = explain(subject, "weights")
    assert numbers(shown, "weights").shape == (2, 1, 8, 8)
    np.testing.assert_array_equal(
        numbers(shown, "weights").reshape(2, 64), subject.model.hidden.weight.detach().numpy()
    )


def test_layer_table_is_the_lectures_table():
    shown = explain(Subject(build("lenet5", (1, 32, 32), 10), torch.rand(1, 1, 32, 32)), "layer-table")
    rows = [row[:7] for row in shown.tables[0].rows if row[0] in ("Out", "F6", "C5", "S4", "C3", "S2", "C1", "In")]
    assert [row[0] for row in rows] == ["Out", "F6", "C5", "S4", "C3", "S2", "C1", "In"]
    assert rows[2][2:] == ("120", "1×1", "5×5", "1", "tanh")
    assert rows[5][1:] == ("Avg Pooling", "6", "14×14", "2×2", "2", "tanh")
    costs = {row[0]: row[2] for row in shown.tables[1].rows}
    assert (costs["C1"], costs["C3"], costs["C5"], costs["F6"], costs["Out"]) == (156, 2416, 48120, 10164, 850)
    assert costs["Total"] == 61706


@pytest.mark.parametrize(("target", "expected"), [(0, [-1.0, -1.0, -1.0]), (1, [0.0, 1.0, 0.0])])
def test_perceptron_step_is_the_lectures_rule(target, expected):
    """Weights (0, 1), bias 0 at the point (1, 2): the sum 2 is right for P; for N the point is subtracted."""
    model = build("perceptron", 2, 2)
    model.unit.weight.data, model.unit.bias.data = torch.tensor([[0.0, 1.0]]), torch.tensor([0.0])
    subject = Subject(model, torch.tensor([[1.0, 2.0]]), torch.tensor([target]), Classify(("N", "P")))
    shown = explain(subject, "perceptron-step")
    assert numbers(shown, "after").tolist() == expected
    assert all(check.ok for check in shown.verify())
    assert len(shown.verify()) == 2 - target
    assert shown.pictures[0].draw() is not None


def test_perceptron_step_on_the_line_counts_as_wrong():
    model = build("perceptron", 2, 2)
    model.unit.weight.data, model.unit.bias.data = torch.zeros(1, 2), torch.zeros(1)
    for target, expected in ((1, [1.0, 2.0, 1.0]), (0, [-1.0, -2.0, -1.0])):
        subject = Subject(model, torch.tensor([[1.0, 2.0]]), torch.tensor([target]), Classify(("N", "P")))
        assert numbers(explain(subject, "perceptron-step"), "after").tolist() == expected
