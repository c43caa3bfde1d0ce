"""Depth five: with one example in fifty, balance finds the rare class; label sets are told from what is frequent."""

import os
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from layerwise.config import Experiment, Load, Model
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.source import Field, Source
from layerwise.tasks import class_balance, tag
from layerwise.workflow.learn import Silence
from layerwise.workflow.resume import resume
from layerwise.workflow.start import start

SETTINGS = {"threads": 1, "resamples": 100, "baselines": ("majority",), "epochs": 15, "learning_rate": 0.01}


def rare(rows=3060):
    """One row in 51 is ill; its inputs lie a little higher."""
    ill, draw = np.arange(rows) % 51 == 0, np.random.default_rng(0)
    inputs = draw.normal(size=(rows, 6)) + 0.8 * ill[:, None]
    columns = {f"x{place}": Numbers(inputs[:, place]) for place in range(6)}
    fields = (*map(Field, columns), Field("ill", "target"))
    return Source("rare", "memory", fields, columns | {"ill": Categories(ill.astype(np.int64), ("no", "yes"))})


def learned(tmp_path, data, model="mlp", listener=None, **settings):
    """Train as the command does; returns the run and its figures."""
    options = {"hidden": (8,)} if model == "mlp" else {}
    whole = Experiment(load=Load(data="memory"), model=Model(model, options))
    opened, _ = start(
        whole, SETTINGS | settings, data, run=str(tmp_path / f"run-{len(list(tmp_path.iterdir()))}"), listener=listener
    )
    metrics = opened.folder.read("metrics.json")["metrics"] if opened.folder.finished else {}
    return opened, {name: found["value"] for name, found in metrics.items()}


@pytest.mark.parametrize(
    "settings",
    [
        {"class_weights": "balanced"},
        {"class_sampling": "balanced"},
        {"decision_threshold": "validation", "validation_fraction": 0.4},
    ],
    ids=["weights", "sampling", "threshold"],
)
def test_balance_finds_the_rare_class_that_plain_training_misses(tmp_path, settings):
    _, plain = learned(tmp_path, rare())
    _, found = learned(tmp_path, rare(), **settings)
    assert plain["accuracy"] > 0.97
    assert plain["balanced_accuracy"] < 0.62
    assert found["balanced_accuracy"] > plain["balanced_accuracy"] + 0.1
    assert found["balanced_accuracy"] > 0.72


def test_weights_by_frequency_instead_of_its_inverse_find_nothing(tmp_path, monkeypatch):
    right = class_balance.class_weights

    def turned_round(targets, classes, weights=None):
        return 1 / right(targets, classes, weights)

    monkeypatch.setattr(class_balance, "class_weights", turned_round)
    _, found = learned(tmp_path, rare(), class_weights="balanced")
    assert found["balanced_accuracy"] < 0.55


class StopsAt(Silence):
    """Ctrl-C after some updates."""

    def __init__(self, number):
        self.number = number

    def stepped(self, number):
        if number == self.number:
            os.kill(os.getpid(), signal.SIGINT)


def test_balanced_epochs_resume_to_the_bit(tmp_path):
    data, settings = rare(510), {"class_sampling": "balanced", "epochs": 4, "stopping": "none"}
    whole, _ = learned(tmp_path, data, **settings)
    cut, _ = learned(tmp_path, data, listener=StopsAt(30), **settings)
    assert not cut.folder.finished
    again, _ = resume(cut.folder, data=data)
    first, second = (load_file(run.folder.path / "model.safetensors") for run in (whole, again))
    assert all(torch.equal(first[name], second[name]) for name in first)


def pets(rows=400):
    """Three labels, each on one side of a plane of its own."""
    draw = np.random.default_rng(2)
    inputs = draw.normal(size=(rows, 5))
    marks = inputs @ draw.normal(size=(5, 3)) + 0.3 * draw.normal(size=(rows, 3)) > 1.0
    sets = [";".join(name for name, on in zip(("cat", "dog", "bird"), row, strict=True) if on) for row in marks]
    columns = {f"x{place}": Numbers(inputs[:, place]) for place in range(5)}
    return Source("pets", "memory", (*map(Field, columns), Field("tags", "target")), columns | {"tags": Texts(sets)})


LABELS = {"baselines": ("label-frequency",), "epochs": 40}


@pytest.mark.parametrize("model", ["mlp", "logistic"])
def test_label_sets_are_learned_and_frequencies_are_not_enough(tmp_path, model):
    settings = LABELS if model == "mlp" else {"baselines": ("label-frequency",), "epochs": 0, "learning_rate": 1e-3}
    opened, found = learned(tmp_path, pets(), model, **settings)
    frequent = opened.folder.read("metrics.json")["baselines"]["label-frequency"]
    assert found["mean_average_precision"] > 0.9 > 0.5 > frequent["mean_average_precision"]["value"]
    assert found["micro_f1"] > 0.8 > frequent["micro_f1"]["value"]
    assert found["hamming_loss"] < 0.1 < frequent["hamming_loss"]["value"]


def test_labels_that_shut_each_other_out_are_not_learned(tmp_path, monkeypatch):
    """A softmax over labels gives their sets one chance to share: two labels at once are never surer than one half."""
    monkeypatch.setattr(
        tag, "binary_cross_entropy", lambda output, wanted, weights: -(output.log_softmax(1) * wanted).sum()
    )
    monkeypatch.setattr(tag.Tag, "decode", lambda self, model, output: output.detach().double().softmax(1).numpy())
    _, found = learned(tmp_path, pets(), **LABELS)
    assert found["micro_f1"] < 0.75
    assert found["hamming_loss"] > 0.1
