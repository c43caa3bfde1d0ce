"""No split parts a picture or row from what nearly repeats it, unless it is told to; all others stay as they were."""

import numpy as np
import pytest
from planted import KINDS, photo_like, write_folder
from sklearn.datasets import load_digits

from layerwise.config import Split
from layerwise.data.memory import from_arrays
from layerwise.data.near_duplicates import near_duplicates
from layerwise.data.open import open_source
from layerwise.data.split import divide, fold_parts, with_validation


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """40 pictures and 40 copies of them, two kinds each; the pairs as rows."""
    folder = tmp_path_factory.mktemp("photos")
    originals, generator = photo_like(40, seed=20, width=96, height=72), np.random.default_rng(21)
    kinds = list(KINDS)
    copies = [KINDS[kinds[place % len(kinds)]](picture, generator) for place, picture in enumerate(originals)]
    names = write_folder(folder, [*originals, *copies])
    source = open_source(str(folder))
    rows = {place: row for row, place in enumerate(source.places)}
    return source, [(rows[names[place]], rows[names[40 + place]]) for place in range(40)]


@pytest.fixture(scope="module")
def rows():
    """60 rows of measurements and 20 of them again, rounded."""
    values = np.random.default_rng(22).normal(size=(60, 4))
    source = from_arrays(np.vstack([values, np.round(values[:20], 2)]), np.arange(80) % 2)
    return source, [(place, 60 + place) for place in range(20)]


def places(parts, count):
    """Return the part of every row as a number."""
    found = np.full(count, -1)
    for number, rows in enumerate((parts.train, parts.validation, parts.test)):
        found[rows] = number
    return found


@pytest.mark.parametrize("name", ["photos", "rows"])
@pytest.mark.parametrize("seed", range(5))
def test_a_planted_pair_is_never_parted(name, seed, request):
    source, pairs = request.getfixturevalue(name)
    parts = divide(source, Split(validation_fraction=0.3), seed=seed)
    found = places(parts, len(source))
    assert [pair for pair in pairs if found[pair[0]] != found[pair[1]]] == []
    assert not len(parts.seen)
    for fold in fold_parts(source, 5, seed=seed):
        divided = with_validation(source, fold, Split(validation_fraction=0.3), seed=seed)
        found = places(divided, len(source))
        assert [pair for pair in pairs if found[pair[0]] != found[pair[1]]] == []


@pytest.mark.parametrize("name", ["photos", "rows"])
def test_they_are_parted_where_that_is_asked_for(name, request):
    source, pairs = request.getfixturevalue(name)
    found = places(divide(source, Split(near_duplicates="ignore"), seed=0), len(source))
    assert any(found[first] != found[second] for first, second in pairs)
    folds = fold_parts(source, 5, seed=0, near="ignore")
    assert any((first in fold.test) != (second in fold.test) for fold in folds for first, second in pairs)
    assert divide(source, Split(near_duplicates="ignore"), seed=0).near is None


def test_what_is_known_is_not_looked_for_again(rows, monkeypatch):
    source, _ = rows
    known = near_duplicates(source)
    monkeypatch.setattr("layerwise.data.split.near_duplicates", None)
    monkeypatch.setattr(
        "layerwise.data.split.units", lambda source, near=None, grouped=True: (np.arange(80), 0) if near else None
    )
    fold = fold_parts(source, 4, seed=0, near=known)[0]
    assert fold.near is known
    with_validation(source, fold, Split(), seed=0)


def test_near_duplicates_of_learned_rows_in_a_supplied_test_part_count_as_seen(tmp_path):
    originals = photo_like(8, seed=23, width=96, height=72)
    generator = np.random.default_rng(24)
    copies = [KINDS[kind](originals[place], generator) for place, kind in enumerate(("stored again", "mirrored"))]
    write_folder(tmp_path / "train", originals)
    names = write_folder(tmp_path / "test", [*copies, *photo_like(4, seed=25, width=96, height=72)], prefix="other")
    source = open_source(str(tmp_path))
    parts = divide(source, Split(), seed=0)
    assert (parts.origin, len(parts.test)) == ("own", 6)
    assert sorted(source.places[row] for row in parts.seen) == sorted(f"test/{name}" for name in names[:2])
    assert not len(divide(source, Split(near_duplicates="ignore"), seed=0).seen)


@pytest.mark.parametrize("test", ["training", "none"])
def test_nothing_is_looked_for_where_nothing_is_divided(rows, test):
    parts = divide(rows[0], Split(test=test), seed=0)
    assert (parts.near, parts.divided) == (None, False)


@pytest.mark.parametrize("name", ["iris", "digits", "diabetes", "wine", "breast-cancer"])
def test_splits_of_data_without_near_duplicates_are_those_from_before(name):
    source = open_source(name)
    for seed in range(2):
        now, before = (divide(source, Split(near_duplicates=how), seed=seed) for how in ("together", "ignore"))
        for part in ("train", "validation", "test", "seen"):
            assert np.array_equal(getattr(now, part), getattr(before, part))
        assert now.duplicates == before.duplicates


def test_planted_mirrored_digits_stay_together():
    images = load_digits().images.astype(np.uint8)[:120]
    source = from_arrays(np.concatenate([images, images[:40, :, ::-1]])[:, None], np.arange(160) % 2)
    for fold in fold_parts(source, 4, seed=1):
        assert not set(fold.test % 120) & set(fold.train % 120)
