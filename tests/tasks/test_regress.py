"""Regression: targets in training units, losses by hand, predictions in the units of the data."""

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.data.kinds import Categories, Numbers
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.tasks.contract import Batch
from layerwise.tasks.regress import Regress


def source(**columns):
    held = {name: Numbers(np.array(values, dtype=np.float64)) for name, values in columns.items()}
    return Source("s", "memory", tuple(Field(name, "target") for name in held), held)


def test_targets_are_in_units_of_the_training_part():
    task = Regress.of(source(y=[1, 2, 3, 100]), np.arange(3), "auto")
    assert (task.mean, task.deviation) == ((2.0,), (pytest.approx(np.sqrt(2 / 3)),))
    targets = task.targets(source(y=[2, 3]))
    assert (targets.shape, targets.dtype) == ((2, 1), torch.float32)
    np.testing.assert_allclose(targets[:, 0], [0, np.sqrt(1.5)], rtol=1e-6)


def test_predictions_come_back_in_the_units_of_the_data():
    task = Regress.of(source(y=[10, 30], z=[0, 1]), np.arange(2), "auto")
    held = task.targets(source(y=[17, 25], z=[0.5, 4]))
    np.testing.assert_allclose(task.decode(nn.Identity(), held), [[17, 0.5], [25, 4]], rtol=1e-6)
    assert task.outputs() == 2


@pytest.mark.parametrize(
    ("error", "expected"), [("squared-error", 5.0), ("half-squared-error", 2.5), ("absolute-error", 3.0)]
)
def test_losses_by_hand(error, expected):
    # Differences 1 and -2.
    batch = Batch(torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [2.0]]), torch.arange(2))
    task = Regress(("y",), (0.0,), (1.0,), error)
    result = task.loss(nn.Identity(), batch, None)
    assert (result.total.item(), result.count) == (expected, 2)
    weighted = Batch(batch.inputs, batch.targets, batch.rows, torch.tensor([3.0, 0.0]))
    result = task.loss(nn.Identity(), weighted, None)
    assert (result.total.item(), float(result.count)) == ({"half-squared-error": 1.5}.get(error, 3.0), 3.0)


@pytest.mark.parametrize("value", [0.1, 3.0])
def test_a_target_that_never_changes_in_training_is_refused(value):
    # The standard deviation of ten times 0.1 is a rounding error, not zero.
    with pytest.raises(LayerwiseError, match=f"'y' is always {value:g}"):
        Regress.of(source(y=[value] * 10 + [9]), np.arange(10), "auto")


def test_names_and_the_losses_of_classification_are_refused():
    names = Source("s", "memory", (Field("y", "target"),), {"y": Categories(np.array([0, 1]), ("a", "b"))})
    with pytest.raises(LayerwiseError, match="--task classify"):
        Regress.of(names, np.arange(2), "auto")
    with pytest.raises(LayerwiseError, match="'cross-entropy' for regression"):
        Regress.of(source(y=[1, 2]), np.arange(2), "cross-entropy")
