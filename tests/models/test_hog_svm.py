"""Edges and a border: features against scikit-image, answers against scikit-learn, and a table that is refused."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.models.hog_svm import hog_svm
from layerwise.tasks.contract import Examples


def digits():
    pictures, targets = load_digits(return_X_y=True)
    inputs = torch.from_numpy(pictures / 16).reshape(-1, 1, 8, 8).float()
    return torch.nn.functional.interpolate(inputs, scale_factor=4, mode="bilinear"), torch.from_numpy(targets)


def test_answers_are_those_of_scikit_learn_on_the_features_of_scikit_image():
    feature = pytest.importorskip("skimage.feature")
    inputs, targets = digits()
    inputs, targets = inputs[:400], targets[:400]
    network = hog_svm((1, 32, 32), 10, cell_size=8, calibration_folds=0)
    network.fit(Examples(inputs[:300], targets[:300], ()))
    described = np.array([
        feature.hog(one.numpy().astype(np.float64), 9, (8, 8), (2, 2), "L2-Hys", channel_axis=0) for one in inputs
    ])  # fmt: skip
    peer = SVC(C=1.0, kernel="linear").fit(described[:300], targets[:300].numpy())
    answers = network(inputs[300:]).argmax(1).numpy()
    assert (answers == peer.predict(described[300:])).mean() >= 0.99
    assert (answers == targets[300:].numpy()).mean() > 0.93


def test_it_tells_what_brightness_hides_from_pixels():
    drawn = np.random.default_rng(0)
    pictures = np.zeros((120, 1, 16, 16))
    classes = np.arange(120) % 2
    for picture, name in zip(pictures, classes, strict=True):
        stripes = np.tile([0.0, 0.0, 1.0, 1.0], 4)
        wave = np.roll(stripes, drawn.integers(4))[:, None] * np.ones(16)
        picture[0] = (wave if name else wave.T) * drawn.uniform(-1, 1) + drawn.uniform(0, 5)
    inputs, targets = torch.from_numpy(pictures).float(), torch.from_numpy(classes)
    network = hog_svm((1, 16, 16), 2, cell_size=4)
    network.fit(Examples(inputs[:60], targets[:60], ()))
    assert (network(inputs[60:]).argmax(1) == targets[60:]).float().mean() > 0.95


@pytest.mark.parametrize(("shape", "cell"), [((1, 128, 64), 8), ((1, 28, 28), 4), ((3, 256, 300), 32)])
def test_the_side_of_a_cell_follows_the_picture(shape, cell):
    assert hog_svm(shape, 2).cell == cell


@pytest.mark.parametrize(
    ("inputs", "options", "words"),
    [
        (4, {}, "those of pictures"),
        ((1, 8, 8), {"cell_size": 8}, "at least one block"),
        ((1, 32, 32), {"bins": 0}, "bins"),
        ((1, 32, 32), {"complexity": 0.0}, "complexity"),
        ((1, 32, 32), {"calibration_folds": 1}, "calibration_folds"),
    ],
)
def test_what_cannot_be_is_refused(inputs, options, words):
    with pytest.raises(LayerwiseError, match=words):
        hog_svm(inputs, 2, **options)


def test_negatives_are_read_by_their_edges_and_lost_to_a_border_in_pixels():
    pictures, names = load_digits(return_X_y=True)
    inputs, targets = torch.from_numpy(pictures / 16).reshape(-1, 1, 8, 8).float(), torch.from_numpy(names)
    shares = {}
    for name, options in (("hog-svm", {"cell_size": 2}), ("svm", {})):
        network = build(name, (1, 8, 8), 10, options | {"calibration_folds": 0})
        network.fit(Examples(inputs[:600], targets[:600], ()))
        answers = network(1 - inputs[600:900]).argmax(1)
        shares[name] = (answers == targets[600:900]).float().mean().item()
    assert shares["hog-svm"] > 0.85
    assert shares["svm"] < 0.3
