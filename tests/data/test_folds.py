"""Folds: every row is tested once, classes keep their share, and what belongs together stays together."""

import numpy as np
import pytest

from layerwise.config import Split
from layerwise.data.folds import deal
from layerwise.data.memory import from_arrays
from layerwise.data.source import Source
from layerwise.data.split import fold_parts, with_validation
from layerwise.errors import LayerwiseError


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("number", [2, 3, 10])
@pytest.mark.parametrize("seed", range(5))
def test_folds_are_a_partition_with_the_share_of_every_class(number, seed):
    classes = generator(seed).choice(4, size=97, p=[0.6, 0.25, 0.1, 0.05])
    folds = deal(np.arange(97), classes, number, generator(seed))
    assert np.array_equal(np.sort(np.concatenate(folds)), np.arange(97))
    for name in range(4):
        counts = [int((classes[fold] == name).sum()) for fold in folds]
        assert max(counts) - min(counts) <= 1
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_units_are_not_torn_apart(seed):
    unit = generator(seed).integers(0, 30, size=200)
    folds = deal(unit, unit % 2, 5, generator(seed))
    assert np.array_equal(np.sort(np.concatenate(folds)), np.arange(200))
    for first in range(5):
        for second in range(first):
            assert not set(unit[folds[first]]) & set(unit[folds[second]])
    sizes = [len(fold) for fold in folds]
    assert max(sizes) <= 1.5 * min(sizes)


def test_another_seed_deals_otherwise_and_the_same_one_alike():
    one, same, other = (deal(np.arange(60), np.zeros(60), 6, generator(seed)) for seed in (0, 0, 1))
    assert all(np.array_equal(*pair) for pair in zip(one, same, strict=True))
    assert not all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("number", [-1, 0, 1, 4])
def test_too_few_or_too_many_folds_are_refused(number):
    with pytest.raises(LayerwiseError, match="2 folds or more"):
        deal(np.array([0, 1, 2, 2, 2]), np.zeros(5), number, generator())


def source(rows=40):
    inputs = generator(1).normal(size=(rows, 3))
    return from_arrays(inputs, np.arange(rows) % 2)


def test_equal_rows_and_groups_stay_in_one_fold():
    inputs = np.repeat(generator(1).normal(size=(20, 3)), 2, axis=0)
    parts = fold_parts(from_arrays(inputs, np.arange(40) // 2 % 2), 5, seed=0)
    for part in parts:
        assert not set(part.test // 2) & set(part.train // 2)
        assert part.duplicates == 20


def test_a_test_part_that_the_data_name_stays_closed():
    from layerwise.data.kinds import Categories
    from layerwise.data.source import Field

    plain = source()
    parts = Categories((np.arange(40) >= 30).astype(np.int64), ("train", "test"))
    named = Source(
        plain.name, plain.origin, (*plain.fields, Field("part", "part")), {**plain.columns, "part": parts}
    )  # fmt: skip
    dealt = fold_parts(named, 3, seed=0)
    assert np.array_equal(np.sort(np.concatenate([part.test for part in dealt])), np.arange(30))
    assert all(part.train.max() < 30 for part in dealt)


def test_the_validation_rows_come_from_the_training_rows_alone():
    part = fold_parts(source(), 4, seed=0)[1]
    divided = with_validation(source(), part, Split(validation_fraction=0.2), seed=3)
    assert np.array_equal(divided.test, part.test)
    assert np.array_equal(np.union1d(divided.train, divided.validation), part.train)
    assert len(divided.validation) == 6
    assert not set(divided.train) & set(divided.validation)
