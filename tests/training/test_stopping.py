"""Early stopping gives the weights of the best epoch back, bit for bit, and looks at the validation part alone."""

import hashlib
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.config import Train, experiment
from layerwise.data.builtin import builtin
from layerwise.data.kinds import Numbers
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples
from layerwise.training.state import Plan, prepare
from layerwise.training.stopping import EarlyStopping
from layerwise.workflow.learn import Silence, learn
from layerwise.workflow.prepare import prepare_data


def digest(model):
    total = hashlib.sha256()
    for name, value in model.state_dict().items():
        total.update(name.encode() + value.numpy().tobytes())
    return total.hexdigest()


class Watch(Silence):
    """Notes the weights after every epoch."""

    def __init__(self, model):
        self.model = model
        self.digests = []

    def closed(self, epoch):
        self.digests.append(digest(self.model))


def overfitting():
    """Return few noisy examples and a network large enough to learn them by heart."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(60, 8, generator=generator)
    targets = (inputs[:, 0] + torch.randn(60, generator=generator) > 0).long()
    ids = tuple(map(str, range(30)))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
    return model, Examples(inputs[:30], targets[:30], ids), Examples(inputs[30:], targets[30:], ids)


SETTINGS = Train(epochs=60, batch_size=10, learning_rate=0.01, patience=4)


def test_the_weights_of_the_best_epoch_are_restored_bit_for_bit():
    model, training, validation = overfitting()
    watch = Watch(model)
    outcome = learn(prepare(model, Classify(("a", "b")), training, SETTINGS, Plan("cpu", 1)), validation, watch)
    losses = [epoch.validation_loss for epoch in outcome.epochs]
    assert outcome.reason == "validation"
    assert outcome.best_epoch == 1 + int(np.argmin(losses))
    assert len(losses) == outcome.best_epoch + 4
    assert digest(model) == watch.digests[outcome.best_epoch - 1]
    assert digest(model) != watch.digests[-1]


def test_without_validation_the_last_weights_stay():
    model, training, validation = overfitting()
    watch = Watch(model)
    settings = replace(SETTINGS, epochs=3, stopping="none")
    state = prepare(model, Classify(("a", "b")), training, settings, Plan("cpu", 1))
    outcome = learn(state, validation, watch)
    assert (outcome.reason, outcome.best_epoch, digest(model)) == ("epochs", 3, watch.digests[-1])
    assert all(epoch.validation_loss is not None for epoch in outcome.epochs)


def test_patience_counts_epochs_since_the_best():
    stopping = EarlyStopping(nn.Linear(1, 1), patience=2)
    told = [stopping.observe(epoch, loss) for epoch, loss in enumerate([3.0, 2.0, 2.0, 1.9, 5.0, 1.95], start=1)]
    assert told == [False, False, False, False, False, True]
    assert (stopping.best_epoch, stopping.best) == (4, 1.9)


def test_a_loss_that_is_not_a_number_is_never_the_best():
    model = nn.Linear(1, 1)
    stopping = EarlyStopping(model, patience=2)
    before = digest(model)
    assert [stopping.observe(epoch, math.nan) for epoch in (1, 2)] == [False, True]
    stopping.give_back()
    assert digest(model) == before


def test_the_kept_weights_are_a_copy():
    model = nn.Linear(2, 2)
    stopping = EarlyStopping(model, patience=3)
    stopping.observe(1, 1.0)
    kept = digest(model)
    with torch.no_grad():
        model.weight.add_(1)
    stopping.observe(2, 2.0)
    stopping.give_back()
    assert digest(model) == kept


@pytest.mark.parametrize("value", [float("nan"), 1e30])
def test_a_poisoned_test_part_changes_no_weight_and_no_epoch(value):
    """System S05, second check, up to the trained network: the test part is not looked at while learning."""
    source = builtin("iris")
    digests = []
    settings = experiment({"epochs": 8, "batch_size": 16, "patience": 3, "learning_rate": 0.03, "missing": "impute"})
    rows = prepare_data(settings, source)[0].parts.test
    columns = dict(source.columns)
    for name in source.named("input"):
        values = columns[name].values.copy()
        values[rows] = value
        columns[name] = Numbers(values)
    # The same division for both: the rows of the test part are named by a field.
    for held in (source, replace(source, columns=columns)):
        prepared = with_parts(held, rows, settings)
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 10), nn.Tanh(), nn.Linear(10, 3))
        state = prepare(model, prepared.task, prepared.examples["train"], settings.train, Plan("cpu", 1))
        outcome = learn(state, prepared.examples["validation"], Silence())
        losses = [(epoch.train_loss, epoch.validation_loss) for epoch in outcome.epochs]
        digests.append((digest(model), losses, prepared.preprocessing.to_json()))
    assert digests[0] == digests[1]


def with_parts(source, rows, settings):
    """Prepare a source whose part field says which rows are the test, the validation and the training part."""
    from layerwise.data.kinds import Categories
    from layerwise.data.source import Field

    codes = np.where(np.isin(np.arange(len(source)), rows), 2, np.arange(len(source)) % 7 == 0)
    parts = Categories(codes.astype(np.int32), ("train", "validation", "test"))
    held = replace(source, fields=(*source.fields, Field("part", "part")), columns={**source.columns, "part": parts})
    return prepare_data(settings, held)[0]
