"""Depth five of the segmenter: what is right reaches its figure, and a named broken or weaker variant does not."""

import numpy as np

from layerwise.config import Experiment, Load, Model
from layerwise.data.kinds import Categories, Images
from layerwise.data.label_images import IGNORE, LabelImages
from layerwise.data.source import Field, Source
from layerwise.workflow.start import start

SIDE, TRAINING, TEST = 32, 160, 60


def bars(seed=0):
    """Pictures with four bars one or two pixels wide, red or blue, on noisy grey: what is thin is lost when halved."""
    draw = np.random.default_rng(seed)
    pixels = np.full((TRAINING + TEST, 3, SIDE, SIDE), 110.0)
    labels = np.zeros((TRAINING + TEST, SIDE, SIDE), dtype=np.uint8)
    colours = ((200, 70, 70), (70, 70, 200))
    for picture in range(TRAINING + TEST):
        for _ in range(4):
            kind, upright, wide, at, start_, length = draw.integers((0, 0, 1, 0, 0, 8), (2, 2, 3, SIDE - 2, 16, 17))
            rows, columns = slice(start_, start_ + length), slice(at, at + wide)
            place = (rows, columns) if upright else (columns, rows)
            pixels[(picture, slice(None), *place)] = np.array(colours[kind])[:, None, None]
            labels[(picture, *place)] = kind + 1
    pixels += draw.normal(0, 12, pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8), labels


def source(labels, pixels):
    columns = {
        "image": Images(pixels, None, np.full((len(pixels), 2), SIDE), 3),
        "labels": LabelImages(labels, ("ground", "red", "blue")),
        "part": Categories(np.repeat([0, 1], (TRAINING, TEST)), ("train", "test")),
    }
    fields = (Field("image"), Field("labels", "target"), Field("part", "part"))
    return Source("bars", "memory", fields, columns)


def mean_iou(tmp_path, labels, pixels, **options):
    """Train as the command does and return the mean IoU of the test part."""
    whole = Experiment(load=Load(data="memory"), model=Model("fcn-small", {"maps": (8, 12, 16), **options}))
    settings = {
        "threads": 1, "resamples": 100, "validation_fraction": 0.0, "epochs": 14, "batch_size": 16,
        "learning_rate": 2e-2, "schedule": "one-cycle", "optimizer": "adamw", "stopping": "none",
        "baselines": ("pixel-majority",),
    }  # fmt: skip
    opened, _ = start(
        whole, settings, source(labels, pixels), run=str(tmp_path / f"run-{len(list(tmp_path.iterdir()))}")
    )
    return opened.folder.read("metrics.json")["metrics"]["mean_iou"]["value"]


def test_thin_bars_need_the_finer_scores(tmp_path):
    """S68: FCN-8s against FCN-32s: without skips the answer comes from an eighth of the size alone."""
    pixels, labels = bars()
    assert mean_iou(tmp_path, labels, pixels) >= 0.8
    assert mean_iou(tmp_path, labels, pixels, skips=False) <= 0.6


def test_ignored_pixels_must_not_count_as_background(tmp_path):
    """S67: two thirds of the bars' training pixels carry no label; as background they would outvote the others."""
    pixels, labels = bars()
    hidden = (np.random.default_rng(1).random(labels.shape) < 0.67) & (labels > 0)
    hidden[TRAINING:] = False
    ignored = mean_iou(tmp_path, np.where(hidden, IGNORE, labels).astype(np.uint8), pixels)
    counted = mean_iou(tmp_path, np.where(hidden, 0, labels).astype(np.uint8), pixels)
    assert ignored >= 0.75
    assert counted <= 0.55
