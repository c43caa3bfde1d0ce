"""Parts by time: nothing that is tested is earlier than what is learned from."""

import numpy as np
import pytest
from sklearn.model_selection import TimeSeriesSplit

from layerwise.config import Preprocess, Split
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.preprocess import fit
from layerwise.data.source import Field, Source
from layerwise.data.split import divide, fold_parts, with_validation
from layerwise.errors import LayerwiseError

IN_TIME = Split(split_by="time", test_fraction=0.25, validation_fraction=0.2)


def source(when, **extra):
    values = np.random.default_rng(3).normal(size=len(when))
    columns = {"when": Numbers(np.asarray(when, dtype=float)), "x": Numbers(values), "y": Numbers(values + 1), **extra}
    roles = {"when": "time", "y": "target", "part": "part", "group": "group"}
    return Source("t", "memory", tuple(Field(name, roles.get(name, "input")) for name in columns), columns)


@pytest.mark.parametrize("moments", [400, 30, 7, 3])
def test_every_part_is_later_than_the_one_before(moments):
    when = np.random.default_rng(0).integers(0, moments, 400)
    parts = divide(source(when), IN_TIME, seed=0)
    assert when[parts.train].max() < when[parts.validation].min()
    assert when[parts.validation].max() < when[parts.test].min()
    assert sorted([*parts.train, *parts.validation, *parts.test]) == list(range(400))


def test_distinct_moments_give_the_last_share():
    when = np.random.default_rng(1).permutation(200)
    parts = divide(source(when), IN_TIME, seed=0)
    assert sorted(when[parts.test]) == list(range(150, 200))
    assert sorted(when[parts.validation]) == list(range(120, 150))


def test_one_moment_cannot_be_divided():
    with pytest.raises(LayerwiseError, match="at least one row"):
        divide(source(np.zeros(20)), IN_TIME, seed=0)


@pytest.mark.parametrize(("rows", "folds"), [(20, 4), (103, 10), (12, 11)])
def test_folds_forward_in_time_are_those_of_scikit_learn(rows, folds):
    when = np.random.default_rng(2).permutation(rows)
    order = np.argsort(when)
    peer = [(sorted(order[train]), sorted(order[test])) for train, test in TimeSeriesSplit(folds).split(order)]
    own = fold_parts(source(when), folds, seed=0, in_time=True)
    assert [(fold.train.tolist(), fold.test.tolist()) for fold in own] == peer


def test_folds_keep_moments_whole_and_validation_rows_are_the_last_ones():
    when = np.random.default_rng(4).integers(0, 25, 300)
    data = source(when)
    for fold in fold_parts(data, 4, seed=0, in_time=True):
        assert when[fold.train].max() < when[fold.test].min()
        inner = with_validation(data, fold, IN_TIME, seed=0)
        assert when[inner.train].max() < when[inner.validation].min()
        assert sorted([*inner.train, *inner.validation]) == fold.train.tolist()


@pytest.mark.parametrize(("when", "folds"), [([1, 1, 1, 2], 3), ([1, 2, 3], 1), ([1, 2], 5)])
def test_too_few_moments_for_the_folds_are_refused(when, folds):
    with pytest.raises(LayerwiseError, match="Folds in time"):
        fold_parts(source(when), folds, seed=0, in_time=True)


def test_a_given_part_that_time_crosses_stops_with_its_rows():
    part = Categories(np.array([0, 0, 1, 0]), ("train", "test"))
    with pytest.raises(LayerwiseError, match="must not be earlier") as problem:
        divide(source([1, 2, 3, 4], part=part), IN_TIME, seed=0)
    assert "row 3, row 4" in problem.value.found
    divide(source([1, 2, 4, 3], part=part), IN_TIME, seed=0)
    divide(source([1, 2, 3, 4], part=part), Split(split_by="random"), seed=0)


def test_a_group_on_both_sides_of_the_cut_is_refused():
    groups = Categories(np.array([0, 1] * 20), ("ann", "bob"))
    with pytest.raises(LayerwiseError, match="one part") as problem:
        divide(source(np.arange(40), group=groups), IN_TIME, seed=0)
    assert "ann, bob" in problem.value.found
    with pytest.raises(LayerwiseError, match="one part"):
        fold_parts(source(np.arange(40), group=groups), 3, seed=0, in_time=True)


def test_a_test_row_of_huge_values_moves_no_training_statistic_by_a_bit():
    data = source(np.arange(60))
    parts = divide(data, IN_TIME, seed=0)
    before = fit(data, parts.train, Preprocess())
    values = data.columns["x"].values.copy()
    values[parts.test[3]] = 1e12
    changed = Source("t", "memory", data.fields, {**data.columns, "x": Numbers(values)})
    again = divide(changed, IN_TIME, seed=0)
    assert again.train.tolist() == parts.train.tolist()
    assert fit(changed, again.train, Preprocess()) == before
    values[parts.train[3]] = 1e12
    assert fit(changed, again.train, Preprocess()) != before


@pytest.mark.parametrize("closed", ["test", "validation"])
def test_the_part_that_data_keep_for_measuring_is_in_no_fold(closed):
    part = Categories(np.array([0, 0, 1] * 10), ("train", closed))
    folds = fold_parts(source(np.arange(30), part=part), 4, seed=0)
    assert sorted(row for fold in folds for row in fold.test) == [row for row in range(30) if row % 3 < 2]
