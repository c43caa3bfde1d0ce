"""Rows that share a group in any of several fields stay together; rows without a group are each on their own."""

import numpy as np
import pytest

from layerwise.config import Split
from layerwise.data.doubts import doubts
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Numbers, Texts
from layerwise.data.source import Field, Source
from layerwise.data.split import divide, fold_parts, units
from layerwise.data.subsets import nested_subsets
from layerwise.errors import LayerwiseError
from layerwise.workflow.evaluate import groups_of

ROWS = 120


def visits(who, where=None, **more):
    """Return a table of one number, a class, and one or two fields of groups."""
    rows = len(who)
    columns = {"x": Numbers(np.arange(rows) * 1.0), "y": Categories(np.arange(rows) % 2, ("a", "b")),
               "who": Texts(list(who)), **more}  # fmt: skip
    fields = [Field("x"), Field("y", "target"), Field("who", "group"), *(Field(name, "part") for name in more)]
    if where is not None:
        columns["where"] = Texts(list(where))
        fields.append(Field("where", "group"))
    return Source("visits", "memory", tuple(fields), columns)


@pytest.fixture
def two_fields():
    # Each patient has two visits, one in each of two neighbouring wards of four: a chain of rows that share something.
    drawn = np.random.default_rng(0)
    who = [f"patient {row // 2}" for row in range(ROWS)]
    where = [f"ward {row // 8}-{(row % 2) * (row // 4 % 2)}" if row % 5 else "" for row in range(ROWS)]
    order = drawn.permutation(ROWS)
    return visits([who[row] for row in order], [where[row] for row in order])


def apart(source, *sides):
    """Return the names that stand on more than one side, of each field of groups."""
    found = []
    for name in source.named("group"):
        cells = source.columns[name].values
        held = [{cells[row] for row in rows} - {""} for rows in sides]
        found += [both for place, one in enumerate(held) for other in held[:place] if (both := one & other)]
    return found


def test_rows_that_share_one_of_two_groups_are_one_unit():
    source = visits(["kim", "kim", "lee", "park"], ["a", "b", "b", "c"])
    # kim was in a and in b, lee in b: all of them belong together.
    assert units(source)[0].tolist() == [0, 0, 0, 3]
    assert groups_of(source, np.array([1, 2, 3])).tolist() == [0, 0, 3]


def test_no_group_of_any_field_stands_on_two_sides(two_fields):
    for seed in range(5):
        parts = divide(two_fields, Split(stratify=False), seed=seed)
        assert apart(two_fields, parts.train, parts.validation, parts.test) == []
        for fold in fold_parts(two_fields, 4, seed=seed, stratify=False):
            assert apart(two_fields, fold.train, fold.test) == []
        half = nested_subsets(two_fields, np.arange(ROWS), [ROWS // 2], seed=seed, stratify=False)[0]
        assert apart(two_fields, half, np.setdiff1d(np.arange(ROWS), half)) == []


def test_rows_without_a_group_are_units_of_their_own_and_counted():
    who = [f"patient {row % 10}" for row in range(40)] + [""] * 80
    source = visits(who)
    unit, _ = units(source)
    assert len(np.unique(unit)) == 10 + 80
    assert len(np.unique(groups_of(source, np.arange(ROWS)))) == 10 + 80
    test = divide(source, Split(), seed=0).test
    assert 0 < sum(not who[row] for row in test) < 80
    sentence = "80 rows have no value in 'who': each is a group of its own."
    assert sentence in doubts(source)
    assert sentence in inspect(source).findings
    # A value in one of two fields is a group.
    assert doubts(visits(["kim", "", ""] * 40, ["", "a", ""] * 40)) == [
        "40 rows have no value in 'who', 'where': each is a group of its own."
    ]


@pytest.mark.parametrize("name", ["who", "where"])
def test_given_parts_are_checked_by_every_field_and_not_by_missing_groups(name):
    part = Categories(np.array([0, 0, 0, 1, 1]), ("train", "test"))
    free = visits(["kim", "", "lee", "", "park"], ["a", "b", "", "", "c"], part=part)
    assert divide(free, Split(stratify=False, validation_fraction=0.0), seed=0).test.tolist() == [3, 4]
    assert not any("Groups of" in sentence for sentence in inspect(free).findings)
    cells = {"who": ["kim", "", "lee", "", "kim"], "where": ["a", "b", "", "b", "c"]}[name]
    crossing = Source("visits", "memory", free.fields, {**free.columns, name: Texts(cells)})
    both = {"who": "kim", "where": "b"}[name]
    with pytest.raises(LayerwiseError, match=rf"groups in both the training and the test part: 1 \({both}\)"):
        divide(crossing, Split(stratify=False), seed=0)
    told = [sentence for sentence in inspect(crossing).findings if "Groups of" in sentence]
    assert told == [f"Groups of '{name}' that stand in both the train and the test part: 1, such as '{both}'."]
