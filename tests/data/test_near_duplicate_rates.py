"""How many planted copies are found and how many false ones, on real photos and on sets in which much is alike."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from planted import KINDS
from sklearn.datasets import load_digits

from layerwise.data.kinds import Images
from layerwise.data.memory import from_arrays
from layerwise.data.near_duplicates import near_duplicates
from layerwise.data.open import open_source
from layerwise.data.picture_hashes import sketch
from layerwise.data.source import Field, Source

DATA = Path(os.environ["LAYERWISE_DATA"]) if os.environ.get("LAYERWISE_DATA") else None
pytestmark = pytest.mark.skipif(DATA is None, reason="LAYERWISE_DATA does not name the shared data")

LEAST = {"copied": 1.0, "stored again": 1.0, "resized": 0.95, "mirrored": 0.95, "turned": 0.95,
         "mirrored, smaller, stored again": 0.95}  # fmt: skip
"""Share of each kind that must be found: T10 of the reference, and the same for what it does not name."""


def of_pictures(pictures):
    """Return pictures of any size as a source."""
    arrays = [np.asarray(picture).transpose(2, 0, 1) for picture in pictures]
    sizes = np.array([picture.size for picture in pictures])
    column = Images(arrays, lambda cell: cell, sizes, 3, sketches=np.stack([sketch(array) for array in arrays]))
    return Source("photos", "memory", (Field("image"),), {"image": column})


def photos():
    """Return the photos of ants and bees, upright."""
    paths = sorted((DATA / "ants_bees").rglob("*.jpg"))
    return [ImageOps.exif_transpose(Image.open(path)).convert("RGB") for path in paths if not path.name.startswith(".")]


def falsely_paired(source):
    """Return the share of rows in a pair, of a set without planted copies."""
    found = near_duplicates(source)
    return len({row for pair in found.pairs for row in (pair.first, pair.second)}) / len(source)


def test_planted_copies_of_photos_are_found():
    originals, generator = photos(), np.random.default_rng(0)
    count = len(originals)
    kinds = [list(KINDS)[place % len(KINDS)] for place in range(count)]
    copies = [KINDS[kind](picture, generator) for kind, picture in zip(kinds, originals, strict=True)]
    found = near_duplicates(of_pictures([*originals, *copies]))
    pairs = {(pair.first, pair.second) for pair in found.pairs} | set(found.exact)
    met = {kind: [] for kind in KINDS}
    for place, kind in enumerate(kinds):
        met[kind].append((place, count + place) in pairs)
    rates = {kind: float(np.mean(known)) for kind, known in met.items()}
    assert {kind: rate for kind, rate in rates.items() if rate < LEAST[kind]} == {}
    # Every pair is a planted one.
    assert [pair for pair in pairs if pair[1] - pair[0] != count] == []


def cifar():
    """Return the first 2,000 photos of CIFAR-10."""
    cells = []
    with tarfile.open(DATA / "cifar10" / "cifar10.tar.gz") as archive:
        for member in archive:
            if member.name.endswith((".png", ".jpg")):
                picture = Image.open(io.BytesIO(archive.extractfile(member).read())).convert("RGB")
                cells.append(np.asarray(picture).transpose(2, 0, 1))
            if len(cells) == 2000:
                break
    return from_arrays(np.stack(cells), np.arange(2000) % 10)


def mnist():
    """Return 5,000 digits of MNIST."""
    return open_source("mnist").take(np.arange(5000))


CLEAN = {
    "ants and bees": lambda: open_source(str(DATA / "ants_bees")),
    "CIFAR-10": cifar,
    "digits": lambda: from_arrays(load_digits().images.astype(np.uint8)[:, None], load_digits().target),
    "MNIST": mnist,
    # Ten pictures of each of 40 people: the same face is no copy.
    "ORL": lambda: open_source(str(DATA / "faces_orl" / "orl_faces.zip"), exclude_problems=True),
}


@pytest.mark.parametrize("name", CLEAN)
def test_false_alarms_are_one_in_a_hundred_at_most(name):
    source = CLEAN[name]()
    assert len(source) >= 390
    assert falsely_paired(source) <= 0.01


@pytest.mark.parametrize("name", ["pima", "parkinsons", "seoul-bike", "air-quality"])
def test_tables_hold_no_false_alarms_either(name):
    assert falsely_paired(open_source(name)) <= 0.01
