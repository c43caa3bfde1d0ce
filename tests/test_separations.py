"""Depth five: what is right reaches its figure, and a named broken or weaker variant does not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.config import Experiment, Load, Model, experiment
from layerwise.data.builtin import builtin
from layerwise.data.kinds import Images
from layerwise.layers.losses import perceptron_criterion
from layerwise.models.perceptron import perceptron
from layerwise.tasks.contract import Batch
from layerwise.training.loop import train
from layerwise.training.state import Plan, prepare
from layerwise.workflow.prepare import prepare_data
from layerwise.workflow.start import start


def accuracy(tmp_path, data, model, options, part="test", **settings) -> float:
    """Train as the command does and return the accuracy of the measured part."""
    whole = Experiment(load=Load(data=data if isinstance(data, str) else "memory"), model=Model(model, options))
    settings = {"threads": 1, "resamples": 100, "baselines": ("majority",), **settings}
    opened, _ = start(whole, settings, data, run=str(tmp_path / f"{model}-{len(list(tmp_path.iterdir()))}"))
    return opened.folder.read("metrics.json")["metrics"]["accuracy"]["value"]


ON_ITSELF = {"test": "training", "validation_fraction": 0.0, "scale": "none"}
RULE = {**ON_ITSELF, "epochs": 500, "batch_size": 1, "optimizer": "sgd", "learning_rate": 1.0, "stopping": "no-errors"}


def test_perceptron_learns_and_but_never_xor(tmp_path):
    assert accuracy(tmp_path, "and", "perceptron", {}, **RULE) == 1.0
    assert accuracy(tmp_path, "xor", "perceptron", {}, **RULE) < 1.0


def test_perceptron_whose_boundary_counts_as_right_never_leaves_zero():
    """The strict rule (z s < 0) has no wrong point at w = 0; the lecture's (<= 0) has only wrong ones."""
    inputs, targets = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), torch.tensor([0, 0, 0, 1])
    network = perceptron(2, 2)
    nn.init.zeros_(next(network.parameters()))
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    network.loss(Batch(inputs, targets, torch.arange(4)), None).total.backward()
    assert any(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    sums = torch.zeros(4, 1, requires_grad=True)
    strict = torch.relu(-(2 * targets[:, None].float() - 1) * sums).sum()
    strict.backward()
    assert sums.grad.abs().sum() == 0
    assert perceptron_criterion(torch.zeros(4, 1), targets[:, None].float()).item() == 0


def test_sigmoid_unit_learns_and_but_not_xor(tmp_path):
    settings = {**ON_ITSELF, "epochs": 1500, "batch_size": 4, "optimizer": "sgd", "learning_rate": 2.0}
    assert accuracy(tmp_path, "and", "sigmoid-unit", {}, stopping="none", **settings) == 1.0
    assert accuracy(tmp_path, "xor", "sigmoid-unit", {}, stopping="none", **settings) < 1.0


def solved(width: int, seeds: range) -> int:
    """Count the seeds from which a 2-width-1 network learns XOR; width 0 has no hidden layer."""
    hidden = (width,) if width else ()
    whole = experiment(
        {**ON_ITSELF, "epochs": 1500, "batch_size": 4, "learning_rate": 0.05, "stopping": "none"},
        start=Experiment(load=Load(data="xor"), model=Model("mlp")),
    )
    prepared, whole = prepare_data(whole, "xor")
    count = 0
    for seed in seeds:
        torch.manual_seed(seed)
        from layerwise.models import build

        network = build("mlp", 2, 2, {"hidden": hidden, "activation": "sigmoid", "output": "sigmoid"})
        settings = replace(whole.train, seed=seed)
        state = prepare(network, prepared.task, prepared.examples["train"], settings, Plan("cpu", 1))
        for _ in train(state):
            pass
        scores = prepared.task.decode(network, network(prepared.examples["train"].inputs))
        count += bool((scores.argmax(1) == prepared.examples["train"].targets.numpy()).all())
    return count


def test_hidden_units_are_what_xor_needs():
    with torch.random.fork_rng():
        without, two, four = solved(0, range(3)), solved(2, range(10)), solved(4, range(10))
    assert without == 0
    assert 1 <= two <= 9, "some starts end in local optima"
    assert four >= 8


def test_64_2_3_needs_its_second_hidden_unit(tmp_path):
    settings = {
        "classes": ("0", "1", "2"), "validation_fraction": 0.0, "scale": "none", "epochs": 200, "batch_size": 10,
        "optimizer": "sgd", "learning_rate": 0.5, "stopping": "none",
    }  # fmt: skip
    assert accuracy(tmp_path, "digits", "64-2-3", {}, **settings) >= 0.99
    assert accuracy(tmp_path, "digits", "64-2-3", {"hidden_units": 1}, **settings) <= 0.96


def scattered(seed: int = 0):
    """The UCI digits, twice as large, each at a random place of a 32x32 frame (lecture 003: the same data to a CNN)."""
    digits = builtin("digits")
    (name,) = digits.named("input")
    pictures = digits.columns[name]
    generator = np.random.default_rng(seed)
    frames = np.zeros((len(pictures), 1, 32, 32), dtype=pictures.cells.dtype)
    for row, (top, left) in enumerate(generator.integers(0, 17, size=(len(pictures), 2))):
        frames[row, :, top : top + 16, left : left + 16] = pictures.cells[row].repeat(2, axis=1).repeat(2, axis=2)
    sizes = np.full((len(pictures), 2), 32)
    return replace(digits, columns={**digits.columns, name: Images(frames, None, sizes, 1, pictures.maximum)})


@pytest.mark.parametrize(
    ("form", "activation", "epochs", "rate"), [("modern", "relu", 12, 2e-3), ("lecture", "tanh", 16, 4e-3)]
)
def test_lenet5_finds_digits_anywhere_where_a_full_network_of_its_size_does_not(
    tmp_path, form, activation, epochs, rate
):
    settings = {"epochs": epochs, "batch_size": 16 if form == "lecture" else 32, "learning_rate": rate}
    settings |= {"stopping": "none", "validation_fraction": 0.0}
    data = scattered()
    shared = accuracy(tmp_path, data, "lenet5", {"form": form}, **settings)
    full = accuracy(tmp_path, data, "mlp", {"hidden": (60,), "activation": activation}, **settings)
    assert shared >= 0.65
    assert full <= 0.58
